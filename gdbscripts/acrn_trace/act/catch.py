# SPDX-License-Identifier: BSD-3-Clause
"""Parses what ``catch hypercall`` is told, and says of a call whether it stops the guest."""

import codecs
import itertools
import re
from dataclasses import dataclass
from typing import Iterable, Iterator

from acrn_trace.base.errors import TraceError
from acrn_trace.tables.call_selection import CallSelection, select_calls
from acrn_trace.tables.calls import CallTable
from acrn_trace.trace.event import Event
from acrn_trace.trace.pairing import Call

_CONDITION = re.compile(r"(?:^|\s)if\b")
_THREAD = re.compile(r"(?:^|\s)thread\s+(\S+)(?=\s|$)")
_OPERATOR = re.compile(r"[=<>!&$()]")
# Commands of GDB's that end with a line "end"; those that do if they have no argument.
_BLOCKS = ("if", "while", "while-stepping", "commands", "define", "define-prefix", "document")
_BLOCKS_ALONE = (["python"], ["python-interactive"], ["guile"], ["compile", "code"])
_MI_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
_DISPOSITION = re.compile(r"^\d+ +breakpoint +dis ", re.MULTILINE)
_HITS_LEFT = re.compile(r"disable after (?:next|additional) (\d+) hits")


@dataclass(frozen=True)
class CatchRequest:
    """Which calls, whether at their return, of which thread of GDB's, and the user's condition."""

    calls: CallSelection
    at_return: bool
    condition: str | None
    thread: str | None = None  # as the user wrote it

    @property
    def what(self) -> str:
        """As GDB lists it."""
        calls = "" if self.calls.everything else f" {self.calls.text.replace(',', ' ')}"
        return f"{'return from' if self.at_return else 'call to'} hypercall{calls}"


def parse_catch(text: str, table: CallTable) -> CatchRequest:
    """``[-r] [NAME|NUMBER|%CLASS|/REGEX]… [thread N] [if EXPR]``; TraceError for what is none."""
    match = _CONDITION.search(text)
    condition = text[match.end() :].strip() if match else None
    if condition == "":
        raise TraceError("catch hypercall … if: the condition is missing")
    text = text[: match.start()] if match else text
    thread = _THREAD.search(text)
    words = _THREAD.sub("", text).replace(",", " ").split()
    for word in words:
        _check(word)
    calls = select_calls([word for word in words if word != "-r"], table)
    return CatchRequest(calls, "-r" in words, condition, thread and thread[1])


def _check(word: str) -> None:
    """TraceError for an option that is none, and for a condition without its ``if``."""
    if word.startswith("-") and word != "-r":
        raise TraceError(f"catch hypercall has no option {word}; -r catches the return")
    if word == "thread":
        raise TraceError("catch hypercall … thread: which? 'info threads' lists them")
    if _OPERATOR.search(word) and not word.startswith(("/", "%")):
        raise TraceError(
            f"no call is named {word!r}; if it is a condition, write 'if' before it, as in "
            "'catch hypercall -r start_vm if $_hypercall_ret < 0'"
        )


def announcement(number: int, thread: int, at_return: bool, call: Call, event: Event) -> str:
    """The line of a stop, in the words of GDB's own catchpoints."""
    if at_return:
        assert call.exit
        result = call.exit.registers[call.abi.result]
        signed = result - (1 << 64) if result >> 63 else result
        what = f"returned from hypercall {event.name} = {signed}"
    else:
        what = f"call to hypercall {event.name}"
    return f"Thread {thread} hit Catchpoint {number} ({what}), at {event.site}"


def plain_commands(text: str | None) -> str:
    """The commands of a breakpoint, a line each, as GDB's Python has them.

    In GDB/MI that is a list of strings, as MI writes them: ``,"silent","print $rip"``.
    """
    if not text or not text.startswith(","):
        return text or ""
    lines = (codecs.escape_decode(one.encode())[0] for one in _MI_STRING.findall(text))
    return b"\n".join(lines).decode("utf-8", "backslashreplace")


def is_silent(commands: str) -> bool:
    return commands.strip().split("\n")[0].strip() == "silent"


def guarded_commands(entries: Iterable[tuple[int, str]]) -> str:
    """The commands of all catchpoints (number, text), each run where that one stopped the guest.

    ``continue`` at their end waits for those of the others; anywhere else it ends them, as in GDB,
    which looks for that after each command that is in no other.
    """
    guarded = []
    for number, text in entries:
        commands = list(_outer_commands(text))
        if commands and commands[0] == "silent":
            del commands[0]
        if commands and commands[-1] in ("continue", "c", "cont", "fg"):
            commands[-1] = "set $_hypercall_goes_on = 1"
        guarded += [f"if $_hypercall_stopped_by({number})\n{one}\nend" for one in commands]
    return "\n".join(guarded)


def _outer_commands(text: str) -> Iterator[str]:
    """The commands, with what is inside of them, of a list as GDB writes it: with its indents."""
    lines = iter([line for line in text.split("\n") if line])
    for line in lines:
        words = line.split()
        is_block = words[0] in _BLOCKS or words in _BLOCKS_ALONE
        inside = itertools.takewhile(lambda one: one != "end", lines) if is_block else ()
        yield "\n".join([line, *inside, *(["end"] if is_block else [])])


def hits_left(listed: str) -> int | None:
    """Of ``enable once`` and ``enable count``: how often more it may hit, this hit being counted.

    ``listed`` is what ``info breakpoints`` has of it; None for an entry that just stays enabled.
    """
    if not _DISPOSITION.search(listed):
        return None
    left = _HITS_LEFT.search(listed)
    return int(left[1]) - 1 if left else 0
