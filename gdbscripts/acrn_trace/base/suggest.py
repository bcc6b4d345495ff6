# SPDX-License-Identifier: BSD-3-Clause
"""Suggests names close to a misspelled one."""

from collections.abc import Iterable

MAX_LISTED = 16
CALLS_ARE_LISTED = "'acrn-trace calls', or 'info hypercalls' in GDB, lists the names"


def suggest_inside(word: str, names: Iterable[str]) -> str:
    """`` (did you mean A?)``, within a sentence; nothing if no name is near."""
    close = _close(word, list(names), 1)
    return f" (did you mean {close[0]}?)" if close else ""


def suggest(word: str, names: Iterable[str], otherwise: str = "") -> str:
    """``; did you mean A?``, or which names there are if none is near and they are few; else
    ``otherwise``, which says where they are listed."""
    names = list(names)
    close = _close(word, names, 3)
    if close:
        return f"; did you mean {' or '.join(close)}?"
    if len(names) == 1:
        return f"; there is only {names[0]}"
    if 0 < len(names) <= MAX_LISTED:
        return f"; there are {', '.join(names)}"
    return f"; {otherwise}" if otherwise and names else ""


def _close(word: str, names: list[str], most: int) -> list[str]:
    import difflib  # only where there is something to complain of

    return difflib.get_close_matches(word, names, most)
