# SPDX-License-Identifier: BSD-3-Clause
"""What a user writes behind ``hypercall call``: taken apart, placed, and what is wrong with it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acrn_trace.act.call.build import Builder, Room
from acrn_trace.act.call.parse import Characters, Elements, Expression, Fields, parse_arguments
from acrn_trace.act.call.plan import find_call, plan_call
from acrn_trace.base.errors import TraceError
from acrn_trace.tables.fields import NO_ROLES, Roles
from acrn_trace.tables.knowledge import acrn
from acrn_trace.tables.layouts import Array, Struct
from helpers.make.memory import FakeMemory, Structures

KNOWLEDGE = acrn()
KNOWN = Structures(KNOWLEDGE.types)
ROOM_AT = 0x400000
LAYOUTS = KNOWLEDGE.types.layouts


def evaluate(text: str, extent: int) -> int:
    known = {"five": 5, "minus": -1, "1 << 3": 8, "(1 + 1)": 2}
    if text not in known:
        raise TraceError(f'No symbol "{text}" in current context')
    return known[text]


def planned(text: str, size: int = 4032):
    """The plan of ``NAME ARGUMENT…``, and the memory that was built for it."""
    name, _, arguments = text.partition(" ")
    room = Room(ROOM_AT, size) if size else None
    builder = Builder(KNOWLEDGE.types, evaluate, room)
    entry = find_call(name, KNOWLEDGE.table)
    known = KNOWLEDGE.table.numbered(entry.number) is not None
    plan = plan_call(entry, parse_arguments(arguments), builder, known)
    memory = bytearray(size)
    for offset, data in room.parts if room else []:
        memory[offset : offset + len(data)] = data
    return plan, FakeMemory({ROOM_AT: bytes(memory)})


def tree_of(text: str, argument: int, struct: str):
    plan, memory = planned(text)
    return KNOWN.read(struct, plan.arguments[argument], memory)


# ---- taken apart ----


def test_arguments_are_separated_by_spaces_or_commas():
    expected = [Expression("1"), Expression("(a + b)"), Expression("vms[2].id")]
    assert parse_arguments("1 (a + b) vms[2].id") == expected
    assert parse_arguments(" 1, (a + b),vms[2].id ") == expected
    assert parse_arguments("") == []


def test_structures_lists_and_text():
    (node,) = parse_arguments('{a = x + 1, .b={c="1, }"}, d=[1, {e=2}], f={3, 4}, g={}}')
    assert node == Fields(
        {
            "a": Expression("x + 1"),
            "b": Fields({"c": Characters("1, }")}),
            "d": Elements((Expression("1"), Fields({"e": Expression("2")}))),
            "f": Elements((Expression("3"), Expression("4"))),
            "g": Fields({}),
        }
    )


@pytest.mark.parametrize(
    "text, what",
    [
        ("{a=1", "no closing '}'"),
        ("[1, 2", "no closing ']'"),
        ('"abc', "has no closing quote"),
        ("{a=1, a=2}", "gives a a second time"),
        ("{a=1, 2}", "is no field=value"),
        ("{a=}", "is no value"),
        ("{a={} b=1}", "needs a comma"),
        ("(1", "lacks ')'"),
        ("{a=" * 20, "is nested more than 8 deep"),
    ],
)
def test_what_is_no_argument(text, what):
    with pytest.raises(TraceError, match=what.replace("(", r"\(").replace(")", r"\)")):
        parse_arguments(text)


@given(st.text('{}[]()=",a1 \\\t', max_size=40))
def test_any_text_is_arguments_or_a_sentence(text):
    try:
        parse_arguments(text)
    except TraceError as error:
        assert "\n" not in str(error)


# ---- placed ----


def test_registers():
    assert planned("start_vm 3")[0].arguments == (3,)
    assert planned("start_vm five")[0].arguments == (5,)
    assert planned("start_vm (1 + 1)")[0].arguments == (2,)
    assert planned("set_irqline 1 {gsi=5, op=ACRN_GSI_SET_LOW}")[0].arguments == (1, 5 | 1 << 32)
    assert planned("save_restore_sworld_ctx")[0].arguments == ()
    assert planned("0x80000099 1")[0].arguments == (1,)
    assert planned("0x80000012 2")[0].name == "start_vm"
    assert planned("create_vm 0x1234")[0].arguments == (0x1234,)


def test_an_output_that_is_left_out_gets_room():
    plan, _ = planned("get_api_version")
    assert plan.arguments == (ROOM_AT,)
    plan, _ = planned("pm_get_cpu_state {type=ACRN_PM_PX_DATA, vmid=1}")
    assert plan.arguments[1] == ROOM_AT


def test_a_structure_is_as_the_decoder_reads_it():
    tree = tree_of('create_vm {name="vm 1", cpu_affinity=1 << 3}', 0, "acrn_vm_creation")
    assert (tree["name"], tree["cpu_affinity"], tree["vm_flag"]) == ("vm 1", "0x8", "0x0")


def test_the_highest_bit_is_one_like_any_other():
    text = "set_vcpu_regs 1 {vcpu_id=0xffff, vcpu_regs={cr0=0xffffffffffffffff, cs_ar=0x80000000}}"
    registers = tree_of(text, 1, "acrn_vcpu_regs")
    assert registers["vcpu_id"] == 0xFFFF
    assert registers["vcpu_regs"]["cr0"] == hex((1 << 64) - 1)
    assert registers["vcpu_regs"]["cs_ar"] == "0x80000000"


def test_nested_structures_are_linked_and_counted():
    text = (
        "set_memory_regions {vmid=2, regions_gpa=[{gpa=0x1000, size=0x2000}, "
        "{prot=ACRN_MEM_READ|ACRN_MEM_WRITE}]}"
    )
    tree = tree_of(text, 0, "set_regions")
    assert tree["mr_num"] == 2
    first, second = tree["regions_gpa"]["points_to"]
    assert (first["gpa"], first["size"]) == ("0x1000", "0x2000")
    assert second["prot"] == "ACRN_MEM_READ|ACRN_MEM_WRITE"


def test_a_count_that_is_given_stands():
    tree = tree_of("set_memory_regions {mr_num=1, regions_gpa=[{}, {}]}", 0, "set_regions")
    assert tree["mr_num"] == 1


def test_what_a_page_holds_is_page_aligned_and_apart():
    plan, memory = planned("vm_intr_monitor 1 {cmd=ACRN_INTR_GET_DATA, buffer=[1, 2]}")
    assert plan.arguments[1] % 4096 == 0


ALL = sorted(name for name, struct in LAYOUTS.structs.items() if not struct.is_union and name)


@settings(max_examples=40)
@given(st.data())
def test_what_is_built_reads_as_what_was_given(data):
    """Any structure with any values: decoded, written as a user would, built and decoded again."""
    struct = LAYOUTS.structs[data.draw(st.sampled_from(ALL))]
    raw = data.draw(st.binary(min_size=struct.size, max_size=struct.size))
    raw = bytes(byte & 0x7F for byte in raw)  # text that is not UTF-8 is shown as an escape
    tree = KNOWN.value(struct.name, raw)
    (node,) = parse_arguments(written(tree, struct))
    builder = Builder(KNOWLEDGE.types, evaluate, Room(ROOM_AT, 1 << 20))
    built = builder.data(struct, node, NO_ROLES, "it")
    assert KNOWN.value(struct.name, built) == tree


def test_a_union_whose_member_no_field_tells_is_given_as_it_is_shown():
    struct, shown = LAYOUTS.structs["acrn_io_request"], "0102" + 62 * "00"
    (node,) = parse_arguments(f"{{type=0x1000000, reqs={shown}}}")
    builder = Builder(KNOWLEDGE.types, evaluate, None)
    built = builder.data(struct, node, NO_ROLES, "it")
    assert KNOWN.value(struct.name, built)["reqs"] == shown
    (node,) = parse_arguments(f"{{reqs={shown[2:]}}}")
    with pytest.raises(TraceError, match=r"it.reqs is a struct \(unnamed\), .*was given a number"):
        builder.data(struct, node, NO_ROLES, "it")


def written(tree, kind, roles: Roles = NO_ROLES) -> str:
    """A decoded tree in the form in which a user gives it."""
    if isinstance(kind, Struct) and isinstance(tree, dict):
        members = {field.name: field for field in kind.fields}
        parts = [
            f"{name}={written(value, members[name].type, role(kind, name))}"
            for name, value in tree.items()
            if value != "redacted"
        ]
        return "{" + ", ".join(parts) + "}"
    if isinstance(tree, dict):
        return tree["address"]
    if isinstance(tree, list):
        return "[" + ", ".join(written(part, kind.element) for part in tree) + "]"
    if isinstance(kind, Array):
        return '"' + "".join(f"\\x{ord(c):02x}" if ord(c) < 128 else c for c in tree) + '"'
    return str(tree)


def role(kind: Struct, name: str) -> Roles:
    return KNOWLEDGE.types.fields.of(kind.name, name)


# ---- refused ----


@pytest.mark.parametrize(
    "text, sentence",
    [
        ("star_vm 1", r"there is no call 'star_vm' in the table \(did you mean start_vm\?\)"),
        ("start_vm", r"start_vm: vmid is missing; start_vm takes 1 argument \(vmid\)"),
        ("start_vm 1 2", r"start_vm takes 1 argument \(vmid\), and was given 2"),
        ("save_restore_sworld_ctx 1", "takes no arguments, and was given 1"),
        ("start_vm 65536", "vmid has 16 bits, 0 to 0xffff, and was given 65536"),
        ("start_vm minus", "vmid has 16 bits, 0 to 0xffff, and was given minus"),
        ("start_vm {a=1}", "vmid is a number, and was given a structure"),
        ('start_vm "1"', "vmid is a number, and was given text"),
        ("start_vm foo", 'vmid=foo: No symbol "foo" in current context'),
        (
            "set_irqline 1 {gsi=5, op=ACRN_GSI_SET_LOV}",
            r"op=ACRN_GSI_SET_LOV: .*did you mean ACRN_GSI_SET_LOW\?",
        ),
        ("create_vm {nam=1}", r"vm has no field 'nam' \(did you mean name\?\); struct acrn_vm_cr"),
        ("create_vm {name=3}", r"vm.name is a list of 16, \[value, …\], and was given a number"),
        (
            'create_vm {name="12345678901234567"}',
            "vm.name holds 16 bytes of text, and was given 17",
        ),
        ("create_vm {vmid=0x10000}", "vm.vmid has 16 bits"),
        ("create_vm [1]", "vm is a struct acrn_vm_creation, .*was given a list"),
        ("set_vcpu_regs 1 {vcpu_regs={gprs={rax=[1]}}}", "gprs.rax is a number"),
        (
            "vm_intr_monitor 1 {buffer=[" + "1, " * 49 + "]}",
            "buffer has 48 elements, and was given",
        ),
        ("set_ioreq_buffer 1 {gpa={}}", "needs 4096 bytes, and the page .* has 4032 left"),
        ("0x1ffffffffffffffff", "is no 64-bit number"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(text, sentence):
    with pytest.raises(TraceError, match=sentence):
        planned(text)


def test_without_a_reserved_page_only_addresses_are_taken():
    assert planned("create_vm 0x1000", size=0)[0].arguments == (0x1000,)
    with pytest.raises(TraceError, match="the guest reserves no memory to build vm in"):
        planned("create_vm {}", size=0)


@pytest.mark.parametrize("name", ["kvm:kick_cpu", "kvm:0x63"])
def test_a_call_of_another_hypervisor_is_not_made_by_hand(name):
    with pytest.raises(TraceError, match=f"^{name}: only calls of ACRN can be made by hand$"):
        find_call(name, KNOWLEDGE.table)
