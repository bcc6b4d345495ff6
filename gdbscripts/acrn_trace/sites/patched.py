# SPDX-License-Identifier: BSD-3-Clause
"""Finds the sites that an image does not have yet: what Linux copies over other code as it boots
(.altinstructions) is a hypercall there, as VMware's over an IN.
"""

from typing import Iterator

from acrn_trace.guest.abi import hypercall_at, hypercalls
from acrn_trace.guest.site import Site
from acrn_trace.image.image import Image
from acrn_trace.sites.decoder import Decoder
from acrn_trace.sites.kernel_tables import Alternative, alternatives
from acrn_trace.sites.scan import MAX_BYTES

PATCHED = "patched"


def patched_sites(image: Image) -> list[Site]:
    """Those of ``image``, by address; none where its own code has a hypercall already."""
    pieces = alternatives(image)
    decoder = Decoder() if pieces else None
    found = {a: name for one in pieces for a, name in _hypercalls(image, one, decoder)}
    return [_site(image, address, found[address]) for address in sorted(found)]


def _hypercalls(image: Image, one: Alternative, decoder: Decoder) -> Iterator[tuple[int, str]]:
    """Where there is a hypercall once the piece is copied, and its mnemonic."""
    piece = next((p for p in image.code() if p.address <= one.replacement < p.end), None)
    code = piece.data[one.replacement - piece.address :][: one.length] if piece else b""
    if not any(instruction in code for instruction in hypercalls()):
        return  # as of nearly all, of which a kernel has thousands
    for start, *_ in decoder.decode(code, 0):
        name, address = hypercall_at(code[start:]), one.original + start
        if name and not hypercall_at(image.read_at_most(address, MAX_BYTES)):
            if any(part.address <= address < part.end for part in image.code()):
                yield address, name


def _site(image: Image, address: int, instruction: str) -> Site:
    return Site(
        address,
        function=image.function_at(address),
        source=PATCHED,
        instruction=instruction,
        named=image.place(address),
    )
