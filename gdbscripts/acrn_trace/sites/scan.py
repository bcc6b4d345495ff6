# SPDX-License-Identifier: BSD-3-Clause
"""Finds the hypercall sites of an image, and other instructions, in its code (docs/sites.md).

A search for the bytes comes first. What it finds is certain where control flow reaches it as an
instruction from a place where one is known to begin; it is none inside another instruction that is
reached; the rest is possible, unless the code before it says otherwise. What stands behind a REX
prefix, which no compiler makes, may be 32-bit code, where the prefix is an instruction.
"""

import gc
import re
from dataclasses import dataclass
from typing import Callable, Iterator

from acrn_trace.base.errors import TraceError
from acrn_trace.guest.abi import (
    ENCODED_REGISTERS,
    MASK64,
    Abi,
    abis,
    hypercall_at,
    hypercalls,
    main_abi,
)
from acrn_trace.guest.site import Site
from acrn_trace.image.image import Code, Image
from acrn_trace.sites.bounds import bounds_of
from acrn_trace.sites.call_targets import CallTargets
from acrn_trace.sites.judge import FunctionJudge
from acrn_trace.sites.spans import Span

MAX_MATCHES = 1 << 20
MAX_BYTES = 15  # of an instruction
REX = frozenset(bytes([byte]) for byte in range(0x40, 0x50))  # in 32-bit code INC and DEC

# The number of the call at an address of some code, None where it cannot be told.
NumberAt = Callable[[Code, int], int | None]


def number_before(code: Code, address: int, register: str | None = None) -> int | None:
    """The number that the instruction right before ``address`` loads for the call, into the
    register of the main ABI's if no other is given."""
    offset = address - code.address
    before = code.data[max(offset - 10, 0) : offset]
    upper, encoded = divmod(ENCODED_REGISTERS.index(register or main_abi().number), 8)
    mov = bytes([0xB8 + encoded])
    if before.endswith(bytes([0x41]) * upper + mov, 0, -4):  # mov $imm32, %r8d
        return int.from_bytes(before[-4:], "little")
    if before.endswith(bytes([0x48 + upper, 0xC7, 0xC0 + encoded]), 0, -4):  # extends the sign
        return int.from_bytes(before[-4:], "little", signed=True) & MASK64
    if before.endswith(bytes([0x48 + upper]) + mov, 0, -8):  # movabs $imm64, %r8
        return int.from_bytes(before[-8:], "little")
    return None


@dataclass(frozen=True)
class Found:
    """An instruction in ``part``, certain or possible, of code of ``bits``."""

    part: Code
    address: int
    certain: bool
    bits: int = 64


def scanned_sites(image: Image, number_at: NumberAt = number_before) -> list[Site]:
    """The certain and the possible sites of ``image``, by address."""
    pattern = re.compile(b"|".join(map(re.escape, hypercalls())))
    found = _found(_Scanner(image, pattern, main_abi().mnemonic))
    return sorted((_site(image, one, number_at) for one in found), key=lambda site: site.address)


def scanned_instructions(image: Image, code: bytes, name: str) -> dict[int, bool]:
    """Where the instruction of these bytes is in ``image``, certainly (True) or possibly."""
    found = _found(_Scanner(image, re.compile(re.escape(code)), name))
    return {one.address: one.certain for one in found if one.certain or one.bits == 64}


def _found(scanner: "_Scanner") -> list[Found]:
    was_enabled = gc.isenabled()
    gc.disable()  # millions of tuples, no cycles: a third of the time
    try:
        return list(scanner.judged())
    finally:
        if was_enabled:
            gc.enable()


def _site(image: Image, found: Found, number_at: NumberAt) -> Site:
    part, address = found.part, found.address
    offset = address - part.address
    instruction = hypercall_at(part.data[offset : offset + MAX_BYTES])
    abi = _only_abi(instruction)
    if abi:
        number = number_before(part, address, abi.number)
    else:
        number = number_at(part, address) if found.bits == 64 else None
    return Site(
        address,
        number,
        function=image.function_at(address),
        certain=found.certain,
        source="scan",
        instruction=instruction,
        named=image.place(address),
        abi=abi or main_abi(),
        abi_by="code" if abi else None,
        bits=found.bits,
    )


def _only_abi(instruction: str | None) -> Abi | None:
    """The ABI of which calls are made with that instruction alone, if that is not the main one."""
    rows = [one for one in abis().values() if any(i.name == instruction for i in one.instructions)]
    return rows[0] if len(rows) == 1 and rows[0] is not main_abi() else None


class _Scanner:
    """Searches the code for ``pattern``, the bytes of an instruction that is called ``name``."""

    def __init__(self, image: Image, pattern: re.Pattern[bytes], name: str) -> None:
        self._image = image
        self._pattern, self._name = pattern, name
        self._parts = image.code()
        self._bounds = bounds_of(image)
        self._calls: CallTargets | None = None
        self._found = 0

    def judged(self) -> Iterator[Found]:
        """Each place that may be the instruction."""
        for part in self._parts:
            matches = [part.address + m.start() for m in self._pattern.finditer(part.data)]
            self._found += len(matches)
            if self._found > MAX_MATCHES:
                raise TraceError(
                    f"{self._image.path}: more than {MAX_MATCHES} {self._name}s in its code"
                )
            if matches:
                yield from self._judged(part, matches)

    def _judged(self, part: Code, matches: list[int]) -> Iterator[Found]:
        code32 = self._bounds.code32
        in32 = [address for address in matches if code32.begins_at(address)]
        yield from (Found(part, address, True, 32) for address in in32)
        others = [a for a in matches if not code32.begins_at(a) and not code32.is_inside(a)]
        behind_rex = [
            a for a in others if part.data[a - part.address - 1 : a - part.address] in REX
        ]
        verdicts = self._verdicts(part, sorted({*others, *(a - 1 for a in behind_rex)}))
        for address in others:
            if address in verdicts:
                yield Found(part, address, verdicts[address])
            elif address - 1 in verdicts and address in behind_rex:
                yield Found(part, address, False, 32)

    def _verdicts(self, part: Code, matches: list[int]) -> dict[int, bool]:
        """Whether each of ``matches`` is certain; those that are no instructions are left out."""
        judge = FunctionJudge(self._image, self._bounds, part)
        verdicts: dict[int, bool] = {}
        described: dict[tuple[int, int], tuple[Span, list[int]]] = {}
        called: dict[tuple[int, int], tuple[Span, list[int]]] = {}
        for address in matches:
            if self._bounds.is_data(address) or self._bounds.is_copied(address):
                continue
            span = self._bounds.around(address)
            groups = described if span else called
            span = span or self._called(address) or Span(address, address)
            span = Span(max(span.start, part.address), min(span.end, part.end), span.anchors)
            groups.setdefault((span.start, span.end), (span, []))[1].append(address)
        for span, addresses in described.values():
            verdicts |= judge.described(span, addresses)
        for span, addresses in called.values():
            verdicts |= judge.called(span, addresses)
        return verdicts

    def _called(self, address: int) -> Span | None:
        if self._calls is None:
            self._calls = CallTargets(self._parts, self._image)
        return self._calls.around(address)
