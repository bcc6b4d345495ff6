# SPDX-License-Identifier: BSD-3-Clause
"""Builds and runs the fuzzers in C."""

import os

from helpers.guests import make
from helpers.process import SECONDS, Run, run
from helpers.tree import ROOT

LONG = os.environ.get("ACRN_CHECK_LONG")
LIMIT = 4 * 3600 if LONG else SECONDS


def fuzzed(folder, target: str, runs: int, length: int, *corpus: object) -> Run:
    """What libFuzzer says of so many inputs, none of which may go wrong."""
    make(f"build/{target}")
    options = [f"-runs={runs}", f"-max_len={length}", "-len_control=0", "-seed=1"]
    limits = ["-rss_limit_mb=512", "-timeout=60", f"-artifact_prefix={folder}/"]
    done = run([ROOT / "build" / target, *options, *limits, *corpus], seconds=LIMIT)
    assert done.status == 0 and f"Done {runs} runs" in done.err, done.err[-2000:]
    return done
