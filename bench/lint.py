# SPDX-License-Identifier: BSD-3-Clause
"""How long lint takes, finding the sites included: 20 MB of text with 10,000 sites, also stripped.

CPU seconds of ``acrn-trace lint`` as a user starts it, and its peak memory. Its sites are checked.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import scan

ROUNDS = 3
LINT = scan.ROOT / "gdbscripts" / "acrn-trace"


def run():
    with tempfile.TemporaryDirectory(prefix="acrn-bench-") as folder:
        images = scan.planted_images(Path(folder))
        seconds = {name: [] for name in images}
        memory = {name: [] for name in images}
        for _ in range(ROUNDS):
            for name, (image, sites, complete) in images.items():
                used, peak = measure(image, sites if complete else None)
                seconds[name].append(1e3 * used)
                memory[name].append(peak)
        for name, samples in seconds.items():
            yield name, samples, "ms"
        for name, samples in memory.items():
            yield f"memory: {name}", samples, "KiB"


def measure(image, sites):
    """CPU seconds and peak memory (KiB) of one run; ``sites`` are those it has to judge."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen([LINT, "lint", "--json", image], stdout=output)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        judged = {int(site["site"], 16) for site in json.load(output)["sites"]}
    if sites is not None and judged != sites:
        sys.exit(f"{image}: lint judged {len(judged ^ sites)} sites too many or too few")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss
