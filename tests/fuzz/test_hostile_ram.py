# SPDX-License-Identifier: BSD-3-Clause
"""A guest that makes its RAM what it likes: searched, walked and followed as acrn-record does it.

What is laid out at first is right, so that most inputs have rings that are mapped, and followed
while the guest goes on. The C ends its process at a byte outside of RAM, a ring that is not all in
RAM, a call that is neither recorded nor counted as lost, and a search that takes longer than RAM is
large. It is read as GDB reads it, too: by a callback that fails, that ends midway, and between
whose answers the guest goes on.
"""

import random
from collections import Counter

from helpers.fuzzing import LIMIT, LONG, fuzzed
from helpers.guests import make
from helpers.process import SECONDS, run
from helpers.tree import ROOT

LENGTH = 400  # bytes of an input: calls and misdeeds for all passes
SEEDS = 256


def said(text: str) -> Counter:
    """NAME NUMBER NAME NUMBER..., as the programs sum up what they reached."""
    words = text.split()
    return Counter(dict(zip(words[::2], map(int, words[1::2]))))


def test_ram_that_is_anything(folder) -> None:
    runs, corpus = 10_000_000 if LONG else 60_000, folder / "corpus"
    corpus.mkdir()
    randomness = random.Random(1)
    for number in range(SEEDS):
        seed = randomness.randbytes(randomness.randrange(LENGTH))
        (corpus / str(number)).write_bytes(seed)
    reached = said(fuzzed(folder, "fuzz-ram", runs, LENGTH, corpus).out)
    assert reached["inputs"] >= runs
    assert reached["accepted"] > runs // 4, reached
    assert reached["records"] > runs, reached
    assert reached["kept"] > runs and reached["failures"] > runs // 4, reached
    rare = ("above", "scattered", "by_address", "refused", "broken")
    assert all(reached[name] > 0 for name in rare), reached


def test_ram_that_changes_while_it_is_read(folder) -> None:
    """By a thread, which surely does something between any two looks at the rings."""
    make("build/scribbling-guest")
    rounds = 100_000 if LONG else 500
    guest = [ROOT / "build" / "scribbling-guest", folder / "ram", rounds, 1]
    done = run(guest, seconds=LIMIT if LONG else SECONDS)
    assert done.status == 0, done.err[-2000:]
    reached = said(done.out)
    assert reached["rounds"] == rounds and reached["records"] > rounds, reached
