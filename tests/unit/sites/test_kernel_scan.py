# SPDX-License-Identifier: BSD-3-Clause
"""Debian's kernel against objdump. It is downloaded, so this is for check-long alone."""

import re
import subprocess

import pytest

from acrn_trace.image.image import open_image
from acrn_trace.sites.decoder import Decoder
from acrn_trace.sites.scan import scanned_sites
from helpers.make.kernel import debian_kernel, objdump_sites

pytestmark = pytest.mark.long
CHUNK = 1 << 20


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    return debian_kernel(tmp_path_factory.mktemp("kernel"))


def test_the_sites_are_objdumps(kernel):
    sites = scanned_sites(open_image(str(kernel)))
    assert [(site.address, site.instruction) for site in sites] == objdump_sites(kernel)
    assert all(site.certain for site in sites) and len(sites) > 10


def test_every_instruction_begins_where_objdump_says(kernel):
    """Where the decoder loses its way it could miss a site. Capstone 4 alone does, 17 times."""
    text = next(part for part in open_image(str(kernel)).code() if part.name == ".text")
    listing = subprocess.run(
        ["objdump", "-d", "-j", ".text", "--no-show-raw-insn", kernel],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    theirs = {
        int(address, 16)
        for address, what in re.findall(r"^\s*([0-9a-f]+):\t(.*)$", listing, re.MULTILINE)
        if "(bad)" not in what
    }
    assert theirs - boundaries(text.data, text.address) == set()


def boundaries(data, base):
    decoder, found, at = Decoder(), set(), 0
    while at < len(data):
        instructions = decoder.decode(data[at : at + CHUNK], base + at)
        if at + CHUNK < len(data):
            instructions = instructions[:-8]  # the last may be cut
        found.update(instruction[0] for instruction in instructions)
        at = sum(instructions[-1][:2]) - base
    return found
