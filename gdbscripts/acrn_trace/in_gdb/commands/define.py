# SPDX-License-Identifier: BSD-3-Clause
"""``hypercall define``: a new call is one line of a call table, typed at the prompt."""

import gdb

from acrn_trace.base.errors import TraceError
from acrn_trace.base.text import printable
from acrn_trace.in_gdb.command import Command, matching
from acrn_trace.in_gdb.types import guest_types
from acrn_trace.tables.calls import KINDS


class HypercallDefine(Command):
    """Define a call: hypercall define 'LINE OF A .def'

    LINE is HYPERCALLn(NUMBER, NAME, ARGUMENT...), as in a call table (docs/call-table.md):

      hypercall define 'HYPERCALL2(0x800000a0, get_load, VMID(vmid), PTR(out, vm_load, load))'

    From then on it is decoded, filtered, mocked and called like one of ACRN's. A structure that
    ACRN does not have is looked up in the image's debug information. A call of the same number or
    name is replaced. 'hypercall load FILE' takes a file of such lines, and so does C."""

    def __init__(self, session) -> None:
        super().__init__("hypercall define", gdb.COMMAND_SUPPORT, self._define)
        self._session = session

    def complete(self, text: str, word: str | None) -> list[str]:
        words = ["'HYPERCALL0(", "'HYPERCALL1(", "'HYPERCALL2(", *(f"{kind}(" for kind in KINDS)]
        return matching(words, word)

    def _define(self, words: list[str]) -> None:
        if not words:
            raise TraceError("hypercall define takes one line of a call table, in quotes")
        knowledge = self._session.knowledge
        entry, replaced = knowledge.define(" ".join(words))
        for old in replaced:
            gdb.write(printable(f"{entry.name} replaces {old}") + "\n")
        types = knowledge.types
        if types.guest_types is None:  # a trace would bring its own
            types.guest_types = guest_types(types.own_fields, lambda text: None)
        for name in knowledge.unknown_types(entry):
            text = f"{entry.name}: neither ACRN nor the image that GDB has loaded has a type {name}"
            gdb.write(printable(text) + "\n")


def register(session) -> None:
    HypercallDefine(session)
