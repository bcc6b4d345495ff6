# SPDX-License-Identifier: BSD-3-Clause
"""Compiles what is mocked to what QEMU's plugin answers by itself (cstub/plugin/play.h)."""

import ctypes
from typing import Iterable

from acrn_trace.act.compiled_rules import compile_rules
from acrn_trace.act.inject_grammar import Rule
from acrn_trace.act.mock.acrn import PlayedAcrn
from acrn_trace.act.mock.compiled_replay import compile_replay
from acrn_trace.act.mock.library import Machine
from acrn_trace.act.mock.mock import Mock
from acrn_trace.act.mock.replay import Replay
from acrn_trace.act.mock.switch import turn_on
from acrn_trace.base.errors import TraceError
from acrn_trace.guest.memory import NoMemory
from acrn_trace.rings.plugin_memory import Answers
from acrn_trace.tables.knowledge import Knowledge

SLOTS = 16


class Play(ctypes.Structure):
    """struct shared_play."""

    _fields_ = [
        ("tsc_khz", ctypes.c_uint32),
        ("state", ctypes.c_uint32 * SLOTS),
        ("is_cpuid_alone", ctypes.c_uint32),
        ("machine", Machine),
    ]


def answers_of(
    mocks: Iterable[list[str]], knowledge: Knowledge, rules: Iterable[Rule] = ()
) -> Answers:
    """The answers, with what ``rules`` inject; TraceError for what is wrong, or takes a stop."""
    mock = Mock(knowledge, NoMemory(), lambda: 0, lambda vector: None)
    for words in mocks:
        turn_on(mock, words)
        if mock.models.functions:
            raise TraceError(
                f"--mock {' '.join(words)} is not to be had with --engine plugin, which answers "
                "as ACRN's model, with fixed results and as a trace; --engine gdb has it"
            )
    return Answers(
        compile_rules(rules, mock.fixed, knowledge),
        _play(mock.acrn) if mock.acrn else _cpuid_alone(mock.replay),
        compile_replay(mock.replay, knowledge) if mock.replay else b"",
    )


def _cpuid_alone(replay: Replay | None) -> bytes:
    """A guest whose calls are replayed finds ACRN as it did."""
    return bytes(Play(tsc_khz=replay.cpuid.tsc_khz, is_cpuid_alone=1)) if replay else b""


def _play(acrn: PlayedAcrn) -> bytes:
    if not acrn.is_newest:
        raise TraceError(
            "--engine plugin plays the newest ACRN alone; --engine gdb plays its releases"
        )
    play = Play(tsc_khz=acrn.cpuid.tsc_khz, machine=acrn.machine)
    for number, state in acrn.first_states.items():
        play.state[number] = state
    return bytes(play)
