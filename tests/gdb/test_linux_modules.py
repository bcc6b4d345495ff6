# SPDX-License-Identifier: BSD-3-Clause
"""A module of Debian's Linux that makes hypercalls: its sites are traced from when it is loaded."""

import shutil
from pathlib import Path

import pytest

from helpers import linux_kernels
from helpers.canonical import events_of
from helpers.process import run
from helpers.tracing import acrn_trace
from helpers.tree import ROOT

SUITE, KBUILD = "bookworm", "linux-kbuild-6.1"
HERE = ROOT / "tests" / "gdb" / "linux_module"
SECONDS = 600


def headers(folder: Path, version: str) -> Path:
    """Those of a kernel for clouds, where its modules can be built."""
    common = f"linux-headers-{version.removesuffix('cloud-amd64')}common"
    of_flavour, of_all = (
        linux_kernels.fetched(folder, SUITE, name) / "usr" / "src" / name
        for name in (f"linux-headers-{version}", common)
    )
    tools = next(linux_kernels.fetched(folder, SUITE, KBUILD).glob("usr/lib/linux-*"))
    for place in (of_flavour, of_all):
        for name in ("scripts", "tools"):
            (place / name).unlink(missing_ok=True)
            (place / name).symlink_to(tools / name)
    (of_flavour / "Makefile").write_text(f"include {of_all}/Makefile\n")
    return of_flavour


def built_module(folder: Path, version: str) -> Path:
    """The module, below the folder of the vmlinux."""
    source = folder / "module"
    source.mkdir()
    shutil.copy(HERE / "makes_calls.c", source)
    (source / "Kbuild").write_text("obj-m := makes_calls.o\n")
    done = run(["make", "-C", headers(folder, version), f"M={source}", "modules"], SECONDS)
    assert done.status == 0, done
    return source / "makes_calls.ko"


def arguments(folder: Path, kernel: Path, module: Path, *words: str) -> list[object]:
    """QEMU's, for a kernel with the module and a program that loads it."""
    root = folder / "root"
    (root / "dev").mkdir(parents=True)
    shutil.copy(module, root)
    done = run(["gcc", "-static", "-O2", "-o", root / "init", HERE / "init.c"])
    assert done.status == 0, done
    pack = f"cd {root} && find . | cpio --quiet -o -H newc >../initrd"
    assert run(["sh", "-c", pack]).status == 0
    line = " ".join(("console=ttyS0 quiet panic=-1 rdinit=/init", *words))
    return [
        *("-accel", "tcg", "-cpu", "max", "-m", "256", "-nodefaults", "-no-reboot"),
        *("-display", "none", "-serial", "stdio", "-append", line),
        *("-kernel", kernel, "-initrd", folder / "initrd"),
    ]


@pytest.fixture(scope="module")
def linux(tmp_path_factory):
    """The vmlinux, and QEMU's arguments for its kernel and a module below the same folder."""
    folder = tmp_path_factory.mktemp("linux")
    package = linux_kernels.fetched(folder, SUITE, "linux-image-cloud-amd64")
    kernel = next(package.glob("boot/vmlinuz-*"))
    module = built_module(folder, kernel.name.removeprefix("vmlinuz-"))
    vmlinux = linux_kernels.vmlinux(folder, SUITE)
    return vmlinux, arguments(folder, kernel, module, "kaslr")


@pytest.mark.long
@pytest.mark.parametrize("stripped", ["--strip-debug", "--rename-section=.BTF=.none"])
def test_the_calls_of_a_module_are_traced_from_when_it_is_loaded(stripped, linux, tmp_path):
    """Also those of its initialization, which runs at once; in a kernel that has moved itself, by
    its BTF or its debug information alone."""
    vmlinux, qemu = linux
    image, trace = vmlinux.with_name(f"vmlinux{stripped}"), tmp_path / "trace"
    assert run(["objcopy", stripped, vmlinux, image], SECONDS).status == 0
    done = acrn_trace(
        "--mock", "acrn", "-f", "jsonl", "-o", trace, image, "--", *qemu, seconds=SECONDS
    )
    assert done.status == 0 and "makes_calls: -1 -1" in done.out, done
    events = events_of(trace)
    assert [(event["name"], event["ret"]) for event in events] == [
        ("start_vm", -1),
        ("pause_vm", -1),
    ]
    assert [event["symbol"].split(".")[0] for event in events] == ["init_module", "pause_it"]
    assert {event["task"]["comm"] for event in events} == {"init"}
