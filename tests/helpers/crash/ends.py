# SPDX-License-Identifier: BSD-3-Clause
"""What is to be said of each guest of examples/crash."""

from dataclasses import dataclass

PANIC, EXCEPTION, GAVE_UP = "panic", "exception", "last-call-failed"
STOPPED = "stopped"  # what is said of a panic where no name tells that it is one


@dataclass(frozen=True)
class End:
    """What is to be said: ``kinds`` of a dump, ``memory`` of a file that has no registers,
    ``wrong`` with the wrong image, if that is not what is said with the right one.

    Of the other two builds ``ring`` and ``bare``, if that is anything else.
    """

    kinds: list[str]
    memory: list[str]
    wrong: list[str] | None = None
    ring: list[str] | None = None
    bare: list[str] | None = None


ENDS = {
    "call-hangs": End(["never-returned"], ["no-return"], bare=["in-hypervisor"]),
    "call-hangs-both": End(
        ["never-returned", "waits-behind"],
        ["no-return", "no-return"],
        bare=["in-hypervisor", "in-hypervisor"],
    ),
    "structure-overwritten": End(
        ["structure-overwritten", "never-returned", PANIC],
        ["structure-overwritten", "no-return"],
        bare=[PANIC, "in-hypervisor"],
    ),
    "error-ignored": End(["error-ignored", GAVE_UP], ["error-ignored"], bare=[PANIC]),
    "creation-fails-with-0": End(
        ["creation-failed-with-0", GAVE_UP],
        ["creation-failed-with-0"],
        bare=[PANIC],
    ),
    "not-permitted": End(["not-permitted", GAVE_UP], ["not-permitted"], bare=[PANIC]),
    "tee-asleep": End(["tee-asleep"], ["no-return"], bare=["in-hypervisor"]),
    "no-hypervisor": End(
        ["fault-no-hypervisor", PANIC],
        ["no-return"],
        bare=["fault-no-hypervisor", PANIC],
    ),
    "fault-skipped": End(
        ["fault-skipped", GAVE_UP],
        ["fault-skipped"],
        bare=["fault-no-hypervisor", PANIC],
    ),
    "ring-3": End(
        ["fault-not-ring-0", PANIC],
        ["no-return"],
        bare=["fault-not-ring-0", PANIC],
    ),
    "user-vm": End(
        ["fault-not-allowed", PANIC],
        ["no-return"],
        bare=["fault-no-hypervisor", PANIC],
    ),
    "lost-register": End(
        ["register-lost-and-used", PANIC],
        ["register-lost"],
        ring=[PANIC, EXCEPTION],
        bare=[PANIC, EXCEPTION],
    ),
    "lost-register-unused": End(
        ["register-lost", PANIC], ["register-lost"], ring=[PANIC], bare=[PANIC]
    ),
    "ring-off": End(["ring-off", PANIC], ["ring-off"], bare=[PANIC]),
    "ring-header-overwritten": End(
        ["ring-overwritten", PANIC], ["ring-overwritten"], wrong=[], bare=[PANIC]
    ),
    "ring-records-overwritten": End(
        ["ring-overwritten", PANIC], ["ring-overwritten"], bare=[PANIC]
    ),
    "ring-torn": End(["ring-torn", PANIC, EXCEPTION], ["ring-torn"], bare=[PANIC]),
    "ring-lapped": End(["ring-lapped", PANIC], ["ring-lapped"], bare=[PANIC]),
    "spin": End(["guest-hangs"], [], bare=["guest-hangs"]),
    "idle": End([], [], bare=[]),
}


def nameless(kinds: list[str]) -> list[str]:
    """What is said instead where the functions have no names."""
    return [kind for kind in kinds if kind != PANIC] + [STOPPED] * (PANIC in kinds)
