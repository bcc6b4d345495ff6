# SPDX-License-Identifier: BSD-3-Clause
"""Makes text from a guest or an image safe to show on a terminal."""

import re

# How a byte that is no UTF-8 is written. Compiled where there is text of a guest: not at start.
_ESCAPED = r"\\x[89a-f][0-9a-f]"


def text_of(data: bytes) -> str:
    """``data`` as it is where it is UTF-8; else, or if it could be taken for that, in C's notation:
    a byte that is none as ``\\xff``, and each backslash twice."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = None
    if text is not None and not re.search(_ESCAPED, text):
        return text
    return data.replace(b"\\", b"\\\\").decode("utf-8", "backslashreplace")


def quoted(text: str) -> str:
    """What ``text_of`` gave, in quotes, as C would write it."""
    if not re.search(_ESCAPED, text):
        text = text.replace("\\", "\\\\")
    return '"' + text.replace('"', '\\"') + '"'


def printable(text: str) -> str:
    """``text`` with everything that is not printable (control, bidirectional …) as an escape."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escape(char) for char in text)


def notice_line(text: str) -> str:
    """``+++ text +++``: a line of a trace that is of no call."""
    return printable(f"+++ {text} +++") + "\n"


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode() if char != "\\" else char
