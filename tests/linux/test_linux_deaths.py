# SPDX-License-Identifier: BSD-3-Clause
"""A real Linux that panics: the page begins with the vCPU that did, live and from a dump.

GDB sends the kernel to panic() from the function that a breakpoint is at: in a system call of the
driver's, in the timer's interrupt. Without a RAM disk the first thread panics by itself. An oops is
a hypercall that nobody answers, or a jump to where there is no code.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Sequence

import pytest

from helpers.crash.dead import Dead, at_rest
from helpers.guests import Guest
from helpers.linux import VMLINUX, qemu_arguments
from helpers.process import run
from helpers.tracing import acrn_trace, gdb_command

PANIC, OOPS, ASIDE = "panic", "oops", "stopped-by-another"
GO_TO_PANIC = ("set $rdi = (long)&linux_banner", "set $rip = (long)&panic", "detach")
END, REBOOTING = "---[ end Kernel panic", "Rebooting in"


@dataclass(frozen=True)
class Death:
    """How the kernel is brought to it, what the page's first line says, the kinds of what is said
    to have happened, and how the vCPU came there."""

    commands: Sequence[str]
    first: str
    kinds: tuple[str, ...]
    came: str = ""
    initrd: bool = True
    parameters: tuple[str, ...] = ("panic=0",)


IN_INIT = ("hbreak run_init_process", "continue", "delete")
THREAD = r"in panic, called by kernel_init\+"
DEATHS = {
    "thread": Death((), THREAD, (PANIC, ASIDE), initrd=False),
    "timeout": Death((), THREAD, (PANIC, ASIDE), initrd=False, parameters=("panic=10000",)),
    "system call": Death(
        ("hypercall mock acrn", "hbreak acrn_dev_ioctl", "continue", "delete", *GO_TO_PANIC),
        r"in panic, called by __x64_sys_ioctl\+",
        (PANIC, ASIDE),
        "a system call came in ring 3 at 0x",
    ),
    "interrupt": Death(
        (*IN_INIT, "hbreak update_process_times", "continue", "delete", *GO_TO_PANIC),
        r"in panic, called by \w+\+",  # an old word may stand before: it is a guess
        (PANIC, ASIDE),
        r"<-\s+tick_.* an exception or interrupt came at ",
    ),
    "oops": Death(
        ("hypercall mock acrn", "tcatch hypercall start_vm", "continue", "hypercall mock off")
        + ("detach",),
        r"in panic after an oops: 'vmcall' at acrn_dev_ioctl\+",
        ("fault-no-hypervisor", OOPS, PANIC, ASIDE),
    ),
    "oops in an interrupt": Death(
        (*IN_INIT, "hbreak update_process_times", "continue", "delete", "set $rip = 0x10")
        + ("detach",),
        "in panic after an oops: no code at 0x10",
        (OOPS, PANIC, ASIDE),
        "an exception or interrupt came",
    ),
}


def arguments(death: Death) -> list[str]:
    line = qemu_arguments("nokaslr", "hsm.rounds=1", *death.parameters)
    at = line.index("-initrd")
    return [*line] if death.initrd else [*line[:at], *line[at + 2 :]]


def pages(guest: Dead, folder: Path) -> list[tuple[str, dict]]:
    """The first line and the object of a dump, and of the guest itself."""
    dump = guest.dump(folder / "dump", paging=False)
    commands = [f"target remote {guest.socket}", "echo PAGE\\n", "hypercall diagnose"]
    live = run(gdb_command(VMLINUX, *commands, "echo PAGE\\n", "hypercall diagnose --json"))
    _, page, lines = live.out.split("PAGE\n")
    texts = acrn_trace("--core", dump, VMLINUX), acrn_trace("--core", dump, "--json", VMLINUX)
    return [(texts[0].out, json.loads(texts[1].out)), (page, json.loads(lines.splitlines()[0]))]


@pytest.mark.parametrize("name", DEATHS)
def test_the_page_begins_with_the_vcpu_that_died(name, folder):
    death = DEATHS[name]
    last = REBOOTING if name == "timeout" else END
    gdb = gdb_command(VMLINUX, f"target remote {folder / 'gdb'}", *death.commands)
    with at_rest(arguments(death), folder, [last], gdb if death.commands else ()) as guest:
        found = pages(guest, folder)
    for page, said in found:
        number = said["look_at"]
        first = page.splitlines()[0]
        assert re.match(f"Look at vCPU {number} first: vCPU {number} is {death.first}", first), page
        assert re.search(death.came, page, re.DOTALL), page
        told = [(v["kind"], v["vcpu"]) for v in said["happened"] if v["kind"] != "last-call"]
        assert told == [(kind, 1 - number if kind == ASIDE else number) for kind in death.kinds]
        if name == "oops":
            assert "start_vm at acrn_dev_ioctl" in said["happened"][0]["text"]


def test_a_vcpu_that_was_taken_offline_did_not_stop_by_itself(folder):
    """The driver tells the hypervisor when Linux has done it."""
    with Guest(folder, qemu_arguments("nokaslr", "hsm.rounds=1")) as guest:
        commands = ("hypercall mock acrn", "tcatch hypercall service_vm_offline_cpu", "continue")
        diagnose = (f"target remote {guest.socket}", *commands, "hypercall diagnose --json", "kill")
        gdb = run(gdb_command(VMLINUX, *diagnose))
    said = json.loads(next(line for line in gdb.out.splitlines() if line.startswith("{")))
    assert said["look_at"] == 0
    assert ("offline", 1) in [(v["kind"], v["vcpu"]) for v in said["happened"]]
    assert "stopped" not in [v["kind"] for v in said["happened"]]
