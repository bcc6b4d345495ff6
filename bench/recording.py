# SPDX-License-Identifier: BSD-3-Clause
"""How fast recordings are shown, in each form, and in how much memory.

Calls a second of a process's own CPU time, less what it takes to start, as in report.py. No two
calls are alike: each has other arguments, and other numbers in its structure.
"""

import struct
import tempfile
from pathlib import Path
from typing import Callable

from report import measure

from acrn_trace.rings import blocks
from acrn_trace.rings.format import (
    CAPTURED_IN,
    CAPTURED_OUT,
    MAGIC,
    RECORD,
    RETURNED,
    SEQUENCE_SHIFT,
    VERSION,
    RingHeader,
)
from acrn_trace.rings.preamble import preamble
from acrn_trace.tables.knowledge import acrn

ROUNDS = 5
CALLS = 3_000_000
IN_BLOCK = 2_000
HZ = 2 * 10**9
VIRTUAL = 0xFFFFFFFF80400000
ROOM = 64  # bytes captured, at most
FORMS = ([], ["-e", "status=failed"], ["-f", "jsonl"], ["-c"], ["-v", "-k", "-t"], ["-r"])

# A body is number, arguments, flags, and the structure as it was at the call and at the return.
Body = tuple[int, int, int, int, bytes, bytes]


def run():
    """Rows: each form of either recording, then the memory that a tenth of one takes, and all."""
    with tempfile.TemporaryDirectory(prefix="acrn-bench-") as folder:
        plain, structures, tenth, nothing = (Path(folder, str(number)) for number in range(4))
        write(plain, CALLS, 0, without_structure)
        write(structures, CALLS, ROOM, _with_structure)
        write(tenth, CALLS // 10, ROOM, _with_structure)
        write(nothing, 1, 0, without_structure)
        yield from _speeds({"arguments alone": plain, "with structures": structures}, nothing)
        for name, file in (("a tenth", tenth), ("all", structures)):
            yield f"memory: text, {name} of the calls", [measure([], file)[1] / 1024], "KiB"
            yield f"memory: -c, {name} of the calls", [measure(["-c"], file)[1] / 1024], "KiB"


def _speeds(traces: dict[str, Path], nothing: Path):
    samples = {(name, *form): [] for name in traces for form in FORMS}
    for _ in range(ROUNDS):
        start_up, _ = measure([], nothing)
        for name, *form in samples:
            seconds, _ = measure(form, traces[name])
            samples[name, *form].append(CALLS / (seconds - start_up))
    for (name, *form), values in samples.items():
        yield f"report {' '.join(form)}, {name}", values, "calls/s"


def write(path: Path, calls: int, room: int, body: Callable[[int], Body]) -> None:
    """A recording of one ring."""
    header = _header(room)
    with open(path, "wb") as file:
        file.write(preamble(acrn().table, []))
        rings = struct.pack("<QII", HZ, 1, 0) + header.pack()
        file.write(blocks.block(blocks.RINGS, rings))
        for first in range(0, calls, IN_BLOCK):
            numbers = range(first, min(first + IN_BLOCK, calls))
            raw = b"".join(_record(header, n, body(n)) for n in numbers)
            file.write(blocks.block(blocks.RECORDS, struct.pack("<IIQ", 0, 0, first) + raw))


def _header(room: int) -> RingHeader:
    size = 64 + (8 + 2 * room if room else 0)
    fields = dict.fromkeys(RingHeader._fields, 0)
    fields |= {"magic": MAGIC, "version": VERSION, "header_size": 128, "ring_size": 64}
    fields |= {"ring_count": 1, "record_size": -(-size // 64) * 64, "record_count": 4096}
    fields |= {"capture_offset": 64 * bool(room), "capture_bytes": room}
    return RingHeader(**{**fields, "header_virtual": VIRTUAL})


def _record(header: RingHeader, number: int, body: Body) -> bytes:
    nr, arg1, arg2, flags, before, after = body
    entry = 10**9 + number * 20_000
    word = number << SEQUENCE_SHIFT | RETURNED
    fixed = (word, entry, entry + 2000 + number % 977, nr, arg1, arg2, 0)
    data = RECORD.pack(*fixed, VIRTUAL & 0xFFFFFFFF, number % 2, 2 | flags)
    if header.capture_offset:
        data += struct.pack("<HHxxxx", len(before), len(after))
        data += before.ljust(ROOM, b"\0") + after.ljust(ROOM, b"\0")
    return data.ljust(header.record_size, b"\0")


def without_structure(number: int) -> Body:
    return 0x80000025, 1 + number % 7, number * 7919, 0, b"", b""


def _with_structure(number: int) -> Body:
    """inject_msi, set_memory_regions, vm_gpa2hpa and set_ioreq_buffer, in turn."""
    some = number * 7919 + 1 & 0xFFFFFFFF
    address = struct.pack("<Q", some << 12)
    data = struct.pack("<Q", 0x4000 + some)
    regions = struct.pack("<H6xI4xQ", 1 + number % 7, some, some << 4)
    return (
        (0x80000023, 1, some, CAPTURED_IN, address + data, b""),
        (0x80000042, some, 0, CAPTURED_IN, regions, b""),
        (0x80000041, 1, some, CAPTURED_IN | CAPTURED_OUT, address + bytes(8), address + data),
        (0x80000030, 1, some, CAPTURED_IN, address, b""),
    )[number % 4]
