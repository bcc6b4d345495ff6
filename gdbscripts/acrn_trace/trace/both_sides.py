# SPDX-License-Identifier: BSD-3-Clause
"""Puts both ends of a call together: what the guest asked and got, what the hypervisor saw.

A call that arrives at the dispatcher on a vCPU is the newest one in flight there that has not
arrived yet: VMCALL exits at once, and whatever interrupted it before makes its own calls first.
"""

from dataclasses import dataclass

from acrn_trace.trace.event import Event, Finding
from acrn_trace.trace.sink import Sink

DIFFERS = "hypervisor-differs"
MAX_OPEN = 1024  # calls in flight that are remembered


@dataclass
class Arrival:
    """A call as the hypervisor has it; ``ret`` is what the handler returned, signed 32 bits."""

    nr: int
    args: tuple[int, ...]
    handler: str | None = None
    ret: int | None = None

    def as_json(self) -> dict[str, object]:
        args = [hex(arg) for arg in self.args]
        return {"handler": self.handler, "nr": hex(self.nr), "args": args, "ret": self.ret}


class BothSides(Sink):
    """Told of the guest's calls as a sink, and of the hypervisor's by vCPU; adds to the events."""

    def __init__(self) -> None:
        self._open: list[Event] = []
        self._arrivals: dict[int, Arrival] = {}  # by seq of the event
        self._current: dict[int, Arrival] = {}  # by vCPU: the latest
        self.unmatched = 0

    def entered(self, event: Event) -> None:
        if len(self._open) < MAX_OPEN:
            self._open.append(event)

    def arrived(self, vcpu: int, nr: int, args: tuple[int, ...]) -> None:
        """The dispatcher is entered on ``vcpu``, or QEMU reports once more that it was."""
        if self._is_repeated(vcpu, nr, args):
            return
        arrival = self._current[vcpu] = Arrival(nr, args)
        waiting = [event for event in self._open if event.seq not in self._arrivals]
        here = [event for event in waiting if event.vcpu == vcpu]
        same = [event for event in waiting if (event.nr, event.args) == (nr, args)]
        found = here or same  # a thread may migrate before its VMCALL runs
        if found:
            self._arrivals[found[-1].seq] = arrival
        else:
            self.unmatched += 1  # from a site that is not traced

    def _is_repeated(self, vcpu: int, nr: int, args: tuple[int, ...]) -> bool:
        """Whether the vCPU's newest call has arrived, the same, and no handler has run."""
        current = self._current.get(vcpu)
        newest = next((event for event in reversed(self._open) if event.vcpu == vcpu), None)
        return (
            newest is not None
            and self._arrivals.get(newest.seq) is current
            and current == Arrival(nr, args)
        )

    def handled_by(self, vcpu: int, handler: str) -> None:
        """A handler is entered: the first of a call is its own."""
        arrival = self._current.get(vcpu)
        if arrival and arrival.handler is None:
            arrival.handler = handler

    def handler_returned(self, vcpu: int, rax: int) -> None:
        arrival = self._current.get(vcpu)
        if arrival and arrival.handler and arrival.ret is None:
            low = rax & 0xFFFFFFFF
            arrival.ret = low - (1 << 32) if low >> 31 else low

    def finished(self, event: Event) -> None:
        """Before the other sinks see it: the event gets ``hypervisor``, and what differs."""
        if event in self._open:
            self._open.remove(event)
        arrival = self._arrivals.pop(event.seq, None)
        if arrival:
            event.more["hypervisor"] = arrival.as_json()
            event.findings += _differences(event, arrival)
        elif event.status == "returned" and event.answered_by == "hypervisor":
            text = f"{event.name} returned, and the hypervisor's dispatcher never saw it"
            event.findings.append(Finding(DIFFERS, text))


def _differences(event: Event, arrival: Arrival) -> list[Finding]:
    asked = [("number", event.nr, arrival.nr)]
    pairs = enumerate(zip(event.args, arrival.args), 1)
    asked += [(f"argument {number}", *pair) for number, pair in pairs]
    texts = [
        f"{event.name}: {what} left the guest as {sent:#x} and arrived as {seen:#x}"
        for what, sent, seen in asked
        if sent != seen
    ]
    if arrival.ret is not None and event.status == "returned" and event.ret != arrival.ret:
        texts.append(
            f"{event.name}: {arrival.handler} returned {arrival.ret} and the guest got {event.ret}"
        )
    return [Finding(DIFFERS, text) for text in texts]


def hypervisor_lines(event: Event) -> list[str]:
    """The line of text for an event's ``hypervisor``, which may come from any file."""
    tree = event.more.get("hypervisor")
    if not isinstance(tree, dict):
        return []
    args = tree.get("args")
    words = [tree.get("nr"), *(args if isinstance(args, list) else [])]
    asked = ", ".join(map(str, words))
    handler, ret = tree.get("handler"), tree.get("ret")
    return [f" | hypervisor: {asked}: " + (f"{handler} = {ret}" if handler else "no handler ran")]
