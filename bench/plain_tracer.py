# SPDX-License-Identifier: BSD-3-Clause
"""The reference that benches compare with: the tracer that anybody writes in GDB's Python first.

Two breakpoints a site, entry and return; a line a call. Loaded into GDB with ``-x``; the variables
``$sites`` is set by whoever loads it, and ``$calls``, after which it stops.
"""

import os
import time

import gdb

SITES = [int(word, 16) for word in os.environ["PLAIN_SITES"].split(",")]
CALLS = int(os.environ["PLAIN_CALLS"])
OUT = open(os.environ["PLAIN_OUTPUT"], "w", encoding="ascii")
LENGTH = 3  # of VMCALL


class Tracer:
    """Counts calls, and the time from the first to the last."""

    def __init__(self) -> None:
        self.calls = 0
        self.begun = 0.0
        self.entries: dict[int, tuple[int, ...]] = {}

    def entered(self) -> None:
        self.begun = self.begun or time.monotonic()
        frame = gdb.newest_frame()
        thread = gdb.selected_thread().num
        self.entries[thread] = tuple(int(frame.read_register(r)) for r in ("r8", "rdi", "rsi"))

    def returned(self) -> bool:
        thread = gdb.selected_thread().num
        if thread not in self.entries:
            return False
        number, first, second = self.entries.pop(thread)
        result = int(gdb.newest_frame().read_register("rax"))
        OUT.write(f"{thread} {number:#x}({first:#x}, {second:#x}) = {result}\n")
        self.calls += 1
        return self.calls >= CALLS


class Entry(gdb.Breakpoint):
    def stop(self) -> bool:
        tracer.entered()
        return False


class Return(gdb.Breakpoint):
    def stop(self) -> bool:
        return tracer.returned()


tracer = Tracer()
for site in SITES:
    Entry(f"*{site:#x}", internal=True)
    Return(f"*{site + LENGTH:#x}", internal=True)
gdb.execute("continue", to_string=True)
seconds = time.monotonic() - tracer.begun
OUT.close()
print(f"plain tracer: {tracer.calls} calls in {seconds:.6f} s")
