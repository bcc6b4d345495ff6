# SPDX-License-Identifier: BSD-3-Clause
"""Makes a hypervisor that has structures of all kinds that a decoder knows and ACRN none of."""

from acrn_trace.tables.calls import CallTable, parse
from acrn_trace.tables.knowledge import Knowledge, acrn
from acrn_trace.tables.layouts import Array, Field, Layouts, Scalar, Struct
from acrn_trace.tables.types import Types
from helpers.make.memory import U8, U16, U32, U64, struct, table

COLOUR, MODE = Scalar(4, enum="colour"), Scalar(8, enum="mode")
BOOL = Scalar(1, boolean=True)
ENUMS = {
    "colour": {1: "RED", 0: "NONE", 2: "GREEN", 4: "BLUE", 6: "CYAN", 0xFFFFFFFF: "ALL"},
    "mode": {0: "OFF", 1: "ON", 3: "BOTH", 1 << 63: "TOP"},
}

BITS = Struct(
    "bits",
    24,
    (
        Field("low", 0, 3, U8),
        Field("across", 3, 11, Scalar(2, signed=True)),
        Field("one", 14, 1, BOOL),
        Field("colour", 15, 4, COLOUR),
        Field("reserved", 19, 5, U8),
        Field("wide", 24, 40, Scalar(8, signed=True)),
        Field("far", 67, 63, U64),  # in nine bytes
    ),
)
SIGNED = struct("signed", *((f"s{size}", Scalar(size, signed=True)) for size in (1, 2, 4, 8)))
BOOLS = struct("bools", ("few", Array(BOOL, 3)), ("big", U64), ("many", Array(Array(BOOL, 2), 4)))
CHOICE = struct("choice", ("bits", BITS), ("number", U16), ("list", Array(U32, 3)), union=True)
CHOSEN = struct("chosen", ("which", U8), ("reserved", Array(U8, 3)), ("choice", CHOICE))
LISTS = struct(
    *("lists", ("to", U64), ("count", U16), ("name", Array(U8, 6)), ("set", Array(MODE, 2))),
    *(("words", Array(U16, 20)), ("key", Array(U8, 4)), ("last", MODE)),
)
NODE = struct("node", ("next", U64), ("colour", COLOUR), ("lists", U32), ("many", U64))
COUNTED = struct("counted", ("many", U8), ("reserved", U8), ("items", Array(CHOSEN, 3)))

RULES = """
FIELD(bits, reserved, RESERVED)
FIELD(bools, big, BOOL)
FIELD(chosen, reserved, RESERVED)
CASE(chosen, choice, which, 0, bits)
CASE(chosen, choice, which, 1, number)
CASE(chosen, choice, which, 2, list)
FIELD(lists, to, ARRAY(in, chosen, count))
FIELD(lists, name, TEXT)
FIELD(lists, set, FLAGS)
FIELD(lists, words, HEX)
FIELD(lists, key, SECRET)
FIELD(lists, last, OUT)
FIELD(node, next, POINTER(in, node))
FIELD(node, many, ARRAY(in, node, lists))
FIELD(counted, reserved, RESERVED)
COUNTED(counted, items, many, 1)
"""

CALLS = """
HYPERCALL2(0x80000001, take_bits, PTR(inout, bits, name), VALUE(u8, small))
HYPERCALL2(0x80000002, take_signed, PTR(inout, signed, signed), PACKED(bits, packed))
HYPERCALL1(0x80000003, take_bools, PTR(in, bools, bools))
HYPERCALL2(0x80000004, take_chosen, ENUM(mode, mode), PTR(inout, chosen, chosen))
HYPERCALL1(0x80000005, take_lists, PTR(inout, lists, lists))
HYPERCALL2(0x80000006, take_counted, PTR(inout, counted, counted), VALUE(u16, reserved))
HYPERCALL1(0x80000007, take_choice, PTR(out, choice, choice))
HYPERCALL1(0x80000009, take_node, PTR(inout, node, node))
HYPERCALL2(0x80000008, take_packed, PACKED(lists, lists), PACKED(chosen, chosen))
"""


def odd() -> Knowledge:
    structs = (BITS, SIGNED, BOOLS, CHOICE, CHOSEN, LISTS, COUNTED, NODE)
    types = Types(Layouts({one.name: one for one in structs}, ENUMS), table(RULES))
    knowledge = acrn()
    knowledge.types, knowledge.table = types, CallTable(parse(CALLS, "odd"))
    return knowledge
