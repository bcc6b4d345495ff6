# SPDX-License-Identifier: BSD-3-Clause
"""Makes the memory that QEMU's plugin shares, and follows its calls into a trace file.

cstub/include/hypercall_shared.h says what is in it; the calls are taken out in C.
"""

import os
import struct
import weakref
from typing import Iterable, NamedTuple

from acrn_trace.base.errors import TargetError, TraceError
from acrn_trace.bindings.library import End, library
from acrn_trace.guest.abi import abis, main_abi
from acrn_trace.guest.site import Site

NO_CLOBBERS, DROPS = 1, 2  # enum shared_flags
SLOT_BYTES, RING_BYTES = 1 << 16, 1 << 22
MAX_VCPUS = 64
BROKEN = -1

_MAGIC, _VERSION, _SLOTS, _LINE = 0x4D454D4C4C414348, 4, 64, 64
_HEAD = struct.Struct("<Q10I6Q32x")
_REFUSED, _LEFT = 13, 16  # of its numbers
_SITE = struct.Struct("<QI4x")
_SLOT_HEAD = 24 + 17 * 8
_WRITER = 128


class Answers(NamedTuple):
    """What the plugin does to calls, in bytes: ``rules`` (struct rules_head and what is behind it),
    the ACRN that it plays (struct shared_play), and the trace that it replays (struct replay_head
    and what is behind that)."""

    rules: bytes = b""
    play: bytes = b""
    replay: bytes = b""


def make(
    path: str,
    vcpus: int,
    sites: Iterable[Site],
    answers: Answers = Answers(),
    flags: int = 0,
    table: bytes = b"",
) -> None:
    """The file that the plugin is given; OSError where there is no room for it.

    By ``table`` (tables.built) what arguments lead to is read; without it nothing is.
    """
    rows = {name: number for number, name in enumerate(abis())}
    others = sorted((site.address, rows[site.abi.name]) for site in sites if _is_other(site))
    counts = len(others), len(answers.rules), len(answers.play)
    head = (
        _MAGIC,
        _VERSION,
        flags,
        vcpus,
        SLOT_BYTES,
        RING_BYTES,
        0,
        *counts,
        0,
        0,
        0,
        0,
        len(table),
        len(answers.replay),
        0,
    )
    told = _HEAD.pack(*head) + b"".join(_SITE.pack(*other) for other in others)
    told = told.ljust(_aligned(len(told)), b"\0") + answers.rules
    told = told.ljust(_aligned(len(told)), b"\0") + answers.play
    told = told.ljust(_aligned(len(told)), b"\0") + table
    told = told.ljust(_aligned(len(told)), b"\0") + answers.replay
    slots = _SLOTS * _aligned(_SLOT_HEAD + SLOT_BYTES)
    with open(path, "xb") as file:
        file.write(told)
        size = _aligned(len(told)) + vcpus * (_WRITER + slots + RING_BYTES)
        os.posix_fallocate(file.fileno(), 0, size)


def _is_other(site: Site) -> bool:
    return site.abi is not main_abi() and site.abi.name in abis()


def _aligned(size: int) -> int:
    return -(-size // _LINE) * _LINE


class PluginCalls:
    """Appends the calls of a guest to an open trace file, of which it is given the descriptor."""

    def __init__(self, path: str, file: int, entries: bool = False) -> None:
        """With ``entries`` a call that hangs is in the file before it is over."""
        self._code = library()
        self._handle = self._code.shared_calls_new(os.fsencode(path), file, entries)
        if not self._handle:
            raise TraceError(f"the memory that QEMU's plugin shares, {path}, cannot be used")
        weakref.finalize(self, self._code.shared_calls_free, self._handle)
        self._head = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self._head)

    def read(self) -> None:
        """All that is new; OSError where the trace file cannot be written."""
        self._check(self._code.shared_calls_pass(self._handle))

    @property
    def made(self) -> int:
        """Calls up to now, those that are in flight among them."""
        return self._code.shared_calls_made(self._handle)

    @property
    def refused(self) -> int:
        """Calls that were to be answered and reached the processor, up to now."""
        return _HEAD.unpack(os.pread(self._head, _HEAD.size, 0))[_REFUSED]

    @property
    def in_flight(self) -> int:
        """Calls that had not returned when it was read last, or at the end."""
        return self._code.shared_calls_in_flight(self._handle)

    @property
    def play(self) -> bytes:
        """struct shared_play, with what the plugin noted there."""
        head = _HEAD.unpack(os.pread(self._head, _HEAD.size, 0))
        sites, rules, size = head[7:10]
        at = _aligned(_aligned(_HEAD.size + sites * _SITE.size) + rules)
        return os.pread(self._head, size, at)

    @property
    def left(self) -> int:
        """Calls of the trace that is replayed that were not made, up to now."""
        return _HEAD.unpack(os.pread(self._head, _HEAD.size, 0))[_LEFT]

    def end(self) -> tuple[int, int]:
        """QEMU is gone. How many calls the file has, and how many were lost."""
        end = End()
        self._check(self._code.shared_calls_end(self._handle, end))
        return end.records, end.lost

    def _check(self, error: int) -> None:
        if error == BROKEN:
            raise TargetError("what QEMU's plugin shares cannot be right, and was read no further")
        if error:
            raise OSError(error, os.strerror(error))
