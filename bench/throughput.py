# SPDX-License-Identifier: BSD-3-Clause
"""How many calls a second each way of tracing takes, two vCPUs calling as fast as they can.

The reference is the tracer that one writes first in GDB's Python (plain_tracer.py), at the same
guest. Each rate is of calls that are on disk; losses are counted, and are rows of their own.
"""

import os
import re
import shlex
import subprocess
import time
from pathlib import Path

from interleaved import interleaved

from acrn_trace.image.image import open_image
from acrn_trace.image.site_records import recorded_sites

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "build" / "bench"
RING, PLAIN = OUT / "throughput.elf", OUT / "throughput-plain.elf"
LAUNCHER = ROOT / "gdbscripts" / "acrn-trace"
ROUNDS = 3
SECONDS = 300
PLAIN_CALLS = 600


def run():
    """Rows: the reference, the guest alone, through the stub, shared RAM; then what was lost."""
    subprocess.run(["make", "-s", "-f", "bench/throughput_guest/guest.mk"], cwd=ROOT, check=True)
    ways = {
        "two breakpoints a call in GDB's Python": plain,
        "the guest alone, without the ring": lambda folder: alone(PLAIN),
        "the guest alone, with the ring": lambda folder: alone(RING),
        "hypercall ring --follow, through the stub": follow,
        "acrn-trace record, shared RAM": record,
        "acrn-trace report, a recording to text": report,
    }
    samples = interleaved(ways, ROUNDS)
    for name, taken in samples.items():
        yield name, [recorded / seconds for recorded, seconds, _ in taken], "calls/s"
    for name in list(ways)[3:5]:
        yield f"lost, {name.split(',')[0]}", [lost for _, _, lost in samples[name]], "calls"


def arguments(image):
    common = shlex.split((ROOT / "examples" / "qemu.args").read_text())
    return [*common, "-smp", "2", "-m", "128M", "-kernel", str(image)]


def finished(command, statuses=(0,), **more):
    """The output of a command that must end well."""
    process = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False, **more
    )
    assert process.returncode in statuses, (command, process.stdout, process.stderr)
    return process.stdout + process.stderr


def alone(image):
    """Calls, seconds, none lost. The start of QEMU is in the seconds."""
    begun = time.monotonic()
    said = finished(["qemu-system-x86_64", *arguments(image)])
    return made(said), time.monotonic() - begun, 0


def made(said):
    return int(re.search(r"throughput: (\d+) calls", said)[1])


def record(folder):
    """With the time of QEMU's start, and of ours, in the seconds."""
    begun = time.monotonic()
    trace = folder / "trace"
    command = [LAUNCHER, "record", "-o", trace, RING, "--", *arguments(RING)]
    said = finished(list(map(str, command)))
    seconds = time.monotonic() - begun
    recorded, lost = map(int, re.search(r"(\d+) calls recorded, (\d+) lost", said).groups())
    assert recorded + lost == made(said), said
    return recorded, seconds, lost


def report(folder):
    """The time of report alone, its start included."""
    recorded, _, lost = record(folder)
    begun = time.monotonic()
    finished([str(LAUNCHER), "report", "-o", os.devnull, str(folder / "trace")])
    return recorded, time.monotonic() - begun, lost


def follow(folder):
    said, seconds = in_gdb(folder, RING, [f"hypercall ring --follow -o {folder}/trace", "continue"])
    recorded, lost = map(int, re.search(r"(\d+) calls recorded in .*, (\d+) lost", said).groups())
    return recorded, seconds, lost


def plain(folder):
    sites = recorded_sites(open_image(str(PLAIN)))
    environment = {
        **os.environ,
        "PLAIN_SITES": ",".join(hex(site.address) for site in sites),
        "PLAIN_CALLS": str(PLAIN_CALLS),
        "PLAIN_OUTPUT": str(folder / "lines"),
    }
    script = [f"source {ROOT}/bench/plain_tracer.py", "kill"]
    said, _ = in_gdb(folder, PLAIN, script, env=environment)
    calls, seconds = re.search(r"plain tracer: (\d+) calls in ([\d.]+) s", said).groups()
    return int(calls), float(seconds), 0


def in_gdb(folder, image, commands, **more):
    """What GDB says to ``commands`` at a guest, and in what time they ran."""
    stub = folder / "stub"
    gdb = ["gdb", "-nx", "-nh", "-q", "-batch", "-x", str(ROOT / "gdbscripts" / "acrn-trace.py")]
    steps = ["set confirm off", "set pagination off", f"target remote {stub}", *commands]
    for step in steps:
        gdb += ["-ex", step]
    waiting = ["-S", "-gdb", f"unix:{stub},server=on,wait=off"]
    with subprocess.Popen(
        ["qemu-system-x86_64", *arguments(image), *waiting], cwd=ROOT, stdout=subprocess.DEVNULL
    ) as guest:
        try:
            while not stub.exists():
                time.sleep(0.01)
            begun = time.monotonic()
            # The guest's end is an error of 'continue', and so of GDB.
            said = finished([*gdb, str(image)], statuses=(0, 1), **more)
            return said, time.monotonic() - begun
        finally:
            guest.kill()
