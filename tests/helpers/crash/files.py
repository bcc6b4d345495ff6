# SPDX-License-Identifier: BSD-3-Clause
"""All that is taken of a guest at its end, and its diagnoses."""

import json
from dataclasses import dataclass
from pathlib import Path

from acrn_trace.at_rest.corefile import open_core
from acrn_trace.at_rest.memoryfile import open_memory
from acrn_trace.cli.at_rest import case_of
from acrn_trace.diagnosis.case import Diagnosis
from acrn_trace.diagnosis.diagnose import diagnose
from acrn_trace.tables.knowledge import acrn
from helpers.crash import dead as crashes
from helpers.crash.ends import ENDS, End
from helpers.process import Run, run
from helpers.tracing import gdb_command
from helpers.tree import IMAGES, ROOT

PRIVATE = ROOT / "examples" / "hypervisor" / "hypervisor.def"


@dataclass
class Files:
    """All that was taken of one guest at its end."""

    end: str
    plain: Path
    paged: Path
    memory: Path
    live: dict

    @property
    def expected(self) -> End:
        return ENDS[self.end]


def taken(end: str, image: str, folder: Path, second: bool = False) -> Files:
    with crashes.dead(end, image, folder, second) as dead:
        return Files(
            end,
            dead.dump(folder / "plain", paging=False),
            dead.dump(folder / "paged", paging=True),
            dead.memory(folder / "memory"),
            diagnosed_live(dead, IMAGES / f"{image}.elf"),
        )


def diagnosed_live(dead: crashes.Dead, image: Path) -> dict:
    commands = [f"target remote {dead.socket}", f"hypercall load {PRIVATE}"]
    return json_in(run(gdb_command(image, *commands, "hypercall diagnose --json")))


def json_in(done: Run) -> dict:
    lines = [line for line in done.out.splitlines() if line.startswith("{")]
    assert len(lines) == 1, done
    return json.loads(lines[0])


def diagnosis_of(path: Path, image: Path) -> Diagnosis:
    snapshot = open_memory(str(path)) if path.name == "memory" else open_core(str(path))
    return diagnose(case_of(snapshot, str(image), 0, acrn(None, [PRIVATE])))


def kinds(diagnosis: Diagnosis) -> list[str]:
    """Without the guess at the last call: what is left in R8 and on stacks is left by chance."""
    return [verdict.kind for verdict in diagnosis.verdicts if verdict.kind != "last-call"]
