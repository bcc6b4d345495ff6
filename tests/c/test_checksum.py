# SPDX-License-Identifier: BSD-3-Clause
"""The checksum of blocks is zlib's crc32, whatever the size, and wherever the bytes begin."""

import random
import zlib
from ctypes import CDLL, c_char_p, c_size_t, c_uint32

from acrn_trace.base.places import READER_LIBRARY


def test_checksums_are_zlibs():
    function = CDLL(str(READER_LIBRARY)).checksum
    function.restype, function.argtypes = c_uint32, [c_uint32, c_char_p, c_size_t]
    randomness = random.Random(1)
    for size in (*range(300), 4096 + 17, 1 << 20):
        data, before = randomness.randbytes(size), randomness.getrandbits(32)
        assert function(before, data, size) == zlib.crc32(data, before), size
