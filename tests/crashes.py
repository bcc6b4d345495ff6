# SPDX-License-Identifier: BSD-3-Clause
"""Boots the guests of examples/crash to their ends, and takes dumps of them there."""

import contextlib
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

from acrn_trace.launch.monitor import Monitor
from live import IMAGES, QEMU, SECONDS, common_arguments, ended, read_until, start

MEMORY = 40 << 20
BARE_MACHINE = {"no-hypervisor", "fault-skipped"}  # the guest runs without the hypervisor
_PLACE = re.compile(r"RIP=([0-9a-f]+)")


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
    process = start([QEMU, *_arguments(end, image, second), *_sockets(folder)])
    with ended(process):
        printed = read_until(process.stdout, f"crash: {end}\n")
        if end == "call-hangs-both":
            printed += read_until(process.stdout, f"crash: {end}\n")
        monitor = Monitor(folder / "qmp")
        with contextlib.closing(monitor):
            _settle(monitor)
            yield Dead(monitor, folder / "gdb", printed)


def _arguments(end: str, image: str, second: bool) -> list[str]:
    guest, hypervisor = str(IMAGES / f"{image}.elf"), str(IMAGES / "hypervisor.elf")
    words = end + (" second" if second else "")
    boot = ["-kernel", guest] if end in BARE_MACHINE else ["-kernel", hypervisor, "-initrd", guest]
    return [*common_arguments(), "-m", f"{MEMORY >> 20}M", "-smp", "2", *boot, "-append", words]


def _sockets(folder: Path) -> list[str]:
    words = []
    for option in ("gdb", "qmp"):
        words += [f"-{option}", f"unix:{folder / option},server=on,wait=off"]
    return words


def _settle(monitor: Monitor) -> None:
    """Wait until each vCPU stays where it is: what a guest does last, nothing can be printed of."""
    deadline, seen, since = time.monotonic() + SECONDS, None, 0
    while since < 4:
        state = monitor.execute("human-monitor-command", **{"command-line": "info registers -a"})
        pages = [int(address, 16) >> 12 for address in _PLACE.findall(state)]
        since = since + 1 if pages == seen else 0
        seen = pages
        assert time.monotonic() < deadline, "the guest does not come to rest"
        time.sleep(0.03)
