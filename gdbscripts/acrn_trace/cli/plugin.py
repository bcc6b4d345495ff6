# SPDX-License-Identifier: BSD-3-Clause
"""Runs a guest in a QEMU with our plugin, which sees every call without a stop."""

import contextlib
import os
import re
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Callable, Iterable, Iterator

from acrn_trace.base.errors import TargetError, TraceError
from acrn_trace.base.places import PLUGIN
from acrn_trace.cli import qemu
from acrn_trace.guest.site import Site
from acrn_trace.rings.plugin_memory import PluginCalls, make

SHARED = Path("/dev/shm")  # the host's memory, not its disk
POLL_SECONDS = 0.02
API_VARIABLE = "ACRN_TRACE_PLUGIN_API"  # cstub/plugin/plugin.c

# The plugin API of each release of QEMU that has been tried.
APIS = {(10, 0): 4, (11, 1): 7}
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
    if vcpus_of(for_qemu) > 1 and re.search(r"thread=single|(^| )--?icount\b", line):
        raise TraceError(
            "QEMU tells its plugin the wrong vCPU where one thread runs several: leave out "
            "thread=single and -icount, or trace one vCPU"
        )


def record(
    program: str,
    image: str,
    sites: Iterable[Site],
    for_qemu: list[str],
    file: int,
    on_pass: Callable[[], None] = lambda: None,
) -> tuple[int, int]:
    """Run the guest to its end, and append its calls to the trace file that has begun.

    ``on_pass`` is called whenever there may be more in it. How many calls it has, and how many
    were lost.
    """
    if not os.path.exists(PLUGIN):
        raise TraceError(f"{PLUGIN} is missing; 'make plugin' builds it")
    refuse(for_qemu)
    api = api_of(program)
    folder = SHARED if os.access(SHARED, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="acrn-plugin-", dir=folder) as name:
        memory = os.path.join(name, "memory")
        _make(memory, vcpus_of(for_qemu), sites)
        calls = PluginCalls(memory, file)
        line = qemu.guest_command(program, image, for_qemu)
        line += ["-plugin", f"{PLUGIN},memory={memory}"]
        with _environment(API_VARIABLE, str(api)):
            guest = qemu.Qemu(line, None, Path(name) / "qemu.err")
        with guest:
            _follow(guest, calls, on_pass)
        counts = calls.end()
        on_pass()
        guest.check_end()
        return counts


def _make(memory: str, vcpus: int, sites: Iterable[Site]) -> None:
    try:
        make(memory, vcpus, sites)
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


def _follow(guest: qemu.Qemu, calls: PluginCalls, on_pass: Callable[[], None]) -> None:
    """Until QEMU ends, or the user interrupts."""
    try:
        while guest.runs():
            calls.read()
            on_pass()
            time.sleep(POLL_SECONDS)
    except KeyboardInterrupt:
        guest.kill()
