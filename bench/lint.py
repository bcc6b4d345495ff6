# SPDX-License-Identifier: BSD-3-Clause
"""How long lint takes, finding the sites included: 20 MB of text with 10,000 sites, also stripped.

Seconds that pass, and CPU seconds, of ``acrn-trace lint`` as a user starts it, which does half of
the sites in a second process; and the peak memory of both together. Its sites are checked.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import scan

ROUNDS = 3
LINT = """
import sys; sys.path.insert(0, sys.argv[1])
import resource
from acrn_trace.cli.launcher import main
main(["lint", "--json", sys.argv[2]])
own = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(int(own) + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
"""


def run():
    with tempfile.TemporaryDirectory(prefix="acrn-bench-") as folder:
        images = scan.planted_images(Path(folder))
        samples = {name: [] for name in images}
        for _ in range(ROUNDS):
            for name, (image, sites, complete) in images.items():
                samples[name].append(measure(image, sites if complete else None))
        for what, unit in (("{}", "ms"), ("CPU: {}", "ms"), ("memory: {}", "KiB")):
            for name, taken in samples.items():
                yield what.format(name), [one[0] for one in taken], unit
                samples[name] = [one[1:] for one in taken]


def measure(image, sites):
    """Milliseconds, those of CPU, and KiB of one run; ``sites`` are those it has to judge."""
    command = ["/usr/bin/python3", "-c", LINT, str(scan.ROOT / "gdbscripts"), image]
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as said:
        begun = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        passed = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        said.seek(0)
        judged = {int(site["site"], 16) for site in json.load(output)["sites"]}
        peak = int(said.read())
    if sites is not None and judged != sites:
        sys.exit(f"{image}: lint judged {len(judged ^ sites)} sites too many or too few")
    return 1e3 * passed, 1e3 * (usage.ru_utime + usage.ru_stime), peak
