# SPDX-License-Identifier: BSD-3-Clause
"""Finds how far a Linux kernel has moved itself from where it was linked (KASLR on x86-64).

It moves by whole steps within a gigabyte, so that there are 512 places to look at: for the first C
function, which each boot runs once, or for the code that a vCPU stands in.
"""

from typing import Callable, Iterator

from acrn_trace.guest.abi import MASK64
from acrn_trace.image.image import Image

KERNEL_HALF = 0xFFFF_8000_0000_0000
FIRST_FUNCTION = "x86_64_start_kernel"
STEP = 0x200000  # CONFIG_PHYSICAL_ALIGN, or more: arch/x86/Kconfig of Linux
STEPS = 512  # of KERNEL_IMAGE_SIZE, 1 GiB: arch/x86/include/asm/page_64_types.h
COMPARED = 256  # bytes of code
LEAST_EQUAL = 0.85  # of them: some instructions are patched at boot, some addresses relocated

Read = Callable[[int, int], "bytes | None"]  # virtual address, size; None: not readable


def is_kernel(image: Image) -> bool:
    """Whether ``image`` is a Linux for x86-64, by its first function."""
    address = image.function_named(FIRST_FUNCTION)
    return address is not None and address >= KERNEL_HALF


def first_functions(image: Image) -> Iterator[int]:
    """Every address that the first function may have in the guest."""
    address = image.function_named(FIRST_FUNCTION)
    assert address is not None
    yield from (address + step * STEP & MASK64 for step in range(STEPS))


def offset_at(image: Image, rip: int, read: Read) -> int | None:
    """The kernel's offset from its link address by the code at ``rip``; None if it is not ours."""
    code = read(rip, COMPARED) if rip >= KERNEL_HALF else None
    if code is None:
        return None
    best, offset = COMPARED * LEAST_EQUAL, None
    for step in range(STEPS):
        there = image.read(rip - step * STEP & MASK64, COMPARED)
        equal = sum(a == b for a, b in zip(code, there)) if there else 0
        if equal >= best and equal > 0:
            best, offset = equal + 1, step * STEP
    return offset


def gate_target(gate: bytes) -> int:
    """Where an interrupt gate leads: Intel SDM volume 3, figure 6-8."""
    low, high = gate[0:2], gate[6:12]
    return int.from_bytes(low + high, "little")
