# SPDX-License-Identifier: BSD-3-Clause
"""An acrn-record on rings made by hand (helpers.make.ring), and what it recorded of them."""

import mmap
import signal

from acrn_trace.base.errors import TraceError
from acrn_trace.files.read import read_events
from helpers.make.ring import PAGE
from helpers.process import SECONDS, ended, start, wait_until
from helpers.tree import ROOT

RECORD = ROOT / "build" / "acrn-record"


def write_sparsely(path, ram):
    """Pages of zeros are holes in the file, as in a guest's RAM that was never touched."""
    with open(path, "wb") as file:
        for at in range(0, len(ram), PAGE):
            if any(ram[at : at + PAGE]):
                file.seek(at)
                file.write(ram[at : at + PAGE])
        file.truncate(len(ram))


class Recorder:
    """An acrn-record on a machine's RAM, which goes on changing under it."""

    def __init__(self, folder, machine, *options):
        path, self.output = folder / "ram", folder / "trace"
        write_sparsely(path, machine.ram)
        with open(path, "r+b") as file:
            machine.ram = mmap.mmap(file.fileno(), 0)
        self.process = start([RECORD, "-o", self.output, *options, path])
        self._wait_until(lambda: self.output.exists() and self.output.stat().st_size)

    def wait_for(self, records):
        """Until so many records are on disk."""
        self._wait_until(lambda: self.records() >= records)

    def records(self):
        """How many are on disk."""
        return len(list(self._readable()))

    def _wait_until(self, condition):
        wait_until(lambda: condition() or self.process.poll() is not None)

    def _readable(self):
        try:
            yield from read_events(str(self.output)) if self.output.exists() else ()
        except TraceError:
            pass

    def finish(self):
        """End it; status, what it said, and the events."""
        with ended(self.process):
            self.process.send_signal(signal.SIGTERM)
            _, said = self.process.communicate(timeout=SECONDS)
        events = list(read_events(str(self.output))) if self.process.returncode == 0 else []
        return self.process.returncode, said, events


def recorded(folder, machine, *options):
    recorder = Recorder(folder, machine, *options)
    return recorder.finish()


def sequences(events, ring=0):
    return [event.more["sequence"] for event in events if event.more["ring"] == ring]


def lost(events):
    """How many calls the findings say were lost."""
    texts = [f.text for event in events for f in event.findings if f.kind == "lost"]
    return sum(int(text.split(" lost ")[1].split()[0]) for text in texts)
