# SPDX-License-Identifier: BSD-3-Clause
"""Turns a mock on and off as ``hypercall mock`` and ``--mock`` are told; what needs no guest."""

import re
from pathlib import Path
from typing import Iterable, Iterator

from acrn_trace.act.mock.acrn import PlayedAcrn
from acrn_trace.act.mock.mock import Mock
from acrn_trace.act.mock.python import call_id
from acrn_trace.act.mock.replay import Replay
from acrn_trace.act.mock.settings import Settings, parse_settings
from acrn_trace.base.errors import TraceError
from acrn_trace.base.suggest import suggest_inside
from acrn_trace.guest.memory import NoMemory
from acrn_trace.tables.errnos import errors_of, result_words
from acrn_trace.tables.knowledge import Knowledge

FORMS = (
    "'acrn [SETTING=VALUE]…', 'NAME RETVAL', 'FILE.py', '--replay TRACE', 'upcall [VECTOR]', "
    "'ioreq …' or 'off [NAME]'"
)
REPLAY = re.compile(r"replay:(.+)", re.DOTALL)


def turn_on(mock: Mock, words: list[str]) -> str:
    """Mock what ``words`` say, and tell it in a line; TraceError, and nothing changed."""
    match words:
        case ["acrn", *settings]:
            return _play(mock, parse_settings(settings))
        case ["--replay", trace]:
            return _replay(mock, trace)
        case [word] if REPLAY.match(word):
            return _replay(mock, word.partition(":")[2])
        case [word] if word.endswith(".py"):
            return load_model(mock, Path(word).expanduser())
        case [name, text] if not name.startswith("-"):
            return _fix(mock, name, text)
    raise TraceError(f"hypercall mock takes {FORMS}, and was given {' '.join(words)!r}")


def check(mocks: Iterable[list[str]], knowledge: Knowledge) -> None:
    """TraceError for the first of ``mocks`` that is wrong, with no guest at hand."""
    mock = Mock(knowledge, NoMemory(), lambda: 0, lambda vector: None)
    for words in mocks:
        turn_on(mock, words)


def load_model(mock: Mock, path: Path) -> str:
    """Take the models of a Python file."""
    names = mock.models.load(path, mock.knowledge)
    return (
        f"{path} models {', '.join(names)}" if names else f"{path} defines calls, and models none"
    )


def _play(mock: Mock, settings: Settings) -> str:
    """Play ACRN; the release that it then is counts, where the user names no other."""
    mock.acrn = PlayedAcrn(settings, mock.knowledge)
    mock.knowledge.play_release(settings.version)
    return mock.acrn.summary


def _end_acrn(mock: Mock) -> None:
    mock.acrn = None
    mock.knowledge.play_release(None)


def _replay(mock: Mock, trace: str) -> str:
    mock.replay = Replay(mock.knowledge, Path(trace).expanduser())
    return mock.replay.summary


def _fix(mock: Mock, name: str, text: str) -> str:
    abi, number = call_id(name, mock.knowledge.table, "hypercall mock")
    mock.fixed[abi, number] = result = result_of(text, abi)
    words = result_words(result, abi)
    return f"{mock.knowledge.table.call_name(number, abi)} is answered with {words}"


def result_of(text: str, abi: str) -> int:
    """A number that fits RAX, or an error's name; TraceError if it is neither."""
    errors = errors_of(abi).results
    if text.lstrip("-") in errors:
        return errors[text.lstrip("-")]
    try:
        number = int(text, 0)
    except ValueError:
        hint = suggest_inside(text.lstrip("-"), errors)
        raise TraceError(
            f"hypercall mock: {text!r} is no result: a number, or an error such as -EINVAL{hint}"
        ) from None
    if not -(1 << 63) <= number < 1 << 64:
        raise TraceError(f"hypercall mock: {text} does not fit RAX, which has 64 bits")
    return number


def turn_off(mock: Mock, names: list[str]) -> None:
    """End the mock of what is named, or all of it."""
    if mock.is_empty:
        raise TraceError("nothing is mocked; 'hypercall mock acrn' plays ACRN")
    for name in names:
        _turn_off_one(mock, name)
    if not names:
        mock.fixed.clear()
        mock.models.functions.clear()
        mock.replay = None
        _end_acrn(mock)


def _turn_off_one(mock: Mock, name: str) -> None:
    if name == "acrn" and mock.acrn:
        _end_acrn(mock)
    elif name in ("replay", "--replay") and mock.replay:
        mock.replay = None
    elif not _forget_file(mock, name):
        if name in ("acrn", "replay", "--replay") or name.endswith(".py"):
            raise _not_mocked(name)
        call = call_id(name, mock.knowledge.table, "hypercall mock off")
        if mock.fixed.pop(call, None) is None and not mock.models.functions.pop(call, None):
            raise _not_mocked(name)


def _not_mocked(name: str) -> TraceError:
    return TraceError(f"{name} is not mocked; 'hypercall mock' lists what is")


def _forget_file(mock: Mock, name: str) -> bool:
    functions = mock.models.functions
    of_file = [one for one, (path, _) in functions.items() if name in (str(path), path.name)]
    for call in of_file:
        del functions[call]
    return bool(of_file)


def listing(mock: Mock) -> Iterator[str]:
    """What is mocked, in the order in which it is asked."""
    yield from mock.overrides()
    if mock.replay:
        replay = mock.replay
        yield (
            f"{replay.path} is replayed: {replay.answered} calls answered, {replay.left} of "
            f"{replay.calls} left, {replay.departed} departed from it"
        )
    if mock.acrn:
        yield f"{mock.acrn.summary}: {mock.acrn.answered} calls answered"
    if mock.is_empty:
        yield "Nothing is mocked."
