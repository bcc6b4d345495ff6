# SPDX-License-Identifier: BSD-3-Clause
"""Which WRMSRs of an image may have a hypercall page filled."""

import pytest

from acrn_trace.image.image import open_image
from acrn_trace.sites.page_writes import page_writes
from acrn_trace.sites.sitelist import NoSites, image_sites, sites_before_pages
from helpers.make.assembled import assemble

XENS, HYPERVS, EFER = 0x40000000, 0x40000001, 0xC0000080
X2APIC_ICR = 0x830


def writes_of(code, folder):
    """How many of each kind."""
    found = page_writes(open_image(str(assemble(code, folder))))
    return len(found.named), len(found.any), len(found.cpuids)


@pytest.mark.parametrize(
    "msr,kinds",
    [(XENS, (1, 0, 0)), (HYPERVS, (1, 0, 0)), (EFER, (0, 0, 0)), (X2APIC_ICR, (0, 0, 0))],
)
def test_the_msr_is_the_constant_that_is_loaded_before(msr, kinds, tmp_path):
    load = f"mov $0x10, %ecx\n mov ${msr:#x}, %ecx\n mov %rdi, %rax\n xor %edx, %edx"
    code = f"f:  {load}\n wrmsr\n ret"
    assert writes_of(code, tmp_path) == kinds


def test_one_that_writes_what_it_is_told_may_write_any(tmp_path):
    code = "f:  mov %edi, %ecx\n wrmsr\n ret\ng:  cpuid\n ret"
    assert writes_of(code, tmp_path) == (0, 1, 1)


@pytest.mark.parametrize(
    "code,may",
    [
        ("mov %edi, %ecx\n wrmsr", False),  # as every kernel does
        ("mov %edi, %ecx\n wrmsr\n cmp $0x566e6558, %ebx", True),  # "XenV"
        ("mov $0x40000001, %ecx\n wrmsr", True),
        ("mov $0x830, %ecx\n wrmsr", False),
    ],
)
def test_an_image_whose_calls_may_all_be_by_a_page_has_none_before(code, may, tmp_path):
    image = open_image(str(assemble(f"f:  {code}\n ret", tmp_path)))
    if may:
        assert sites_before_pages(image, lambda: image_sites(image)) == []
    else:
        with pytest.raises(NoSites, match="makes no hypercalls"):
            sites_before_pages(image, lambda: image_sites(image))
