# SPDX-License-Identifier: BSD-3-Clause
"""``acrn-trace --engine auto``: without a stop where QEMU and all that is asked allow it."""

import pytest

from helpers.canonical import events_of
from helpers.engines import ENGINES
from helpers.launching import HELLO, HELLO_LINE, check_refused
from helpers.tracing import acrn_trace

WITHOUT_STOPS = "plugin" if "plugin" in ENGINES else "stop"


@pytest.mark.parametrize(
    "options, source", [((), WITHOUT_STOPS), (("-k",), "stop")], ids=["plain", "-k"]
)
def test_it_takes_the_engine_that_has_all_that_is_asked(options, source, folder):
    output = ("-f", "jsonl", "-o", folder / "trace")
    traced = acrn_trace("--engine", "auto", *options, *output, HELLO, *HELLO_LINE)
    assert traced.status == 0, traced
    assert {event["source"] for event in events_of(folder / "trace")} == {source}


def test_what_is_wrong_is_told_once():
    refused = acrn_trace("--engine", "auto", "-e", "trace=nothing", HELLO, *HELLO_LINE)
    check_refused(refused, 2, "nothing")
