# SPDX-License-Identifier: BSD-3-Clause
"""``hypercall diagnose``, and the launcher's ``--core`` and ``--memory``: options and output."""

import argparse
import json
from typing import Iterator

from acrn_trace.at_rest.postmortem import examine
from acrn_trace.base.errors import TraceError
from acrn_trace.diagnosis import Case, diagnose
from acrn_trace.diagnosis.report import as_json, page
from acrn_trace.diagnosis.source_lines import line_of
from acrn_trace.guest.site import Site
from acrn_trace.guest.snapshot import Snapshot
from acrn_trace.image.image import Image, open_image
from acrn_trace.sites.sitelist import image_sites
from acrn_trace.tables.knowledge import Knowledge


def add_diagnose_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object, not a page")


def lines(case: Case, options: argparse.Namespace) -> Iterator[str]:
    """What the command prints about a guest at rest."""
    diagnosis = diagnose(case)
    if options.json:
        yield json.dumps(as_json(diagnosis))
    else:
        yield from page(diagnosis)


def case_of(snapshot: Snapshot, path: str | None, offset: int, knowledge: Knowledge) -> Case:
    """A snapshot and the image in a file, without a debugger."""
    image = open_image(path) if path else None
    found = examine(snapshot, image, offset)
    if image is None:
        return Case(found, knowledge)
    return Case(found, knowledge, sites_of(image, found.offset), line_of(path, found.offset))


def sites_of(image: Image, offset: int) -> dict[int, Site]:
    """The image's sites by where the guest has them; none in an image that makes no calls."""
    try:
        found = image_sites(image)
    except TraceError:
        return {}
    return {site.address: site for site in (site.moved(offset) for site in found)}
