# SPDX-License-Identifier: BSD-3-Clause
"""What ``acrn-trace report`` makes of a trace file, with its quick way or without."""

import argparse

import pytest

from acrn_trace.base.errors import TraceError
from acrn_trace.cli import offline
from acrn_trace.files import quicklines, quicktext
from acrn_trace.options.declare import add_knowledge_options, add_trace_options


def reported(knowledge, folder, data, quick, *options):
    """What ``report`` writes of ``data``, and what it complains about."""
    trace, text = folder / "t.trace", folder / "text"
    trace.write_bytes(data if isinstance(data, bytes) else data.encode())
    text.write_text("")  # a file that is no trace at all leaves it so
    parser = argparse.ArgumentParser()
    add_trace_options(parser)
    add_knowledge_options(parser)
    given_options = parser.parse_args([*options, "-o", str(text)])
    complaint = None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(offline, "make_knowledge", lambda _options: knowledge)
        if not quick:
            for way in (quicklines, quicktext):
                patch.setattr(way, "library", lambda: None)
        try:
            offline.replay([str(trace)], given_options)
        except TraceError as error:
            complaint = str(error)
    return text.read_text(), complaint
