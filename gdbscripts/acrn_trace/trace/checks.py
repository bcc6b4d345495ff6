# SPDX-License-Identifier: BSD-3-Clause
"""Finds what is wrong with a call that is over: the checks of a trace, in the order of findings.

A check is a function of an event and its call. Whoever starts a trace puts its checks together.
"""

from typing import Callable, Container, Iterable, Iterator

from acrn_trace.guest.abi import main_abi
from acrn_trace.tables.calls import CallTable
from acrn_trace.tables.knowledge import Knowledge
from acrn_trace.trace.clobbers import clobber_findings
from acrn_trace.trace.event import STALE, Event, Finding
from acrn_trace.trace.field_changes import FieldChange
from acrn_trace.trace.misread import misread_arguments
from acrn_trace.trace.pairing import Call
from acrn_trace.trace.results import ResultChecker, stale_text
from acrn_trace.trace.structures import Tree

Check = Callable[[Event, Call], Iterable[Finding]]

LOST = (-19, -13)  # ENODEV, EACCES
MAX_TOLD = 8  # changes of one call's input that have a finding each
MAX_VALUE = 100  # characters of a value in a finding


def checks_of(
    knowledge: Knowledge,
    absence: Callable[[Event, str], str | None],
    from_boot: Callable[[], bool] = lambda: False,
) -> list[Check]:
    """Those by what is known of the hypervisor; the parameters are those of ResultChecker."""
    results = ResultChecker(
        knowledge.table,
        knowledge.results,
        knowledge.explain,
        from_boot,
        absence,
        knowledge.abi,
    )
    checks = [misread(knowledge.table), changed_inputs, clobbers]
    checks.append(of_answers(lambda event, _call: results.check(event)))
    if knowledge.releases.can_lose_errors(knowledge.release):
        checks.append(of_answers(stale_result(knowledge.releases.may_lose)))
    return checks


def of_answers(check: Check) -> Check:
    """``check``, for calls that came back alone; what an injection answered is no news."""

    def checked(event: Event, call: Call) -> Iterable[Finding]:
        return check(event, call) if call.exit and event.answered_by != "inject" else ()

    return checked


def misread(table: CallTable) -> Check:
    """The arguments that ACRN takes for something else than the caller gave."""

    def check(event: Event, call: Call) -> Iterable[Finding]:
        entry = table.numbered(event.nr, event.abi)
        if entry is None or event.arguments is None:
            return ()
        return misread_arguments(entry, call.abi, event.args, event.arguments.before)

    return check


def changed_inputs(event: Event, _call: Call) -> Iterator[Finding]:
    """The fields that are the caller's to write and that the hypervisor wrote."""
    changes = event.arguments.changes if event.arguments else ()
    inputs = [change for change in changes if change.direction == "in"]
    for change in inputs[:MAX_TOLD]:
        yield _input_changed(event.name, change)
    if len(inputs) > MAX_TOLD:
        text = f"{event.name} changed {len(inputs) - MAX_TOLD} more fields of its input"
        yield Finding("input-changed", text)


def clobbers(event: Event, call: Call) -> list[Finding]:
    """The registers that the hypervisor did not preserve."""
    return clobber_findings(event.clobbered, event.name, call.site)


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


def _input_changed(call: str, change: FieldChange) -> Finding:
    values = f"{_short(change.before)} => {_short(change.after)}"
    return Finding("input-changed", f"{call} changed {change.what} of its input: {values}")


def _short(tree: Tree) -> str:
    text = str(tree)
    return text if len(text) <= MAX_VALUE else text[:MAX_VALUE] + "..."
