# SPDX-License-Identifier: BSD-3-Clause
"""Structures that say themselves how far they go: no byte behind the end, none of a key."""

import struct

import pytest

from acrn_trace.act.call.build import Builder, Room
from acrn_trace.act.call.parse import parse_arguments
from acrn_trace.act.inject_poke import Pending, Places, poke
from acrn_trace.at_rest.memory_now import NOTHING, differences
from acrn_trace.base.errors import TraceError
from acrn_trace.base import deffile
from acrn_trace.base.places import table_file
from acrn_trace.bindings.calls import CallDecoder, Given
from acrn_trace.guest.memory import Unreadable
from acrn_trace.tables.fields import NO_ROLES, FieldTable, add_fields, read_fields
from acrn_trace.tables.guest_types import GuestTypes
from acrn_trace.tables.knowledge import acrn
from acrn_trace.tables.layouts import Struct
from helpers.make.memory import U32, U8, FakeMemory, Structures, array, struct as structure

AT = 0x1000
BASE = {"version": "0x2", "base_addr": "0x3", "entry_point": "0x4", "mem_size": "0x5"}
HIGH = {"base_addr_high": "0x6", "entry_point_high": "0x7"}
UNTOLD = {"base_addr_high": "redacted", "entry_point_high": "redacted"}
KEY = {"rpmb_key": "redacted"}
SIX = [(name, U32) for name in ("size_of_this_struct", *BASE, "padding")]
DECLARED = {
    20: structure("trusty_boot_param", *SIX[:5]),
    88: structure("trusty_boot_param", *SIX, ("rpmb_key", array(U8, 64))),
    96: structure(
        "trusty_boot_param", *SIX, *((h, U32) for h in HIGH), ("rpmb_key", array(U8, 64))
    ),
    "own names": structure(
        "trusty_boot_param", *((f"my_{n}", k) for n, k in SIX), ("k", array(U8, 64))
    ),
    "early key": structure("trusty_boot_param", *SIX[:2], ("rpmb_key", array(U8, 88))),
    "no key": structure("trusty_boot_param", *SIX[:1], ("bytes", array(U8, 92))),
}


def boot(says: int, key_at: int, there: int = 96) -> bytes:
    """A structure of which ``there`` bytes are there, with a key of 0xa5."""
    data = struct.pack("<8I", says, 2, 3, 4, 5, 0, 6, 7)[:key_at]
    return data.ljust(there, b"\xa5")


def structures(declared: Struct | None = None):
    known, notices = acrn().types, []
    if declared:
        lookup = {"trusty_boot_param": declared}.get
        known.guest_types = GuestTypes(lookup, known.own_fields, notices.append)
    return known, notices


def shown(says, key_at, there=96, declared=None):
    known, _ = structures(declared)
    return Structures(known).read(
        "trusty_boot_param", AT, FakeMemory({AT: boot(says, key_at, there)})
    )


@pytest.mark.parametrize(
    "says, key_at, there, tree",
    [
        (96, 32, 96, {**BASE, **HIGH, **KEY}),
        (88, 24, 88, {**BASE, **KEY}),
        (20, 20, 20, BASE),
        (0, 4, 4, {}),
        (4, 4, 4, {}),
        (7, 4, 7, {}),
        (21, 20, 21, BASE),
        (40, 24, 40, {**BASE, **UNTOLD}),
        (95, 24, 95, {**BASE, **UNTOLD}),
        (97, 24, 96, {**BASE, **UNTOLD, **KEY}),
        (0xFFFFFFFF, 24, 96, {**BASE, **UNTOLD, **KEY}),
        (96, 24, 96, {**BASE, **UNTOLD, **KEY}),  # a lie: no address has so many bits
    ],
)
def test_no_more_than_it_says_and_nothing_of_a_key(says, key_at, there, tree):
    """Memory ends where the structure does: what is behind it is not even read."""
    assert shown(says, key_at, there) == {"size_of_this_struct": says, **tree}


@pytest.mark.parametrize("declared", DECLARED, ids=str)
@pytest.mark.parametrize("says", [0, 4, 20, 21, 88, 95, 96, 97, 0xFFFFFFFF])
@pytest.mark.parametrize("key_at", [24, 32])
def test_whatever_type_the_guest_has(declared, says, key_at):
    tree = shown(says, key_at, declared=DECLARED[declared])
    assert "a5" not in str(tree) and str(0xA5A5A5A5) not in str(tree)
    if declared in ("early key", "no key"):
        assert set(tree.values()) <= {says, "0x2", "redacted"}


def test_a_type_of_the_guests_is_believed_where_structure_and_type_agree():
    known, notices = structures(DECLARED[96])
    memory = FakeMemory({AT: boot(96, 32), 2 * AT: boot(88, 24, 88)})
    read = [Structures(known).read("trusty_boot_param", at, memory) for at in (AT, 2 * AT)]
    assert read[0] == {"size_of_this_struct": 96, **BASE, **HIGH, **KEY}
    assert read[1] == {"size_of_this_struct": 88, **BASE, **KEY} and notices == []
    small = dict.fromkeys(HIGH, 1)
    data = struct.pack("<8I", 96, 2, 3, 4, 5, 0, *small.values()).ljust(96, b"\xa5")
    known, notices = structures(DECLARED[88])
    tree = Structures(known).value("trusty_boot_param", data)
    assert tree == {"size_of_this_struct": 96, **BASE, **UNTOLD, **KEY} and notices == []


def test_the_guests_names_are_used_for_the_layout_that_it_has():
    tree = shown(88, 24, declared=DECLARED["own names"])
    assert list(tree) == ["my_size_of_this_struct", *(f"my_{name}" for name in BASE), "k"]
    assert tree["k"] == "redacted"


@pytest.mark.parametrize("declared, odd", [(20, 0), (88, 0), (96, 0), ("early key", 1)])
def test_an_odd_type_is_told_once(declared, odd):
    known, notices = structures(DECLARED[declared])
    for _ in range(2):
        Structures(known).read("trusty_boot_param", AT, FakeMemory({AT: boot(96, 32)}))
    assert len(notices) == odd


def test_a_key_in_a_structure_that_acrn_does_not_have():
    known, _ = structures()
    own = structure("mine", ("a", U32), ("in_it", DECLARED[88]), ("rpmb_key", array(U8, 4)))
    known.guest_types = GuestTypes({"mine": own}.get, known.own_fields, [].append)
    data = bytes(4) + boot(88, 24, 88) + b"\xa5" * 4
    tree = Structures(known).read("mine", AT, FakeMemory({AT: data}))
    assert tree["rpmb_key"] == "redacted" and tree["in_it"] == {
        "size_of_this_struct": 88,
        **BASE,
        **KEY,
    }


def test_every_secret_of_the_tables_is_known_to_the_guests_recorder():
    """capture.c reads the second file alone."""
    alone = FieldTable()
    add_fields(alone, deffile.read(table_file("acrn", "fields")), "acrn")
    assert not alone.secrets and read_fields("acrn").secrets == {"rpmb_key"}


# ---- counts ----


def monitor(count: int, there: int) -> bytes:
    return struct.pack("<II", 0, count) + b"\x11" * there


@pytest.mark.parametrize(
    "count, elements", [(0, 1), (1, 1), (2, 2), (48, 48), (49, 48), (0xFFFFFFFF, 48)]
)
def test_an_array_is_as_long_as_its_count_says(count, elements):
    known, _ = structures()
    memory = FakeMemory({AT: monitor(count, 8 * elements)})  # and no more
    tree = Structures(known).read("acrn_intr_monitor", AT, memory)
    assert tree["buffer"] == ["0x1111111111111111"] * elements


@pytest.mark.parametrize(
    "name, number, array_name",
    [
        ("profiling_msr_ops_list", "num_entries", "entries"),
        ("profiling_vm_info_list", "num_vms", "vm_list"),
        ("profiling_vm_info", "num_vcpus", "cpu_map"),
    ],
)
@pytest.mark.parametrize("count", [0, 1, 3, 0xFFFF])
def test_the_lists_of_the_profiler_too(name, number, array_name, count):
    known, _ = structures()
    kind = known.layouts.structs[name]
    place = {field.name: field for field in kind.fields}
    size, most = place[number].bit_size // 8, place[array_name].type.count
    at = place[number].bit_offset // 8
    data = bytes(at) + count.to_bytes(size, "little") + bytes(kind.size - at - size)
    tree = Structures(known).value(name, data)
    assert len(tree[array_name]) == min(count, most)


def test_a_count_that_the_call_changes():
    tree = CallDecoder(acrn()).decode(
        Given(acrn().table.named("vm_intr_monitor").number, (1, AT), 0),
        FakeMemory({AT: monitor(4, 32)}),
        FakeMemory({AT: monitor(2, 16)}),
    )["decoded"]["monitor"]
    ones = "0x1111111111111111"
    assert tree["buf_cnt"] == {"in": 4, "out": 2}
    assert tree["buffer"] == {"in": [ones] * 4, "out": [ones] * 2}


# ---- a structure that changes ----


def test_a_structure_of_another_size_by_now_has_not_lost_fields_one_by_one():
    calls, entry = CallDecoder(acrn()), acrn().table.named("initialize_trusty")
    before, after = FakeMemory({AT: boot(96, 32)}), FakeMemory({AT: boot(20, 20)})
    changed = calls.decode(Given(entry.number, (AT, 0), 0), before, after)["changed"]
    ((path, _, now),) = changed
    assert path == "" and now == {"size_of_this_struct": 20, **BASE}
    then = boot(96, 32)
    merged, same = (
        calls.argument(entry.arguments[0], AT, (then, other)) for other in (boot(20, 20), then)
    )
    assert differences(merged) == now and differences(same) is NOTHING


@pytest.mark.parametrize("room", [4, 8, 24, 32, 40, 96])
@pytest.mark.parametrize("says, key_at", [(96, 32), (88, 24), (20, 20), (0, 4), (0xFFFFFFFF, 24)])
def test_a_structure_of_which_a_part_is_known(room, says, key_at):
    """As a ring has it, also one that somebody else's stub filled."""
    known, _ = structures()
    tree = Structures(known).beginning("trusty_boot_param", boot(says, key_at)[:room])
    whole = shown(says, key_at)
    assert tree.items() <= whole.items() and "a5" not in str(tree)


# ---- who writes to one ----


def poked(path: str, says: int, key_at: int) -> tuple[bool, list]:
    knowledge = acrn()
    entry = knowledge.table.named("initialize_trusty")
    places, memory = Places(knowledge), Pending(FakeMemory({AT: boot(says, key_at)}))
    place, registers = places.find(path, entry, entry.name), {"rdi": AT}
    is_shown = places.may_be_shown(place, registers, memory)
    poke(place, 1, registers, memory)
    return is_shown, memory.writes


@pytest.mark.parametrize(
    "path, says, is_shown",
    [
        ("boot.version", 88, True),
        ("boot.base_addr_high", 96, True),
        ("boot.base_addr_high", 88, False),
        ("boot.rpmb_key[3]", 96, False),
        ("boot.entry_point_high", 0xFFFFFFFF, False),
    ],
)
def test_a_poke_does_not_tell_what_was_there(path, says, is_shown):
    assert poked(path, says, 32 if says == 96 else 24)[0] == is_shown


def test_a_poke_behind_the_end_is_not_made():
    with pytest.raises(Unreadable, match="says that it has 20 bytes"):
        poked("boot.padding", 20, 20)


def built(text: str) -> bytes:
    known = acrn().types
    (node,) = parse_arguments(text)

    def evaluate(expression, _extent):
        raise TraceError(expression)

    builder = Builder(known, evaluate, Room(AT, 4096))
    return builder.data(known.type_named("trusty_boot_param"), node, NO_ROLES, "boot")


def test_what_is_built_by_hand_is_laid_out_as_its_size_says():
    assert built("{version=2}")[:8] == struct.pack("<II", 96, 2)
    key = "[" + ", ".join(["1"] * 64) + "]"
    at_24 = built("{size_of_this_struct=88, rpmb_key=" + key + "}")
    assert at_24 == struct.pack("<6I", 88, 0, 0, 0, 0, 0) + b"\1" * 64 + bytes(8)
    with pytest.raises(TraceError, match="boot has no field 'base_addr_high'"):
        built("{size_of_this_struct=88, base_addr_high=1}")
