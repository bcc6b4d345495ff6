# SPDX-License-Identifier: BSD-3-Clause
"""Writes to QEMU's plugin at which calls it is to stop the guest, and reads where that stands.

cstub/include/hypercall_stops.h says what is in the file, which the plugin makes.
"""

import contextlib
import mmap
import os
import struct
from typing import Iterator, NamedTuple, Sequence

from acrn_trace.base.errors import TraceError
from acrn_trace.guest.abi import ENCODED_REGISTERS

STOPS_ADDRESS = 0x4143524E53544F50
MAX_RULES, MAX_CONDITIONS = 64, 8
VCPU, NUMBER, RESULT, FIRST_ARGUMENT = range(4)  # enum stop_what
HOW = ("==", "!=", "<", "<=", ">", ">=")  # enum stop_how

_MAGIC, _VERSION, _VCPUS = 0x53504F54534C4348, 1, 64
_HEAD = struct.Struct("<QIIIIQ")
_RULE = struct.Struct("<III4xQQ")
_CONDITION = struct.Struct("<IIQ")
_TAKEN = struct.Struct(f"<6Q{len(ENCODED_REGISTERS)}Q")
_DEBUGGER_AT, _RULES_AT, _MISSED_AT = 12, 20, 24
_RULE_SIZE = _RULE.size + MAX_CONDITIONS * _CONDITION.size
_TAKEN_AT = _HEAD.size + MAX_RULES * _RULE_SIZE
_SIZE = _TAKEN_AT + _VCPUS * _TAKEN.size


class StopCondition(NamedTuple):
    """``what`` is one of VCPU, NUMBER, RESULT, or FIRST_ARGUMENT and on; ``how`` is of HOW."""

    what: int
    how: str
    value: int


class StopRule(NamedTuple):
    """The calls of a row of abi.def, by its index, with a number from ``first`` to ``last``."""

    abi: int
    at_return: bool
    first: int
    last: int
    conditions: tuple[StopCondition, ...] = ()


class Taken(NamedTuple):
    """Where a vCPU has stopped: ``place`` is the call's ``site`` or, if it ``is_back``, behind it.
    ``flags`` are to be set in RFLAGS, ``before`` are the registers at the call, without RFLAGS."""

    place: int
    is_back: bool
    flags: int
    site: int
    before: dict[str, int]


class PluginStops:
    """The file, whose plugin runs."""

    def __init__(self, path: str) -> None:
        """TraceError for a file that is none."""
        self.path = path
        try:
            with open(path, "r+b") as file:
                self._memory = mmap.mmap(file.fileno(), _SIZE)
        except (OSError, ValueError) as error:
            raise TraceError(
                f"{path} is no file of the plugin's: {error}; QEMU makes it, started with "
                "-plugin …/acrn-plugin.so,stops=FILE"
            ) from error
        magic, version, _, self.vcpus, _, _ = _HEAD.unpack_from(self._memory)
        if (magic, version) != (_MAGIC, _VERSION) or self.vcpus > _VCPUS:
            raise TraceError(
                f"{path} is no file of this version's plugin; QEMU makes one, started with "
                "-plugin …/acrn-plugin.so,stops=FILE"
            )

    def set_rules(self, rules: Sequence[StopRule]) -> None:
        """While the guest stands. At most MAX_RULES, each of at most MAX_CONDITIONS."""
        for index, rule in enumerate(rules):
            at = _HEAD.size + index * _RULE_SIZE
            head = rule.abi, rule.at_return, len(rule.conditions), rule.first, rule.last
            _RULE.pack_into(self._memory, at, *head)
            for place, (what, how, value) in enumerate(rule.conditions):
                to = at + _RULE.size + place * _CONDITION.size
                words = what, HOW.index(how), value % (1 << 64)
                _CONDITION.pack_into(self._memory, to, *words)
        self._put(_DEBUGGER_AT, os.getpid() if rules else 0)
        self._put(_RULES_AT, len(rules))

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """No call is stopped meanwhile."""
        debugger = struct.unpack_from("<I", self._memory, _DEBUGGER_AT)[0]
        self._put(_DEBUGGER_AT, 0)
        try:
            yield
        finally:
            self._put(_DEBUGGER_AT, debugger)

    def taken(self, vcpu: int) -> Taken | None:
        """Where that vCPU came from, if the plugin has it."""
        if vcpu >= self.vcpus:
            return None
        words = _TAKEN.unpack_from(self._memory, _TAKEN_AT + vcpu * _TAKEN.size)
        place, _, is_back, flags, site, cr3 = words[:6]
        before = dict(zip(ENCODED_REGISTERS[:-1], words[6:]))
        return Taken(place, bool(is_back), flags, site, {**before, "rip": site, "cr3": cr3})

    def take_again(self, vcpu: int) -> None:
        """That vCPU is sent back, and is to stop there again."""
        struct.pack_into("<Q", self._memory, _TAKEN_AT + vcpu * _TAKEN.size, 0)

    @property
    def missed(self) -> int:
        """Calls that a rule asks for, and at which the guest could not be stopped."""
        return struct.unpack_from("<Q", self._memory, _MISSED_AT)[0]

    def _put(self, at: int, value: int) -> None:
        struct.pack_into("<I", self._memory, at, value)
