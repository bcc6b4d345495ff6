# SPDX-License-Identifier: BSD-3-Clause
"""Runs a guest in a QEMU with our plugin, which sees every call without a stop."""

import argparse
import contextlib
import os
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Iterable, Iterator

from acrn_trace.base.errors import TargetError, TraceError
from acrn_trace.base.places import PLUGIN
from acrn_trace.cli import qemu, reset_log
from acrn_trace.cli.ram_file import shared_folder
from acrn_trace.guest.site import Site
from acrn_trace.rings.plugin_memory import MAX_VCPUS, NO_CLOBBERS, Answers, PluginCalls, make

POLL_SECONDS = 0.02  # between two looks at what is new
API_VARIABLE = "ACRN_TRACE_PLUGIN_API"  # cstub/plugin/plugin.c

# The plugin API of each release of QEMU that has been tried.
APIS = {(10, 0): 4, (11, 1): 7}
ANSWERS_FROM = 7
_VERSION = re.compile(r"version (\d+)\.(\d+)")


def api_of(program: str) -> int:
    """That of a QEMU; TraceError, what to do, for one with which the plugin does not work."""
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    except OSError as error:
        raise TargetError(
            f"cannot start {program}: {error.strerror}; install QEMU or name it with --qemu"
        ) from error
    found = _VERSION.search(said.stdout)
    release = (int(found[1]), int(found[2])) if found else (0, 0)
    if release not in APIS:
        known = " and ".join(f"{major}.{minor}" for major, minor in APIS)
        raise TraceError(
            f"the plugin is for QEMU {known}, and {program} is {release[0]}.{release[1]}; "
            "--engine gdb works with any"
        )
    return APIS[release]


def vcpus_of(for_qemu: list[str]) -> int:
    """How many vCPUs QEMU's -smp asks for, at most."""
    words = [for_qemu[at + 1] for at, word in enumerate(for_qemu[:-1]) if word == "-smp"]
    numbers = [int(number) for word in words for number in re.findall(r"\d+", word)]
    return max([1, *numbers])


def refuse(for_qemu: list[str]) -> None:
    """TraceError for arguments with which the plugin sees nothing, or takes vCPUs for others."""
    line = " ".join(for_qemu)
    if re.search(r"(^| )--?enable-kvm\b|accel[= ](?!tcg)\w", line):
        raise TraceError("the plugin works under TCG alone; leave out QEMU's other accelerators")
    if vcpus_of(for_qemu) > MAX_VCPUS:
        raise TraceError(f"the plugin has room for {MAX_VCPUS} vCPUs; ask QEMU for no more by -smp")
    if vcpus_of(for_qemu) > 1 and re.search(r"thread=single|(^| )--?icount\b", line):
        raise TraceError(
            "QEMU tells its plugin the wrong vCPU where one thread runs several: leave out "
            "thread=single and -icount, or trace one vCPU"
        )


def check_answers(answers: Answers, api: int, program: str) -> None:
    """TraceError where calls are to be answered or changed, and the QEMU has no API for that."""
    if answers != Answers() and api < ANSWERS_FROM:
        raise TraceError(
            f"to answer or change calls the plugin needs QEMU 11.1, and {program} is older; "
            "--engine gdb does it with any"
        )


def flags_of(options: argparse.Namespace) -> int:
    """Of rings.plugin_memory, what the launcher's options say."""
    return NO_CLOBBERS if options.no_clobbers else 0


class PluginGuest:
    """A guest in a QEMU of the launcher's own, whose calls are appended to a trace file.

    Use it as a context manager, and both QEMU and the memory that it shares are gone afterwards.
    """

    def __init__(
        self,
        program: str,
        image: str | None,
        sites: Iterable[Site],
        for_qemu: list[str],
        file: int,
        answers: Answers = Answers(),
        table: bytes = b"",
        flags: int = 0,
        entries: bool = False,
    ) -> None:
        """``file`` is the descriptor of a trace file that has begun (rings.preamble); ``table``,
        ``flags`` and ``entries`` are as rings.plugin_memory has them."""
        if not os.path.exists(PLUGIN):
            raise TraceError(f"{PLUGIN} is missing; 'make plugin' builds it")
        refuse(for_qemu)
        api = api_of(program)
        check_answers(answers, api, program)
        self._closing = contextlib.ExitStack()
        with contextlib.ExitStack() as started:
            folder = tempfile.TemporaryDirectory(prefix="acrn-plugin-", dir=shared_folder())
            memory = os.path.join(started.enter_context(folder), "memory")
            _make(memory, vcpus_of(for_qemu), sites, answers, flags, table)
            self._calls = PluginCalls(memory, file, entries)
            line = qemu.guest_command(program, image, for_qemu)
            line += ["-plugin", f"{PLUGIN},memory={memory}"]
            self._log = _reset_log(Path(memory).with_name("qemu.log"), for_qemu)
            line += self._log.options if self._log else []
            with _environment(API_VARIABLE, str(api)):
                errors = Path(memory).with_name("qemu.err")
                self._qemu = started.enter_context(qemu.Qemu(line, None, errors))
            self._closing = started.pop_all()
        self._counts: tuple[int, int] | None = None

    def __enter__(self) -> "PluginGuest":
        return self

    def __exit__(self, *_exception: object) -> None:
        self._closing.close()

    def read(self) -> bool:
        """Append what is new; whether there may be more."""
        if self._counts:
            return False
        if self._qemu.runs():
            self._calls.read()
        else:
            self._counts = self._calls.end()
        return True

    def interrupt(self) -> None:
        """End the guest; what it has called is still to be read."""
        self._qemu.kill()

    def check_end(self) -> None:
        """TargetError unless QEMU and the guest ended well by themselves."""
        self._qemu.check_end()
        if self._log and self._log.ends_in_triple_fault():
            raise TargetError(reset_log.ENDED)

    @property
    def in_flight(self) -> int:
        """Calls that have not returned."""
        return self._calls.in_flight

    @property
    def refused(self) -> int:
        """Calls that were to be answered, and could not be."""
        return self._calls.refused

    @property
    def play(self) -> bytes:
        """The ACRN that was played (struct shared_play), or nothing."""
        return self._calls.play

    @property
    def left(self) -> int:
        """Calls of the trace that is replayed that were not made."""
        return self._calls.left

    @property
    def counts(self) -> tuple[int, int]:
        """At the end: how many calls the file has, and how many were lost."""
        assert self._counts
        return self._counts


def _reset_log(path: Path, for_qemu: list[str]) -> reset_log.ResetLog | None:
    return reset_log.ResetLog(path) if reset_log.may_log(for_qemu) else None


def _make(memory: str, *told: Any) -> None:
    try:
        make(memory, *told)
    except OSError as error:
        raise TraceError(
            f"there is no room for the memory that the plugin shares, in {memory}: {error.strerror}"
        ) from error


@contextlib.contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    """Have what is started meanwhile find it."""
    os.environ[name] = value
    try:
        yield
    finally:
        del os.environ[name]
