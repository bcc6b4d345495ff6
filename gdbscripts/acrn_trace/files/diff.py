# SPDX-License-Identifier: BSD-3-Clause
"""Compares two trace files call by call on each vCPU, and prints where they differ."""

import argparse
import sys
from collections import Counter, deque
from typing import Callable, Iterable, Iterator

from acrn_trace.base.errors import TraceError
from acrn_trace.base.progress import Progress
from acrn_trace.base.text import printable
from acrn_trace.files.alignment import Keys, Step, aligned
from acrn_trace.files.comparable import ANSWERED_BY, Call, Meanings, Tree, differences
from acrn_trace.files.playback import in_entry_order
from acrn_trace.files.read import read_events
from acrn_trace.files.start import check_trace
from acrn_trace.sinks.text import result_text
from acrn_trace.tables.errnos import errno_text
from acrn_trace.tables.knowledge import Knowledge
from acrn_trace.trace.event import Event
from acrn_trace.trace.filters import Filter
from acrn_trace.trace.rendering import Renderer

MAX_VCPUS = 1024
CONTEXT = 2  # equal calls shown before a difference
KEYS: Keys[Call] = Keys(same=lambda call: call.text, kind=lambda call: call.kind)
MARKS = {"missing": "-", "new": "+", "moved": "~"}
WORDS = {"moved": "reordered"}
Line = Callable[[Event], str]


class Comparison:
    """Compares two files; each is read once for every vCPU, so that memory stays flat."""

    def __init__(self, options: argparse.Namespace, knowledge: Knowledge) -> None:
        """``options``: those of ``acrn-trace diff``."""
        self._options = options
        self._files = (options.before, options.after)
        if "-" in self._files:
            raise TraceError("diff reads its files more than once: name files, not standard input")
        for file in self._files:
            check_trace(file)
        self._filter = Filter(options.expr, knowledge.table)
        self._meanings = Meanings(
            knowledge.table, options.addresses, options.sites, options.answered_by
        )
        self._printer = Printer(_line(Renderer(knowledge.table, knowledge.types)))
        self._progress = Progress(shown=not sys.stdout.isatty())
        self._failures: dict[str, TraceError] = {}
        self.counts: Counter[str] = Counter()

    @property
    def differ(self) -> bool:
        return self.counts.total() > self.counts["equal"]

    def run(self) -> None:
        """Compare and print. A damaged file is compared up to there, then TraceError."""
        self._show(f"--- {self._files[0]}\n+++ {self._files[1]}")
        for vcpu in self._vcpus():
            self._printer.begin(vcpu)
            calls = [self._calls(file, vcpu) for file in self._files]
            for step in aligned(*calls, KEYS):
                self._take(step)
        self._progress.close()
        words = ("equal", "changed", "missing", "new", "moved")
        counts = (f"{self.counts[word]} {WORDS.get(word, word)}" for word in words)
        self._show(f"calls: {', '.join(counts)}")
        for text in () if self._options.quiet else self._filter.remarks():
            print(f"acrn-trace: {printable(text)}", file=sys.stderr)
        for failure in self._failures.values():
            raise failure

    def _take(self, step: Step[Call]) -> None:
        changes = list(self._changes(step))
        what = "changed" if changes else step.what
        self.counts[what] += 1
        if not self._options.quiet:
            self._printer.show(what, step, changes)

    def _changes(self, step: Step[Call]) -> Iterator[tuple[str, Tree, Tree]]:
        a, b = step.left, step.right
        if a is None or b is None or step.what == "moved":
            return
        if step.what == "changed":
            for path, before, after in differences(a.tree, b.tree):
                if path == ANSWERED_BY:  # compared by what counts, shown as it was
                    before, after = a.event.answered_by, b.event.answered_by
                yield path, before, after
        times, factor = (a.event.duration, b.event.duration), self._options.times
        if factor and None not in times and max(times) > factor * min(times):
            yield "duration", *(f"{time:.6f}" for time in times)

    def _vcpus(self) -> Iterable[str]:
        """What to compare one after the other: the vCPUs of either trace, or any."""
        if self._options.any_vcpu:
            return ["any"]
        found: set[str] = set()
        for file in self._files:
            for event in self._events(file):
                found.add(_vcpu(event))
                if len(found) > MAX_VCPUS:
                    raise TraceError(f"{file} has more than {MAX_VCPUS} vCPUs; use --any-vcpu")
        return sorted(found, key=lambda name: (len(name), name))

    def _calls(self, file: str, vcpu: str) -> Iterator[Call]:
        for event in in_entry_order(self._events(file)):
            if vcpu in ("any", _vcpu(event)):
                yield self._meanings.of(event)

    def _events(self, file: str) -> Iterator[Event]:
        try:
            for event in self._progress.watch(read_events(file)):
                event.over = True
                if self._filter.final_verdict(event):
                    yield event
        except TraceError as error:
            self._failures[file] = error

    def _show(self, text: str) -> None:
        if not self._options.quiet:
            print(printable_lines(text))


class Printer:
    """Prints steps like a unified diff; of a change, what has changed as well."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._context: deque[Call] = deque(maxlen=CONTEXT)
        self._in_hunk = False
        self._vcpu = ""

    def begin(self, vcpu: str) -> None:
        self._vcpu, self._in_hunk = vcpu, False
        self._context.clear()

    def show(self, what: str, step: Step[Call], changes: Iterable[tuple[str, Tree, Tree]]) -> None:
        if what == "equal":
            self._in_hunk = False
            if step.left:
                self._context.append(step.left)
            return
        self._head(step)
        if what == "changed":
            self._call("-", step.left)
            self._call("+", step.right)
            for path, before, after in changes:
                old, new = _value(path, before, step.left), _value(path, after, step.right)
                print(printable(f"    {path}: {old} => {new}"))
        else:
            numbers = (call.event.seq for call in (step.left, step.right) if call)
            self._call(MARKS[what], step.left or step.right)
            if what == "moved":
                print("    reordered: call {} of A is call {} of B".format(*numbers))

    def _head(self, step: Step[Call]) -> None:
        if not self._in_hunk:
            places = (("A", step.left), ("B", step.right))
            numbers = [f"call {call.event.seq} of {name}" for name, call in places if call]
            print(f"@@ vCPU {self._vcpu}: {', '.join(numbers)} @@")
            for call in self._context:
                self._call(" ", call)
        self._in_hunk = True

    def _call(self, mark: str, call: Call | None) -> None:
        if call:
            print(printable(mark + self._line(call.event)))


def _line(renderer: Renderer) -> Line:
    def line(event: Event) -> str:
        at = f" at {event.site}" if event.site else ""
        call = f"{renderer.call(event)}{renderer.outputs(event)} = {result_text(event)}"
        return f"[{_vcpu(event)}] {call}{at}"

    return line


def _vcpu(event: Event) -> str:
    return "?" if event.vcpu is None else str(event.vcpu)


def _value(path: str, value: Tree, call: Call | None) -> str:
    if path == "result" and isinstance(value, int):
        return f"{value}{errno_text(value, call.event.abi if call else None)}"
    return "none" if value is None else str(value)


def printable_lines(text: str) -> str:
    return "\n".join(map(printable, text.split("\n")))
