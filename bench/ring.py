# SPDX-License-Identifier: BSD-3-Clause
"""What the recorder costs in the guest.

Ticks of the TSC for a call that the handler of #UD answers in three instructions: with the header
only, with the recorder linked but off, and with it on. A turn is a few hundred microseconds of
each, so that what else the machine does seldom falls into one of them alone, and a sample the
median of a run's turns. There are several runs since where QEMU's code happens to lie in memory
moves the ratio by a tenth.
"""

import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "tests"))
from helpers.ring_builds import build_guest, config  # noqa: E402

GUEST = ROOT / "bench/ring_guest"
ARGUMENTS = (ROOT / "examples/qemu.args").read_text().split()
CALLS_OF_TURN = 1_000
RUNS = 9
KINDS = {"ring": "-DACRN_RING", "trampoline": "-DACRN_TRAMPOLINE"}
SECONDS = 120


def run():
    """Rows: header only, then each kind off and on, as multiples of it in the same turn."""
    with tempfile.TemporaryDirectory(prefix="acrn-bench-") as folder:
        images = {kind: build(Path(folder) / kind, define) for kind, define in KINDS.items()}
        runs = {kind: [] for kind in images}
        for _ in range(RUNS):
            for kind, image in images.items():
                runs[kind].append(medians(turns(image)))
    plain = [alone / CALLS_OF_TURN for own in runs.values() for alone, _, _ in own]
    rows = [("header only", plain, "ticks")]
    first = statistics.median(plain)
    for kind, own in runs.items():
        rows.append((f"{kind}, off", [first * off for _, off, _ in own], "ticks"))
        rows.append((f"{kind}, on", [first * on for _, _, on in own], "ticks"))
    return rows


def build(folder, define):
    """The image of one kind."""
    folder.mkdir()
    loops = []
    for name, recorded in (("calls_not_recorded", False), ("calls_recorded", True)):
        loops.append(loop(folder, name, define if recorded else None))
    sources = [GUEST / "guest.c", GUEST / "answer.S", *loops]
    return build_guest(folder, sources, GUEST, define)


def turns(image):
    """(header only, off, on) of each turn of one run, in ticks."""
    command = ["qemu-system-x86_64", *ARGUMENTS, "-kernel", str(image)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=True)
    return [tuple(map(int, line)) for line in re.findall(r"^(\d+) (\d+) (\d+)$", done.stdout, re.M)]


def medians(of_turns):
    """Ticks with the header only; off and on as multiples of it."""
    return [
        statistics.median(plain for plain, _, _ in of_turns),
        statistics.median(off / plain for plain, off, _ in of_turns),
        statistics.median(on / plain for plain, _, on in of_turns),
    ]


def loop(folder, name, define):
    """The loop as an object, with or without the recorder."""
    made = folder / f"{name}.o"
    flags = "-std=gnu11 -O2 -ffreestanding -fno-pie -mcmodel=kernel -mno-red-zone".split()
    flags += ["-fcf-protection=none", f"-I{ROOT}/cstub/include", f"-I{ROOT}/examples/lib"]
    own = [define, "-DACRN_RING", config("ring_config.h")] if define else []
    source = [f"-I{GUEST}", f"-DLOOP={name}", "-c", str(GUEST / "loop.c"), "-o", str(made)]
    subprocess.run(["gcc", *flags, *own, *source], check=True, timeout=SECONDS)
    return made
