# SPDX-License-Identifier: BSD-3-Clause
"""Decodes calls one by one, in C (cstub/reader/call_decoder.c): registers and memory in, trees of
arguments and findings out.
"""

import json
import struct
from ctypes import POINTER, Structure, byref, c_char, c_char_p, c_int, c_size_t, c_uint64, c_void_p
from dataclasses import dataclass
from typing import Any, Callable, Sequence

from acrn_trace.base.errors import TraceError
from acrn_trace.bindings.library import Callback, library
from acrn_trace.bindings.source import Source
from acrn_trace.guest.abi import ENCODED_REGISTERS, abis, main_abi
from acrn_trace.guest.memory import NoMemory, PhysicalMemory
from acrn_trace.guest.site import Site
from acrn_trace.tables.calls import Argument, Entry
from acrn_trace.tables.compiled import compiled
from acrn_trace.tables.knowledge import Knowledge

ROOM = 1 << 16  # bytes for what is written of a call, if none takes more
MOST_ROOM = 1 << 26

Tree = Any  # as JSON has it


Changes = Sequence[tuple[str, int, int]]  # register, before, after

# struct hypercall_record, and struct hypercall_block; what of them is not known here.
_RECORD = struct.Struct("<I4B6I7Q6QQ16x")
_BLOCK, _CHANGE = struct.Struct("<HHI"), struct.Struct("<I4xQQ")
_VERSION, _CALLED, _RETURNED, _NANOSECONDS = 2, 2, 4, 2
_CHANGED, _CAPTURED_IN, _CAPTURED_OUT = 3, 4, 5
_UNKNOWN32, _UNKNOWN64 = (1 << 32) - 1, (1 << 64) - 1
_REGISTERS = {name: number for number, name in enumerate(ENCODED_REGISTERS)}
_REGISTERS["eflags"] = _REGISTERS["rflags"]


class DecoderInC:
    """A decoder over a compiled table, and room for what it writes."""

    def __init__(self, table: bytes) -> None:
        self._code = library()
        self._table = table  # which C goes on reading
        self._handle = c_void_p(self._code.call_decoder_new(table, len(table)))
        if not self._handle:
            raise TraceError("the call table cannot be used to decode calls")
        self._room = (c_char * ROOM)()

    def __del__(self) -> None:
        if getattr(self, "_handle", None):
            self._code.call_decoder_free(self._handle)

    def written(self, write: Callable[..., int], given: Structure) -> bytes:
        """What a function of C writes of what it is given, however long."""
        while True:
            room = len(self._room)
            size = write(self._handle, byref(given), self._room, room)
            if size:
                return self._room[:size]
            if room >= MOST_ROOM:
                raise TraceError("a call is too long to be shown")
            self._room = (c_char * (4 * room))()


class _LiveCall(Structure):
    """struct live_call."""

    _fields_ = [
        ("record", c_char_p),
        ("size", c_size_t),
        ("before", POINTER(Callback)),
        ("after", POINTER(Callback)),
        ("file", c_char_p),
        ("function", c_char_p),
        ("line", c_uint64),
        ("is_injected", c_int),
    ]


@dataclass
class Given:
    """A call, as far as registers say what it is; ``result`` is None while it is in flight."""

    number: int
    args: Sequence[int]
    result: int | None = None
    changed: Changes = ()  # registers
    abi: str | None = None  # a row of abi.def; None: the main one
    is_injected: bool = False  # the result is not a hypervisor's
    site: Site | None = None
    captured: Sequence[bytes] = ()  # what the first argument points at: at the call, the return

    def record(self) -> bytes:
        """Of version 2."""
        blocks = b"".join(
            _block(kind, self.args[0].to_bytes(8, "little") + data)
            for kind, data in zip((_CAPTURED_IN, _CAPTURED_OUT), self.captured)
        )
        if self.changed:
            blocks += _block(_CHANGED, b"".join(map(_change, self.changed)))
        args = [*self.args, 0, 0, 0, 0, 0, 0][:6]
        state = _CALLED if self.result is None else _RETURNED
        site = self.site.address if self.site else 0
        rows, name = list(abis()), self.abi or main_abi().name
        row = rows.index(name) if name in rows else _UNKNOWN32  # as a compiled table has them
        return (
            _RECORD.pack(
                *(
                    _RECORD.size + len(blocks),
                    _VERSION,
                    state,
                    _NANOSECONDS,
                    min(len(self.args), 6),
                ),
                *(row, 0, 0, 0),
                *(_UNKNOWN32, _UNKNOWN32, 0, 0, 0, site, _UNKNOWN64, _UNKNOWN64),
                *(self.number, *args, self.result or 0),
            )
            + blocks
        )


def _block(kind: int, data: bytes) -> bytes:
    return _BLOCK.pack(kind, 0, len(data)) + data.ljust(-(-len(data) // 8) * 8, b"\0")


def _change(change: tuple[str, int, int]) -> bytes:
    name, before, after = change
    return _CHANGE.pack(_REGISTERS[name], before, after)


class CallDecoder:
    """Decodes calls by what is known of the hypervisor.

    The types of a call are compiled when it is decoded first: those of all calls take longer than
    a trace may take to begin, and what is odd about the guest's own is told where it matters.
    """

    def __init__(self, knowledge: Knowledge) -> None:
        self._code = library()  # or it is said now that there is none
        self._knowledge, self._types = knowledge, knowledge.types  # read once for all calls
        self._alone: dict[Argument, Entry] = {}
        self._decoders: dict[Entry | None, DecoderInC] = {}
        self._before, self._after = Source(NoMemory().read), Source(NoMemory().read)

    def decode(
        self,
        given: Given,
        before: PhysicalMemory | None = None,
        after: PhysicalMemory | None = None,
    ) -> dict[str, Any]:
        """The object that C writes (show_live_json() in cstub/decode/show.h). ``before`` is memory
        at the call, ``after`` at the return; without them there is what was captured."""
        entry = self._knowledge.table.numbered(given.number, given.abi)
        return self._decode(entry, given, before, after)

    def argument(
        self,
        argument: Argument,
        address: int,
        captured: Sequence[bytes] = (),
        memory: PhysicalMemory | None = None,
    ) -> Tree:
        """What a PTR leads to, whoever writes it: by what was captured, at the call and later, with
        what changed in between; or by ``memory``."""
        if argument not in self._alone:
            as_input = Argument(argument.kind, argument.name, argument.type, "in")
            self._alone[argument] = Entry(0, argument.name, (as_input,))
        result = 0 if len(captured) > 1 else None
        given = Given(0, (address,), result, captured=captured)
        return self._decode(self._alone[argument], given, memory)["decoded"][argument.name]

    def _decode(
        self,
        entry: Entry | None,
        given: Given,
        before: PhysicalMemory | None = None,
        after: PhysicalMemory | None = None,
    ) -> dict[str, Any]:
        decoder = self._decoder(entry)
        record, site = given.record(), given.site
        call = _LiveCall(
            *(record, len(record), _of(self._before, before), _of(self._after, after)),
            *(text_in_c(site.file), text_in_c(site.function), site.line or 0)
            if site
            else (None, None, 0),
            given.is_injected,
        )
        with self._before, self._after:
            line = decoder.written(self._code.live_call_json, call)
        return json.loads(line.decode())

    def _decoder(self, entry: Entry | None) -> DecoderInC:
        if entry not in self._decoders:
            main = main_abi().name  # whose numbers may be taken for others
            others = [e for e in self._knowledge.table if e is not entry and e.abi == main]
            calls = [Entry(one.number, one.plain_name, (), one.abi) for one in others]
            calls += [entry] if entry else []
            self._decoders[entry] = DecoderInC(compiled(self._knowledge.with_only(calls)))
        return self._decoders[entry]


def _of(source: Source, memory: PhysicalMemory | None) -> Any:
    if memory is None:
        return None
    source.read = memory.read
    return source.pointer


def text_in_c(text: str | None) -> bytes | None:
    """As a string of C; None is NULL."""
    return text.encode("utf-8", "replace") if text else None
