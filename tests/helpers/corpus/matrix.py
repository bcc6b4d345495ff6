# SPDX-License-Identifier: BSD-3-Clause
"""What became of each case in each build: matrix.json, and docs/lint-matrix.md made from it.

``make lint-matrix`` runs this module, which makes both anew, in a few minutes.
"""

import json
import sys
import tempfile
from pathlib import Path

from acrn_trace.image.image import open_image
from acrn_trace.lint.linter import Linter
from acrn_trace.sites.sitelist import image_sites
from acrn_trace.tables.knowledge import acrn
from helpers.builds import COMPILERS
from helpers.corpus.builds import (
    CORPUS,
    EXTRAS,
    LEVELS,
    Build,
    Image,
    Twin,
    every_build,
    extras_of,
    says,
    twins,
    version,
)
from helpers.tree import ROOT

DATA = CORPUS / "matrix.json"
DOCUMENT = ROOT / "docs" / "lint-matrix.md"

OK, LOST, UNSEEN, FALSE = "ok", "does not assemble", "wrong, unseen", "FALSE"

# What was wrong in memory only, and was folded away by the compiler: no instruction tells of it.
BLIND = {"memory_clobber_static"}

ASSEMBLY = "assembly"  # the column of the cases that no option changes

Column = dict[str, str]  # of twins, by name, that are not OK


def column(build: Build, assembly: bool = False) -> Column:
    """Build, run and lint: what came of each twin."""
    with tempfile.TemporaryDirectory(prefix="corpus-", dir="/tmp") as folder:
        image = Image(build, twins(assembly), Path(folder) / "image")
        wrong, found = image.wrong(), lint(image)
    cells = {twin.name: LOST for twin in image.lost}
    for twin in image.cases:
        cells[twin.name] = _cell(twin.name in wrong, found[twin.name])
    return {name: cell for name, cell in cells.items() if cell != OK}


def lint(image: Image) -> dict[str, set[str]]:
    """The kinds of findings in each twin of an image."""
    opened, knowledge = open_image(str(image.path)), acrn()
    knowledge.load(CORPUS / "corpus.def")
    found: dict[str, set[str]] = {}
    for verdict in Linter(opened, knowledge).verdicts(image_sites(opened)):
        twin = (verdict.site.function or "").split("__")[0]
        found.setdefault(twin, set()).update(one.id for one in verdict.findings)
    return found


def _cell(wrong: bool, found: set[str]) -> str:
    if wrong:
        return ", ".join(sorted(found)) or UNSEEN
    return f"{FALSE}: {', '.join(sorted(found))}" if found else OK


def disagreements(cells: Column) -> list[str]:
    """Where lint and the run do not say the same, but for what cannot be seen."""
    bad = {name for name, cell in cells.items() if cell.startswith((UNSEEN, FALSE))}
    return sorted(bad - {f"{case}_bad" for case in BLIND})


def assembly_build(compiler: str) -> Build:
    return Build(compiler, "plain", "-O2")


def make() -> dict:
    columns = {str(build): column(build) for build in every_build()}
    for compiler in COMPILERS:
        columns[f"{compiler} {ASSEMBLY}"] = column(assembly_build(compiler), assembly=True)
    return {"versions": {c: version(c) for c in COMPILERS}, "columns": columns}


def document(data: dict) -> str:
    """The text of the document."""
    lines = [HEAD.format(**data["versions"]), *_options_table(), ""]
    for compiler in COMPILERS:
        lines += [f"## {compiler}", "", *_table(data, compiler), ""]
    lines += ["## Assembly", "", *_assembly_table(data), ""]
    lines += ["## The cases", "", "| case | what it is |", "|---|---|"]
    names = dict.fromkeys(t.case for kind in (False, True) for t in twins(kind))
    lines += [f"| {name} | {says(name)} |" for name in names]
    return "\n".join(lines) + "\n"


def _options_table() -> list[str]:
    """What is given to the compilers in each column."""
    lines = [f"| column | {' | '.join(COMPILERS)} |", "|---" * (len(COMPILERS) + 1) + "|"]
    for extra, options in EXTRAS.items():
        cells = (f"`{options[c]}`" if options.get(c) else "" for c in COMPILERS)
        lines.append(f"| {extra} | {' | '.join(cells)} |")
    return lines


def _table(data: dict, compiler: str) -> list[str]:
    extras = extras_of(compiler)
    lines = [f"| source | {' | '.join(extras)} |", "|---" * (len(extras) + 1) + "|"]
    for twin in twins(False):
        cells = [_levels(data, compiler, extra, twin) for extra in extras]
        lines.append(f"| {_title(twin)} | {' | '.join(cells)} |")
    return lines


def _levels(data: dict, compiler: str, extra: str, twin: Twin) -> str:
    """The four levels of one cell: what is the same is said once."""
    by_cell: dict[str, list[str]] = {}
    for level in LEVELS:
        cell = data["columns"][str(Build(compiler, extra, level))].get(twin.name, OK)
        by_cell.setdefault(cell, []).append(level)
    if len(by_cell) == 1:
        return next(iter(by_cell))
    return "; ".join(f"{' '.join(levels)}: {cell}" for cell, levels in by_cell.items())


def _assembly_table(data: dict) -> list[str]:
    lines = [f"| source | {' | '.join(COMPILERS)} |", "|---" * (len(COMPILERS) + 1) + "|"]
    for twin in twins(True):
        cells = [data["columns"][f"{c} {ASSEMBLY}"].get(twin.name, OK) for c in COMPILERS]
        lines.append(f"| {_title(twin)} | {' | '.join(cells)} |")
    return lines


def _title(twin: Twin) -> str:
    return f"{twin.case}, {'bad' if twin.bad else 'good'}"


HEAD = """# The corpus of lint

Made by `make lint-matrix`; the tests compare it with what they find. Each case of
`tests/corpus/cases` is built as a good source and as a bad one, by {gcc}
and {clang}, at -O0, -O2, -Os and -O3. Then the image runs, with each
VMCALL replaced by an instruction that traps, and every register a function may change poisoned:
**the run says whether the object code is right**, whatever its source is, and lint has to say the
same.

* *ok*: the run is right, and lint finds nothing. A bad source that is *ok* became right code here.
* a kind of finding ([lint](lint.md)): the run is wrong, and lint says so.
* *does not assemble*: as it says.
* *wrong, unseen*: the run is wrong, and the object code cannot show it: a store before the call and
  a load after it, of memory that is not in the stack frame, were folded into one by the compiler.
"""


if __name__ == "__main__":
    made = make()
    DATA.write_text(json.dumps(made, indent=1, sort_keys=True) + "\n")
    DOCUMENT.write_text(document(made))
    problems = {name: disagreements(cells) for name, cells in made["columns"].items()}
    for build, names in problems.items():
        if names:
            print(build, *names)
    sys.exit(any(problems.values()))
