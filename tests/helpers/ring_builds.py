# SPDX-License-Identifier: BSD-3-Clause
"""Builds programs and guests with the recorder in them, as any guest would."""

import re
from pathlib import Path
from typing import Sequence

from helpers.builds import STRICT, run
from helpers.tree import ROOT

STUB = ROOT / "cstub"
LIB = ROOT / "examples/lib"
GUEST_FLAGS = (
    "-g -O2 -ffreestanding -fno-pie -fno-stack-protector -fcf-protection=none -mcmodel=kernel "
    "-mno-red-zone -mgeneral-regs-only -fno-asynchronous-unwind-tables -ffunction-sections"
).split()
GUEST_LINK = (
    "-nostdlib -static -Wl,--gc-sections -Wl,--build-id=none -Wl,-z,max-page-size=4096 "
    "-Wl,-z,noexecstack -Wl,--defsym,IMAGE_PHYSICAL=0x400000 "
    "-Wl,--defsym,IMAGE_VIRTUAL=0xffffffff80400000"
).split()


def config(header: str) -> str:
    return f'-DACRN_RING_CONFIG="{header}"'


def offsets(folder: Path, compiler: str = "gcc") -> dict[str, int]:
    """Makes acrn_asm_offsets.h in ``folder`` as cstub.mk does; what it defines."""
    text = folder / "offsets.s"
    source = STUB / "src/asm-offsets.c"
    flags = ["-ffreestanding", "-DACRN_TRAMPOLINE", f"-I{STUB}/include"]
    run([compiler, "-std=gnu11", *flags, "-S", source, "-o", text])
    lines = re.findall(r'"@(#define (\w+) (\d+))@"', text.read_text())
    (folder / "acrn_asm_offsets.h").write_text("".join(f"{line}\n" for line, _, _ in lines))
    return {name: int(value) for _, name, value in lines}


def recorder(trampoline: bool) -> list[Path]:
    """The sources that a guest with the recorder links."""
    names = ["ring.c", "capture.c", "fault.c", "watermark.S"]
    if trampoline:
        names += ["changed_registers.c", "trampoline.S"]
    return [STUB / "src" / name for name in names]


def build_guest(
    folder: Path, sources: Sequence[Path], include: Path, *defines: str, compiler: str = "gcc"
) -> Path:
    """A guest with the recorder, its settings in include/ring_config.h; folder/guest.elf."""
    image = folder / "guest.elf"
    trampoline = "-DACRN_TRAMPOLINE" in defines
    offsets(folder, compiler)
    lib = [p for p in sorted(LIB.glob("*.[cS]")) if p.name != "emulated_acrn.c"]
    includes = [f"-I{p}" for p in (include, LIB, STUB / "include", STUB / "src", folder)]
    flags = [*STRICT, *GUEST_FLAGS, *includes, *defines, "-DACRN_RING", config("ring_config.h")]
    link = [*GUEST_LINK, "-T", LIB / "image.ld", f"-L{STUB}"]
    run([compiler, *flags, *link, *lib, *sources, *recorder(trampoline), "-o", image])
    return image
