# SPDX-License-Identifier: BSD-3-Clause
"""Makes the ABIs of the lines of ``abi.def``; docs/call-table.md states their grammar."""

import re
from collections.abc import Iterable, Sequence

from acrn_trace.base.deffile import Line
from acrn_trace.guest.abi import GENERAL_REGISTERS, MASK64, Abi, Instruction

MAX_ARGUMENTS = 6
MAX_LOST = 8  # words
MAX_BYTES = 15  # of an instruction
RESULTS = ("s32", "s64", "u64", "status")
AGAIN = ("never", "same_rip")
MEMORY = ("physical", "linear")
ARGUMENTS = "args"  # in LOST: the registers of the call's arguments
TERMS = ("INSN", "NUMBER", "NUMBERS", "ARGS", "RET", "LOST", "ERRORS", "AGAIN", "MEMORY")

_NUMBER = re.compile(r"0x[0-9a-f]{1,16}").fullmatch


def abis_of(lines: Iterable[Line]) -> dict[str, Abi]:
    """The ABIs by name, in the order of the lines; TraceError for a line that states none."""
    instructions: dict[str, Instruction] = {}
    found: dict[str, Abi] = {}
    for line in lines:
        if line.term.name == "INSTRUCTION":
            instruction = _instruction(line)
            instructions[instruction.name] = instruction
        else:
            abi = _Row(line).abi(instructions)
            found[abi.name] = abi
    return found


def _instruction(line: Line) -> Instruction:
    name, *code = line.term.words() or [""]
    if not name or not 0 < len(code) <= MAX_BYTES or not all(map(_NUMBER, code)):
        raise line.wrong(f"not INSTRUCTION(NAME, 1 to {MAX_BYTES} bytes in hexadecimal)")
    numbers = [int(byte, 16) for byte in code]
    if max(numbers) > 0xFF:
        raise line.wrong("what is over 0xff is no byte")
    return Instruction(name, bytes(numbers))


class _Row:
    """One line ``ABI(NAME, "SIGNATURE", TERM…)``: the words of its terms, checked."""

    def __init__(self, line: Line) -> None:
        self._line = line
        parts = line.term.arguments or ()
        if line.term.name != "ABI" or tuple(term.name for term in parts[2:]) != TERMS:
            raise line.wrong(f'not ABI(NAME, "SIGNATURE", {", ".join(f"{t}(…)" for t in TERMS)})')
        self._name, self._signature = str(parts[0]), str(parts[1])
        self._words = {term.name: term.words() for term in parts[2:]}

    def abi(self, instructions: dict[str, Instruction]) -> Abi:
        number, *mask = self._some("NUMBER", (1, 2))
        base, index = map(self._number, self._some("NUMBERS", (2,)))
        result, kind = self._some("RET", (2,))
        arguments = tuple(map(self._register, self._some("ARGS", range(1, MAX_ARGUMENTS + 1))))
        lost = self._some("LOST", range(1, MAX_LOST + 1))
        return Abi(
            name=self._name,
            signature=self._signature,
            instructions=self._instructions(instructions),
            number=self._register(number),
            number_mask=self._number(mask[0]) if mask else MASK64,
            number_base=base,
            number_index=index,
            arguments=arguments,
            result=self._register(result),
            result_type=self._one_of(RESULTS, kind),
            lost=frozenset(self._register(r) for r in lost if r != ARGUMENTS),
            loses_arguments=ARGUMENTS in lost,
            errors=self._some("ERRORS", (1,))[0],
            again=self._one_of(AGAIN, *self._some("AGAIN", (1,))) != "never",
            is_linear=self._one_of(MEMORY, *self._some("MEMORY", (1,))) == "linear",
        )

    def _instructions(self, known: dict[str, Instruction]) -> tuple[Instruction, ...]:
        words = self._some("INSN", range(1, len(known) + 1))
        found = tuple(known[self._one_of(known, word)] for word in words)
        if len({len(instruction.code) for instruction in found}) > 1:
            raise self._line.wrong("its instructions are not of one length")
        return found

    def _some(self, term: str, counts: Sequence[int]) -> list[str]:
        words = self._words[term]
        if len(words) not in counts:
            raise self._line.wrong(f"{len(words)} words in {term}(…) are too few or too many")
        return words

    def _register(self, word: str) -> str:
        return self._one_of(GENERAL_REGISTERS, word)

    def _number(self, word: str) -> int:
        if not _NUMBER(word):
            raise self._line.wrong(f"{word!r} is no number in hexadecimal")
        return int(word, 16)

    def _one_of(self, among: Iterable[str], word: str) -> str:
        if word not in among:
            raise self._line.wrong(f"{word!r} is none of {', '.join(among)}")
        return word
