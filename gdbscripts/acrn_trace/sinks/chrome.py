# SPDX-License-Identifier: BSD-3-Clause
"""Writes Chrome's trace event format, for ui.perfetto.dev and chrome://tracing (docs/formats.md).

The array form, an element a line, the comma in front of the line: cut off anywhere between two
lines the file lacks but its closing bracket, which the format allows. Complete (X) and metadata (M)
elements only, since importers drop others without a word. Perfetto also drops a slice that overlaps
another of its track unless one is inside the other, so such a call goes to a further track.
"""

from typing import Any, Sequence

from acrn_trace.base.output import Output
from acrn_trace.sinks.jsonl import compact, json_text
from acrn_trace.sinks.stamps import CLOCKS, clock_of
from acrn_trace.tables.errnos import errno_text
from acrn_trace.trace.event import Event
from acrn_trace.trace.marks import answer_mark, tampering
from acrn_trace.trace.sink import Sink

GUEST = 1  # pid: viewers give 0 to the idle process
MAX_VCPUS = 1024  # tracks; vCPUs past this share the unknown one's
UNKNOWN_VCPU = MAX_VCPUS
MAX_LANES = 64  # tracks of one vCPU; past this they overlap
LANE_STRIDE = 10_000  # between the tids of two lanes of one vCPU


class ChromeSink(Sink):
    """A slice a call, the whole JSONL object among its arguments; one more for its findings."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._start: int | None = None
        self._latest = 0  # the end that came last so far
        self._free: dict[int, list[int]] = {}  # vCPU -> when each lane became free
        self._written = False

    def entered(self, event: Event) -> None:
        if self._start is None:
            self._begin(_micros(round(event.time, 6)), event.clock, event.source)

    def finished(self, event: Event) -> None:
        self.entered(event)
        duration = None if event.duration is None else _micros(event.duration)
        self._write_slices(event.vcpu, _micros(event.time), duration, _slices(event))

    def _begin(self, start: int, clock: str, source: str) -> None:
        self._start = start
        label = CLOCKS[clock_of(clock, source)].format("in microseconds from the first call")
        self._write_metadata("process_name", 0, name="guest")
        self._write_metadata("process_labels", 0, labels=label)

    def _write_slices(
        self, vcpu: int | None, time: int, duration: int | None, slices: Sequence[str]
    ) -> None:
        """``slices`` of one call, each in two parts with the place between; microseconds."""
        begin = max(time - (self._start or 0), 0)
        end = begin + max(self._latest - begin if duration is None else duration, 0)
        self._latest = max(self._latest, end)
        tid = self._track(vcpu, begin, end)
        place = f'"pid":{GUEST},"tid":{tid},"ts":{begin},"dur":{end - begin}'
        for first, last in zip(slices[::2], slices[1::2]):
            self._write(f"{first}{place}{last}")

    def close(self) -> None:
        self._output.write("\n]\n" if self._written else "[]\n")
        self._output.flush()

    def _track(self, vcpu: int | None, begin: int, end: int) -> int:
        """The tid of the vCPU's first track that is free from ``begin`` on."""
        known = vcpu is not None and vcpu < MAX_VCPUS
        vcpu = vcpu if vcpu is not None and known else UNKNOWN_VCPU
        free = self._free.setdefault(vcpu, [])
        lane = next((lane for lane, since in enumerate(free) if since <= begin), len(free))
        if lane == MAX_LANES:
            lane -= 1
        elif lane == len(free):
            free.append(0)
            self._name_track(vcpu, lane, f"vCPU {vcpu if known else '?'}")
        free[lane] = max(free[lane], end)
        return vcpu + lane * LANE_STRIDE

    def _name_track(self, vcpu: int, lane: int, name: str) -> None:
        tid = vcpu + lane * LANE_STRIDE
        name += f" (overlapping {lane})" if lane else ""
        self._write_metadata("thread_name", tid, name=name)
        self._write_metadata("thread_sort_index", tid, sort_index=vcpu * MAX_LANES + lane)

    def _write_metadata(self, kind: str, tid: int, **values: Any) -> None:
        self._write(
            f'{{"ph":"M","name":"{kind}","pid":{GUEST},"tid":{tid},"args":{compact(values)}}}'
        )

    def _write(self, element: str) -> None:
        self._output.write((",\n" if self._written else "[\n") + element)
        self._written = True


def _micros(seconds: float) -> int:
    """Whole microseconds: two roundings would make neighbours overlap."""
    return round(seconds * 1e6)


def _slices(event: Event) -> list[str]:
    """The call and its findings, if any: each what goes before the place, and what behind it."""
    slices = [f'{{"ph":"X",{_heading(event)},', f',"args":{_arguments(event)}}}']
    if event.findings:
        slices += [f'{{"ph":"X",{_findings(event)},', "}"]
    return slices


def _heading(event: Event) -> str:
    """The slice's name and categories."""
    name = f"{event.name} (unfinished)" if event.status == "unfinished" else event.name
    name += answer_mark(event) + tampering(event)
    category = "hypercall,failed" if event.failed else "hypercall"
    return f'"name":{compact(name)},"cat":"{category}"'


def _arguments(event: Event) -> str:
    ret = event.ret
    result = "?" if ret is None else f"{ret}{errno_text(ret, event.abi)}"
    at = str(event.site) if event.site else "?"
    return f'{{"result":{compact(result)},"at":{compact(at)},"event":{json_text(event)}}}'


def _findings(event: Event) -> str:
    kinds = ", ".join(dict.fromkeys(finding.kind for finding in event.findings))
    texts = {str(number): finding.text for number, finding in enumerate(event.findings, 1)}
    return f'"name":{compact(f"!! {kinds}")},"cat":"finding","args":{compact(texts)}'
