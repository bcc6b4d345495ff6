# SPDX-License-Identifier: BSD-3-Clause
"""Tells, from a guest's calls and from what is below it, of one whose calls nobody answers."""

from dataclasses import dataclass
from typing import Callable

from acrn_trace.base.errors import TargetError
from acrn_trace.guest.abi import main_abi
from acrn_trace.guest.site import Site
from acrn_trace.trace.event import Event
from acrn_trace.trace.sink import Sink

MAX_RESETS = 3  # in a row, none of them after a call that came back: the guest goes in a circle
TAKE_IT = (
    "have it answered by --mock acrn ('hypercall mock acrn' in GDB), or run the guest under a "
    "hypervisor (docs/what-works-where.md)"
)
BARE = "no hypervisor is below the guest (QEMU's TCG has no VMX, and its SVM is off)"
PERHAPS = "raises #UD where no hypervisor takes it, and where ACRN lets the VM make no call"
UNREACHED = (
    "no site of the image was reached: is it the image that the guest runs, and did the guest live "
    "to make a call?"
)
UNSEEN = "no site of the image was seen to be reached: {}"
GIVE_MODEL = "the mock has no answer to it: give it one (docs/mock.md)"


@dataclass(frozen=True)
class Ground:
    """What takes the guest's VMCALL, as far as the debugger can know it."""

    bare: bool = False  # certainly no hypervisor
    ud_handler: str | None = None  # of the guest's; "" where it has none


class Answers(Sink):
    """Hears of every call of the guest; ``look`` says what is below the vCPU that makes one."""

    def __init__(self, look: Callable[[Event], Ground]) -> None:
        self._look = look
        self._ground = Ground()
        self._answered = False  # a call, by the guest's side, since the guest began
        self._mocked = False
        self._resets = 0
        self.reached = False  # any site
        self.first: Event | None = None  # since the guest began, that nobody on our side answers

    def entered(self, event: Event) -> None:
        self._mocked |= event.answered_by in ("mock", "replay")
        if not (event.answered_by or self._answered or self.first or _is_refused(event)):
            self.first, self._ground = event, self._look(event)

    def finished(self, event: Event) -> None:
        if event.rax is None:
            return
        self._resets = 0
        self._answered |= event.answered_by == "hypervisor"
        if self.first and self.first.seq == event.seq:
            self.first = None  # by us, once the user had seen enough of it

    def rebooted(self) -> str | None:
        """The guest begins anew: what to tell, once. TargetError where it goes in a circle."""
        self._resets += 1
        if self._resets == MAX_RESETS:
            again = f"the guest was reset {MAX_RESETS} times in a row"
            nothing = f"{again}, and no call of it came back in between"
            raise TargetError(self.unanswered(f"and {again}") or nothing)
        why = self.unanswered("before the guest was reset") if self._resets == 1 else None
        self.first, self._answered = None, False
        return why

    def unreached(self, trouble: str | None = None) -> str | None:
        """What may be wrong where there was no call at all; ``trouble``: why none could be seen."""
        if self.reached:
            return None
        return UNSEEN.format(trouble) if trouble else UNREACHED

    @property
    def none_to_come(self) -> bool:
        """Whether calls were made and none answered, as nothing is there that could."""
        return self.first is not None and not self._answered and self._ground.bare

    def unanswered(self, end: str) -> str | None:
        """What went wrong, where no call was answered; ``end`` is what came of it."""
        event = self.first
        if self._answered or not event:
            return None
        name = (event.site.abi if event.site else main_abi()).mnemonic
        call = f"nobody answered {event.name}, the {name} at {_place(event.site)}, {end}"
        advice = GIVE_MODEL if self._mocked else TAKE_IT
        if not self._ground.bare:
            return f"{call}: {name} {PERHAPS}; {advice}"
        return f"{call}: {BARE}, so {name} raises #UD{self._handler()}; {advice}"

    def _handler(self) -> str:
        handler = self._ground.ud_handler
        if handler is None:
            return ""
        return (
            f", whose handler is {handler}" if handler else ", for which the guest has no handler"
        )


def _is_refused(event: Event) -> bool:
    """Whether a mock means the exception to be the answer, and says so itself."""
    return any(finding.kind == "mock-exception" for finding in event.findings)


def _place(site: Site | None) -> str:
    if site is None or not site.file:
        return str(site)
    return f"{site.address:#x} ({site})"
