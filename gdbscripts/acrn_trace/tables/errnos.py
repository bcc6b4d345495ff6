# SPDX-License-Identifier: BSD-3-Clause
"""Names the errors that results are, by the scheme of each hypervisor's ABI (SCHEME_errors.def)."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from acrn_trace.base import deffile
from acrn_trace.base.deffile import Line
from acrn_trace.base.places import table_file
from acrn_trace.guest.abi import abis, main_abi

MAX_ERROR = 1 << 31


class Errors:
    """``by_number``: name and text; ``vague`` are the numbers of those that may mean no more than
    that the call failed."""

    def __init__(self) -> None:
        self.by_number: dict[int, tuple[str, str]] = {}
        self.vague: set[int] = set()

    @property
    def results(self) -> Mapping[str, int]:
        """The result that has each name."""
        return {name: -number for number, (name, _) in self.by_number.items()}

    @property
    def no_such_call(self) -> int:
        """The result of a call that the hypervisor does not have, where nobody knows more."""
        return next((self.results[n] for n in ("ENOTTY", "ENOSYS") if n in self.results), -1)


@lru_cache(None)
def errors_of(abi: str | None = None) -> Errors:
    """Those of the ABI of that name, by default the main one; none where no row is known."""
    row = abis().get(abi or main_abi().name)
    return errors_in(deffile.read(table_file(row.errors, "errors"))) if row else Errors()


def errors_in(lines: Iterable[Line]) -> Errors:
    """Those that the lines state; TraceError for a line that states none."""
    errors = Errors()
    for line in lines:
        _add(errors, line)
    return errors


def _add(errors: Errors, line: Line) -> None:
    kind, words = line.term.name, line.term.words()
    if kind not in ("ERROR", "FAILED") or len(words) != 3 or not words[0].isdecimal():
        raise line.wrong('not ERROR(NUMBER, NAME, "TEXT") or FAILED(NUMBER, NAME, "TEXT")')
    number = int(words[0])
    if not 0 < number < MAX_ERROR:
        raise line.wrong("the number of an error is 1 or more, in 31 bits")
    errors.by_number[number] = words[1], words[2]
    if kind == "FAILED":
        errors.vague.add(number)


def errno_name(result: int | None, abi: str | None = None) -> str | None:
    """The name of a negative ``result``, or None: it is no error, or not one that is known."""
    if result is None or result >= 0:
        return None
    return errors_of(abi).by_number.get(-result, (None, None))[0]


def errno_text(result: int, abi: str | None = None) -> str:
    """What to print behind ``result``: empty where there is nothing to add."""
    name, text = errors_of(abi).by_number.get(-result, ("", "")) if result < 0 else ("", "")
    if name and is_vague(result, abi):
        return f" (failed; = {name})"
    return f" {name} ({text})" if name else ""


def is_vague(result: int, abi: str | None = None) -> bool:
    """Whether a result may mean no more than that the call failed, whatever its name says."""
    return -result in errors_of(abi).vague


def result_words(result: int, abi: str | None = None) -> str:
    """``-16 EBUSY``: a result as short as can be."""
    name = None if is_vague(result, abi) else errno_name(result, abi)
    return f"{result} {name}" if name else str(result)
