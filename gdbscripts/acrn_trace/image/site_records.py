# SPDX-License-Identifier: BSD-3-Clause
"""Reads the site records that cstub leaves in an image (docs/site-records.md)."""

import struct
from typing import Iterator

from acrn_trace.base.errors import TraceError
from acrn_trace.guest.abi import MASK64
from acrn_trace.guest.site import Site
from acrn_trace.image.elf import Section
from acrn_trace.image.image import Image

SECTION = ".acrn_sites"
# struct acrn_site of acrn_site.h: site, file, line, flags, number; the first two relative to self
_RECORD = struct.Struct("<iiIIQ")
FILE_FIELD = 4
NUMBER_KNOWN = 1
MAX_SITES = 1 << 20


def recorded_sites(image: Image) -> list[Site]:
    """The sites that ``image`` records, in address order; none for an image without records."""
    sections = [section for section in image.sections() if section.name == SECTION]
    if sum(section.size for section in sections) > MAX_SITES * _RECORD.size:
        raise TraceError(f"{image.path}: section {SECTION} holds more than {MAX_SITES} records")
    sites = {site.address: site for section in sections for site in _sites_in(image, section)}
    return sorted(sites.values(), key=lambda site: site.address)


def _sites_in(image: Image, section: Section) -> Iterator[Site]:
    """What one section records: an object file has one for each section of code."""
    data, base = image.section_data(section), section.address
    if len(data) % _RECORD.size:
        raise TraceError(
            f"{image.path}: section {SECTION} of {len(data)} bytes does not hold records of "
            f"{_RECORD.size} bytes; was it built with this version's acrn_hypercall.h?"
        )
    for offset in range(0, len(data), _RECORD.size):
        record = _RECORD.unpack_from(data, offset)
        if record[0]:  # 0 is no record: docs/site-records.md
            yield _site(image, base + offset, *record)


def _site(
    image: Image, field: int, relative: int, file: int, line: int, flags: int, number: int
) -> Site:
    address = (field + relative) & MASK64
    return Site(
        address=address,
        number=number if flags & NUMBER_KNOWN else None,
        file=image.string(field + FILE_FIELD + file) if file else None,
        line=line or None,
        function=image.function_at(address),
        named=image.place(address),
        abi_by="record",
    )
