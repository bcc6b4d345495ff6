# SPDX-License-Identifier: BSD-3-Clause
"""Where no call can be made by hand, and how that is said."""

import re

from helpers.calls_by_hand import CALL, LINE, SMP, untouched
from helpers.guests import Guest, arguments_of, symbol
from helpers.process import run
from helpers.tracing import gdb_at
from helpers.tree import HYPERVISOR


def test_errors_are_a_sentence(folder):
    with Guest(folder, arguments_of("smp")) as guest:
        gdb = gdb_at(guest, SMP, CALL, "hbreak make_call", "continue", "hypercall call", *WRONG)
        assert untouched(guest.finished())
    expected = [
        "no call can be made here: vCPU 0 is not in long mode with paging on; let the guest boot",
        "hypercall call takes a call's name or number and its arguments.",
        *("(did you mean start_vm?)", "vmid is missing; start_vm takes 1 argument (vmid)."),
        *("vmid has 16 bits, 0 to 0xffff, and was given 70000.", "vm has no field 'nam'"),
        *('No symbol "nothing" in current context', "is a struct acrn_vm_creation"),
        "version=call_log[0]: call_log[0] is a struct",
    ]
    lines = [line for line in gdb.err.splitlines() if not line.startswith("warning")]
    assert len(lines) == len(expected), lines
    for line, text in zip(lines, expected):
        assert text in line and line.endswith("."), (line, text)


WRONG = (
    *("hypercall call star_vm 1", "hypercall call start_vm", "hypercall call start_vm 70000"),
    *("hypercall call create_vm {nam=1}", "hypercall call start_vm nothing"),
    *("hypercall call create_vm [1]", "hypercall call get_api_version call_log[0]"),
)


def test_not_while_another_call_is_in_flight(smp_at_call):
    handler = symbol(HYPERVISOR, "handle_hypercall")
    gdb, guest = smp_at_call(
        *("delete", "hypercall trace -q", f"hbreak *{handler:#x}", "continue", CALL, "detach"),
    )
    assert re.search(r"no call can be made here: \w+ of vCPU \d at smp.c:\d+ \w+ is in fl", gdb.err)
    assert untouched(guest)


def test_without_the_page_a_site_is_used(smp_at_call, folder):
    """As in a guest that does not link the stub; then there is no room for structures."""
    image = folder / "bare.elf"
    assert run(["objcopy", "--strip-symbol=acrn_scratch", SMP, image]).status == 0
    gdb, guest = smp_at_call(
        *("hypercall call pause_vm 3", "hypercall call get_api_version 0x600000"),
        *("hypercall call create_vm {}", "delete", "continue"),
        image=image,
    )
    assert re.search(r"pause_vm\(vmid=3\) = -1 .* by hand at smp.c:\d+ call_\w+$", gdb.out, re.M)
    assert "version={major_version=1, minor_version=0}) = 0" in gdb.out
    assert "the guest reserves no memory to build vm in; link cstub/src/scratch.S" in gdb.err
    assert untouched(guest)


def test_where_there_is_no_place_for_it(smp_at_call, folder):
    """Each site has a breakpoint of the user's, or the image has no site at all."""
    image, empty = folder / "bare.elf", folder / "empty.elf"
    assert run(["objcopy", "--strip-symbol=acrn_scratch", SMP, image]).status == 0
    assert run(["objcopy", "--only-section=.data", SMP, empty]).status == 0
    gdb, guest = smp_at_call(
        "python from acrn_trace.in_gdb.image import current_image, current_sites",
        "python for site in current_sites(current_image()): gdb.execute(f'hbreak *{site.address}')",
        *("hypercall call pause_vm 3", "delete", f"file {empty}", "hypercall call pause_vm 3"),
        "continue",
        image=image,
    )
    assert "each call site has a breakpoint of yours; disable that of one." in gdb.err, gdb
    assert "has no certain call site to use, and reserves no page for it: link" in gdb.err, gdb
    assert untouched(guest)


def test_not_in_ring_3(smp_at_call):
    """The ring is what CS says."""
    gdb, guest = smp_at_call(
        *("delete", "set $ring0 = $cs", "set var $cs = $cs | 3", CALL, "set var $cs = $ring0"),
        *(CALL, "continue"),
    )
    assert re.search(r"vCPU \d is in ring 3, and hypercalls are made in ring 0; stop", gdb.err), gdb
    assert len(LINE.findall(gdb.out)) == 1
    assert untouched(guest)


# A page table at PAGES, which slot 256 of the guest's directory of its window has: three pages from
# SPLIT on, of which the second is no neighbour of the first in guest-physical memory, and the third
# is one of the second.
PAGES, SPLIT = 0x1000000, 0xFFFF_FFFF_A000_0000
SPLIT_PAGES = (
    "maint packet Qqemu.PhyMemMode:1",
    *(
        f"set {{unsigned long}}{PAGES + 8 * slot:#x} = {PAGES + offset + 3:#x}"
        for slot, offset in enumerate((0x1000, 0x3000, 0x4000))
    ),
    "maint packet Qqemu.PhyMemMode:0",
    f"set {{unsigned long}}((char *)&window_directory + 8 * 256) = {PAGES + 3:#x}",
)


def test_a_structure_on_pages_that_are_no_neighbours_is_refused(smp_at_call):
    calls = [
        f"hypercall call get_api_version (char*){SPLIT + at:#x}"
        for at in (0x1000 - 4, 0x1000 - 8, 0x2000 - 4, 0x1000, 0x3000 - 4)
    ]
    many = f"{{vmid=1, mr_num=1, regions_gpa=(char*){SPLIT + 0x1000 - 8:#x}}}"
    gdb, guest = smp_at_call(
        *(*SPLIT_PAGES, *calls, f"hypercall call set_memory_regions {many}", "delete"),
        "continue",
    )
    assert gdb.out.count("get_api_version(version={major_version=1") == 3, gdb
    split, unmapped, in_list = [line for line in gdb.err.splitlines() if " 0xffffffffa00" in line]
    assert split.startswith(
        "get_api_version: version=(char*)0xffffffffa0000ffc: its 8 bytes at 0xffffffffa0000ffc are "
        "on pages that are no neighbours in guest-physical memory (0xffffffffa0001000 is at "
        "0x1003000, not 0x1002000); give a structure"
    )
    assert "the guest-physical address of 0xffffffffa0003000 is not known" in unmapped
    assert "set_memory_regions" in in_list and "no neighbours" in in_list
    assert untouched(guest)
