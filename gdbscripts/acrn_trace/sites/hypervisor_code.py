# SPDX-License-Identifier: BSD-3-Clause
"""Finds where a hypervisor's own image shows a call: its dispatcher, its handlers, their return.

What is known of each hypervisor stands in ``HYPERVISORS``; addresses and offsets come from the
image's symbols, code and debug information.
"""

import struct
from dataclasses import dataclass

from acrn_trace.base.errors import TraceError
from acrn_trace.guest.abi import ENCODED_REGISTERS, main_abi
from acrn_trace.image.image import Image
from acrn_trace.sites.decoder import Decoder
from acrn_trace.tables.dwarf import read_struct
from acrn_trace.tables.layouts import Array, Struct, Type

MAX_FUNCTION = 1 << 16  # bytes that are decoded
VERIFIED = 16  # bytes of code that tell the hypervisor from others at the address


@dataclass(frozen=True)
class Hypervisor:
    """One hypervisor's names.

    ``dispatch`` is entered for each hypercall, with a pointer to ``vcpu`` for a parameter. There
    ``registers`` leads to the guest's general registers: fields, and ``[path]`` for the element
    that another field says; ``by_name``: each is a field of its name, else the element of the
    number that the instruction encoding gives it.
    ``caller`` calls the handlers, through a table; their names begin with ``handlers``.
    """

    name: str
    dispatch: tuple[str, ...]
    vcpu: str
    registers: str
    by_name: bool
    caller: tuple[str, ...]
    handlers: str


# ACRN: arch/x86/guest/vmcall.c and
# include/arch/x86/asm/guest/vcpu.h of master; dispatch_hypercall is static and may be inlined.
HYPERVISORS = (
    Hypervisor(
        "examples/hypervisor",
        ("handle_hypercall",),
        *("vcpu", "gprs", False),
        caller=("dispatch", "acrn_model_vmcall"),
        handlers="model_",
    ),
    Hypervisor(
        "ACRN",
        ("dispatch_hypercall", "vmcall_vmexit_handler"),
        *("acrn_vcpu", "arch.contexts[arch.cur_context].run_ctx.cpu_regs", True),
        caller=("dispatch_hypercall", "vmcall_vmexit_handler"),
        handlers="hcall_",
    ),
)


@dataclass(frozen=True)
class Access:
    """A number in ``struct vcpu``: ``base`` bytes in, and ``stride`` more for each of ``index``."""

    base: int
    size: int
    stride: int = 0
    index: "Access | None" = None


@dataclass(frozen=True)
class HypervisorCode:
    """The addresses that matter, and where the registers are."""

    name: str
    dispatch: int
    handlers: dict[int, str]
    returns: tuple[int, ...]  # behind the calls of handlers
    registers: dict[str, Access]  # by name: of the number and the arguments
    code: dict[int, bytes]  # the first bytes at each address above


def hypervisor_code(image: Image) -> HypervisorCode:
    """What ``image`` shows; TraceError if it is no hypervisor that is known."""
    functions = {image.function_at(at) or "": (at, size) for at, size in image.function_bounds()}
    for known in HYPERVISORS:
        found = next((name for name in known.dispatch if name in functions), None)
        vcpu = read_struct(image.path, known.vcpu) if found else None
        if found and vcpu:
            return _code(known, functions[found][0], vcpu, functions, image)
    names = " or ".join(known.dispatch[0] for known in HYPERVISORS)
    raise TraceError(
        f"{image.path} shows no hypercall dispatcher ({names}) with debug information; give the "
        "hypervisor's own ELF64 image, not stripped"
    )


def _code(
    known: Hypervisor,
    dispatch: int,
    vcpu: Struct,
    functions: dict[str, tuple[int, int]],
    image: Image,
) -> HypervisorCode:
    pointed = _pointers(image)
    handlers = {
        at: name
        for name, (at, _) in functions.items()
        if name.startswith(known.handlers) and at in pointed
    }
    caller = next((functions[name] for name in known.caller if name in functions), (0, 0))
    returns = _behind_indirect_calls(image, *caller)
    abi = main_abi()
    registers = {
        name: access(vcpu, known.registers, _place(known, name))
        for name in (abi.number, *abi.arguments)
    }
    places = [dispatch, *handlers, *returns]
    code = {at: image.read_at_most(at, VERIFIED) for at in places}
    return HypervisorCode(known.name, dispatch, handlers, returns, registers, code)  # type: ignore


def _place(known: Hypervisor, register: str) -> str:
    return register if known.by_name else str(ENCODED_REGISTERS.index(register))


def _pointers(image: Image) -> set[int]:
    """The aligned 64-bit words of the image's data, some of which are functions' addresses."""
    words: set[int] = set()
    for _, data in image.data():
        words.update(word for (word,) in struct.iter_unpack("<Q", data[: len(data) // 8 * 8]))
    return words


def _behind_indirect_calls(image: Image, start: int, size: int) -> tuple[int, ...]:
    code = image.read_at_most(start, min(size, MAX_FUNCTION))
    return tuple(
        address + length
        for address, length, mnemonic, operands in Decoder().decode(code, start)
        if mnemonic == "call" and not operands.startswith("0x")
    )


def access(vcpu: Struct, registers: str, place: str) -> Access:
    """Where ``registers`` and then ``place``, a field or the number of an element, are."""
    path, bracket, rest = registers.partition("[")
    base, kind = _walk(vcpu, path)
    stride, index = 0, None
    if bracket:
        selector, _, rest = rest.partition("]")
        offset, selected = _walk(vcpu, selector)
        assert isinstance(kind, Array)
        stride, index, kind = kind.element.size, Access(offset, selected.size), kind.element
    offset, kind = _walk(kind, rest.removeprefix(".")) if rest else (0, kind)
    inner, leaf = _walk(kind, place)
    return Access(base + offset + inner, leaf.size, stride, index)


def _walk(kind: Type, path: str) -> tuple[int, Type]:
    """Offset in bytes and type of ``a.b``; of an array, of the element whose number it is."""
    offset = 0
    for word in path.split("."):
        if isinstance(kind, Array):
            offset, kind = offset + int(word) * kind.element.size, kind.element
            continue
        inner, kind = _field(kind, word)
        offset += inner
    return offset, kind


def _field(kind: Type, name: str) -> tuple[int, Type]:
    """Offset in bytes and type of a field, also of one within a member (a union of views)."""
    members = kind.fields if isinstance(kind, Struct) else ()
    for field in members:
        if field.name == name:
            return field.bit_offset // 8, field.type
    for field in members:
        for inner in field.type.fields if isinstance(field.type, Struct) else ():
            if inner.name == name:
                return (field.bit_offset + inner.bit_offset) // 8, inner.type
    raise TraceError(f"the hypervisor's structures have no field {name} where one was expected")
