# SPDX-License-Identifier: BSD-3-Clause
"""Makes a JSONL object its event again: the inverse of ``Event.as_json``, and as strict.

docs/trace.schema.json says the same as a schema.
"""

import json
import re
from functools import lru_cache
from operator import itemgetter
from typing import Any, NoReturn

from acrn_trace.guest.abi import MASK64
from acrn_trace.guest.site import Site
from acrn_trace.guest.stop import Frame, Task
from acrn_trace.tables.calls import full_name
from acrn_trace.trace.event import INT32, Event, Finding
from acrn_trace.trace.trees import is_change

MAX_SECONDS = 1e12
MAX_REMEMBERED = 1024  # characters of a site
MAX_ARGUMENTS = 6  # of any ABI
MAX_WHOLE = 1 << 53  # past it JSON readers lose integers

_HEX = re.compile(r"0x[0-9a-f]{1,16}").fullmatch

_NONE = type(None)
# Every key that a line must have, and the types that its value may have.
_REQUIRED: dict[str, tuple[type, ...]] = {
    "seq": (int,),
    "time": (float, int),
    "duration": (float, int, _NONE),
    "clock": (str,),
    "vcpu": (int, _NONE),
    "abi": (str,),
    "nr": (str,),
    "name": (str,),
    "args": (list,),
    "ret": (int, str, _NONE),
    "errno": (str, _NONE),
    "status": (str,),
    "answered_by": (str, _NONE),
    "site": (str, _NONE),
    "symbol": (str, _NONE),
    "file": (str, _NONE),
    "line": (int, _NONE),
    "source": (str,),
    "decoded": (dict,),
    "clobbered": (dict,),
    "findings": (list,),
    "repeats": (int,),
}
_OPTIONAL: dict[str, tuple[type, ...]] = {
    "repeats_unknown": (int,),
    "return_vcpu": (int, _NONE),
    "stack": (list,),
    "task": (dict,),
}
_TYPES = _REQUIRED | _OPTIONAL
_WHOLE = ("seq", "vcpu", "line", "repeats", "repeats_unknown", "return_vcpu")
_CHOICES = {
    "clock": frozenset({"host", "tsc", "guest"}),
    "status": frozenset({"returned", "faulted", "unfinished", "unknown"}),
    "source": frozenset({"stop", "plugin", "ring", "dump"}),
}


class NotAnEvent(Exception):
    """What is wrong with the object, as half a sentence."""


def event_of(tree: dict[str, Any]) -> Event:
    """The event that the object is; NotAnEvent if it is none."""
    _check(tree)
    event = Event.__new__(Event)  # without the cost of __init__: the fields that have no default
    event.__dict__ = {
        "seq": tree["seq"],
        "time": float(tree["time"]),
        "clock": tree["clock"],
        "vcpu": tree["vcpu"],
        "abi": tree["abi"],
        "nr": _number("nr", tree["nr"]),
        "name": full_name(tree["name"], tree["abi"]),
        "args": _args(tree["args"]),
        "site": _site(tree),
        "source": tree["source"],
        "decoded": _tree(tree["decoded"]),
        "duration": None if tree["duration"] is None else float(tree["duration"]),
        "rax": _rax(tree["ret"]),
        "status": tree["status"],
        "answered_by": tree["answered_by"],
        "repeats": tree["repeats"],
        "clobbered": {name: _pair(name, pair) for name, pair in tree["clobbered"].items()},
        "findings": [_finding(finding) for finding in tree["findings"]],
        "more": {},
    }
    if len(tree) > len(_REQUIRED):
        _add_optional(event, tree)
    return event


def _add_optional(event: Event, tree: dict[str, Any]) -> None:
    event.repeats_unknown = tree.get("repeats_unknown", 0)
    event.return_vcpu = tree.get("return_vcpu")
    if tree.get("stack"):
        event.stack = tuple(_frame(frame) for frame in tree["stack"])
    if "task" in tree:
        event.task = _task(tree["task"])
    if len(tree) > len(_TYPES) or not tree.keys() <= _TYPES.keys():
        event.more = {key: value for key, value in tree.items() if key not in _TYPES}


_values = itemgetter(*_REQUIRED)


def _check(tree: dict[str, Any]) -> None:
    """Types and ranges. What types a line may have together is soon known by heart."""
    try:
        values = _values(tree)
    except KeyError:
        _wrong(f"{min(_REQUIRED.keys() - tree.keys())!r} is missing")
    types = tuple(map(type, values))
    if types not in _known_types:
        for key, kind, allowed in zip(_REQUIRED, types, _REQUIRED.values()):
            if kind not in allowed:
                _wrong_value(key, tree[key])
        _known_types.add(types)
    for key, allowed in _OPTIONAL.items():
        if key in tree and type(tree[key]) not in allowed:
            _wrong_value(key, tree[key])
    _check_ranges(tree)


_known_types: set[tuple[type, ...]] = set()  # bounded: each key has three types at most


def _check_ranges(tree: dict[str, Any]) -> None:
    for key in _WHOLE:
        if not 0 <= (tree.get(key) or 0) < MAX_WHOLE:
            _wrong_value(key, tree[key])
    for key in ("time", "duration"):
        if not 0 <= (tree[key] or 0) < MAX_SECONDS:
            _wrong_value(key, tree[key])
    for key, choices in _CHOICES.items():
        if tree[key] not in choices:
            _wrong_value(key, tree[key])


@lru_cache(256)
def _number(key: str, text: str) -> int:
    return int(text, 16) if _HEX(text) else _wrong_value(key, text)


def _pair(key: str, pair: Any) -> tuple[int, int]:
    if not isinstance(pair, list) or len(pair) != 2:
        _wrong_value(key, pair)
    first, second = pair
    if not (isinstance(first, str) and isinstance(second, str) and _HEX(first) and _HEX(second)):
        _wrong_value(key, pair)
    return int(first, 16), int(second, 16)


def _args(args: list[Any]) -> tuple[int, ...]:
    if len(args) > MAX_ARGUMENTS or not all(isinstance(arg, str) and _HEX(arg) for arg in args):
        _wrong_value("args", args)
    return tuple([int(arg, 16) for arg in args])


def _rax(ret: int | str | None) -> int | None:
    if ret is None:
        return None
    if isinstance(ret, int):
        return ret & MASK64 if ret in INT32 else _wrong_value("ret", ret)
    rax = int(ret, 16) if _HEX(ret) else _wrong_value("ret", ret)
    return rax if rax - (rax >> 63 << 64) not in INT32 else _wrong_value("ret", ret)


def _site(tree: dict[str, Any]) -> Site | None:
    place = tree["file"], tree["line"], tree["symbol"]
    if tree["site"] is None:
        if place != (None, None, None):
            _wrong(f"'site' is null, but file, line or symbol are not: {_short(place)}")
        return None
    short = len(place[0] or "") + len(place[2] or "") <= MAX_REMEMBERED
    return (_remembered_site if short else _new_site)(tree["site"], *place)


def _new_site(address: str, file: str | None, line: int | None, symbol: str | None) -> Site:
    return Site(_number("site", address), None, file, line, symbol)


_remembered_site = lru_cache(4096)(_new_site)


def _tree(tree: Any) -> Any:
    """``tree``, if its leaves are numbers and text, and its pointers have an address."""
    if isinstance(tree, dict):
        if ("points_to" in tree or "unreadable" in tree) and not _is_address(tree.get("address")):
            _wrong(f"a pointer in 'decoded' has no address: {_short(tree)}")
        for value in tree.values():
            if type(value) is not str:
                _tree(value)
    elif isinstance(tree, list):
        for value in tree:
            _tree(value)
    elif type(tree) is not str and (type(tree) is not int or abs(tree) > MASK64):
        _wrong_value("decoded", tree)
    return tree


def _is_address(tree: Any) -> bool:
    """A pointer's, which the call may have changed."""
    values = tree.values() if is_change(tree) else (tree,)
    return all(type(value) is str for value in values)


def _finding(tree: Any) -> Finding:
    if not isinstance(tree, dict) or tree.keys() != {"kind", "text"}:
        _wrong_value("findings", tree)
    kind, text = tree["kind"], tree["text"]
    if not isinstance(kind, str) or not isinstance(text, str):
        _wrong_value("findings", tree)
    return Finding(kind, text)


_FRAME_KEYS = {"function", "file", "line", "address"}


def _frame(tree: Any) -> Frame:
    if not isinstance(tree, dict) or tree.keys() | {"address"} != _FRAME_KEYS:
        _wrong_value("stack", tree)
    function, file, line = tree["function"], tree["file"], tree["line"]
    address = tree.get("address")
    texts = all(text is None or isinstance(text, str) for text in (function, file))
    if not texts or not (line is None or type(line) is int and 0 <= line < MAX_WHOLE):
        _wrong_value("stack", tree)
    if address is not None and not (isinstance(address, str) and _HEX(address)):
        _wrong_value("stack", tree)
    return Frame(function, file, line, int(address, 16) if address else None)


def _task(tree: dict[str, Any]) -> Task:
    if tree.keys() != {"comm", "pid", "tgid"} or not isinstance(tree["comm"], str):
        _wrong_value("task", tree)
    if not all(type(tree[key]) is int and 0 <= tree[key] < MAX_WHOLE for key in ("pid", "tgid")):
        _wrong_value("task", tree)
    return Task(tree["comm"], tree["pid"], tree["tgid"])


def _wrong_value(key: str, value: Any) -> NoReturn:
    _wrong(f"{_short(value)} is no value for {key!r}")


def _wrong(what: str) -> NoReturn:
    raise NotAnEvent(what)


def _short(value: Any) -> str:
    """``value`` as JSON has it, or the beginning of that."""
    if isinstance(value, int) and abs(value) >= 1 << 256:
        return "a number of hundreds of digits"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:60] + "…"
