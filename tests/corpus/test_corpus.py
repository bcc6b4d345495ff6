# SPDX-License-Identifier: BSD-3-Clause
"""Lint says of each image of the corpus what a run of it says (docs/lint-matrix.md)."""

import json

import pytest

from acrn_trace.lint.catalog import EVERY
from helpers.builds import COMPILERS, LONG
from helpers.corpus import matrix
from helpers.corpus.builds import Build, every_build, quick_builds, version

BUILDS = every_build() if LONG else quick_builds()
COMMITTED = json.loads(matrix.DATA.read_text())
REMAKE = "make lint-matrix makes the matrix anew"


def check(name: str, build: Build, cells: matrix.Column) -> None:
    assert matrix.disagreements(cells) == []
    if COMMITTED["versions"][build.compiler] == version(build.compiler):
        assert cells == COMMITTED["columns"][name], REMAKE


@pytest.mark.parametrize("build", BUILDS, ids=str)
def test_lint_says_what_the_run_says(build):
    check(str(build), build, matrix.column(build))


@pytest.mark.parametrize("compiler", COMPILERS)
def test_lint_says_what_the_run_says_of_assembly(compiler):
    build = matrix.assembly_build(compiler)
    check(f"{compiler} {matrix.ASSEMBLY}", build, matrix.column(build, assembly=True))


def test_the_document_is_the_matrix():
    assert matrix.DOCUMENT.read_text() == matrix.document(COMMITTED), REMAKE


def test_each_kind_of_finding_that_a_run_can_show_occurs():
    kinds = {
        kind
        for cells in COMMITTED["columns"].values()
        for cell in cells.values()
        for kind in cell.split(", ")
    }
    assert kinds >= EVERY
