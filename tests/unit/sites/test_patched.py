# SPDX-License-Identifier: BSD-3-Clause
"""What Linux copies over other code as it boots, and which is a hypercall there."""

import struct

import pytest

from acrn_trace.base.errors import TraceError
from acrn_trace.image.image import open_image
from acrn_trace.lint.linter import with_abis
from acrn_trace.sites.listing import site_lines
from acrn_trace.sites.sitelist import image_sites
from acrn_trace.tables.knowledge import acrn
from helpers.make.elf import CODE, FUNCTION, Elf, Part

IN, NOP, RET = b"\xed", b"\x90", b"\xc3"
VMCALL, VMMCALL = b"\x0f\x01\xc1", b"\x0f\x01\xd9"
MAGIC = b"\xb8\x68\x58\x4d\x56"  # mov $0x564d5868, %eax
BODY = MAGIC + IN + NOP * 2 + RET
AT = len(MAGIC)  # of what is replaced
PIECES, TABLE = CODE + 0x1000, CODE + 0x2000


def table(entries, features: int, padding: int) -> bytes:
    """Of .altinstructions: what is replaced, by which bytes of the pieces."""
    data = b""
    for original, start, length in entries:
        at = TABLE + len(data)
        data += struct.pack("<ii", CODE + original - at, PIECES + start - at - 4)
        data += bytes(features) + bytes([3, length]) + bytes(padding)
    return data


def sites(folder, pieces: bytes, entries, code: bytes = BODY, layout=(2, 0)):
    parts = [
        Part(".altinstr_replacement", pieces, PIECES, 6),
        Part(".altinstructions", table(entries, *layout), TABLE),
    ]
    path = folder / "vmlinux"
    path.write_bytes(Elf(code, [("f", CODE, len(code), FUNCTION)], parts=parts).build())
    image = open_image(str(path))
    return with_abis(image, acrn(), image_sites(image))


@pytest.mark.parametrize("layout", [(2, 0), (2, 1), (4, 0)], ids=["6.1", "4.1", "6.12"])
def test_what_becomes_a_hypercall_is_a_site_and_its_copies_are_none(layout, tmp_path):
    """One, though one piece is for Intel's processors and one for AMD's."""
    entries = [(AT, 0, 3), (AT, 3, 3)]
    (site,) = sites(tmp_path, VMCALL + VMMCALL, entries, layout=layout)
    assert (site.address, site.source, site.certain) == (CODE + AT, "patched", True)
    assert (site.function, site.other) == ("f", "VMware")
    assert list(site_lines([site], acrn().table))[1].endswith("f  (as Linux boots)")


@pytest.mark.parametrize(
    "pieces",
    [NOP * 3, b"\xb8" + VMCALL + NOP, b"\xe8\0\0\0\0"],
    ids=["nothing", "its bytes in a number", "a call"],
)
def test_what_becomes_no_hypercall_is_none(pieces, tmp_path):
    with pytest.raises(TraceError, match="makes no hypercalls"):
        sites(tmp_path, pieces, [(AT, 0, len(pieces))])


def test_a_hypercall_behind_the_first_instruction_of_a_piece(tmp_path):
    (site,) = sites(tmp_path, NOP + VMCALL, [(AT, 0, 4)])
    assert site.address == CODE + AT + 1


def test_a_hypercall_that_is_replaced_by_another_is_the_site_that_it_was(tmp_path):
    code = MAGIC + VMCALL + RET
    (site,) = sites(tmp_path, VMMCALL, [(AT, 0, 3)], code)
    assert (site.address, site.source) == (CODE + AT, "scan")


def test_what_is_replaced_outside_of_code_is_none(tmp_path):
    with pytest.raises(TraceError, match="makes no hypercalls"):
        sites(tmp_path, VMCALL, [(0x5000, 0, 3)])
