# SPDX-License-Identifier: BSD-3-Clause
"""Finds what is wrong with a call that is over, and that registers, memory and the table alone do
not say: the checks of a trace, in the order of findings.

A check is a function of an event and its call. Whoever starts a trace puts its checks together. The
event has the findings of the decoder (cstub/decode/findings.c) already.
"""

from typing import Callable, Container, Iterable, Iterator

from acrn_trace.guest.abi import main_abi
from acrn_trace.tables.knowledge import Knowledge
from acrn_trace.trace.event import STALE, Event, Finding
from acrn_trace.trace.pairing import Call
from acrn_trace.trace.results import ResultChecker, stale_text

Check = Callable[[Event, Call], Iterable[Finding]]

LOST = (-19, -13)  # ENODEV, EACCES


def checks_of(knowledge: Knowledge, from_boot: Callable[[], bool] = lambda: False) -> list[Check]:
    """Those by what is known of the hypervisor; ``from_boot`` is as ResultChecker has it."""
    results = ResultChecker(knowledge.table, knowledge.results, knowledge.explain, from_boot)
    checks = [of_answers(lambda event, _call: results.check(event))]
    if knowledge.releases.can_lose_errors(knowledge.release):
        checks.append(of_answers(stale_result(knowledge.releases.may_lose)))
    return checks


def of_answers(check: Check) -> Check:
    """``check``, for calls that came back alone; what an injection answered is no news."""

    def checked(event: Event, call: Call) -> Iterable[Finding]:
        return check(event, call) if call.exit and event.answered_by != "inject" else ()

    return checked


def stale_result(may_lose: Container[str]) -> Check:
    """A result that may be none, of a release of ACRN that leaves RAX alone at some failures.

    A mock knows whether it did. Calls other than those that ``may_lose`` an error answer 0 and
    other errors by right, also where RAX happened to be that before.
    """

    def check(event: Event, call: Call) -> Iterator[Finding]:
        result = call.abi.result
        if call.abi is not main_abi():
            return
        if event.answered_by == "mock" or event.rax != call.entry.registers[result]:
            return
        by_right = event.ret == 0 or event.failed and event.ret not in LOST
        if event.name in may_lose or not by_right:
            why = "this release of ACRN does so when it fails with ENODEV or EACCES"
            yield Finding(STALE, stale_text(event, result, why))

    return check
