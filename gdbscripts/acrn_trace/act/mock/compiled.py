# SPDX-License-Identifier: BSD-3-Clause
"""Compiles what is mocked to what QEMU's plugin answers by itself (cstub/plugin/play.h)."""

import ctypes
from typing import Iterable

from acrn_trace.act.compiled_rules import compile_rules
from acrn_trace.act.inject_grammar import Rule
from acrn_trace.act.mock.acrn import PlayedAcrn
from acrn_trace.act.mock.compiled_replay import compile_replay
from acrn_trace.act.mock.ioreq import FORM, request_bytes
from acrn_trace.act.mock.library import Machine
from acrn_trace.act.mock.mock import Mock
from acrn_trace.act.mock.replay import Replay
from acrn_trace.act.mock.switch import turn_on
from acrn_trace.base.errors import TraceError
from acrn_trace.guest.memory import NoMemory
from acrn_trace.rings.plugin_memory import Answers
from acrn_trace.tables.knowledge import Knowledge

SLOTS = 16


REQUESTS = 16
ANSWERED = 2  # enum acrn_request
REQUEST_BYTES = 256  # struct acrn_io_request


class Request(ctypes.Structure):
    """struct play_request."""

    _fields_ = [
        ("vm", ctypes.c_uint16),
        ("vcpu", ctypes.c_uint16),
        ("outcome", ctypes.c_uint32),
        ("answer", ctypes.c_uint64),
        ("request", ctypes.c_uint8 * REQUEST_BYTES),
    ]


class Play(ctypes.Structure):
    """struct shared_play."""

    _fields_ = [
        ("tsc_khz", ctypes.c_uint32),
        ("state", ctypes.c_uint32 * SLOTS),
        ("is_cpuid_alone", ctypes.c_uint32),
        ("machine", Machine),
        ("requests", ctypes.c_uint64),
        ("request", Request * REQUESTS),
    ]


def answers_of(
    mocks: Iterable[list[str]], knowledge: Knowledge, rules: Iterable[Rule] = ()
) -> Answers:
    """The answers, with what ``rules`` inject; TraceError for what is wrong, or takes a stop."""
    mock = Mock(knowledge, NoMemory(), lambda: 0, lambda vector: None)
    requests = []
    for words in mocks:
        if words[:1] == ["ioreq"]:
            requests.append(_request(words, knowledge))
            continue
        turn_on(mock, words)
        if mock.models.functions:
            raise TraceError(
                f"--mock {' '.join(words)} is not to be had with --engine plugin, which answers "
                "as ACRN's model, with fixed results and as a trace; --engine gdb has it"
            )
    if requests and not mock.acrn:
        raise TraceError("--mock ioreq is made by a User VM of the ACRN that --mock acrn plays")
    return Answers(
        compile_rules(rules, mock.fixed, knowledge),
        _play(mock.acrn, requests) if mock.acrn else _cpuid_alone(mock.replay),
        compile_replay(mock.replay, knowledge) if mock.replay else b"",
    )


def _cpuid_alone(replay: Replay | None) -> bytes:
    """A guest whose calls are replayed finds ACRN as it did."""
    return bytes(Play(tsc_khz=replay.cpuid.tsc_khz, is_cpuid_alone=1)) if replay else b""


def _request(words: list[str], knowledge: Knowledge) -> Request:
    try:
        vm, vcpu = (int(word, 0) for word in words[1:3])
        made = Request(vm=vm, vcpu=vcpu)
    except ValueError:
        raise TraceError(f"--mock {' '.join(words)}: it takes {FORM}") from None
    made.request[:] = request_bytes(words[3:], knowledge.types)
    return made


def told_requests(play: bytes) -> list[str]:
    """What became of the I/O requests, a sentence for each; ``play`` as the plugin left it."""
    if len(play) != ctypes.sizeof(Play):
        return []
    left = Play.from_buffer_copy(play)
    return [_told(one) for one in left.request[: min(left.requests, REQUESTS)]]


def _told(one: Request) -> str:
    whose = f"vCPU {one.vcpu} of VM {one.vm}"
    if one.outcome == ANSWERED:
        return f"{whose} has the answer to its I/O request: {one.answer:#x}"
    return f"{whose} made no I/O request that was answered"


def _play(acrn: PlayedAcrn, requests: list[Request]) -> bytes:
    if len(requests) > REQUESTS:
        raise TraceError(f"--engine plugin makes up to {REQUESTS} I/O requests; give it fewer")
    if not acrn.is_newest:
        raise TraceError(
            "--engine plugin plays the newest ACRN alone; --engine gdb plays its releases"
        )
    play = Play(tsc_khz=acrn.cpuid.tsc_khz, machine=acrn.machine)
    play.requests = len(requests)
    play.request[: len(requests)] = requests
    for number, state in acrn.first_states.items():
        play.state[number] = state
    return bytes(play)
