# SPDX-License-Identifier: BSD-3-Clause
"""Declares what Python calls of the readers in C (cstub/reader, cstub/decode), and loads it."""

import ctypes
from ctypes import (
    CFUNCTYPE,
    POINTER,
    c_char,
    c_char_p,
    c_int,
    c_size_t,
    c_uint32,
    c_uint64,
    c_void_p,
)
from functools import lru_cache

from acrn_trace.base.errors import TraceError
from acrn_trace.base.places import READER_LIBRARY

FAULT_SIZE = 96  # RING_FAULT_SIZE
TORN = 64  # CONTENTS_TORN
WHY_SIZE = 256  # CALLBACK_WHY
UNREADABLE = -1  # enum following_result

Read = CFUNCTYPE(None, c_uint64, c_void_p, c_uint32)  # address, where to copy it, bytes


class Callback(ctypes.Structure):
    """struct callback."""

    _fields_ = [("read", Read), ("was_read", c_uint64), ("why", c_char * WHY_SIZE)]


class RingsInC(ctypes.Structure):
    """struct rings."""

    _fields_ = [
        ("read", c_void_p),
        ("context", c_void_p),
        ("address", c_uint64),
        ("runs", c_uint64),
        ("header", c_uint64 * 16),
    ]


class Counters(ctypes.Structure):
    """struct acrn_ring: one ring's, as they were when they were read."""

    _fields_ = [
        ("claimed", c_uint64),
        ("limit", c_uint64),
        ("lost", c_uint64),
        ("lapped", c_uint64),
        ("reserved", c_uint64 * 4),
    ]


class Tally(ctypes.Structure):
    """struct ring_tally: how many of one ring's slots were what."""

    _fields_ = [
        ("kept", c_uint64),  # a call, returned or under way
        ("torn", c_uint64),  # half written
        ("unwritten", c_uint64),  # claimed, and the slot still has what was there before
        ("foreign", c_uint64),  # nothing that the recorder writes
        ("unreadable", c_uint64),
        ("left_out", c_uint64),  # too many to read
        ("torn_sequence", c_uint64 * TORN),
    ]

    @property
    def torn_sequences(self) -> list[int]:
        """Of the first of those half written."""
        return self.torn_sequence[: self.torn]


class End(ctypes.Structure):
    """struct acrn_trace_end."""

    _fields_ = [("records", c_uint64), ("lost", c_uint64)]


_rings, _handle, _number = POINTER(RingsInC), c_void_p, c_uint32

# Name, result, arguments.
_FUNCTIONS: tuple[tuple[str, object, list], ...] = (
    ("ring_header_fault", c_char_p, [POINTER(c_uint64), c_char_p]),
    ("ring_counters", c_int, [_rings, _number, POINTER(Counters)]),
    ("contents_new", _handle, [_rings, c_int, POINTER(c_int)]),
    ("contents_free", None, [_handle]),
    ("contents_next", _number, [_handle, _number, POINTER(c_uint32), c_void_p]),
    ("contents_tally", POINTER(Tally), [_handle, _number]),
    ("contents_newest", c_int, [_rings, POINTER(c_uint64)]),
    ("following_new", _handle, [_rings, c_int, c_uint64, c_int]),
    ("following_free", None, [_handle]),
    ("following_pass", c_int, [_handle]),
    ("following_lose_unread", c_uint64, [_handle]),
    ("following_end", c_int, [_handle, POINTER(End)]),
    ("shared_calls_new", _handle, [c_char_p, c_int, c_int]),
    ("shared_calls_free", None, [_handle]),
    ("shared_calls_pass", c_int, [_handle]),
    ("shared_calls_made", c_uint64, [_handle]),
    ("shared_calls_in_flight", c_uint32, [_handle]),
    ("shared_calls_end", c_int, [_handle, POINTER(End)]),
    ("call_decoder_new", _handle, [c_char_p, c_size_t]),
    ("call_decoder_free", None, [_handle]),
    ("raw_record_json", c_size_t, [_handle, c_void_p, c_void_p, c_size_t]),
    ("live_call_json", c_size_t, [_handle, c_void_p, c_void_p, c_size_t]),
    ("report_new", c_void_p, [c_uint32, c_int]),
    ("report_free", None, [c_void_p]),
    ("report_state", c_void_p, [c_void_p]),
    ("report_use_table", c_char_p, [c_void_p, c_char_p, c_size_t]),
    ("report_use_own_table", c_char_p, [c_void_p, c_char_p, c_size_t]),
    ("report_select", None, [c_void_p, c_void_p, c_uint32]),
    ("report_live", None, [c_void_p, c_void_p]),
    ("report_find", None, [c_void_p, c_char_p, c_char_p]),
    ("report_begin", c_int, [c_void_p]),
    ("report_push", None, [c_void_p, c_void_p, c_size_t]),
    ("report_end", None, [c_void_p, c_char_p]),
    ("report_refuse", None, [c_void_p, c_char_p]),
    ("report_run", c_int, [c_void_p, c_void_p, c_size_t, POINTER(c_size_t)]),
    ("report_unsaid", c_char_p, [c_void_p]),
    ("report_rows", c_size_t, [c_void_p, c_void_p, c_size_t]),
    ("report_trouble", c_char_p, [c_void_p, c_uint32]),
)


@lru_cache(1)
def library() -> ctypes.PyDLL:
    """All of it; TraceError where it cannot be loaded.

    Python's lock is held in it, as GDB needs where memory is read for it.
    """
    try:
        loaded = ctypes.PyDLL(READER_LIBRARY)
    except OSError as failure:
        raise TraceError(
            f"cannot load the readers {READER_LIBRARY}: {failure}; 'make readers' builds it"
        ) from None
    try:
        for name, result, arguments in _FUNCTIONS:
            function = getattr(loaded, name)
            function.restype, function.argtypes = result, arguments
    except AttributeError:
        raise TraceError(
            f"the readers {READER_LIBRARY} are not of this version (they have no {name}); "
            "'make readers' builds them anew"
        ) from None
    return loaded


def header_fault(data: bytes) -> str | None:
    """What is wrong with a ring's header, which has its full size; None if all can be right."""
    words = (c_uint64 * 16).from_buffer_copy(data)
    fault = library().ring_header_fault(words, ctypes.create_string_buffer(FAULT_SIZE))
    return fault.decode() if fault else None
