# SPDX-License-Identifier: BSD-3-Clause
"""Hypercall pages: which write of an MSR has one filled, and what calls are in its code."""

import pytest

from acrn_trace.guest.hypercall_page import kind_of, page_sites

XEN, HYPERV = kind_of(0x40000000), kind_of(0x40000001)
AT = 0xFFFFFFFF80408000
VMCALL, VMMCALL = b"\x0f\x01\xc1\xc3", b"\x0f\x01\xd9\xc3"


def entry(number: int, call: bytes = VMMCALL) -> bytes:
    return (b"\xb8" + number.to_bytes(4, "little") + call).ljust(32, b"\xcc")


def test_which_msr_is_whose():
    assert (XEN.abi, HYPERV.abi) == ("xen", "hyperv")
    assert kind_of(0x40000200) is XEN  # beside the leaves of Hyper-V
    assert kind_of(0xC0000080) is None


@pytest.mark.parametrize(
    "kind,value,page",
    [
        (XEN, 0x408000, 0x408000),
        (XEN, 0x408001, None),  # the second of several pages, which there is not
        (XEN, 0, None),
        (HYPERV, 0x1202001, 0x1202000),
        (HYPERV, 0x1202003, 0x1202000),  # locked
        (HYPERV, 0x1202000, None),  # off
        (HYPERV, 1, None),
    ],
)
def test_where_the_page_is(kind, value, page):
    assert kind.page(value) == page


def test_xens_has_an_entry_for_each_call():
    content = entry(0) + entry(1, VMCALL) + b"\x0f\x0b".ljust(32, b"\xcc") + entry(3)
    sites = page_sites(XEN, content.ljust(4096, b"\xcc"), AT)
    assert [(site.address - AT, site.number) for site in sites] == [(5, 0), (37, 1), (101, 3)]
    assert [site.instruction for site in sites] == ["vmmcall", "vmcall", "vmmcall"]
    assert {(site.abi.name, site.abi_by, site.is_stub) for site in sites} == {("xen", "page", True)}


@pytest.mark.parametrize("content", [bytes(4096), entry(5), b"\xb8\0\0\0\0\x0f\x05\xc3", b""])
def test_what_is_no_page_of_xens_has_no_site(content):
    """An entry in another's place, and one of a guest without VMMCALL."""
    assert page_sites(XEN, content, AT) == []


def test_hyper_vs_has_one_for_all_calls():
    code = b"\x0d\x00\x00\x00\x80" + VMCALL  # as KVM's beside Xen's
    (site,) = page_sites(HYPERV, code.ljust(4096, b"\0"), AT)
    assert (site.address, site.number, site.abi.name) == (AT + 5, None, "hyperv")
    assert page_sites(HYPERV, bytes(4096), AT) == []


def test_one_that_cannot_be_read_yet_has_them_where_they_are_in_others():
    (site,) = page_sites(HYPERV, None, AT)
    assert site.address == AT
    sites = page_sites(XEN, None, AT)
    assert sites == page_sites(XEN, b"".join(map(entry, range(128))).replace(VMMCALL, VMCALL), AT)
