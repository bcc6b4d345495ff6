# SPDX-License-Identifier: BSD-3-Clause
"""A page that is a VMCB of a guest with nested paging."""

import struct

from acrn_trace.guest.paging import CR0_PG, CR4_PAE


def vmcb_page(
    ncr3: int, cr3: int, intercepts: int = 1, asid: int = 1, nested: int = 1, efer: int = 0x1500
) -> bytes:
    """AMD64 APM volume 2, appendix B. Of a guest in long mode."""
    page = bytearray(4096)
    struct.pack_into("<I", page, 0x10, intercepts)
    struct.pack_into("<I", page, 0x58, asid)
    struct.pack_into("<Q", page, 0x90, nested)
    struct.pack_into("<Q", page, 0xB0, ncr3)
    struct.pack_into("<Q", page, 0x4D0, efer)
    struct.pack_into("<Q", page, 0x550, cr3)
    struct.pack_into("<Q", page, 0x558, CR0_PG)
    struct.pack_into("<Q", page, 0x548, CR4_PAE)
    return bytes(page)
