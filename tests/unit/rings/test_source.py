# SPDX-License-Identifier: BSD-3-Clause
"""Memory that C reads through Python: what goes wrong in a callback comes out behind the C."""

import signal
import sys

import pytest

from acrn_trace.base.errors import TraceError
from acrn_trace.base.places import MODEL_LIBRARY
from acrn_trace.bindings import library
from acrn_trace.guest.memory import Unreadable
from acrn_trace.rings.follower import RingFollower
from acrn_trace.rings.format import HEADER_SIZE
from acrn_trace.rings.reader import Rings
from acrn_trace.rings.ring_contents import RingContents
from helpers.make.ring import HZ, VIRTUAL, RingMachine, record


class Watched:
    """A ring of 4096 calls, in 64 parts for one read each, whose reads are counted."""

    def __init__(self, fail_at=None, failure=None):
        self.machine = RingMachine(count=4096, size=512)
        for sequence in range(4096):
            self.machine.write(0, sequence, record(sequence))
        self.machine.claimed = [4096]
        self.machine.write_counters()
        self.reads, self._fail_at, self._failure = 0, fail_at, failure
        self.rings = Rings(self._read, VIRTUAL, self.machine.header)

    def _read(self, address, size):
        self.reads += 1
        if self.reads == self._fail_at:
            return self._failure(address, size)
        return self.machine.read(address, size)


def raising(error):
    def fail(_address, _size):
        raise error

    return fail


@pytest.mark.parametrize("error", (TraceError("the stub is gone"), KeyboardInterrupt(), OSError(5)))
def test_what_reading_raises_is_raised_and_nothing_more_is_read(error, capfd):
    watched = Watched(10, raising(error))
    with pytest.raises(type(error)) as raised:
        list(RingContents(watched.rings))
    assert raised.value is error and watched.reads == 10
    assert capfd.readouterr().err == ""


def test_an_interrupt_where_the_callback_begins(capfd):
    """It was pending while C ran: Python raises it before the first line of the callback."""

    def interrupt(frame, event, _argument):
        if event == "call" and frame.f_code.co_name == "_copy" and watched.reads == 9:
            sys.setprofile(None)
            signal.raise_signal(signal.SIGINT)

    watched = Watched()
    sys.setprofile(interrupt)
    try:
        with pytest.raises(KeyboardInterrupt):
            list(RingContents(watched.rings))
    finally:
        sys.setprofile(None)
    assert watched.reads == 9 and capfd.readouterr().err == ""
    assert len(list(RingContents(watched.rings))) == 4096


def test_what_is_unreadable_is_counted_and_the_rest_is_read():
    watched = Watched(10, raising(Unreadable("no memory there")))
    contents = RingContents(watched.rings)
    assert len(list(contents)) == 4096  # one by one, since the first and the last can be read
    assert contents.tallies()[0].unreadable == 0
    broken = Rings(raising(Unreadable("no memory there")), VIRTUAL, watched.machine.header)
    for look in (broken.counters, broken.newest_entry, lambda: RingContents(broken)):
        with pytest.raises(Unreadable, match="no memory there"):
            look()


@pytest.mark.parametrize("answer", (b"", b"x" * 8, b"x" * (1 << 20)))
def test_an_answer_of_another_size_is_no_memory(answer):
    watched = Watched(1, lambda address, size: answer)
    with pytest.raises(Unreadable, match=f"{len(answer)} of 32 bytes could be read"):
        watched.rings.counters()


def test_a_pass_that_was_interrupted_is_gone_on_with(folder):
    watched = Watched(30, raising(KeyboardInterrupt()))
    with open(folder / "trace", "wb", buffering=0) as file:
        follower = RingFollower(watched.rings, file.fileno(), HZ, 1)
        with pytest.raises(KeyboardInterrupt):
            follower.read()
        before = watched.reads
        follower.read()
        assert follower.end() == (4096, 0)
    assert before == 30 and watched.reads == 2 + 32 + 3  # of a part one more, and the counters


def test_a_file_that_cannot_be_written():
    watched = Watched()
    with open("/dev/full", "wb", buffering=0) as file:
        follower = RingFollower(watched.rings, file.fileno(), HZ, 1)
        with pytest.raises(OSError, match="No space left on device"):
            follower.read()


def test_other_complaints_go_where_they_went(monkeypatch):
    """Of an object that cannot be deleted, say, while memory is read."""

    class Undeletable:
        def __del__(self):
            raise ValueError("not yet")

    heard = []
    monkeypatch.setattr(sys, "unraisablehook", heard.append)
    watched = Watched(
        10, lambda address, size: (Undeletable(), watched.machine.read(address, size))[1]
    )
    assert len(list(RingContents(watched.rings))) == 4096
    assert [type(what.exc_value) for what in heard] == [ValueError]


def test_a_guest_that_runs_is_looked_at_again_behind_the_copy():
    """The word, the record, the word: what was overwritten meanwhile is no call."""
    reads = []

    def read(address, size):
        reads.append((address, size))
        data = machine.read(address, size)
        if len(reads) == copied:
            machine.write(0, 1, record(5))
        return data

    machine = RingMachine(count=4)
    for _ in range(4):
        machine.call()
    copied = 3  # `enabled`, the counters, then all records
    rings = Rings(read, VIRTUAL, machine.header)
    rings.in_c.runs = 1
    with open("/dev/null", "wb") as file:
        follower = RingFollower(rings, file.fileno(), HZ, 1)
        follower.read()
        assert follower.end() == (3, 1)
    at = machine.records_virtual
    assert reads[2:] == [(at, 256), *((at + slot * 64, 8) for slot in range(4))]


def test_a_library_that_is_missing_is_a_sentence(monkeypatch):
    monkeypatch.setattr(library, "READER_LIBRARY", "/no/where.so")
    with pytest.raises(TraceError) as raised:
        library.library.__wrapped__()
    assert str(raised.value).startswith("cannot load the readers /no/where.so: ")
    assert str(raised.value).endswith("; 'make readers' builds it")
    assert len(library.header_fault(bytes(HEADER_SIZE)) or "") > 0


def test_a_library_of_another_version_is_a_sentence(monkeypatch):
    monkeypatch.setattr(library, "READER_LIBRARY", MODEL_LIBRARY)
    with pytest.raises(TraceError) as raised:
        library.library.__wrapped__()
    assert "are not of this version (they have no ring_header_fault); 'make" in str(raised.value)
