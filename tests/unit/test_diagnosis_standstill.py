# SPDX-License-Identifier: BSD-3-Clause
"""Guests that stand still, or that stopped themselves."""

from diagnosis_builder import CODE, FLAGS, KNOWLEDGE, PAUSE, TOP, Guest

from acrn_trace.at_rest.snapshot import DUMP, STUB
from acrn_trace.diagnosis import Case, diagnose
from acrn_trace.diagnosis.facts import GUESS, PROBABLE, Place
from acrn_trace.diagnosis.page import page
from acrn_trace.diagnosis.standstill import in_panic


def test_an_idle_guest_is_not_accused():
    guest = Guest()
    guest.machine.call()
    guest.halted(eflags=FLAGS)
    said = guest.diagnosis()
    assert said.verdicts == []
    assert "  No sign of anything wrong with hypercalls." in page(said)


def test_a_kernels_panic_is_named():
    guest = Guest()
    guest.vcpu(CODE, TOP, eflags=FLAGS)
    diagnosis = guest.diagnosis()
    diagnosis.vcpus[0].callers = [Place(1, "udelay+0x1"), Place(2, "panic+0x2"), Place(3, "init")]
    (match,) = in_panic(diagnosis)
    assert match.evidence == ("the stack has panic+0x2 <- init (a guess)",)
    diagnosis.vcpus[0].callers = [Place(1, "nmi_panic+0x1")]
    assert not list(in_panic(diagnosis))


def test_a_live_guest_that_gdb_stopped_hangs_at_most_by_guess():
    for kind, certainty in ((DUMP, PROBABLE), (STUB, GUESS)):
        guest = Guest()
        guest.machine.call()
        guest.vcpu(guest.code(0x100, PAUSE) + 2, TOP)
        found = guest.found()
        found.snapshot.kind = kind
        (verdict,) = diagnose(Case(found, KNOWLEDGE)).verdicts
        assert (verdict.kind, verdict.certainty) == ("guest-hangs", certainty)
