# SPDX-License-Identifier: BSD-3-Clause
"""The service example: the calls that it makes, and how it ends when nobody watches."""

import re

from helpers.guests import arguments_of, image_of, printed_untraced
from helpers.process import Run
from helpers.tree import ROOT

SERVICE = image_of("service")


def calls_in(text: str) -> list[str]:
    """The names of the calls that have a line in a text trace."""
    return re.findall(r"^\[\d+\] \d+\.\d+ (\w+)\(", text, re.MULTILINE)


CALLS_OF_SERVICE = len(
    calls_in((ROOT / "examples/service/expected.txt").read_text().replace("] T ", "] 0.0 "))
)


def untouched(guest: Run) -> bool:
    """The guest came to its normal end and printed what it prints when nobody watches."""
    return (guest.status, guest.out) == (0, printed_untraced(arguments_of("service")))
