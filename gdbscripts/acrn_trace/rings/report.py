# SPDX-License-Identifier: BSD-3-Clause
"""Shows recordings (docs/trace-file.md): as text, as JSON, counted, by the reader in C.

A recording is hostile, and damage is one sentence with its offset; what came before it was shown.
"""

import io
from collections.abc import Iterator
from ctypes import (
    POINTER,
    Structure,
    byref,
    c_char,
    c_char_p,
    c_int,
    c_size_t,
    c_uint32,
    c_uint64,
    c_void_p,
    string_at,
)

from acrn_trace.base.errors import TraceError
from acrn_trace.bindings.library import library
from acrn_trace.tables.built import table_for
from acrn_trace.tables.calls import CallTable, parse
from acrn_trace.tables.knowledge import Knowledge
from acrn_trace.trace.compiled_filter import CompiledFilter
from acrn_trace.trace.filters import Filter

TYPE_CHECKING = False  # as typing has it, which takes long to load
if TYPE_CHECKING:
    from acrn_trace.rings.judge import Judge

PIECE = 1 << 18  # bytes that are read at once
ROOM = 1 << 18  # bytes of text that are made at once, if no call has more
MOST_ROOM = 1 << 30
HUNGRY, FULL, TABLE, OVER, ASK = range(5)  # enum report_step


class Form:
    """enum report_form."""

    COUNTS_ALONE, TEXT, JSON = range(3)


class Style(Structure):
    """struct text_style: how text lines begin, and how much they leave out."""

    _fields_ = [
        ("is_verbose", c_int),
        ("is_quiet", c_int),
        ("is_relative", c_int),
        ("is_started", c_int),
        ("start", c_uint64),
        ("is_open", c_int),
        ("open", c_uint64),
    ]


class State(Structure):
    """struct report_state."""

    _fields_ = [
        ("calls", c_uint64),
        ("shown", c_uint64),
        ("records", c_uint64),
        ("offset", c_uint64),
        ("damage", c_char_p),
        ("table", c_void_p),
        ("table_size", c_uint32),
        ("clock", c_uint32),
        ("asked", c_void_p),
        ("asked_size", c_size_t),
        ("style", Style),
    ]


class _Asks(Structure):
    """struct report_asks."""

    _fields_ = [
        ("numbers", POINTER(c_uint64)),
        ("sites", POINTER(c_uint64)),
        ("number_count", c_uint32),
        ("site_count", c_uint32),
    ]

    def __init__(self, judge: "Judge") -> None:
        numbers, sites = list(judge.numbers), list(judge.sites)
        super().__init__(
            *((c_uint64 * len(each))(*each) for each in (numbers, sites)), len(numbers), len(sites)
        )


class Report:
    """Shows one recording after the other, in one ``form`` and ``counted``."""

    def __init__(
        self,
        knowledge: Knowledge,
        form: int,  # one of Form
        selected: Filter | None = None,
        counted: bool = False,
        judge: "Judge | None" = None,
    ) -> None:
        """With a ``judge`` files grow while they are shown."""
        self._code = library()
        self._knowledge = knowledge
        self._report = c_void_p(self._code.report_new(form, counted))
        if not self._report:
            raise TraceError("there is not enough memory to show a recording")
        self.state = State.from_address(self._code.report_state(self._report))
        self._table = table_for(knowledge)
        self._own_table = b""
        self._filter = selected or Filter((), knowledge.table)
        self._conditions = CompiledFilter(self._filter, knowledge.table)
        self._use(self._code.report_use_table, self._table)
        self._judge, self._kinds = judge, {}  # as C has them, which goes on reading
        if judge:
            self._asks = _Asks(judge)
            self._code.report_live(self._report, byref(self._asks))
        self._piece = (c_char * PIECE)()
        self._room = (c_char * ROOM)()
        self._refusal: str | None = None

    def __del__(self) -> None:
        if getattr(self, "_report", None):
            self._code.report_free(self._report)

    def _select(self, table: CallTable) -> None:
        """Have calls selected that have their names from ``table``."""
        self.take_back()
        self._conditions = CompiledFilter(self._filter, table)
        array = self._conditions.conditions
        self._code.report_select(self._report, array, len(array))

    def texts(self, file: io.BufferedIOBase, name: str) -> Iterator[memoryview]:
        """What is to be written of one file, in pieces; each is valid until the next.

        TraceError, after all of it, where the file is damaged.
        """
        self._refusal = None
        self._select(self._knowledge.table)
        if self._code.report_begin(self._report):
            raise TraceError("there is not enough memory to read a recording")
        used, step = c_size_t(), HUNGRY
        while step != OVER:
            room = len(self._room)
            step = self._code.report_run(self._report, self._room, room, byref(used))
            if used.value:
                yield memoryview(self._room).cast("B")[: used.value]
            if step == HUNGRY:
                self._feed(file)
            elif step == ASK:
                self._answer()
            elif step == TABLE:
                self._take_table(name)
            elif step == FULL and not used.value:
                self._grow(name)
        self._complain(name)

    def unsaid(self) -> Iterator[str]:
        """What was lost of a file of which no call was shown."""
        while text := self._code.report_unsaid(self._report):
            yield text.decode()

    def rows(self) -> bytes:
        """What was counted since the last time, as cstub/reader/call_counts.h has it."""
        size = self._code.report_rows(self._report, None, 0)
        data = (c_char * size)()
        self._code.report_rows(self._report, data, size)
        return data.raw

    def take_back(self) -> None:
        """Tell the filter what it needs for its remarks."""
        self._conditions.take_back(self.state.calls)

    @property
    def troubles(self) -> set[str]:
        """Event's, of the calls shown."""
        troubles, index = set(), 0
        while trouble := self._code.report_trouble(self._report, index):
            troubles.add(trouble.decode())
            index += 1
        return troubles

    def _use(self, use: object, table: bytes) -> None:
        fault = use(self._report, table, len(table))  # type: ignore[operator]
        if fault:
            raise TraceError(f"the call table cannot be used: {fault.decode()}")

    def _feed(self, file: io.BufferedIOBase) -> None:
        """Some more of the file, or its end."""
        try:
            size = file.readinto1(self._piece)  # type: ignore[attr-defined]
        except OSError as error:
            why = error.strerror or "it cannot be read"
            self._code.report_end(self._report, why.encode())
            return
        if size:
            self._code.report_push(self._report, self._piece, size)
        else:
            self._code.report_end(self._report, None)

    def _answer(self) -> None:
        """Tell what is wrong with the call that C asks about."""
        assert self._judge
        asked = string_at(self.state.asked, self.state.asked_size)
        for finding in self._judge.findings(*asked.split(b"\n")):
            kind = self._kinds.setdefault(finding.kind, finding.kind.encode())
            text = finding.text.encode("utf-8", "replace")
            self._code.report_find(self._report, kind, text)

    def _take_table(self, name: str) -> None:
        """The file's own calls, which go on top of those that are known here."""
        text = string_at(self.state.table, self.state.table_size).decode("utf-8", "replace")
        try:
            knowledge = self._knowledge.with_calls(parse(text, name))
            self._own_table = table_for(knowledge)
            self._use(self._code.report_use_own_table, self._own_table)
            self._select(knowledge.table)
        except TraceError as error:
            self._refusal = f"the call table is none ({error})"
            self._code.report_refuse(self._report, b"the call table is none")

    def _grow(self, name: str) -> None:
        """Make room for a call of which the text is longer than what there was."""
        if len(self._room) >= MOST_ROOM:
            raise TraceError(f"{name} has a call that is too long to be shown")
        self._room = (c_char * (2 * len(self._room)))()

    def _complain(self, name: str) -> None:
        state = self.state
        if state.damage is not None:
            raise TraceError(
                f"{name} is damaged or no trace, at byte {state.offset}: "
                f"{self._refusal or state.damage.decode()}; {state.records} calls before it were "
                "read"
            )
        if not state.calls and (text := next(self.unsaid(), None)):
            raise TraceError(f"there is no call in the recording: {text}")
