# SPDX-License-Identifier: BSD-3-Clause
"""What is said: how much, of which image, and of a source that tells nothing."""

import pytest

from acrn_trace.at_rest.image_match import DIFFERS, MATCH, ImageMatch
from acrn_trace.at_rest.postmortem import examine
from acrn_trace.diagnosis.case import Case
from acrn_trace.diagnosis.diagnose import diagnose
from acrn_trace.diagnosis.report import as_json, page
from acrn_trace.guest.site import Site
from acrn_trace.guest.snapshot import SnapshotVcpu
from acrn_trace.image.image import open_image
from acrn_trace.rings.format import CALLED, CAPTURED_IN
from helpers.make.diagnosis import (
    CAPTURING,
    CODE,
    CREATE_VM,
    FLAGS,
    KNOWLEDGE,
    STRUCTURE,
    TOP,
    Guest,
    Ram,
    Snapshot,
    captured,
    creation,
)
from helpers.make.ring import PAGE, SITE
from helpers.tree import IMAGES


def test_there_is_an_end_to_what_is_said():
    """As many verdicts as a hostile ring has records would be no page."""
    guest = Guest(count=64)
    for _ in range(63):
        guest.machine.call(state=CALLED)
    guest.machine.call()
    guest.vcpu(CODE, TOP, eflags=FLAGS)
    said = guest.diagnosis().verdicts
    assert [v.kind for v in said] == ["abandoned"] * 9
    assert said[-1].text == "There is more of the same."


def test_what_a_guest_names_is_escaped():
    guest = Guest(**CAPTURING)
    more = captured(creation(b"\x1b[31mred"))
    flags = 1 | CAPTURED_IN
    guest.machine.call(0, CALLED, number=CREATE_VM, args=(STRUCTURE, 0), flags=flags, more=more)
    guest.vcpu(0x1000, 0x2000, inside=True)
    text = "\n".join(page(guest.diagnosis()))
    assert "\x1b" not in text and "\\x1b[31mred" in text


def test_the_sites_of_a_wrong_image_name_nothing():
    guest = Guest()
    guest.machine.call()
    guest.vcpu(CODE, TOP, eflags=FLAGS)
    found = guest.found()
    found.image = open_image(str(IMAGES / "hello.elf"))
    sites = {SITE: Site(SITE, None, "wrong.c", 1, "wrong")}
    for verdict, names in ((DIFFERS, False), (MATCH, True)):
        found.match = ImageMatch(verdict, compared=100, differing=90)
        said = "\n".join(page(diagnose(Case(found, KNOWLEDGE, sites))))
        assert ("wrong.c" in said) == names
        assert ("is NOT what ran" in said) != names


@pytest.mark.parametrize("with_image", [False, True])
def test_a_source_that_tells_nothing_is_not_called_right(with_image):
    """Zeros, without and with a vCPU's registers: neither ring nor page tables nor code."""
    image = open_image(str(IMAGES / "hello.elf")) if with_image else None
    lost = SnapshotVcpu(0, {"rip": CODE, "cr3": PAGE, "cr0": 0x80000011})
    not_started = SnapshotVcpu(1, {"rip": CODE, "cr3": 0, "cr0": 0x11})
    for vcpus in ([], [lost], [lost, not_started]):
        said = diagnose(Case(examine(Snapshot(Ram(bytearray(8 * PAGE)), vcpus), image), KNOWLEDGE))
        (verdict,) = as_json(said)["happened"]
        assert (verdict["kind"], verdict["certainty"]) == ("nothing-known", "certain")
        assert "  1. Nothing can be known of the guest's hypercalls" in "\n".join(page(said))


def test_a_guest_of_which_something_is_known_is_not_unknown():
    guest = Guest()
    guest.machine.call()
    assert guest.kinds() == []  # a ring, as in a file of memory
    guest.halted(eflags=FLAGS)
    assert guest.kinds() == []
