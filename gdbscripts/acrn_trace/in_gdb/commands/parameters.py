# SPDX-License-Identifier: BSD-3-Clause
"""Registers ``set hypercall …`` and ``show hypercall …``."""

from typing import Callable

import gdb

from acrn_trace.base.errors import TraceError
from acrn_trace.base.places import RELEASES
from acrn_trace.in_gdb.prompt import Prefix, complaint
from acrn_trace.in_gdb.settings import (
    CLOBBER,
    HYPERVISOR_SYMBOLS,
    OFFSET,
    PLUGIN,
    POSSIBLE_SITES,
)
from acrn_trace.tables.releases import read_releases


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

    def __init__(self) -> None:
        releases = read_releases(RELEASES)
        super().__init__("hypercall version", gdb.COMMAND_DATA, gdb.PARAM_ENUM, releases.names)
        self.value = releases.newest

    def get_set_string(self) -> str:
        knowledge = _knowledge()
        try:
            knowledge.use_release(self.value)
        except TraceError as error:
            self.value = knowledge.release
            raise complaint(error) from None
        return ""

    def get_show_string(self, value: str) -> str:
        knowledge = _knowledge()  # a played ACRN may be of another release than was set
        calls = len(list(knowledge.table))
        return f"The call table is that of ACRN {knowledge.release}, {calls} calls."


class OffsetParameter(gdb.Parameter):
    """How far the guest has the image from where it was linked: auto, or a number.

    'auto' is how far GDB itself has moved the image's symbols. Sites, functions and lines, and
    the entry points follow. Takes effect with the next 'hypercall trace'."""

    set_doc = "Set the load offset of a PIE or KASLR image."
    show_doc = "Show the load offset of a PIE or KASLR image."

    def __init__(self) -> None:
        super().__init__(OFFSET, gdb.COMMAND_DATA, gdb.PARAM_STRING_NOESCAPE)
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
        super().__init__(POSSIBLE_SITES, gdb.COMMAND_DATA, gdb.PARAM_BOOLEAN)
        self.value = False

    def get_set_string(self) -> str:
        return ""

    def get_show_string(self, value: str) -> str:
        return f"Possible sites are {'' if self.value else 'not '}traced."


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


class FileParameter(gdb.Parameter):
    """A file, or none: what ``use`` refuses by a TraceError leaves it as it was."""

    def __init__(self, name: str, use: Callable[[str], None]) -> None:
        super().__init__(name, gdb.COMMAND_FILES, gdb.PARAM_OPTIONAL_FILENAME)
        self.value = self._valid = ""
        self._use = use

    def get_set_string(self) -> str:
        try:
            self._use(self.value)
        except TraceError as error:
            self.value = self._valid
            raise complaint(error) from None
        self._valid = self.value
        return ""


class HypervisorSymbolsParameter(FileParameter):
    """The hypervisor's own image, to see each call at both ends; empty: the guest's side alone.

    An ELF64 image with symbols and debug information: examples/hypervisor's, or ACRN's acrn.out.
    GDB itself does not load it. Takes effect with the next 'hypercall trace'."""

    set_doc = "Set the hypervisor's image, whose dispatcher and handlers are watched."
    show_doc = "Show the hypervisor's image, whose dispatcher and handlers are watched."

    def __init__(self) -> None:
        super().__init__(HYPERVISOR_SYMBOLS, _check_hypervisor)

    def get_show_string(self, value: str) -> str:
        return f"The hypervisor's side is that of {value}." if value else "Only the guest's side."


class PluginParameter(FileParameter):
    """The file by which QEMU's plugin stops the guest at calls; empty: breakpoints do it.

    QEMU 11.1 makes it, started with -plugin …/acrn-plugin.so,stops=FILE. Then 'catch hypercall' has
    no breakpoints: the plugin tests its calls and conditions, and the guest stops where they hold.
    For catchpoints alone; a condition is of numbers (see 'help catch hypercall')."""

    set_doc = "Set the file by which QEMU's plugin stops the guest for catchpoints."
    show_doc = "Show the file by which QEMU's plugin stops the guest for catchpoints."

    def __init__(self) -> None:
        super().__init__(PLUGIN, _use_plugin)

    def get_show_string(self, value: str) -> str:
        return f"QEMU's plugin stops by {value}." if value else "Breakpoints stop the guest."


def _knowledge():
    """The session's Knowledge. What a session needs is not loaded only to define a parameter."""
    from acrn_trace.in_gdb.session import current_session

    return current_session().knowledge


def _check_hypervisor(path: str) -> None:
    """TraceError unless it is a hypervisor's image; what reads images is loaded for one only."""
    from acrn_trace.image.image import open_image
    from acrn_trace.sites.hypervisor_code import hypervisor_code

    if path:
        hypervisor_code(open_image(path))


def _use_plugin(path: str) -> None:
    from acrn_trace.in_gdb.session import current_session

    current_session().use_plugin(path)


def register() -> None:
    """Define every parameter."""
    SetHypercall()
    ShowHypercall()
    VersionParameter()
    OffsetParameter()
    PossibleSitesParameter()
    ClobberParameter()
    HypervisorSymbolsParameter()
    PluginParameter()
