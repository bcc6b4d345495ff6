# SPDX-License-Identifier: BSD-3-Clause
"""Prints, as a table in C, which characters str.isprintable() says a terminal cannot show.

The build runs it with the Python that shows traces, for cstub/decode/characters.c to agree with it.
"""

import sys
from itertools import groupby
from typing import Iterator


def ranges() -> Iterator[tuple[int, int]]:
    """First and last of each run of such characters, rising."""
    runs = groupby(range(sys.maxunicode + 1), key=lambda code: chr(code).isprintable())
    for is_printable, run in runs:
        if not is_printable:
            codes = list(run)
            yield codes[0], codes[-1]


if __name__ == "__main__":
    print("static const struct {\n\tuint32_t first, last;\n} UNPRINTABLE[] = {")
    for first, last in ranges():
        print(f"\t{{{first:#x}, {last:#x}}},")
    print("};")
