# SPDX-License-Identifier: BSD-3-Clause
"""Traces a live guest by the plugin in QEMU; the reader in C shows its calls meanwhile."""

import argparse
import io
import os
import sys
import tempfile
import time
from typing import IO, NamedTuple

from acrn_trace.act.inject_grammar import split_expressions
from acrn_trace.act.mock.compiled import answers_of, told_requests
from acrn_trace.base.errors import TargetError, TraceError
from acrn_trace.cli.judge import PluginJudge
from acrn_trace.cli.offline import ShownFiles
from acrn_trace.cli.plugin import (
    POLL_SECONDS,
    PluginGuest,
    api_of,
    check_answers,
    flags_of,
    refuse,
)
from acrn_trace.guest.abi import hypercalls
from acrn_trace.guest.site import Site
from acrn_trace.image.image import Image, open_image
from acrn_trace.lint.linter import with_abis
from acrn_trace.options.declare import check_sinks, is_failure
from acrn_trace.options.knowledge import make_knowledge
from acrn_trace.options.mocks import mocks
from acrn_trace.rings.blocks import VERSION_2
from acrn_trace.rings.plugin_memory import Answers
from acrn_trace.rings.preamble import preamble
from acrn_trace.sites.callers import with_lines
from acrn_trace.sites.sitelist import image_sites
from acrn_trace.tables.built import table_for
from acrn_trace.tables.knowledge import Knowledge
from acrn_trace.trace.filters import Filter

ENDED = "the connection to the guest ended"  # as the other engine has it

# What needs a stop, or what no plugin is told: options, as they are given, and in the namespace.
NEED_STOPS = {
    "-p": "attach",
    "-b": "bound",
    "-k": "stack",
    "--hypervisor-symbols": "hypervisor_symbols",
}


def needs_stops(options: argparse.Namespace) -> str | None:
    """The first of what is asked for that this engine has not."""
    for option, name in NEED_STOPS.items():
        if getattr(options, name):
            return option
    return None


class Plan(NamedTuple):
    """What is to be traced, before anything runs."""

    knowledge: Knowledge
    image: Image | None
    sites: list[Site]
    selected: Filter
    answers: Answers


def planned(options: argparse.Namespace, for_qemu: list[str]) -> Plan:
    """What the launcher's options ask for; TraceError where this engine has not all of it."""
    knowledge = make_knowledge(options)
    lacking = needs_stops(options)
    if lacking:
        raise TraceError(f"{lacking} is not to be had with --engine plugin; --engine gdb has it")
    check_sinks(options)
    refuse(for_qemu)
    api = api_of(options.qemu)
    filters, rules = split_expressions(options.expr, knowledge)
    image = open_image(options.image) if options.image else None
    sites = with_lines(image, with_abis(image, knowledge, image_sites(image))) if image else []
    selected = Filter(filters, knowledge.table)
    selected.check_sites(lambda: [site.function for site in sites])
    answers = answers_of(mocks(options), knowledge, rules)
    check_answers(answers, api, options.qemu)
    return Plan(knowledge, image, sites, selected, answers)


def trace(options: argparse.Namespace, for_qemu: list[str]) -> int:
    """Trace a guest to its end, as the launcher's options say; the exit status."""
    knowledge, image, sites, selected, answers = planned(options, for_qemu)
    with tempfile.TemporaryFile() as file:
        file.write(preamble(knowledge.table, sites, VERSION_2))
        file.flush()
        shown = ShownFiles(options, knowledge, selected, PluginJudge(knowledge, image, sites))
        guest = PluginGuest(
            *(options.qemu, options.image, sites, for_qemu, file.fileno(), answers),
            *(table_for(knowledge), flags_of(options)),
            entries=True,
        )
        with guest:
            calls = _Calls(guest, file)
            shown.show(io.BufferedReader(calls), options.image or options.qemu)
            shown.notice(_end(guest.in_flight))
            shown.close()
            _tell_of_answers(guest)
            if not calls.interrupted:
                _check_end(guest)
    return int(is_failure(options, shown.troubles))


def _end(in_flight: int) -> str:
    calls = f"{in_flight} call{'s' * (in_flight != 1)}"
    return f"{ENDED}, with {calls} in flight" if in_flight else ENDED


def _tell_of_answers(guest: PluginGuest) -> None:
    """What was to be answered, and was not: neither a stop nor #UD made that exact; and what a
    replayed trace has beside."""
    said, calls = [], guest.refused
    if calls:
        said.append(
            f"{calls} call{'s' if calls > 1 else ''} could not be answered, and reached the "
            "processor: from user mode, or behind code that has to do with flags where nobody "
            "handles #UD; --engine gdb answers the latter"
        )
    if guest.left:
        said.append(f"{guest.left} calls of the trace that is replayed were not made")
    for text in said + told_requests(guest.play):
        print(f"acrn-trace: {text}", file=sys.stderr)


def _check_end(guest: PluginGuest) -> None:
    guest.check_end()
    if guest.counts == (0, 0):
        names = " or ".join(name.upper() for name in hypercalls().values())
        raise TargetError(f"the guest made no call: it ended, and executed no {names}")


class _Calls(io.RawIOBase):
    """The trace file as it grows, which is read while the guest runs; its end is the guest's."""

    def __init__(self, guest: PluginGuest, file: IO[bytes]) -> None:
        super().__init__()
        self._guest, self._file = guest, file
        self._at = 0
        self.interrupted = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        """What is new, waited for; 0 where there will be nothing more."""
        while True:
            size = self._take(memoryview(buffer))
            if size:
                return size
            try:
                if not self._guest.read():
                    return self._take(memoryview(buffer))
                time.sleep(POLL_SECONDS)
            except KeyboardInterrupt:
                print("acrn-trace: interrupted, and the guest was ended", file=sys.stderr)
                self._guest.interrupt()
                self.interrupted = True

    def _take(self, buffer: memoryview) -> int:
        size = os.preadv(self._file.fileno(), [buffer], self._at)
        self._at += size
        return size
