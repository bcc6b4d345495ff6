# SPDX-License-Identifier: BSD-3-Clause
"""The functions of an image, each decoded once: with sites, called by those, calling those."""

import re
import struct
from typing import Iterable

from acrn_trace.abi import MASK64
from acrn_trace.bounds import Bounds
from acrn_trace.call_targets import CallTargets
from acrn_trace.decoder import Decoder
from acrn_trace.image import Code, Image
from acrn_trace.lint.callees import Callees
from acrn_trace.lint.function import MAX_BYTES, Function, Piece, target_of
from acrn_trace.lint.origins import Origins, loaded
from acrn_trace.outline import ENDS, Outline
from acrn_trace.spans import Span

MAX_FUNCTIONS = 512  # that are remembered: sites and callees are near each other
MAX_PIECES, MAX_PIECE = 8, 512  # of a function that are elsewhere; bytes of one
MAX_CALLERS = 16  # of one function that are looked at
WINDOW = 64  # bytes before a site that are looked at where no function is known around it
_COPIED = (".altinstr_replacement",)
_SHORT = {0xEB, *range(0x70, 0x80)}


class Functions:
    """Finds the function around an address, and answers for its surroundings."""

    def __init__(self, image: Image, offset: int = 0) -> None:
        """``offset``: how far addresses that are shown are from the image's own."""
        self.offset = offset
        self._image = image
        self._parts = image.code()
        self._bounds = Bounds(image)
        self._decoder = Decoder()
        self._calls: CallTargets | None = None
        self._functions: dict[tuple[int, int], Function | None] = {}
        self._origins: dict[Function, Origins] = {}
        self._callers: dict[int, list[int]] | None = None
        self._sites: list[int] = []
        self.callees = Callees(self.beginning_at, self._name_at)

    def around(self, address: int) -> Function | None:
        """The function around ``address``, or what can be told of the code before it."""
        part = self._part(address)
        if part is None:
            return None
        start, end, is_function = self._extent(part, address)
        if start is None or address - start >= MAX_BYTES:
            return self._window(part, address)
        return self._function(part, start, end, is_function)

    def beginning_at(self, address: int) -> Function | None:
        """The function that begins at ``address``."""
        part = self._part(address)
        if part is None:
            return None
        _, end, _ = self._extent(part, address)
        return self._function(part, address, end, True)

    def _extent(self, part: Code, address: int) -> tuple[int | None, int, bool]:
        """Start and end of the code around ``address``; whether a function begins there."""
        span = self._bounds.around(address)
        is_function = bool(span) and self._begins_function(part, span.start)
        if not is_function:
            called = self._called(address)
            if called and (span is None or called.start >= span.start):
                is_function, span = True, Span(called.start, span.end if span else called.end)
        if span is None:
            return None, min(address + MAX_BYTES, part.end), False
        return max(span.start, part.address), min(span.end, part.end), is_function

    def _begins_function(self, part: Code, start: int) -> bool:
        """Not so for code that is copied over other code, and for what was split off a function."""
        if part.name in _COPIED or not self._bounds.is_function(start):
            return False
        return ".cold" not in (self._image.function_at(start) or "")

    def origins(self, function: Function) -> Origins:
        if function not in self._origins:
            self._origins[function] = Origins(function, self.callees)
        return self._origins[function]

    def announce(self, sites: Iterable[int]) -> None:
        """Around which addresses functions will be asked for: their callers are found in one go."""
        self._sites += sites

    def is_parameter(self, function: Function, register: str) -> bool:
        """Whether a direct caller is seen to put something in ``register`` for ``function``."""
        for site in self._callers_of(function.address(0))[:MAX_CALLERS]:
            caller = self.around(site)
            number = caller.number_of(site) if caller else None
            if caller is None or number is None or caller is function:
                continue
            if loaded(self.origins(caller).before(number, register), register):
                return True
        return False

    def _function(self, part: Code, start: int, end: int, is_function: bool) -> Function | None:
        key = start, end
        if len(self._functions) > MAX_FUNCTIONS:
            self._functions.clear()
            self._origins.clear()
        if key not in self._functions:
            code = part.data[start - part.address : min(end, start + MAX_BYTES) - part.address]
            self._functions[key] = self._decoded(code, start, is_function)
        return self._functions[key]

    def _decoded(self, code: bytes, start: int, is_function: bool) -> Function | None:
        whole = Piece(start, code, self._decoder.outline(code, start))
        if not whole.outline.starts:
            return None
        function = Function([whole], is_function)
        goals = function.goals_outside()[:MAX_PIECES]
        elsewhere = [piece for piece in (self._piece(goal, whole) for goal in goals) if piece]
        if elsewhere:
            function = Function([whole, *elsewhere], is_function)
        function.leave_out_calls(lambda goal: not self.callees.returns(goal))
        return function

    def _piece(self, goal: int, whole: Piece) -> Piece | None:
        """What a function has at ``goal``, if that is not another function: it jumps back."""
        part = self._part(goal)
        if part is None or goal in range(whole.start, whole.start + len(whole.code)):
            return None
        code = part.data[goal - part.address : goal - part.address + MAX_PIECE]
        code = code[: _length_of_piece(self._decoder.outline(code, goal), goal)]
        outline = self._decoder.outline(code, goal)
        inside = range(whole.start + 1, whole.start + len(whole.code))
        back = (target_of(operands) for _, _, name, operands in outline.steering if name != "call")
        return Piece(goal, code, outline) if any(target in inside for target in back) else None

    def _window(self, part: Code, address: int) -> Function | None:
        """The longest stretch before ``address`` that decodes to an instruction right there."""
        for start in range(max(address - WINDOW, part.address), address + 1):
            code = part.data[start - part.address : address - part.address + WINDOW]
            function = self._decoded(code, start, is_function=False)
            if function and function.number_of(address) is not None:
                return function
        return None

    def _part(self, address: int) -> Code | None:
        return next((p for p in self._parts if p.address <= address < p.end), None)

    def _called(self, address: int) -> Span | None:
        if self._calls is None:
            self._calls = CallTargets(self._parts)
        return self._calls.around(address)

    def _name_at(self, address: int) -> str:
        return self._image.function_at(address) or f"the function at {self.shown(address):#x}"

    def shown(self, address: int) -> int:
        return address + self.offset & MASK64

    def _starts(self) -> set[int | None]:
        """Where the functions begin that have the sites."""
        parts = ((self._part(site), site) for site in self._sites)
        return {self._extent(part, site)[0] for part, site in parts if part}

    def _callers_of(self, start: int) -> list[int]:
        if self._callers is None:
            self._callers, wanted = {}, self._starts()
            for part in self._parts:
                for site, goal in _calls(part):
                    if goal in wanted:
                        self._callers.setdefault(goal, []).append(site)
        part = self._part(start)
        return self._callers.get(start, []) + (_short_jumps(part, start) if part else [])


def _length_of_piece(outline: Outline, start: int) -> int:
    """Up to where it surely ends, past which none of its own branches leads."""
    furthest = start
    for address, size, mnemonic, operands in outline.steering:
        target = target_of(operands)
        if mnemonic != "call" and target is not None and target - start in range(MAX_PIECE):
            furthest = max(furthest, target)
        if mnemonic in ENDS and address + size > furthest:
            return address + size - start
    return 0


def _calls(part: Code) -> Iterable[tuple[int, int]]:
    """What may be direct calls and jumps, near ones: where each is, and where it goes."""
    unpack, data, base = struct.Struct("<i").unpack_from, part.data, part.address
    for match in _near(len(data)).finditer(data, 0, max(len(data) - 5, 0)):
        operand = match.end()
        yield base + match.start(), base + operand + 4 + unpack(data, operand)[0]


def _near(reach: int) -> re.Pattern[bytes]:
    """Calls and jumps whose distance has a high byte that stays within ``reach``."""
    pages = min((reach >> 24) + 1, 128)
    high = b"".join(re.escape(bytes([page])) for page in [*range(pages), *range(256 - pages, 256)])
    return re.compile(rb"(?:[\xe8\xe9]|\x0f[\x80-\x8f])(?=...[" + high + rb"])", re.DOTALL)


def _short_jumps(part: Code, goal: int) -> list[int]:
    """What may be jumps to ``goal`` from nearby, as at the end of a function."""
    around = range(max(goal - 129, part.address), min(goal + 126, part.end - 1))
    data, base = part.data, part.address
    return [
        site
        for site in around
        if data[site - base] in _SHORT and site + 2 + (data[site - base + 1] ^ 0x80) - 0x80 == goal
    ]
