# SPDX-License-Identifier: BSD-3-Clause
"""Tells how a kernel's vCPU came to its end, by the functions that it is in.

None of them goes back to its caller, so that an address in one on a stack is of a call that is
still under way. The names are Linux's for x86-64, as of 4.9 to 6.16; other kernels share `panic`.
"""

from acrn_trace.diagnosis.case import VcpuState
from acrn_trace.diagnosis.standing import End, Place

PANICKED, OOPSED = "panicked", "oopsed"
STOPPED, OFFLINE, HALTED = "stopped by another", "offline", "halted on request"

# The first that applies tells: a vCPU that halts the machine does so in the function in which the
# others are stopped, and one that panics too late is stopped in panic().
ENDS: dict[str, frozenset[str]] = {
    HALTED: frozenset(
        (
            "native_machine_halt",  # arch/x86/kernel/reboot.c
            "machine_halt",  # the same
            "kernel_halt",  # kernel/reboot.c, for reboot(2)
        )
    ),
    STOPPED: frozenset(
        (
            "stop_this_cpu",  # arch/x86/kernel/process.c
            "sysvec_reboot",  # arch/x86/kernel/smp.c, the interrupt that asks for it; from 5.8
            "smp_reboot_interrupt",  # the same, to 5.7
            "smp_stop_nmi_callback",  # arch/x86/kernel/smp.c, the NMI that asks for it
            "crash_nmi_callback",  # arch/x86/kernel/reboot.c, before kdump
            "panic_smp_self_stop",  # kernel/panic.c: another vCPU panicked before
            "nmi_panic_self_stop",  # arch/x86/kernel/reboot.c: the same in an NMI
        )
    ),
    OFFLINE: frozenset(
        (
            "hlt_play_dead",  # arch/x86/kernel/smpboot.c
            "native_play_dead",  # the same
            "play_dead_common",  # the same
            "arch_cpu_idle_dead",  # arch/x86/kernel/process.c
        )
    ),
    PANICKED: frozenset(
        (
            "panic",  # kernel/panic.c
            "vpanic",  # the same, from 6.16
        )
    ),
    OOPSED: frozenset(
        (
            "rewind_stack_and_make_dead",  # arch/x86/entry/entry_64.S, from 5.17
            "rewind_stack_do_exit",  # the same, 4.9 to 5.16
            "make_task_dead",  # kernel/exit.c, from 5.17
            "oops_end",  # arch/x86/kernel/dumpstack.c
        )
    ),
}


def end_of(state: VcpuState) -> End | None:
    """How the vCPU ended; None if nothing tells that it did."""
    return next(filter(None, (found_in(state, how) for how in ENDS)), None)


def found_in(state: VcpuState, how: str) -> End | None:
    """Where the vCPU is in one of the functions that tell that it ended so."""
    for trail in state.trails:
        for index, place in enumerate(trail):
            if function_of(place) in ENDS[how]:
                return End(how, trail[index:], place is state.place)
    return None


def function_of(place: Place) -> str:
    """Its function's name, without what a compiler puts behind (``.cold``, ``.constprop.0``)."""
    return (place.symbol or "").partition("+")[0].partition(".")[0]
