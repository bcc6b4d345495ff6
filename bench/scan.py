# SPDX-License-Identifier: BSD-3-Clause
"""How long finding sites takes: 20 MB of text, 10,000 sites, 500 decoys; and Debian's kernel.

CPU seconds of a process of its own that reads the image and scans it, interpreter and all, and its
peak memory. The kernel's package is fetched with apt; without it, that row is missing. So is any
row whose sites are not those that are there: a scan that is wrong has no speed.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "tests"))

from helpers.make import kernel as kernel_image, planted  # noqa: E402

ROUNDS = 5
COPIES, SITES, DECOYS = 20, 500, 25
SCAN = """
import sys; sys.path.insert(0, sys.argv[1])
import json
from acrn_trace.image.image import open_image
from acrn_trace.sites.scan import scanned_sites
sites = scanned_sites(open_image(sys.argv[2]))
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
found = [[site.address for site in sites if site.certain == c] for c in (True, False)]
print(json.dumps([int(peak), *found]))
"""


def run():
    """Rows: seconds for each image, and the memory of the largest."""
    with tempfile.TemporaryDirectory(prefix="acrn-bench-") as folder:
        images = planted_images(Path(folder)) | kernel(Path(folder))
        seconds = {name: [] for name in images}
        memory = {name: [] for name in images}
        for _ in range(ROUNDS):
            for name, (image, expected, complete) in images.items():
                used, peak, certain, possible = measure(image)
                check(name, expected, complete, certain, possible)
                seconds[name].append(1e3 * used)
                memory[name].append(peak)
        for name, samples in seconds.items():
            yield name, samples, "ms"
        for name, samples in memory.items():
            yield f"memory: {name}", samples, "KiB"


def planted_images(folder):
    """Name to image, its sites, and whether every one of them is to be certain."""
    image = planted.build(folder, 1, SITES, DECOYS, COPIES, flags=("-O1",), statements=22, others=2)
    images = {"20 MB, symbols and .eh_frame": (image.path, image.sites, True)}
    for names in (("symbols",), ("unwind",), ("symbols", "unwind")):
        stripped = planted.without(image, *names)
        label = f"20 MB, no {' and no '.join(names)}"
        images[label] = (stripped.path, stripped.sites, len(names) < 2)
    return images


def kernel(folder):
    try:
        image = kernel_image.debian_kernel(folder)
    except (OSError, subprocess.SubprocessError) as error:
        print(f"  Debian's kernel is not to be had: {error}", file=sys.stderr)
        return {}
    sites = frozenset(address for address, _ in kernel_image.objdump_sites(image))
    return {f"Debian's kernel, {len(sites)} sites": (image, sites, True)}


def check(name, expected, complete, certain, possible):
    """A wrong scan ends the bench."""
    if not certain <= expected <= (certain | possible) or (complete and certain != expected):
        sys.exit(
            f"{name}: {len(certain - expected)} false, {len(expected - certain)} not certain, "
            f"{len(expected - certain - possible)} missed"
        )


def measure(image):
    """CPU seconds, peak memory (KiB), and what was found, of a scan in a process of its own."""
    command = ["/usr/bin/python3", "-c", SCAN, str(ROOT / "gdbscripts"), str(image)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"the scan of {image} failed")
    peak, certain, possible = json.loads(output)
    return usage.ru_utime + usage.ru_stime, peak, frozenset(certain), frozenset(possible)
