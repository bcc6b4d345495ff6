# SPDX-License-Identifier: BSD-3-Clause
"""Reads guest-physical memory that is in a file, piece by piece.

Read with pread and never mapped: pages of a mapped file count as this process's memory, and a file
that shrinks under a mapping kills it.
"""

import bisect
import os
from typing import IO, Callable, Iterable, Iterator, NamedTuple

from acrn_trace.guest.memory import Unreadable
from acrn_trace.guest.paging import PAGE

CHUNK = 4 << 20  # bytes searched at once
MAX_READ = 1 << 30
COMPARED = 16 << 20


class Piece(NamedTuple):
    """``size`` bytes of guest-physical memory at ``address`` are in the file at ``offset``."""

    address: int
    offset: int
    size: int

    @property
    def end(self) -> int:
        return self.address + self.size


class FileMemory:
    """The memory that ``pieces`` of an open file hold; they are sorted and do not overlap."""

    def __init__(self, file: IO[bytes], pieces: list[Piece]) -> None:
        self._file = file
        self.pieces = pieces
        self._starts = [piece.address for piece in pieces]

    def read(self, address: int, size: int) -> bytes:
        parts: list[bytes] = []
        for offset, step in self._places(address, size):
            data = self._at(offset, step)
            if len(data) != step:
                raise Unreadable("the file ends before it")
            parts.append(data)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def close(self) -> None:
        """Close the file; nothing can be read after that."""
        self._file.close()

    def find(self, pattern: bytes, alignment: int) -> Iterator[int]:
        """Where ``pattern`` is; holes of the file are skipped, as they hold nothing but zeros.

        No more is searched than the file has bytes, whatever its pieces say.
        """
        left = os.fstat(self._file.fileno()).st_size
        for piece in self.pieces:
            for first, last in self._extents(piece.offset, piece.offset + piece.size):
                if left <= 0:
                    return
                last = min(last, first + left)
                left -= last - first
                yield from self._find_between(piece, first, last, pattern, alignment)

    def pages_with(self, offset: int, bits: int) -> Iterator[int]:
        """The addresses of the pages whose byte at ``offset`` has ``bits``, in ascending order.

        As much is searched as ``find`` would.
        """
        for address, data in self._chunks():
            first = -address % PAGE + offset
            for index, byte in enumerate(data[first::PAGE]):
                if byte & bits == bits:
                    yield address + first - offset + index * PAGE

    def _chunks(self) -> Iterator[tuple[int, bytes]]:
        """The memory but for holes, by parts that begin with a page or where memory does."""
        left = os.fstat(self._file.fileno()).st_size
        for piece in self.pieces:
            for first, last in self._extents(piece.offset, piece.offset + piece.size):
                for begin in range(first, min(last, first + left), CHUNK):
                    data = self._at(begin, min(CHUNK, last - begin))
                    left -= len(data)
                    yield piece.address + begin - piece.offset, data

    def _places(self, address: int, size: int) -> list[tuple[int, int]]:
        """Offset and size of the parts of the file that make up the memory; all must be there."""
        places, end = [], address + size
        if not 0 <= size <= MAX_READ:
            raise Unreadable(f"{size} bytes are more than is read at once")
        index = bisect.bisect_right(self._starts, address) - 1
        while address < end:
            piece = self.pieces[index] if 0 <= index < len(self.pieces) else None
            if piece is None or not piece.address <= address < piece.end:
                raise Unreadable(f"guest-physical {address:#x} is not in the file")
            step = min(piece.end, end) - address
            places.append((piece.offset + address - piece.address, step))
            address, index = address + step, index + 1
        return places

    def _at(self, offset: int, size: int) -> bytes:
        try:
            return os.pread(self._file.fileno(), size, offset)
        except (OSError, OverflowError) as error:
            raise Unreadable(f"the file cannot be read there: {error}") from None

    def _extents(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """The parts of the file between two offsets that are no holes."""
        number = self._file.fileno()
        while first < last:
            try:
                begin = os.lseek(number, first, os.SEEK_DATA)
                end = os.lseek(number, begin, os.SEEK_HOLE)
            except OSError:  # there is nothing but a hole
                return
            if begin >= last:
                return
            yield begin, min(end, last)
            first = end

    def _find_between(
        self, piece: Piece, first: int, last: int, pattern: bytes, alignment: int
    ) -> Iterator[int]:
        """The addresses of ``pattern`` between two offsets of one piece."""
        overlap = len(pattern) - 1
        for begin in range(first, last, CHUNK):
            data = self._at(begin, min(CHUNK + overlap, piece.offset + piece.size - begin))
            for at in occurrences(data, pattern):
                address = piece.address + begin + at - piece.offset
                if at < min(CHUNK, last - begin) and address % alignment == 0:
                    yield address


def occurrences(data: bytes, pattern: bytes) -> Iterator[int]:
    """Where ``pattern`` is in ``data``."""
    at = data.find(pattern)
    while at >= 0:
        yield at
        at = data.find(pattern, at + 1)


Equal = Callable[[int, int, int], bool]  # two offsets in the file, size


def equal_in(file: IO[bytes]) -> Equal:
    """Whether the file has the same bytes at two places; False once as much was compared in all
    as the file has bytes, or COMPARED, whatever its pieces say."""
    number = file.fileno()
    left = max(os.fstat(number).st_size, COMPARED)

    def equal(first: int, second: int, size: int) -> bool:
        nonlocal left
        left -= size
        return left >= 0 and all(
            os.pread(number, min(CHUNK, size - at), first + at)
            == os.pread(number, min(CHUNK, size - at), second + at)
            for at in range(0, size, CHUNK)
        )

    return equal


def joined(pieces: Iterable[Piece], equal: Equal) -> tuple[list[Piece], int]:
    """Sorted pieces without overlap, and how many contradicted others about the same memory.

    Pieces that say the same twice are one: by the same bytes of the file (as aliases of a page do),
    or by ``equal`` ones. Of two that differ the one that begins first is believed.
    """
    result: list[Piece] = []
    contradictions = 0
    for piece in sorted(pieces):
        last = result[-1] if result else None
        if last is None or piece.address > last.end:
            result.append(piece)
        elif piece.offset - piece.address == last.offset - last.address:
            size = max(last.end, piece.end) - last.address
            result[-1] = last._replace(size=size)
        else:
            overlap = min(last.end, piece.end) - piece.address
            there = last.offset + piece.address - last.address
            contradictions += overlap > 0 and not equal(there, piece.offset, overlap)
            if piece.end > last.end:
                cut = last.end - piece.address
                result.append(Piece(last.end, piece.offset + cut, piece.size - cut))
    return result, contradictions
