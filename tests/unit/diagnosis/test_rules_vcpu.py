# SPDX-License-Identifier: BSD-3-Clause
"""Guests that stand still, or that stopped themselves."""

from types import SimpleNamespace

from acrn_trace.diagnosis.case import Case, GUESS, PROBABLE
from acrn_trace.diagnosis.diagnose import diagnose
from acrn_trace.diagnosis.places import Places, states_of
from acrn_trace.diagnosis.report import page
from acrn_trace.guest.snapshot import DUMP, STUB
from acrn_trace.image.image import Code
from helpers.make.diagnosis import CODE, FLAGS, HLT, KNOWLEDGE, PAUSE, TOP, Guest


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


class TwoFunctions:
    """An image: 'stop', whose last instruction is HLT, and 'next' right behind it."""

    def symbol_at(self, address):
        return ("stop", CODE) if address < CODE + 16 else ("next", CODE + 16)

    def code(self):
        return [Code("", CODE, bytes(32))]


def test_a_halted_vcpu_is_named_by_its_hlt_not_by_what_is_behind():
    guest = Guest()
    guest.vcpu(guest.code(15, HLT) + 1, TOP)
    guest.vcpu(CODE + 15, TOP)
    found = guest.found()
    found.image, found.match = TwoFunctions(), SimpleNamespace(is_there=True)
    case = Case(found, KNOWLEDGE, line_of=lambda address: ("a.c", address - CODE))
    halted, runs = states_of(case, Places(case))
    assert (str(halted.place), str(runs.place)) == ("stop+0x10 (a.c:15)", "stop+0xf (a.c:15)")
    assert halted.place.address == CODE + 16
