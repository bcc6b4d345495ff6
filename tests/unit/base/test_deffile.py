# SPDX-License-Identifier: BSD-3-Clause
"""Whatever stands in a .def file, it is read or refused in a sentence, and soon."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from acrn_trace.base import deffile
from acrn_trace.base.deffile import MAX_FILE_BYTES
from acrn_trace.base.errors import TraceError
from acrn_trace.guest.abi_file import abis_of
from acrn_trace.tables import calls, errnos, fields, results
from acrn_trace.tables.knowledge import acrn
from helpers.process import SECONDS

READERS = {
    "abis": lambda text: abis_of(deffile.parse(text, "x.def")),
    "calls": lambda text: calls.parse(text, "x.def"),
    "fields": lambda text: fields.add_fields(
        fields.FieldTable(), deffile.parse(text, "x.def"), "kvm"
    ),
    "results": lambda text: results.add_rules(
        results.ResultRules(), deffile.parse(text, "x.def"), "kvm"
    ),
    "errors": lambda text: errnos.errors_in(deffile.parse(text, "x.def")),
}

WORDS = [
    *("HYPERCALL0", "HYPERCALL1", "HYPERCALL2", "FIELD", "CASE", "POINTEE", "POINTER", "ARRAY"),
    *("ZERO_FAILED_IF", "ZERO_PROVES_NOTHING", "ENOTTY_MEANS", "MAY_CHANGE", "ELSEWHERE"),
    *("VMID", "VALUE", "PTR", "ADDR", "PACKED", "ENUM", "PASS", "in", "out", "inout", "OUT", "HEX"),
    *("ABI", "INSTRUCTION", "INSN", "NUMBER", "NUMBERS", "ARGS", "RET", "LOST", "ERRORS", "AGAIN"),
    *("vmcall", "rax", "s32", "kvm", "never", "args", "0xff"),
    *("ERROR", "FAILED", "1000", "ENOSYS"),
    *("0x80000010", "65535", "u8", "u64", "name", "a.b", "-1", "TEXT"),
    *("(", ")", ",", '"', " ", "\n", "/*", "*/", "\\", "\0", "\x85", "é", "1" * 5000),
]
likely_text = st.lists(st.sampled_from(WORDS), max_size=40).map("".join)


def terms() -> st.SearchStrategy[str]:
    """Lines that have the form of one."""
    word = st.sampled_from([word for word in WORDS if word[0].isalnum() and len(word) < 60])
    leaf = word | st.just('"text, (with) marks"')
    arguments = st.lists(
        st.one_of(leaf, st.builds(lambda n, a: f"{n}({', '.join(a)})", word, st.lists(leaf))),
        max_size=6,
    )
    return st.builds(lambda n, a: f"{n}({', '.join(a)})", word, arguments)


@pytest.mark.parametrize("reader", READERS)
@given(text=st.text() | likely_text | terms())
@example("ZERO_FAILED_IF(a, b, c, d)")
@example("CASE(a, b, c, d, e)")
@example("POINTEE(a, b, c, d, e, f)")
@example("FIELD()")
@example("ABI()")
@example("INSTRUCTION()")
@example("INSTRUCTION(vmcall)")
@example('ABI(a, "b", INSN(), NUMBER(), NUMBERS(), ARGS(), RET(), LOST(), ERRORS(), AGAIN())')
@example("FIELD(a, b, POINTER())")
@example("FIELD(a, b, C(d))")
@example("A" + "(" * 10000)
def test_any_text_is_read_or_refused_in_a_sentence(reader, text):
    try:
        READERS[reader](text)
    except TraceError as error:
        assert str(error).startswith("x.def:") and len(str(error)) < 400


@pytest.mark.parametrize(
    "text",
    [
        "/* " * (MAX_FILE_BYTES // 3),
        "/*/" * (MAX_FILE_BYTES // 3),
        "/**/" * (MAX_FILE_BYTES // 4),
        "A(" * (MAX_FILE_BYTES // 2),
        "A(" + "b," * (MAX_FILE_BYTES // 2),
        "A(" + "b, " * (MAX_FILE_BYTES // 3) + "b)",
        '"' * MAX_FILE_BYTES,
        " " * MAX_FILE_BYTES,
        "A" * MAX_FILE_BYTES,
        "A(b)\n" * (MAX_FILE_BYTES // 5),
    ],
    ids=lambda text: text[:8],
)
@pytest.mark.timeout(SECONDS)  # quadratic work on it would take hours
def test_a_large_file_does_not_hang(text):
    try:
        deffile.parse(text, "x.def")
    except TraceError as error:
        assert str(error).startswith("x.def:")


def test_a_file_that_is_too_large_or_no_text_is_refused(folder):
    path = folder / "x.def"
    path.write_bytes(b"A(b)\n" * (MAX_FILE_BYTES // 5 + 1))
    with pytest.raises(TraceError, match="over 1048576 bytes"):
        deffile.read(path)
    path.write_bytes(b"\xff\xfe\x80")
    with pytest.raises(TraceError, match="not text"):
        deffile.read(path)
    with pytest.raises(TraceError, match="cannot read .*Is a directory"):
        deffile.read(folder)
    with pytest.raises(TraceError, match="cannot read .*No such file"):
        deffile.read(folder / "none")


def test_an_endless_file_is_read_only_so_far():
    with pytest.raises(TraceError, match="over 1048576 bytes"):
        deffile.read("/dev/zero")


def test_terms_nest_and_print_as_they_are_written():
    text = "FIELD(set_regions, regions_gpa, ARRAY(in, vm_memory_region, mr_num))"
    (line,) = deffile.parse(f"\n/* two\nlines */\n  {text} /* why */\n", "x.def")
    assert str(line.term) == text and line.where == "x.def:4"
    assert line.term.arguments[2].words() == ["in", "vm_memory_region", "mr_num"]


def test_quoted_text_keeps_its_marks():
    (line,) = deffile.parse('A(b, "c, (d) e")', "x.def")
    assert line.term.words() == ["b", "c, (d) e"]


def test_a_comment_without_an_end_is_refused_where_it_begins():
    with pytest.raises(TraceError, match="^x.def:2: the comment that begins here has no end$"):
        deffile.parse("A(b)\n/* what\nB(c)\n", "x.def")


@pytest.mark.parametrize(
    ("text", "place"),
    [("A(b)\nB", "x.def:2"), ("A(b) C(d)", "x.def:1"), ("A(b,)", "x.def:1"), ("A(,b)", "x.def:1")],
)
def test_what_is_no_line_is_refused_with_its_place(text, place):
    with pytest.raises(TraceError, match=f"^{place}: not a line NAME"):
        deffile.parse(text, "x.def")


def test_our_own_tables_are_read():
    assert fields.read_fields("acrn").roles and results.read_results("acrn").elsewhere
    assert errnos.errors_of("kvm").results["ENOSYS"] == -1000


def test_every_structure_and_call_that_our_tables_name_is_one_of_acrns():
    knowledge = acrn()
    structs, table = knowledge.types.layouts.structs, knowledge.table
    roles = knowledge.types.fields
    unknown = [
        f"{struct}.{name}"
        for struct, name in [*roles.roles, *roles.cases]
        if struct not in structs or name not in {f.name for f in structs[struct].fields}
    ]
    rules = knowledge.results
    named = {*rules.failed_if, *rules.proves_nothing, *rules.may_change, *rules.elsewhere}
    named |= {*rules.enotty_means, *rules.vm_named_in, *(call for call, _ in roles.pointees)}
    assert unknown + [call for call in named if not table.named(call)] == []
