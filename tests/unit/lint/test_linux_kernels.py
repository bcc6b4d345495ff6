# SPDX-License-Identifier: BSD-3-Clause
"""Lint and sites on the kernels and the modules of three Debian suites, which are fetched.

Each finding in ``linux_kernels.json`` was looked at in objdump's listing and is true
(docs/lint-linux.md says why). What is recognised beyond that must be another hypervisor's too.
"""

import json
from collections import Counter
from pathlib import Path

import pytest

from acrn_trace.image.image import open_image_or_object
from acrn_trace.lint.linter import with_abis
from acrn_trace.lint.rule_convention import conventions
from acrn_trace.sites.patched import PATCHED
from acrn_trace.sites.sitelist import image_sites
from acrn_trace.tables.knowledge import acrn
from helpers.linux_kernels import (
    SUITES,
    findings,
    objdumps,
    sites_of,
    stripped_and_modules,
    vmlinux,
)
from helpers.make.linux_calls import linux_calls

RELEASES = {"bullseye": "5.10", "bookworm": "6.1", "trixie": "6.12"}
pytestmark = pytest.mark.long
KNOWN = json.loads((Path(__file__).parent / "linux_kernels.json").read_text())
OTHERS = {convention.id for convention in conventions()}


def check(suite: str, name: str, path: Path) -> None:
    sites = sites_of(path)
    shown = sorted(site.shown for site in sites if site.source != PATCHED)
    assert shown == objdumps(path, path.suffix == ".ko")
    found = findings(path, [site for site in sites if site.certain])
    for function in found.keys() | KNOWN[suite][name].keys():
        more = Counter(found.get(function, ()))
        more.subtract(KNOWN[suite][name].get(function, ()))
        assert min(more.values(), default=0) >= 0, f"{suite} {name} {function}: missed {-more}"
        assert set(+more) <= OTHERS, f"{suite} {name} {function}: {+more}"


def check_each_call(path: Path, release: str) -> None:
    """Where, whose, and which number, by a list that is made without the tracer's code."""
    image, calls = open_image_or_object(str(path)), linux_calls(path, release)
    sites = {site.address: site for site in with_abis(image, acrn(), image_sites(image))}
    assert sites.keys() == calls.keys()
    for address, site in sites.items():
        call = calls[address]
        assert (site.other or site.abi.name, site.source == PATCHED) == (call.whose, call.at_boot)
        assert call.number in (None, site.number), site


@pytest.mark.parametrize("suite", SUITES)
def test_a_kernel_with_its_symbols(suite, tmp_path):
    path = vmlinux(tmp_path, suite)
    check(suite, "vmlinux", path)
    check_each_call(path, RELEASES[suite])


@pytest.mark.parametrize("suite", SUITES)
def test_a_kernel_as_it_boots_and_its_modules(suite, tmp_path):
    seen = set()
    for name, path in stripped_and_modules(tmp_path, suite):
        check(suite, name, path)
        seen.add(name)
    assert seen == KNOWN[suite].keys() - {"vmlinux"}
