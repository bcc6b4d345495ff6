# SPDX-License-Identifier: BSD-3-Clause
"""Selects the calls of the hypervisors that the guest has found, where its user selects none.

A kernel has calls of several, and makes those of the one whose name CPUID gave it. A call of
another one is told of once. Until a name was seen, every call is selected.
"""

from typing import Callable

from acrn_trace.guest.abi import UNKNOWN, Abi
from acrn_trace.trace.event import Event
from acrn_trace.trace.filters import Condition

OTHERS = (
    "calls of {others}'s are made as well, and not shown: the guest's CPUID has named {found}; "
    "-e trace=all shows them"
)


class FoundHypervisors:
    """Rows of abi.def, in the order in which the guest's CPUID named them."""

    def __init__(self) -> None:
        self.rows: list[Abi] = []

    def add(self, abi: Abi) -> None:
        if abi not in self.rows:
            self.rows.append(abi)

    @property
    def names(self) -> list[str]:
        return [abi.name for abi in self.rows]


class OfFound(Condition):
    """It was decided when the call was made: what is found later changes no line that is there."""

    def __init__(self, found: FoundHypervisors, tell: Callable[[str], None]) -> None:
        """``tell`` is called once for each other hypervisor."""
        self._found, self._tell = found, tell
        self._told: set[str] = set()
        self._hidden: set[int] = set()  # calls in flight, by seq

    def __call__(self, event: Event) -> bool:
        if not event.over and self._is_anothers(event):
            self._hidden.add(event.seq)
        is_hidden = event.seq in self._hidden
        if event.over:
            self._hidden.discard(event.seq)
        return not is_hidden

    def _is_anothers(self, event: Event) -> bool:
        found = self._found.names
        if not found or event.abi in (*found, UNKNOWN):
            return False
        if event.abi not in self._told:
            self._told.add(event.abi)
            self._tell(OTHERS.format(others=event.abi, found=" and ".join(found)))
        return True
