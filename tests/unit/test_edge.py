# SPDX-License-Identifier: BSD-3-Clause
"""Only the edge knows GDB: everything else can be tested, and used, without it."""

import ast

from acrn_trace.base.places import INCLUDE

PACKAGE = INCLUDE.parent.parent / "gdbscripts" / "acrn_trace"


def imports_gdb(source: str) -> bool:
    for node in ast.walk(ast.parse(source)):
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        if any(name.split(".")[0] == "gdb" for name in names):
            return True
    return False


def test_gdb_is_imported_by_the_edge_alone():
    files = {path for path in PACKAGE.rglob("*.py") if imports_gdb(path.read_text())}
    assert files and {path.relative_to(PACKAGE).parts[0] for path in files} == {"in_gdb"}
