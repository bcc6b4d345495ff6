# SPDX-License-Identifier: BSD-3-Clause
"""Boots guests to their ends, those of examples/crash and others, and takes dumps of them there."""

import contextlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator, Sequence

from acrn_trace.cli.monitor import Monitor
from helpers.guests import QEMU, common_arguments
from helpers.process import ended, processor_seconds, read_until, run, start, wait_until
from helpers.tree import HYPERVISOR, IMAGES

MEMORY = 40 << 20
BARE_MACHINE = {"no-hypervisor", "fault-skipped"}  # the guest runs without the hypervisor
SPIN = 0.2  # seconds that a vCPU has a processor: more than what it does last can take
_STATE = re.compile(r"[RE]IP=([0-9a-f]+).* HLT=(\d)")


@dataclass
class Dead:
    """A guest that came to its end, and still runs as far as QEMU goes."""

    monitor: Monitor
    socket: Path
    printed: str

    def dump(self, path: Path, paging: bool) -> Path:
        self.monitor.execute("dump-guest-memory", protocol=f"file:{path}", paging=paging)
        return path

    def memory(self, path: Path) -> Path:
        self.monitor.execute("pmemsave", val=0, size=MEMORY, filename=str(path))
        return path


@contextlib.contextmanager
def dead(end: str, image: str, folder: Path, second: bool = False) -> Iterator[Dead]:
    """The crash guest ``image`` (crash, crash-ring, crash-bare) at its ``end``."""
    words = [f"crash: {end}\n"] * (2 if end == "call-hangs-both" else 1)
    with at_rest(_arguments(end, image, second), folder, words) as guest:
        yield guest


@contextlib.contextmanager
def at_rest(
    arguments: list[str], folder: Path, last_words: list[str], gdb: Sequence[str] = ()
) -> Iterator[Dead]:
    """A guest that has printed ``last_words``, and whose vCPUs go nowhere any more.

    ``gdb``, the command line of one, is run with the guest at its first instruction.
    """
    process = start([QEMU, *arguments, *_sockets(folder), *(["-S"] if gdb else [])])
    with ended(process):
        if gdb:
            wait_until((folder / "gdb").exists, process)
            run(gdb)
        printed = "".join(read_until(process.stdout, words) for words in last_words)
        monitor = Monitor(folder / "qmp")
        with contextlib.closing(monitor):
            _settle(monitor)
            yield Dead(monitor, folder / "gdb", printed)


def _arguments(end: str, image: str, second: bool) -> list[str]:
    guest, hypervisor = str(IMAGES / f"{image}.elf"), str(HYPERVISOR)
    words = end + (" second" if second else "")
    boot = ["-kernel", guest] if end in BARE_MACHINE else ["-kernel", hypervisor, "-initrd", guest]
    return [*common_arguments(), "-m", f"{MEMORY >> 20}M", "-smp", "2", *boot, "-append", words]


def _sockets(folder: Path) -> list[str]:
    words = []
    for option in ("gdb", "qmp"):
        words += [f"-{option}", f"unix:{folder / option},server=on,wait=off"]
    return words


def _settle(monitor: Monitor) -> None:
    """Wait until each vCPU stays where it is: what a guest does last, nothing can be printed of.

    It is halted, or goes round in a loop, however seldom it gets a processor for that.
    """
    vcpus = [_Vcpu(cpu["thread-id"]) for cpu in monitor.execute("query-cpus-fast")]

    def are_at_rest() -> bool:
        text = monitor.execute("human-monitor-command", **{"command-line": "info registers -a"})
        states = zip(vcpus, _STATE.findall(text), strict=True)
        return all([vcpu.is_at_rest(int(rip, 16), halted == "1") for vcpu, (rip, halted) in states])

    wait_until(are_at_rest)


@dataclass
class _Vcpu:
    """A vCPU, and the page where it runs since its thread had run for so long."""

    thread: int
    page: int = -1
    since: float = 0.0

    def is_at_rest(self, rip: int, halted: bool) -> bool:
        ran = processor_seconds(f"{self.thread}/task/{self.thread}")
        if rip >> 12 != self.page:
            self.page, self.since = rip >> 12, ran
        return halted or ran - self.since > SPIN
