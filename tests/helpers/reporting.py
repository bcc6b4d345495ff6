# SPDX-License-Identifier: BSD-3-Clause
"""What ``acrn-trace report`` makes of a trace file: the way that it takes, or event by event."""

import argparse
import struct
from contextlib import suppress

import pytest

from acrn_trace.base.errors import TraceError
from acrn_trace.cli import offline
from acrn_trace.cli.recordings import Recordings
from acrn_trace.options.declare import add_knowledge_options, add_trace_options
from acrn_trace.rings import blocks
from acrn_trace.tables.calls import parse


def own_knowledge(knowledge, data):
    """With the calls that a recording brings itself, by which its lines are written as well."""
    at, entries = 0, []
    while data[at : at + 4] == blocks.MAGIC and len(data) >= at + 16:
        kind, size = struct.unpack_from("<II", data, at + 4)
        at += 16 + size
        if kind == blocks.TABLE:
            with suppress(TraceError, UnicodeDecodeError):
                entries += parse(data[at - size : at].decode(), "")
    return knowledge.with_calls(entries)


def reported(knowledge, folder, data, in_c, *options):
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
        if not in_c:
            knowledge = own_knowledge(knowledge, trace.read_bytes())
            patch.setattr(Recordings, "takes", lambda *_: False)
        patch.setattr(offline, "make_knowledge", lambda _options: knowledge)
        try:
            offline.replay([str(trace)], given_options)
        except TraceError as error:
            complaint = str(error)
    return text.read_text(), complaint
