# SPDX-License-Identifier: BSD-3-Clause
"""Opens trace files, and tells by a file's first bytes which kind of trace it is.

Loads nothing that reads calls: what C shows needs no more of Python.
"""

import contextlib
import io
import os
import sys
from collections.abc import Iterator

from acrn_trace.base.errors import TraceError
from acrn_trace.rings.blocks import MAGIC

JSONL, CHROME, RECORDING, EMPTY = "jsonl", "chrome", "recording", "empty"
_KINDS = {b"{": JSONL, b"[": CHROME, MAGIC: RECORDING}
_ELF_MAGIC = b"\x7fELF"
_VERSION = slice(16, 18)  # of a recording: behind the head of its first block


@contextlib.contextmanager
def opened(name: str) -> Iterator[io.BufferedIOBase]:
    """The file ``name``, or standard input for -; TraceError where it cannot be opened."""
    if name == "-":
        yield sys.stdin.buffer
        return
    try:
        file = open(name, "rb", buffering=1 << 16)
    except OSError as error:
        raise TraceError(f"cannot read {name}: {error.strerror}; name a trace file") from error
    with file:
        yield file


def check_trace(name: str) -> None:
    """TraceError if ``name`` cannot be opened or is no trace; pipes are left alone."""
    if name != "-" and (os.path.isfile(name) or not os.path.exists(name)):
        with opened(name) as file:
            kind_of(file, name)


def kind_of(file: io.BufferedIOBase, name: str) -> str:
    """JSONL, CHROME, RECORDING or EMPTY; TraceError if it is none of them, or cannot be read."""
    try:
        start = file.peek(16)[:16] if hasattr(file, "peek") else b"{"
    except OSError as error:
        raise TraceError(f"cannot read {name}: {error.strerror}") from error
    if not start:
        return EMPTY
    for magic, kind in _KINDS.items():
        if start.startswith(magic):
            return kind
    raise TraceError(
        f"{name} is no trace: it begins with {_seen(start)}, and a trace with '{{' (JSONL), "
        f"'[' (Chrome) or the bytes {MAGIC.hex(' ')} (a recording)"
    )


def recording_version(file: io.BufferedIOBase) -> int | None:
    """Which version of the binary format ``file`` begins as; None if it is no recording."""
    start = _start(file, _VERSION.stop)
    return int.from_bytes(start[_VERSION], "little") if start.startswith(MAGIC) else None


def is_empty(file: io.BufferedIOBase) -> bool:
    """Whether nothing can be read, as far as one can look ahead."""
    return hasattr(file, "peek") and not _start(file, 1)


def _start(file: io.BufferedIOBase, size: int) -> bytes:
    try:
        return file.peek(size)[:size]  # type: ignore[attr-defined]
    except (OSError, AttributeError):
        return b""


def _seen(start: bytes) -> str:
    """The first bytes of a file as its user may know them: as text if they are, else in hex."""
    if start.startswith(_ELF_MAGIC):
        return "an ELF file's header"
    text, *_ = start.decode("ascii", "replace").splitlines() or [""]
    is_text = text.strip() and text.isprintable() and text.isascii()
    return f"'{text}'" if is_text else f"the bytes {start.hex(' ')}"
