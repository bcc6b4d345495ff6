# SPDX-License-Identifier: BSD-3-Clause
"""Writes the time at the beginning of a text line, in the forms of strace -t, -tt, -ttt and -r."""

import time as clocks

CLOCKS = {
    "plugin": "times are the host's, {}",  # without a stop
    "host": "times are the host's, {}; a call's includes what the debugger's stops took",
    "tsc": "times are the guest's, {} by its time-stamp counter",
    "guest": "times are the guest's, {} by QEMU's virtual clock",
}
FORMS = {
    "start": "in seconds from the first call",
    "relative": "in seconds from the line before",
    "clock": "as the time of day",
    "micros": "as the time of day",
    "epoch": "in seconds since the epoch",
}
OF_DAY = ("clock", "micros", "epoch")


def clock_of(clock: str, source: str) -> str:
    """The key in CLOCKS of the times of calls that come from ``source``."""
    return "plugin" if clock == "host" and source == "plugin" else clock


class Stamps:
    """Makes stamps of one ``form``. A counter's times have no time of day: the default it is."""

    def __init__(self, form: str = "start") -> None:
        self._form = form
        self.start: float | None = None  # what the next stamp goes by
        self.is_headed = False  # the head of the trace, which says what they are, is written

    @property
    def is_relative(self) -> bool:
        """Whether they are seconds since the line before."""
        return self._form == "relative"

    @property
    def is_of_day(self) -> bool:
        return self._form in OF_DAY

    def gone_on(self, clock: str, start: float) -> None:
        """Others wrote lines, and the head, by ``clock``; the next stamp goes by ``start``."""
        self.label(clock)
        self.is_headed, self.start = True, start

    def label(self, clock: str, source: str = "stop") -> str:
        """What the times are, for the head of a trace whose calls come from ``source``."""
        if clock != "host" and self._form in OF_DAY:
            self._form = "start"
        return CLOCKS[clock_of(clock, source)].format(FORMS[self._form])

    def stamp(self, time: float) -> str:
        """``time`` (seconds), to the microsecond at most; the same live and from a file."""
        time = round(time, 6)
        if self._form == "start":
            if self.start is None:
                self.start = time
            return f"{time - self.start:.6f}"
        return self._other(time)

    def _other(self, time: float) -> str:
        if self._form == "relative":
            before = time if self.start is None else self.start
            self.start = time
            return f"{time - before:.6f}"
        if self._form == "epoch":
            return f"{time:.6f}"
        day = clocks.strftime("%H:%M:%S", clocks.localtime(time))
        return f"{day}.{round(time % 1 * 1e6) % 1000000:06}" if self._form == "micros" else day
