# SPDX-License-Identifier: BSD-3-Clause
"""A call by hand at a catchpoint: the guest has yet to make the call that it stands at."""

import re

from acrn_trace.image.image import open_image
from acrn_trace.sites.sitelist import image_sites
from helpers.calls_by_hand import CALL, LINE, REGISTERS
from helpers.canonical import events_of
from helpers.guests import Guest, arguments_of, printed_untraced
from helpers.process import run
from helpers.service_trace import CALLS_OF_SERVICE, SERVICE
from helpers.tracing import gdb_at


def unchanged(guest):
    return (guest.status, guest.out) == (0, printed_untraced(arguments_of("service")))


def test_the_registers_are_as_they_were_and_the_caught_call_is_made(service):
    gdb, guest = service(
        *("catch hypercall if $_hypercall_nr == 0x80000013", "continue"),
        *("echo BEFORE\\n", REGISTERS, CALL, "echo AFTER\\n", REGISTERS, "echo END\\n"),
        *("print $_hypercall_nr", "x/i $rip", "info breakpoints", "detach"),
    )
    before, after, rest = re.split("BEFORE\n|AFTER\n|END\n", gdb.out)[1:]
    assert LINE.search(before), gdb
    assert after.split() == LINE.sub("", before, count=1).split()
    assert f"= {0x80000013}" in rest and "vmcall" in rest, gdb
    assert re.search(r"^Catchpoint \d+ already hit 1 time$", rest, re.MULTILINE), gdb
    assert unchanged(guest)


def test_the_trace_has_each_once_and_that_by_hand_first(service, folder):
    trace = folder / "trace.jsonl"
    service(
        *(f"hypercall trace -f jsonl -o {trace}", "catch hypercall start_vm", "continue", CALL),
        *("hypercall call pause_vm 7", "delete", "continue"),
    )
    events = events_of(trace)
    assert len(events) == CALLS_OF_SERVICE + 2
    by_hand = [index for index, event in enumerate(events) if event["symbol"] == "acrn_scratch"]
    caught = events[by_hand[-1] + 1]
    assert by_hand == [by_hand[0], by_hand[0] + 1] and caught["name"] == "start_vm"
    assert (caught["status"], caught["ret"], caught["repeats"]) == ("returned", -1, 0)


def test_it_borrows_another_site_than_the_one_where_the_guest_stands(folder):
    image = folder / "bare.elf"
    assert run(["objcopy", "--strip-symbol=acrn_scratch", SERVICE, image]).status == 0
    first, second = image_sites(open_image(str(image)))[:2]
    with Guest(folder, arguments_of("service")) as guest:
        catch = f"catch hypercall if (unsigned long) $rip == {first.address}"
        gdb = gdb_at(guest, image, catch, "continue", "hypercall call pause_vm 7", "detach")
        assert unchanged(guest.finished())
    assert re.search(
        rf"^\[0\] .* pause_vm\(vmid=7\) = -1 .* by hand at {second}$", gdb.out, re.M
    ), gdb


def test_not_where_the_debugger_has_answered_the_caught_call(six_calls):
    rule = ("hypercall inject all:error=EPERM", "catch hypercall", "continue")
    lines, gdb = six_calls(*rule, CALL, "delete", "continue")
    assert re.search(r"call can be made here: \w+ of vCPU 0 at .* has its answer from the", gdb.err)
    assert lines == six_calls(rule[0], "continue")[0]
