# SPDX-License-Identifier: BSD-3-Clause
"""Calls that are recorded over memory, and replayed over memory."""

import json

from acrn_trace.act.mock.replay import Replay
from acrn_trace.guest.pending_memory import PendingMemory
from acrn_trace.tables.knowledge import acrn
from acrn_trace.trace.decode import Decoder
from acrn_trace.trace.pairing import Call
from helpers.make.memory import FakeMemory
from helpers.make.stop import SITE, stop

KNOWLEDGE = acrn()
BASE = 0x1000
PAGE = 0x4000
CREATION = bytes(8) + b"user-vm".ljust(16, b"\0") + bytes(16) + b"\2".ljust(8, b"\0")
CALLS = {entry.name: entry for entry in KNOWLEDGE.table}


class Guest:
    """Memory, and calls that are made over it and answered by somebody or replayed."""

    def __init__(self, data: bytes = bytes(0x8000)) -> None:
        self.data = bytearray(data)
        self.seq = 0

    def read(self, address: int, size: int) -> bytes:
        return FakeMemory({BASE: bytes(self.data)}).read(address, size)

    def write(self, address: int, data: bytes) -> None:
        self.data[address - BASE : address - BASE + len(data)] = data

    def call(self, nr: int, rdi: int, rsi: int = 0, vcpu: int = 0) -> tuple[Call, Decoder, object]:
        entry = stop(vcpu, float(self.seq), r8=nr, rdi=rdi, rsi=rsi)
        call = Call(self.seq, SITE, entry)
        self.seq += 1
        decoder = Decoder(KNOWLEDGE, self)
        return call, decoder, decoder.entered(call)


def recorded(guest: Guest, nr, rdi, rsi=0, ret=0, writes=(), vcpu=0, lines=None):
    """A call that a hypervisor answers with ``ret`` and ``writes``: its line in the trace."""
    call, decoder, event_ = guest.call(nr, rdi, rsi, vcpu)
    for address, data in writes:
        guest.write(address, data)
    call.exit = stop(vcpu, 1000.0, r8=nr, rdi=rdi, rsi=rsi, rax=ret & (1 << 64) - 1)
    finish(decoder, event_, call)
    line = json.dumps(event_.as_json()) + "\n"
    if lines is not None:
        lines.append(line)
    return line


def finish(decoder, event_, call) -> None:
    if hasattr(decoder, "returned"):
        decoder.returned(event_, call)
    decoder.finished(event_, call)


def replay_of(folder, *lines: str) -> Replay:
    path = folder / "trace.jsonl"
    path.write_text("".join(lines))
    return Replay(KNOWLEDGE, path)


def replayed(replay: Replay, guest: Guest, nr, rdi, rsi=0, vcpu=0):
    call, _, event_ = guest.call(nr, rdi, rsi, vcpu)
    change = replay.answer(call, event_, PendingMemory(guest))
    for address, data in change.memory:
        guest.write(address, data)
    return change


def numbers(name: str) -> int:
    return CALLS[name].number


def departure(change) -> str:
    (finding,) = change.notes
    assert finding.kind == "replay-departs"
    return finding.text
