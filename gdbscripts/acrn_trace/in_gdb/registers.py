# SPDX-License-Identifier: BSD-3-Clause
"""Reads and writes registers of the selected vCPU through GDB, as unsigned integers."""

import gdb

from acrn_trace.guest.abi import MASK64


def read_register(name: str) -> int:
    """A register of the selected thread's innermost frame, unsigned; 0 if the stub has none."""
    try:
        return int(gdb.newest_frame().read_register(name)) & MASK64
    except ValueError:
        return 0


def write_register(name: str, value: int) -> None:
    """Write one of the selected thread's; ``value`` is taken modulo 2 to the 64."""
    assign(f"${name}", value)


def assign(place: str, value: int) -> None:
    """Give ``place``, a register or part of one, a value of up to 64 bits.

    In whatever language GDB is: Ada, Pascal and Modula-2 compare by "=".
    """
    signed = value - (1 << 64) if value >> 63 & 1 else value
    done = gdb.parse_and_eval(f"{place} = {signed}")
    if done.type.strip_typedefs().code == gdb.TYPE_CODE_BOOL:
        gdb.parse_and_eval(f"{place} := {signed}")
