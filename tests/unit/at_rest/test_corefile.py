# SPDX-License-Identifier: BSD-3-Clause
"""Dumps: what is read of good ones, and what is said of others."""

import struct
import subprocess
import sys

import pytest

from acrn_trace.at_rest.corefile import open_core
from acrn_trace.at_rest.filememory import Piece, equal_in, joined
from acrn_trace.at_rest.memoryfile import open_memory
from acrn_trace.base.errors import TraceError
from acrn_trace.guest.memory import Unreadable
from helpers.make.dump import LONG_MODE, DumpBuilder, Load, note, state, thread
from helpers.process import SECONDS

PAGE = 4096
VCPUS = [
    {**LONG_MODE, "rip": 0x1000 + n, "rsp": 0x2000 + n, "rax": n, "cr3": 0x5000 * (n + 1)}
    for n in range(3)
]
DATA = b"a" * PAGE + b"b" * PAGE
LOADS = [Load(0x10000, PAGE, 0), Load(0x20000, PAGE, PAGE)]


@pytest.fixture
def opened(tmp_path):
    def open_dump(data: bytes):
        path = tmp_path / "dump"
        path.write_bytes(data)
        return open_core(str(path))

    return open_dump


def test_memory_and_registers(opened):
    core = opened(DumpBuilder(VCPUS, LOADS, DATA).build())
    assert core.kind == "dump" and core.notes == []
    assert core.physical.read(0x10FFE, 2) == b"aa" and core.physical.read(0x20000, 1) == b"b"
    assert [vcpu.vcpu for vcpu in core.vcpus] == [0, 1, 2]
    for vcpu, written in zip(core.vcpus, VCPUS):
        assert written.items() <= vcpu.registers.items()
    for address in (0xFFFF, 0x10FFF, 0x21000, 1 << 64):
        with pytest.raises(Unreadable, match="is not in the file"):
            core.physical.read(address, 2)


def test_a_paged_dump_is_read_by_its_physical_addresses(opened):
    loads = [Load(0x10000, PAGE, 0, 0xFFFF880000000000), Load(0x10000, PAGE, 0, 0xFFFFFFFF80000000)]
    core = opened(DumpBuilder(VCPUS, loads, DATA).build())
    assert core.kind == "paged dump" and core.physical.pieces == [
        Piece(0x10000, core.physical.pieces[0].offset, PAGE)
    ]
    assert core.physical.read(0x10000, PAGE) == b"a" * PAGE


def test_more_program_headers_than_the_elf_header_can_count(opened):
    count = 65_649
    loads = [Load((count - n) * PAGE, PAGE, 0, n * PAGE) for n in range(count)]
    core = opened(DumpBuilder(VCPUS, loads, DATA).build())
    assert core.headers == count + 1 and core.notes == []
    assert core.physical.read(count * PAGE, 2) == b"aa"


@pytest.mark.parametrize(
    "change,said",
    [
        ({"states": False}, "no note of QEMU's own for vCPU 0, 1, 2"),
        ({"threads": False}, "no NT_PRSTATUS notes: vCPUs are numbered as"),
        ({"threads": False, "states": False}, "no note with a vCPU's registers"),
        ({"more_notes": [thread(0, VCPUS[0])]}, "numbers of its vCPUs cannot be right"),
        ({"more_notes": [state({"rip": 7})]}, "fit no vCPU's registers"),
        ({"more_notes": [note(b"QEMU", 0, b"\2" * 440)]}, "cannot be read: other version"),
    ],
)
def test_notes_that_are_missing_or_too_many(opened, change, said):
    core = opened(DumpBuilder(VCPUS, LOADS, DATA, **change).build())
    assert len(core.notes) >= 1 and said in core.notes[0], core.notes
    assert core.physical.read(0x10000, 1) == b"a"
    assert all(vcpu.registers["rip"] for vcpu in core.vcpus)


def test_notes_in_another_order_find_their_vcpu(opened):
    builder = DumpBuilder(VCPUS, LOADS, DATA, states=False)
    builder.more_notes = [state(registers) for registers in reversed(VCPUS)]
    assert [vcpu.registers["cr3"] for vcpu in opened(builder.build()).vcpus] == [
        registers["cr3"] for registers in VCPUS
    ]


def test_a_truncated_dump_has_what_is_there(opened):
    whole = DumpBuilder(VCPUS, LOADS, DATA).build()
    core = opened(whole[:-PAGE])
    assert core.notes == ["The dump is truncated: 4096 bytes of memory are not in the file."]
    assert core.physical.read(0x10000, PAGE) == b"a" * PAGE
    core = opened(whole[:300])
    assert any("program headers only" in note or "truncated" in note for note in core.notes)
    assert opened(whole[:64]).vcpus == []


@pytest.mark.parametrize(
    "load,said",
    [
        (Load((1 << 64) - PAGE // 2, PAGE, 0), "beyond any physical memory"),
        (Load(0x30000, (1 << 64) - 1, 0), "beyond any physical memory"),
        (Load(0x30000, 1 << 50, 0), "truncated"),
        (Load(0x30000, PAGE, 1 << 62), "truncated"),
        (Load(0x10800, PAGE, PAGE), "contradict others"),
    ],
)
def test_program_headers_that_lie(opened, load, said):
    core = opened(DumpBuilder(VCPUS, [*LOADS, load], DATA).build())
    assert any(said in note for note in core.notes), core.notes
    assert core.physical.read(0x10000, PAGE) == b"a" * PAGE
    assert core.physical.read(0x20000, PAGE) == b"b" * PAGE


@pytest.mark.parametrize(
    "pieces, result, asked",
    [
        ([Piece(0, 0, 10), Piece(5, 5, 10)], [Piece(0, 0, 15)], []),
        (
            *([Piece(0, 0, 10), Piece(5, 50, 10)], [Piece(0, 0, 10), Piece(10, 55, 5)]),
            [(5, 50, 5)],
        ),
        ([Piece(0, 0, 10), Piece(2, 50, 3)], [Piece(0, 0, 10)], [(2, 50, 3)]),
        ([Piece(10, 0, 5), Piece(0, 90, 10)], [Piece(0, 90, 10), Piece(10, 0, 5)], []),
    ],
)
def test_pieces_that_overlap(pieces, result, asked):
    for equal in (False, True):
        seen = []
        found = joined(pieces, lambda *places: seen.append(places) or equal)
        assert found == (result, 0 if equal else len(asked)) and seen == asked


def overlapping(second: bytes) -> bytes:
    """As kdump's vmcore has a kernel's text twice, here a page that begins within another."""
    loads = [Load(0x10000, PAGE, 0, 0xFFFFFFFF81000000), Load(0x10800, PAGE, PAGE)]
    return DumpBuilder(VCPUS, loads, b"ab" * (PAGE // 2) + second).build()


def test_headers_that_say_the_same_bytes_twice_do_not_contradict(opened):
    assert opened(overlapping(b"ab" * (PAGE // 2))).notes == []
    assert opened(overlapping(b"ab" * (PAGE // 4) + b"z" * (PAGE // 2))).notes == []
    (said,) = opened(overlapping(b"ab" * (PAGE // 4 - 1) + b"z" * (PAGE // 2 + 2))).notes
    assert said.startswith("1 of the dump's program headers contradict others")


def test_no_more_is_compared_than_is_bounded(tmp_path):
    (tmp_path / "file").write_bytes(b"ab" * (1 << 20))
    with open(tmp_path / "file", "rb") as file:
        equal = equal_in(file)
        assert not equal(0, 1, 2)
        asked = [equal(0, 1 << 20, 1 << 20) for _ in range(17)]
    assert asked == [True] * 15 + [False] * 2


def test_counts_that_lie(opened):
    data = bytearray(DumpBuilder(VCPUS, LOADS, DATA).build())
    struct.pack_into("<H", data, 56, 0xFFFE)
    assert "65534 program headers" in opened(bytes(data)).notes[0]
    struct.pack_into("<H", data, 56, 0xFFFF)
    struct.pack_into("<I", data, 64 + 44, 0xFFFFFFFF)
    assert "4294967295 program headers" in opened(bytes(data)).notes[0]
    struct.pack_into("<Q", data, 40, 1 << 60)
    assert opened(bytes(data)).notes[0] == "The dump does not say how many program headers it has."


@pytest.mark.long
def test_a_million_headers_in_bounded_time_and_memory(tmp_path):
    """No two go together. In a process of its own, for its memory."""
    count = 1 << 20
    loads = [Load((n * 2 * PAGE) % (1 << 51), PAGE, 0) for n in range(count)]
    path = tmp_path / "dump"
    path.write_bytes(DumpBuilder(VCPUS, loads, DATA).build())
    code = "import sys; sys.path.insert(0, sys.argv[1]); "
    code += "from acrn_trace.at_rest.corefile import open_core; "
    code += "open_core(sys.argv[2]); status = open('/proc/self/status').read(); "
    code += "print(status.split('VmHWM:')[1].split()[0])"
    scripts = sys.modules["acrn_trace"].__path__[0] + "/.."
    done = subprocess.run(
        [sys.executable, "-c", code, scripts, path], capture_output=True, timeout=SECONDS
    )
    assert done.returncode == 0 and int(done.stdout) < 600 << 10, done


@pytest.mark.parametrize(
    "start,said",
    [
        (b"makedumpfile\0\0\0\0", "kdump-compressed (flattened); dump anew"),
        (b"KDUMP   ", "kdump-compressed; dump anew"),
        (b"PAGEDU64", "for Windows' debuggers"),
        (b"QEVM\0\0\0\3", "saved state"),
        (b"\x1f\x8b\x08", "compressed by gzip; decompress"),
        (b"", "is no ELF file; for a file of bare memory (pmemsave) use --memory"),
        (b"\x7fELF", "its ELF header is none of x86's"),
        (b"\x7fELF\2\2" + bytes(60), "its ELF header is none of x86's"),
        (b"\x7fELF\2\1" + bytes(60), "another machine"),
        (b"\x7fELF\2\1" + bytes(10) + b"\2\0\x3e\0" + bytes(60), "an ELF file but no dump"),
    ],
)
def test_what_is_no_dump(opened, start, said):
    with pytest.raises(TraceError) as error:
        opened(start)
    assert said in str(error.value)


def test_the_core_of_a_process(opened):
    loads = [Load(0, PAGE, n * PAGE, 0x7F0000000000 + n * PAGE) for n in range(2)]
    with pytest.raises(TraceError, match="core of a process"):
        opened(DumpBuilder(VCPUS, loads, DATA, states=False).build())


def test_searching(tmp_path):
    """Across the parts that are read at once, holes left out; aligned, and in each piece."""
    path = tmp_path / "memory"
    places = (0x1000, (4 << 20) - 4, 1 << 30)
    with open(path, "wb") as file:
        for at in places:
            file.seek(at)
            file.write(b"ACRNRING")
        file.truncate(8 << 30)
    memory = open_memory(str(path), 0x100000)
    assert list(memory.physical.find(b"ACRNRING", 1)) == [at + 0x100000 for at in places]
    assert list(memory.physical.find(b"ACRNRING", 4096)) == [0x101000, 0x40100000]
    assert memory.vcpus == [] and "no registers" in memory.notes[0]


def test_memory_files_that_are_none(tmp_path):
    path = tmp_path / "dump"
    path.write_bytes(DumpBuilder(VCPUS, LOADS, DATA).build())
    with pytest.raises(TraceError, match="use --core"):
        open_memory(str(path))
    with pytest.raises(TraceError, match="cannot read the memory file"):
        open_memory(str(tmp_path / "none"))
    with pytest.raises(TraceError, match="no guest-physical address"):
        open_memory(str(path), 1 << 60)
