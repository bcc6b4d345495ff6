# SPDX-License-Identifier: BSD-3-Clause
"""Site records, and what the code says of them."""

import struct

import pytest

from acrn_trace.base.errors import TraceError
from acrn_trace.image.image import open_image
from acrn_trace.image.site_records import MAX_SITES, recorded_sites
from acrn_trace.sites.listing import site_lines
from acrn_trace.sites.sitelist import image_sites, traced_sites
from acrn_trace.tables.calls import CallTable, parse
from helpers.make.elf import ALLOC, CODE, FUNCTION, VMCALL, Elf, Part

TABLE = CallTable(parse("HYPERCALL1(0x80000010, create_vm, PTR(inout, vm, vm))", "test"))
NUMBER = b"\x41\xb8\x10\x00\x00\x80"
CODE_BYTES = NUMBER + VMCALL + b"\xc3"
SITE = CODE + len(NUMBER)
BASE = CODE + 0x100


def record(site, index=0, file=0, line=5, flags=1, number=0x80000010):
    field = BASE + 24 * index
    relative = site - field if site else 0
    return struct.pack("<iiIIQ", relative, file, line, flags, number)


def image_with(tmp_path, *records, code=CODE_BYTES, tail=b""):
    path = tmp_path / "image.elf"
    sites = Part(".acrn_sites", b"".join(records) + tail, BASE, ALLOC)
    path.write_bytes(Elf(code, [("f", CODE, len(code), FUNCTION)], [sites]).build())
    return open_image(str(path))


def test_a_record_is_read(tmp_path):
    (site,) = recorded_sites(image_with(tmp_path, record(SITE)))
    assert (site.address, site.number, site.line, site.function) == (SITE, 0x80000010, 5, "f")
    (site,) = recorded_sites(image_with(tmp_path, record(SITE, flags=0)))
    assert site.number is None


def test_an_empty_record_is_skipped_and_two_of_one_site_are_one(tmp_path):
    image = image_with(tmp_path, record(0), record(SITE, 1), record(SITE, 2, line=9))
    (site,) = recorded_sites(image)
    assert site.line == 9


def test_a_section_of_another_size_is_refused(tmp_path):
    with pytest.raises(TraceError, match="does not hold records of 24 bytes"):
        recorded_sites(image_with(tmp_path, record(SITE), tail=b"x"))


def test_a_section_that_claims_to_be_huge_is_refused(tmp_path):
    path = tmp_path / "image.elf"
    part = Part(".acrn_sites", b"", BASE, ALLOC, size=(MAX_SITES + 1) * 24)
    path.write_bytes(Elf(CODE_BYTES, [], [part]).build())
    with pytest.raises(TraceError, match="more than"):
        recorded_sites(open_image(str(path)))


@pytest.mark.parametrize("file", [-(1 << 31), (1 << 31) - 1, 12345])
def test_a_name_that_is_nowhere_is_none(tmp_path, file):
    (site,) = recorded_sites(image_with(tmp_path, record(SITE, file=file)))
    assert site.file is None


@pytest.mark.parametrize(
    "records, difference, certain",
    [
        ([record(SITE)], None, [True]),
        ([record(SITE, number=0x80000011)], "recorded as 0x80000011, loads 0x80000010", [True]),
        ([record(SITE), record(CODE, 1)], "recorded, but no VMCALL is there", [False, True]),
        ([record(SITE), record(CODE + (1 << 30), 1)], "no VMCALL is there", [True, False]),
        ([record(0)], None, [True]),
    ],
)
def test_records_and_scan(tmp_path, records, difference, certain):
    sites = image_sites(image_with(tmp_path, *records))
    assert [site.certain for site in sites] == certain
    differences = [site.difference for site in sites if site.difference]
    assert len(differences) == (difference is not None)
    lines = list(site_lines(sites, TABLE))
    if difference:
        assert difference in differences[0]
        assert any(differences[0] in line for line in lines)
        assert lines[-1].endswith("record and scan differ on 1")


def test_what_is_not_recorded_is_traced_too(tmp_path):
    code = CODE_BYTES[:-1] + CODE_BYTES
    image = image_with(tmp_path, record(SITE), code=code)
    sites = image_sites(image)
    assert [(site.source, site.difference) for site in sites] == [
        ("both", None),
        ("scan", "not recorded"),
    ]
    assert traced_sites(sites, image) == sites


def test_a_record_of_a_number_that_is_not_known_takes_the_codes(tmp_path):
    (site,) = image_sites(image_with(tmp_path, record(SITE, flags=0)))
    assert site.number == 0x80000010


def test_only_certain_sites_are_traced_unless_asked(tmp_path):
    image = image_with(tmp_path, record(SITE), record(CODE, 1))
    sites = image_sites(image)
    assert [site.address for site in traced_sites(sites, image)] == [SITE]
    assert len(traced_sites(sites, image, with_possible=True)) == 2
    with pytest.raises(TraceError, match="1 possible hypercall site and no certain one"):
        traced_sites([site for site in sites if not site.certain], image)
