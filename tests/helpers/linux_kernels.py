# SPDX-License-Identifier: BSD-3-Clause
"""Debian's kernels and their modules as images, and what sites and lint say of each."""

import lzma
import os
import shutil
from pathlib import Path
from typing import Iterator

from acrn_trace.base.errors import TraceError
from acrn_trace.guest.site import Site
from acrn_trace.image.image import open_image_or_object
from acrn_trace.lint.linter import Linter
from acrn_trace.sites.sitelist import image_sites
from acrn_trace.tables.knowledge import acrn
from helpers.make.kernel import objdump_places, objdump_sites, unpacked
from helpers.process import run
from helpers.tree import ROOT

SUITES = ("bullseye", "bookworm", "trixie")
# The modules that make hypercalls, in one of the suites or more.
MODULES = ("ptp_kvm", "hv_vmbus", "hv_balloon", "pci-hyperv")


def fetched(folder: Path, suite: str, package: str) -> Path:
    """The package of a suite, unpacked in ``folder``."""
    done = run([ROOT / ".ci" / "fetch", "--alone", folder / package, suite, package])
    assert done.status == 0, done.err
    return folder / package


def vmlinux(folder: Path, suite: str) -> Path:
    """The kernel for clouds, with its symbols and its debug information."""
    package = fetched(folder, suite, "linux-image-cloud-amd64-dbg")
    found = next(path for path in package.rglob("vmlinux*") if path.is_file())
    image = folder / "vmlinux"
    shutil.move(os.path.realpath(found), image)
    shutil.rmtree(package)  # gigabytes
    return image


def stripped_and_modules(folder: Path, suite: str) -> Iterator[tuple[str, Path]]:
    """The whole kernel, as it boots, without symbols; and those of its modules, by name."""
    package = fetched(folder, suite, "linux-image-amd64")
    vmlinuz = next(path for path in package.rglob("vmlinuz-*") if path.is_file())
    (folder / "stripped").write_bytes(unpacked(vmlinuz.read_bytes()))
    yield "stripped", folder / "stripped"
    for name in MODULES:
        for path in package.rglob(f"{name}.ko*"):
            data = path.read_bytes()
            (folder / f"{name}.ko").write_bytes(
                lzma.decompress(data) if path.suffix == ".xz" else data
            )
            yield name, folder / f"{name}.ko"


def sites_of(path: Path) -> list[Site]:
    """Its sites; none in a module of a suite whose modules ask the kernel to make their calls."""
    try:
        return image_sites(open_image_or_object(str(path)))
    except TraceError as error:
        assert "makes no hypercalls" in str(error), error
        return []


def findings(path: Path, sites: list[Site]) -> dict[str, list[str]]:
    """The kinds of findings by function, or of all where there are no names."""
    found: dict[str, list[str]] = {}
    for verdict in Linter(open_image_or_object(str(path)), acrn()).verdicts(sites):
        kinds = found.setdefault(verdict.site.function or "", [])
        kinds += [one.id for one in verdict.findings]
    return {name: sorted(kinds) for name, kinds in sorted(found.items()) if kinds}


def objdumps(path: Path, is_module: bool) -> list[str]:
    """Where objdump has the instructions, but for what Linux copies over others."""
    if is_module:
        return sorted(objdump_places(path))
    copied = open_image_or_object(str(path)).section(".altinstr_replacement")
    assert copied
    elsewhere = range(copied.address, copied.address + copied.size)
    return sorted(f"{a:#x}" for a, _ in objdump_sites(path) if a not in elsewhere)
