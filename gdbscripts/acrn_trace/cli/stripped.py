# SPDX-License-Identifier: BSD-3-Clause
"""Tells on standard error where the symbols of a stripped image are, if the image names a file."""

import sys

from acrn_trace.base.text import printable
from acrn_trace.image.image import Image


def tell_of_symbols(image: Image) -> None:
    """One line, where there is something to tell."""
    name = image.symbols_file
    if name:
        told = (
            f"{image.path} is stripped, and its functions' names are in {name}; for them give what "
            f"'eu-unstrip -o WHOLE {image.path} {name}' makes"
        )
        print(f"acrn-trace: {printable(told)}", file=sys.stderr)
