# SPDX-License-Identifier: BSD-3-Clause
"""Judges by which hypervisor's convention a site makes its call.

A site is judged by the code before it, a stub by its direct callers, all by the same witnesses: the
registers of a row of abi.def and the numbers of its table, or what guest/foreign.py states.
"""

from dataclasses import dataclass
from itertools import islice
from typing import Callable, Iterator

from acrn_trace.guest.abi import Abi, abis, main_abi
from acrn_trace.guest.foreign import ANOTHER, FOREIGN, JAILHOUSE, OTHER, Witnesses
from acrn_trace.lint.anothers import is_anothers, is_main, may_be_main
from acrn_trace.lint.findings import Found, Place
from acrn_trace.lint.origins import RESULT
from acrn_trace.tables.calls import Entry

MAX_CALLERS = 64  # of a stub that are judged
MAX_PASSED = 4  # functions between it and one of them
# Numbers for other architectures, by ABI: an x86 guest with one of them means another's.
_NOT_X86 = {"kvm": (3, 4, 6, 7, 8)}


@dataclass(frozen=True)
class Convention:
    """How a hypervisor that is not the main one is called; ``abi`` if it has a row."""

    id: str
    name: str
    fits: Callable[[Place], str | None]  # what speaks for it
    abi: Abi | None = None
    signature: str = ""  # what CPUID says below it, if that is known


Judgement = tuple[Convention | None, str]  # and what says so
NONE: Judgement = None, ""


def convention_findings(place: Place) -> Iterator[Found]:
    """At most one: the site does as another hypervisor's convention says, not as the main one."""
    convention, evidence = convention_of(place)
    if convention:
        yield Found(convention.id, f"a hypercall of {convention.name}: {evidence}")


def convention_of(place: Place) -> Judgement:
    """The convention by which the call is made, if that is not the main one, and what says so."""
    return _of_callers(place) if place.is_stub else _of_code(place)


def _of_code(place: Place) -> Judgement:
    """That by which the registers are loaded that ``place`` is made with."""
    if is_main(place):
        return NONE
    for convention in conventions():
        evidence = convention.fits(place)
        if evidence:
            return convention, evidence
    evidence = (
        None if any(is_probably(place, abi) for abi in told_by_registers()) else is_anothers(place)
    )
    return (_asked_for(place) or _ANOTHER, evidence) if evidence else NONE


def _asked_for(place: Place) -> Convention | None:
    """Whose call it is that is another's by its registers, of those that the image asks for."""
    for one in (*FOREIGN, JAILHOUSE):
        numbers = place.known(one.register)
        fits = one.asked and all(map(place.loads, one.asked)) and all(map(one.has, numbers))
        if fits and not any(map(place.means, one.leaves)):
            if place.functions.asks_for(one.signature):
                return _foreign(one)
    return None


def _of_callers(stub: Place) -> Judgement:
    """That by which its callers load registers for it: a stub is one hypervisor's, and most of them
    tell whose, where one may load what another's has as well."""
    judged = [(caller, _of_code(caller)) for caller in islice(_handing(stub), MAX_CALLERS)]
    if any(found == NONE and may_be_main(caller) for caller, found in judged):
        return NONE
    known = [found for _, found in judged if found != NONE]
    named = [found for found in known if found[0] is not _ANOTHER] or known
    names = [found[0].name for found in named]
    most = max(names, key=names.count, default="")
    if names.count(most) * 2 <= len(names):
        return NONE
    convention, evidence = named[names.index(most)]
    return convention, f"{evidence}, in a caller of the stub"


def _handing(stub: Place) -> Iterator[Place]:
    """Where a stub is called from, past functions that pass on what they were handed."""
    numbers = {witnesses.register for witnesses in FOREIGN} | {
        abi.number for abi in abis().values()
    }
    work = [(stub, 0)]
    for place, depth in work:
        for caller in place.callers():
            if not caller.passes_on(*numbers):
                yield caller
            elif depth < MAX_PASSED:
                work.append((caller, depth + 1))


def is_probably(place: Place, abi: Abi) -> bool:
    """Whether the code loads registers as the row says, with a number that it does not tell: where
    it comes from a caller, or is in no table."""
    given = any(value.kind != RESULT for value in place.before(abi.number))
    is_main = place.sets(main_abi().number)
    return not is_main and given and place.sets(abi.number) and _has_first(place, abi)


def _has_first(place: Place, abi: Abi) -> bool:
    """Whether the first argument is loaded as the row says, and not as others do."""
    first, others = abi.arguments[0], main_abi().arguments[0]
    return place.sets(first) or place.loads(first) and not place.sets(others)


def _by_row(abi: Abi) -> Callable[[Place], str | None]:
    def fits(place: Place) -> str | None:
        """All numbers that it may have are in the table, and what such a call needs is loaded."""
        numbers = place.known(abi.number)
        entries = [_entry(place, number, abi) for number in numbers]
        if not entries or None in entries:
            return None
        number, first = f"{abi.number.upper()} is {numbers[0]}", abi.arguments[0]
        if _has_first(place, abi):
            return f"{number}, the first argument in {first.upper()}"
        has_none = not any(entry.arguments for entry in entries)
        return number if has_none and not place.sets(main_abi().arguments[0]) else None

    return fits


def _entry(place: Place, number: int, abi: Abi) -> Entry | None:
    is_x86 = number not in _NOT_X86.get(abi.name, ())
    return place.table.numbered(number, abi.name) if is_x86 else None


def _by_witnesses(witnesses: Witnesses) -> Callable[[Place], str | None]:
    def fits(place: Place) -> str | None:
        """Every number that it may have is one, and registers are loaded and left as it says."""

        def has(register: str) -> bool:
            return place.sets(register) and place.means(register)

        numbers = place.known(witnesses.register)
        if not numbers or not all(map(witnesses.has, numbers)):
            return None
        if not all(map(place.loads, witnesses.loads)) or any(map(has, witnesses.leaves)):
            return None
        if not all(map(place.means, witnesses.means)):
            return None
        if any(has(one) and not place.loads(two) for one, two in witnesses.together):
            return None
        beside = " and ".join(name.upper() for name in witnesses.loads)
        number = f"{witnesses.register.upper()} is {numbers[0]:#x}"
        return f"{number}, {beside} loaded" if beside else number

    return fits


_ANOTHER = Convention(OTHER, ANOTHER, is_anothers)


def told_by_registers() -> list[Abi]:
    """Those of other hypervisors that registers and numbers alone tell."""
    told = {main_abi().name, *(one.abi for one in FOREIGN)}
    return [abi for abi in abis().values() if abi.name not in told]


def conventions() -> Iterator[Convention]:
    """Those that have a name, but the main one, in the order in which they are asked."""
    for abi in told_by_registers():
        yield Convention(f"{abi.name}-call", abi.name.upper(), _by_row(abi), abi, abi.signature)
    for one in FOREIGN:
        yield _foreign(one)


def _foreign(one: Witnesses) -> Convention:
    abi = abis().get(one.abi or "")
    return Convention(one.finding, one.name, _by_witnesses(one), abi, one.signature)
