# SPDX-License-Identifier: BSD-3-Clause
"""From a JSONL object back to its event: the inverse of ``Event.as_json``, and as strict.

docs/trace.schema.json says the same as a schema.
"""

import re
from typing import Any, NoReturn

from acrn_trace.event import INT32, Event, Finding
from acrn_trace.sites import Site
from acrn_trace.stops import Frame

MASK64 = (1 << 64) - 1
MAX_SECONDS = 1e12
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
}
_TYPES = _REQUIRED | _OPTIONAL
_WHOLE = ("seq", "vcpu", "line", "repeats", "repeats_unknown", "return_vcpu")
_CHOICES = {
    "clock": frozenset({"host", "tsc"}),
    "status": frozenset({"returned", "faulted", "unfinished", "unknown"}),
    "source": frozenset({"stop", "ring", "dump"}),
}


class NotAnEvent(Exception):
    """What is wrong with the object, as half a sentence."""


def event_of(tree: dict[str, Any]) -> Event:
    """The event that the object is; NotAnEvent if it is none."""
    _check(tree)
    get = tree.get
    event = Event(
        seq=tree["seq"],
        time=float(tree["time"]),
        clock=tree["clock"],
        vcpu=tree["vcpu"],
        abi=tree["abi"],
        nr=_number(tree, "nr"),
        name=tree["name"],
        args=_pair("args", tree["args"]),
        site=_site(tree),
        source=tree["source"],
        decoded=_tree(tree["decoded"]),
        duration=None if tree["duration"] is None else float(tree["duration"]),
        rax=_rax(tree["ret"]),
        status=tree["status"],
        answered_by=tree["answered_by"],
        return_vcpu=get("return_vcpu"),
        repeats=tree["repeats"],
        repeats_unknown=get("repeats_unknown", 0),
    )
    if tree["clobbered"]:
        event.clobbered = {name: _pair(name, pair) for name, pair in tree["clobbered"].items()}
    if tree["findings"]:
        event.findings = [_finding(finding) for finding in tree["findings"]]
    if get("stack"):
        event.stack = tuple(_frame(frame) for frame in tree["stack"])
    if len(tree) > len(_REQUIRED):
        event.more = {key: value for key, value in tree.items() if key not in _TYPES}
    return event


def _check(tree: dict[str, Any]) -> None:
    if not _REQUIRED.keys() <= tree.keys():
        _wrong(f"{min(_REQUIRED.keys() - tree.keys())!r} is missing")
    for key, types in _TYPES.items():
        if key in tree and type(tree[key]) not in types:
            _wrong_value(key, tree[key])
    for key in _WHOLE:
        if not 0 <= (tree.get(key) or 0) < MAX_WHOLE:
            _wrong_value(key, tree[key])
    for key in ("time", "duration"):
        if not 0 <= (tree[key] or 0) < MAX_SECONDS:
            _wrong_value(key, tree[key])
    for key, choices in _CHOICES.items():
        if tree[key] not in choices:
            _wrong_value(key, tree[key])


def _number(tree: dict[str, Any], key: str) -> int:
    text = tree[key]
    return int(text, 16) if _HEX(text) else _wrong_value(key, text)


def _pair(key: str, pair: Any) -> tuple[int, int]:
    if not isinstance(pair, list) or len(pair) != 2:
        _wrong_value(key, pair)
    first, second = pair
    if not (isinstance(first, str) and isinstance(second, str) and _HEX(first) and _HEX(second)):
        _wrong_value(key, pair)
    return int(first, 16), int(second, 16)


def _rax(ret: int | str | None) -> int | None:
    if ret is None:
        return None
    if isinstance(ret, int):
        return ret & MASK64 if ret in INT32 else _wrong_value("ret", ret)
    rax = int(ret, 16) if _HEX(ret) else _wrong_value("ret", ret)
    return rax if rax - (rax >> 63 << 64) not in INT32 else _wrong_value("ret", ret)


def _site(tree: dict[str, Any]) -> Site | None:
    if tree["site"] is None:
        for key in ("symbol", "file", "line"):
            if tree[key] is not None:
                _wrong(f"{key!r} is {_short(tree[key])}, but 'site' is null")
        return None
    return Site(_number(tree, "site"), None, tree["file"], tree["line"], tree["symbol"])


def _tree(tree: Any) -> Any:
    """``tree``, if its leaves are numbers and text, and its pointers have an address."""
    if isinstance(tree, dict):
        if ("points_to" in tree or "unreadable" in tree) and type(tree.get("address")) is not str:
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


def _finding(tree: Any) -> Finding:
    if not isinstance(tree, dict) or tree.keys() != {"kind", "text"}:
        _wrong_value("findings", tree)
    kind, text = tree["kind"], tree["text"]
    if not isinstance(kind, str) or not isinstance(text, str):
        _wrong_value("findings", tree)
    return Finding(kind, text)


def _frame(tree: Any) -> Frame:
    if not isinstance(tree, dict) or tree.keys() != {"function", "file", "line"}:
        _wrong_value("stack", tree)
    function, file, line = tree["function"], tree["file"], tree["line"]
    texts = all(text is None or isinstance(text, str) for text in (function, file))
    if not texts or not (line is None or type(line) is int and 0 <= line < MAX_WHOLE):
        _wrong_value("stack", tree)
    return Frame(function, file, line)


def _wrong_value(key: str, value: Any) -> NoReturn:
    _wrong(f"{_short(value)} is no value for {key!r}")


def _wrong(what: str) -> NoReturn:
    raise NotAnEvent(what)


def _short(value: Any) -> str:
    """``value`` as Python writes it, or the beginning of that."""
    if isinstance(value, int) and abs(value) >= 1 << 256:
        return "a number of hundreds of digits"
    text = repr(value)
    return text if len(text) <= 60 else text[:60] + "…"
