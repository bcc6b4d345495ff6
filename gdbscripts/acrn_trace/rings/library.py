# SPDX-License-Identifier: BSD-3-Clause
"""Loads the readers in C (cstub/reader, cstub/decode), a shared library: its functions, by name."""

from functools import lru_cache
from typing import Any

from acrn_trace.base.errors import TraceError
from acrn_trace.base.places import READER_LIBRARY

try:
    from ctypes import (
        POINTER,
        PyDLL,
        c_char_p,
        c_int,
        c_size_t,
        c_uint32,
        c_uint64,
        c_void_p,
        create_string_buffer,
    )
except ImportError as error:
    raise TraceError(
        f"this Python has no ctypes, through which recorded calls are read ({error}); use a GDB "
        "that is linked with the system's Python"
    ) from None

FAULT_SIZE = 96  # RING_FAULT_SIZE

_words = POINTER(c_uint64)

# Name, result, arguments.
_FUNCTIONS: tuple[tuple[str, Any, list[Any]], ...] = (
    ("ring_header_fault", c_char_p, [_words, c_char_p]),
    ("report_new", c_void_p, [c_uint32, c_int]),
    ("report_free", None, [c_void_p]),
    ("report_state", c_void_p, [c_void_p]),
    ("report_use_table", c_char_p, [c_void_p, c_char_p, c_size_t]),
    ("report_use_own_table", c_char_p, [c_void_p, c_char_p, c_size_t]),
    ("report_select", None, [c_void_p, c_void_p, c_uint32]),
    ("report_begin", c_int, [c_void_p]),
    ("report_push", None, [c_void_p, c_void_p, c_size_t]),
    ("report_end", None, [c_void_p, c_char_p]),
    ("report_refuse", None, [c_void_p, c_char_p]),
    ("report_run", c_int, [c_void_p, c_void_p, c_size_t, POINTER(c_size_t)]),
    ("report_unsaid", c_char_p, [c_void_p]),
    ("report_rows", c_size_t, [c_void_p, c_void_p, c_size_t]),
    ("report_kind", c_char_p, [c_void_p, c_uint32]),
)


@lru_cache(1)
def library() -> PyDLL:
    """All of it; TraceError where it cannot be loaded. GDB reads memory for it, so Python's lock
    is held."""
    try:
        loaded = PyDLL(READER_LIBRARY)
    except OSError as failure:
        raise TraceError(
            f"cannot load the readers {READER_LIBRARY}: {failure}; 'make readers' builds it"
        ) from None
    for name, result, arguments in _FUNCTIONS:
        function = getattr(loaded, name)
        function.restype, function.argtypes = result, arguments
    return loaded


def header_fault(data: bytes) -> str | None:
    """What is wrong with a ring's header, which has its full size; None if all can be right."""
    words = (c_uint64 * (len(data) // 8)).from_buffer_copy(data)
    fault = library().ring_header_fault(words, create_string_buffer(FAULT_SIZE))
    return fault.decode() if fault else None
