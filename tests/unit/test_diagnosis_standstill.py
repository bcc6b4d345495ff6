# SPDX-License-Identifier: BSD-3-Clause
"""Guests that stand still, or that stopped themselves."""

from diagnosis_builder import FLAGS, KNOWLEDGE, PAUSE, TOP, Guest

from acrn_trace.at_rest.snapshot import DUMP, STUB
from acrn_trace.diagnosis import Case, diagnose
from acrn_trace.diagnosis.facts import GUESS, PROBABLE
from acrn_trace.diagnosis.page import page


def test_an_idle_guest_is_not_accused():
    guest = Guest()
    guest.machine.call()
    guest.halted(eflags=FLAGS)
    said = guest.diagnosis()
    assert said.verdicts == []
    assert "  No sign of anything wrong with hypercalls." in page(said)


def test_a_live_guest_that_gdb_stopped_hangs_at_most_by_guess():
    for kind, certainty in ((DUMP, PROBABLE), (STUB, GUESS)):
        guest = Guest()
        guest.machine.call()
        guest.vcpu(guest.code(0x100, PAUSE) + 2, TOP)
        found = guest.found()
        found.snapshot.kind = kind
        (verdict,) = diagnose(Case(found, KNOWLEDGE)).verdicts
        assert (verdict.kind, verdict.certainty) == ("guest-hangs", certainty)
