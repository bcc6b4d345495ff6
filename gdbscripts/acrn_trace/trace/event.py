# SPDX-License-Identifier: BSD-3-Clause
"""Holds the event: one hypercall, decoded, as every sink sees it (docs/formats.md)."""

from dataclasses import asdict, dataclass, field
from typing import Any

from acrn_trace.guest.site import Site
from acrn_trace.guest.stop import Frame, Task
from acrn_trace.tables.calls import CallId, plain_name
from acrn_trace.tables.errnos import errno_name, error_in

INT32 = range(-(1 << 31), 1 << 31)


@dataclass(frozen=True)
class Finding:
    """Something wrong with a call or a site: ``kind`` for filters, ``text`` for people."""

    kind: str
    text: str


# Of a failure: there is no such VM, or ACRN refused the call for what else, or RAX was left alone.
NO_VM, REFUSED, STALE = "no-vm", "refused", "stale-rax"


@dataclass(frozen=True)
class Reason:
    """Why a call was answered as it was: the kind of the finding, one of these, and a clause."""

    kind: str
    text: str


@dataclass
class Event:
    """One hypercall. What its source cannot know is None."""

    seq: int
    time: float
    clock: str  # host or tsc
    vcpu: int | None
    abi: str  # the name of a row of abi.def, or "unknown"
    nr: int
    name: str  # its full name
    args: tuple[int, ...]  # as many as the ABI has
    site: Site | None
    source: str  # stop, plugin, ring or dump
    decoded: dict[str, Any] = field(default_factory=dict)
    duration: float | None = None
    rax: int | None = None  # as the register was, unsigned
    status: str = "unfinished"  # returned, faulted, unfinished or unknown
    answered_by: str | None = None
    return_vcpu: int | None = None
    clobbered: dict[str, tuple[int, int]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    repeats: int = 0
    repeats_unknown: int = 0  # of these, how many may have been a fault and a retry
    stack: tuple[Frame, ...] = ()
    task: Task | None = None
    over: bool = False  # nothing more will be heard of it
    more: dict[str, Any] = field(default_factory=dict)  # what a newer writer's file had beside
    # What was read of a stopped guest's memory when it was made.
    seen: Any = field(default=None, compare=False, repr=False)
    reason: Reason | None = field(default=None, compare=False, repr=False)

    @property
    def ret(self) -> int | str | None:
        """The signed result; RAX in hexadecimal where it is no sign-extended int32."""
        if self.rax is None:
            return None
        signed = self.rax - (1 << 64) if self.rax >> 63 else self.rax
        return signed if signed in INT32 else hex(self.rax)

    @property
    def id(self) -> CallId:
        """Which call it is."""
        return self.abi, self.nr

    @property
    def failed(self) -> bool:
        return self.status == "faulted" or error_in(self.ret, self.abi) > 0

    @property
    def troubles(self) -> set[str]:
        """What --fail-on may ask about: the kinds of its findings, and a bad end."""
        ends = {"failed"} if self.failed else {"unfinished"} & {self.status}
        return {finding.kind for finding in self.findings} | ends

    def as_json(self) -> dict[str, Any]:
        """The JSONL object: fixed keys, in their documented order."""
        ret, site = self.ret, self.site
        return {
            "seq": self.seq,
            "time": round(self.time, 6),
            "duration": None if self.duration is None else round(self.duration, 6),
            "clock": self.clock,
            "vcpu": self.vcpu,
            "abi": self.abi,
            "nr": hex(self.nr),
            "name": plain_name(self.name, self.abi),
            "args": [hex(arg) for arg in self.args],
            "ret": ret,
            "errno": errno_name(ret, self.abi),
            "status": self.status,
            "answered_by": self.answered_by,
            "site": hex(site.address) if site else None,
            "symbol": site.function if site else None,
            "file": site.file if site else None,
            "line": site.line if site else None,
            "source": self.source,
            "decoded": self.decoded,
            "clobbered": {name: [hex(v) for v in pair] for name, pair in self.clobbered.items()},
            "findings": [{"kind": f.kind, "text": f.text} for f in self.findings],
            "repeats": self.repeats,
            "repeats_unknown": self.repeats_unknown,
            "return_vcpu": self.return_vcpu,
            "stack": [frame.as_json() for frame in self.stack],
            **({"task": asdict(self.task)} if self.task else {}),
            **self.more,
        }
