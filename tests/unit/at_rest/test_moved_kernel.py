# SPDX-License-Identifier: BSD-3-Clause
"""A Linux that has moved itself is found in its dump, and a dump of another is not taken for it."""

import random
import struct

import pytest

from acrn_trace.at_rest.corefile import open_core
from acrn_trace.at_rest.moved_kernel import read_vmcoreinfo
from acrn_trace.at_rest.postmortem import examine
from acrn_trace.at_rest.corenotes import Note
from helpers.make.dump import LONG_MODE, DumpBuilder, Load
from helpers.make.linked_code import linked_code

LINKED = 0xFFFF_FFFF_8100_0000
CODE = random.Random(7).randbytes(0x3000)
MOVED = 0x3A40_0000
TABLES, IDT, KERNEL, SIZE = 0x1000, 0x5000, 0x20_0000, 0x20_0000 + 0x4000
KASLR = "The kernel has moved itself by 0x3a400000"


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    return linked_code(tmp_path_factory.mktemp("kernel"), CODE, LINKED)


@pytest.fixture
def dump(tmp_path):
    """A dump of a guest that has the kernel ``moved`` from where it was linked."""

    def of(registers, moved=MOVED, code=CODE, **notes):
        memory, virtual = bytearray(SIZE), LINKED + moved
        entries = ((39, TABLES + 0x1000 | 3), (30, TABLES + 0x2000 | 3), (21, KERNEL | 0x83))
        for level, (shift, entry) in enumerate(entries):
            at = TABLES + level * 0x1000 + (virtual >> shift & 511) * 8
            struct.pack_into("<Q", memory, at, entry)
        struct.pack_into("<Q", memory, TABLES, TABLES + 0x3000 | 3)  # low memory as it is
        struct.pack_into("<Q", memory, TABLES + 0x3000, 0x83)
        handler = virtual + 0x2100
        gate = struct.pack(
            "<HIHI", handler & 0xFFFF, 0x8E000010, handler >> 16 & 0xFFFF, 2**32 - 1
        )
        memory[IDT : IDT + 12] = gate
        memory[KERNEL : KERNEL + len(code)] = code
        vcpu = {**LONG_MODE, "cr3": TABLES, **registers}
        data = DumpBuilder([vcpu], [Load(0, SIZE, 0)], bytes(memory), **notes).build()
        (tmp_path / "dump").write_bytes(data)
        return open_core(str(tmp_path / "dump"))

    return of


IN_KERNEL, IN_PROGRAM = {"rip": LINKED + MOVED + 0x1234}, {"rip": 0x40_1000, "idt_base": IDT}


@pytest.mark.parametrize("registers", [IN_KERNEL, IN_PROGRAM], ids=["in the kernel", "in ring 3"])
def test_found_by_the_code(kernel, dump, registers):
    found = examine(dump(registers), kernel, None)
    assert (found.offset, found.match.verdict, found.notes) == (MOVED, "match", [])
    assert found.memory_from == "the CR3 of vCPU 0"


def test_another_offset_is_told_of_and_the_right_one_is_not(kernel, dump):
    assert examine(dump(IN_KERNEL), kernel, MOVED).notes == []
    said = examine(dump(IN_KERNEL), kernel, 0)
    assert said.offset == 0 and not said.match.is_there
    assert said.notes[-1].startswith(KASLR) and "give 0x3a400000 as the offset" in said.notes[-1]


def test_a_kernel_where_it_was_linked_and_another_kernel(kernel, dump):
    still = examine(dump({"rip": LINKED + 0x10}, moved=0), kernel, None)
    assert (still.offset, still.match.verdict, still.notes) == (0, "match", [])
    other = examine(dump(IN_KERNEL, code=random.Random(8).randbytes(0x3000)), kernel, None)
    assert (other.offset, other.match.is_there, other.notes) == (0, False, [])


def vmcoreinfo(**more):
    """A vmcore's notes: QEMU's own are not there, so neither is a CR3."""
    tables = 0xFFFF_FFFF_8000_0000 + TABLES - 0x10_0000
    said = {"KERNELOFFSET": f"{MOVED:x}", "NUMBER(phys_base)": "1048576", "PAGESIZE": "4096"}
    said |= {"SYMBOL(swapper_pg_dir)": f"{tables:x}", **more}
    text = "".join(f"{name}={value}\n" for name, value in said.items()).encode()
    return note_of(b"VMCOREINFO", text)


def note_of(name, data):
    padded = name + bytes(-len(name) % 4)
    return struct.pack("<III", len(name), len(data), 0) + padded + data + bytes(-len(data) % 4)


@pytest.mark.parametrize("registers", [IN_KERNEL, {"rip": 0x40_1000}])
def test_found_by_vmcoreinfo(kernel, dump, registers):
    core = dump(registers, states=False, more_notes=[vmcoreinfo()])
    found = examine(core, kernel, None)
    assert (found.offset, found.match.verdict) == (MOVED, "match")
    assert found.memory_from == "the page tables that its VMCOREINFO names"


@pytest.mark.parametrize(
    "text, said",
    [
        (b"KERNELOFFSET=3a400000\nNUMBER(phys_base)=-4096\n", {"KERNELOFFSET": MOVED}),
        (b"KERNELOFFSET=\nKERNELOFFSET=zz\nXKERNELOFFSET=1\nKERNELOFFSET=1 \n", {}),
        (b"KERNELOFFSET=" + b"f" * 99, {}),
        (b"NUMBER(phys_base)=ff\n", {}),
        (b"\xff\0" * 9, {}),
    ],
)
def test_what_vmcoreinfo_says_is_not_believed_unread(text, said):
    found = read_vmcoreinfo([Note(b"CORE", 0, b"KERNELOFFSET=1\n"), Note(b"VMCOREINFO", 0, text)])
    assert {k: v for k, v in found.items() if k != "phys_base"} == said


def test_a_vmcoreinfo_that_lies_leads_nowhere(kernel, dump):
    lies = vmcoreinfo(KERNELOFFSET="200000", **{"SYMBOL(swapper_pg_dir)": "ffffffffffffffff"})
    core = dump({"rip": 0x40_1000}, states=False, more_notes=[lies])
    assert not examine(core, kernel, None).match.is_there
