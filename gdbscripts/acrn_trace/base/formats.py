# SPDX-License-Identifier: BSD-3-Clause
"""Names a file's format by its first bytes, from a table that also says what to do about it."""

import re
from collections.abc import Iterable

LONGEST_START = 0x206  # bytes that a row looks at: a bzImage's magic ends there


class Format:
    """A format, by a regular expression for a file's first bytes, and what is said of such a file.

    ``told`` goes behind "the image FILE is": what it is, and what to give instead.
    """

    __slots__ = ("start", "told")

    def __init__(self, start: bytes, told: str) -> None:
        self.start, self.told = start, told


# RFC 1952 and 8878, and the formats' own descriptions.
COMPRESSED = (
    Format(rb"\x1f\x8b\x08", "compressed by gzip; decompress it first"),
    Format(rb"\xfd7zXZ\0", "compressed by xz; decompress it first"),
    Format(rb"\x28\xb5\x2f\xfd", "compressed by zstd; decompress it first"),
    Format(rb"BZh[1-9](1AY&SY|\x17rE8P\x90)", "compressed by bzip2; decompress it first"),
    Format(rb"\x89LZO\0\r\n\x1a\n", "compressed by lzop; decompress it first"),
    Format(rb"\x04\x22\x4d\x18|\x02\x21\x4c\x18", "compressed by lz4; decompress it first"),
    Format(rb"PK\x03\x04", "a zip archive; unpack it first"),
)


def told_of(start: bytes, formats: Iterable[Format]) -> str | None:
    """What the first row that fits says of a file with these first bytes; None if none does."""
    fitting = (row.told for row in formats if re.match(row.start, start, re.DOTALL))
    return next(fitting, None)
