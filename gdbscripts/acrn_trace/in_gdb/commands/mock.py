# SPDX-License-Identifier: BSD-3-Clause
"""Runs ``hypercall mock``: the debugger plays the hypervisor."""

import re

from acrn_trace.act.mock.ioreq import FORM
from acrn_trace.act.mock.setting_names import SETTINGS
from acrn_trace.act.mock.switch import listing
from acrn_trace.base.errors import TraceError
from acrn_trace.in_gdb.command import Command
from acrn_trace.in_gdb.mock import GdbMock
from acrn_trace.in_gdb.prompt import matching, say
from acrn_trace.in_gdb.session import Session


class HypercallMock(Command):
    """Turns mocks on and off, lists them, and interrupts the guest as ACRN does."""

    def __init__(self, session: Session) -> None:
        super().__init__(session, self._mock_command)
        self._ours = session.the(GdbMock)

    def complete(self, text: str, word: str | None) -> list[str]:
        names = ["acrn", "off", "upcall", "ioreq", "--replay"]
        names += [entry.name for entry in self._session.knowledge.table]
        if re.match(r"\s*acrn\s", text):
            names = [f"{name}=" for name in (*SETTINGS, "vm1")]
        return matching(names, word)

    def _mock_command(self, words: list[str]) -> None:
        match words:
            case []:
                say(listing(self._ours.mock))
            case ["off", *names]:
                self._ours.turn_off(names)
            case ["upcall"] | ["upcall", _]:
                say([self._ours.upcall(words[1:])])
            case ["ioreq", *request] if len(request) >= 2:
                say([self._ours.request(request)])
            case ["ioreq", *_]:
                raise TraceError(f"the form is {FORM}")
            case _:
                self._ours.turn_on(words)


def make(_name: str, session: Session) -> Command:
    return HypercallMock(session)
