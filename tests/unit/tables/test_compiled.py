# SPDX-License-Identifier: BSD-3-Clause
"""The compiled table: all that Python knows of calls and types is in it, and C takes it."""

import struct
import zlib
from pathlib import Path

import pytest

from acrn_trace.base.errors import TraceError
from acrn_trace.base.places import ACRN_TABLE
from acrn_trace.guest.abi import abi_named, abis
from acrn_trace.tables import sections
from acrn_trace.tables.built import calls_in, table_for
from acrn_trace.tables.compiled import compiled
from acrn_trace.tables.compiled_types import UNKNOWN
from acrn_trace.tables.errnos import errors_of
from acrn_trace.tables.guest_types import GuestTypes
from acrn_trace.tables.knowledge import acrn
from acrn_trace.tables.layouts import Array, Field, Hidden, Scalar, Struct
from helpers.table_reader import NONE, Table, wrong_with

ACRN, ABI = acrn(), abi_named("acrn")
BUILT = compiled(ACRN)
TABLE = Table(BUILT)
KINDS = ("", "VALUE", "VMID", "ENUM", "PACKED", "PTR", "ADDR", "PASS")
DIRECTIONS = ("", "in", "out", "inout")
REGISTERS = "rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15 rflags".split()


def of(*lines: str, release: str | None = None, guest: GuestTypes | None = None) -> Table:
    """The table of a release with calls of a user's own; C takes it."""
    knowledge = acrn(release)
    knowledge.types.guest_types = guest
    for line in lines:
        knowledge.define(line)
    data = compiled(knowledge)
    assert wrong_with(data) is None
    return Table(data)


def test_c_takes_the_table_that_was_built_and_it_is_what_is_known():
    assert wrong_with(BUILT) is None
    assert Path(ACRN_TABLE).read_bytes() == BUILT


def test_every_call_is_there_in_order_of_its_number():
    numbers = [TABLE.u("calls", i, 0, 8) for i in range(TABLE.count("calls"))]
    assert numbers == [entry.number for entry in ACRN.table]
    assert list(TABLE.calls()) == [entry.name for entry in ACRN.table]
    names = [TABLE.text_at("calls", i, 8) for i in range(TABLE.count("calls"))]
    assert names == [entry.plain_name for entry in ACRN.table]
    rows = [TABLE.u("calls", i, 32) for i in range(TABLE.count("calls"))]
    assert rows == [list(abis()).index(entry.abi) for entry in ACRN.table]


@pytest.mark.parametrize("entry", ACRN.table, ids=lambda entry: entry.name)
def test_a_call_has_its_arguments_and_what_it_may_change(entry):
    call = TABLE.calls()[entry.name]
    for argument, at in zip(entry.arguments, TABLE.arguments(call), strict=True):
        kind, direction, bits, flags = (TABLE.u("arguments", at, i, 1) for i in range(4))
        assert (KINDS[kind], DIRECTIONS[direction]) == (argument.kind, argument.direction)
        assert bits == argument.bits and TABLE.text_at("arguments", at, 4) == argument.name
        assert flags == (argument.name in ACRN.types.fields.text_fields)
        pointed = argument.type if argument.kind in ("PTR", "PACKED") else None
        assert TABLE.name(TABLE.u("arguments", at, 8)) == pointed
        values = ACRN.types.enum_named(argument.type) if argument.kind == "ENUM" else None
        assert TABLE.enum(TABLE.u("arguments", at, 12)) == values
    mask = TABLE.u("calls", call, 20)
    allowed = ACRN.results.may_change.get(entry.name, frozenset())
    assert {name for bit, name in enumerate(REGISTERS) if mask >> bit & 1} == allowed


def as_plain(kind, fields):
    """A type of Python's as the table's reader has one."""
    if isinstance(kind, Scalar):
        values = ACRN.types.enum_named(kind.enum) if kind.enum else None
        return "scalar", kind.size, kind.signed, kind.boolean, values
    if isinstance(kind, Array):
        return "array", kind.count, as_plain(kind.element, fields)
    if isinstance(kind, Hidden):
        return "hidden", kind.size
    plain = [
        (
            *(field.name, field.bit_offset, field.bit_size, as_plain(field.type, fields)),
            fields.of(kind.name, field.name).plain
            | ({"quoted"} if field.name in fields.text_fields else set())
            | ({"may hide"} if field.name in fields.reserved else set()),
        )
        for field in kind.fields
    ]
    return "union" if kind.is_union else "struct", kind.name, kind.size, plain


def compiled_types() -> dict[str, int]:
    """The table's named structures; of two of a name that which says its size."""
    found: dict[str, int] = {}
    for index in range(TABLE.count("types")):
        name = TABLE.name(index) if TABLE.u("types", index, 0, 1) in (3, 4) else None
        if name and (name not in found or TABLE.u("types", index, 20) != NONE):
            found[name] = index
    return found


TYPES = compiled_types()


def test_the_types_that_calls_need_are_there():
    needed = {a.type for entry in ACRN.table for a in entry.arguments if a.kind == "PTR"}
    roles, pointees = ACRN.types.fields.roles.values(), ACRN.types.fields.pointees.values()
    needed |= {role.pointee.type for role in roles if role.pointee}
    needed |= {pointee.type for _, cases in pointees for pointee in cases.values()}
    assert needed - {"u8", "u32", "u64", "s32"} <= TYPES.keys()
    assert "vrp_config" not in TYPES  # which no call takes


@pytest.mark.parametrize("name", sorted(TYPES.keys() - {"trusty_boot_param_88"}))
def test_a_type_has_its_fields_with_their_roles(name):
    kind = ACRN.types.type_named(name)
    assert TABLE.type(TYPES[name]) == as_plain(kind, ACRN.types.fields)


def test_pointers_say_where_to_and_what_counts():
    regions = TYPES["set_regions"]
    first, names = TABLE.u("types", regions, 12), [f[0] for f in TABLE.type(regions)[3]]
    at = first + names.index("regions_gpa")
    assert TABLE.name(TABLE.u("fields", at, 20)) == "vm_memory_region"
    assert DIRECTIONS[TABLE.u("fields", at, 18, 1)] == "in"
    assert names[TABLE.u("fields", at, 24)] == "mr_num"
    assert TABLE.u("fields", first, 20) == TABLE.u("fields", first, 24) == NONE


def test_a_union_says_which_member_counts():
    request = TYPES["acrn_io_request"]
    fields = TABLE.type(request)[3]
    at = TABLE.u("types", request, 12) + [field[0] for field in fields].index("reqs")
    selection = TABLE.u("fields", at, 28)
    assert [TABLE.u("selections", selection, i) for i in (0, 4, 8)] == [NONE, 0, 32]
    members = [member[0] for member in dict((f[0], f[3]) for f in fields)["reqs"][3]]
    chosen = {value: members[to] for value, (to, _) in TABLE.cases(selection).items()}
    assert chosen == ACRN.types.fields.cases["acrn_io_request", "reqs"][1]


@pytest.mark.parametrize(
    "call, number", [("profiling_ops", (0, 0, 64)), ("pm_get_cpu_state", (0, 0, 8))]
)
def test_an_address_says_where_to_by_another_argument(call, number):
    (_, at) = TABLE.arguments(TABLE.calls()[call])
    selection = TABLE.u("arguments", at, 16)
    assert tuple(TABLE.u("selections", selection, i) for i in (0, 4, 8)) == number
    name = TABLE.text_at("arguments", at, 4)
    _, cases = ACRN.types.fields.pointees[call, name]
    found = {
        value: (TABLE.name(to), DIRECTIONS[direction])
        for value, (to, direction) in TABLE.cases(selection).items()
    }
    known = {
        value: (None if to.type == "u8" else to.type, to.direction) for value, to in cases.items()
    }
    assert found == known


def rule_of(table: Table, name: str, types: dict[str, int]) -> list[int]:
    rule = table.u("types", types[name], 20)
    return [table.u("rules", rule, 4 * i) for i in range(9)]


def test_a_structure_with_a_count_says_where_and_of_what():
    bit_offset, bits, array, each, least, _, layouts, otherwise, end = rule_of(
        TABLE, "acrn_intr_monitor", TYPES
    )
    assert (bit_offset, bits, end) == (32, 32, 8)
    assert (array, each, least, layouts, otherwise) == (64, 8, 1, 0, NONE)


def test_a_structure_of_a_family_has_its_layouts_and_hides_what_may_be_a_secret():
    _, _, array, _, _, first, count, otherwise, end = rule_of(TABLE, "trusty_boot_param", TYPES)
    assert (array, count, end) == (NONE, 2, 4)
    sizes = {TABLE.u("layouts", first + i, 0): TABLE.u("layouts", first + i, 4) for i in (0, 1)}
    assert [TABLE.type(sizes[size])[1] for size in (96, 88)] == [
        "trusty_boot_param",
        "trusty_boot_param_88",
    ]
    bounds = TABLE.u("layouts", first, 8), TABLE.u("layouts", first, 12)
    assert [[TABLE.u("bounds", i, o) for o in (0, 4, 8)] for i in range(*bounds)] == [
        [192, 32, 20],
        [224, 32, 20],
    ]
    shown = {field[0]: field[3][0] for field in TABLE.type(otherwise)[3]}
    assert shown["base_addr_high"] == shown["rpmb_key"] == "hidden"
    assert shown["version"] == "scalar"
    known = {field[0]: field for field in TABLE.type(sizes[88])[3]}
    assert "SECRET" in known["rpmb_key"][4] and known["version"][3][0] == "scalar"


def test_results_have_their_rules_and_errors_their_names():
    def rules(call: str) -> list[tuple]:
        first = TABLE.u("calls", TABLE.calls()[call], 24)
        count = TABLE.u("calls", TABLE.calls()[call], 28)
        return [
            (
                TABLE.u("results", i, 0),
                *(TABLE.text_at("results", i, at) for at in (4, 8)),
                TABLE.u("results", i, 16, 8),
            )
            for i in range(first, first + count)
        ]

    path, value, why = ACRN.results.failed_if["create_vm"]
    assert rules("create_vm") == [(1, why, path, value)]
    assert rules("create_vcpu") == [(2, ACRN.results.proves_nothing["create_vcpu"], None, 0)]
    assert rules("get_hw_info") == [(3, None, "info", 0)]
    assert rules("pause_vm") == []


def test_each_abi_has_the_errors_of_its_scheme():
    errors = [
        (
            *(TABLE.u("errors", i, 12, 2), TABLE.u("errors", i, 0)),
            *(TABLE.text_at("errors", i, 4), TABLE.text_at("errors", i, 8)),
            TABLE.u("errors", i, 14, 2),
        )
        for i in range(TABLE.count("errors"))
    ]
    assert errors == [
        (index, number, *words, int(number in errors_of(abi).vague))
        for index, abi in enumerate(abis())
        for number, words in sorted(errors_of(abi).by_number.items())
    ]
    assert errors[0] == (0, 1, "EPERM", "Operation not permitted", 1)
    assert (1, 1000, "ENOSYS", "Function not implemented", 0) in errors


def test_the_abi_is_there_with_the_places_of_its_registers():
    assert TABLE.text_at("abis", 0, 0) == ABI.name
    assert REGISTERS[TABLE.u("abis", 0, 4)] == ABI.number
    arguments = [REGISTERS[TABLE.u("abis", 0, 12 + i, 1)] for i in range(TABLE.u("abis", 0, 8))]
    assert tuple(arguments) == ABI.arguments
    assert TABLE.u("abis", 0, 18, 1) == 0
    assert (TABLE.u("abis", 0, 24, 8), TABLE.u("abis", 0, 32, 8)) == (0x80000000, 0xFF)


def test_a_name_that_stands_for_zero_is_marked_wherever_it_is():
    zeros = ACRN.types.zero_names
    for index in range(TABLE.count("values")):
        assert TABLE.u("values", index, 12) == (TABLE.text_at("values", index, 8) in zeros)


def test_calls_of_a_users_own_are_there_with_types_that_nobody_has():
    table = of(
        "HYPERCALL2(0x800000a0, mine, PTR(in, no_such, name), PACKED(no_such, bits))",
        "HYPERCALL2(0x80000010, other, PTR(out, vrp_config, config), ENUM(no_such, kind))",
    )
    calls = table.calls()
    assert "create_vm" not in calls and table.u("calls", calls["other"], 0, 8) == 0x80000010
    name, bits = table.arguments(calls["mine"])
    assert table.u("arguments", name, 3, 1) == 1 and table.u("arguments", bits, 3, 1) == 0
    assert table.name(table.u("arguments", name, 8)) == "no_such"
    assert table.u("arguments", bits, 8) == NONE
    config, kind = table.arguments(calls["other"])
    assert table.name(table.u("arguments", config, 8)) == "vrp_config"
    assert table.u("arguments", kind, 12) == NONE


def test_a_release_has_its_own_calls():
    table = of(release="v1.0")
    assert {"get_platform_info", "sos_offline_cpu"} <= table.calls().keys()
    assert not {"add_vdev", "switch_ee"} & table.calls().keys()


def guest(**structs: Struct) -> GuestTypes:
    return GuestTypes(structs.get, ACRN.types.own_fields, lambda notice: None)


def test_the_guests_names_are_those_of_fields_and_of_what_counts():
    u64 = Scalar(8)
    theirs = Struct(
        "vm_memory_region_batch",
        24,
        (
            *(Field("vm", 0, 16, Scalar(2)), Field("num", 64, 32, Scalar(4))),
            Field("where", 128, 64, u64),
        ),
    )
    table = of(guest=guest(vm_memory_region_batch=theirs))
    (at,) = table.arguments(table.calls()["set_memory_regions"])
    kind = table.u("arguments", at, 8)
    fields = [field[0] for field in table.type(kind)[3]]
    assert fields[0] == "vm" and {"num", "where"} <= set(fields)
    pointer = table.u("types", kind, 12) + fields.index("where")
    assert table.name(table.u("fields", pointer, 20)) == "vm_memory_region"
    assert fields[table.u("fields", pointer, 24)] == "num"


DEEP: Struct | Scalar = Scalar(4)
for _ in range(16):
    DEEP = Struct("deep", 4, (Field("in", 0, 32, DEEP),))


@pytest.mark.parametrize(
    "field, is_held",
    [
        (Field("a", 0, 32, Scalar(4)), True),
        (Field("a", 0, 128, Scalar(16)), False),  # more than C has numbers of
        (Field("a", 0, 0, Array(Struct("", 0, ()), 7)), True),
        (Field("a", 120, 16, Scalar(2)), False),  # behind the end
        (Field("a", 0, 64, Array(Scalar(1), 9)), False),
        (Field("a", 4, 32, Array(Scalar(1), 4)), False),
        (Field("a", 128, 0, Array(Scalar(1), 0)), True),
        (Field("a", 0, 32, DEEP.fields[0].type), False),
        (Field("a", 0, 32, DEEP.fields[0].type.fields[0].type), True),
    ],
)
def test_a_type_of_the_guests_that_no_table_holds_is_unknown(field, is_held):
    line = "HYPERCALL1(0x800000a0, mine, PTR(in, theirs, it))"
    table = of(line, guest=guest(theirs=Struct("theirs", 16, (field,))))
    (at,) = table.arguments(table.calls()["mine"])
    kind = table.u("types", table.u("arguments", at, 8), 0, 1)
    assert (kind != UNKNOWN) == is_held


def test_too_large_a_table_is_a_sentence(monkeypatch):
    monkeypatch.setattr(sections, "MAX_BYTES", len(BUILT) - 1)
    with pytest.raises(TraceError, match="load fewer call tables"):
        compiled(ACRN)


def test_the_built_table_is_taken_where_it_is_the_same(tmp_path):
    knowledge = acrn()
    knowledge.built = tmp_path / "acrn.table"
    marked = BUILT + b"built"
    knowledge.built.write_bytes(marked)
    assert calls_in(BUILT) == knowledge.table.checksum == zlib.crc32(knowledge.table.text)
    assert table_for(knowledge) == marked
    knowledge.types.guest_types = guest()
    assert table_for(knowledge) == BUILT
    knowledge.types.guest_types = None
    knowledge.define("HYPERCALL0(0x800000a0, mine)")
    assert "mine" in Table(table_for(knowledge)).calls()
    knowledge.use_release("v1.0")
    assert "switch_ee" not in Table(table_for(knowledge)).calls()


def test_without_a_built_table_one_is_made(tmp_path):
    knowledge = acrn()
    knowledge.built = tmp_path / "none"
    assert table_for(knowledge) == BUILT
    knowledge.built.write_bytes(b"short")
    assert table_for(knowledge) == BUILT


def changed(section: str, index: int, offset: int, value: int, form: str = "<I") -> bytes:
    data = bytearray(BUILT)
    struct.pack_into(form, data, TABLE.at(section, index) + offset, value)
    return bytes(data)


def first_of(section: str, offset: int, wanted: int, size: int = 1) -> int:
    """The first entry that has that number there."""
    entries = range(TABLE.count(section))
    return next(i for i in entries if TABLE.u(section, i, offset, size) == wanted)


LAST_TYPE = TABLE.count("types")
ARRAY, STRUCT = first_of("types", 0, 2), TYPES["acrn_vcpu_regs"]
NUMBER = TABLE.u("types", TYPES["hc_api_version"], 12)
POINTER = TABLE.u("types", TYPES["set_regions"], 12) + 5
ADDRESS = TABLE.arguments(TABLE.calls()["profiling_ops"])[1]
SELECTS = TABLE.u("arguments", ADDRESS, 16)


@pytest.mark.parametrize(
    "place, wrong",
    [
        (("abis", 0, 4, 17), "an ABI"),
        (("abis", 0, 8, 7), "an ABI"),
        (("abis", 0, 8, 1), "a call"),  # has two arguments
        (("abis", 0, 20, 1 << 17), "an ABI"),
        (("calls", 1, 0, 0, "<Q"), "a call"),  # not in order
        (("calls", 0, 8, TABLE.count("text") - 1), "a call"),
        (("calls", 0, 12, 1), "a call"),
        (("calls", 0, 16, 2), "a call"),
        (("calls", 0, 20, 1 << 17), "a call"),
        (("calls", 0, 32, 1), "a call"),
        (("arguments", 0, 0, 8, "<B"), "a call"),
        (("arguments", 0, 1, 0, "<B"), "a call"),
        (("arguments", 0, 2, 7, "<B"), "a call"),
        (("arguments", 0, 8, LAST_TYPE), "a call"),
        (("arguments", 0, 12, TABLE.count("enums")), "a call"),
        (("arguments", 0, 16, 0), "a call"),  # a selection of another's
        (("selections", SELECTS, 0, 2), "a call"),
        (("selections", SELECTS, 8, 65), "a call"),
        (("cases", TABLE.u("selections", SELECTS, 12), 8, LAST_TYPE), "a call"),
        (("cases", TABLE.u("selections", SELECTS, 12), 12, 5), "a call"),
        (("types", ARRAY, 0, 6, "<B"), "a type"),
        (("types", ARRAY, 2, 3, "<B"), "a type"),
        (("types", ARRAY, 3, 0, "<B"), "a type"),
        (("types", ARRAY, 3, 17, "<B"), "a type"),
        (("types", ARRAY, 3, 1, "<B"), "a type"),  # as deep as its element
        (("types", ARRAY, 4, 3), "a type"),
        (("types", ARRAY, 12, LAST_TYPE), "a type"),
        (("types", ARRAY, 12, ARRAY), "a type"),  # of itself
        (("types", ARRAY, 20, 0), "a type"),
        (("types", 0, 4, 9), "a type"),
        (("types", 0, 12, TABLE.count("enums")), "a type"),
        (("types", STRUCT, 3, 1, "<B"), "a type"),  # no deeper than what is in it
        (("types", STRUCT, 8, NONE), "a type"),
        (("types", STRUCT, 16, 4097), "a type"),
        (("types", STRUCT, 20, TABLE.count("rules")), "a type"),
        (("fields", NUMBER, 0, NONE), "a type"),
        (("fields", NUMBER, 4, 64), "a type"),
        (("fields", NUMBER, 4, NONE - 31), "a type"),
        (("fields", NUMBER, 8, 0), "a type"),
        (("fields", NUMBER, 8, 33), "a type"),
        (("fields", NUMBER, 12, TYPES["hc_api_version"]), "a type"),  # in itself
        (("fields", NUMBER, 18, 1, "<B"), "a type"),
        (("fields", NUMBER, 24, 0), "a type"),
        (("fields", NUMBER, 28, 0), "a type"),
        (("fields", POINTER, 18, 0, "<B"), "a type"),
        (("fields", POINTER, 20, LAST_TYPE), "a type"),
        (("fields", POINTER, 24, 6), "a type"),
        (("rules", 0, 4, 33), "a rule of sizes"),
        (("rules", 0, 24, 17), "a rule of sizes"),
        (("rules", 0, 32, 5), "a rule of sizes"),
        (("layouts", 0, 4, 0), "a layout"),
        (("layouts", 0, 4, TYPES["trusty_boot_param"]), "a layout"),  # which says its size
        (("bounds", 0, 4, 65), "a bound"),
        (("bounds", 0, 8, 64), "a bound"),
        (("enums", 0, 0, 1), "an enumeration"),
        (("enums", 0, 8, NONE), "an enumeration"),
        (("values", 0, 8, NONE), "a value"),
        (("results", 0, 0, 4), "a rule of results"),
        (("results", 1, 4, NONE), "a rule of results"),
        (("errors", 1, 0, 1), "an error"),  # not in order
        (("errors", 0, 12, 1), "an error"),
    ],
)
def test_c_refuses_a_table_that_leads_nowhere(place, wrong):
    assert wrong_with(changed(*place)).startswith(wrong)


@pytest.mark.parametrize(
    "data, wrong",
    [
        (b"", "this is no table"),
        (BUILT[:-1], "this is no table"),
        (b"HCT2" + BUILT[4:], "this is no table"),
        (BUILT[:19] + b"\xff" + BUILT[20:], "a section"),
        (BUILT[:23] + b"\xff" + BUILT[24:], "a section"),
    ],
    ids=("empty", "cut", "another", "offset", "count"),
)
def test_c_refuses_what_is_no_table(data, wrong):
    assert wrong_with(data).startswith(wrong)


def test_c_refuses_entries_that_are_nobodys():
    count_at = 16 + 8 * 4 + 4  # of the fields
    count = int.from_bytes(BUILT[count_at : count_at + 4], "little")
    data = BUILT[:count_at] + (count + 1).to_bytes(4, "little") + BUILT[count_at + 4 :]
    assert wrong_with(data) == "a field in the table is no structure's"
