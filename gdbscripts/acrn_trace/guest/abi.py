# SPDX-License-Identifier: BSD-3-Clause
"""States which register is what in a hypercall, and which may change across it: abi.def's rows."""

from collections.abc import Mapping
from functools import cached_property, lru_cache

from acrn_trace.base.places import ABIS

MASK64 = (1 << 64) - 1

STATUS = 0xFFFF  # the bits of a result that is a status

UNKNOWN = "unknown"  # the ABI of a call of which nothing says one

# In GDB's order.
GENERAL_REGISTERS = (
    *("rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp"),
    *("r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"),
)

# In the order of the instruction encoding; the bits of masks (enum hypercall_register).
ENCODED_REGISTERS = (
    *("rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi"),
    *("r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rflags"),
)

# RFLAGS.RF belongs to the debugger: it is set to step over a breakpoint and cleared by the step.
# (Intel SDM volume 3, 17.3.1.1.)
RFLAGS_COMPARED = MASK64 & ~(1 << 16)
RFLAGS_IF = 1 << 9  # interrupts are on


# No dataclass here: what makes one takes as long to load as all else that shows a recording.


class Instruction:
    """One that makes a hypercall: its mnemonic and its bytes."""

    __slots__ = ("name", "code")

    def __init__(self, name: str, code: bytes) -> None:
        self.name, self.code = name, code


class Abi:
    """One hypervisor's calling convention: a row of ``abi.def``, which says what each part means.

    There is one object a row, so that sites that share it compare fast. ``lost`` are the registers
    that any call may change, ``loses_arguments`` whether those of its arguments may change too, and
    ``may_change`` all of these. ``again``: one call may be more than one execution of its
    instruction. ``is_linear``: the addresses of arguments are virtual ones.
    """

    def __init__(
        self,
        *,
        name: str,
        signature: str,
        instructions: tuple[Instruction, ...],
        number: str,
        number_mask: int,
        number_base: int,
        number_index: int,  # 0: any number may be one
        arguments: tuple[str, ...],
        result: str,
        result_type: str,
        lost: frozenset[str],
        errors: str,
        again: bool,
        is_linear: bool = False,
        loses_arguments: bool = False,
    ) -> None:
        self.name, self.signature, self.instructions = name, signature, instructions
        self.number, self.number_mask = number, number_mask
        self.number_base, self.number_index = number_base, number_index
        self.arguments, self.result, self.result_type = arguments, result, result_type
        self.lost, self.loses_arguments = lost, loses_arguments
        self.may_change = lost.union(arguments if loses_arguments else ())
        self.errors, self.again = errors, again
        self.is_linear = is_linear

    def __repr__(self) -> str:
        return f"Abi({self.name})"

    def __reduce__(self) -> tuple:
        if self.name == UNKNOWN:
            return unknown_abi, (self.arguments,)
        return abi_named, (self.name,)

    @property
    def instruction(self) -> Instruction:
        """The one that the hypervisor documents; it may take others for it."""
        return self.instructions[0]

    @property
    def mnemonic(self) -> str:
        """Its name, for people."""
        return self.instruction.name.upper()

    @cached_property
    def codes(self) -> frozenset[bytes]:
        """The bytes of each instruction."""
        return frozenset(instruction.code for instruction in self.instructions)

    @cached_property
    def length(self) -> int:
        """Bytes of any of them."""
        return len(self.instruction.code)

    def number_in(self, registers: Mapping[str, int]) -> int:
        """The number of the call that is made with ``registers``."""
        return registers[self.number] & self.number_mask

    def arguments_in(self, registers: Mapping[str, int]) -> tuple[int, ...]:
        """What its argument registers hold, also those that the call does not use."""
        return tuple([registers[name] for name in self.arguments])

    def error_in(self, result: int) -> int:
        """The number of the error that a result is, as it is signed; 0 for none."""
        if self.result_type == "status":
            return result & STATUS
        return -result if result < 0 else 0

    def has_number(self, number: int) -> bool:
        """Whether a call's number looks like this."""
        return not self.number_index or number & ~self.number_index == self.number_base

    def number_taken(self, number: int) -> int:
        """The number that the hypervisor takes ``number`` for, as it looks at the index alone."""
        return self.number_base | number & self.number_index if self.number_index else number


@lru_cache(1)
def abis() -> Mapping[str, Abi]:
    """All, by name."""
    from acrn_trace.base import deffile  # read where the first site or call is met, not at start
    from acrn_trace.guest.abi_file import abis_of

    return abis_of(deffile.read(ABIS))


def abi_named(name: str) -> Abi:
    return abis()[name]


@lru_cache(None)
def unknown_abi(registers: tuple[str, ...] = ()) -> Abi:
    """That of a call of which nothing says how it is made, but what registers its code loads.

    The number is taken to be in the first register of the encoding, where most have it, else in
    the first that is loaded. Whatever it changes may be meant.
    """
    registers = registers[:6]
    first = ENCODED_REGISTERS[0]
    return Abi(
        **{"name": UNKNOWN, "signature": "", "instructions": main_abi().instructions},
        **{"number": first if first in registers else (*registers, first)[0]},
        **{"number_mask": MASK64, "number_base": 0, "number_index": 0, "arguments": registers},
        **{"result": first, "result_type": "s64", "errors": "", "again": False},
        lost=frozenset((*GENERAL_REGISTERS, "eflags")),
    )


@lru_cache(1)
def main_abi() -> Abi:
    """That of a call of which nothing says another."""
    return next(iter(abis().values()))


@lru_cache(1)
def hypercalls() -> Mapping[bytes, str]:
    """The bytes of each instruction that makes a hypercall of some hypervisor, and its mnemonic."""
    return {one.code: one.name for abi in abis().values() for one in abi.instructions}


def hypercall_at(code: bytes | None) -> str | None:
    """The mnemonic of the hypercall instruction that ``code`` begins with."""
    known = hypercalls()
    return next((name for one, name in known.items() if code and code.startswith(one)), None)
