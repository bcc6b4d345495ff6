# SPDX-License-Identifier: BSD-3-Clause
"""Makes text from a guest or an image safe to show on a terminal."""


def printable(text: str) -> str:
    """``text`` with everything that is not printable (control, bidirectional …) as an escape."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escape(char) for char in text)


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode() if char != "\\" else char
