# SPDX-License-Identifier: BSD-3-Clause
"""Starts and ends a QEMU of the launcher's own, with its stub on a private socket."""

import ctypes
import signal
import subprocess
import time
from pathlib import Path

from acrn_trace.base.errors import TargetError, TraceError

PR_SET_PDEATHSIG = 1  # prctl(2)
START_SECONDS = 30.0
END_SECONDS = 10.0
MAX_WORDS = 2000  # of what QEMU printed, in one sentence of ours

# Unless the user's arguments say otherwise: the guest's console is our standard output.
CONSOLE = ("-display", "none", "-serial", "stdio")
_CONSOLE_OPTIONS = {"-nographic", "-display", "-serial", "-curses", "-vnc", "-nodefaults"}


def command(qemu: str, image: str, arguments: list[str], socket: Path) -> list[str]:
    """The command line: ``arguments`` as given, completed by what tracing needs."""
    line = guest_command(qemu, image, arguments)
    return [*line, "-S", "-gdb", f"unix:{socket},server=on,wait=off"]


def guest_command(qemu: str, image: str | None, arguments: list[str]) -> list[str]:
    """The command line with the image, if there is one, and a console, where ``arguments`` have
    none."""
    line = [qemu, *arguments]
    if image and not {"-kernel", "--kernel"} & set(arguments):
        line += ["-kernel", image]
    if not _CONSOLE_OPTIONS & set(arguments):
        line += CONSOLE
    return line


class Qemu:
    """One QEMU process; use it as a context manager, and it is gone afterwards."""

    def __init__(self, line: list[str], socket: Path | None, errors: Path) -> None:
        """Started when it has made ``socket``; None: at once."""
        self._line = line
        self._errors = errors
        try:
            with open(errors, "wb") as stderr:
                # A session of its own: an interrupt at the terminal is for GDB, not for QEMU.
                self._process = subprocess.Popen(
                    line,
                    stdin=subprocess.DEVNULL,
                    stderr=stderr,
                    start_new_session=True,
                    preexec_fn=_die_with_parent,
                )
        except OSError as error:
            raise TargetError(
                f"cannot start {line[0]}: {error.strerror}; install QEMU or name it with --qemu"
            ) from error
        if socket:
            self._wait_for(socket)

    def __enter__(self) -> "Qemu":
        return self

    def __exit__(self, *_exception: object) -> None:
        self.kill()

    def _wait_for(self, socket: Path) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not socket.exists():
            if self._process.poll() is not None:
                words = self._last_words() or f"it ended with status {self._process.poll()}"
                raise TargetError(f"QEMU did not start: {words}")
            if time.monotonic() > deadline:
                self.kill()
                raise TargetError(f"QEMU opened no stub within {START_SECONDS:.0f} s; is it stuck?")
            time.sleep(0.01)

    def runs(self) -> bool:
        return self._process.poll() is None

    def check_end(self) -> None:
        """Wait for QEMU to end by itself; TargetError unless it ends with status 0."""
        failure = self.failure_at_end()
        if failure:
            raise TargetError(failure)

    def failure_at_end(self) -> str | None:
        """Wait for QEMU to end by itself: None if with status 0, else what went wrong."""
        try:
            status = self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise TargetError("QEMU closed the stub but did not end; it was killed") from None
        if status < 0:
            name = signal.Signals(-status).name
            raise TargetError(f"QEMU was ended by {name}: {self._last_words() or 'no word'}")
        return f"QEMU ended with status {status}{self._reason(status)}" if status else None

    def _reason(self, status: int) -> str:
        """Why QEMU ended so, as a guest may have it end by isa-debug-exit; the rest is its own."""
        words = self._last_words()
        if any("isa-debug-exit" in word for word in self._line) and status % 2:
            by_guest = f": the guest wrote {status // 2} to isa-debug-exit"
            # An error of QEMU's own is status 1, and has words; a warning has words, too.
            return f"{by_guest}, or: {words}" if words and status == 1 else by_guest
        return f": {words}" if words else ", and said nothing of why"

    def check_death(self) -> None:
        """TargetError if QEMU has failed already: then that is why all else did."""
        if self._process.poll():
            self.check_end()

    def kill(self) -> None:
        """End the process, if it still runs."""
        if self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _last_words(self) -> str:
        with open(self._errors, "rb") as file:
            text = file.read(MAX_WORDS).decode("utf-8", "backslashreplace")
        return "; ".join(line.strip() for line in text.splitlines() if line.strip())


def refuse_stub_options(arguments: list[str]) -> None:
    """The launcher attaches by itself: a second stub would be nobody's."""
    for argument in arguments:
        if argument in ("-s", "-gdb", "--gdb"):
            raise TraceError(
                f"the QEMU argument {argument} is acrn-trace's own; -p attaches to a QEMU of yours"
            )


def _die_with_parent() -> None:
    """In QEMU's process: be killed when the launcher is, which then cannot do it any more."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
