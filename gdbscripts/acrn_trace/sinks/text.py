# SPDX-License-Identifier: BSD-3-Clause
"""The text line, as strace prints it::

    [vcpu] seconds name(arg=value) = RET [ERRNO (text)] <seconds> at file:line function

The part up to the arguments is on the screen while the call is in flight.
"""

from acrn_trace.errnos import errno_text
from acrn_trace.event import Event
from acrn_trace.printable import printable
from acrn_trace.rendering import Renderer
from acrn_trace.sinks import Output, Sink

CLOCKS = {
    "host": "times are the host's, in seconds; a call's includes what the debugger's stops took",
    "tsc": "times are the guest's, in seconds by its time-stamp counter",
}


class TextSink(Sink):
    def __init__(self, output: Output, renderer: Renderer, quiet: bool = False) -> None:
        self._output = output
        self._renderer = renderer
        self._quiet = quiet
        self._start: float | None = None
        self._open: int | None = None  # seq of the call whose line has no end yet
        self._begun: set[int] = set()

    def entered(self, event: Event) -> None:
        self._begin_line(event)
        self._write(self._when(event, event.time) + self._renderer.call(event))
        self._open = event.seq
        self._begun.add(event.seq)
        if self._output.interactive:
            self._output.flush()

    def finished(self, event: Event) -> None:
        if self._open == event.seq:
            self._open = None
        else:
            self._begin_line(event)
            self._write(self._resumption(event))
        self._begun.discard(event.seq)
        self._write(self._renderer.outputs(event) + result_text(event) + "\n")
        for frame in event.stack:
            self._write(f" > {frame.function or '?'} ({frame.file or '?'}:{frame.line or '?'})\n")
        for finding in event.findings:
            self._write(f"!! {finding.text}\n")
        if self._output.interactive:
            self._output.flush()

    def notice(self, text: str) -> None:
        if not self._quiet:
            self._end_open_line()
            self._write(f"+++ {text} +++\n")
            self._output.flush()

    def close(self) -> None:
        self._end_open_line()
        self._output.flush()

    def _resumption(self, event: Event) -> str:
        if event.seq not in self._begun:
            return self._when(event, event.time) + self._renderer.call(event)
        return self._when(event, event.time + (event.duration or 0)) + f"<... {event.name} resumed>"

    def _begin_line(self, event: Event) -> None:
        if self._start is None:
            self._start = event.time
            if not self._quiet:
                self._write(f"--- {CLOCKS[event.clock]} ---\n")
        self._end_open_line()

    def _end_open_line(self) -> None:
        if self._open is not None:
            self._write(" <unfinished ...>\n")
            self._open = None

    def _when(self, event: Event, time: float) -> str:
        vcpu = "?" if event.vcpu is None else event.vcpu
        return f"[{vcpu}] {time - (self._start or 0):.6f} "

    def _write(self, text: str) -> None:
        line = text.removesuffix("\n")
        self._output.write(printable(line) + text[len(line) :])


def result_text(event: Event) -> str:
    """`` = RET <seconds> at SITE``, the rest of the line."""
    result = "? <unfinished ...>"
    if event.ret is not None:
        result = f"{event.ret}{errno_text(event.ret) if isinstance(event.ret, int) else ''}"
    if event.duration is not None:
        result += f" <{event.duration:.6f}>"
    return f" = {result}{_repeats(event)} at {event.site}"


def _repeats(event: Event) -> str:
    if event.repeats_unknown:
        return " (stopped again before it returned: reported twice, or faulted and retried)"
    return ""
