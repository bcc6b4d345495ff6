# SPDX-License-Identifier: BSD-3-Clause
"""Checks .ci/fetch-newer where it must fetch nothing; what it does fetch, make check-newer runs."""

import hashlib
from pathlib import Path

import pytest

from helpers.process import Run, run
from helpers.tree import ROOT

FETCH = ROOT / ".ci" / "fetch-newer"


def release() -> str:
    """The code name of this machine's Debian."""
    lines = Path("/etc/os-release").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)["VERSION_CODENAME"]


def unsigned(folder: Path) -> str:
    """A mirror that has the suite, complete but for the signature."""
    index = folder / "dists" / "trixie" / "main" / "binary-amd64" / "Packages"
    index.parent.mkdir(parents=True)
    index.touch()
    name = index.relative_to(folder / "dists" / "trixie")
    (folder / "dists" / "trixie" / "Release").write_text(
        "Codename: trixie\nComponents: main\nArchitectures: amd64\nSHA256:\n"
        f" {hashlib.sha256(b'').hexdigest()} 0 {name}\n"
    )
    return f"file:{folder}"


MIRRORS = {
    "nobody there": (lambda folder: "http://127.0.0.1:9/debian", ("connect", "with a network")),
    "unsigned": (unsigned, ("is not signed",)),
    "none": (lambda folder: "", ("sources do not name",)),
}


def fetch(folder: Path, mirror: str) -> Run:
    """Fetch trixie into ``folder`` where the machine's apt is one that has ``mirror`` only."""
    for part in ("apt.conf.d", "preferences.d", "sources.list.d"):
        (folder / "etc" / part).mkdir(parents=True)
    source = f"deb {mirror} {release()} main\n" if mirror else ""
    (folder / "etc" / "sources.list").write_text(source)
    (folder / "apt.conf").write_text(f'Dir::Etc "{folder}/etc";\nAcquire::Retries "0";\n')
    return run([FETCH, folder / "trixie"], environment={"APT_CONFIG": str(folder / "apt.conf")})


@pytest.mark.parametrize("kind", MIRRORS)
def test_what_cannot_be_fetched_is_one_sentence(kind, folder):
    make_mirror, words = MIRRORS[kind]
    refused = fetch(folder, make_mirror(folder / "mirror"))
    assert refused.status == 2 and refused.out == "", refused
    (line,) = refused.err.splitlines()
    assert line.startswith(".ci/fetch: ") and line.endswith(".")
    assert all(word in line for word in words), line
    assert not (folder / "trixie").exists()


def test_what_this_script_has_fetched_is_left_alone(folder):
    (folder / "trixie").mkdir()
    (folder / "trixie" / "made-by").write_bytes(FETCH.read_bytes())
    fetched = fetch(folder, "http://127.0.0.1:9/debian")
    assert fetched == Run(0, "", "")
