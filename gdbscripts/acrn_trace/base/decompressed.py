# SPDX-License-Identifier: BSD-3-Clause
"""Decompresses in memory a file that gzip, xz or zstd made, as those of Linux's modules are.

Source of the list: Linux's kernel/module/decompress.c. What decompresses is loaded for such a file
only; zstd is none of what Python itself brings along.
"""

import io
from typing import IO, Callable

from acrn_trace.base.errors import TraceError

MAX_SIZE = 1 << 28  # bytes: of the file, and of what is in it
MAX_MEMORY = 1 << 28  # bytes, for xz on the way


def decompressed(file: IO[bytes], path: str) -> IO[bytes]:
    """What the file has compressed, or the file; TraceError where it is damaged, or endless."""
    start = file.read(max(map(len, _KINDS)))
    file.seek(0)
    unpack = next((_KINDS[magic] for magic in _KINDS if start.startswith(magic)), None)
    if unpack is None:
        return file
    try:
        data = unpack(file.read(MAX_SIZE))
    except TraceError as error:
        raise TraceError(f"{path} is {error}") from error
    if len(data) > MAX_SIZE:
        raise TraceError(f"{path} is more than {MAX_SIZE >> 20} MiB once it is decompressed")
    return io.BytesIO(data)


def _gzip(data: bytes) -> bytes:
    import zlib

    unpacker = zlib.decompressobj(wbits=31)
    return _whole(lambda: unpacker.decompress(data, MAX_SIZE + 1), zlib.error, lambda: unpacker.eof)


def _xz(data: bytes) -> bytes:
    import lzma

    unpacker = lzma.LZMADecompressor(lzma.FORMAT_XZ, MAX_MEMORY)
    return _whole(
        lambda: unpacker.decompress(data, MAX_SIZE + 1), lzma.LZMAError, lambda: unpacker.eof
    )


def _zstd(data: bytes) -> bytes:
    try:
        import zstandard
    except ImportError:
        raise TraceError(
            "compressed by zstd, which needs Python's zstandard; 'apt-get install "
            "python3-zstandard', or decompress it first"
        ) from None
    reader = zstandard.ZstdDecompressor().stream_reader(data)
    # It does not tell an early end, which whoever reads what came out does.
    return _whole(lambda: reader.read(MAX_SIZE + 1), zstandard.ZstdError, lambda: True)


def _whole(
    unpack: Callable[[], bytes], failure: type[Exception], ended: Callable[[], bool]
) -> bytes:
    """All of it; more than ``MAX_SIZE`` bytes where there is more."""
    try:
        data = unpack()
    except failure as error:
        raise TraceError(f"damaged as a compressed file ({error}); fetch it anew") from error
    if len(data) <= MAX_SIZE and not ended():
        raise TraceError("damaged as a compressed file (it ends too early); fetch it anew")
    return data


_KINDS = {b"\x1f\x8b\x08": _gzip, b"\xfd7zXZ\0": _xz, b"\x28\xb5\x2f\xfd": _zstd}
