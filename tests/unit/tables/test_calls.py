# SPDX-License-Identifier: BSD-3-Clause
"""The grammar of .def files, its refusals, and ACRN's own table."""

from pathlib import Path

import pytest

from acrn_trace.base.errors import TraceError
from acrn_trace.base.places import table_file
from acrn_trace.tables.calls import CallTable, parse

GOOD = """/* a comment
   over lines */
HYPERCALL0(0x80000072, save)

HYPERCALL2(0x800000f0, break_it,  VALUE(u64, mask), PTR(inout, some_struct, what)) /* why */
"""


def test_a_table_is_read_with_its_comments():
    save, break_it = parse(GOOD, "x.def")
    assert (save.number, save.name, save.arguments) == (0x80000072, "save", ())
    assert [str(a) for a in break_it.arguments] == [
        "VALUE(u64, mask)",
        "PTR(inout, some_struct, what)",
    ]
    assert break_it.arguments[1].direction == "inout"


def test_a_line_prints_as_it_is_written():
    line = "HYPERCALL2(0x800000f0, break_it, VALUE(u64, mask), PTR(inout, some_struct, what))"
    assert str(parse(line, "x")[0]) == line


@pytest.mark.parametrize(
    "line",
    [
        "HYPERCALL1(0x1, name)",
        "HYPERCALL0(0x1, name, VMID(x))",
        "HYPERCALL3(0x1, name, VMID(x), VMID(y), VMID(z))",
        "HYPERCALL0(1, name)",
        "HYPERCALL0(0x10000000000000000, name)",
        "HYPERCALL0(0x1, na-me)",
        "HYPERCALL1(0x1, name, WHAT(x))",
        "HYPERCALL1(0x1, name, VALUE(u128, x))",
        "HYPERCALL1(0x1, name, PTR(sideways, s, x))",
        "HYPERCALL1(0x1, name, PTR(in, x))",
        "HYPERCALL1(0x1, name, VMID(__import__('os')))",
        "#include <x.h>",
        "HYPERCALL0(0x1, name) HYPERCALL0(0x2, other)",
    ],
)
def test_a_wrong_line_is_refused_with_its_place(line):
    with pytest.raises(TraceError, match=r"^x\.def:2: "):
        parse(f"HYPERCALL0(0x5, good)\n{line}\n", "x.def")


def test_a_table_with_a_wrong_line_adds_nothing(tmp_path):
    file = tmp_path / "x.def"
    file.write_text("HYPERCALL0(0x5, good)\nnonsense\n")
    table = CallTable()
    with pytest.raises(TraceError):
        table.load(file)
    assert list(table) == []


@pytest.mark.parametrize("content", [b"\xff\xfe", b"\n" * (1 << 20 | 1)], ids=["binary", "huge"])
def test_what_is_no_table_is_a_sentence(tmp_path, content):
    file = tmp_path / "x.def"
    file.write_bytes(content)
    with pytest.raises(TraceError, match="the table"):
        CallTable().load(file)
    with pytest.raises(TraceError, match="No such file"):
        CallTable().load(tmp_path / "missing.def")


def test_a_later_line_replaces_by_number_and_by_name():
    table = CallTable(parse("HYPERCALL0(0x1, a)\nHYPERCALL0(0x2, b)", "x"))
    for line in ("HYPERCALL0(0x1, c)", "HYPERCALL0(0x3, b)"):
        table.add(parse(line, "y")[0])
    assert [(entry.number, entry.name) for entry in table] == [(1, "c"), (3, "b")]


def test_acrns_table_has_every_call_once():
    table = CallTable()
    table.load(table_file("acrn"))
    lines = Path(table_file("acrn")).read_text().splitlines()
    assert len(list(table)) == 41 == sum(line.startswith("HYPERCALL") for line in lines)
    assert table.named("create_vm").number == 0x80000010
    assert table.call_name(0x80000091) == "switch_ee"
    assert table.call_name(0x99) == "hypercall_0x99"
