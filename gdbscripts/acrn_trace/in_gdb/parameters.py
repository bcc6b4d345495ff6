# SPDX-License-Identifier: BSD-3-Clause
"""``set hypercall …`` and ``show hypercall …``."""

import gdb

from acrn_trace.base.errors import TraceError
from acrn_trace.in_gdb.command import Prefix, complaint
from acrn_trace.in_gdb.hypervisor import HypervisorSymbolsParameter
from acrn_trace.tables.knowledge import Knowledge


class SetHypercall(Prefix):
    """Set how hypercalls are traced."""

    def __init__(self) -> None:
        super().__init__("set hypercall", gdb.COMMAND_DATA)


class ShowHypercall(Prefix):
    """Show how hypercalls are traced."""

    def __init__(self) -> None:
        super().__init__("show hypercall", gdb.COMMAND_DATA)


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
            raise complaint(error) from None
        return ""

    def get_show_string(self, value: str) -> str:
        calls = len(list(self._knowledge.table))
        return f"The call table is that of ACRN {value}, {calls} calls."


class OffsetParameter(gdb.Parameter):
    """How far the guest has the image from where it was linked: auto, or a number.

    'auto' is how far GDB itself has moved the image's symbols. Sites, functions and lines, and
    the entry points follow. Takes effect with the next 'hypercall trace'."""

    set_doc = "Set the load offset of a PIE or KASLR image."
    show_doc = "Show the load offset of a PIE or KASLR image."

    def __init__(self) -> None:
        super().__init__("hypercall offset", gdb.COMMAND_DATA, gdb.PARAM_STRING_NOESCAPE)
        self.value = self._valid = "auto"

    def get_set_string(self) -> str:
        text = self.value.strip()
        try:
            valid = text == "auto" or -(1 << 64) < int(text, 0) < 1 << 64
        except ValueError:
            valid = False
        if not valid:
            self.value = self._valid
            raise gdb.GdbError(
                f"hypercall offset takes 'auto' or a number, and was given {text!r}."
            )
        self.value = self._valid = text
        return ""

    def get_show_string(self, value: str) -> str:
        return f"The load offset of the image is {value}."


class PossibleSitesParameter(gdb.Parameter):
    """Whether possible sites are traced too, not only the certain ones.

    A possible site may be data: under KVM a breakpoint there would change the guest's memory. Takes
    effect with the next 'hypercall trace'."""

    set_doc = "Set whether possible sites are traced."
    show_doc = "Show whether possible sites are traced."

    def __init__(self) -> None:
        super().__init__("hypercall possible-sites", gdb.COMMAND_DATA, gdb.PARAM_BOOLEAN)
        self.value = False

    def get_set_string(self) -> str:
        return ""

    def get_show_string(self, value: str) -> str:
        return f"Possible sites are {'' if self.value else 'not '}traced."


CLOBBER = "hypercall clobber"


class ClobberParameter(gdb.Parameter):
    """What is done about a register that a call changed and must not: stop, log or off.

    'log' shows a finding and goes on, 'stop' also leaves the guest stopped where the call returns,
    'off' compares no registers. Takes effect at once."""

    set_doc = "Set what is done about a register that a call changed."
    show_doc = "Show what is done about a register that a call changed."

    def __init__(self) -> None:
        super().__init__(CLOBBER, gdb.COMMAND_DATA, gdb.PARAM_ENUM, ["stop", "log", "off"])
        self.value = "log"

    def get_set_string(self) -> str:
        return ""

    def get_show_string(self, value: str) -> str:
        return f"A register that a call changed: {value}."


def compares_registers() -> bool:
    return gdb.parameter(CLOBBER) != "off"


def stops_at_clobbers() -> bool:
    return gdb.parameter(CLOBBER) == "stop"


def register(knowledge: Knowledge) -> None:
    """Define every parameter."""
    SetHypercall()
    ShowHypercall()
    VersionParameter(knowledge)
    OffsetParameter()
    PossibleSitesParameter()
    ClobberParameter()
    HypervisorSymbolsParameter()
