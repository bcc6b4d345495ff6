# SPDX-License-Identifier: BSD-3-Clause
"""Only the edge knows GDB: everything else can be tested, and used, without it."""

import ast

from acrn_trace.installation import INCLUDE

PACKAGE = INCLUDE.parent.parent / "gdbscripts" / "acrn_trace"


def imports_gdb(source: str) -> bool:
    for node in ast.walk(ast.parse(source)):
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        if any(name.split(".")[0] == "gdb" for name in names):
            return True
    return False


def test_gdb_is_imported_by_the_edge_alone():
    files = {path.name for path in PACKAGE.rglob("*.py") if imports_gdb(path.read_text())}
    edge = (
        "target",
        "types",
        "live",
        "batch",
        "commands",
        "parameters",
        "image",
        "disassembler",
        "ring",
        "diagnose",
        "snapshot",
        "define",
        "chores",
        "kaslr",
        "task",
        "drive",
        "call",
        "hypervisor",
        "call_place",
        "call_run",
        "call_state",
        "inject",
        "catch",
        "session",
        "command",
        "mock",
    )
    assert files == {f"gdb_{name}.py" for name in edge}
