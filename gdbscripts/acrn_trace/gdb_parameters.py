# SPDX-License-Identifier: BSD-3-Clause
"""``set hypercall …`` and ``show hypercall …``."""

import gdb

from acrn_trace.errors import TraceError
from acrn_trace.knowledge import Knowledge


class SetHypercall(gdb.Command):
    """Set how hypercalls are traced."""

    def __init__(self) -> None:
        super().__init__("set hypercall", gdb.COMMAND_DATA, gdb.COMPLETE_COMMAND, True)


class ShowHypercall(gdb.Command):
    """Show how hypercalls are traced."""

    def __init__(self) -> None:
        super().__init__("show hypercall", gdb.COMMAND_DATA, gdb.COMPLETE_COMMAND, True)


class VersionParameter(gdb.Parameter):
    """The release of ACRN whose call table is used.

    A number that the release does not have, but another has, is explained with that one. Takes
    effect with the next 'hypercall trace'."""

    set_doc = "Set the release of ACRN whose calls are expected."
    show_doc = "Show the release of ACRN whose calls are expected."

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        releases = knowledge.releases
        super().__init__("hypercall version", gdb.COMMAND_DATA, gdb.PARAM_ENUM, releases.names)
        self.value = releases.newest

    def get_set_string(self) -> str:
        try:
            self._knowledge.use_release(self.value)
        except TraceError as error:
            self.value = self._knowledge.release
            raise gdb.GdbError(f"{error}.") from None
        return ""

    def get_show_string(self, value: str) -> str:
        calls = len(list(self._knowledge.table))
        return f"The call table is that of ACRN {value}, {calls} calls."


def register(knowledge: Knowledge) -> None:
    """Define every parameter."""
    SetHypercall()
    ShowHypercall()
    VersionParameter(knowledge)
