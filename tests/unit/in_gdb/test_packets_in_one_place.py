# SPDX-License-Identifier: BSD-3-Clause
"""Packets to QEMU's stub are built and parsed in ``stub`` and ``stub_packets``, nowhere else."""

import ast
import re
from typing import Iterator

from helpers.tree import ROOT

EDGE = ROOT / "gdbscripts" / "acrn_trace" / "in_gdb"
PLACES = {"stub", "stub_packets"}
SENDS = {"send_packet"}
# Resuming, selecting a vCPU, breakpoints, memory, registers, and what is QEMU's own.
PACKET = re.compile(
    r"vCont|H[gc]|[Zz][0-4]?,|[mMpPz]$|[Qq]qemu\.|q[A-Z][A-Za-z]+(,|$)|maint packet"
)


def packets(tree: ast.AST) -> Iterator[str]:
    """What sends packets, and text that is one or begins one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in SENDS:
            yield node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes)):
            text = node.value if isinstance(node.value, str) else node.value.decode("latin-1")
            if PACKET.match(text):
                yield text


def test_packets_are_built_in_one_place():
    found = {
        path.stem: texts
        for path in EDGE.rglob("*.py")
        if (texts := list(packets(ast.parse(path.read_text()))))
    }
    assert set(found) == PLACES, {
        name: texts for name, texts in found.items() if name not in PLACES
    }
