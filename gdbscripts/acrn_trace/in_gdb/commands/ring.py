# SPDX-License-Identifier: BSD-3-Clause
"""Runs ``hypercall ring``: a guest's flight recorder, through the stub or in a dump."""

import argparse
import contextlib
from typing import IO, Iterator

import gdb

from acrn_trace.at_rest.postmortem import examine
from acrn_trace.at_rest.ring_listing import RingListing
from acrn_trace.base.errors import TraceError
from acrn_trace.base.text import printable
from acrn_trace.bindings.library import library
from acrn_trace.guest.memory import Unreadable
from acrn_trace.guest.site import Site
from acrn_trace.guest.snapshot import STUB
from acrn_trace.image.image import Image
from acrn_trace.in_gdb.command import Command
from acrn_trace.in_gdb.guard import uninterrupted
from acrn_trace.in_gdb.guest_memory import look, read_block
from acrn_trace.in_gdb.image import current_image, current_sites, load_offset
from acrn_trace.in_gdb.points import HypercallPoint
from acrn_trace.in_gdb.prompt import GdbStream, matching
from acrn_trace.in_gdb.session import Session
from acrn_trace.in_gdb.snapshot import current_snapshot
from acrn_trace.options.declare import add_ring_options, check_ring_options
from acrn_trace.options.parser import OptionParser
from acrn_trace.rings.follower import NOTHING, RingFollower
from acrn_trace.rings.format import NotARing
from acrn_trace.rings.preamble import preamble
from acrn_trace.rings.reader import Rings
from acrn_trace.tables.knowledge import Knowledge

LIVE_COUNT = 10
HEADER, WATERMARK = "acrn_ring_header", "acrn_ring_watermark"
CLOCK_UNKNOWN, CLOCK_GUEST = 0, 1


def _address(symbol: str) -> int:
    try:
        return int(gdb.parse_and_eval(f"(unsigned long) &{symbol}"))
    except gdb.error:
        raise TraceError(
            f"the image has no symbol {symbol}; load the guest's, built with the ring (ACRN_RING)"
        ) from None


def _read(address: int, size: int) -> bytes:
    try:
        return read_block(address, size)
    except Unreadable as why:
        raise TraceError(
            f"cannot read the ring at {address:#x}: {why}; stop the guest in code of its own, with "
            "paging on"
        ) from None


def _rings() -> Rings:
    try:
        return Rings(_read, _address(HEADER))
    except NotARing as fault:
        raise TraceError(f"the ring cannot be read: {fault}") from None


def show(knowledge: Knowledge, options: argparse.Namespace) -> None:
    """Print the last calls of a stopped guest, or all of a dump's."""
    snapshot = current_snapshot()
    if options.count is None and snapshot.kind == STUB:
        options.count = LIVE_COUNT
    if gdb.current_progspace().filename is None:
        found, sites = examine(snapshot, None), {}
    else:
        image = current_image()
        found, sites = examine(snapshot, image, load_offset(image)), sites_of(image)
    for note in found.notes:
        gdb.write(f"acrn-trace: {printable(note)}\n", gdb.STDERR)
    RingListing(found, knowledge, sites).show(options, GdbStream())


def sites_of(image: Image) -> dict[int, Site]:
    """The image's sites by address; none in one that makes no calls, which may be the wrong one."""
    try:
        return {site.address: site for site in current_sites(image)}
    except TraceError:
        return {}


class Following:
    """A breakpoint at the watermark, and the file into which the rings are read each time."""

    def __init__(self, session: Session, path: str) -> None:
        self._path = path
        self._follower: RingFollower | None = None
        library()  # without which there is nothing to read with, at the first stop
        _address(HEADER)
        watermark = _address(WATERMARK)
        head = preamble(session.knowledge.table, current_sites(current_image()))
        self._file = self._opened()
        with self._writing():
            self._file.write(head)
        self.failure: str | None = None
        self.active = True
        self._point = HypercallPoint(
            session.resumption, watermark, lambda: self.active and self._at_watermark()
        )
        gdb.events.exited.connect(self._on_gone)
        gdb.events.connection_removed.connect(self._on_gone)

    def _opened(self) -> IO[bytes]:
        try:
            return open(self._path, "wb", buffering=0)
        except OSError as error:
            raise TraceError(f"cannot write the trace to {self._path}: {error.strerror}") from error

    def stop(self) -> None:
        """Read what is left, if the guest is there, and end the file."""
        if self.active:
            self._guarded(self._drain)
        self._end(all_read=True)
        self._point.delete()
        if self.failure:
            raise TraceError(f"{self.failure}; what was read before is in {self._path}")

    def _at_watermark(self) -> bool:
        stop_guest, interrupted = uninterrupted(lambda: self._guarded(self._drain))
        return stop_guest or interrupted

    def _guarded(self, action) -> bool:
        """Run ``action``; True (stop the guest) once it cannot go on."""
        try:
            if self.failure is None:
                action()
        except (TraceError, Unreadable) as error:
            self.failure = str(error)
            gdb.write(f"acrn-trace: {error}; the ring is no longer read.\n", gdb.STDERR)
        return self.failure is not None

    def _drain(self) -> None:
        look()
        if self._follower is None:
            rings = _rings()
            khz = rings.header.tsc_khz
            clock = CLOCK_GUEST if khz else CLOCK_UNKNOWN
            self._follower = RingFollower(rings, self._file.fileno(), khz * 1000, clock)
        with self._writing():
            self._follower.read()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise TraceError(f"cannot write to {self._path}: {error.strerror}") from error

    def _on_gone(self, _event: object) -> None:
        if self.active:
            self._end(all_read=False)

    def _end(self, all_read: bool) -> None:
        """Nothing more comes: the calls in flight are unfinished."""
        if not self.active:
            return
        self.active = False
        gdb.events.exited.disconnect(self._on_gone)
        gdb.events.connection_removed.disconnect(self._on_gone)
        self._guarded(lambda: self._finish(all_read))
        self._file.close()

    def _finish(self, all_read: bool) -> None:
        records = lost = unread = 0
        with self._writing():
            if self._follower:
                unread = 0 if all_read else self._follower.lose_unread()
                records, lost = self._follower.end()
            else:
                self._file.write(NOTHING)
        said = f"The ring: {records} calls recorded in {self._path}, {lost} lost up to there"
        if unread:
            said += (
                f"; up to {unread} made after the last look are not in it, since the guest was "
                "gone first (let it call acrn_ring_finish() before its end)"
            )
        gdb.write(f"{said}.\n")


class HypercallRing(Command):
    """Shows the last calls of the rings, or follows them into a file."""

    def __init__(self, session: Session) -> None:
        super().__init__(session, self._show_or_follow)
        self._following: Following | None = None

    def complete(self, text: str, word: str | None) -> list[str]:
        return matching(("-n", "--json", "--follow", "-o", "off"), word)

    def _show_or_follow(self, words: list[str]) -> None:
        running = self._following if self._following and self._following.active else None
        if words == ["off"]:
            if not running:
                raise TraceError("no ring is followed; 'hypercall ring --follow' starts it")
            running.stop()
            return
        options = _parse(words)
        if not options.follow:
            show(self._session.knowledge, options)
        elif running:
            raise TraceError("the ring is followed already; 'hypercall ring off' ends it")
        else:
            self._following = Following(self._session, options.output)


def _parse(words: list[str]) -> argparse.Namespace:
    parser = OptionParser(prog="hypercall ring", add_help=False)
    add_ring_options(parser)
    parser.add_argument("-f", "--follow", action="store_true")
    parser.add_argument("-o", "--output", default="acrn.trace")
    options = parser.parse_args(words)
    check_ring_options(options)
    return options


def make(_name: str, session: Session) -> Command:
    return HypercallRing(session)
