# SPDX-License-Identifier: BSD-3-Clause
"""Images that lie, that are cut, and that are something else: a sentence, in bounded time."""

import os
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acrn_trace.base.errors import TraceError
from acrn_trace.image.image import open_image
from acrn_trace.image.site_records import recorded_sites
from acrn_trace.sites.sitelist import image_sites
from helpers.make.elf import (
    ALLOC,
    CODE,
    COMPRESSED,
    EXECUTABLE,
    FUNCTION,
    NOBITS,
    VMCALL,
    Elf,
    Part,
)

NUMBERED = b"\x41\xb8\x10\x00\x00\x80" + VMCALL + b"\xc3"
RECORD = struct.pack("<iiIIQ", 0x100, 0, 7, 1, 0x80000010)
GOOD = Elf(
    NUMBERED + b"\x90" * 22,
    [("make_vm", CODE, len(NUMBERED), FUNCTION)],
    [Part(".acrn_sites", RECORD, CODE + 6 - 0x100), Part(".eh_frame", bytes(32), CODE + 0x1000)],
)
LONG = os.environ.get("ACRN_CHECK_LONG") == "1"


def image_of(tmp_path, data):
    path = tmp_path / "image.elf"
    path.write_bytes(data)
    return open_image(str(path))


def patched(offset, layout, *values):
    data = bytearray(GOOD.build())
    struct.pack_into(layout, data, offset, *values)
    return bytes(data)


def test_a_good_one(tmp_path):
    image = image_of(tmp_path, GOOD.build())
    (site,) = image_sites(image)
    assert (site.address, site.number, site.line, site.function) == (
        *(CODE + 6, 0x80000010, 7, "make_vm"),
    )
    assert (site.source, site.certain, site.difference) == ("both", True, None)
    assert list(image.entry_points()) == [CODE]
    assert list(image.entry_points(0x1000)) == [CODE + 0x1000]


@pytest.mark.parametrize(
    "data, words",
    [
        (b"", "is not an ELF file"),
        (b"\x7fEL", "is not an ELF file"),
        (b"\x7fELF\x02\x01" + bytes(20), "ends within the ELF header"),
        (patched(4, "B", 1), "is a 32-bit ELF file, not for x86-64"),
        (patched(4, "B", 9), "unknown class"),
        (patched(5, "B", 2), "is big-endian, not for x86-64"),
        (patched(18, "<H", 183), "is for AArch64, not for x86-64"),
        (patched(18, "<H", 999), "is for machine 999, not for x86-64"),
        (patched(16, "<H", 1), "an object file that is not linked"),
        (patched(16, "<H", 4), "a dump"),
        (patched(40, "<Q", 1 << 62), "section header table lies outside of the file"),
        (patched(32, "<Q", 1 << 62), "program header table lies outside of the file"),
        (patched(54, "<H", 8), "1 program headers of 8 bytes"),
        (patched(58, "<H", 8), "section headers of 8 bytes"),
        (patched(60, "<H", 0xFFF0), "section header table lies outside of the file"),
    ],
)
def test_what_is_no_image_is_a_sentence(tmp_path, data, words):
    with pytest.raises(TraceError, match=words) as error:
        image_sites(image_of(tmp_path, data))
    assert str(tmp_path) in str(error.value) and "\n" not in str(error.value)


def test_a_truncated_file_never_has_other_sites(tmp_path):
    whole = GOOD.build()
    for size in range(len(whole)):
        with pytest.raises(TraceError, match="image.elf"):
            image_sites(image_of(tmp_path, whole[:size]))


def section_count_of_header_zero(count):
    """No count in the ELF header: it is in section header 0, where 64 bits fit."""
    data = bytearray(patched(60, "<H", 0))
    (table,) = struct.unpack_from("<Q", data, 40)
    struct.pack_into("<Q", data, table + 32, count)
    return bytes(data)


def test_section_counts_beyond_the_header(tmp_path):
    (count,) = struct.unpack_from("<H", GOOD.build(), 60)
    assert image_sites(image_of(tmp_path, section_count_of_header_zero(count)))
    with pytest.raises(TraceError, match="section headers"):
        image_of(tmp_path, section_count_of_header_zero(1 << 60))


def test_a_compressed_section_is_not_unpacked(tmp_path):
    bomb = struct.pack("<IIQQ", 1, 0, 1 << 40, 1) + b"\x78\x9c" + bytes(64)
    records = Part(".acrn_sites", bomb, CODE + 0x100, ALLOC | COMPRESSED)
    image = image_of(tmp_path, Elf(NUMBERED, [], [records]).build())
    with pytest.raises(TraceError, match="section .acrn_sites is compressed; decompress it first"):
        image_sites(image)
    debug = Part(".debug_info", bomb, 0, COMPRESSED)
    assert image_sites(image_of(tmp_path, Elf(NUMBERED, [], [debug]).build()))


def test_code_without_bytes_in_the_file_is_no_code(tmp_path):
    empty = Part(".text2", b"", CODE + 0x1000, ALLOC | EXECUTABLE, NOBITS, size=1 << 50)
    assert len(image_sites(image_of(tmp_path, Elf(NUMBERED, [], [empty]).build()))) == 1


def test_code_that_overlaps_itself_is_refused(tmp_path):
    code = NUMBERED + b"\x90" * 4000
    again = [Part(f".text{n}", b"", CODE, ALLOC | EXECUTABLE, size=4000) for n in range(3)]
    image = image_of(tmp_path, Elf(code, [], again).build())
    with pytest.raises(TraceError, match="executable sections overlap"):
        image_sites(image)


def test_an_image_without_sections_has_its_segments(tmp_path):
    data = Elf(NUMBERED, sections=False).build()
    (site,) = image_sites(image_of(tmp_path, data))
    assert site.address == CODE + 6 and site.source == "scan"


def test_an_image_without_calls_says_so(tmp_path):
    with pytest.raises(TraceError, match="image.elf makes no hypercalls"):
        image_sites(image_of(tmp_path, Elf(b"\x90\xc3").build()))


@settings(max_examples=20000 if LONG else 300, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, len(GOOD.build()) - 1), st.integers(0, 255)),
        min_size=1,
        max_size=12,
    ),
    st.integers(0, len(GOOD.build())),
)
def test_a_mutated_image_is_sites_or_a_sentence(tmp_path_factory, changes, cut):
    data = bytearray(GOOD.build())
    for offset, value in changes:
        data[offset] = value
    path = tmp_path_factory.getbasetemp() / "mutated.elf"
    path.write_bytes(data[: cut if cut % 3 == 0 else None])
    try:
        image = open_image(str(path))
        recorded_sites(image)
        image_sites(image)
        image.entry_points()
    except TraceError as error:
        assert str(error) and "\n" not in str(error)
