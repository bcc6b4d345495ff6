# SPDX-License-Identifier: BSD-3-Clause
"""The files of modules: found below a folder by the names that the kernel gives them."""

from acrn_trace.image.module_files import module_files


def test_modules_are_found_by_the_kernels_names(tmp_path):
    folder = tmp_path / "kernel" / "drivers"
    folder.mkdir(parents=True)
    for name in ("kvm-amd.ko", "ptp_kvm.ko", "hv_vmbus.ko.xz", "vmlinux", "a.ko.txt"):
        (folder / name).touch()
    assert module_files(str(tmp_path)) == {
        "kvm_amd": folder / "kvm-amd.ko",
        "ptp_kvm": folder / "ptp_kvm.ko",
        "hv_vmbus": folder / "hv_vmbus.ko.xz",
    }


def test_where_there_is_no_folder_there_is_none(tmp_path):
    assert module_files(str(tmp_path / "none")) == {}
