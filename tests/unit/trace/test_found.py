# SPDX-License-Identifier: BSD-3-Clause
"""Whose calls are shown once the guest's CPUID has named one hypervisor, or two."""

from acrn_trace.guest.abi import abi_named
from acrn_trace.trace.event import Event
from acrn_trace.trace.found import FoundHypervisors, OfFound
from helpers.make.event import event


class Guest:
    """One that finds hypervisors, and makes calls."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self._found = FoundHypervisors()
        self._condition = OfFound(self._found, self.said.append)

    def finds(self, name: str) -> None:
        self._found.add(abi_named(name))

    def enters(self, seq: int, abi: str) -> tuple[Event, bool]:
        call = event(seq=seq, abi=abi, over=False)
        return call, self._condition(call)

    def leaves(self, call: Event) -> bool:
        call.over = True
        return self._condition(call)


def test_all_are_shown_before_one_is_found():
    guest = Guest()
    call, shown = guest.enters(0, "kvm")
    assert shown and guest.leaves(call) and not guest.said


def test_those_of_another_are_not_and_it_is_said_once():
    guest = Guest()
    guest.finds("acrn")
    for seq, (abi, is_shown) in enumerate([("kvm", False), ("acrn", True), ("kvm", False)]):
        call, shown = guest.enters(seq, abi)
        assert (shown, guest.leaves(call)) == (is_shown, is_shown)
    assert guest.enters(3, "unknown")[1]
    assert [text.split(";")[0] for text in guest.said] == [
        "calls of kvm's are made as well, and not shown: the guest's CPUID has named acrn"
    ]


def test_of_two_that_are_found_both_are_shown():
    guest = Guest()
    guest.finds("hyperv")
    guest.finds("kvm")
    shown = [guest.enters(seq, abi)[1] for seq, abi in enumerate(("kvm", "hyperv", "xen"))]
    assert shown == [True, True, False]
    assert "named hyperv and kvm;" in guest.said[0]


def test_a_call_that_was_shown_at_its_entry_is_shown_at_its_return():
    guest = Guest()
    call, _ = guest.enters(0, "kvm")
    guest.finds("acrn")
    assert guest.leaves(call) and not guest.said
