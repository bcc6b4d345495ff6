# SPDX-License-Identifier: BSD-3-Clause
"""C and Python read the same of abi.def: its own rows, and those of a file with every term."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from acrn_trace.base import deffile
from acrn_trace.guest.abi import ENCODED_REGISTERS, Abi
from acrn_trace.guest.abi_file import RESULTS, abis_of
from helpers.tree import ROOT

INCLUDE = ROOT / "cstub/include"

FULL = """/* Of hypervisors that there are not. */
INSTRUCTION(trap, 0xcd, 0x82)
INSTRUCTION(syscall, 0x0f, 0x05)
INSTRUCTION(vmgexit, 0xf3, 0x0f, 0x01, 0xd9)
ABI(first, "FirstOfThree", INSN(trap, syscall), NUMBER(rax), NUMBERS(0x0, 0x0), \
ARGS(rdi, rsi, rdx, r10, r8, r9), RET(rax, s64), LOST(rax, args), ERRORS(xen), AGAIN(same_rip), \
MEMORY(linear))
ABI(second, "Second of 3 ", INSN(vmgexit), NUMBER(rcx, 0xffff), NUMBERS(0x100, 0xff), ARGS(rdx), \
RET(rdx, u64), LOST(rax, rcx, rdx, r8, r9, r10, r11), ERRORS(hyperv), AGAIN(never), \
MEMORY(physical))
ABI(third, "", INSN(trap), NUMBER(r15, 0xff), NUMBERS(0x8000000000000000, 0xffff), ARGS(rbx, rcx, \
rdx, rsi), RET(rbp, s32), LOST(r12), ERRORS(kvm), AGAIN(never), MEMORY(physical))
"""
SOURCE = Path(__file__).parent / "show_abi.c"


def as_c_says(abi: Abi) -> dict:
    number = ENCODED_REGISTERS.index
    code = {one.name: list(one.code) for one in abi.instructions}
    mask, base, index = abi.number_mask, abi.number_base, abi.number_index
    return code | {
        "name": abi.name,
        "signature": abi.signature,
        "arguments": [number(name) for name in abi.arguments],
        "number": [number(abi.number), mask, base, index],
        "result": [number(abi.result), RESULTS.index(abi.result_type)],
        "lost": sum(1 << number(name) for name in abi.may_change),
        "errors": abi.errors,
        "again": int(abi.again),
        "linear": int(abi.is_linear),
    }


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("text", [(INCLUDE / "abi.def").read_text(), FULL], ids=["ours", "full"])
def test_c_has_the_rows_that_python_has(compiler: str, text: str, tmp_path: Path) -> None:
    for header in ("hypercall_abi.h", "hypercall_record.h"):
        shutil.copy(INCLUDE / header, tmp_path)
    (tmp_path / "abi.def").write_text(text)
    shutil.copy(SOURCE, tmp_path)
    command = [compiler, "-std=gnu11", "-Wall", "-Wextra", "-Werror", SOURCE.name, "-o", "show"]
    subprocess.run(command, cwd=tmp_path, check=True)
    shown = subprocess.run([tmp_path / "show"], capture_output=True, text=True, check=True).stdout
    rows = abis_of(deffile.parse(text, "abi.def")).values()
    assert [json.loads(line) for line in shown.splitlines()] == list(map(as_c_says, rows))
