# SPDX-License-Identifier: BSD-3-Clause
"""The grammar of injections: what each form changes, on which calls, and what is refused."""

import pytest

from acrn_trace.act.inject import Injector
from acrn_trace.act.inject_grammar import parse_rule, split_expressions
from acrn_trace.base.errors import TraceError
from acrn_trace.tables.knowledge import acrn
from acrn_trace.trace.decode import Decoder
from acrn_trace.trace.event import Event
from acrn_trace.trace.marks import tampering
from acrn_trace.trace.pairing import Call
from helpers.make.memory import FakeMemory
from helpers.make.stop import SITE, stop

KNOWLEDGE = acrn()
NUMBER = {entry.name: entry.number for entry in KNOWLEDGE.table}
MASK64 = (1 << 64) - 1


def injector(*rules, memory=None):
    one = Injector(KNOWLEDGE, memory or FakeMemory({}))
    one.rules = [parse_rule(rule, KNOWLEDGE) for rule in rules]
    return one


def made(one, name="start_vm", seq=0, memory=None, **registers):
    """The changes at the entry and at the return of a call, and its event."""
    number = NUMBER.get(name) or int(name, 0)
    call = Call(seq, SITE, stop(r8=number, **registers))
    event = Decoder(KNOWLEDGE, memory or FakeMemory({})).entered(call)
    entry = one.entered(call, event)
    call.exit = stop(r8=number, **{**registers, "rax": 0})
    return entry, one.returned(call, event), event


@pytest.mark.parametrize(
    "option, answer",
    [
        ("error=EPERM", MASK64),
        ("error=enodev", MASK64 - 18),
        ("error=4095", MASK64 - 4094),
        ("retval=0x123456789abcdef0", 0x123456789ABCDEF0),
        ("retval=-3", MASK64 - 2),
        ("retval=18446744073709551615", MASK64),
        ("skip", 0),
        ("skip:retval=5", 5),
        ("error=EPERM:skip", MASK64),
    ],
)
def test_an_answer(option, answer):
    entry, leave, event = made(injector(f"start_vm:{option}"))
    assert (entry.answer, entry.answered_by) == (answer, "inject")
    assert entry.registers == {} and entry.memory == [] and entry.delay == 0
    assert leave.registers == {} and leave.memory == []
    assert event.more["injected"]


@pytest.mark.parametrize(
    "text, seconds", [("500", 5e-4), ("500us", 5e-4), ("20ms", 0.02), ("2s", 2), ("9ns", 9e-9)]
)
def test_delays(text, seconds):
    entry, leave, event = made(injector(f"all:delay_enter={text}"))
    assert (entry.delay, entry.answer, leave.delay) == (pytest.approx(seconds), None, 0)
    entry, leave, event = made(injector(f"all:delay_exit={text}"))
    assert (entry.delay, leave.delay) == (0, pytest.approx(seconds))
    assert tampering(event) == " (DELAYED)"


@pytest.mark.parametrize(
    "when, calls",
    [
        ("", [1, 2, 3, 4, 5, 6, 7, 8]),
        (":when=3", [3]),
        (":when=3+", [3, 4, 5, 6, 7, 8]),
        (":when=1+3", [1, 4, 7]),
        (":when=3..5", [3, 4, 5]),
        (":when=2..7+2", [2, 4, 6]),
    ],
)
def test_when(when, calls):
    one = injector(f"start_vm:error=1{when}")
    hit = []
    for count in range(1, 9):
        assert made(one, "pause_vm", seq=2 * count)[0] is None
        if made(one, seq=2 * count + 1)[0]:
            hit.append(count)
    assert hit == calls


@pytest.mark.parametrize(
    "calls, names",
    [
        ("start_vm,pause_vm", {"start_vm", "pause_vm"}),
        ("0x80000012", {"start_vm"}),
        ("0x80000099", {"hypercall_0x80000099"}),
        ("/^start", {"start_vm"}),
        ("%vm", {"start_vm", "pause_vm"}),
        ("/vm", {"start_vm", "pause_vm"}),
        ("all", {"start_vm", "pause_vm", "get_api_version", "hypercall_0x80000099"}),
    ],
)
def test_which_calls(calls, names):
    one = injector(f"{calls}:skip")
    made_calls = ["start_vm", "pause_vm", "get_api_version", "0x80000099"]
    found = {made(one, name)[2].name for name in made_calls if made(one, name)[0]}
    assert found == names


VM = {0x1000: bytes(range(1, 65)) + bytes(192)}


@pytest.mark.parametrize(
    "name, poke, registers, changed, written",
    [
        ("start_vm", "rsi=5", {}, {"rsi": 5}, []),
        ("start_vm", "rsi=5,rbx=-1", {}, {"rsi": 5, "rbx": MASK64}, []),
        ("start_vm", "rflags=0x247", {}, {"eflags": 0x247}, []),
        ("start_vm", "vmid=7", {"rdi": 0xABCD_0003}, {"rdi": 0xABCD_0007}, []),
        ("set_irqline", "line.op=1", {"rsi": 5}, {"rsi": 0x1_0000_0005}, []),
        ("create_vm", "vm.vmid=7", {"rdi": 0x1000}, {}, [(0x1000, b"\7\0")]),
        ("create_vm", "vm.name[2]=65", {"rdi": 0x1000}, {}, None),
    ],
)
def test_pokes(name, poke, registers, changed, written):
    memory = FakeMemory(VM)
    for kind in (0, 1):
        option = ("poke_enter", "poke_exit")[kind]
        change = made(injector(f"{name}:{option}={poke}", memory=memory), name, **registers)[kind]
        assert change.registers == changed and change.answer is None
        assert len(change.memory) == 1 if written is None else change.memory == written


def test_pokes_of_one_byte_add_up():
    memory = FakeMemory({0x1000: bytes(64), 0x2000: bytes(64)})
    one = injector("create_vm:poke_enter=vm.vmid=0x1234,vm.vmid=7", memory=memory)
    change, _, event = made(one, "create_vm", rdi=0x1000)
    assert change.memory == [(0x1000, b"\x34\x12"), (0x1000, b"\x07\x00")]
    assert tampering(event) == " (POKED vm.vmid: 0 => 4660) (POKED vm.vmid: 4660 => 7)"


def test_a_pointer_to_nowhere_is_told_and_nothing_is_changed():
    one = injector("create_vm:poke_enter=vm.vmid=7")
    change, _, event = made(one, "create_vm", rdi=0xDEAD000)
    assert change.memory == [] and change.registers == {}
    assert tampering(event) == " (NOT POKED vm.vmid: no memory there)"


def test_a_field_behind_a_pointer_in_the_structure():
    region = 0x2000
    regions = bytearray(64)
    layout = KNOWLEDGE.types.type_named("set_regions")
    for field, value in (("mr_num", 2), ("regions_gpa", region)):
        place = next(f for f in layout.fields if f.name == field)
        at = place.bit_offset // 8
        regions[at : at + place.bit_size // 8] = value.to_bytes(place.bit_size // 8, "little")
    memory = FakeMemory({0x1000: bytes(regions), region: bytes(256)})
    kind = KNOWLEDGE.types.type_named("vm_memory_region")
    gpa = next(f for f in kind.fields if f.name == "gpa").bit_offset // 8

    def change(index):
        rule = f"set_memory_regions:poke_enter=regions.regions_gpa[{index}].gpa=0x55"
        return made(injector(rule, memory=memory), "set_memory_regions", rdi=0x1000)

    assert change(1)[0].memory == [(region + kind.size + gpa, (0x55).to_bytes(8, "little"))]
    missing, _, event = change(2)
    assert missing.memory == [] and event.more["injected"][0].endswith(": it has 2 elements")


@pytest.mark.parametrize(
    "rule, words",
    [
        ("", "which calls"),
        ("start_vm", "what? Give one of error"),
        ("start_vm:when=2", "what? Give one of error"),
        ("strat_vm:skip", "no call is named 'strat_vm'; did you mean start_vm"),
        ("%nothing:skip", "no class of calls is named 'nothing'; they are general"),
        ("/(:skip", "not a regular expression"),
        ("start_vm:eror=EPERM", "no option 'eror'; did you mean error"),
        ("start_vm:error=EPERN", "no such error of ACRN; did you mean EPERM"),
        ("start_vm:error=0", "from 1 to 4095"),
        ("start_vm:error=1:retval=0", "exclude each other"),
        ("start_vm:error=1:error=2", "given twice"),
        ("start_vm:retval=x", "not a number"),
        ("start_vm:retval=0x10000000000000000", "does not fit in RAX"),
        ("start_vm:skip=1", "skip takes no value"),
        ("start_vm:delay_enter=1h", "not a time"),
        ("start_vm:delay_exit=7201s", "longer than"),
        ("start_vm:skip:when=0", "count from 1"),
        ("start_vm:skip:when=5..3", "count from 1"),
        ("start_vm:skip:when=1+0", "STEP not 0"),
        ("start_vm:skip:when=a", "not FIRST"),
        ("start_vm:poke_enter=rsi", "a poke is REGISTER=VALUE"),
        ("start_vm:poke_enter=rip=5", "no argument 'rip'"),
        ("start_vm:poke_enter=vmdi=5", "no argument 'vmdi', and no register is named so; did you"),
        ("start_vm:poke_enter=vmid=0x10000", "does not fit in its 16 bits"),
        ("start_vm:poke_enter=vmid.x=1", "is a number and has no field 'x'"),
        ("start_vm:poke_enter=vmid=one", "is no number"),
        ("start_vm:poke_enter=[1]=1", "is no register and no path"),
        ("create_vm:poke_enter=vm.vmidd=1", "has no field 'vmidd'; did you mean vmid"),
        ("create_vm:poke_enter=vm.vmid=-40000", "does not fit in its 16 bits"),
        ("create_vm:poke_enter=vm.name=1", "is an array of 16"),
        ("create_vm:poke_enter=vm.name[16]=1", "outside the structure"),
        ("create_vm:poke_enter=vm.vmid[0]=1", "is no array"),
        ("create_vm:poke_enter=vm=1", "is a structure; name one number"),
        ("assign_ptdev:poke_enter=device.x=1", "depends on the other argument; poke rsi"),
        ("all:poke_enter=vm.vmid=1", "has no argument 'vm'"),
        ("0x80000099:poke_enter=vm.vmid=1", "hypercall_0x80000099 has no argument 'vm'"),
    ],
)
def test_what_is_refused_in_one_sentence(rule, words):
    with pytest.raises(TraceError) as error:
        parse_rule(rule, KNOWLEDGE)
    assert words in str(error.value) and "\n" not in str(error.value)


def test_expressions_are_told_apart():
    filters, rules = split_expressions(["trace=start_vm", "inject=all:skip"], KNOWLEDGE)
    assert filters == ["trace=start_vm"] and rules[0].answer == 0


def test_what_a_file_says_was_injected_may_be_anything():
    for claim in (5, "x", {"a": 1}, [1, {"b": 2}], [["poke_"]]):
        event = Event(0, 0.0, "host", 0, "acrn", 1, "x", (0, 0), None, "stop")
        event.more["injected"] = claim
        assert tampering(event) == ""
