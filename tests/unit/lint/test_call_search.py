# SPDX-License-Identifier: BSD-3-Clause
"""Calls are found by their bytes wherever they stand in a stretch of code."""

import pytest

from acrn_trace.image.image import Code
from acrn_trace.lint.call_search import near_calls

CALL = b"\xe8\xfb\xff\xff\xff"  # of itself


@pytest.mark.parametrize("behind", [b"", b"\xc3", b"\x90" * 20])
def test_the_last_call_of_the_code_is_found(behind):
    code = Code("code", 0x1000, b"\x90" * 20 + CALL + behind)
    assert list(near_calls(code)) == [(0x1014, 0x1014)]


def test_one_that_the_end_cuts_is_none():
    assert not list(near_calls(Code("code", 0x1000, CALL[:4])))
