# SPDX-License-Identifier: BSD-3-Clause
"""Makes guests, and runs them under QEMU, untraced or with a GDB to come."""

import fcntl
import functools
import shlex
from pathlib import Path
from typing import Sequence
from elftools.elf.elffile import ELFFile

from helpers.process import SECONDS, Run, ended, run, start, wait_until
from helpers.tree import HYPERVISOR, IMAGES, ROOT

QEMU = "qemu-system-x86_64"


def common_arguments() -> list[str]:
    return shlex.split((ROOT / "examples" / "qemu.args").read_text())


def arguments_of(example: str) -> list[str]:
    """QEMU's arguments for an example, as its folder has them."""
    own = ROOT / "examples" / example / "qemu.args"
    line = common_arguments() + shlex.split(own.read_text())
    return [word.replace("/hypervisor.elf", f"/{HYPERVISOR.name}") for word in line]


def moved_arguments_of(example: str) -> list[str]:
    """The same under the hypervisor whose nested paging is no identity."""
    return [
        word.replace(f"/{HYPERVISOR.name}", "/hypervisor-moved.elf")
        for word in arguments_of(example)
    ]


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
