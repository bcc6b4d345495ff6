"""The registers at the VMCALL, and what the compiler makes of the asm around it, by running it."""

from __future__ import annotations

import itertools
import subprocess
from pathlib import Path

import pytest

from helpers.builds import COMPILERS, LEVELS, LIMIT, STRICT, run
from helpers.tree import ROOT

VARIANTS = ("-fno-pie -no-pie", "-fPIE -pie -masm=intel", "-fomit-frame-pointer -mno-red-zone")


@pytest.mark.parametrize("compiler, level", itertools.product(COMPILERS, LEVELS))
@pytest.mark.parametrize("variant", VARIANTS)
def test_registers(compiler: str, level: str, variant: str, tmp_path: Path) -> None:
    program = tmp_path / "registers"
    flags = [*STRICT, f"-I{ROOT}/cstub/include"]
    source = ROOT / "tests/c/registers.c"
    run([compiler, level, *variant.split(), *flags, source, "-o", program], silent=True)
    done = subprocess.run([program], capture_output=True, text=True, timeout=LIMIT)
    assert (done.returncode, done.stdout) == (0, "")
