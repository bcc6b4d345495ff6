# SPDX-License-Identifier: BSD-3-Clause
"""What the recorder costs in the guest.

Ticks of the TSC for a call that the handler of #UD answers in three instructions: with the header
only, with the recorder linked but off, and with it on; taken in turn within one run of the guest.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/c"))
from ring_builds import build_guest, config  # noqa: E402

GUEST = ROOT / "bench/ring_guest"
ARGUMENTS = (ROOT / "examples/qemu.args").read_text().split()
CALLS_OF_TURN = 20_000
KINDS = {"ring": "-DACRN_RING", "trampoline": "-DACRN_TRAMPOLINE"}
SECONDS = 120


def run():
    """Rows: header only, then each kind off and on, as multiples of it in the same run."""
    rows = []
    for kind, define in KINDS.items():
        with tempfile.TemporaryDirectory(prefix="acrn-bench-") as folder:
            plain, off, on = zip(*turns(Path(folder), define))
        if not rows:
            first = sorted(ticks(plain))[len(plain) // 2]
            rows.append(("header only", ticks(plain), "ticks"))
        rows.append((f"{kind}, off", scaled(off, plain, first), "ticks"))
        rows.append((f"{kind}, on", scaled(on, plain, first), "ticks"))
    return rows


def turns(folder, define):
    """(header only, off, on) of each turn, in ticks."""
    loops = []
    for name, recorded in (("calls_not_recorded", False), ("calls_recorded", True)):
        loops.append(loop(folder, name, define if recorded else None))
    sources = [GUEST / "guest.c", GUEST / "answer.S", *loops]
    image = build_guest(folder, sources, GUEST, define)
    command = ["qemu-system-x86_64", *ARGUMENTS, "-kernel", str(image)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=True)
    return [tuple(map(int, line)) for line in re.findall(r"^(\d+) (\d+) (\d+)$", done.stdout, re.M)]


def loop(folder, name, define):
    """The loop as an object, with or without the recorder."""
    made = folder / f"{name}.o"
    flags = "-std=gnu11 -O2 -ffreestanding -fno-pie -mcmodel=kernel -mno-red-zone".split()
    flags += ["-fcf-protection=none", f"-I{ROOT}/cstub/include", f"-I{ROOT}/examples/lib"]
    own = [define, "-DACRN_RING", config("ring_config.h")] if define else []
    source = [f"-I{GUEST}", f"-DLOOP={name}", "-c", str(GUEST / "loop.c"), "-o", str(made)]
    subprocess.run(["gcc", *flags, *own, *source], check=True, timeout=SECONDS)
    return made


def ticks(values):
    return [value / CALLS_OF_TURN for value in values]


def scaled(values, plain, first):
    """Each turn against the header alone in the same turn, then as ticks again."""
    return [value / alone * first for value, alone in zip(values, plain)]
