# SPDX-License-Identifier: BSD-3-Clause
"""What GDB and its user do while a trace runs."""

import re

from helpers.canonical import events_of
from helpers.guests import Guest, common_arguments, symbol
from helpers.process import SECONDS, ended, interrupt, read_until, start
from helpers.service_trace import CALLS_OF_SERVICE, untouched
from helpers.tracing import gdb_command
from helpers.tree import HYPERVISOR


def test_no_guest_memory_or_register_is_written(service):
    gdb, guest = service("set debug remote 1", "hypercall trace", "continue")
    log = gdb.out + gdb.err
    sent = re.findall(r"Sending packet: \$(.)", log)
    assert sent.count("Z") > 0 and not {"M", "P", "G", "X"} & set(sent)
    assert untouched(guest)


def test_the_users_own_breakpoints_work_beside_the_trace(service, folder):
    """One of them at the very site: GDB stops, and the call is still one event."""
    site = next(
        event["site"]
        for event in traced_service(service, folder / "before")
        if event["name"] == "create_vm"
    )
    (folder / "stub").unlink(missing_ok=True)
    gdb, guest = service(
        f"hypercall trace -f jsonl -o {folder / 'trace'}",
        f"break *{site}",
        f"break *{int(site, 16) + 3:#x}",
        "tbreak start_user_vm",
        *["continue"] * 4,
    )
    assert re.findall(r"(?:Breakpoint|Temporary breakpoint) (\d+),", gdb.out) == ["1", "2", "3"]
    assert len(events_of(folder / "trace")) == CALLS_OF_SERVICE
    assert untouched(guest)


def traced_service(service, output) -> list[dict]:
    service(f"hypercall trace -f jsonl -o {output}", "continue")
    return events_of(output)


def test_the_calls_in_flight_at_a_breakpoint_in_the_hypervisor(service):
    handler = symbol(HYPERVISOR, "handle_hypercall")
    gdb, guest = service(
        "hypercall trace -e trace=none",
        "info hypercalls in-flight",
        f"tbreak *{handler:#x}",
        "continue",
        "info hypercalls in-flight",
        "continue",
    )
    assert "No call is in flight.\n" in gdb.out
    in_flight = re.findall(
        r"^\[0\] get_api_version\(.*\) at .*user_vm.c:\d+ ask_api_version$", gdb.out, re.M
    )
    assert len(in_flight) == 1, gdb.out
    assert untouched(guest)


def test_an_interrupt_shows_the_call_that_hangs(test_guest, folder):
    image = test_guest("hang")
    with Guest(folder, [*common_arguments(), "-kernel", image]) as guest:
        attach = f"target remote {guest.socket}"
        after = ("info hypercalls in-flight", "set var wake = 1", "continue")
        with ended(start(gdb_command(image, attach, "hypercall trace", "continue", *after))) as gdb:
            read_until(guest.process.stdout, "hang: waits")
            shown = read_until(gdb.stdout, "(0x2, 0x0")  # the line of a call that hangs is there
            notice = interrupt(gdb, gdb.stdout, " call_once +++")
            rest, _ = gdb.communicate(timeout=SECONDS)
        finished = guest.finished()
    assert "= 1 <" in shown
    assert "+++ interrupted, in flight: [0] hypercall_0x80000099(0x2, 0x0" in notice
    assert re.search(r"^\[0\] hypercall_0x80000099\(0x2, .* at calls.S:\d+ call_once$", rest, re.M)
    assert re.search(r"<\.\.\. hypercall_0x80000099 resumed>\) = 2 <", rest), rest
    assert (finished.status, finished.out) == (0, "\nhang: 2\n")
