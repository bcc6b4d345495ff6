# SPDX-License-Identifier: BSD-3-Clause
"""Installed by pip into a venv, or by make below a DESTDIR, the launcher finds what is its own."""

import os
import re
import shutil
from pathlib import Path

import pytest

from helpers.canonical import events_of
from helpers.guests import arguments_of, image_of
from helpers.process import run
from helpers.tree import ROOT


def files_below(*places: str) -> list[str]:
    return run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *places]
    ).out.split()


def copy_of_the_tree(folder: Path) -> Path:
    """For pip, which builds in the tree that it is given."""
    tree = folder / "tree"
    for name in files_below("Makefile", "setup.py", "cstub", "gdbscripts", "examples"):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, tree / name)
    return tree


def installed_by_pip(folder: Path) -> Path:
    tree, venv = copy_of_the_tree(folder), folder / "venv"
    how = ["--system-site-packages", "--without-pip"]  # the system's pip is there
    made = run(["/usr/bin/python3", "-m", "venv", *how, venv])
    assert made.status == 0, made
    options = ["--no-build-isolation", "--no-deps", "--no-index", "--no-cache-dir", "-q"]
    pip = run([venv / "bin/python", "-m", "pip", "install", *options, tree])
    assert pip.status == 0, pip
    shutil.rmtree(tree)
    return venv


def installed_by_make(folder: Path) -> Path:
    made = run(["make", "-s", "-C", ROOT, "install", f"DESTDIR={folder}", "PREFIX=/usr"])
    assert made.status == 0, made
    scripts = folder / "usr/share/acrn-trace/gdbscripts/acrn_trace"
    modules = {path.stem for path in scripts.rglob("*.py")}
    assert modules == {path.name.partition(".")[0] for path in scripts.rglob("*.pyc")}
    return folder / "usr"


@pytest.mark.parametrize("install", [installed_by_pip, installed_by_make])
def test_an_installed_launcher_works(install, folder):
    root = install(folder)
    launcher = root / "bin" / "acrn-trace"
    sites = run([launcher, "sites", image_of("hello")])
    assert re.search(r" get_api_version +hello.c:\d+ guest_main$", sites.out, re.M), sites
    output = folder / "trace"
    line = [launcher, "-f", "jsonl", "-o", output, image_of("hello"), "--", *arguments_of("hello")]
    traced = run(line)
    assert (traced.status, traced.err) == (0, "")
    (event,) = events_of(output)
    assert event["decoded"] == {"version": {"major_version": 1, "minor_version": 0}}
    check_shipped(root / "share" / "acrn-trace")


def check_shipped(share: Path) -> None:
    """All of the two trees is there."""
    installed = {
        str(path.relative_to(share))
        for tree in ("cstub", "gdbscripts")
        for path in (share / tree).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert set(files_below("cstub", "gdbscripts")) <= installed
    assert os.access(share / "gdbscripts" / "acrn-trace", os.X_OK)
