# SPDX-License-Identifier: BSD-3-Clause
"""Names the errors that results are, by the scheme of each hypervisor's ABI (SCHEME_errors.def)."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from acrn_trace.base import deffile
from acrn_trace.base.deffile import Line
from acrn_trace.base.places import table_file
from acrn_trace.guest.abi import abis, main_abi

MAX_ERROR = 1 << 31
NO_SUCH_CALL = ("ENOTTY", "ENOSYS", "HV_STATUS_INVALID_HYPERCALL_CODE")


class Errors:
    """``by_number``: name and text; ``vague`` are the numbers of those that may mean no more than
    that the call failed."""

    def __init__(self, is_status: bool = False) -> None:
        """``is_status``: results have them as they are, else negated."""
        self.is_status = is_status
        self.by_number: dict[int, tuple[str, str]] = {}
        self.vague: set[int] = set()

    @property
    def results(self) -> Mapping[str, int]:
        """The result that has each name."""
        sign = 1 if self.is_status else -1
        return {name: sign * number for number, (name, _) in self.by_number.items()}

    @property
    def no_such_call(self) -> int:
        """The result of a call that the hypervisor does not have, where nobody knows more."""
        return next((self.results[name] for name in NO_SUCH_CALL if name in self.results), -1)


@lru_cache(None)
def errors_of(abi: str | None = None) -> Errors:
    """Those of the ABI of that name, by default the main one; none where no row is known."""
    row = abis().get(abi or main_abi().name)
    if row is None:
        return Errors()
    lines = deffile.read(table_file(row.errors, "errors"))
    return errors_in(lines, row.result_type == "status")


def errors_in(lines: Iterable[Line], is_status: bool = False) -> Errors:
    """Those that the lines state; TraceError for a line that states none."""
    errors = Errors(is_status)
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


def error_in(result: int | str | None, abi: str | None = None) -> int:
    """The number of the error that a result is; 0: it is none. Text is of a result in hexadecimal,
    which is no int32."""
    row = abis().get(abi or main_abi().name)
    if isinstance(result, str):
        return row.error_in(int(result, 16)) if row and row.result_type == "status" else 0
    return (row or main_abi()).error_in(result or 0)


def errno_name(result: int | str | None, abi: str | None = None) -> str | None:
    """The name of the error that ``result`` is, or None: it is none, or not one that is known."""
    return errors_of(abi).by_number.get(error_in(result, abi), (None, None))[0]


def errno_text(result: int | str, abi: str | None = None) -> str:
    """What to print behind ``result``: empty where there is nothing to add."""
    name, text = errors_of(abi).by_number.get(error_in(result, abi), ("", ""))
    if name and is_vague(result, abi):
        return f" (failed; = {name})"
    return (f" {name} ({text})" if name else "") + _repetitions(result, abi)


def _repetitions(result: int | str, abi: str | None) -> str:
    """What a status has beside the error, in bits 43 to 32: it is no int32 where it has."""
    row = abis().get(abi or main_abi().name)
    if not isinstance(result, str) or not row or row.result_type != "status":
        return ""
    done = int(result, 16) >> 32 & 0xFFF
    return f" ({done} repetition{'s' * (done != 1)} done)" if done else ""


def is_vague(result: int | str, abi: str | None = None) -> bool:
    """Whether a result may mean no more than that the call failed, whatever its name says."""
    return error_in(result, abi) in errors_of(abi).vague


def result_words(result: int, abi: str | None = None) -> str:
    """``-16 EBUSY``: a result as short as can be."""
    name = None if is_vague(result, abi) else errno_name(result, abi)
    return f"{result} {name}" if name else str(result)
