# SPDX-License-Identifier: BSD-3-Clause
"""The commands that look at an image or at the tables alone: sites, lint, calls."""

import gc

from acrn_trace.base.console import show
from acrn_trace.base.errors import TraceError
from acrn_trace.cli.parallel import in_two
from acrn_trace.image.image import open_image
from acrn_trace.options import OptionParser, add_knowledge_options, make_knowledge
from acrn_trace.sites.code_around import CodeAround
from acrn_trace.sites.listing import call_lines, regular_expression, site_lines
from acrn_trace.sites.sitelist import image_sites


def list_sites(arguments: list[str]) -> int:
    """Print the sites of an image."""
    from acrn_trace.lint.foreign import foreign_sites

    parser = OptionParser(
        prog="acrn-trace sites", description="list where an image makes hypercalls"
    )
    add_knowledge_options(parser)
    parser.add_argument("image", metavar="IMAGE")
    parser.add_argument(
        "-l", "--listing", action="store_true", help="with the disassembly around each"
    )
    options = parser.parse_args(arguments)
    image = open_image(options.image)
    code = CodeAround(image) if options.listing else None
    sites, known = image_sites(image), make_knowledge(options)
    foreign = foreign_sites(image, known, sites)
    show(site_lines(sites, known.table, code, foreign))
    return 0


def lint(arguments: list[str]) -> int:
    """Judge the sites of an image; status 1 if anything is found."""
    # Capstone takes longer to load than most commands to run.
    from acrn_trace.lint.command import Report, add_lint_options, explanation, wanted_kinds

    parser = OptionParser(prog="acrn-trace lint", description="find hypercalls that will break")
    add_lint_options(parser)
    add_knowledge_options(parser)
    parser.add_argument("image", metavar="IMAGE", nargs="?", help="the guest's ELF image")
    options = parser.parse_args(arguments)
    if options.explain:
        show(explanation(options.explain))
        return 0
    if options.image is None:
        raise TraceError("acrn-trace lint takes an image; 'acrn-trace lint IMAGE'")
    wanted_kinds(options)
    gc.disable()  # a fifth of the time, and nothing here is a cycle of any size
    image = open_image(options.image)
    sites = image_sites(image)
    report = Report(image, sites, make_knowledge(options), options, spread=in_two)
    show(report.lines())
    return int(report.findings > 0)


def list_calls(arguments: list[str]) -> int:
    """Print the call table: all calls, or those whose name matches."""
    parser = OptionParser(
        prog="acrn-trace calls",
        description="List the calls that are known, with their arguments.",
    )
    parser.add_argument("regexp", metavar="REGEXP", nargs="?", default="", help="part of a name")
    add_knowledge_options(parser)
    options = parser.parse_args(arguments)
    knowledge = make_knowledge(options)
    wanted = regular_expression(options.regexp)
    show(call_lines(knowledge.table, wanted, knowledge.results.elsewhere))
    return 0
