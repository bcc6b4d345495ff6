# SPDX-License-Identifier: BSD-3-Clause
"""docs/options.md has every command and option that there is; README leads to every page."""

import re

import pytest

from acrn_trace.cli.commands import COMMANDS
from helpers.process import run
from helpers.tracing import acrn_trace, gdb_command
from helpers.tree import IMAGES, ROOT

OPTIONS = (ROOT / "docs/options.md").read_text()
WAYS = ["", *COMMANDS, "--core x"]
LINTS_OWN = {"--json", "--disable", "--only", "--explain", "--possible-sites"}  # in docs/lint.md


def words(text: str) -> set[str]:
    return set(re.findall(r"(?<![\w-])--?[a-zA-Z][\w-]*", text))


@pytest.mark.parametrize("command", WAYS)
def test_every_option_of_the_launcher(command):
    told = acrn_trace(*command.split(), "--help").out
    missing = words(told.partition("options:")[2]) - words(OPTIONS) - LINTS_OWN
    assert "--help" in words(told) and missing == set()


def test_every_command():
    usage = acrn_trace("--help").out
    commands = {
        name for line in re.findall(r"acrn-trace ([a-z|]+)", usage) for name in line.split("|")
    }
    assert commands == set(COMMANDS)
    assert [name for name in commands if f"`acrn-trace {name}" not in OPTIONS] == []
    helped = run(gdb_command(IMAGES / "hello.elf", "help hypercall", "help set hypercall")).out
    in_gdb = re.findall(r"^(hypercall|set hypercall) ([\w-]+) -- ", helped, re.M)
    assert len(in_gdb) >= 14
    assert [
        name for _, name in in_gdb if not re.search(rf"hypercall {name}\b|`{name}`", OPTIONS)
    ] == []


def test_the_index_leads_to_every_page():
    linked = set(re.findall(r"\]\((docs/[\w.-]+\.md)\)", (ROOT / "README.md").read_text()))
    assert linked == {f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")}


def heading_names(text: str) -> set[str]:
    """As GitHub makes them of headings."""
    kept = (re.sub(r"[^\w\- ]", "", line.lower()) for line in re.findall(r"^#+ (.*)$", text, re.M))
    return {line.replace(" ", "-") for line in kept}


@pytest.mark.parametrize(
    "page",
    ["README.md", "examples/README.md", *(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md"))],
)
def test_links_lead_somewhere(page):
    text = (ROOT / page).read_text()
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith("http"):
            continue
        path, _, place = target.partition("#")
        there = (ROOT / page).parent / path if path else ROOT / page
        assert there.exists(), target
        assert not place or place in heading_names(there.read_text()), target
