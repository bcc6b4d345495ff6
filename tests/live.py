# SPDX-License-Identifier: BSD-3-Clause
"""Runs QEMU, GDB and the launcher for the tests: each with a time limit, each ended by its pid."""

import contextlib
import fcntl
import functools
import json
import os
import re
import select
import shlex
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Callable, Iterator, Sequence

from elftools.elf.elffile import ELFFile

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "build" / "examples"
GUESTS = ROOT / "build" / "tests" / "guests"
SCRIPTS = Path(
    os.environ.get("ACRN_TRACE_SCRIPTS", ROOT / "gdbscripts")
)  # a copy with a planted bug
LAUNCHER = SCRIPTS / "acrn-trace"
LOADER = SCRIPTS / "acrn-trace.py"
QEMU = "qemu-system-x86_64"
SECONDS = 600  # for any one process; the machine may be busy
IDLE_SECONDS = 2.0  # what has not run for so long waits for something, busy as the machine may be

REPEATED = " (stopped again before it returned: reported twice, or faulted and retried)"
_TIME = re.compile(r"\b\d+\.\d{6}\b")


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


def start(command: Sequence[object], environment: dict[str, str] | None = None) -> subprocess.Popen:
    return subprocess.Popen(
        list(map(str, command)),
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
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


def common_arguments() -> list[str]:
    return shlex.split((ROOT / "examples" / "qemu.args").read_text())


def arguments_of(example: str) -> list[str]:
    """QEMU's arguments for an example, as its folder has them."""
    own = ROOT / "examples" / example / "qemu.args"
    return common_arguments() + shlex.split(own.read_text())


def image_of(example: str) -> Path:
    return IMAGES / f"{example}.elf"


def symbol(image: Path, name: str) -> int:
    """The address of a symbol of an image that has not been stripped."""
    return addresses_of(image, name).start


def addresses_of(image: Path, name: str) -> range:
    """Those of a function of an image that has not been stripped."""
    with open(image, "rb") as file:
        found = ELFFile(file).get_section_by_name(".symtab").get_symbol_by_name(name)[0]
        return range(found["st_value"], found["st_value"] + found["st_size"])


def acrn_trace(*arguments: object, **options) -> Run:
    return run([LAUNCHER, *arguments], **options)


def trace_example(example: str, *options: object, more: Sequence[str] = (), **how) -> Run:
    """Trace an example with the launcher; ``more`` are further arguments for QEMU."""
    return acrn_trace(*options, image_of(example), "--", *arguments_of(example), *more, **how)


def printed_untraced(arguments: Sequence[object]) -> str:
    """What the guest prints when nobody watches; it must end well."""
    return _printed_untraced(*map(str, arguments))


@functools.cache
def _printed_untraced(*arguments: str) -> str:
    untraced = run([QEMU, *arguments])
    assert untraced.status == 0, untraced
    return untraced.out


class Guest:
    """A QEMU that waits at its first instruction for a GDB at ``socket``."""

    def __init__(self, folder: Path, arguments: Sequence[object]) -> None:
        self.socket = folder / "stub"
        stub = f"unix:{self.socket},server=on,wait=off"
        self.process = start([QEMU, *arguments, "-S", "-gdb", stub])

        wait_until(lambda: self.socket.exists() or self.process.poll() is not None)

    def __enter__(self) -> "Guest":
        return self

    def __exit__(self, *_exception: object) -> None:
        with ended(self.process):
            pass

    def finished(self) -> Run:
        """The guest's own end, and all that it printed."""
        out, err = self.process.communicate(timeout=SECONDS)
        return Run(self.process.returncode, out, err)


def gdb_command(image: object, *commands: str, loader: object = LOADER) -> list[str]:
    """A GDB without anybody's settings that loads the scripts and runs ``commands``.

    It waits for a QEMU that gets no processor, too.
    """
    line = ["gdb", "-nx", "-nh", "-q", "-batch", "-ex", "set style enabled off"]
    line += ["-ex", "set remotetimeout 60", "-x", str(loader)]
    for command in commands:
        line += ["-ex", command]
    return [*line, str(image)]


def gdb_at(guest: Guest, image: object, *commands: str) -> Run:
    """Attach to ``guest`` and run ``commands``; the guest runs on when GDB is done."""
    return run(gdb_command(image, f"target remote {guest.socket}", *commands))


def events_of(path: Path) -> list[dict]:
    """The objects of a JSONL trace, every line of which must be whole."""
    text = path.read_text()
    assert text == "" or text.endswith("\n"), f"{path} ends in half a line: {text[-200:]!r}"
    return [json.loads(line) for line in text.splitlines()]


def without_chance(text: str) -> str:
    """A text trace without its times, and without the stops that QEMU reported twice."""
    return _TIME.sub("T", text).replace(REPEATED, "")


def processes_with(text: object) -> dict[int, str]:
    """The processes whose command lines name ``text``: process id to command line."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            line = path.read_bytes().replace(b"\0", b" ").decode("utf-8", "backslashreplace")
            if str(text) in line:
                found[int(path.parent.name)] = line
    return found


def make(*words: str) -> None:
    """Make what a test needs below build; one worker at a time."""
    (ROOT / "build").mkdir(exist_ok=True)
    with open(ROOT / "build" / ".lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = run(["make", "-s", *words])
    assert made.status == 0, made.err


def build_test_guests() -> None:
    """Make the guests of tests/gdb/guests."""
    make("-f", "tests/gdb/guests/guests.mk", "test-guests")
