# SPDX-License-Identifier: BSD-3-Clause
"""``-e`` as C asks it of calls that never become events: the verdicts and remarks are Python's."""

import ctypes
from itertools import product

import pytest

from acrn_trace.bindings.library import library
from acrn_trace.guest.site import Site
from acrn_trace.tables.calls import CallTable, parse
from acrn_trace.trace.compiled_filter import UNKNOWN_ABI, CompiledFilter
from acrn_trace.trace.event import Event, Finding
from acrn_trace.trace.filters import Filter
from helpers.made_calls import MadeCalls
from helpers.make.knowledge import knowledge_of
from helpers.make.memory import structures

CALLS = """
HYPERCALL0(0x80000000, get_api_version)
HYPERCALL0(0x80000010, create_vm)
HYPERCALL0(0x80000012, start_vm)
HYPERCALL0(0x80000025, set_irqline)
"""
OWN = "HYPERCALL0(0x800000a0, start_own)\nHYPERCALL0(0x1000000080000010, far)"
KVMS = "HYPERCALL0(0x5, kick_cpu)\nHYPERCALL1(0x80000012, start_too, VALUE(u32, a))"
TABLE = CallTable([*parse(CALLS, "calls"), *parse(KVMS, "calls", "kvm")])
TYPES = structures().types
NUMBERS = [*(call.number for call in TABLE), 0x80000099, 0x800000A0, 0x1000000080000010, 0]
SITES = [Site(1), Site(2, function="main"), Site(3, function="start")]
ENDS = [("returned", 0), ("returned", (1 << 64) - 22), ("faulted", None), ("unfinished", None)]
ENDS += [("returned", 1 << 40), ("unknown", None)]
FINDINGS = [[], [Finding("clobber", "")], [Finding("number", ""), Finding("clock", "")]]
EXPRESSIONS = [
    *("trace=start_vm,0x80000099", "trace=!create_vm", "none", "trace=!none", "all", "!all"),
    *("%vm", "trace=!%vm,%irq", "0x1000000080000010", "0xffffffffffffffff"),
    *("kvm:kick_cpu", "kvm:5,start_vm", "acrn:start_vm", "!kvm:0x80000012", "%kvm", "!%acrn"),
    *("%unknown", "unknown:/hyper", "kvm:/^start/", "acrn:/^start", "/^kvm:", "/kick"),
    *("/^start", "!/_", "/hyper", "/0x8", "!/call_0x0$,%irq", "/far"),
    *("status=failed", "status=successful,unfinished", "status=!unfinished"),
    *("vcpu=0,7", "vcpu=!1", "vcpu=4294967295", "vcpu=99999999999999999999,0"),
    *("site=main,elsewhere", "site=!start"),
    *("finding=clobber", "finding=clock,lost", "finding=any", "finding=!number", "finding=!any"),
]


def events(table: CallTable):
    """A call of each number, end, site and vCPU; of one after the other each kind of findings."""
    all_of_them = product(NUMBERS, ("acrn", "kvm", "unknown"), ENDS, SITES, (None, 0, 1))
    for seq, (number, abi, (status, rax), site, vcpu) in enumerate(all_of_them):
        name = table.call_name(number, abi)
        yield Event(
            *(seq, 0.0, "tsc", vcpu, abi, number, name, (0, 0), site, "ring"),
            **{"rax": rax, "status": status, "over": True, "more": {"ring": 0, "sequence": 0}},
            findings=FINDINGS[seq % len(FINDINGS)],
        )


def answers(expressions: list[str], table: CallTable = TABLE):
    """What Python and what C say of each call, and the remarks of both at the end."""
    in_python, for_c = Filter(expressions, TABLE), Filter(expressions, TABLE)
    compiled, calls = CompiledFilter(for_c, table), MadeCalls(knowledge_of(table, TYPES))
    count = len(compiled.conditions)
    for event in events(table):
        call = calls.call(event, 0, None, {})
        said = library().filter_selects(compiled.conditions, count, ctypes.byref(call), None)
        yield event, in_python.final_verdict(event), bool(said)
    compiled.take_back(event.seq + 1)
    yield None, list(in_python.remarks()), list(for_c.remarks())


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_one_expression(expression):
    said = list(answers([expression]))
    assert [one for one in said if one[1] != one[2]] == []


def test_all_must_hold_and_each_sees_each_call():
    said = list(answers(["vcpu=0,8", "site=main,other", "status=failed", "%vm"]))
    assert [one for one in said if one[1] != one[2]] == []
    assert any(one[2] for one in said[:-1]) and len(said[-1][2]) == 2


def test_no_expression_selects_each_call():
    assert all(in_c for _, _, in_c in list(answers([]))[:-1])


@pytest.mark.parametrize("expression", ["/^start", "!/own$", "/far", "/hyper", "0x800000a0"])
def test_names_are_those_of_the_recordings_own_table(expression):
    table = CallTable([*TABLE, *parse(OWN, "own")])
    said = list(answers([expression], table))
    assert [one for one in said if one[1] != one[2]] == []
    assert {in_c for _, _, in_c in said[:-1]} == {True, False}


def test_of_an_empty_recording_there_is_nothing_to_say():
    selected = Filter(["vcpu=8"], TABLE)
    CompiledFilter(selected, TABLE).take_back(0)
    assert list(selected.remarks()) == []


def test_an_expression_is_asked_once_of_a_number_that_the_table_does_not_have():
    asked = []
    selected = Filter(["/hyper"], TABLE)
    (plain,) = selected.plain(TABLE)
    object.__setattr__(plain, "has_unknown", lambda nr, abi: asked.append((nr, abi)) or True)
    selected.plain = lambda table: [plain]
    compiled = CompiledFilter(selected, TABLE)
    calls = [(0, 7), (0, 8), (1, 7), (UNKNOWN_ABI, 7), (0, 7), (1, 7)]
    assert [compiled.conditions[0].has_unknown(*call) for call in calls] == [1] * 6
    assert asked == [(7, "acrn"), (8, "acrn"), (7, "kvm"), (7, "unknown")]
