# SPDX-License-Identifier: BSD-3-Clause
"""Hypercall pages that a guest has had filled before it is traced are found by Linux's symbols."""

import pytest

from helpers.guests import Guest, common_arguments
from helpers.process import run
from helpers.tracing import gdb_command

MOCKS = ("hypercall mock xen:sched_op -ESRCH", "hypercall mock hyperv:signal_event 5")


@pytest.fixture(name="traced")
def fixture_traced(test_guest, folder):
    """Trace an image from where the pages are filled: what GDB and the guest printed."""

    def trace(image):
        with Guest(folder, [*common_arguments(), "-kernel", image]) as guest:
            before = [f"target remote {guest.socket}", "break filled", "continue"]
            commands = [*before, *MOCKS, "hypercall trace", "continue"]
            gdb = run(gdb_command(image, *commands))
            return gdb, guest.finished()

    return trace


def test_their_calls_are_traced_and_named_by_their_callers(traced, test_guest):
    gdb, guest = traced(test_guest("filled_page"))
    assert guest.out == "yield: -3\nsignal: 5\n"
    lines = [line for line in gdb.out.splitlines() if line.startswith("[0] ")]
    assert len(lines) == 2, gdb
    yielded = "xen:sched_op(cmd=SCHEDOP_yield, arg=0x0) = -3 ESRCH (No such process) (MOCKED)"
    assert yielded in lines[0] and lines[0].endswith(" yield")
    assert "input={connection_id=7, flag_number=0}" in lines[1]
    assert " = 5 HV_STATUS_INVALID_PARAMETER " in lines[1] and lines[1].endswith(" signal_event")


def test_of_an_image_that_does_not_say_where_they_are_it_is_said(traced, test_guest, folder):
    """Once; where the guest runs already, and nowhere else."""
    image, told = folder / "unnamed.elf", "no symbol hypercall_page or hv_hypercall_pg that says"
    names = [f"--strip-symbol={name}" for name in ("hypercall_page", "hv_hypercall_pg")]
    assert run(["objcopy", *names, test_guest("filled_page"), image]).status == 0
    gdb, guest = traced(image)
    assert gdb.out.count(told) == 1 and "[0] " not in gdb.out, gdb
    assert "yield: " not in guest.out  # nobody answers
