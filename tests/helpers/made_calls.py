# SPDX-License-Identifier: BSD-3-Clause
"""Makes decoded calls by hand for the decoder in C, and has it show them.

    calls = MadeCalls(knowledge)
    call = calls.call(event, micros, duration, {"vm": made})  # ``made``: see made_values
    written("show_json", byref(call), byref(calls.table))
"""

import ctypes
from typing import Any, Mapping

from acrn_trace.bindings.library import library
from acrn_trace.guest.abi import ENCODED_REGISTERS, abis
from acrn_trace.tables.calls import plain_name
from acrn_trace.tables.compiled import compiled
from acrn_trace.tables.knowledge import Knowledge
from acrn_trace.tables.sections import FORMS, HEAD, PLACE
from acrn_trace.tables.errnos import error_in
from acrn_trace.trace.event import Event
from helpers.made_values import NAME, POINTER, SET, Made

NONE = UNKNOWN32 = 0xFFFF_FFFF
FIELD_OUT, FIELD_QUOTED, FIELD_MAY_HIDE = 1, 128, 256
TICKS, HOST = 1, 2
CALLED, RETURNED, FAULTED = 2, 4, 1
STATUSES = {"returned": 1, "faulted": 2, "unfinished": 3, "unknown": 4}
ROOM, BEHIND = 1 << 16, 64  # bytes

u8, u16, u32, u64 = ctypes.c_uint8, ctypes.c_uint16, ctypes.c_uint32, ctypes.c_uint64
pointer, number_of_c = ctypes.c_void_p, ctypes.c_int


# ---- the structures of cstub/decode ----


class Text(ctypes.Structure):
    _fields_ = [("text", ctypes.c_char_p), ("length", u32)]

    @classmethod
    def of(cls, text: str | bytes | None) -> "Text":
        data = text.encode() if isinstance(text, str) else text
        return cls(data, len(data or b""))


class Led(ctypes.Structure):
    _fields_ = [("omitted", u64), ("moved_from", u64)]


class OfKind(ctypes.Union):
    _fields_ = [("text", Text), ("bytes", ctypes.c_char_p), ("enumeration", u32), ("led", Led)]


class Value(ctypes.Structure):
    pass


Value._fields_ = [
    *(("kind", u8), ("flags", u8), ("direction", u8), ("pad", u8), ("roles", u16), ("pad2", u16)),
    *(("name", u32), ("size", u32), ("number", u64), ("of", OfKind)),
    *(("first", ctypes.POINTER(Value)), ("next", ctypes.POINTER(Value))),
]


class Capture(ctypes.Structure):
    _fields_ = [
        ("bytes", pointer),
        ("size", u32),
        ("argument", u8),
        ("address", u64),
        ("wanted", u64),
    ]


class Change(ctypes.Structure):
    _fields_ = [("reg", u8), ("before", u64), ("after", u64)]


class Done(ctypes.Structure):
    _fields_ = [("what", u8), ("bits", u8), ("before", u64), ("after", u64), ("text", Text)]


class Record(ctypes.Structure):
    _fields_ = [
        *(("abi", u32), ("ring", u32), ("sequence", u64)),
        *(("state", u8), ("clock", u8), ("arguments", u8), ("flags", u32)),
        *(("vcpu", u32), ("return_vcpu", u32), ("entry", u64), ("leave", u64)),
        *(("site", u64), ("cr3", u64), ("rsp", u64)),
        *(("number", u64), ("argument", u64 * 6), ("result", u64)),
        *(("captured", Capture * 64 * 2), ("captures", u32 * 2)),
        *(("changed", Change * 17), ("changes", u32)),
        *(("done", Done * 32), ("dones", u32), ("is_plugins", number_of_c)),
    ]


class Place(ctypes.Structure):
    _fields_ = [("file", Text), ("function", Text), ("line", u64)]


class Finding(ctypes.Structure):
    pass


Finding._fields_ = [("next", ctypes.POINTER(Finding)), ("kind", ctypes.c_char_p), ("text", Text)]


class Call(ctypes.Structure):
    _fields_ = [
        *(("record", ctypes.POINTER(Record)), ("abi", u32), ("entry", u32)),
        *(("name", Text), ("title", Text)),
        *(("status", number_of_c), ("seq", u64), ("micros", u64)),
        *(("has_duration", number_of_c), ("duration", u64)),
        *(("has_result", number_of_c), ("result", ctypes.c_int64), ("error", u64)),
        *(("has_place", number_of_c), ("place", Place), ("is_dump", number_of_c)),
        ("memory", pointer * 2),
        *(("argument", ctypes.POINTER(Value) * 6), ("clobbered", Change * 17), ("clobbers", u32)),
        *(("findings", ctypes.POINTER(Finding)), ("last_finding", ctypes.POINTER(Finding))),
        ("is_begun", number_of_c),
    ]


class Table(ctypes.Structure):
    _fields_ = [
        *(("bytes", pointer), ("section", pointer * (len(FORMS) + 1))),
        ("count", u32 * (len(FORMS) + 1)),
        ("of_c_alone", u8 * 4096),  # what table_check keeps for itself
    ]


class Style(ctypes.Structure):
    _fields_ = [
        *(("is_verbose", number_of_c), ("is_quiet", number_of_c), ("is_relative", number_of_c)),
        *(("is_started", number_of_c), ("start", u64)),
        *(("is_open", number_of_c), ("open", u64)),
    ]


class Out(ctypes.Structure):
    _fields_ = [("at", pointer), ("end", pointer), ("is_full", number_of_c)]


def written(function: str, *arguments: Any, room: int = ROOM) -> str | None:
    """What a function that takes a struct out first writes; None where there is no room for it.

    It must leave alone what is behind the room.
    """
    memory = ctypes.create_string_buffer(b"\xa5" * (room + BEHIND), room + BEHIND)
    start = ctypes.addressof(memory)
    out = Out(start, start + room, 0)
    code = getattr(library(), function)
    code.restype = None
    code(ctypes.byref(out), *arguments)
    assert out.at <= out.end and memory.raw[room:] == b"\xa5" * BEHIND
    return None if out.is_full else memory.raw[: out.at - start].decode()


# ---- calls ----


class MadeCalls:
    """Makes calls by ``knowledge``, whose table they have."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._data = ctypes.create_string_buffer(data := compiled(knowledge), len(data))
        self.table = Table()
        check = library().table_check
        check.restype = ctypes.c_char_p
        fault = check(ctypes.byref(self.table), self._data, ctypes.c_size_t(len(data)))
        assert fault is None, fault
        self._sections = {
            one: data[offset:]
            for index, one in enumerate([*FORMS, "text"])
            for offset, _ in [PLACE.unpack_from(data, HEAD.size + index * PLACE.size)]
        }
        self._texts = bytearray(self._sections["text"])
        self._offsets: dict[str, int] = {}

    def call(
        self, event: Event, micros: int, duration: int | None, decoded: Mapping[str, Made]
    ) -> Call:
        """The call that ``event`` is; ``micros`` are its times, ``decoded`` its arguments."""
        entry, rows = self._knowledge.table.numbered(event.nr, event.abi), list(abis())
        abi = rows.index(event.abi) if event.abi in rows else NONE
        index = NONE if entry is None else self._index(entry)
        call = Call(ctypes.pointer(_record(event, abi)), abi, index)
        call.name, call.title = Text.of(plain_name(event.name, event.abi)), Text.of(event.name)
        call.status, call.seq = STATUSES[event.status], event.seq
        call.micros, call.has_duration = micros, duration is not None
        call.duration, call.has_result = duration or 0, isinstance(event.ret, int)
        call.result = event.ret if isinstance(event.ret, int) else 0
        call.error = error_in(event.ret, event.abi)
        site = event.site
        call.has_place = (site.file, site.function, site.line) != (None, None, None)
        call.place = Place(Text.of(site.file), Text.of(site.function), site.line or 0)
        call.is_dump = event.source == "dump"
        for index, argument in enumerate(entry.arguments if entry else ()):
            if argument.name in decoded:
                outs = self._outputs(argument.type)
                call.argument[index] = ctypes.pointer(self._value(decoded[argument.name], outs))
        for index, (reg, pair) in enumerate(event.clobbered.items()):
            call.clobbered[index] = Change(ENCODED_REGISTERS.index(reg), *pair)
        call.clobbers, call.findings = len(event.clobbered), _findings(event)
        start = ctypes.create_string_buffer(bytes(self._texts), len(self._texts))
        self.table.section[len(FORMS)] = ctypes.addressof(start)
        call.kept = start
        return call

    def _index(self, entry: Any) -> int:
        return list(self._knowledge.table).index(entry)

    def _outputs(self, struct: str | None) -> frozenset[str]:
        """The fields that the hypervisor writes; of all structures where it may be any."""
        outputs = self._knowledge.types.fields.outputs
        return outputs.get(struct, frozenset()) if struct else frozenset().union(*outputs.values())

    def _value(self, made: Made, outs: frozenset[str], key: str | None = None) -> Value:
        value = Value(made.kind, made.flags, number=made.number, name=NONE)
        if key is not None:
            value.name, value.roles = self._text(key), self._roles(key) | FIELD_OUT * (key in outs)
        value.size = len(made.children if made.data is None else made.data)
        if made.kind == NAME:
            value.of.text = Text.of(made.data)
        elif made.kind == SET:
            value.of.enumeration = NONE if made.names is None else self._enumeration(made.names)
        elif made.kind == POINTER:
            value.of.led = Led(made.omitted, made.moved_from)
        elif made.data is not None:
            value.of.bytes = made.data
        children = [self._value(child, outs, name) for name, child in made.children]
        for one, behind in zip(children, children[1:]):
            one.next = ctypes.pointer(behind)
        if children:
            value.first = ctypes.pointer(children[0])
        return value

    def _roles(self, key: str) -> int:
        fields = self._knowledge.types.fields
        return FIELD_QUOTED * (key in fields.text_fields) | FIELD_MAY_HIDE * (
            key in fields.reserved
        )

    def _text(self, text: str) -> int:
        if text not in self._offsets:
            data = text.encode()
            self._offsets[text] = len(self._texts)
            self._texts += len(data).to_bytes(2, "little") + data + b"\0"
        return self._offsets[text]

    def _enumeration(self, name: str) -> int:
        data = len(name).to_bytes(2, "little") + name.encode() + b"\0"
        for index in range(self.table.count[list(FORMS).index("enums")]):
            at = FORMS["enums"].unpack_from(self._sections["enums"], index * FORMS["enums"].size)[2]
            if self._sections["text"][at:].startswith(data):
                return index
        raise KeyError(name)


def _record(event: Event, abi: int) -> Record:
    is_back = event.status in ("returned", "faulted")
    record = Record(abi, event.more["ring"], event.more["sequence"])
    record.state, record.clock = RETURNED if is_back else CALLED, TICKS
    record.arguments, record.flags = len(event.args), FAULTED * (event.status == "faulted")
    record.vcpu = UNKNOWN32 if event.vcpu is None else event.vcpu
    record.return_vcpu = UNKNOWN32 if event.return_vcpu is None else event.return_vcpu
    record.site, record.number, record.result = event.site.address, event.nr, event.rax or 0
    record.argument[: len(event.args)] = event.args
    return record


def _findings(event: Event) -> Any:
    first = ctypes.POINTER(Finding)()
    for one in reversed(event.findings):
        first = ctypes.pointer(Finding(first, one.kind.encode(), Text.of(one.text)))
    return first
