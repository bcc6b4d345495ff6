# SPDX-License-Identifier: BSD-3-Clause
"""Debian's kernel as an ELF file, out of its package; and what objdump finds in an image."""

import bz2
import gzip
import lzma
import re
import subprocess
from pathlib import Path
from typing import Callable, Iterator

PACKAGE = "linux-image-amd64"

_PAYLOADS: dict[bytes, Callable[[bytes], bytes]] = {
    b"\xfd7zXZ\0": lambda data: lzma.LZMADecompressor().decompress(data),
    b"\x1f\x8b\x08": lambda data: _first_member(gzip.zlib.decompressobj(31), data),
    b"BZh": lambda data: _first_member(bz2.BZ2Decompressor(), data),
    b"\x5d\0\0\0": lambda data: lzma.LZMADecompressor(lzma.FORMAT_ALONE).decompress(data),
    b"\x28\xb5\x2f\xfd": lambda data: _piped(["zstd", "-dc"], data),
    b"\x02\x21\x4c\x18": lambda data: _piped(["lz4", "-dc"], data),
}


def debian_kernel(folder: Path) -> Path:
    """Download and unpack the package; its kernel as an ELF file in ``folder``."""
    depends = _run(["apt-cache", "depends", PACKAGE], folder)
    name = re.search(r"Depends: (linux-image-\S+)", depends)[1]
    _run(["apt-get", "download", name], folder)
    package = next(folder.glob(f"{name}_*.deb"))
    _run(["dpkg-deb", "-x", package, "package"], folder)
    vmlinuz = next((folder / "package" / "boot").glob("vmlinuz-*"))
    image = folder / "vmlinux"
    image.write_bytes(unpacked(vmlinuz.read_bytes()))
    return image


def unpacked(vmlinuz: bytes) -> bytes:
    """The ELF file in a compressed kernel, behind one of the places that look like its start."""
    for magic, decompress in _PAYLOADS.items():
        for match in re.finditer(re.escape(magic), vmlinuz):
            try:
                image = decompress(vmlinuz[match.start() :])
            except (OSError, EOFError, lzma.LZMAError, gzip.zlib.error, subprocess.SubprocessError):
                continue
            if image.startswith(b"\x7fELF"):
                return image
    raise ValueError("no ELF file is in this kernel")


def _first_member(decompressor, data: bytes) -> bytes:
    return decompressor.decompress(data)


def _piped(command: list[str], data: bytes) -> bytes:
    """What follows the payload is an error to these tools, after they did their work."""
    return subprocess.run(command, input=data, capture_output=True, timeout=300).stdout


def objdump_sites(image: Path) -> list[tuple[int, str]]:
    """Address and mnemonic of each VMCALL and VMMCALL, as objdump disassembles the image."""
    return [(address, mnemonic) for _, address, mnemonic in _objdump_sites(image)]


def objdump_places(module: Path) -> list[str]:
    """Section and offset of each, but for what Linux copies over other code, of an object file."""
    found = _objdump_sites(module)
    return [f"{name}+{offset:#x}" for name, offset, _ in found if name != ".altinstr_replacement"]


def _objdump_sites(image: Path) -> Iterator[tuple[str, int, str]]:
    listing = _run(["objdump", "-d", "--no-show-raw-insn", image], image.parent)
    for section in re.split(r"^Disassembly of section ", listing, flags=re.MULTILINE)[1:]:
        found = re.findall(r"^\s*([0-9a-f]+):\s+(vmm?call)\s*$", section, re.MULTILINE)
        name = section.partition(":\n")[0]
        yield from ((name, int(address, 16), mnemonic) for address, mnemonic in found)


def _run(command: list, folder: Path) -> str:
    done = subprocess.run(
        [str(word) for word in command], cwd=folder, capture_output=True, text=True, timeout=600
    )
    if done.returncode:
        raise OSError(f"{command[0]} failed: {done.stderr[-500:]}")
    return done.stdout
