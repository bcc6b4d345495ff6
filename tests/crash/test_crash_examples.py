# SPDX-License-Identifier: BSD-3-Clause
"""Each guest of examples/crash is diagnosed right: from every kind of dump, and live."""

import os
import re

from acrn_trace.diagnosis.case import Diagnosis
from acrn_trace.diagnosis.report import page
from helpers.crash.files import diagnosis_of, kinds
from helpers.tree import IMAGES, ROOT

EXPECTED = ROOT / "examples" / "crash" / "expected"


def happened(diagnosis: Diagnosis) -> str:
    """What the page says to have happened, without what differs from run to run and compiler to
    compiler."""
    lines = list(page(diagnosis))
    first = lines.index("WHAT PROBABLY HAPPENED") + 1
    text = "\n".join(lines[first:])
    text = re.sub(r"\n +", " ", re.sub(r"\n +(- |\d+\. )", r"@\1", "\n" + text))
    text = re.sub(r"@(?=\d+\. )", "\n", text).replace("@", "\n    ")
    text = re.sub(r"\n    - [^\n]*\(a guess\)", "", text)
    text = re.sub(r"was 0x\w+ before and 0x\w+ after", "was A before and B after", text)
    text = re.sub(r"'[a-z]+ [^'\n]*%[^'\n]*'", "INSTRUCTION", text.replace(".constprop.0", ""))
    text = re.sub(r"\+0x[0-9a-f]+", "+N", re.sub(r"0x[0-9a-f]{8,}", "ADDRESS", text))
    return re.sub(r"\b\d+\.\d{6}\b", "T", text).strip() + "\n"


def test_the_page_is_as_reviewed(files):
    said = happened(diagnosis_of(files.plain, IMAGES / "crash.elf"))
    path = EXPECTED / f"{files.end}.txt"
    if os.environ.get("ACRN_CRASH_EXPECTED") == "write":
        path.write_text(said)
    assert said == path.read_text()


def test_a_plain_dump_and_a_paged_one_say_the_same(files):
    plain = diagnosis_of(files.plain, IMAGES / "crash.elf")
    paged = diagnosis_of(files.paged, IMAGES / "crash.elf")
    assert kinds(plain) == files.expected.kinds
    assert plain.verdicts == paged.verdicts


def test_the_live_guest_says_the_same(files):
    assert [verdict["kind"] for verdict in files.live["happened"]] == files.expected.kinds
    assert files.live["source"] == "stub"


def test_a_file_of_memory_says_what_the_rings_say(files):
    diagnosis = diagnosis_of(files.memory, IMAGES / "crash.elf")
    assert kinds(diagnosis) == files.expected.memory
    assert any("no registers" in sentence for sentence in diagnosis.unknown)
