# SPDX-License-Identifier: BSD-3-Clause
"""The examples of the catalog are true: each bad one has its finding, each good one has none."""

import pytest

from acrn_trace.lint.catalog import CATALOG, explain
from helpers.make.assembled import lint_assembly


@pytest.mark.parametrize("id", CATALOG)
def test_the_bad_example_has_the_finding(id, tmp_path):
    assert lint_assembly(CATALOG[id].bad, tmp_path) == [id]


WIDE = "HYPERCALL0(0x180000012, wide)\n"  # for the good twin of number-truncated


@pytest.mark.parametrize("id", CATALOG)
def test_the_good_example_has_none(id, tmp_path):
    table = WIDE if id == "number-truncated" else ""
    assert lint_assembly(CATALOG[id].good, tmp_path, table) == []


def test_an_explanation_has_everything():
    text = explain("call-between")
    assert text.startswith("call-between: a function is called between")
    assert "    f: mov $0x80000012, %r8d\n       call printk\n" in text and "Good:" in text
