# SPDX-License-Identifier: BSD-3-Clause
"""Runs ``hypercall load``: a call table or models of the user's."""

from pathlib import Path

from acrn_trace.base.errors import TraceError
from acrn_trace.in_gdb.command import Command
from acrn_trace.in_gdb.mock import GdbMock
from acrn_trace.in_gdb.session import Session


class HypercallLoad(Command):
    """Takes a call table or models from a file."""

    def __init__(self, session: Session) -> None:
        super().__init__(session, self._load)

    def _load(self, words: list[str]) -> None:
        if len(words) != 1:
            raise TraceError("hypercall load takes one file, a call table (.def) or a model (.py)")
        path = Path(words[0]).expanduser()
        if path.suffix == ".py":
            self._session.the(GdbMock).load(path)
        else:
            self._session.knowledge.load(str(path))


def make(_name: str, session: Session) -> Command:
    return HypercallLoad(session)
