# SPDX-License-Identifier: BSD-3-Clause
"""Where a kernel that moves itself is: by its code, some of which is patched when it runs."""

import random

import pytest

from acrn_trace.image.kernel_offset import (
    STEP,
    STEPS,
    first_functions,
    gate_target,
    is_kernel,
    offset_at,
)
from helpers.make.linked_code import linked_code

LINKED = 0xFFFF_FFFF_8100_0000
CODE = random.Random(5).randbytes(0x3000)


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    return linked_code(tmp_path_factory.mktemp("kernel"), CODE, LINKED)


def memory_at(offset, patch=0):
    """Reads of a guest that has the code there, so many of each 256 bytes patched."""
    data = bytearray(CODE)
    for place in range(len(data)):
        if place % 256 < patch:
            data[place] ^= 0xFF

    def read(address, size):
        place = address - LINKED - offset
        return bytes(data[place : place + size]) if 0 <= place <= len(CODE) - size else None

    return read


@pytest.mark.parametrize("step", [0, 1, 7, STEPS - 1])
@pytest.mark.parametrize("patch", [0, 30])
def test_the_offset_of_a_kernel_that_runs(kernel, step, patch):
    offset = step * 0x20_0000  # CONFIG_PHYSICAL_ALIGN
    rip = LINKED + offset + 0x1234
    assert offset_at(kernel, rip, memory_at(offset, patch)) == offset


def test_another_kernel_is_not_taken_for_ours(kernel):
    assert offset_at(kernel, LINKED + STEP, lambda at, size: bytes(size)) is None
    assert offset_at(kernel, LINKED + STEP + 8, memory_at(STEP, 200)) is None


@pytest.mark.parametrize("rip", [0, 0x1234, 0x7FFF_0000_0000, LINKED - STEP, (1 << 64) - 1])
def test_an_address_that_is_none_of_the_kernels(kernel, rip):
    assert offset_at(kernel, rip, memory_at(0)) is None


def test_a_linux_is_known_by_its_first_function(kernel):
    assert is_kernel(kernel)
    places = list(first_functions(kernel))
    assert (places[0], places[1] - places[0], len(places)) == (LINKED, STEP, STEPS)


def test_a_gate_leads_to_its_handler():
    gate = bytes.fromhex("10 0a 10 00 00 8e 20 81 ff ff ff ff 00 00 00 00")
    assert gate_target(gate) == 0xFFFF_FFFF_8120_0A10
