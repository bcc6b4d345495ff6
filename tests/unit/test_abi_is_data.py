# SPDX-License-Identifier: BSD-3-Clause
"""Which register is what in ACRN's and KVM's hypercalls says abi.def, and no other line of code.

Comments and docstrings may: they are read by people, who know R8 by its name.
"""

import ast
import re
from typing import Iterator

import pytest

from helpers.tree import ROOT

PYTHON = ROOT / "gdbscripts" / "acrn_trace"
C = [ROOT / "cstub" / folder for folder in ("decode", "model", "reader")]

REGISTER = re.compile(r"(?<![a-z0-9])(rbx|rcx|rdx|r8|rdi|rsi)(?![a-z0-9])", re.IGNORECASE)
MNEMONIC = re.compile(r"\b(vmm?call)\b", re.IGNORECASE)
CODES = (b"\x0f\x01\xc1", b"\x0f\x01\xd9")
NUMBERS = range(0x8000_0000, 0x8000_0100)
C_NUMBER = re.compile(r"\b(0x800000[0-9a-f]{2})(?![0-9a-f])|(0x0f, 0x01)", re.IGNORECASE)
C_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)

R8, ALL = {"r8"}, {"rbx", "rcx", "rdx", "r8", "rdi", "rsi"}
CODE, NUMBER = "an instruction's bytes", "a call's number"
LIST = "all general registers, in an order that something else has"
# What may: file to the words that it may have, and why.
ALLOWED = {
    "guest/abi.py": (ALL, LIST),
    "guest/psabi.py": (ALL, "the parameters of C functions: another convention"),
    "at_rest/corenotes.py": (ALL, LIST),
    "act/mock/cpuid.py": ({"rbx", "rcx", "rdx"}, "what CPUID leaves"),
    "in_gdb/signatures.py": ({"rbx", "rcx", "rdx"}, "what CPUID leaves"),
    "in_gdb/page_watch.py": ({"rcx", "rdx"}, "what WRMSR takes"),
    "lint/microsoft.py": ({"rcx"}, "another convention of C functions"),
    "lint/origins.py": ({"rcx"}, "what LOOP counts in"),
    "lint/uses.py": ({"rcx"}, "what LOOP counts in"),
    "in_gdb/kaslr.py": ({"rsi"}, "Linux's boot protocol has the boot parameters there"),
    "in_gdb/commands/help.py": (ALL | {"vmcall"}, "documentation, with examples"),
    "sites/callers.py": ({"vmcall"}, "what the functions of wrappers are called"),
    "lint/catalog.py": (ALL | {"vmcall"}, "documentation, with ACRN's code"),
    "lint/of_call.py": (R8, "the name of a rule, which users know"),
    "lint/rule_number.py": (R8, "the names of rules, which users know"),
    "lint/rule_value.py": (R8, "the name of a rule, which users know"),
    "guest/foreign.py": ({"rbx", "rcx", "rdx", "r8", "rdi"}, "what others have there"),
    "lint/anothers.py": ({"rbx", "rcx", "rdx"}, "what others have there, and ACRN has not"),
    "decode/findings.c": (ALL, LIST),
}


def docstrings(tree: ast.Module) -> Iterator[ast.Constant]:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            if isinstance(body[0].value, ast.Constant):
                yield body[0].value


def named_by(node: ast.AST) -> Iterator[str]:
    """What a node of Python code names: in its identifiers registers, in its constants all."""
    for field in ("id", "attr", "name", "arg"):
        yield from REGISTER.findall(str(getattr(node, field, "")).replace("_", " "))
    value = node.value if isinstance(node, ast.Constant) else None
    if isinstance(value, str):
        yield from REGISTER.findall(value) + MNEMONIC.findall(value)
    elif isinstance(value, bytes) and any(code in value for code in CODES):
        yield CODE
    elif type(value) is int and value in NUMBERS:
        yield NUMBER


def named_in_python(text: str) -> set[str]:
    tree = ast.parse(text)
    left_out = set(map(id, docstrings(tree)))
    nodes = (node for node in ast.walk(tree) if id(node) not in left_out)
    return {word.lower() for node in nodes for word in named_by(node)}


def named_in_c(text: str) -> set[str]:
    code = C_COMMENT.sub("", text)
    found = {word.lower() for word in REGISTER.findall(code.replace("_", " "))}
    for number, _ in C_NUMBER.findall(code):
        found.add(NUMBER if number else CODE)
    return found


def files() -> dict[str, set[str]]:
    """What each file names, by its path below the folder of its language."""
    found = {}
    for path in PYTHON.rglob("*.py"):
        found[str(path.relative_to(PYTHON))] = named_in_python(path.read_text())
    for folder in C:
        for path in folder.glob("*.[ch]"):
            found[str(path.relative_to(folder.parent))] = named_in_c(path.read_text())
    return {name: words for name, words in found.items() if words}


def test_nothing_else_names_what_acrns_row_says():
    allowed = {name: words for name, (words, _) in ALLOWED.items()}
    assert {name: words - allowed.get(name, set()) for name, words in files().items()} == {
        name: set() for name in ALLOWED
    }


@pytest.mark.parametrize(
    "code, words",
    [
        ('"""R8 is what VMCALL reads."""\nx = 1  # in RDI', set()),
        ('x = registers["r8"]', {"r8"}),
        ('f"{a} loads R8 with {b}"', {"r8"}),
        ("place.can_name_r8", {"r8"}),
        ("def f(rdi): pass", {"rdi"}),
        ('"r80, xrdi"', set()),
        ('x = "a VMCALL that did not complete"', {"vmcall"}),
        ("model.vmcall(call)", set()),
        ('x = b"\\xcc\\x0f\\x01\\xc1"', {CODE}),
        ("x = 0x8000_0000 | y", {NUMBER}),
    ],
)
def test_what_counts_as_naming_it_in_python(code: str, words: set[str]):
    assert named_in_python(code) == words


@pytest.mark.parametrize(
    "code, words",
    [
        ("/* R8, VMCALL */ // RDI\nint x;", set()),
        ("call->r8 = GPR_RDI;", {"r8", "rdi"}),
        ("x = UINT64_C(0x80000000);", {NUMBER}),
        ("x = 0x80000000000000ff;", set()),
        ("{0x0f, 0x01, 0xc1}", {CODE}),
    ],
)
def test_what_counts_as_naming_it_in_c(code: str, words: set[str]):
    assert named_in_c(code) == words
