# SPDX-License-Identifier: BSD-3-Clause
"""The guest's call stack: where it ends, and what is shown of code without names."""

import pytest

from acrn_trace.guest.stop import Frame, outermost_cut

CALLED = Frame("create_vm", "service.c", 42, 0x1000)
FIRST = Frame("_start", None, None, 0x2000)
NAMELESS = Frame(None, None, None, 0x3000)
GUESS = Frame(None, None, None, 0x7F)
END = Frame(None, None, None, 0)


@pytest.mark.parametrize(
    "frames, kept",
    [
        ([CALLED, FIRST, END], [CALLED, FIRST]),
        ([CALLED, FIRST, NAMELESS, GUESS, GUESS], [CALLED, FIRST, NAMELESS]),
        ([CALLED, NAMELESS, FIRST, NAMELESS, END], [CALLED, NAMELESS, FIRST, NAMELESS]),
        ([NAMELESS, GUESS, GUESS, END], [NAMELESS]),
        ([END], [END]),
        ([], []),
    ],
    ids=["marked end", "guesses behind the names", "assembly between", "stripped", "alone", "none"],
)
def test_where_a_stack_ends(frames, kept):
    assert outermost_cut(frames) == tuple(kept)


@pytest.mark.parametrize(
    "frame, text",
    [
        (CALLED, "create_vm (service.c:42)"),
        (Frame("create_vm", "service.c", None, 0x1000), "create_vm (service.c:?)"),
        (FIRST, "_start (0x2000)"),
        (NAMELESS, "0x3000"),
        (Frame(None, "service.c", 42), "? (service.c:42)"),
        (Frame("_start", None, None), "_start (?)"),
        (Frame(None, None, None), "?"),
    ],
)
def test_what_is_known_of_a_frame_is_shown(frame, text):
    assert str(frame) == text
