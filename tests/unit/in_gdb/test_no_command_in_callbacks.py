# SPDX-License-Identifier: BSD-3-Clause
"""What GDB calls back runs no command of GDB's, since others run with it.

``gdb.execute`` ends with the commands of the breakpoint where the guest stands: in a disassembly, a
convenience function, a parameter, a stop method or an event's handler they would run right there.
Packets, ``gdb.parse_and_eval``, registers and memory are what is left for these.
"""

import ast

from helpers.tree import ROOT

EDGE = ROOT / "gdbscripts" / "acrn_trace" / "in_gdb"

# Who may run one, and when that is: never within a callback.
ALLOWED = {
    "batch._trace_to_end": "the launcher's script",
    "batch._connect": "the launcher's script",
    "batch._continue": "the launcher's script",
    "call_state.KeptStop.hold_other_vcpus": "hypercall call",
    "call_state.KeptStop.release_other_vcpus": "the end of hypercall call",
    "call_state.run_on": "hypercall call",
    "call_state.breakpoints_of_others": "hypercall call",
    "call_state.breakpoints_at": "hypercall call",
    "catch_entry.Catchpoint.count_down": "in the commands of a point of ours",
    "catch_entry.check_condition": "catch hypercall",
    "catch_entry._break_insert": "catch hypercall",
    "prompt.Prefix.invoke": "hypercall",
    "register.register": "while the scripts are loaded",
    "resume.Resumption.stopped_for_deferred": "in the commands of a point of ours",
    "resume.Resumption._show_frame": "in the commands of a point of ours",
    "exact_settings.make_exact": "where a trace begins, or where GDB has just connected",
    "image.learn_offset": "where a command begins",
    "kaslr.move_symbols": "in a command or a chore, or where GDB has just connected",
    "run_unseen._run_to": "hypercall call",
    "snapshot.core_path": "hypercall diagnose and ring, of a dump",
    "stub.flush_caches": "where a command ends, and in the commands of a point of ours",
}


def runs_commands(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in ("execute", "execute_mi", "cli")


def runners(name: str, tree: ast.AST) -> set[str]:
    """The functions, by their names from the module's on, in which a command may be run."""
    found: set[str] = set()
    for node in ast.iter_child_nodes(tree):
        inner = isinstance(node, (ast.FunctionDef, ast.ClassDef))
        if runs_commands(node):
            found.add(name)
        found |= runners(f"{name}.{node.name}" if inner else name, node)
    return found


def test_commands_are_run_where_that_does_no_harm_and_nowhere_else():
    found = set()
    for path in EDGE.rglob("*.py"):
        found |= runners(path.stem, ast.parse(path.read_text()))
    assert found == set(ALLOWED)
