# SPDX-License-Identifier: BSD-3-Clause
"""Tells by the code before a site that its call is the main ABI's, or that it cannot be.

It cannot be where nothing puts a number of the main ABI in its register and the code means another
register to have one: a constant that nothing else uses. What a default result may be, nothing or an
error, is none where the code loads arguments of the main ABI.
"""

from acrn_trace.guest.abi import main_abi
from acrn_trace.guest.foreign import BITS32
from acrn_trace.lint.findings import Place
from acrn_trace.lint.origins import KNOWN, LOST

NUMBER = "rax"  # where nearly all but the main one have the number
SIGN = 1 << 31
LAST = 4  # instructions: one for the number, and for three more registers
# Of others' calls: ACRN's have nothing there, but a switch of worlds.
BESIDE = ("rbx", "rcx", "rdx", "r10")


def is_main(place: Place) -> bool:
    """Whether the code loads a number of the main ABI's for the call."""
    abi = main_abi()
    values = place.before(abi.number)
    numbers = [v.number for v in values if v.kind == KNOWN and v.number is not None]
    return any(abi.has_number(n) or place.table.numbered(n) for n in numbers)


def may_be_main(place: Place) -> bool:
    """Whether it loads one, or something that may be one, and no number of another's."""
    return is_main(place) or place.means(main_abi().number) and not place.means(NUMBER)


def is_anothers(place: Place) -> str | None:
    """What says that the call is none of the main ABI's; None: nothing does."""
    name = main_abi().number.upper()
    beside = [one.upper() for one in BESIDE if place.means(one) or _is_set_last(place, one)]
    no_number = f"{' and '.join(beside)} loaded, {name} has no number of ACRN's"
    if not place.means(NUMBER):
        return no_number if len(beside) > 1 and _holds_none(place, False) else None
    numbers = place.known(NUMBER)
    number = f"{NUMBER.upper()} is {numbers[0]:#x}" if numbers else f"{NUMBER.upper()} is loaded"
    if _has_no_number(place):
        return f"{number}, {name} is not loaded" if _are_numbers(place, numbers) else None
    return f"{number}, {no_number}" if beside and _holds_none(place) else None


def _is_set_last(place: Place, register: str) -> bool:
    """Whether one of the last instructions before the call sets it, as for nothing else."""
    return any(place.number - LAST <= n < place.number for n in place.definitions(register))


def _has_no_number(place: Place) -> bool:
    """Whether nobody puts anything in the number's register: neither the code nor its callers."""
    register = main_abi().number
    if place.loads(register) or place.functions.is_parameter(place.function, register):
        return False
    lost = [value.where for value in place.before(register) if value.kind == LOST]
    return not any(place.at_call(where).loads(register) for where in lost)


def _are_numbers(place: Place, numbers: list[int]) -> bool:
    """Whether ``numbers`` are meant as the numbers of calls."""
    abi = main_abi()
    if not numbers or any(map(abi.has_number, numbers)):
        return False
    if any(0 < number & BITS32 < SIGN for number in numbers):
        return True
    return not any(map(place.loads, abi.arguments))


def _holds_none(place: Place, all_known: bool = True) -> bool:
    """Whether what is in the number's register is known, and no number, also if it were cut; or if
    not all is, what is known of it."""
    abi = main_abi()
    before = [v.number for v in place.before(abi.number) if v.kind == KNOWN]
    numbers = place.known(abi.number) if all_known else [n for n in before if n is not None]
    return bool(numbers) and not any(abi.has_number(number & BITS32) for number in numbers)
