# SPDX-License-Identifier: BSD-3-Clause
"""Reads what a result means where RAX alone does not say it (NAME_results.def)."""

from collections.abc import Iterable

from acrn_trace.base import deffile
from acrn_trace.base.deffile import Line
from acrn_trace.base.places import table_files
from acrn_trace.tables.calls import full_name


class ResultRules:
    """The rules by the full name of their call."""

    def __init__(self) -> None:
        self.failed_if: dict[str, tuple[str, int, str]] = {}
        self.proves_nothing: dict[str, str] = {}
        self.enotty_means: dict[str, str] = {}
        self.address_at_fault: dict[str, str] = {}
        self.failed_means: dict[str, str] = {}
        self.needs_state: dict[str, list[str]] = {}
        self.needs_call: dict[str, str] = {}
        self.vm_named_in: dict[str, str] = {}
        self.may_change: dict[str, frozenset[str]] = {}
        self.elsewhere: dict[str, str] = {}


def read_results(*hypervisors: str) -> ResultRules:
    """The rules of those that have a file of them; TraceError for a line that is none."""
    rules = ResultRules()
    for abi in hypervisors:
        for path in table_files(abi, "results"):
            add_rules(rules, deffile.read(path), abi)
    return rules


def add_rules(rules: ResultRules, lines: Iterable[Line], abi: str) -> None:
    """Add those of the calls of ``abi``."""
    for line in lines:
        try:
            _add_rule(rules, line, abi)
        except ValueError:
            raise line.wrong("not a rule of results: its value is no number") from None


def _add_rule(rules: ResultRules, line: Line, abi: str) -> None:
    name, *words = line.term.words() or [""]
    match [line.term.name, full_name(name, abi), *words]:
        case ["ZERO_FAILED_IF", call, path, value, why]:
            rules.failed_if[call] = (path, int(value), why)
        case ["ZERO_PROVES_NOTHING", call, why]:
            rules.proves_nothing[call] = why
        case ["ENOTTY_MEANS", call, why]:
            rules.enotty_means[call] = why
        case ["EINVAL_MEANS_ADDRESS", call, argument]:
            rules.address_at_fault[call] = argument
        case ["FAILED_MEANS", call, why]:
            rules.failed_means[call] = why
        case ["NEEDS_STATE", call, *states]:
            rules.needs_state[call] = states
        case ["NEEDS_CALL", call, before]:
            rules.needs_call[call] = before
        case ["VM_NAMED_IN", call, argument]:
            rules.vm_named_in[call] = argument
        case ["MAY_CHANGE", call, *registers]:
            rules.may_change[call] = frozenset(registers)
        case ["ELSEWHERE", call, why]:
            rules.elsewhere[call] = why
        case _:
            raise line.wrong("not a rule of results")
