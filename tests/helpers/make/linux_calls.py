# SPDX-License-Identifier: BSD-3-Clause
"""Lists the hypercalls of a vmlinux without the tracer's code: by objdump, by the kernel's symbols
and by its .altinstructions."""

import re
import struct
import subprocess
from collections import deque
from pathlib import Path
from typing import Iterable, NamedTuple

from elftools.elf.elffile import ELFFile

# Of .altinstructions: bytes of an entry, and at which of them the replacement's length is.
LAYOUTS = {"5.10": (12, 11), "6.1": (12, 11), "6.12": (14, 13)}
# Whose code a function is by its name, else by the file that it was compiled of.
BY_NAME = {"xen_": "xen", "vmware_": "VMware", "kvm_": "kvm", "hv_": "hyperv", "hyperv_": "hyperv"}
BY_FILE = {"kvm.c": "kvm", "hv_apic.c": "hyperv", "vmware.c": "VMware"}
NUMBERS = {"kvm": ("eax", "rax"), "hyperv": ("ecx", "rcx")}
NEAR = 12  # instructions before a call

_FUNCTION = re.compile(r"([0-9a-f]+) <(.+)>:$")


class LinuxCall(NamedTuple):
    """``number`` is None where no constant is loaded right before it; ``at_boot``: Linux copies it
    there as it boots."""

    whose: str
    number: int | None
    at_boot: bool


def linux_calls(vmlinux: Path, release: str) -> dict[int, LinuxCall]:
    """All of them by address; ``release`` is one of LAYOUTS."""
    files, copied = _files(vmlinux), _patched(vmlinux, release)
    hypercalls, places = set(), {}
    originals = {f"{address:x}" for address in copied.values()}
    for function, start, place, text, before in _instructions(vmlinux):
        is_call = "call" in text and text.strip() in ("vmcall", "vmmcall")
        if is_call or place.strip() in originals:
            whose, address = _whose(function, files.get(start, "")), int(place, 16)
            places[address] = LinuxCall(whose, _number(before, whose), False)
            if is_call:
                hypercalls.add(address)
    replacements = {at for at in hypercalls if at in copied}
    inside = _section(vmlinux, ".altinstr_replacement")
    calls = {at: places[at] for at in hypercalls if not inside[0] <= at < inside[1]}
    for at in replacements:
        calls.setdefault(copied[at], places[copied[at]]._replace(at_boot=True))
    return calls


def _instructions(vmlinux: Path):
    """Function, its address, address and text of each instruction, and the texts before it. Address
    and texts are as objdump has them: there are millions."""
    listing = subprocess.Popen(
        ["objdump", "-d", "--no-show-raw-insn", str(vmlinux)], stdout=subprocess.PIPE, text=True
    )
    function, start, before = "", 0, deque(maxlen=NEAR)
    for line in listing.stdout:
        place, colon, text = line.partition(":")
        head = None if text.strip() else _FUNCTION.match(line)
        if head:
            start, function = int(head[1], 16), head[2]
            before.clear()
        elif colon and place.strip():
            yield function, start, place, text, before
            before.append(text)
    assert listing.wait() == 0


def _patched(vmlinux: Path, release: str) -> dict[int, int]:
    """The address of each replacement's first instruction, and where it is copied to."""
    size, length_at = LAYOUTS[release]
    with vmlinux.open("rb") as file:
        section = ELFFile(file).get_section_by_name(".altinstructions")
        base, data = section["sh_addr"], section.data()
    found = {}
    for at in range(0, len(data), size):
        original, replacement = struct.unpack_from("<ii", data, at)
        if data[at + length_at]:
            found[base + at + 4 + replacement] = base + at + original
    return found


def _section(vmlinux: Path, name: str) -> tuple[int, int]:
    with vmlinux.open("rb") as file:
        section = ELFFile(file).get_section_by_name(name)
        return section["sh_addr"], section["sh_addr"] + section["sh_size"]


def _files(vmlinux: Path) -> dict[int, str]:
    """The file of each local function, by its address."""
    listing = subprocess.run(
        ["readelf", "-sW", str(vmlinux)], capture_output=True, text=True, check=True
    ).stdout
    file, found = "", {}
    for words in map(str.split, listing.splitlines()):
        if len(words) == 8 and words[3] == "FILE":
            file = words[7]
        elif len(words) == 8 and words[3:5] == ["FUNC", "LOCAL"]:
            found[int(words[1], 16)] = file
    return found


def _whose(function: str, file: str) -> str:
    by_name = (whose for start, whose in BY_NAME.items() if function.startswith(start))
    return next(by_name, None) or BY_FILE.get(file) or f"{function} of {file}"


def _number(before: Iterable[str], whose: str) -> int | None:
    """What the last instruction that sets the register loads, if that is a constant."""
    registers = NUMBERS.get(whose, ())
    for text in map(str.strip, reversed(before)):
        if any(text.endswith(f",%{register}") for register in registers):
            constant = re.match(r"mov[a-z]*\s+\$0x([0-9a-f]+),", text)
            number = int(constant[1], 16) if constant else None
            return number & 0xFFFF if number is not None and whose == "hyperv" else number
    return None
