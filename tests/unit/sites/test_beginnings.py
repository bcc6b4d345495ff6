# SPDX-License-Identifier: BSD-3-Clause
"""Where code is known to begin: labels without a type, entries, tables, changes of mode."""

import struct

import pytest

from acrn_trace.image.image import open_image
from acrn_trace.lint.linter import Linter
from acrn_trace.sites.code_around import CodeAround
from acrn_trace.sites.listing import site_lines
from acrn_trace.sites.sitelist import image_sites
from acrn_trace.tables.knowledge import acrn
from helpers.make.assembled import link
from helpers.make.elf import CODE, VMCALL, Elf, Part
from helpers.process import SECONDS

NR = "mov $0x80000012, %r8d"
CERTAIN, POSSIBLE = "certain", "possible"


def judged(path):
    """What is said of each site, in the order of their addresses: certain or possible, findings."""
    image = open_image(str(path))
    return [
        (CERTAIN if verdict.site.certain else POSSIBLE, [found.id for found in verdict.findings])
        for verdict in Linter(image, acrn()).verdicts(image_sites(image))
    ]


def sites(text, folder, **how):
    return [certain for certain, _ in judged(link(text, folder, **how))]


# name -> assembly without a .type, what is said of each site
LABELS = {
    "a function that nothing leads to, and ends by itself": (
        f"f: {NR}\n vmcall\n ret",
        [(CERTAIN, [])],
    ),
    "the same with a size": (
        f"f: {NR}\n vmcall\n ret\n .size f, .-f",
        [(CERTAIN, [])],
    ),
    "a function with a type and no size": (
        f".type f, @function\nf: {NR}\n vmcall\n ret",
        [(CERTAIN, [])],
    ),
    "a loop's label is a place in the function": (
        f"f: {NR}\nagain: vmcall\n dec %ecx\n jne again\n ret",
        [(CERTAIN, [])],
    ),
    "a label that is jumped to is a place in the function": (
        f"f: {NR}\n test %edi, %edi\n je here\n ret\nhere: mov $1, %edi\n vmcall\n ret",
        [(CERTAIN, [])],
    ),
    "R8 is loaded on one way to a label": (
        f"f: test %edi, %edi\n je here\n {NR}\nhere: vmcall\n ret",
        [(CERTAIN, ["r8-one-path"])],
    ),
    "a loop that is entered at its end": (
        f"f: {NR}\n jmp check\nbody: mov $1, %edi\n vmcall\ncheck: dec %ecx\n jne body\n ret",
        [(CERTAIN, [])],
    ),
    "a function that is called": (
        f"f: {NR}\n call g\n ret\ng: vmcall\n ret",
        [(CERTAIN, [])],
    ),
    "a function that is called, and loads nothing": (
        "f: call g\n ret\ng: lea (%rsi), %rdi\n vmcall\n ret",
        [(CERTAIN, ["r8-never-loaded"])],
    ),
    "a called function that the code before goes on to": (
        f"f: call g\n ret\nh: {NR}\ng: mov $1, %edi\n vmcall\n jmp h",
        [(CERTAIN, ["r8-never-loaded"])],
    ),
    "a case of a jump table": (
        f"f: {NR}\n jmp *table(,%rdi,8)\none: mov $1, %edi\n vmcall\n ret\ntwo: ret\n"
        ".data\ntable: .quad one, two",
        [(CERTAIN, [])],
    ),
    "padding before a label": (
        f"f: {NR}\n ret\n .p2align 5\ng: mov $1, %edi\n vmcall\n ret",
        [(CERTAIN, ["r8-never-loaded"])],
    ),
    "data that goes on to the next label": (
        f"table: .byte 0x0f, 0x01, 0xc1, 0x90\nf: {NR}\n vmcall\n ret",
        [(POSSIBLE, []), (CERTAIN, [])],
    ),
    "data that nothing goes on behind": ("f: ret\ntable: .byte 0x0f, 0x01, 0xc1", [(POSSIBLE, [])]),
    "data that a jump passes": (
        f"f: {NR}\n jmp g\ntable: .byte 0x06, 0x0f, 0x01, 0xc1, 0x06\n"
        "g: mov $1, %edi\n vmcall\n ret",
        [(POSSIBLE, []), (CERTAIN, [])],
    ),
    "data that begins with zeros": (
        f"table: .quad 0\n .byte 0x0f, 0x01, 0xc1\n ret\nf: {NR}\n vmcall\n ret",
        [(POSSIBLE, []), (CERTAIN, [])],
    ),
    "a label at the end of the code": (f"f: {NR}\n vmcall\n ret\nend:", [(CERTAIN, [])]),
}


@pytest.mark.parametrize("name", LABELS)
def test_labels_without_a_type(name, tmp_path):
    text, said = LABELS[name]
    assert judged(link(text, tmp_path)) == said


def test_a_site_is_named_by_its_label(tmp_path):
    image = open_image(str(link(f"f: ret\ng: {NR}\n vmcall\n ret", tmp_path)))
    assert [site.function for site in image_sites(image)] == ["g"]


# name -> assembly, what is certain of it where the image is stripped and entered at _start
ENTRIES = {
    "the entry itself": (f"_start: {NR}\n vmcall\n1: hlt\n jmp 1b", [CERTAIN]),
    "what the entry calls, not aligned": (
        "_start: call f\n1: hlt\n jmp 1b\n .byte 6\nf: push %rbx\n vmcall\n pop %rbx\n ret",
        [CERTAIN],
    ),
    "what that calls and jumps to": (
        "_start: call f\n1: hlt\n jmp 1b\n .byte 6\ng: vmcall\n ret\n .byte 6\n"
        "h: vmcall\n ret\nf: call g\n jmp h",
        [CERTAIN, CERTAIN],
    ),
    "data that a call passes": (
        "_start: call 1f\n .byte 0x0f, 0x01, 0xc1, 0x90\n1: pop %rdi\n vmcall\n2: jmp 2b",
        [POSSIBLE, CERTAIN],
    ),
    "code behind a call of what is near": (
        "_start: call f\n vmcall\n1: jmp 1b\nf: vmcall\n ret",
        [CERTAIN, CERTAIN],
    ),
    "code behind a far return": (
        "_start: push $8\n lea 1f(%rip), %rax\n push %rax\n lretq\n .byte 6\n1: vmcall\n2: jmp 2b",
        [CERTAIN],
    ),
    "a far return to what nobody knows": (
        "_start: push $8\n push %rax\n lretq\n .byte 6\n1: vmcall\n2: jmp 2b",
        [POSSIBLE],
    ),
    "code behind much other code": (
        "_start: .rept 99\n call f\n movabs $1, %rax\n .endr\n call g\n1: jmp 1b\n .byte 6\n"
        "g: vmcall\n ret\n .byte 6\nf: ret",
        [CERTAIN],
    ),
    "what nothing leads to": ("_start: jmp _start\n .byte 6\n vmcall\n ret", [POSSIBLE]),
}


@pytest.mark.parametrize("name", ENTRIES)
def test_a_stripped_image_begins_at_its_entry(name, tmp_path):
    text, said = ENTRIES[name]
    assert sites(text, tmp_path, entry="_start", strip=True) == said


TABLES = """
    .type f, @function
f:
1:  .byte 0x0f, 0x1f, 0x44, 0, 0
    ret
    .byte 6
2:  {block}
    vmcall
    ret
    .size f, . - f
    .section {table}, "a"
    {entry}
key:
"""
RELATIVE = ".long 1b - ., 2b - .\n .quad 0"
ABSOLUTE = ".quad 1b, 2b, key"  # until Linux 4.19
FIXUP = ".long 1b - ., 2b - ., 0"
OLD_FIXUP = ".long 1b - ., 2b - ."


@pytest.mark.parametrize(
    "table, entry, block, said",
    [
        ("__jump_table", RELATIVE, NR, (CERTAIN, [])),
        ("__jump_table", ABSOLUTE, NR, (CERTAIN, [])),
        ("__jump_table", RELATIVE, "mov %rsi, %rdi", (CERTAIN, ["r8-never-loaded"])),
        ("__jump_table", ".long 1b - ., 0\n .quad 0", NR, (POSSIBLE, [])),
        ("__jump_table", RELATIVE + "\n .byte 0", NR, (POSSIBLE, [])),
        ("other", RELATIVE, NR, (POSSIBLE, [])),
        ("__ex_table", FIXUP, NR, (CERTAIN, [])),
        ("__ex_table", OLD_FIXUP, NR, (CERTAIN, [])),
        ("__ex_table", ".long 1b - ., 0, 0", NR, (POSSIBLE, [])),
    ],
)
def test_what_a_table_of_linux_leads_to(table, entry, block, said, tmp_path):
    text = TABLES.format(table=table, entry=entry, block=block)
    assert judged(link(text, tmp_path)) == [said]


def test_the_jump_labels_of_vmlinux_are_between_symbols(tmp_path):
    entry = f".quad 1\n__start___jump_table: {RELATIVE}\n__stop___jump_table: .quad 1"
    text = TABLES.format(table="data", entry=entry, block=NR)
    assert judged(link(text, tmp_path)) == [(CERTAIN, [])]


BLOCK = f"2: {NR}\n vmcall\n ret"
ASM_GOTO = ".type f, @function\nf: {live}\n {block}\n .size f, . - f"


@pytest.mark.parametrize(
    "live, block, said",
    [
        (".byte 0x0f, 0x1f, 0x44, 0, 0\n ret", BLOCK, [CERTAIN]),
        ("xchg %ax, %ax\n ret", BLOCK, [CERTAIN]),
        ("nop\n ret", BLOCK, [POSSIBLE]),
        ("xchg %ax, %ax\n ret", BLOCK.replace("ret", "nop"), [POSSIBLE]),
        ("xchg %ax, %ax\n jmp 3f", BLOCK + "\n3: ret", [POSSIBLE]),
    ],
)
def test_a_block_of_asm_goto_without_its_table(live, block, said, tmp_path):
    assert sites(ASM_GOTO.format(live=live, block=block), tmp_path) == said


PVH = """
    .section .note.Xen, "a", @note
    .balign 4
    .long 4, 8, 18
    .asciz "Xen"
    .quad entry
    .data
gdt: .quad 0, {code64}, 0x00cf93000000ffff, 0x00cf9b000000ffff
pointer: .word . - gdt - 1
    .long gdt
    .text
    .type entry, @function
    .code32
entry: {load}
    {code}
    .code64
1:  {long}
    vmcall
2:  jmp 2b
    .size entry, . - entry
"""
CODE64, CODE32 = "0x00af9b000000ffff", "0x00cf9b000000ffff"
LONG_MODE = "mov $0xc0000080, %ecx\n wrmsr\n"


def pvh(folder, code, load="lgdt pointer", code64=CODE64, long=NR, **how):
    text = PVH.format(code=code, load=load, code64=code64, long=long)
    return link(text, folder, entry="entry", **how)


MODES = {
    "a far jump to a 64-bit selector": ("ljmp $8, $1f", {}, (CERTAIN, [])),
    "a far return to one": ("push $8\n push $1f\n lret", {}, (CERTAIN, [])),
    "a far return to an address in a register": (
        "mov $1f, %eax\n push $8\n push %eax\n lret",
        {},
        (CERTAIN, []),
    ),
    "by way of a 32-bit selector": ("ljmp $24, $3f\n .byte 6\n3: ljmp $8, $1f", {}, (CERTAIN, [])),
    "what nothing loads in 64-bit code": (
        "ljmp $8, $1f",
        {"long": ""},
        (CERTAIN, ["r8-never-loaded"]),
    ),
    "a GDT that is made as the guest runs, long mode": (
        LONG_MODE + "ljmp $8, $1f",
        {"load": "lgdt (%eax)"},
        (CERTAIN, []),
    ),
    "a selector that no table has": ("ljmp $64, $1f\n .byte 6", {}, (CERTAIN, ["r8-never-loaded"])),
    "a 32-bit selector": ("ljmp $8, $1f", {"code64": CODE32}, (CERTAIN, ["r8-never-loaded"])),
    "a far return to what nobody knows": (
        "push $8\n push %eax\n lret\n .byte 6",
        {},
        (POSSIBLE, []),
    ),
}


@pytest.mark.parametrize("strip", [False, True], ids=["symbols", "stripped"])
@pytest.mark.parametrize("name", MODES)
def test_from_32_to_64_bits(name, strip, tmp_path):
    code, how, said = MODES[name]
    assert judged(pvh(tmp_path, code, strip=strip, **how)) == [said]


def listing(path):
    image = open_image(str(path))
    return list(site_lines(image_sites(image), acrn().table, CodeAround(image)))


def test_a_site_in_32_bit_code_is_shown_as_such(tmp_path):
    """Its bytes are those of a load of R8 in 64-bit code."""
    path = pvh(tmp_path, "inc %ecx\n mov $0x80000012, %eax\n vmcall\n ljmp $8, $1f")
    lines = listing(path)
    assert lines[1].split()[1:] == ["?", lines[1].split()[0].replace("0x0000000000", "0x")] + [
        *("entry", "(32-bit", "code)")
    ]
    assert [" ".join(line.split()[1:]) for line in lines[3:6]] == [
        *("incl %ecx", "movl $0x80000012, %eax"),
        f"{lines[1].split()[0]} vmcall",
    ]
    assert judged(path) == [(CERTAIN, ["r8-never-loaded"]), (CERTAIN, [])]


def test_32_bit_code_that_nothing_leads_to_is_not_left_out(tmp_path):
    text = ".type f, @function\nf: .code32\n inc %ecx\n vmcall\n ret\n .size f, .-f"
    path = link(text, tmp_path)
    assert judged(path) == [(POSSIBLE, ["r8-never-loaded"])]
    assert listing(path)[1].endswith(" f  (possible, 32-bit code)")


def test_a_rex_prefix_in_another_instruction_is_none(tmp_path):
    text = ".type f, @function\nf: movabs $0x1122c1010f413344, %rax\n ret\n .size f, .-f"
    assert sites(
        text + f"\n.type g, @function\ng: {NR}\n vmcall\n ret\n .size g, .-g", tmp_path
    ) == [CERTAIN]


@pytest.mark.timeout(SECONDS)
def test_tables_that_lie_take_no_longer(tmp_path):
    """A note, a table and a GDT that are as large as they can be and lead to nowhere."""
    junk = struct.pack("<ii", 1, 1) * 200_000
    code = b"\x0f\x01\x15" + struct.pack("<i", 64) + b"\xea" + bytes(6) + VMCALL * 20_000
    parts = [
        Part("__jump_table", junk, CODE + 0x100000),
        Part("__ex_table", junk, CODE + 0x400000),
        Part(
            ".note", struct.pack("<III", 4, 8, 18) + b"Xen\0" + struct.pack("<Q", CODE), 0, type=7
        ),
    ]
    labels = [(f"l{n}", CODE + 13 + n, 0, 0) for n in range(20_000)]
    path = tmp_path / "image.elf"
    path.write_bytes(Elf(code, labels, parts).build())
    assert image_sites(open_image(str(path)))
