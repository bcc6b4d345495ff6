# SPDX-License-Identifier: BSD-3-Clause
"""Defines what reading guest-physical memory is, wherever it is read from."""

from typing import Protocol


class Unreadable(Exception):
    """Why memory could not be read, as the end of a sentence: "no RAM there"."""


# Reasons that are the guest's: the hypervisor finds no memory there either. All others are ours.
NOTHING_THERE = "no memory there"
ENDS_AT = "memory ends at"


def is_absent(reason: str) -> bool:
    """Whether memory that is unreadable for ``reason`` is none to the hypervisor as well."""
    return reason.startswith((NOTHING_THERE, ENDS_AT))


class PhysicalMemory(Protocol):
    """A source of guest-physical memory. Addresses are the guest's and may be anything."""

    def read(self, address: int, size: int) -> bytes:
        """``size`` bytes, or Unreadable."""


class NoMemory:
    """For events whose memory is gone, as in a trace file."""

    def read(self, address: int, size: int) -> bytes:
        raise Unreadable("its memory is not at hand")
