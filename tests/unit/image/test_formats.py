# SPDX-License-Identifier: BSD-3-Clause
"""What people give for an image and is none: its name, and where the image is to be had."""

import bz2
import gzip
import lzma
import os
import subprocess

import pytest

from acrn_trace.base.errors import TraceError
from acrn_trace.image.image import open_image
from helpers.make.elf import CODE, EXECUTABLE, FUNCTION, NOBITS, VMCALL, Elf, Part
from helpers.process import SECONDS
from helpers.tracing import acrn_trace
from helpers.tree import IMAGES

BOOT_SECTOR = b"MZ\xea\7\0".ljust(510, b"\0") + b"\x55\xaa\xeb\x6a"
OTHERS = {
    "bzImage": (BOOT_SECTOR + b"HdrS\x0f\2", "a bzImage, .* vmlinux .*extract-vmlinux"),
    "bzImage without EFI": (bytes(514) + b"HdrS\x0f\2", "a bzImage"),
    "EFI": (b"MZ".ljust(600, b"\0"), "an EFI program .PE.; give the ELF file that it was made"),
    "EFI, short": (b"MZ", "an EFI program"),
    "gzip": (gzip.compress(b"\x7fELF"), "compressed by gzip; decompress it first"),
    "xz": (lzma.compress(b"\x7fELF"), "compressed by xz; decompress it first"),
    "bzip2": (bz2.compress(b"\x7fELF"), "compressed by bzip2; decompress it first"),
    "zstd": (b"\x28\xb5\x2f\xfd\x24\5", "compressed by zstd; decompress it first"),
    "archive": (b"!<arch>\n", "an archive of object files; give the linked image"),
    "initramfs": (b"070701" + b"0" * 104, "a cpio archive .*vmlinux"),
    "uImage": (b"\x27\x05\x19\x56", "an image for U-Boot .uImage."),
    "script": (b"#!/bin/sh\n", "a script"),
    "text": (b"hello, HdrS\n" * 90, "not an ELF file; give the guest's ELF image"),
    "one letter off": (b"ZM\x1f\x8b\x08", "not an ELF file; give the guest's ELF image"),
}


@pytest.mark.parametrize("data, told", OTHERS.values(), ids=OTHERS)
def test_what_is_no_elf_file(data, told, tmp_path):
    path = tmp_path / "image"
    path.write_bytes(data)
    with pytest.raises(TraceError, match=f"^the image {path} is {told}") as error:
        open_image(str(path))
    assert "\n" not in str(error.value)


def test_a_pipe_and_a_device_are_refused_at_once(tmp_path):
    pipe = str(tmp_path / "pipe")
    os.mkfifo(pipe)
    with pytest.raises(TraceError, match=f"cannot read the image {pipe}: it is a pipe; copy"):
        open_image(pipe)
    with pytest.raises(TraceError, match="image /dev/zero: it is a device; copy"):
        open_image("/dev/zero")
    (tmp_path / "link").symlink_to(pipe)
    with pytest.raises(TraceError, match="it is a pipe"):
        open_image(str(tmp_path / "link"))


@pytest.mark.parametrize("strip, link", [(True, True), (True, False), (False, True)])
def test_where_the_symbols_of_a_stripped_image_are_is_told(strip, link, tmp_path):
    image, debug = tmp_path / "image.elf", tmp_path / "image.debug"
    hello = IMAGES / "hello.elf"
    subprocess.run(["objcopy", "--only-keep-debug", hello, debug], check=True, timeout=SECONDS)
    options = ["--strip-all"] * strip + [f"--add-gnu-debuglink={debug}"] * link
    subprocess.run(["objcopy", *options, hello, image], check=True, timeout=SECONDS)
    for command in ("sites", "lint"):
        done = acrn_trace(command, image)
        told = f"acrn-trace: {image} is stripped, and its functions' names are in image.debug; for"
        assert done.err.startswith(told) == (strip and link) == bool(done.err), done


def elf(*parts: Part, kind: int = 1) -> bytes:
    """An image with a call, whose code section is of ``kind``."""
    data = bytearray(Elf(VMCALL + b"\xc3", [("f", CODE, 4, FUNCTION)], list(parts)).build())
    sections = int.from_bytes(data[40:48], "little")
    data[sections + 64 + 4 : sections + 64 + 8] = kind.to_bytes(4, "little")
    return bytes(data)


@pytest.fixture
def image(tmp_path):
    def of(data):
        (tmp_path / "image").write_bytes(data)
        return str(tmp_path / "image")

    return of


def test_a_file_of_debug_information_alone_has_no_code(image):
    """eu-strip -f leaves the program headers as they were: other bytes stand where code did."""
    with pytest.raises(TraceError, match="debug information only, no code; give the file that it"):
        open_image(image(elf(kind=NOBITS)))


def test_code_beside_an_executable_section_without_bytes_is_an_image(image):
    beside = Part(".bss", b"", CODE + 0x8000, flags=EXECUTABLE, type=NOBITS)
    assert [code.name for code in open_image(image(elf(beside))).code()] == [".text"]


def test_what_objcopy_splits_off(tmp_path):
    hello, debug = str(IMAGES / "hello.elf"), str(tmp_path / "debug")
    done = subprocess.run(["objcopy", "--only-keep-debug", hello, debug], timeout=SECONDS)
    assert done.returncode == 0
    with pytest.raises(TraceError, match=f"{debug} has debug information only"):
        open_image(debug)
