"""The examples in docs/linking.md and docs/site-records.md do what the text says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from helpers.builds import LIMIT, run
from helpers.site_image import Image
from helpers.tree import ROOT


def example(document: str, language: str) -> str:
    text = (ROOT / "docs" / document).read_text()
    (block,) = re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return block


def test_the_example_links_and_the_whole_reader_reads_it(tmp_path: Path) -> None:
    source = tmp_path / "guest.c"
    source.write_text(example("linking.md", "c") + "void _start(void) { use(0); }\n")
    image = tmp_path / "guest.elf"
    flags = ["-O1", "-Wall", "-Wextra", "-Werror", "-nostdlib", "-static"]
    run(["gcc", f"-I{ROOT}/cstub/include", *flags, source, "-o", image], silent=True)

    reader = [sys.executable, "-c", example("site-records.md", "python"), str(image)]
    said = subprocess.run(reader, capture_output=True, text=True, timeout=LIMIT, check=True)
    records = Image(image).records()
    assert len(records) == 2
    assert said.stdout.splitlines() == [
        f"{record.site:#x} line {record.line} {record.number:#x}" for record in records
    ]
