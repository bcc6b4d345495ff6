# SPDX-License-Identifier: BSD-3-Clause
"""Shows in GDB's disassembly what each VMCALL calls: ``vmcall  # create_vm(rdi)``. From GDB 13."""

import gdb

from acrn_trace.base.errors import TraceError
from acrn_trace.guest.abi import MASK64, hypercalls

try:
    from gdb.disassembler import (
        Disassembler,
        DisassemblerResult,
        builtin_disassemble,
        register_disassembler,
    )
except ImportError:
    Disassembler = object  # GDB 12

ARCHITECTURE = "i386:x86-64"


class CallNames(Disassembler):
    """GDB's own disassembler, and behind it the name of the call."""

    def __init__(self) -> None:
        super().__init__("acrn-trace")

    def __call__(self, info):
        result = builtin_disassemble(info)
        if not result.string.strip().endswith(tuple(hypercalls().values())):
            return result
        comment = self._comment(info.address & MASK64)
        return DisassemblerResult(result.length, result.string + comment) if comment else result

    @staticmethod
    def _comment(address: int) -> str:
        # What reads images and tables is loaded with the first VMCALL, not with the script.
        from acrn_trace.in_gdb.image import current_site_at
        from acrn_trace.in_gdb.session import current_session
        from acrn_trace.sites.listing import call_comment

        try:
            site = current_site_at(address)
        except (TraceError, OSError):
            return ""
        return call_comment(site, current_session().knowledge.table) if site else ""


def register() -> None:
    """Show the names in x/i, disassemble and the TUI, if this GDB can."""
    if Disassembler is not object and hasattr(gdb, "disassembler"):
        register_disassembler(CallNames(), ARCHITECTURE)
