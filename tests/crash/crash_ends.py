# SPDX-License-Identifier: BSD-3-Clause
"""What is to be said of each guest of examples/crash."""

from dataclasses import dataclass

STOPPED, EXCEPTION, GAVE_UP = "stopped", "exception", "last-call-failed"


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
        ["structure-overwritten", "never-returned", STOPPED],
        ["structure-overwritten", "no-return"],
        bare=[STOPPED, "in-hypervisor"],
    ),
    "error-ignored": End(["error-ignored", GAVE_UP], ["error-ignored"], bare=[STOPPED]),
    "creation-fails-with-0": End(
        ["creation-failed-with-0", GAVE_UP],
        ["creation-failed-with-0"],
        bare=[STOPPED],
    ),
    "not-permitted": End(["not-permitted", GAVE_UP], ["not-permitted"], bare=[STOPPED]),
    "tee-asleep": End(["tee-asleep"], ["no-return"], bare=["in-hypervisor"]),
    "no-hypervisor": End(
        ["fault-no-hypervisor", STOPPED],
        ["no-return"],
        bare=["fault-no-hypervisor", STOPPED],
    ),
    "fault-skipped": End(
        ["fault-skipped", GAVE_UP],
        ["fault-skipped"],
        bare=["fault-no-hypervisor", STOPPED],
    ),
    "ring-3": End(
        ["fault-not-ring-0", STOPPED],
        ["no-return"],
        bare=["fault-not-ring-0", STOPPED],
    ),
    "user-vm": End(
        ["fault-not-allowed", STOPPED],
        ["no-return"],
        bare=["fault-no-hypervisor", STOPPED],
    ),
    "lost-register": End(
        ["register-lost-and-used", STOPPED],
        ["register-lost"],
        ring=[EXCEPTION, STOPPED],
        bare=[EXCEPTION, STOPPED],
    ),
    "lost-register-unused": End(
        ["register-lost", STOPPED], ["register-lost"], ring=[STOPPED], bare=[STOPPED]
    ),
    "ring-off": End(["ring-off", STOPPED], ["ring-off"], bare=[STOPPED]),
    "ring-header-overwritten": End(
        ["ring-overwritten", STOPPED], ["ring-overwritten"], wrong=[], bare=[STOPPED]
    ),
    "ring-records-overwritten": End(
        ["ring-overwritten", STOPPED], ["ring-overwritten"], bare=[STOPPED]
    ),
    "ring-torn": End(["ring-torn", EXCEPTION, STOPPED], ["ring-torn"], bare=[STOPPED]),
    "ring-lapped": End(["ring-lapped", STOPPED], ["ring-lapped"], bare=[STOPPED]),
    "spin": End(["guest-hangs"], [], bare=["guest-hangs"]),
    "idle": End([], [], bare=[]),
}
