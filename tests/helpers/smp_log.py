# SPDX-License-Identifier: BSD-3-Clause
"""The calls of the smp example: as the guest itself wrote them down, and as a trace has them."""

import struct
from dataclasses import dataclass
from pathlib import Path

from helpers.canonical import events_of
from helpers.guests import Guest, arguments_of, printed_untraced
from helpers.tracing import gdb_at

CALLS = 10_000
_ENTRY = struct.Struct("<IIQQQq")  # struct call_log_entry of examples/smp/call_log.h

# (vCPU, context) to the calls (nr, args, ret) made there, in the order they were made
Calls = dict[tuple[int, int], list[tuple]]


@dataclass
class TracedSmp:
    events: list[dict]
    logged: Calls

    @property
    def traced(self) -> Calls:
        return traced_calls(self.events)


def trace_smp(folder: Path, image: Path, *commands: str) -> TracedSmp:
    """Trace a whole run in GDB, whose image is ``image``, then its log; the guest ends well.

    ``commands`` are given when the trace runs, and must leave GDB with the symbols of the guest.
    """
    with Guest(folder, arguments_of("smp")) as guest:
        gdb = gdb_at(
            guest,
            image,
            f"hypercall trace -f jsonl -o {folder / 'trace'}",
            *commands,
            "break call_log_complete",
            "continue",
            _dump(folder / "log"),
            "hypercall trace off",
            "continue",
        )
        ended = guest.finished()
    assert (ended.status, ended.out) == (0, printed_untraced(arguments_of("smp"))), gdb
    return TracedSmp(events_of(folder / "trace"), logged_calls(folder / "log", CALLS))


def _dump(path: Path) -> str:
    """The guest's log to a file, also of a nested guest, whose memory GDB cannot read by itself."""
    pages = "range(int(gdb.parse_and_eval('(long)&call_log')), end, 4096)"
    return (
        "python from acrn_trace.in_gdb.guest_memory import read_memory; "
        "end = int(gdb.parse_and_eval('(long)(&call_log + 1)')); "
        f"open({str(path)!r}, 'wb').write("
        f"b''.join(read_memory(at, min(4096, end - at)) for at in {pages}))"
    )


def logged_calls(path: Path, number: int) -> Calls:
    """What the guest wrote down, dumped to a file: of that ``number`` of calls."""
    log = path.read_bytes()
    assert len(log) == number * _ENTRY.size
    calls: Calls = {}
    for vcpu, context, nr, arg1, arg2, ret in _ENTRY.iter_unpack(log):
        calls.setdefault((vcpu, context), []).append((arg2 & 0xFFFFFFF, (nr, arg1, arg2, ret)))
    return {key: [call for _, call in sorted(found)] for key, found in calls.items()}


def traced_calls(events: list[dict]) -> Calls:
    """The guest's tag in the second argument tells the context."""
    calls: Calls = {}
    for event in sorted(events, key=lambda event: event["seq"]):
        nr, args = int(event["nr"], 16), tuple(int(arg, 16) for arg in event["args"])
        context = args[1] >> 28 & 0xF
        calls.setdefault((event["vcpu"], context), []).append((nr, *args, event["ret"]))
    return calls
