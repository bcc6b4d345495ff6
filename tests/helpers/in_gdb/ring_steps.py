# SPDX-License-Identifier: BSD-3-Clause
"""Inside GDB: steps a guest through calls, interrupts and all, and reads the rings at each stop.

The reader is the simplest that the format allows, and no part of the product. What it prints at the
end is for test_ring.py; a guest that is wrong raises.
"""

import os
import struct

import gdb

HEADER = struct.Struct("<Q10I4H5Q")
HEADER_RECORDS_VIRTUAL = 18  # of its fields
MOST_IN_FLIGHT = 4  # two vCPUs, each a call within a call
CALLS_BEFORE = 80  # the rings have been full
STEPS_OF_A_CALL = 500  # more than there are in one
STEPS = int(os.environ["RING_STEPS"])
MOST_STEPS = 30  # times as many
MASK = 0xFFFFFFFFFFFFFFFF
EMPTY, WRITING, CALLED, RETURNING, RETURNED = range(5)
visited = set()
seen = {WRITING: 0, CALLED: 0, RETURNING: 0, RETURNED: 0}
deepest = 0


def memory(address, size):
    return bytes(gdb.selected_inferior().read_memory(address, size))


def check_rings(where):
    header = int(gdb.parse_and_eval("(unsigned long)&acrn_ring_header")) & MASK
    fields = HEADER.unpack_from(memory(header, 128))
    size, ring_size, rings, record_size, count = fields[2:7]
    records = fields[HEADER_RECORDS_VIRTUAL]
    state = memory(header + size, rings * ring_size)
    body = memory(records, rings * count * record_size) if records else b""
    for ring in range(rings):
        claimed, _limit, lost, _lapped = struct.unpack_from("<4Q", state, ring * ring_size)
        part = body[ring * count * record_size : (ring + 1) * count * record_size]
        check_ring(part, record_size, claimed, lost, where)


def check_ring(part, record_size, claimed, lost, where):
    global deepest
    count = len(part) // record_size
    present, unfinished = set(), 0
    for slot in range(count):
        word, _, _, nr, arg1, arg2, result = struct.unpack_from("<7Q", part, slot * record_size)
        sequence, what = word >> 3, word & 7
        if what == EMPTY:
            assert word == 0, where
            continue
        seen[what] += 1
        unfinished += what != RETURNED
        assert sequence % count == slot and sequence < claimed, (where, slot, hex(word))
        if what == WRITING:
            continue
        present.add(sequence)
        assert 0x80000000 <= nr < 0x80000064 and arg1 == 3 * arg2, (where, slot, hex(word))
        if what == RETURNED:
            assert result == 4 * arg2 + 7, (where, slot, hex(word))
    if count:
        expected = set(range(max(0, claimed - count), claimed))
        missing = expected - present
        assert len(missing) <= MOST_IN_FLIGHT + lost, (where, sorted(missing))
        deepest = max(deepest, unfinished)
        assert unfinished <= MOST_IN_FLIGHT, (where, unfinished)


def step_through(steps, path):
    """At least ``steps``, and many times as many while something is still to be seen."""
    interrupts, last, made = 0, None, 0
    while made < steps or (
        made < MOST_STEPS * steps and not (interrupts and all(seen.values()) and path <= visited)
    ):
        made += 1
        gdb.execute("stepi", to_string=True)
        frame = gdb.newest_frame()
        check_rings(hex(frame.pc()))
        visited.add(frame.pc())
        name = frame.name()
        interrupts += name != last and name == "on_timer"
        last = name
    return interrupts


def path_of_a_call():
    """Each instruction of a call's own functions when nothing interrupts it.

    The other vCPU is held: one that runs on meanwhile leaves the call no slot, and another path.
    """
    path = set()
    gdb.execute("set scheduler-locking on")
    for _ in range(STEPS_OF_A_CALL):
        gdb.execute("stepi", to_string=True)
        frame = gdb.newest_frame()
        if frame.name() in ("make_call", "acrn_trampoline_return_"):
            path.add(frame.pc())
    gdb.execute("set scheduler-locking off")
    return path


def main():
    gdb.execute("break make_call")
    gdb.execute(f"ignore 1 {CALLS_BEFORE}", to_string=True)
    gdb.execute("continue")
    gdb.execute("delete")
    path = path_of_a_call()
    gdb.execute("maint packet Qqemu.sstep=0x1", to_string=True)
    interrupts = step_through(STEPS, path)
    missed = sorted(map(hex, path - visited))
    print(f"PATH {len(path)} MISSED {missed}")
    print(
        f"RESULT interrupts {interrupts} deepest {deepest}", *(f"{k}:{v}" for k, v in seen.items())
    )
    gdb.execute("kill")


main()
