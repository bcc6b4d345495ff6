# SPDX-License-Identifier: BSD-3-Clause
"""Shows the instructions around a site, as text."""

from typing import Iterator

from acrn_trace.guest.abi import MASK64
from acrn_trace.guest.site import Site
from acrn_trace.image.image import Code, Image
from acrn_trace.sites.bounds import bounds_of
from acrn_trace.sites.decoder import Decoder, Instruction
from acrn_trace.sites.outline import target_of

BEFORE, AFTER = 4, 3  # instructions
WINDOW = 96  # bytes before a site that are disassembled where no function's start is known
LONGEST = 15
MAX_FUNCTION = 1 << 16


class CodeAround:
    """Disassembles the surroundings of sites that are loaded ``offset`` from the image's own."""

    def __init__(self, image: Image, offset: int = 0) -> None:
        self._image = image
        self._parts = image.code()
        self._bounds = bounds_of(image)
        self._decoders = {bits: Decoder(for_people=True, bits=bits) for bits in (64, 32)}
        self._offset = offset

    def lines(self, site: Site, comment: str) -> Iterator[str]:
        """A line an instruction; ``comment`` stands beside the site's."""
        linked = site.moved(-self._offset).address
        part = next((p for p in self._parts if p.address <= linked < p.end), None)
        instructions = self._instructions(part, linked, self._decoders[site.bits]) if part else ()
        for address, _, mnemonic, operands in instructions:
            arrow = "=>" if address == linked else "  "
            text = f" {arrow} {self._shown(address)}  {mnemonic:7} {self._named(operands)}".rstrip()
            yield text + (comment if address == linked else "")

    def _shown(self, address: int) -> str:
        return self._image.place(address) or f"{address + self._offset & MASK64:#018x}"

    def _named(self, operands: str) -> str:
        """Where a jump or a call goes, by its name where its address is none, in an object file."""
        target = target_of(operands) if self._image.is_object else None
        if target is None:
            return operands
        return self._image.place(target) or self._image.function_at(target) or operands

    def _instructions(self, part: Code, address: int, decoder: Decoder) -> list[Instruction]:
        span = self._bounds.around(address)
        start = max(part.address, address - WINDOW)
        if span and part.address <= span.start and address - span.start <= MAX_FUNCTION:
            start = span.start
        before = _decode(decoder, part, start, address)
        while before and sum(before[-1][:2]) != address:  # a stream that misses the site
            start += 1
            before = _decode(decoder, part, start, address)
        after = _decode(decoder, part, address, address + (AFTER + 1) * LONGEST)
        return before[-BEFORE:] + after[: AFTER + 1]


def _decode(decoder: Decoder, part: Code, start: int, end: int) -> list[Instruction]:
    return decoder.decode(part.data[start - part.address : end - part.address], start)
