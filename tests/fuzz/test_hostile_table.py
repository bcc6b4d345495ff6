# SPDX-License-Identifier: BSD-3-Clause
"""Tables that are nearly right: none that is passed leads out of itself, or to no end."""

import random

from helpers.fuzzing import LONG, fuzzed

LENGTH = 32  # bytes of an input: changes of a table
SEEDS = 256
REASONS = 12  # at least, for which a table is refused


def test_a_table_that_is_passed_is_safe_to_read(folder) -> None:
    runs, corpus = 3_000_000 if LONG else 20_000, folder / "corpus"
    corpus.mkdir()
    randomness = random.Random(1)
    for number in range(SEEDS):
        (corpus / str(number)).write_bytes(randomness.randbytes(LENGTH))
    counts, *reasons = fuzzed(folder, "fuzz-table", runs, LENGTH, corpus).out.splitlines()
    said = dict(zip(counts.split()[::2], map(int, counts.split()[1::2])))
    assert said["inputs"] >= runs
    assert runs // 10 < said["passed"] < said["inputs"], said
    assert len(reasons) >= REASONS, reasons
