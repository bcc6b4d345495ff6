# SPDX-License-Identifier: BSD-3-Clause
"""Writes how a recording begins: with the blocks that let it be read with nothing else."""

import time
from typing import Iterable, Iterator

from acrn_trace.guest.site import Site
from acrn_trace.rings import blocks
from acrn_trace.tables.calls import CallTable


def preamble(table: CallTable, sites: Iterable[Site], version: int = blocks.VERSION) -> bytes:
    """Header, call table and sites: what whoever adds records to it does not have to know.

    The ``version`` is that of the records.
    """
    start, checksum = blocks.HEADER_START, table.checksum
    header = start.pack(version, start.size, checksum, time.time_ns()) + blocks.LAYOUTS[version]
    parts = [blocks.block(blocks.HEADER, header), blocks.block(blocks.TABLE, table.text)]
    parts += [blocks.block(blocks.SITES, text) for text in _site_texts(sites)]
    return b"".join(parts)


def _site_texts(sites: Iterable[Site]) -> Iterator[bytes]:
    """The lines of the sites, in pieces that a block holds."""
    text = b""
    for site in sites:
        words = [hex(site.address), str(site.line or ""), _word(site.file), _word(site.function)]
        line = "\t".join(words).encode("utf-8", "replace") + b"\n"
        if len(text) + len(line) > blocks.MAX_PAYLOAD:
            yield text
            text = b""
        text += line
    if text:
        yield text


def _word(text: str | None) -> str:
    """``text`` as one word of a line, whatever the image has in it."""
    return " ".join((text or "").split())
