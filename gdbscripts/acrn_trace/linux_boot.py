# SPDX-License-Identifier: BSD-3-Clause
"""How a compressed Linux gets to where it runs, from the guest's memory (x86 boot protocol).

The decompressor copies itself out of the way, jumps to its copy, unpacks the kernel to a random
place, relocates it and jumps there. Each jump is through a register: those are few, and all that is
needed of its code, which no file at hand has (Documentation/x86/boot.rst; head_64.S).
"""

import re
import struct
from dataclasses import dataclass
from typing import Iterator

# Where -kernel and most boot loaders put the code that runs first, and the 64-bit entry in it.
ENTRIES = (0x100000, 0x100200, 0x1000000, 0x1000200)
BOOT_PARAMETERS = 0x1000  # bytes: the page that RSI points at on entry
MAX_IMAGE = 1 << 28
MAX_CODE = 1 << 22  # of the image without the compressed kernel
MAX_JUMPS = 256

_FIRST_VERSION = 0x208  # that tells where the compressed kernel is
_JUMP = re.compile(rb"\x41?\xff[\xe0-\xe7]")  # jmp *%reg
_REGISTERS = "rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15".split()


@dataclass(frozen=True)
class BootImage:
    """The image as it was loaded: physical addresses and sizes in bytes."""

    start: int
    size: int
    payload: int  # where the compressed kernel is, from the start
    payload_size: int

    @property
    def code_ranges(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Offset and size of what is not the compressed kernel: before it, and behind."""
        behind = self.payload + self.payload_size
        return (0, self.payload), (behind, self.size - behind)


def boot_image(parameters: bytes) -> BootImage | None:
    """What the setup header in the boot parameters says; None if it is none or makes no sense."""
    if len(parameters) < BOOT_PARAMETERS or parameters[0x202:0x206] != b"HdrS":
        return None
    (version,) = struct.unpack_from("<H", parameters, 0x206)
    (paragraphs,) = struct.unpack_from("<I", parameters, 0x1F4)
    (start,) = struct.unpack_from("<I", parameters, 0x214)
    payload, payload_size = struct.unpack_from("<II", parameters, 0x248)
    image = BootImage(start, paragraphs * 16, payload, payload_size)
    sizes = [size for _, size in image.code_ranges]
    if version < _FIRST_VERSION or not payload or image.size > MAX_IMAGE:
        return None
    return image if min(sizes) >= 0 and sum(sizes) <= MAX_CODE else None


@dataclass(frozen=True)
class Decompressor:
    """Its code: pieces by their offset from the image's start."""

    pieces: tuple[tuple[int, bytes], ...]

    def jumps(self) -> list[int]:
        """The offsets of what may be a jump through a register."""
        found = [at + match.start() for at, code in self.pieces for match in _JUMP.finditer(code)]
        return found[:MAX_JUMPS]

    def target(self, offset: int) -> str | None:
        """The register that the jump at ``offset`` goes to."""
        code = self._at(offset, 3)
        match = _JUMP.match(code)
        if match is None:
            return None
        return _REGISTERS[(code[match.end() - 1] & 7) + 8 * (code[0] == 0x41)]

    def copied_to(self, address: int, code: bytes) -> int | None:
        """The start of the copy with ``code`` at ``address``; None if that is no code of ours."""
        for at, piece in self.pieces:
            place = piece.find(code)
            if place >= 0 and piece.find(code, place + 1) < 0:
                return address - at - place
        return None

    def _at(self, offset: int, size: int) -> bytes:
        for at, code in self.pieces:
            if at <= offset < at + len(code):
                return code[offset - at : offset - at + size]
        return b""


def entry_of(parameters: bytes, rip: int) -> bool:
    """Whether ``rip`` is where an image with these boot parameters begins to run."""
    image = boot_image(parameters)
    return image is not None and rip in (image.start, image.start + 0x200)


def pieces(image: BootImage) -> Iterator[tuple[int, int, int]]:
    """Offset, physical address and size of each piece of the decompressor's code."""
    for offset, size in image.code_ranges:
        if size:
            yield offset, image.start + offset, size
