# SPDX-License-Identifier: BSD-3-Clause
"""Numbers, times and characters as C writes them: as Python does, whatever they are."""

import ctypes
import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acrn_trace.base.text import printable, quoted, text_of
from helpers.builds import LONG
from helpers.made_calls import written

MOST = (1 << 64) - 1
# Where a double begins to lose digits, where exponents and binades begin, and beside these.
EDGES = [
    base**power + near
    for base, powers in ((2, 64), (10, 20))
    for power in range(powers)
    for near in (-2, -1, 0, 1, 2)
]
RANDOM = 200_000 if LONG else 3000


def numbers() -> list[int]:
    """Of 64 bits: edges, and for every length in bits and digits some."""
    source = random.Random("numbers of 64 bits")
    any_length = [source.getrandbits(source.randrange(1, 65)) for _ in range(RANDOM)]
    late = [source.randrange(10**15, MOST) for _ in range(RANDOM)]
    return [n for n in [*EDGES, *any_length, *late, *range(120), MOST] if 0 <= n <= MOST]


NUMBERS = numbers()


def shown(function: str, *values: int) -> str | None:
    return written(function, *map(ctypes.c_uint64, values), room=64)


@pytest.mark.parametrize(
    "function, python",
    [
        ("out_decimal", str),
        ("out_hex", hex),
        ("out_signed", lambda number: str(number - (number >> 63 << 64))),
        ("out_seconds", lambda micros: f"{micros / 1e6:.6f}"),
        ("out_json_seconds", lambda micros: json.dumps(micros / 1e6)),
    ],
)
def test_a_number(function, python):
    wrong = {n: shown(function, n) for n in NUMBERS if shown(function, n) != python(n)}
    assert wrong == {}


def test_what_is_read_of_a_time_in_json_is_the_time():
    """Up to 10^12 seconds: rounded to microseconds it is the same."""
    times = [micros for micros in NUMBERS if micros < 10**18]
    assert all(round(micros / 1e6, 6) == micros / 1e6 for micros in times)


def test_the_time_between_two():
    source = random.Random("times")
    for first in NUMBERS[:: 1 if LONG else 4]:
        near = min(max(first + source.randrange(-9, 10), 0), MOST)
        for other in (near, source.choice(NUMBERS)):
            between = shown("out_seconds_between", first, other)
            assert between == f"{other / 1e6 - first / 1e6:.6f}", (first, other)


# What text_of escapes or may take for an escape, what is no UTF-8, what a terminal cannot show.
PARTS = [
    *(b"\\x8f", b"\\x7f", b"\\", b"\\x", b"8f", b'"', b"/", b"\0", b"\n", b"\t", b"\r", b"\b\f"),
    *(b"\x80", b"\xff", b"\xe2\x82", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\x80", b"\xf0"),
    *(b"\xe0\x80\xaf", b"\xf0\x80\x80\xaf", b"\xf5\x80\x80\x80"),
    *(b"\x1b[0m", b"\x7f", b"eight or more", "\u202e\u0378é漢\U0001f600\U000e0001".encode()),
]
octets = st.one_of(
    st.binary(max_size=12),
    st.text().map(str.encode),
    st.lists(st.sampled_from(PARTS)).map(b"".join),
)


def of_bytes(function: str, data: bytes) -> str | None:
    return written(function, data, ctypes.c_size_t(len(data)))


@given(octets)
def test_characters_of_a_guest(data):
    text = text_of(data)
    assert of_bytes("out_characters", data) == printable(text)
    assert of_bytes("out_quoted", data) == printable(quoted(text))
    assert of_bytes("out_json_characters", data) == json.dumps(text)


@given(st.text())
def test_text(text):
    assert of_bytes("out_printable", text.encode()) == printable(text)
    assert of_bytes("out_json_text", text.encode()) == json.dumps(text)


def test_each_character_that_there_is():
    characters = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    for start in range(0, len(characters), 4096):
        text = "".join(characters[start:][:4096])
        assert of_bytes("out_printable", text.encode()) == printable(text)


@pytest.mark.parametrize(
    "function, arguments",
    [
        ("out_json_characters", (b"\\x80\n", ctypes.c_size_t(5))),
        ("out_quoted", (b'"\x1b\xff', ctypes.c_size_t(3))),
        ("out_seconds_between", (ctypes.c_uint64(2 * 10**15), ctypes.c_uint64(1))),
    ],
)
def test_nothing_is_written_behind_the_end(function, arguments):
    whole = written(function, *arguments)
    for room in range(len(whole)):
        assert written(function, *arguments, room=room) is None
    assert written(function, *arguments, room=len(whole)) == whole
