# SPDX-License-Identifier: BSD-3-Clause
"""Finds the arguments that ACRN takes for something else than the caller gave: bits that it does
not read, and a bool that is neither 0 nor 1.

Which bits a caller may leave in a register is a question of his compiler's ABI, since ACRN reads no
more than it needs. By the x86-64 psABI (3.2.3) bits 63 to 32 are undefined where a parameter of up
to 32 bits is passed, and gcc and clang leave there what was there: these are no finding. A
parameter of 8 or 16 bits they do extend to 32: what stands in bits 31 and below was given.
"""

from typing import Iterator, Mapping, Sequence

from acrn_trace.guest.abi import Abi
from acrn_trace.tables.calls import Argument, Entry
from acrn_trace.trace.event import Finding
from acrn_trace.trace.field_changes import parts
from acrn_trace.trace.structures import NoTruth, Pointed, Tree

EXTENDED_BITS = 32  # to which compilers extend what is narrower
MAX_TOLD = 8  # fields of one argument


def misread_arguments(
    entry: Entry, abi: Abi, args: Sequence[int], given: Mapping[str, Tree]
) -> Iterator[Finding]:
    """One finding each; ``given`` has the structures as they were when the call was made."""
    hypervisor = abi.name.upper()
    for argument, register, value in zip(entry.arguments, abi.arguments, args):
        if argument.kind in ("VALUE", "VMID") and _unread(argument, value):
            taken = f"{argument.name}={value & (1 << argument.bits) - 1}"
            yield Finding(
                "argument",
                f"{entry.name} reads {argument.bits} bits of {register.upper()}, {value:#x} has "
                f"more: {taken} is what {hypervisor} takes",
            )
        elif argument.kind == "PTR" and argument.direction == "in":
            odd = list(_no_truths(given.get(argument.name), argument.name))
            for path, number in odd[:MAX_TOLD]:
                text = (
                    f"{entry.name} has {number} in {path}, which is a bool to {hypervisor}: 0 or 1"
                )
                yield Finding("argument", text)


def _unread(argument: Argument, value: int) -> int:
    """The bits of ``value`` that were given and that ACRN does not look at."""
    return (value & (1 << EXTENDED_BITS) - 1) >> argument.bits


def _no_truths(tree: Tree, path: str) -> Iterator[tuple[str, int]]:
    """Each bool that is none in what the caller wrote, and where it is."""
    if isinstance(tree, NoTruth):
        yield path, int(tree)
    elif not isinstance(tree, Pointed) or tree.direction == "in":
        for place, part in parts(tree, path):
            yield from _no_truths(part, place)
