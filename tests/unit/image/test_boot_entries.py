# SPDX-License-Identifier: BSD-3-Clause
"""Where boot loaders enter an image, and in how many bits."""

import struct

import pytest

from acrn_trace.image.image import open_image
from helpers.make.elf import ALLOC, CODE, Elf, Part

NOTE = 7
PAGE = 0x1000


def entries(tmp_path, *parts):
    path = tmp_path / "image.elf"
    path.write_bytes(Elf(b"\xc3" * 16, parts=list(parts)).build())
    return open_image(str(path)).boot_entries


def header(*words, tail=b""):
    """A section with a header, which the section of code leaves at a multiple of 8 bytes."""
    data = struct.pack(f"<{len(words) + 1}I", *words, -sum(words) & 0xFFFF_FFFF)
    return Part(".boot", data + tail, CODE + PAGE, ALLOC)


def tag(kind, address):
    return struct.pack("<HHII4x", kind, 0, 12, address)


def test_the_elf_entry_is_64_bit_code(tmp_path):
    assert entries(tmp_path) == {CODE: 64}


def test_the_pvh_entry_is_32_bit_code(tmp_path):
    note = struct.pack("<III", 4, 8, 18) + b"Xen\0" + struct.pack("<Q", 0x1000200)
    assert entries(tmp_path, Part(".note.Xen", note, 0, 0, NOTE)) == {CODE: 64, 0x1000200: 32}
    other = struct.pack("<III", 4, 8, 17) + note[12:]
    assert entries(tmp_path, Part(".note.Xen", other, 0, 0, NOTE)) == {CODE: 64}


MULTIBOOT, MULTIBOOT2 = 0x1BADB002, 0xE85250D6
ADDRESSES = struct.pack("<5I", 1, 2, 3, 4, 0x1000200)
END = struct.pack("<HHI", 0, 0, 8)


@pytest.mark.parametrize(
    "words, tail, said",
    [
        ((MULTIBOOT, 3), b"", {CODE: 32}),
        ((MULTIBOOT, 1 << 16), ADDRESSES, {CODE: 64, 0x1000200: 32}),
        ((MULTIBOOT2, 0, 24), END, {CODE: 32}),
        ((MULTIBOOT2, 0, 40), tag(3, 0x1000200) + END, {CODE: 64, 0x1000200: 32}),
        ((MULTIBOOT2, 0, 40), tag(9, 0x1000200) + END, {CODE: 32, 0x1000200: 64}),
        ((MULTIBOOT2, 0, 40), END + tag(3, 0x1000200), {CODE: 32}),
        ((MULTIBOOT2, 4, 24), END, {CODE: 64}),  # for MIPS
        ((MULTIBOOT2, 0, 0xFFFF_FFFF), struct.pack("<HHI", 1, 0, 0) * 4, {CODE: 32}),
    ],
)
def test_multiboot(words, tail, said, tmp_path):
    assert entries(tmp_path, header(*words, tail=tail)) == said


def test_a_header_with_a_wrong_sum_is_none(tmp_path):
    wrong = Part(".boot", struct.pack("<III", MULTIBOOT, 3, 0) * 8, CODE + PAGE, ALLOC)
    assert entries(tmp_path, wrong) == {CODE: 64}
