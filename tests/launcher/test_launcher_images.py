# SPDX-License-Identifier: BSD-3-Clause
"""Images that are none: status 2, too."""

from pathlib import Path

import pytest

from helpers.launching import HELLO, HELLO_LINE, check_refused
from helpers.tree import IMAGES


def image_with(folder: Path, data: bytes) -> Path:
    path = folder / "image"
    path.write_bytes(data)
    return path


def patched(offset: int, data: bytes) -> bytes:
    image = bytearray(HELLO.read_bytes())
    image[offset : offset + len(data)] = data
    return bytes(image)


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: b"", ["not an ELF file"]),
        (lambda: b"hello, world\n" * 100, ["not an ELF file"]),
        (lambda: patched(18, b"\xb7\0"), ["is for AArch64, not for x86-64"]),
        (lambda: patched(4, b"\1"), []),
        (lambda: patched(5, b"\2"), []),
        (lambda: (IMAGES / "hypervisor.elf").read_bytes(), ["makes no hypercalls"]),
    ],
    ids=["empty", "text", "aarch64", "32 bits", "big-endian", "no sites"],
)
def test_an_image_that_is_none(make, words, tool, folder):
    image = image_with(folder, make())
    refused = tool("-o", folder / "trace", image, *HELLO_LINE)
    check_refused(refused, 2, str(image), *words)
    assert not (folder / "trace").exists()
    check_refused(tool("sites", image), 2, str(image), *words)


@pytest.mark.parametrize("percent", [0.02, 1, 10, 30, 50, 70, 90, 99, 99.99])
def test_a_truncated_image(percent, tool, folder):
    whole = HELLO.read_bytes()
    image = image_with(folder, whole[: int(len(whole) * percent / 100)])
    check_refused(tool("sites", image), 2, str(image))


def test_an_image_that_is_not_there(tool):
    check_refused(tool("/no/such/image"), 2, "cannot read the image /no/such/image", "No such file")
    check_refused(tool("/tmp"), 2, "cannot read the image /tmp", "directory")
