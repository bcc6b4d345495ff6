# SPDX-License-Identifier: BSD-3-Clause
"""Decodes the functions of an image, each once: with sites, called by those, calling those."""

from itertools import islice
from typing import Iterable, Iterator

from acrn_trace.guest.abi import MASK64
from acrn_trace.image.image import Code, Image
from acrn_trace.lint.call_search import near_calls, short_jumps
from acrn_trace.lint.callees import OUTLINED, Callees
from acrn_trace.lint.flow_graph import ENTRY, MAX_BYTES, NEAR, Function, Piece
from acrn_trace.lint.origins import Origins, loaded
from acrn_trace.sites.bounds import bounds_of
from acrn_trace.sites.call_targets import CallTargets
from acrn_trace.sites.decoder import Decoder
from acrn_trace.sites.jump_tables import table_targets
from acrn_trace.sites.outline import ENDS, Outline, target_of
from acrn_trace.sites.spans import Span

MAX_FUNCTIONS = 512  # that are remembered: sites and callees are near each other
MAX_PIECES, MAX_PIECE = 8, 512  # of a function that are elsewhere; bytes of one
MAX_COLD = 4096  # bytes of a part that was split off
MAX_CALLERS = 16  # of one function that are looked at
WINDOW = 64  # bytes before a site that are looked at where no function is known around it
_COPIED = (".altinstr_replacement",)
_RETURN_THUNK = "__x86_return_thunk"  # gcc's -mfunction-return=, Linux's


class Functions:
    """Finds the function around an address, and answers for its surroundings."""

    def __init__(self, image: Image, offset: int = 0) -> None:
        """``offset``: how far addresses that are shown are from the image's own."""
        self.offset = offset
        self._image = image
        self._parts = image.code()
        self._bounds = bounds_of(image)
        self._decoder = Decoder()
        self._calls: CallTargets | None = None
        self._functions: dict[tuple[int, ...], Function | None] = {}
        self._origins: dict[Function, Origins] = {}
        self._callers: dict[int, list[int]] | None = None
        self._wanted: set[int | None] = set()  # whose callers are in there
        self._sites: list[int] = []
        self.callees = Callees(self.beginning_at, self._name_at)

    def asks_for(self, signature: str) -> bool:
        """Whether the image has this signature of CPUID's leaves."""
        return self._image.holds(signature.encode())

    def around(self, address: int) -> Function | None:
        """The function around ``address``, or what can be told of the code before it."""
        part = self._part(address)
        if part is None:
            return None
        start, end, is_function = self._extent(part, address)
        if start is None or address - start >= MAX_BYTES:
            return self._window(part, address)
        parent = None if is_function else self._parent(start, end)
        return parent or self._function(part, start, end, is_function)

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
        return not self._is_cold(start)

    def _is_cold(self, start: int) -> bool:
        """Whether the compiler split off what begins at ``start``, and moved it away."""
        return ".cold" in (self._image.function_at(start) or "")

    def origins(self, function: Function) -> Origins:
        if function not in self._origins:
            self._origins[function] = Origins(function, self.callees)
        return self._origins[function]

    def announce(self, sites: Iterable[int]) -> None:
        """Around which addresses functions will be asked for: their callers are found in one go."""
        self._sites += sites

    def is_parameter(self, function: Function, register: str) -> bool | None:
        """Whether a direct caller is seen to put something in ``register`` for ``function``.

        None: that is not known, since no caller is seen, or one may pass on what it was handed.
        What was put there for a hypercall of the caller's own is no argument of another function.
        Code that 32-bit code enters is handed nothing.
        """
        refusals: list[bool] = []
        for caller, number in islice(self.callers(function), MAX_CALLERS):
            origins = self.origins(caller)
            is_spent = origins.is_spent(number, register)
            if not is_spent and loaded(origins.before(number, register), register):
                return True
            refusals.append(ENTRY not in (origins.definitions(number, register) or {ENTRY}))
        if function.address(0) in self._bounds.code32.goals:
            return False
        return False if refusals and all(refusals) else None

    def callers(self, function: Function) -> Iterator[tuple[Function, int]]:
        """The other functions that call or jump to ``function``, and by which instruction."""
        start = function.address(0)
        if self._callers is not None and start not in self._wanted:
            self._search({start})
        for site in self._callers_of(start):
            caller = self.around(site)
            number = caller.number_of(site) if caller else None
            if caller and number is not None and caller is not function:
                yield caller, number

    def _function(self, part: Code, start: int, end: int, is_function: bool) -> Function | None:
        key = start, end
        if len(self._functions) > MAX_FUNCTIONS:
            self._functions.clear()
            self._origins.clear()
        if key not in self._functions:
            code = part.data[start - part.address : min(end, start + MAX_BYTES) - part.address]
            self._functions[key] = self._decoded(code, start, is_function)
        return self._functions[key]

    def _parent(self, start: int, end: int) -> Function | None:
        """The function that jumps to what was split off it, with that as one of its pieces."""
        if not self._is_cold(start) or end - start > MAX_COLD:
            return None
        for goal in range(start, end):
            for jump in self._callers_of(goal, near=False)[:MAX_CALLERS]:
                part = self._part(jump)
                begin, stop, is_function = self._extent(part, jump) if part else (None, 0, False)
                if part and begin is not None and is_function and not start <= jump < end:
                    return self._with_cold(part, begin, stop, (start, end))
        return None

    def _with_cold(
        self, part: Code, start: int, end: int, cold: tuple[int, int]
    ) -> Function | None:
        key = start, end, *cold
        if key not in self._functions:
            code = part.data[start - part.address : min(end, start + MAX_BYTES) - part.address]
            self._functions[key] = self._decoded(code, start, True, cold)
        return self._functions[key]

    def _decoded(
        self, code: bytes, start: int, is_function: bool, cold: tuple[int, int] | None = None
    ) -> Function | None:
        """``cold``: what is known to belong to it, start and end."""
        whole = Piece(start, code, self._outline(code, start))
        if not whole.outline.starts:
            return None
        function = Function([whole], is_function, self._is_return)
        goals = [g for g in function.goals_outside() if not cold or g not in range(*cold)]
        elsewhere = [self._piece(goal, whole) for goal in goals[:MAX_PIECES]]
        elsewhere = [piece for piece in (*elsewhere, cold and self._stretch(*cold)) if piece]
        if elsewhere:
            function = Function([whole, *elsewhere], is_function, self._is_return)
        if function.jumps_indirectly:
            part = self._part(start)
            assert part
            function.add_table(table_targets(self._image, part, start, start + len(code)))
        function.add_branches(self._bounds.jump_labels(start, start + len(code)))
        function.leave_out_calls(lambda goal: not self.callees.returns(goal))
        return function

    def _is_return(self, goal: int) -> bool:
        """Whether what begins at ``goal`` only returns, which processors are to guess right."""
        return self._image.function_at(goal) == _RETURN_THUNK

    def _outline(self, code: bytes, start: int) -> Outline:
        """That of a function, past data that its calls jump over."""
        outline = self._decoder.outline(code, start)
        for _ in range(MAX_PIECES):
            over = _over_data(outline, start + len(code))
            if over is None:
                break
            more = self._decoder.outline(code[over[1] - start :], over[1])
            outline = outline.resumed(over[0], more)
        return outline

    def _stretch(self, start: int, end: int) -> Piece | None:
        part = self._part(start)
        if part is None:
            return None
        code = part.data[start - part.address : end - part.address]
        return Piece(start, code, self._decoder.outline(code, start))

    def _piece(self, goal: int, whole: Piece) -> Piece | None:
        """What a function has at ``goal``, if that is not another function: it jumps back, or is
        what functions have in common."""
        part = self._part(goal)
        if part is None or goal in range(whole.start, whole.start + len(whole.code)):
            return None
        # Often right before the function, which its jumps back lead to: that is no more of it.
        stop = min(goal + MAX_PIECE, whole.start if goal < whole.start else part.end)
        code = part.data[goal - part.address : stop - part.address]
        code = code[: _length_of_piece(self._decoder.outline(code, goal), range(goal, stop))]
        outline = self._decoder.outline(code, goal)
        inside = range(whole.start + 1, whole.start + len(whole.code))
        back = (target_of(operands) for _, _, name, operands in outline.steering if name != "call")
        is_common = OUTLINED.fullmatch(self._image.function_at(goal) or "")
        is_part = is_common or any(target in inside for target in back)
        return Piece(goal, code, outline) if is_part else None

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
            self._calls = CallTargets(self._parts, self._image)
        return self._calls.around(address)

    def _name_at(self, address: int) -> str:
        return self._image.function_at(address) or f"the function at {self.shown(address)}"

    def shown(self, address: int) -> str:
        """An address of the image, for people."""
        return self._image.place(address) or f"{address + self.offset & MASK64:#x}"

    def _starts(self) -> set[int | None]:
        """Where the functions begin that have the sites."""
        found: set[int | None] = set()
        for site in self._sites:
            part = self._part(site)
            start, end, _ = self._extent(part, site) if part else (None, 0, False)
            found.add(start)
            if start is not None and self._is_cold(start) and end - start <= MAX_COLD:
                found.update(range(start, end))
        return found

    def _callers_of(self, start: int, near: bool = True) -> list[int]:
        """What calls or jumps to ``start``, where a function with a site begins, or in a cold part.

        ``near``: with short jumps.
        """
        if self._callers is None:
            self._callers = {}
            self._search(self._starts())
        part = self._part(start) if near else None
        return self._callers.get(start, []) + (short_jumps(part, start) if part else [])

    def _search(self, wanted: set[int | None]) -> None:
        """Find what calls, or jumps from afar, to where those functions begin."""
        assert self._callers is not None
        self._wanted |= wanted
        for part in self._parts:
            for site, goal in near_calls(part):
                if goal in wanted:
                    self._callers.setdefault(goal, []).append(site)


def _length_of_piece(outline: Outline, place: range) -> int:
    """Up to where it surely ends, past which none of its own branches leads within ``place``."""
    furthest = place.start
    for address, size, mnemonic, operands in outline.steering:
        target = target_of(operands)
        if mnemonic != "call" and target is not None and target in place:
            furthest = max(furthest, target)
        if mnemonic in ENDS and address + size > furthest:
            return address + size - place.start
    return 0


def _over_data(outline: Outline, stop: int) -> tuple[int, int] | None:
    """Where the first call ends that jumps over data, and where it goes; before ``stop``.

    Recognized where the data does not look like instructions up to there.
    """
    for address, size, mnemonic, operands in outline.steering:
        goal = target_of(operands) if mnemonic == "call" else None
        if goal is not None and address < goal < min(address + NEAR, stop):
            if not outline.begins_at(goal):
                return address + size, goal
    return None
