# SPDX-License-Identifier: BSD-3-Clause
"""Runs ``acrn-trace sites``: where an image makes hypercalls."""

from typing import Iterable

from acrn_trace.base.console import show
from acrn_trace.cli.images import lines_of_images
from acrn_trace.cli.stripped import tell_of_symbols
from acrn_trace.image.image import Image
from acrn_trace.lint.linter import with_abis
from acrn_trace.options.declare import add_knowledge_options
from acrn_trace.options.knowledge import make_knowledge
from acrn_trace.options.parser import OptionParser
from acrn_trace.sites.code_around import CodeAround
from acrn_trace.sites.listing import site_lines
from acrn_trace.sites.sitelist import image_sites


def run(arguments: list[str]) -> int:
    """Print the sites of an image, or of modules."""
    parser = OptionParser(
        prog="acrn-trace sites", description="list where an image makes hypercalls"
    )
    add_knowledge_options(parser)
    parser.add_argument(
        "image", metavar="IMAGE", help="the guest's ELF image, a module or a folder of modules"
    )
    parser.add_argument(
        "-l", "--listing", action="store_true", help="with the disassembly around each"
    )
    options = parser.parse_args(arguments)
    known = make_knowledge(options)

    def lines_of(image: Image) -> Iterable[str]:
        tell_of_symbols(image)
        code = CodeAround(image) if options.listing else None
        return site_lines(with_abis(image, known, image_sites(image)), known.table, code)

    show(lines_of_images(options.image, lines_of))
    return 0
