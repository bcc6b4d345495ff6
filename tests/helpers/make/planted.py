# SPDX-License-Identifier: BSD-3-Clause
"""Images with planted sites and decoys, and where they are: what a scan is measured against.

The code is what gcc makes of random C: switches with jump tables, loops, cold parts, functions that
only pointers lead to. A section that is not loaded keeps the truth. For size one object is linked
many times over.
"""

import random
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

from elftools.elf.elffile import ELFFile

SITE = ".truth.sites"
DECOY = ".truth.decoys"

# Assembly that is no site, and where in it the bytes of one are. {noise} is bytes of data.
DECOYS_IN_FUNCTIONS = (
    ("movl $0xc1010f00, %eax; 9:", "9b - 3"),
    ("movabs $0x1122d9010f334455, %rax; 9:", "9b - 5"),
    ("leaq 0x00c1010f(%rax), %rdx; 9:", "9b - 4"),
    ("jmp 8f; .byte {noise}; 9: .byte 0x0f, 0x01, 0xc1, {noise}; 8:", "9b"),
    ("call 8f; .byte {noise}; 9: .byte 0x0f, 0x01, 0xd9, {noise}; 8: pop %rax", "9b"),
    (".byte 0x0f, 0x1f, 0x84, 0x00; 9: .byte 0x0f, 0x01, 0xc1, 0x00", "9b"),
    (".byte 0xf3; 9: .byte 0x0f, 0x01, 0xd9", "9b"),
)

# Between functions: aligned data, an unaligned table, and a copy of a whole site.
DECOYS_BETWEEN = (
    (".p2align 6; .byte {noise}; 9: .byte 0x0f, 0x01, 0xc1, {noise}; .p2align 4", "9b"),
    (".quad 0x4011223344556677; .long 1; 9: .byte 0x0f, 0x01, 0xc1; .long -9", "9b"),
    (".p2align 4; movl $0x80000010, %r8d; 9: vmcall; .byte {noise}", "9b"),
)

HEAD = """
#define CALL(result, nr, a) \\
    asm volatile("movl %[number], %%r8d; 9: vmcall\\n" MARK("sites", "9b") \\
        : "=a"(result) : [number] "i"(nr), "D"(a) : "r8", "memory")
#define BARE(result, a) \\
    asm volatile("9: vmmcall\\n" MARK("sites", "9b") : "=a"(result) : "D"(a) : "memory")
#define MARK(what, where) \\
    ".pushsection .truth." what ",\\"\\"\\n.quad " where "\\n.popsection\\n"
extern volatile long sink[64];
"""


@dataclass(frozen=True)
class Planted:
    """An image, and the addresses of its sites and of its decoys."""

    path: Path
    sites: frozenset[int]
    decoys: frozenset[int]


def source(seed: int, sites: int, decoys: int, statements: int = 12, others: int = 0) -> str:
    """C with a function for each site, and ``others`` without; decoys in and between them."""
    chance = random.Random(seed)
    in_functions = set(chance.sample(range(sites), min(decoys * 2 // 3, sites)))
    between = decoys - len(in_functions)
    parts, table = [HEAD], []
    for number in range(sites):
        decoy = (
            _decoy(chance, "asm volatile", DECOYS_IN_FUNCTIONS) if number in in_functions else ""
        )
        parts.append(_function(chance, number, decoy, statements))
        parts += [_other(chance, f"o{number}_{n}", statements) for n in range(others)]
        if number * between // sites != (number + 1) * between // sites:
            parts.append(_decoy(chance, "asm", DECOYS_BETWEEN))
        if number % 3 == 0:
            table.append(f"f{number}")
    parts.append("long (*const table[])(long, long) = { " + ", ".join(table) + " };")
    calls = "\n".join(f"	x += f{n}(x, {n});" for n in range(sites) if n % 3)
    return (
        "\n".join(parts) + f"\nlong all(long x) {{\n{calls}\n	return x + table[x & 1](x, 2);\n}}\n"
    )


def _decoy(chance: random.Random, keyword: str, kinds: tuple[tuple[str, str], ...]) -> str:
    text, place = chance.choice(kinds)
    noise = ", ".join(str(chance.randrange(256)) for _ in range(chance.randrange(3, 40)))
    text = text.replace("{noise}", noise)
    clobbers = ""
    if keyword != "asm":
        text, clobbers = text.replace("%", "%%"), ' : : : "rax", "rdx", "r8"'
    return f'{keyword}("{text}\\n" MARK("decoys", "{place}"){clobbers});'


def _function(chance: random.Random, number: int, decoy: str, statements: int) -> str:
    call = f"CALL(r, {0x80000000 + chance.randrange(0x80):#x}u, x);"
    call = chance.choice([call, call, call, "BARE(r, x);"])
    lines = [_statement(chance) for _ in range(statements)]
    lines.insert(chance.randrange(len(lines) + 1), _place(chance, call))
    if decoy:
        lines.insert(chance.randrange(len(lines) + 1), decoy)
    body = "\n	".join(lines)
    kind = "" if number % 3 else "static "
    return (
        f"{kind}__attribute__((noinline)) long f{number}(long x, long y)\n"
        f"{{\n	long r = x;\n	{body}\n	return r + x;\n}}\n"
    )


def _other(chance: random.Random, name: str, statements: int) -> str:
    body = "\n	".join(_statement(chance) for _ in range(statements))
    return f"long {name}(long x, long y)\n{{\n	long r = x;\n	{body}\n	return r + x;\n}}\n"


def _place(chance: random.Random, call: str) -> str:
    """Where in a function the site stands."""
    return chance.choice(
        [
            call,
            f"if (y & {1 << chance.randrange(8)}) {{ {call} x += r; }}",
            f"if (__builtin_expect(y == {chance.randrange(99)}, 0)) {{ {call} return r; }}",
            f"for (long i = 0; i < (y & 15); i++) {{ {call} x ^= r; }}",
            f"switch (y & 15) {{ {_cases(chance, call)} }}",
            f"while (sink[1] > x) {{ {call} x += r + 1; }}",
        ]
    )


def _cases(chance: random.Random, call: str) -> str:
    chosen = chance.randrange(12)
    return " ".join(
        f"case {n}: {call if n == chosen else _statement(chance)} break;" for n in range(12)
    )


def _statement(chance: random.Random) -> str:
    a, b = chance.randrange(64), chance.randrange(1, 1 << chance.choice([4, 12, 31]))
    return chance.choice(
        [
            f"x = x * {b} + sink[{a}];",
            f"sink[{a}] = x ^ {b:#x};",
            f"if (x > {b}) sink[{a}] += r; else r -= {b};",
            f"r += sink[(x + {a}) & 63] / {b};",
            f"for (long i = 0; i < {a}; i++) sink[i] ^= x + {b};",
            f"y = __builtin_bswap64(y) + {b};",
            f"r ^= (x << {a % 31}) | (y >> {b % 31});",
        ]
    )


def build(folder: Path, seed: int, sites: int, decoys: int, copies: int = 1, **how) -> Planted:
    """Compile and link an image; ``sites`` and ``decoys`` are of one copy."""
    flags = how.pop("flags", ("-O2",))
    text, unit = folder / "planted.c", folder / "planted.o"
    text.write_text(source(seed, sites, decoys, **how))
    common = ["-g0", "-ffreestanding", "-mno-red-zone", "-fno-pic", "-mcmodel=kernel"]
    _run("gcc", *common, *flags, "-w", "-c", "-o", unit, text)
    units = [_copy(unit, number) for number in range(copies)]
    image = folder / "planted.elf"
    start = folder / "start.s"
    start.write_text(
        ".globl _start\n.type _start, @function\n_start:\n"
        + "".join(f"\tcall c{number}_all\n" for number in range(copies))
        + "1: jmp 1b\n.size _start, . - _start\n.bss\n"
        + "".join(f".globl c{n}_sink\nc{n}_sink:\n" for n in range(copies))
        + ".skip 512\n"
    )
    _run("gcc", "-c", "-o", folder / "start.o", start)
    _run("ld", "-Ttext=0xffffffff81000000", "-o", image, folder / "start.o", *units)
    return _truth(image)


def _copy(unit: Path, number: int) -> Path:
    copy = unit.with_name(f"c{number}.o")
    _run("objcopy", f"--prefix-symbols=c{number}_", unit, copy)
    return copy


def _truth(image: Path) -> Planted:
    with open(image, "rb") as file:
        elf = ELFFile(file)
        found = [
            frozenset(value for value, in struct.iter_unpack("<Q", section.data()))
            if section
            else frozenset()
            for section in map(elf.get_section_by_name, (SITE, DECOY))
        ]
    _run("objcopy", "-R", SITE, "-R", DECOY, image)
    return Planted(image, *found)


def without(planted: Planted, *what: str) -> Planted:
    """The same image without its "symbols", its "unwind" tables, or both."""
    image = planted.path.with_name("-".join(["stripped", *what]) + ".elf")
    options = ["-S"] if "symbols" in what else []
    options += ["-R", ".eh_frame"] if "unwind" in what else []
    _run("objcopy", *options, planted.path, image)
    return Planted(image, planted.sites, planted.decoys)


def _run(*command: object) -> None:
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[:2000]
