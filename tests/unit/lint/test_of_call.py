# SPDX-License-Identifier: BSD-3-Clause
"""Who is to blame: the hypervisor for what changed across VMCALL, the guest for what lint finds."""

from dataclasses import replace
from pathlib import Path

import pytest

from acrn_trace.guest.site import Site
from acrn_trace.image.image import open_image
from acrn_trace.lint.of_call import SiteLint, guests_own
from acrn_trace.tables.knowledge import acrn
from acrn_trace.trace.event import Event, Finding
from acrn_trace.trace.pairing import Call
from helpers.make.assembled import assemble, byte_search
from helpers.make.stop import stop

LOST = "f: mov $0x80000012, %r8d\n   call printk\n   mov $1, %edi\n   vmcall\n   ret"


NO_CALL, START_VM = 0x5A, 0x80000012
TABLE = acrn().table


def own(lint, site: Site, nr: int = START_VM, **more) -> list[Finding]:
    """What is found of the code at ``site``, of a call there."""
    event = Event(1, 0.0, "host", 0, "acrn", nr, "call", (0, 0), site, "stop", **more)
    return guests_own(lint, TABLE)(event, Call(1, site, stop()))


@pytest.fixture
def lint(tmp_path: Path):
    path = assemble(LOST, tmp_path)
    return SiteLint(open_image(str(path)), acrn()), byte_search(path)[0]


def test_a_number_that_is_none_is_the_guests_own_doing(lint):
    (finding,) = own(*lint, nr=NO_CALL)
    assert finding.kind == "guest-code"
    assert "the guest's own code" in finding.text and "call-between: " in finding.text


def test_a_call_that_went_well_is_nobodys_fault(lint):
    assert own(*lint, rax=0, status="returned") == []


def test_an_unknown_number_alone_is_told_by_the_trace_already(tmp_path):
    path = assemble("f: mov $0x800000ff, %r8d\n   vmcall\n   ret", tmp_path)
    lint = SiteLint(open_image(str(path)), acrn())
    assert own(lint, byte_search(path)[0], nr=0x800000FF) == []


# One caller each, which is seen to load R8 for the first and the second; for the third it did not.
HANDED = (
    "first: xor %ecx, %ecx\n vmcall\n ret\n"
    "second: xor %edx, %edx\n vmcall\n ret\n"
    "third: xor %esi, %esi\n vmcall\n ret\n"
    "g: mov $0x80000012, %r8d\n call first\n mov $0x80000013, %r8d\n call second\n ret\n"
    "h: mov $0x80000012, %r8d\n vmcall\n call third\n ret"
)


@pytest.fixture
def handed(tmp_path: Path):
    path = assemble(HANDED, tmp_path)
    sites = byte_search(path)
    return SiteLint(open_image(str(path)), acrn(), sites=sites), sites


def test_the_callers_of_each_site_are_known_in_whichever_order_it_is_asked(handed):
    lint, sites = handed
    first, second, third, _ = sites
    assert lint(first) == [] and lint(second) == []
    assert [found.id for found in lint(third)] == ["r8-never-loaded"]


def test_a_call_that_went_well_without_a_number_may_be_another_than_was_meant(handed):
    lint, sites = handed
    well = {"rax": 0, "status": "returned"}
    (finding,) = own(lint, sites[2], **well)
    assert finding.kind == "guest-code" and "r8-never-loaded" in finding.text
    assert own(lint, sites[0], **well) == []


def test_a_site_whose_number_is_known_is_not_looked_at_when_all_went_well():
    def lint(site):
        raise AssertionError(site)

    assert own(lint, Site(0x1000, START_VM), rax=0, status="returned") == []


# VMware's: no row of abi.def has it, so that the trace does not know whose it is.
FOREIGN = "f: mov $0x564d5868, %eax\n mov $1, %ebx\n mov $0, %ecx\n mov $0, %edx\n vmcall\n ret"
OWN = "\ng: mov $0x80000012, %r8d\n vmcall\n ret"


@pytest.mark.parametrize(("code", "found"), [(FOREIGN, []), (FOREIGN + OWN, ["guest-code"])])
def test_a_call_of_another_hypervisor_is_told_where_the_image_calls_acrn_too(code, found, tmp_path):
    """As lint judges the image at rest: one without a call of ACRN's is another's guest."""
    path = assemble(code, tmp_path)
    sites = [
        replace(site, number=START_VM if i else None) for i, site in enumerate(byte_search(path))
    ]
    lint = SiteLint(open_image(str(path)), acrn(), sites=sites)
    assert [finding.kind for finding in own(lint, sites[0], nr=NO_CALL)] == found


# ---- arguments that are set in part: told where the rest of the register was not 0 ----

IN_PART = (
    "byte: cmpb $0, (%rdi)\n setne %dil\n mov $0x80000002, %r8d\n vmcall\n ret\n"
    "half: mov 1(%rsi), %dil\n mov $0x80000013, %r8d\n vmcall\n ret\n"
    "whole: xor %edi, %edi\n cmpb $0, (%rsi)\n setne %dil\n mov $0x80000002, %r8d\n vmcall\n ret\n"
    "vmid: mov 2(%rsi), %di\n mov $0x80000013, %r8d\n vmcall\n ret"
)
WELL, REFUSED = {"rax": 0, "status": "returned"}, {"rax": (1 << 64) - 22, "status": "returned"}
BYTE, HALF, WHOLE, VMID = range(4)


@pytest.mark.parametrize(
    ("which", "rdi", "is_told"),
    [
        (BYTE, 0x107001, True),
        (BYTE, 0x1, False),  # refused, but not for what was left in the register
        (HALF, 0x0102, True),
        (HALF, 0x0002, False),
        (HALF, 0x107000002, False),  # above the 16 bits that are read of a VMID
        (WHOLE, 0x107001, False),
        (VMID, 0x1070102, False),
    ],
)
@pytest.mark.parametrize("how", [WELL, REFUSED])
def test_an_argument_that_was_set_in_part(which, rdi, is_told, how, tmp_path):
    path = assemble(IN_PART, tmp_path)
    number = 0x80000002 if which in (BYTE, WHOLE) else 0x80000013
    site = replace(byte_search(path)[which], number=number)
    event = Event(1, 0.0, "host", 0, "acrn", number, "call", (rdi, 0), site, "stop", **how)
    check = guests_own(SiteLint(open_image(str(path)), acrn()), TABLE)
    found = check(event, Call(1, site, stop(rdi=rdi)))
    assert [one.kind for one in found] == ["guest-code"] * is_told
    assert all("argument-in-part: 'setne %dil'" in f.text or "'movb" in f.text for f in found)
