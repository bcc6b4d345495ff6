# SPDX-License-Identifier: BSD-3-Clause
"""Runs processes: each with a time limit, each ended by its pid."""

import contextlib
import os
import select
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Callable, Iterator, Sequence

from helpers.tree import ROOT

SECONDS = 600  # for any one process; the machine may be busy
IDLE_SECONDS = 2.0  # what has not run for so long waits for something, busy as the machine may be


@dataclass
class Run:
    """A process that has ended."""

    status: int
    out: str
    err: str


def run(command: Sequence[object], seconds: float = SECONDS, **options) -> Run:
    """Run ``command`` from the root of the repository to its end."""
    process = start(command, **options)
    with ended(process):
        out, err = process.communicate(timeout=seconds)
    return Run(process.returncode, out, err)


def start(
    command: Sequence[object],
    environment: dict[str, str] | None = None,
    stdin: int = subprocess.DEVNULL,
    stderr: int = subprocess.PIPE,
) -> subprocess.Popen:
    return subprocess.Popen(
        list(map(str, command)),
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        start_new_session=True,
    )


@contextlib.contextmanager
def ended(process: subprocess.Popen) -> Iterator[subprocess.Popen]:
    """The process and what it started are gone afterwards, whatever happens."""
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        for pipe in (process.stdout, process.stderr):
            if pipe:
                pipe.close()


def read_until(
    pipe: IO[str],
    text: str,
    on_silence: Callable[[], None] = lambda: None,
    silence: float = SECONDS,
) -> str:
    """What a process prints up to and with ``text``; what follows is left for communicate().

    ``on_silence`` is called whenever it prints nothing for ``silence`` seconds.
    """
    deadline, seen = time.monotonic() + SECONDS, ""
    while text not in seen:
        assert time.monotonic() < deadline, f"no {text!r} in {seen!r}"
        if not select.select([pipe], [], [], silence)[0]:
            on_silence()
            continue
        data = os.read(pipe.fileno(), 1)
        assert data, f"no {text!r} in {seen!r}"
        seen += data.decode("utf-8", "backslashreplace")
    return seen


def interrupt(process: subprocess.Popen, pipe: IO[str], answer: str) -> str:
    """Interrupt GDB until it prints ``answer``: it loses an interrupt that comes amid a stop.

    A GDB that still works on one gets no second one, which would end its next command.
    """
    ran = -1.0

    def interrupt_if_idle() -> None:
        nonlocal ran
        before, ran = ran, processor_seconds(process.pid)
        if before == -1.0 or before == ran and sleeps(process.pid):
            process.send_signal(signal.SIGINT)

    interrupt_if_idle()
    return read_until(pipe, answer, interrupt_if_idle, IDLE_SECONDS)


def processor_seconds(task: object) -> float:
    """How long PID, or PID/task/TID, has had a processor, to a clock's tick or so."""
    words = Path(f"/proc/{task}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, words[11:13])) / os.sysconf("SC_CLK_TCK")


def sleeps(pid: int) -> bool:
    """Whether a process waits for something, and not for a processor."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "S"


def wait_until(condition: Callable[[], object], process: subprocess.Popen | None = None) -> None:
    """Until ``condition`` holds; ``process``, which is to bring it about, must not end before."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert process is None or process.poll() is None or condition(), "it ended too early"
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.01)


def processes_with(text: object) -> dict[int, str]:
    """The processes whose command lines name ``text``: process id to command line."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            line = path.read_bytes().replace(b"\0", b" ").decode("utf-8", "backslashreplace")
            if str(text) in line:
                found[int(path.parent.name)] = line
    return found
