# SPDX-License-Identifier: BSD-3-Clause
"""Dumps of other makers are refused by name at both doors; memory that looks like one is not."""

import bz2
import gzip
import lzma
import struct

import pytest

from acrn_trace.at_rest.corefile import open_core
from acrn_trace.at_rest.memoryfile import open_memory
from acrn_trace.base.errors import TraceError
from helpers.make.dump import LONG_MODE, DumpBuilder, Load, note

XML = b"<domain type='kvm'><name>g</name></domain>\0"
LIBVIRT = struct.pack("<IIIII", 2, len(XML), 1, 0, 0) + bytes(60) + XML
ANEW = "dump anew with 'dump-guest-memory FILE'"
OTHERS = {
    "libvirt": (b"LibvirtQemudSave" + LIBVIRT, "libvirt's .virsh save.; .*--memory-only"),
    "libvirt, cut off": (b"LibvirtQemudPart" + LIBVIRT, "libvirt's"),
    "savevm": (b"QEVM\0\0\0\3", f"of QEMU's .savevm, migrate.; .*{ANEW}"),
    "lime": (struct.pack("<IIQQ8x", 0x4C694D45, 1, 0x1000, 0x1FFF), "LiME's, .* --base"),
    "avml": (struct.pack("<IIQQ8x", 0x4C4D5641, 2, 0x1000, 0x1FFF), "AVML's, .* --base"),
    "kdump": (b"KDUMP   \6\0\0\0", f"kdump-compressed; {ANEW}"),
    "diskdump": (b"DISKDUMP", f"kdump-compressed; {ANEW}"),
    "flattened": (b"makedumpfile\0\0\0\0", f"kdump-compressed .flattened.; {ANEW}"),
    "windows": (b"PAGEDU64", f"Windows' debuggers; {ANEW}"),
    "windows, 32 bits": (b"PAGEDUMP", "Windows' debuggers"),
    "vmware": (struct.pack("<III", 0xBED2BED2, 8, 2), f"VMware's; .*{ANEW}"),
    "vmware, older": (struct.pack("<III", 0xBED2BED0, 8, 2), "VMware's"),
    "qcow2": (b"QFI\xfb\0\0\0\3", "qcow2"),
    "gzip": (gzip.compress(b"x" * 99), "compressed by gzip; decompress it first"),
    "bzip2": (bz2.compress(b"x" * 99), "compressed by bzip2; decompress it first"),
    "bzip2 of nothing": (bz2.compress(b"", 1), "compressed by bzip2"),
    "xz": (lzma.compress(b"x" * 99), "compressed by xz; decompress it first"),
    "zstd": (b"\x28\xb5\x2f\xfd\x20\1\1\0\0x", "compressed by zstd; decompress it first"),
    "lzop": (b"\x89LZO\0\r\n\x1a\n", "compressed by lzop; decompress it first"),
    "lz4": (b"\x04\x22\x4d\x18\x64", "compressed by lz4; decompress it first"),
}
OPEN = {"dump": open_core, "memory file": open_memory}


@pytest.mark.parametrize("door", OPEN)
@pytest.mark.parametrize("data, told", OTHERS.values(), ids=OTHERS)
def test_refused_by_name_at_both_doors(data, told, door, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(data + bytes(4096 - len(data)))
    with pytest.raises(TraceError, match=f"^the {door} {path} is .*{told}") as error:
        OPEN[door](str(path))
    assert error.value.status == 2 and "\n" not in str(error.value)


@pytest.mark.parametrize(
    "start",
    [b"LibvirtQemudSav?", b"QFI\xfa", b"\x1f\x8b\x09", b"BZh0", b"DISKDUM", b"\0QEVM", b"KDUMP:"],
)
def test_memory_that_begins_nearly_so_is_memory(start, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(start + bytes(4096 - len(start)))
    assert open_memory(str(path), 0x1000).physical.read(0x1000, len(start)) == start
    with pytest.raises(TraceError, match="no ELF file; .* use --memory"):
        open_core(str(path))


def xen_core(name: bytes, kind: int = 7) -> bytes:
    """An ELF dump without program headers, with one section of notes."""
    data = struct.pack("<III", 4, 8, 0x2000003) + name + bytes(8)
    ident = b"\x7fELF\2\1\1".ljust(16, b"\0")
    header = struct.pack("<HHIQQQIHHHHHH", 4, 62, 1, 0, 0, 64, 0, 64, 56, 0, 64, 2, 0)
    section = struct.pack("<IIQQQQIIQQ", 0, kind, 0, 0, 64 + 128, len(data), 0, 0, 1, 0)
    return ident + header + bytes(64) + section + data


@pytest.fixture
def dump(tmp_path):
    def of(data):
        (tmp_path / "dump").write_bytes(data)
        return str(tmp_path / "dump")

    return of


def qemus(more: bytes) -> bytes:
    return DumpBuilder([LONG_MODE], [Load(0, 4096, 0)], bytes(4096), more_notes=[more]).build()


def test_elf_dumps_are_told_apart_by_their_notes(dump):
    for data, maker in (
        (xen_core(b"Xen\0"), "Xen's"),
        (qemus(note(b"VBCORE", 0xB00, bytes(40))), "VirtualBox's"),
    ):
        with pytest.raises(TraceError, match=f"is a dump of {maker}; .*{ANEW}"):
            open_core(dump(data))


def test_an_elf_dump_with_other_notes_is_read(dump):
    assert open_core(dump(xen_core(b"GNU\0"))).notes[-1] == "The dump has no memory."
    assert open_core(dump(xen_core(b"Xen\0", 1))).notes[-1] == "The dump has no memory."
    # a Linux under Xen has notes of that name in its own /proc/vmcore
    assert open_core(dump(qemus(note(b"Xen", 0x1000001, bytes(8))))).vcpus
    cut = xen_core(b"Xen\0")[:180]
    assert open_core(dump(cut)).notes[-1] == "The dump has no memory."
