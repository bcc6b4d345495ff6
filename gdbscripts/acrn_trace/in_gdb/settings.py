# SPDX-License-Identifier: BSD-3-Clause
"""Reads what the user has set by ``set hypercall …`` (commands/parameters.py defines that)."""

import gdb

OFFSET = "hypercall offset"
POSSIBLE_SITES = "hypercall possible-sites"
CLOBBER = "hypercall clobber"
HYPERVISOR_SYMBOLS = "hypercall hypervisor-symbols"
PLUGIN = "hypercall plugin"


def compares_registers() -> bool:
    return gdb.parameter(CLOBBER) != "off"


def stops_at_clobbers() -> bool:
    return gdb.parameter(CLOBBER) == "stop"
