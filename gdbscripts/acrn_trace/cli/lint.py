# SPDX-License-Identifier: BSD-3-Clause
"""Runs ``acrn-trace lint``: which hypercalls of an image will break."""

import gc
from typing import Iterator

from acrn_trace.base.console import show
from acrn_trace.base.errors import TraceError
from acrn_trace.cli.images import lines_of_images
from acrn_trace.cli.parallel import in_two
from acrn_trace.diagnosis.source_lines import line_of
from acrn_trace.cli.stripped import tell_of_symbols
from acrn_trace.image.image import Image
from acrn_trace.lint.catalog import explain, wanted_kinds
from acrn_trace.lint.report import Report
from acrn_trace.options.declare import add_knowledge_options, add_lint_options
from acrn_trace.options.knowledge import make_knowledge
from acrn_trace.options.parser import OptionParser
from acrn_trace.sites.sitelist import image_sites


def run(arguments: list[str]) -> int:
    """Judge the sites of an image; status 1 if anything is found."""
    parser = OptionParser(prog="acrn-trace lint", description="find hypercalls that will break")
    add_lint_options(parser)
    add_knowledge_options(parser)
    parser.add_argument(
        "image",
        metavar="IMAGE",
        nargs="?",
        help="the guest's ELF image, a module or a folder of modules",
    )
    options = parser.parse_args(arguments)
    if options.explain:
        show(explain(options.explain).splitlines())
        return 0
    if options.image is None:
        raise TraceError("acrn-trace lint takes an image; 'acrn-trace lint IMAGE'")
    wanted_kinds(options.only, options.disable)
    gc.disable()  # a fifth of the time, and nothing here is a cycle of any size
    known, findings = make_knowledge(options), 0

    def lines_of(image: Image) -> Iterator[str]:
        nonlocal findings
        tell_of_symbols(image)
        sites, lines = image_sites(image), line_of(image.contents, 0)
        report = Report(image, sites, known, options, spread=in_two, line_of=lines)
        yield from report.lines()
        findings += report.findings

    show(lines_of_images(options.image, lines_of, headings=not options.json))
    return int(findings > 0)
