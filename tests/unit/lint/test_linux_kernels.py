# SPDX-License-Identifier: BSD-3-Clause
"""Lint and sites on the kernels and the modules of three Debian suites, which are fetched.

Each finding in ``linux_kernels.json`` was looked at in objdump's listing and is true
(docs/lint-linux.md says why). What is recognised beyond that must be another hypervisor's too.
"""

import json
from collections import Counter
from pathlib import Path

import pytest

from acrn_trace.lint.rule_convention import conventions
from helpers.linux_kernels import (
    SUITES,
    findings,
    objdumps,
    sites_of,
    stripped_and_modules,
    vmlinux,
)

pytestmark = pytest.mark.long
KNOWN = json.loads((Path(__file__).parent / "linux_kernels.json").read_text())
OTHERS = {convention.id for convention in conventions()}


def check(suite: str, name: str, path: Path) -> None:
    sites = sites_of(path)
    assert sorted(site.shown for site in sites) == objdumps(path, path.suffix == ".ko")
    found = findings(path, [site for site in sites if site.certain])
    for function in found.keys() | KNOWN[suite][name].keys():
        more = Counter(found.get(function, ()))
        more.subtract(KNOWN[suite][name].get(function, ()))
        assert min(more.values(), default=0) >= 0, f"{suite} {name} {function}: missed {-more}"
        assert set(+more) <= OTHERS, f"{suite} {name} {function}: {+more}"


@pytest.mark.parametrize("suite", SUITES)
def test_a_kernel_with_its_symbols(suite, tmp_path):
    check(suite, "vmlinux", vmlinux(tmp_path, suite))


@pytest.mark.parametrize("suite", SUITES)
def test_a_kernel_as_it_boots_and_its_modules(suite, tmp_path):
    seen = set()
    for name, path in stripped_and_modules(tmp_path, suite):
        check(suite, name, path)
        seen.add(name)
    assert seen == KNOWN[suite].keys() - {"vmlinux"}
