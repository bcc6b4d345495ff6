# SPDX-License-Identifier: BSD-3-Clause
"""Runs ``hypercall gpa`` and ``$_gpa``: guest-physical memory at the prompt."""

import gdb

from acrn_trace.at_rest.postmortem import examine
from acrn_trace.base.errors import TraceError
from acrn_trace.guest.abi import MASK64
from acrn_trace.guest.memory import PhysicalMemory, Unreadable
from acrn_trace.in_gdb.command import Command
from acrn_trace.in_gdb.guest_memory import GuestPhysicalMemory, look
from acrn_trace.in_gdb.image import current_image, is_dump, load_offset
from acrn_trace.in_gdb.prompt import complaint
from acrn_trace.in_gdb.session import Session
from acrn_trace.in_gdb.snapshot import current_snapshot

DEFAULT_SIZE, MAX_SIZE = 64, 1 << 16  # bytes that are shown
BYTES_A_LINE = 8
SIZES = (1, 2, 4, 8)  # of integers
INTEGERS = (gdb.TYPE_CODE_INT, gdb.TYPE_CODE_BOOL, gdb.TYPE_CODE_CHAR, gdb.TYPE_CODE_ENUM)


class HypercallGpa(Command):
    """Shows bytes of guest-physical memory as GDB's ``x/xb`` does."""

    def __init__(self, session: Session) -> None:
        super().__init__(session, self._show)

    def _show(self, words: list[str]) -> None:
        if not 1 <= len(words) <= 2:
            raise TraceError("hypercall gpa takes a guest-physical address, and how many bytes")
        address = number_of(words[0])
        size = number_of(words[1]) if len(words) > 1 else DEFAULT_SIZE
        if not 1 <= size <= MAX_SIZE:
            raise TraceError(f"{size} bytes cannot be shown; 1 to {MAX_SIZE} can")
        _show_bytes(address, _read(address, size))


def gpa(*arguments: gdb.Value) -> gdb.Value:
    """``$_gpa(ADDRESS)``, ``$_gpa(ADDRESS, SIZE)`` or ``$_gpa(ADDRESS, VALUE)``."""
    try:
        if not 1 <= len(arguments) <= 2:
            raise TraceError("$_gpa takes a guest-physical address, and a size or a value")
        address = int(arguments[0]) & MASK64
        kind = _type(arguments[1]) if len(arguments) > 1 else _integer(8)
        if not 0 < kind.sizeof <= MAX_SIZE:
            raise TraceError(f"$_gpa reads 1 to {MAX_SIZE} bytes, and not {kind.sizeof}")
        return gdb.Value(_read(address, kind.sizeof), kind)
    except TraceError as error:
        raise complaint(error) from None


def _type(value: gdb.Value) -> gdb.Type:
    """What is to be read: an integer of a size, or what has the type of ``value``."""
    if value.type.strip_typedefs().code not in INTEGERS:
        return value.type
    if int(value) not in SIZES:
        raise TraceError(
            f"$_gpa reads integers of {', '.join(map(str, SIZES))} bytes, and not of {int(value)}; "
            "for a structure give one, as in $_gpa(0x1000, *(struct NAME *)0)"
        )
    return _integer(int(value))


def _integer(size: int) -> gdb.Type:
    return gdb.selected_inferior().architecture().integer_type(size * 8, False)


def number_of(text: str) -> int:
    """A number, or an expression of GDB's that has one's value; TraceError if it has none."""
    try:
        return int(gdb.parse_and_eval(text)) & MASK64
    except gdb.error as error:
        raise TraceError(f"{text!r} is no address: {str(error).rstrip('.')}") from None


def _read(address: int, size: int) -> bytes:
    try:
        return _memory().read(address, size)
    except Unreadable as why:
        raise TraceError(
            f"{size} bytes at guest-physical {address:#x} cannot be read: {why}"
        ) from None


def _memory() -> PhysicalMemory:
    if is_dump() or gdb.selected_thread() is None:
        snapshot = current_snapshot()
        if gdb.current_progspace().filename is None:
            return snapshot.physical
        image = current_image()
        return examine(snapshot, image, load_offset(image)).snapshot.physical
    look()
    return GuestPhysicalMemory()


def _show_bytes(address: int, data: bytes) -> None:
    for at in range(0, len(data), BYTES_A_LINE):
        row = "\t".join(f"0x{byte:02x}" for byte in data[at : at + BYTES_A_LINE])
        gdb.write(f"{address + at:#x}:\t{row}\n")


def make(_name: str, session: Session) -> Command:
    return HypercallGpa(session)
