# SPDX-License-Identifier: BSD-3-Clause
"""Guests of examples/crash with other images: stripped, wrong, the hypervisor's."""

import pytest

from helpers.crash.ends import nameless
from helpers.crash.files import diagnosis_of, kinds
from helpers.tree import IMAGES


def test_a_stripped_image_says_the_same(files, stripped):
    diagnosis = diagnosis_of(files.plain, stripped)
    assert kinds(diagnosis) == nameless(files.expected.kinds)
    assert not any(state.place.symbol for state in diagnosis.vcpus)


def test_the_wrong_image_is_noticed_and_not_used(files):
    diagnosis = diagnosis_of(files.plain, IMAGES / "crash-bare.elf")
    said = files.expected.kinds if files.expected.wrong is None else files.expected.wrong
    assert kinds(diagnosis) == ["wrong-image", *nameless(said)]
    assert not any(state.place.symbol or state.callers for state in diagnosis.vcpus)
    assert not any(call.event.site.function or call.event.site.file for call in diagnosis.calls)


def test_the_hypervisors_image_names_the_hypervisor(files):
    if files.end not in ("call-hangs", "lost-register"):
        return  # where the hypervisor has a vCPU, and where it has not
    diagnosis = diagnosis_of(files.plain, IMAGES / "hypervisor.elf")
    assert kinds(diagnosis) == nameless(files.expected.kinds)
    symbol = diagnosis.vcpus[0].place.symbol
    if files.end == "call-hangs":
        assert symbol.startswith("never_return")
        assert any("handle_hypercall" in evidence for evidence in diagnosis.verdicts[0].evidence)
    else:
        assert symbol is None and diagnosis.vcpus[0].where == "guest"


@pytest.mark.long
def test_other_images_with_other_files(files, stripped):
    sayings = (files.paged, nameless(files.expected.kinds)), (files.memory, files.expected.memory)
    for path, said in sayings:
        assert kinds(diagnosis_of(path, stripped)) == said
        wrong = files.expected.wrong if files.expected.wrong is not None else said
        other = diagnosis_of(path, IMAGES / "crash-bare.elf")
        if files.end == "ring-header-overwritten" and path == files.memory:
            assert kinds(other) == ["nothing-known"]  # no page tables, so nothing to compare
        else:
            assert kinds(other) == ["wrong-image", *wrong]
