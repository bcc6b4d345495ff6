# SPDX-License-Identifier: BSD-3-Clause
"""What the plugin in QEMU costs two vCPUs that do nothing but call, and what its answers save.

The guest answers itself, by the shortest #UD handler that there is, or runs below
examples/hypervisor. QEMU on PATH is to be one that the plugin works with; 11.1 answers too.
"""

import re
import subprocess
import time

from interleaved import interleaved
from throughput import LAUNCHER, PLAIN, ROOT, arguments, finished, made, plain

from acrn_trace.cli.plugin import ANSWERS_FROM, api_of

FLAGS = ROOT / "build" / "bench" / "throughput-flags.elf"
HYPERVISOR = ROOT / "build" / "examples" / "hypervisor.elf"
QEMU = "qemu-system-x86_64"
ROUNDS = 5
ANSWER = ("--mock", "0x80000025 0")


def run():
    """Rows: the guest alone, then each way beside it; then what was lost."""
    subprocess.run(["make", "-s", "-f", "bench/throughput_guest/guest.mk"], cwd=ROOT, check=True)
    line, below = arguments(PLAIN), [*arguments(HYPERVISOR), "-initrd", str(PLAIN)]
    below += ["-append", "short"]
    ways = {
        "the guest alone": lambda folder: rate(line),
        "recorded, --no-clobbers": lambda folder: recorded(folder, line, "--no-clobbers"),
        "recorded": lambda folder: recorded(folder, line),
        "to text in a file": lambda folder: to_text(folder, PLAIN, line),
        "below examples/hypervisor": lambda folder: rate(below),
        "recorded below examples/hypervisor": lambda folder: recorded(folder, below),
        "two breakpoints a call in GDB's Python": by_breakpoints,
    }
    if api_of(QEMU) >= ANSWERS_FROM:
        behind_flags = arguments(FLAGS)
        ways["answered, clean"] = lambda folder: to_text(folder, PLAIN, line, *ANSWER)
        ways["answered, behind flags"] = lambda folder: to_text(
            folder, FLAGS, behind_flags, *ANSWER
        )
    for name, taken in interleaved(ways, ROUNDS).items():
        yield name, taken, "calls/s"


def timed(command):
    """What a command says, and calls a second. Its start is in the seconds."""
    begun = time.monotonic()
    said = finished(list(map(str, command)))
    return said, made(said) / (time.monotonic() - begun)


def rate(line):
    return timed([QEMU, *line])[1]


def recorded(folder, line, *options):
    """Calls a second that are in a trace file: all of them."""
    engine = ("record", "--engine", "plugin", "-o", folder / "trace", *options)
    said, calls_per_second = timed([LAUNCHER, *engine, PLAIN, "--", *line])
    assert re.search(rf"\b{made(said)} calls recorded, 0 lost", said), said
    return calls_per_second


def to_text(folder, image, line, *options):
    command = [LAUNCHER, "--engine", "plugin", "-o", folder / "trace", *options, image, "--"]
    return timed([*command, *line])[1]


def by_breakpoints(folder):
    calls, seconds, _ = plain(folder)
    return calls / seconds
