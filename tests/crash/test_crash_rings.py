# SPDX-License-Identifier: BSD-3-Clause
"""Guests of examples/crash whose rings are not there, or are not where they are read."""

import os
import re

import pytest

from helpers.crash.ends import ENDS
from helpers.crash.files import diagnosis_of, json_in, kinds, taken
from helpers.tracing import acrn_trace
from helpers.tree import IMAGES

LONG = os.environ.get("ACRN_CHECK_LONG") == "1"
SHORT = [("crash-bare", "call-hangs"), ("crash-bare", "ring-3"), ("crash-ring", "lost-register")]
EVERY = [(image, end) for image in ("crash-ring", "crash-bare") for end in ENDS]


@pytest.mark.parametrize("image, end", EVERY if LONG else SHORT)
def test_without_the_trampoline_and_without_a_ring(image, end, folder):
    files, expected = taken(end, image, folder), ENDS[end]
    said = expected.ring if image == "crash-ring" else expected.bare
    diagnosis = diagnosis_of(files.plain, IMAGES / f"{image}.elf")
    assert kinds(diagnosis) == (expected.kinds if said is None else said)
    assert [v["kind"] for v in files.live["happened"] if v["kind"] != "last-call"] == kinds(
        diagnosis
    )


def test_without_a_ring_the_stack_still_has_the_site(folder):
    files = taken("error-ignored", "crash-bare", folder)
    guess = diagnosis_of(files.plain, IMAGES / "crash-bare.elf").verdicts[-1]
    assert (guess.kind, guess.certainty) == ("last-call", "guess")
    assert re.search(r"calls\.c:\d+ error_is_ignored", guess.text)
    alone = json_in(acrn_trace("--memory", files.memory, "--json", IMAGES / "crash-bare.elf"))
    assert alone["image"]["match"] == "match"
    assert [v["kind"] for v in alone["happened"]] == ["nothing-known"]  # that is, not "no sign"


@pytest.mark.parametrize("option", ["--offset", "--base"])
def test_rings_that_are_read_where_they_are_not(option, folder):
    """Of a guest that hangs in a call: no call is found, which is not "no sign"."""
    files = taken("call-hangs", "crash", folder)
    source = ("--core", files.plain) if option == "--offset" else ("--memory", files.memory)
    wrong = acrn_trace(*source, option, "0x1000", "--json", IMAGES / "crash.elf")
    assert [v["kind"] for v in json_in(wrong)["happened"]] == ["nothing-known"]
    right = acrn_trace(*source, option, "0", "--json", IMAGES / "crash.elf")
    assert json_in(right)["happened"][0]["kind"] in ("never-returned", "no-return")
