# SPDX-License-Identifier: BSD-3-Clause
"""Each package imports what stands above it in one list: there is no circle, and no way back."""

import ast
from pathlib import Path
from typing import Iterator

import pytest

from helpers.tree import ROOT

PACKAGE = ROOT / "gdbscripts" / "acrn_trace"

# docs/internals.md says what is in each.
LAYERS = (
    "base guest tables bindings image sites trace lint sinks rings files at_rest diagnosis act "
    "options cli in_gdb"
).split()
APART = {("in_gdb", "cli")}  # neither may import the other: they are two processes
TOP = {"__init__", "__main__"}  # may import any


def modules() -> dict[str, ast.Module]:
    """Every module by its name below the package's, such as ``trace.pairing``."""
    paths = {path.relative_to(PACKAGE).with_suffix(""): path for path in PACKAGE.rglob("*.py")}
    return {".".join(name.parts): ast.parse(path.read_text()) for name, path in paths.items()}


MODULES = modules()


def imported(tree: ast.Module) -> Iterator[str]:
    """Whatever is imported anywhere in a module, by its full name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def layer(module: str) -> str:
    return module.partition(".")[0]


def ours(tree: ast.Module) -> set[str]:
    """The layers of ours that a module imports."""
    names = (name.split(".") for name in imported(tree))
    return {name[1] for name in names if name[0] == "acrn_trace" and len(name) > 1}


def wrong_imports() -> set[tuple[str, str]]:
    """Module and layer, of each import that the list does not allow."""
    found = set()
    for module, tree in MODULES.items():
        above = LAYERS[: LAYERS.index(layer(module)) + 1] if module not in TOP else LAYERS
        for other in ours(tree):
            if other not in above or (layer(module), other) in APART:
                found.add((module, other))
    return found


def test_every_package_has_its_place_in_the_list():
    assert {layer(module) for module in MODULES} - TOP == set(LAYERS)


def test_no_import_runs_back_up():
    assert wrong_imports() == set()


def test_gdb_is_imported_by_the_edge_alone():
    found = {
        layer(module)
        for module, tree in MODULES.items()
        if any(name.split(".")[0] == "gdb" for name in imported(tree))
    }
    assert found == {"in_gdb"}


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("__init__.py")), ids=lambda path: path.parent.name
)
def test_a_package_itself_has_a_docstring_and_no_code(path: Path):
    tree = ast.parse(path.read_text())
    assert ast.get_docstring(tree) and len(tree.body) == 1
