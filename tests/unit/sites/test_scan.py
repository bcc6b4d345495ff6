# SPDX-License-Identifier: BSD-3-Clause
"""Sites found in code: what is one, what may be one, and what is none."""

import os
import struct

import pytest

from acrn_trace.base.errors import TraceError
from acrn_trace.image.image import open_image
from acrn_trace.sites import decoder
from acrn_trace.sites.instruction_length import instruction_length
from acrn_trace.sites.scan import scanned_sites
from acrn_trace.sites.sitelist import image_sites
from helpers.make import planted
from helpers.make.elf import ALLOC, CODE, FUNCTION, OBJECT, VMCALL, VMMCALL, Elf, Part
from helpers.process import SECONDS

LONG = os.environ.get("ACRN_CHECK_LONG") == "1"
NUMBER = b"\x41\xb8\x10\x00\x00\x80"
RET, NOP = b"\xc3", b"\x90"
CERTAIN, POSSIBLE = True, False


def sites_in(tmp_path, code, symbols=None, parts=(), whole=True, entry=0):
    """Offset and certainty of each site of a function that is all of ``code``.

    Not ``whole``: of code without tables, which the ELF header's ``entry`` is not in unless told.
    """
    path = tmp_path / "image.elf"
    if symbols is None:
        symbols = [("f", CODE, len(code), FUNCTION)] if whole else []
    path.write_bytes(Elf(code, symbols, list(parts), entry=entry).build())
    return {site.address - CODE: site.certain for site in scanned_sites(open_image(str(path)))}


def jump_over(data):
    return b"\xeb" + bytes([len(data)]) + data


def call_over(data):
    return b"\xe8" + struct.pack("<I", len(data)) + data + b"\x58"


@pytest.mark.parametrize(
    "code, sites",
    [
        (VMCALL + RET, {0: CERTAIN}),
        (VMCALL + VMMCALL + RET, {0: CERTAIN, 3: CERTAIN}),
        (b"\xb8\x00" + VMCALL + RET, {}),  # mov $0xc1010f00, %eax
        (b"\x48\x8d\x90" + VMCALL + b"\x00" + RET, {}),  # lea 0xc1010f(%rax), %rdx
        (b"\x0f\x1f\x84\x00" + VMCALL + b"\x00" + RET, {}),  # a nop that long
        (b"\xf3" + VMMCALL + RET, {}),  # VMGEXIT
        (b"\x0f\x01\xee" + VMCALL + RET, {3: CERTAIN}),  # rdpkru: unknown to Capstone 4
        (bytes.fromhex("62f1650872c310") + VMCALL + RET, {7: CERTAIN}),  # AVX-512
        (bytes.fromhex("c4e27849c0") + VMCALL + RET, {5: CERTAIN}),  # AMX
        (
            bytes.fromhex("0fb94005") + b"\x85\xc0" + VMCALL + RET,
            {6: CERTAIN},
        ),  # ud1 of a sanitizer
        (bytes.fromhex("62f564085881") + VMCALL + b"\x00" + RET, {6: POSSIBLE}),  # in FP16's
        (b"\x0f\x0b" + VMCALL + RET, {2: CERTAIN}),  # UD2: Linux's WARN goes on behind it
        (jump_over(b"\x12" + VMCALL + b"\x34" * 5) + VMCALL + RET, {3: POSSIBLE, 11: CERTAIN}),
        (call_over(b"\x12\x34" + VMCALL) + RET, {7: POSSIBLE}),
        (b"\x74\x01" + RET + VMCALL + RET, {3: CERTAIN}),  # je over a return
        (b"\xeb\x03" + VMCALL + b"\x75\xfb" + RET, {2: CERTAIN}),  # a loop entered at its end
    ],
    ids=str,
)
def test_in_a_function(tmp_path, code, sites):
    assert sites_in(tmp_path, code) == sites


def test_data_in_code_that_a_symbol_names(tmp_path):
    symbols = [("f", CODE, 1, FUNCTION), ("table", CODE + 1, 8, OBJECT)]
    assert sites_in(tmp_path, RET + VMCALL + bytes(5), symbols) == {}


def test_symbols_without_sizes_end_where_the_next_begins(tmp_path):
    symbols = [("f", CODE, 0, FUNCTION), ("g", CODE + 2, 0, FUNCTION)]
    assert sites_in(tmp_path, b"\xb8" + RET + VMCALL + RET, symbols) == {2: CERTAIN}


def test_a_case_that_only_a_jump_table_leads_to(tmp_path):
    jump = b"\xff\x24\xc5" + struct.pack("<i", (CODE + 0x1000) - (1 << 64))
    code = jump + b"\x06\x06" + VMCALL + RET
    table = struct.pack("<3Q", CODE + 9, CODE + 12, 0)
    assert sites_in(tmp_path, code) == {9: POSSIBLE}
    padding = NOP * (0x1000 - len(code))  # the table lies in the image's one segment
    assert sites_in(tmp_path, code + padding + table)[9] is CERTAIN


def test_without_tables_only_what_calls_lead_to_is_certain(tmp_path):
    aligned = NOP * 9 + RET
    call = b"\xe8" + struct.pack("<i", 11)
    code = call + RET + aligned + NUMBER + VMCALL + RET
    assert sites_in(tmp_path, code, whole=False) == {22: CERTAIN}
    code = NOP * 5 + RET + aligned + NUMBER + VMCALL + RET
    assert sites_in(tmp_path, code, whole=False) == {22: POSSIBLE}


def test_without_tables_pointers_lead_to_functions(tmp_path):
    code = NOP * 5 + RET + NOP * 9 + RET + NUMBER + VMCALL + RET
    pointers = Part(".data", struct.pack("<Q", CODE + 16), CODE + 0x1000, ALLOC)
    assert sites_in(tmp_path, code, parts=[pointers], whole=False) == {22: CERTAIN}


def test_without_tables_vmgexit_is_no_site(tmp_path):
    assert sites_in(tmp_path, NOP * 100 + b"\xf3" + VMMCALL + RET, whole=False) == {}


def test_without_tables_a_call_that_the_code_contradicts_proves_nothing(tmp_path):
    """It goes into the middle of a mov, which all of the code before begins at its beginning."""
    call = b"\xe8" + struct.pack("<i", 111 - 5)
    code = call + NOP * 104 + b"\xb8\x00" + VMCALL + RET
    assert code.index(VMCALL) == 111
    assert sites_in(tmp_path, code, whole=False) == {111: POSSIBLE}


def eh_frame(address, start, size, rows=b""):
    common = struct.pack("<II", 16, 0) + b"\x01zR\0\x01\x78\x10\x01\x1b\x0c\x07\x08"
    place = address + len(common) + 8
    body = struct.pack("<iI", start - place, size) + b"\0" + rows
    body += bytes(-len(body) % 4)
    return common + struct.pack("<II", 4 + len(body), len(common) + 4) + body


def test_bounds_from_eh_frame(tmp_path):
    code = b"\xb8" + NOP * 15 + VMCALL + RET
    table = CODE + 0x1000
    part = Part(".eh_frame", eh_frame(table, CODE + 16, 4), table, ALLOC)
    assert sites_in(tmp_path, code, parts=[part], whole=False) == {16: CERTAIN}


def test_a_row_of_eh_frame_begins_an_instruction(tmp_path):
    code = RET + b"\x34" + VMCALL + RET
    table = CODE + 0x1000
    for rows, verdict in ((b"", POSSIBLE), (b"\x42\x0e\x10", CERTAIN)):  # advance by 2
        part = Part(".eh_frame", eh_frame(table, CODE, len(code), rows), table, ALLOC)
        assert sites_in(tmp_path, code, parts=[part], whole=False).get(2) is verdict


@pytest.mark.parametrize("flags, verdict", [(5, CERTAIN), (0, POSSIBLE)], ids=["sp", "undefined"])
def test_bounds_from_orc(tmp_path, flags, verdict):
    code = b"\xb8" + NOP * 15 + VMCALL + RET
    ips, orc = CODE + 0x1000, CODE + 0x2000
    parts = [
        Part(".orc_unwind_ip", struct.pack("<i", CODE + 16 - ips), ips),
        Part(".orc_unwind", struct.pack("<hhH", 8, 0, flags), orc),
    ]
    assert sites_in(tmp_path, code, parts=parts, whole=False) == {16: verdict}


@pytest.mark.parametrize("features, padding", [(2, 0), (2, 1), (4, 0)], ids=["4.0", "4.1", "6.3"])
def test_pieces_that_linux_copies_over_others(tmp_path, features, padding):
    code = RET * 16
    pieces, table = CODE + 0x1000, CODE + 0x2000
    entry = struct.pack("<ii", 0, pieces - table - 4) + bytes(features) + bytes([3, 3])
    entry += bytes(padding)
    parts = [
        Part(".altinstr_replacement", VMCALL + VMMCALL, pieces, 6),
        Part(".altinstructions", entry, table),
    ]
    found = sites_in(tmp_path, code, parts=parts, whole=False)
    assert found == {0x1003: POSSIBLE}


@pytest.mark.parametrize(
    "load, number",
    [
        (NUMBER, 0x80000010),
        (b"\x49\xc7\xc0\x10\x00\x00\x80", 0xFFFFFFFF80000010),
        (b"\x49\xb8" + struct.pack("<Q", 0x80000010), 0x80000010),
        (b"\x49\x89\xc0", None),
    ],
)
def test_the_number_right_before(tmp_path, load, number):
    path = tmp_path / "image.elf"
    code = load + VMCALL + RET
    path.write_bytes(Elf(code, [("f", CODE, len(code), FUNCTION)]).build())
    (site,) = image_sites(open_image(str(path)))
    assert (site.number, site.instruction, site.function) == (number, "vmcall", "f")


@pytest.mark.parametrize(
    "code, length",
    [
        ("0f01ee90", 3),
        ("660faef1", 4),
        ("62f1650872c31090", 7),
        ("62726d0840441008", 8),
        ("c5f877", 3),
        ("c4e27849c0", 5),
        ("c4e3790f04250000000007", 11),
        ("0f3acc842411223344aa", 10),
        ("67660fb9400a", 6),
        ("f20f38f8842411223344", 10),
        ("06", 0),
        ("0f", 0),
        ("62f1", 0),
        ("", 0),
    ],
)
def test_the_length_of_what_capstone_does_not_know(code, length):
    assert instruction_length(bytes.fromhex(code)) == length


@pytest.mark.timeout(SECONDS)
def test_code_of_nothing_but_traps_takes_no_longer(tmp_path):
    """Capstone takes UD1 for shorter than it is, and each one is decoded anew."""
    code = b"\x0f\xb9\x40\x05" * 50_000 + VMCALL + RET
    assert sites_in(tmp_path, code) == {200_000: CERTAIN}


def test_without_the_fast_way_into_capstone_the_same_is_found(tmp_path, monkeypatch):
    image = planted.build(tmp_path, 5, 30, 12)
    fast = scanned_sites(open_image(str(image.path)))
    monkeypatch.setattr(decoder.FastOutline, "__init__", lambda self, *_: None)
    monkeypatch.setattr(decoder.FastOutline, "works", False, raising=False)
    assert scanned_sites(open_image(str(image.path))) == fast


def test_without_capstone_records_are_enough(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "capstone", None)
    path = tmp_path / "image.elf"
    path.write_bytes(Elf(VMCALL + RET).build())
    with pytest.raises(TraceError, match="apt-get install python3-capstone"):
        image_sites(open_image(str(path)))
    record = Part(".acrn_sites", struct.pack("<iiIIQ", -0x100, 0, 0, 0, 0), CODE + 0x100)
    path.write_bytes(Elf(VMCALL + RET, [], [record]).build())
    (site,) = image_sites(open_image(str(path)))
    assert site.source == "record"


# Images of gcc's. Each seed is other code.

FLAGS = [("-O0",), ("-O2",), ("-Os",), ("-O3",), ("-O2", "-fcf-protection=full")]
CASES = [(seed, flags) for seed in (range(20) if LONG else (1,)) for flags in FLAGS]


@pytest.mark.parametrize("seed, flags", CASES, ids=str)
def test_planted_sites_and_decoys(tmp_path, seed, flags):
    image = planted.build(tmp_path, seed, 60, 40, 1, flags=flags, others=1)
    assert len(image.sites) >= 60 and len(image.decoys) >= 40
    for removed in ((), ("symbols",), ("unwind",), ("symbols", "unwind")):
        stripped = planted.without(image, *removed) if removed else image
        sites = scanned_sites(open_image(str(stripped.path)))
        certain = {site.address for site in sites if site.certain}
        assert certain <= image.sites, removed
        assert image.sites <= {site.address for site in sites}, removed
        if len(removed) < 2:
            assert certain == image.sites, removed
        else:
            assert len(certain) > len(image.sites) / 3


def test_a_loop_behind_data_that_is_called_over(tmp_path):
    """Only a second sweep is in step there, and only its end says where the loop begins."""
    image = planted.build(tmp_path, 1, 300, 60, flags=("-O0",))
    sites = scanned_sites(open_image(str(image.path)))
    assert {site.address for site in sites if site.certain} == image.sites
