# SPDX-License-Identifier: BSD-3-Clause
"""Lists a catchpoint as GDB does: a numbered entry of GDB's own, which our points act for.

GDB refuses a condition on a breakpoint that has a Python ``stop`` method. So the entry that the
user sees, and gives conditions, commands and an ignore count, is an ordinary breakpoint at a place
that no program has: GDB never stops there, and what the user set is read when a call comes by.
"""

import re

import gdb

from acrn_trace.act.catch import CatchRequest, hits_left, plain_commands
from acrn_trace.act.catch_rules import compiled, wider
from acrn_trace.base.errors import TraceError
from acrn_trace.rings.plugin_stops import StopRule
from acrn_trace.tables.calls import CallTable
from acrn_trace.trace.event import Event
from acrn_trace.trace.pairing import Call


class Catchpoint:
    """One entry of ``info breakpoints``."""

    def __init__(self, request: CatchRequest, temporary: bool) -> None:
        self.request = request
        self.hits = 0
        self.entry = _pending_breakpoint(request, temporary)
        self._enabled = True  # by the user's will
        self._seen = self._settings()

    @property
    def commands(self) -> str:
        """The user's, a line each."""
        return plain_commands(self.entry.commands)

    def _settings(self) -> tuple:
        entry = self.entry
        return entry.condition, entry.ignore_count, entry.thread, self.commands

    def modified(self) -> None:
        """The user has changed the entry."""
        before, self._seen = self._seen, self._settings()
        if self._seen == before:
            self._enabled = self.entry.enabled

    def mend(self) -> None:
        """GDB disables a pending breakpoint whose condition was changed when symbols come anew."""
        if self._enabled and not self.entry.enabled:
            self.entry.enabled = True

    def stops(self, call: Call, event: Event) -> bool:
        """Whether the guest is to stop: what GDB asks of a breakpoint that it came to."""
        entry = self.entry
        if not entry.is_valid() or not self._enabled:
            return False
        if not self.request.calls.has(event.id, event.name):
            return False
        if entry.thread is not None and entry.thread != gdb.selected_thread().global_num:
            return False
        if entry.condition and not gdb.parse_and_eval(entry.condition):
            return False
        self.hits += 1
        if entry.ignore_count:
            entry.ignore_count -= 1
            return False
        return True

    def rules(self, table: CallTable) -> list[StopRule]:
        """By which the plugin is to stop the guest for it."""
        if not self._enabled:
            return []
        thread = self.entry.thread
        threads = gdb.selected_inferior().threads()
        vcpus = [one.ptid[1] - 1 for one in threads if one.global_num == thread]
        try:
            return compiled(self.request, self.entry.condition, vcpus[0] if vcpus else None, table)
        except TraceError:  # its condition was changed: GDB tests it
            return wider(self.request, table)

    def count_down(self) -> None:
        """What GDB does to a breakpoint of 'enable once' and 'enable count' where it has stopped.

        It runs commands: not for what GDB calls back.
        """
        if not self.entry.is_valid():
            return
        number = self.entry.number
        left = hits_left(gdb.execute(f"info breakpoints {number}", to_string=True))
        if left == 0:
            self.entry.enabled = False
        elif left:
            gdb.execute(f"enable count {left} {number}")


# What GDB says of a text that is no expression, wherever the guest stands.
_NO_EXPRESSION = re.compile(r"syntax error|Unmatched|Unterminated|Invalid (number|character)")


def check_condition(condition: str) -> None:
    """TraceError for what is no expression; what its names mean is known only at a call."""
    try:
        gdb.execute(f"whatis ({condition})", to_string=True)  # evaluates nothing
    except gdb.error as error:
        why = str(error).rstrip(".")
        if _NO_EXPRESSION.search(why):
            raise TraceError(f"the condition {condition!r} is no expression: {why}") from None


def _thread_number(text: str) -> int:
    """GDB's global number of the thread that the user calls ``text``."""
    for thread in gdb.selected_inferior().threads():
        if str(thread.num) == text:
            return thread.global_num
    raise TraceError(f"there is no thread {text}; 'info threads' lists them")


def _pending_breakpoint(request: CatchRequest, temporary: bool) -> gdb.Breakpoint:
    """Made by GDB/MI: only there GDB takes a condition with a place that is pending."""
    thread = _thread_number(request.thread) if request.thread else None
    words = ["-f", *(["-t"] if temporary else [])]
    if request.condition:
        words += ["-c", request.condition]
    entry = _break_insert([*words, request.what])
    entry.thread = thread
    return entry


def _break_insert(words: list[str]) -> gdb.Breakpoint:
    """What MI's -break-insert makes. GDB 13 loses its answer, which has the number, in the TUI."""
    before = {one.number for one in gdb.breakpoints()}
    answer = ""
    if hasattr(gdb, "execute_mi"):  # GDB 14; in 16, interpreter-exec within a command crashes GDB
        # GDB says at length that the place is not there.
        gdb.execute(f"python gdb.execute_mi('-break-insert', *{words!r})", to_string=True)
    else:
        command = " ".join(["-break-insert", *map(_quoted, words)])
        answer = gdb.execute(f"interpreter-exec mi {_quoted(command)}", to_string=True).strip()
    for breakpoint in gdb.breakpoints():
        if breakpoint.number not in before:
            return breakpoint
    raise TraceError(f"GDB makes no entry for {words[-1]!r}: {answer}")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
