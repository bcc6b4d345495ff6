# SPDX-License-Identifier: BSD-3-Clause
"""Whether an image is the one in memory: its code, compared with what is mapped there."""

from dataclasses import dataclass


MATCH, PATCHED, DIFFERS, NOT_MAPPED = "match", "patched", "differs", "not mapped"
MAX_PAGES = 512  # compared, spread evenly over the code


@dataclass
class ImageMatch:
    """How the image's code compares with the memory of one address space.

    ``match``: every byte compared is equal. ``patched``: few bytes differ, in short runs, as in a
    kernel that rewrites its own code, or another build of nearly the same source. ``differs``:
    other code is there. ``not mapped``: most of the pages are not mapped.
    """

    verdict: str
    compared: int = 0  # bytes
    differing: int = 0  # bytes
    unmapped: int = 0  # pages of those looked at
    first_difference: int | None = None  # virtual address, as the guest has it

    @property
    def is_there(self) -> bool:
        return self.verdict in (MATCH, PATCHED)
