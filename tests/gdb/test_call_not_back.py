# SPDX-License-Identifier: BSD-3-Clause
"""Calls by hand that do not come back, or not yet."""

import contextlib
import re

from acrn_trace.cli.monitor import Monitor
from helpers.calls_by_hand import CALL, REGISTERS, SMP, untouched
from helpers.guests import Guest, addresses_of, arguments_of, common_arguments, symbol
from helpers.process import SECONDS, Run, ended, interrupt, read_until, start, wait_until
from helpers.tracing import gdb_at, gdb_command
from helpers.tree import HYPERVISOR, IMAGES


def test_in_the_hypervisor_it_is_refused_and_waited_for(smp_at_call):
    """A breakpoint in its handler: the call is not back, and then it is."""
    handler = f"hbreak *{symbol(HYPERVISOR, 'handle_hypercall'):#x}"
    gdb, guest = smp_at_call(
        *(
            "echo BEFORE\\n",
            REGISTERS,
            "echo NOW\\n",
            handler,
            CALL,
            CALL,
            "delete",
        ),
        *("continue", "echo AFTER\\n", REGISTERS, "echo END\\n", handler, "continue", CALL),
        *("delete", "continue"),
    )
    before, now, after = re.split("BEFORE\n|NOW\n|AFTER\n|END\n", gdb.out)[1:4]
    assert "get_api_version is not back: vCPU " in now
    assert "made by hand, is not back; 'continue' first." in gdb.err
    assert "get_api_version is back, and its vCPU's registers are as they were" in now
    assert re.search(
        r"^version={major_version=1, minor_version=0}\) = 0 <.*> by hand at", now, re.M
    )
    assert after == before
    assert "is not in the guest: at 0xffffffffc" in gdb.err
    assert untouched(guest)


def hello_at_start(folder, arguments, *commands: str) -> tuple[Run, Run]:
    """hello answers its own calls, in a handler that is not there yet where it starts."""
    with Guest(folder, [*arguments, "-kernel", IMAGES / "hello.elf"]) as guest:
        gdb = gdb_at(guest, IMAGES / "hello.elf", *commands)
        return gdb, guest.finished()


def test_a_guest_that_dies_of_it(folder):
    gdb, guest = hello_at_start(folder, common_arguments(), "hbreak image_start", "continue", CALL)
    assert "get_api_version did not return: the guest is gone." in gdb.err
    assert guest.status == 0  # -no-reboot


def test_a_guest_that_is_reset_by_it(folder):
    arguments = [word for word in common_arguments() if word != "-no-reboot"]
    commands = ("hbreak image_start", "continue", CALL, "delete", "continue")
    gdb, guest = hello_at_start(folder, arguments, *commands)
    assert "get_api_version did not return: the guest was reset, and begins anew." in gdb.err
    assert guest.out == "hello: this is ACRN, API version 1.0\n"


def test_a_stop_in_the_guests_own_code_gives_it_up(folder):
    commands = ("hbreak guest_main", "continue", "echo BEFORE\\n", REGISTERS, "hbreak handle_trap")
    then = (CALL, "echo AFTER\\n", REGISTERS, "echo END\\n", "delete", "continue")
    gdb, guest = hello_at_start(folder, common_arguments(), *commands, *then)
    before, after = re.split("BEFORE\n|AFTER\n|END\n", gdb.out)[1:3]
    assert "\n) = ? <unfinished ...> by hand at" in before
    assert "get_api_version did not return: vCPU 0 was in the guest, at 0xffffffff8" in before
    assert before.startswith(after.rstrip())
    assert guest.out == "hello: this is ACRN, API version 1.0\n"


def program_counters(monitor: Monitor) -> list[int]:
    """RIP of each vCPU."""
    text = monitor.execute("human-monitor-command", **{"command-line": "info registers -a"})
    return [int(value, 16) for value in re.findall(r"RIP=(\w+)", text)]


def test_an_interrupt_while_it_hangs(folder):
    """vCPU 1 is held where it has the hypervisor's lock, and only -f goes into that."""
    lock_held = f"hbreak *{symbol(HYPERVISOR, 'acrn_model_vmcall'):#x}"
    other = "python [t.switch() for t in gdb.selected_inferior().threads() if t != thread]"
    commands = ("hbreak make_call", "continue", "delete", "python thread = gdb.selected_thread()")
    commands += (other, "set scheduler-locking on", lock_held, "continue", "delete")
    commands += ("set scheduler-locking off", "python thread.switch()", CALL, "echo FORCE\\n")
    commands += ("hypercall call -f get_api_version", "continue", "continue")
    handler = addresses_of(HYPERVISOR, "handle_hypercall")
    monitor = ["-qmp", f"unix:{folder / 'qmp'},server=on,wait=off"]
    with Guest(folder, [*arguments_of("smp"), *monitor]) as guest:
        gdb = start(gdb_command(SMP, f"target remote {guest.socket}", *commands))
        with ended(gdb):
            read_until(gdb.stdout, "FORCE")
            read_until(gdb.stdout, "get_api_version(")
            # Earlier, the call would be given up in the guest; there, it waits for the lock.
            with contextlib.closing(Monitor(folder / "qmp")) as monitor:
                wait_until(lambda: any(rip in handler for rip in program_counters(monitor)))
            interrupt(gdb, gdb.stdout, "is not back: vCPU")
            out, err = gdb.communicate(timeout=SECONDS)
        assert "is in the hypervisor and may hold a lock that the call would wait for" in err
        assert "get_api_version is back, and its vCPU's registers are as they were" in out
        assert untouched(guest.finished())
