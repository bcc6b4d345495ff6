# SPDX-License-Identifier: BSD-3-Clause
"""Writes the text line, as strace prints it::

    [vcpu] seconds name(arg=value) = RET [ERRNO (text)] <seconds> at file:line function [by task]

The part up to the arguments is on the screen while the call is in flight.
"""

from acrn_trace.base.output import Output
from acrn_trace.base.text import notice_line, printable
from acrn_trace.sinks.stamps import Stamps
from acrn_trace.tables.errnos import errno_text
from acrn_trace.trace.both_sides import hypervisor_lines
from acrn_trace.trace.event import Event
from acrn_trace.trace.marks import answer_mark, tampering
from acrn_trace.trace.rendering import Renderer
from acrn_trace.trace.sink import Sink


class TextSink(Sink):
    """Prints lines. ``stacks``: with the guest's call stacks where the events have them."""

    def __init__(
        self,
        output: Output,
        renderer: Renderer,
        quiet: bool = False,
        stamps: Stamps | None = None,
        stacks: bool = True,
    ) -> None:
        self._output = output
        self._renderer = renderer
        self._quiet = quiet
        self._stamps = stamps or Stamps()
        self._stacks = stacks
        self._open: Event | None = None  # the call whose line has no end yet
        self._begun: set[int] = set()  # ids of events

    def entered(self, event: Event) -> None:
        self._begin_line(event)
        self._output.write(self._when(event, event.time) + self._call(event))
        self._open = event
        self._begun.add(id(event))
        if self._output.interactive:
            self._output.flush()

    def finished(self, event: Event) -> None:
        before = ""
        if self._open is event:
            self._open = None
        else:
            self._begin_line(event)
            before = self._resumption(event)
        self._begun.discard(id(event))
        self._output.write(before + self._end(event))
        if self._output.interactive:
            self._output.flush()

    def notice(self, text: str) -> None:
        if not self._quiet:
            self._end_open_line()
            self._output.write(notice_line(text))
            self._output.flush()

    def close(self) -> None:
        self._end_open_line()
        self._output.flush()

    def _call(self, event: Event) -> str:
        """``name(arg=value, …``, open."""
        return printable(self._renderer.call(event))

    def _end(self, event: Event) -> str:
        result, rest = self._ending(event)
        return result + ("" if event.duration is None else f" <{event.duration:.6f}>") + rest

    def _ending(self, event: Event) -> tuple[str, str]:
        """What comes before the time that the call took, and what comes after it."""
        done = answer_mark(event) + tampering(event)
        result = f"{self._renderer.outputs(event)} = {result_text(event)}{done}"
        lines = [_repeats(event) + _place(event)]
        if self._stacks:
            lines += [f" > {frame}" for frame in event.stack]
        lines += hypervisor_lines(event)
        lines += [f"!! {finding.text}" for finding in event.findings]
        return printable(result), "".join(printable(line) + "\n" for line in lines)

    def _resumption(self, event: Event) -> str:
        if id(event) not in self._begun:
            return self._when(event, event.time) + self._call(event)
        end = round(event.time, 6) + round(event.duration or 0, 6)  # as from a file
        return self._when(event, end) + _resumed(event)

    def _begin_line(self, event: Event) -> None:
        if not self._stamps.is_headed:
            self._stamps.is_headed = True
            self._output.write(self._head(event))
        if self._open is not None:
            self._end_open_line()

    def _end_open_line(self) -> None:
        if self._open is not None:
            self._output.write(" <unfinished ...>\n")
            self._open = None

    def _when(self, event: Event, time: float) -> str:
        return f"{_vcpu(event)}{self._stamps.stamp(time)} "

    def _head(self, event: Event) -> str:
        label = self._stamps.label(event.clock, event.source)
        return "" if self._quiet else f"--- {label} ---\n"


def _vcpu(event: Event) -> str:
    return f"[{'?' if event.vcpu is None else event.vcpu}] "


def _resumed(event: Event) -> str:
    return printable(f"<... {event.name} resumed>")


def result_text(event: Event) -> str:
    """``RET [ERRNO (text)]``."""
    ret = event.ret
    if ret is None:
        return "? <unfinished ...>"
    return f"{ret}{errno_text(ret, event.abi)}"


def _place(event: Event) -> str:
    place = " by hand" if event.more.get("by_hand") else ""
    place += f" at {event.site}" if event.site else ""
    return f"{place} by {event.task}" if event.task else place


def _repeats(event: Event) -> str:
    if event.repeats_unknown:
        return " (stopped again before it returned: reported twice, or faulted and retried)"
    return ""
