# SPDX-License-Identifier: BSD-3-Clause
"""Modules as they are on a disk: compressed, and a folder of them; damaged ones among them."""

import gzip
import json
import lzma
import subprocess
import sys

import pytest
import zstandard

from acrn_trace.base import decompressed
from acrn_trace.base.errors import TraceError
from acrn_trace.cli.launcher import main
from acrn_trace.image.image import open_image_or_object
from helpers.process import SECONDS
from helpers.tree import ROOT

PACKED = {
    ".ko": bytes,
    ".ko.gz": gzip.compress,
    ".ko.xz": lambda data: lzma.compress(data, check=lzma.CHECK_CRC32),
    ".ko.zst": lambda data: zstandard.ZstdCompressor().compress(data),
}
CALLS = """
#include "acrn_calls.h"
long calls(void) { return acrn_hypercall1(ACRN_NR_start_vm, 1); }
"""


def compiled(folder, source):
    (folder / "m.c").write_text(source)
    words = ["gcc", "-O2", "-c", f"-I{ROOT}/cstub/include", folder / "m.c", "-o", folder / "m.o"]
    subprocess.run(words, check=True, timeout=SECONDS)
    return (folder / "m.o").read_bytes()


@pytest.fixture(scope="module")
def module(tmp_path_factory):
    return compiled(tmp_path_factory.mktemp("calls"), CALLS)


@pytest.fixture(scope="module")
def folder(module, tmp_path_factory):
    """Modules of each kind, one that makes no calls, and what is no module."""
    folder = tmp_path_factory.mktemp("modules")
    (folder / "drivers").mkdir()
    for suffix, pack in PACKED.items():
        (folder / "drivers" / f"calls{suffix}").write_bytes(pack(module))
    (folder / "quiet.ko").write_bytes(compiled(tmp_path_factory.mktemp("quiet"), "int f;"))
    (folder / "modules.dep").write_text("drivers/calls.ko:\n")
    return folder


@pytest.mark.parametrize("suffix", PACKED)
def test_a_compressed_module_is_what_it_was(suffix, folder, capsys):
    assert main(["sites", str(folder / "drivers" / f"calls{suffix}")]) == 0
    assert ".text+0x" in capsys.readouterr().out
    assert main(["lint", str(folder / "drivers" / f"calls{suffix}")]) == 0


def test_a_folder_is_each_module_that_makes_calls(folder, capsys):
    assert main(["sites", str(folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.endswith(":")] == [
        f"{folder}/drivers/calls{suffix}:" for suffix in sorted(PACKED)
    ]
    assert sum("start_vm" in line for line in lines) == 4
    assert lines[-1] == "4 of 5 modules make hypercalls"
    assert main(["lint", "--json", str(folder)]) == 0
    objects, text = [], capsys.readouterr().out
    while text.strip():
        found, end = json.JSONDecoder().raw_decode(text)
        objects.append(found["image"])
        text = text[end:].lstrip()
    assert objects == [f"{folder}/drivers/calls{suffix}" for suffix in sorted(PACKED)]


def test_what_cannot_be_read_is_told_and_the_others_are_listed(folder, module, tmp_path, capsys):
    (tmp_path / "a.ko.xz").write_bytes(lzma.compress(module)[:-40])
    (tmp_path / "b.ko").write_bytes(module)
    assert main(["sites", str(tmp_path)]) == 2
    told = capsys.readouterr()
    assert "start_vm" in told.out and "1 of 2 modules make hypercalls" in told.out
    assert told.err.splitlines() == [
        f"acrn-trace: {tmp_path}/a.ko.xz is damaged as a compressed file (it ends too early); "
        "fetch it anew",
        f"acrn-trace: 1 of 2 modules below {tmp_path} could not be read",
    ]


def test_a_folder_without_modules_is_a_sentence(tmp_path, capsys):
    assert main(["lint", str(tmp_path)]) == 2
    assert "has no modules (.ko, or compressed) below it; give an image" in capsys.readouterr().err


@pytest.mark.parametrize("suffix", [suffix for suffix in PACKED if suffix != ".ko"])
def test_what_is_damaged_or_has_no_end_is_a_sentence(suffix, module, tmp_path, monkeypatch):
    whole, path = PACKED[suffix](module), tmp_path / f"m{suffix}"
    for size in range(7, len(whole), 50):
        path.write_bytes(whole[:size])
        with pytest.raises(TraceError, match="damaged|not an ELF file") as error:
            open_image_or_object(str(path))
        assert "\n" not in str(error.value)
    path.write_bytes(PACKED[suffix](bytes(1 << 20)))
    monkeypatch.setattr(decompressed, "MAX_SIZE", 1 << 19)
    with pytest.raises(TraceError, match="more than 0 MiB once it is decompressed"):
        open_image_or_object(str(path))


def test_zstd_wants_a_package(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "zstandard", None)
    with pytest.raises(TraceError, match="apt-get install python3-zstandard") as error:
        open_image_or_object(str(folder / "drivers" / "calls.ko.zst"))
    assert "compressed by zstd, which needs Python's zstandard" in str(error.value)
