# SPDX-License-Identifier: BSD-3-Clause
"""Tells by Capstone what one instruction does to the general registers, remembered by its bytes."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from acrn_trace.guest.abi import GENERAL_REGISTERS, MASK64
from acrn_trace.sites.disassembler import load_capstone

capstone = load_capstone()
x86 = capstone.x86

LETTERS = ("a", "b", "c", "d")
INDEXES = ("si", "di", "bp", "sp")


def _names() -> dict[str, tuple[str, int]]:
    """Every name of a general register to its 64-bit register and its bits."""
    names = {}
    for letter in LETTERS:
        full = f"r{letter}x"
        names |= {full: (full, 64), f"e{letter}x": (full, 32), f"{letter}x": (full, 16)}
        names |= {f"{letter}l": (full, 8), f"{letter}h": (full, 8)}
    for index in INDEXES:
        full = f"r{index}"
        names |= {
            full: (full, 64),
            f"e{index}": (full, 32),
            index: (full, 16),
            index + "l": (full, 8),
        }
    for number in range(8, 16):
        full = f"r{number}"
        names |= {full: (full, 64), full + "d": (full, 32), full + "w": (full, 16)}
        names[full + "b"] = (full, 8)
    return names


NAMES = _names()
FULL = set(GENERAL_REGISTERS)
NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Slot:
    """A place in memory, relative to one register. ``size`` is in bytes."""

    base: str
    offset: int
    size: int


@dataclass(frozen=True)
class Constant:
    """``number`` as the register has it."""

    number: int


@dataclass(frozen=True)
class Copy:
    """The low ``bits`` of ``register``, zero- or sign-extended."""

    register: str
    bits: int
    signed: bool = False


@dataclass(frozen=True)
class Sum:
    """A register with a number put to it by ``operator``, cut to ``bits``."""

    register: str
    operator: str
    number: int
    bits: int


@dataclass(frozen=True)
class Load:
    slot: Slot
    signed: bool = False


@dataclass(frozen=True)
class Address:
    """The address of a place in memory."""

    slot: Slot


@dataclass(frozen=True)
class Moved:
    """``register`` plus ``other``, or minus it; memory if that is None."""

    register: str
    other: str | None
    minus: bool = False


Formula = Constant | Copy | Sum | Load | Address | Moved


@dataclass(frozen=True)
class Instruction:
    """``formula`` is what ``target`` gets, where that can be said; ``maybe``: or it stays.

    ``stored`` goes to ``place``. ``bases`` are the registers that memory is addressed by,
    ``scaled`` those of them that count elements; ``memory`` is the place that an operand names;
    ``pops``: RSP goes up by 8; ``part``: how many bits ``target`` gets, if the others stay.
    """

    text: str
    reads: frozenset[str]
    writes: frozenset[str]
    bases: frozenset[str]
    target: str | None = None
    formula: Formula | None = None
    maybe: bool = False
    place: Slot | None = None
    stored: Formula | None = None
    stores: bool = False
    pops: bool = False
    scaled: frozenset[str] = NOTHING
    memory: Slot | None = None
    part: int = 0

    @property
    def pushes(self) -> bool:
        return self.stores and self.target == "rsp"


# As Capstone's Python library has them: CsInsn and X86Op.
Decoded, Operand = Any, Any

_CAPSTONE = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
_CAPSTONE.detail = True
_PLAIN = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
_UNREADABLE = Instruction("(bad)", NOTHING, NOTHING, NOTHING)
_SIGNED = {"movsx", "movsxd"}
_ZEROING = {"xor", "sub"}
_SUMS = {"add", "sub", "and", "or", "xor", "shl", "shr"}
_STACK = {"push": ("rsp", "sub"), "pop": ("rsp", "add"), "leave": ("rbp", "add")}


@lru_cache(maxsize=1 << 18)
def decode(code: bytes) -> Instruction:
    """The instruction whose bytes are ``code``; addresses are relative to its own."""
    found = next(_CAPSTONE.disasm(code, 0, 1), None)
    if found is None or found.size != len(code):
        return _UNREADABLE
    reads, writes, bases = _registers(found)
    more: dict = _effect(found)
    text = f"{found.mnemonic} {found.op_str}".strip()
    if more.pop("reads_nothing", False):
        reads = NOTHING
    return Instruction(text, reads, writes, bases, **_named_memory(found), **more)


def _named_memory(found: Decoded) -> dict:
    """What addresses memory, with the index registers of tables and arrays."""
    operand = next((o for o in found.operands if o.type == x86.X86_OP_MEM), None)
    if operand is None:
        return {}
    index = operand.mem.index if operand.mem.scale > 1 else 0
    scaled = frozenset({_full(index)}) if index else NOTHING
    return {"scaled": scaled, "memory": _slot(found, operand)}


# These have nothing to do with registers that their operands do not name; of those they name
# they write the first at most, or, the last line, none.
_WRITES_FIRST = frozenset(
    "mov movabs movzx movsx movsxd lea add sub and or xor inc dec shl shr sar rol ror not neg bts "
    "btr btc bswap adc sbb movaps movups movdqa movdqu pxor".split()
)
_WRITES_NONE = frozenset("cmp test bt nop endbr64".split())
_NAME = re.compile(r"[a-z]\w+")


class Names(NamedTuple):
    """The registers that an instruction has to do with, and which of them it writes."""

    all: frozenset[str]
    written: str | None


@lru_cache(maxsize=1 << 17)
def names_in(code: bytes) -> Names | None:
    """Sooner known than all that ``decode`` tells, which is to be asked if this is None."""
    _, _, mnemonic, operands = next(_PLAIN.disasm_lite(code, 0, 1), (0, 0, "", ""))
    if mnemonic not in _WRITES_FIRST and mnemonic not in _WRITES_NONE:
        return None
    names = frozenset(NAMES[name][0] for name in _NAME.findall(operands) if name in NAMES)
    first = NAMES.get(operands.partition(",")[0]) if mnemonic in _WRITES_FIRST else None
    return Names(names, first[0] if first else None)


@lru_cache(maxsize=1 << 12)
def is_fill(code: bytes) -> bool:
    """Whether assemblers put it before a label to align it: a NOP of whatever length."""
    _, _, mnemonic, operands = next(_PLAIN.disasm_lite(code, 0, 1), (0, 0, "", ""))
    return mnemonic.endswith("nop") or (mnemonic, operands) == ("xchg", "ax, ax")


@lru_cache(maxsize=512)
def _name(register: int) -> str:
    return _CAPSTONE.reg_name(register) if register else ""


@lru_cache(maxsize=512)
def _full(register: int) -> str:
    name = _name(register)
    return NAMES[name][0] if name in NAMES else name


def _registers(found: Decoded) -> tuple[frozenset[str], ...]:
    """Those read, written, and used as addresses."""
    reads = {_full(register) for register in found.regs_read}
    writes = {_full(register) for register in found.regs_write}
    bases = set()
    for place, operand in enumerate(found.operands):
        if operand.type == x86.X86_OP_MEM:
            bases |= {_full(r) for r in (operand.mem.base, operand.mem.index) if r}
        elif operand.type == x86.X86_OP_REG:
            access = operand.access or capstone.CS_AC_READ | (place == 0) * capstone.CS_AC_WRITE
            name = _full(operand.reg)
            reads |= {name} if access & capstone.CS_AC_READ else set()
            writes |= {name} if access & capstone.CS_AC_WRITE else set()
    if found.mnemonic != "lea" and "nop" not in found.mnemonic:
        reads |= bases
        return frozenset(reads & FULL), frozenset(writes & FULL), frozenset(bases & FULL)
    reads |= bases if found.mnemonic == "lea" else set()
    return frozenset(reads & FULL), frozenset(writes & FULL), NOTHING


def _effect(found: Decoded) -> dict:
    """What the instruction's first operand gets, where that is simple."""
    operands = found.operands
    if found.mnemonic == "cdqe":
        return {"target": "rax", "formula": Copy("rax", 32, True)}
    if found.group(capstone.CS_GRP_JUMP) or found.group(capstone.CS_GRP_CALL):
        return {}
    if found.mnemonic in _STACK:
        return _stack(found)
    if not operands:
        return {}
    first = operands[0]
    if first.type == x86.X86_OP_MEM:
        return _store(found, first)
    if first.type != x86.X86_OP_REG or _name(first.reg) not in NAMES:
        return {}
    target, bits = NAMES[_name(first.reg)]
    return {"target": target} | _assignment(found, target, bits)


def _stack(found: Decoded) -> dict:
    source, operator = _STACK[found.mnemonic]
    effect: dict = {"target": "rsp", "formula": Sum(source, operator, 8, 64)}
    register = found.operands[0] if found.operands else None
    if register is None or register.type != x86.X86_OP_REG or register.size != 8:
        return effect
    if found.mnemonic == "pop":
        target = _name(register.reg)
        return {"target": target, "formula": Load(Slot("rsp", 0, 8)), "pops": True}
    stored = _source(found, register, 64, False)
    return effect | {"place": Slot("rsp", -8, 8), "stored": stored, "stores": True}


def _store(found: Decoded, first: Operand) -> dict:
    if not first.access & capstone.CS_AC_WRITE and not found.mnemonic.startswith(("mov", "rep")):
        return {}
    effect: dict = {"stores": True, "place": _slot(found, first)}
    if found.mnemonic == "mov" and effect["place"]:
        effect["stored"] = _source(found, found.operands[1], first.size * 8, False)
    return effect


def _slot(found: Decoded, operand: Operand) -> Slot | None:
    memory = operand.mem
    if memory.segment or memory.index or not memory.base:
        return None
    return Slot(_full(memory.base), memory.disp, operand.size)


def _assignment(found: Decoded, target: str, bits: int) -> dict:
    operands, mnemonic = found.operands, found.mnemonic
    if bits < 32:
        return {
            "maybe": True,
            "part": bits,
        }  # the other bits stay: what the whole then is, is not looked at
    if mnemonic in _ZEROING and len(operands) == 2 and operands[0].reg == operands[1].reg:
        if operands[1].type == x86.X86_OP_REG:
            return {"formula": Constant(0), "reads_nothing": True}
    if mnemonic in ("mov", "movabs", "movzx", *_SIGNED):
        return {"formula": _source(found, operands[1], bits, mnemonic in _SIGNED)}
    if mnemonic.startswith("cmov"):
        return {"formula": _source(found, operands[1], bits, False), "maybe": True}
    if mnemonic == "lea":
        return {"formula": _address(found, operands[1]) if bits == 64 else None}
    return {"formula": _sum(found, target, bits) or _moved(found, target, bits)}


def _sum(found: Decoded, target: str, bits: int) -> Sum | None:
    operands, mnemonic = found.operands, found.mnemonic
    if mnemonic in ("inc", "dec"):
        return Sum(target, "add" if mnemonic == "inc" else "sub", 1, bits)
    if len(operands) != 2:
        return None
    if mnemonic in _SUMS and operands[1].type == x86.X86_OP_IMM:
        return Sum(target, mnemonic, operands[1].imm & MASK64, bits)
    if mnemonic == "add" and operands[1].type == x86.X86_OP_REG:
        return Sum(target, "shl", 1, bits) if operands[0].reg == operands[1].reg else None
    if mnemonic == "bts" and operands[1].type == x86.X86_OP_IMM:
        return Sum(target, "or", 1 << (operands[1].imm & 63), bits)
    return None


def _address(found: Decoded, operand: Operand) -> Formula | None:
    """What LEA makes: a place's address, or the sum of two registers."""
    slot, memory = _slot(found, operand), operand.mem
    if slot:
        return Address(slot)
    if memory.segment or memory.scale != 1 or memory.disp or not memory.base:
        return None
    return Moved(_full(memory.base), _full(memory.index))


def _moved(found: Decoded, target: str, bits: int) -> Moved | None:
    if found.mnemonic not in ("add", "sub") or bits != 64:
        return None
    other = found.operands[1]
    register = _full(other.reg) if other.type == x86.X86_OP_REG else None
    return Moved(target, register, found.mnemonic == "sub")


def _source(found: Decoded, operand: Operand, bits: int, signed: bool) -> Formula | None:
    """The value of ``operand``, put in a place of ``bits``."""
    if operand.type == x86.X86_OP_IMM:
        number = operand.imm & (1 << bits) - 1
        return Constant(number)
    if operand.type == x86.X86_OP_REG and _name(operand.reg) in NAMES:
        name = _name(operand.reg)
        if name in ("ah", "bh", "ch", "dh"):
            return None
        return Copy(NAMES[name][0], min(NAMES[name][1], bits), signed)
    if operand.type == x86.X86_OP_MEM:
        slot = _slot(found, operand)
        return Load(slot, signed) if slot else None
    return None
