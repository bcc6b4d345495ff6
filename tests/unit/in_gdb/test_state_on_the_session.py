# SPDX-License-Identifier: BSD-3-Clause
"""What lasts from one command or stop to the next is on the session, and in no module."""

import ast
from typing import Iterator

from helpers.tree import ROOT

EDGE = ROOT / "gdbscripts" / "acrn_trace" / "in_gdb"

# What is no constant, and no class: its name begins small.
ALLOWED = {
    "session._sessions": "the session itself",
    "guest_memory._nesting": "what is known of nested guests of this connection",
    "guest_memory._standing": "a vCPU that GDB is about to let go",
    "image._learned": "what GDB last said of where its image is",
    "image._scanned": "the sites of the image that was scanned last",
}
REGISTRIES = "events"  # who is called back


def assigned(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in targets:
            if isinstance(target, ast.Name) and not target.id.lstrip("_")[:1].isupper():
                yield target.id


def test_no_module_keeps_what_changes():
    found = {
        f"{path.stem}.{name}"
        for path in EDGE.rglob("*.py")
        if path.stem != REGISTRIES
        for name in assigned(ast.parse(path.read_text()))
    }
    assert found == set(ALLOWED)
