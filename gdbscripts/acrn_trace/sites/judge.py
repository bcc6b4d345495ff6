# SPDX-License-Identifier: BSD-3-Clause
"""Judges the matches of a byte search: a certain site, a possible one, or none."""

from acrn_trace.image.image import Code, Image
from acrn_trace.sites.bounds import Bounds
from acrn_trace.sites.call_targets import looks_like_start
from acrn_trace.sites.decoder import Decoder
from acrn_trace.sites.flow import Flow
from acrn_trace.sites.jump_tables import table_targets
from acrn_trace.sites.resync import PREFIXES, Vote, vote
from acrn_trace.sites.spans import Span

MAX_AHEAD = 1 << 16  # bytes behind a match that are looked through for a way to it


class FunctionJudge:
    """Judges matches in one part of the code, function by function."""

    def __init__(self, image: Image, bounds: Bounds, code: Code) -> None:
        self._image = image
        self._bounds = bounds
        self._code = code
        self._decoder = Decoder()

    def described(self, span: Span, matches: list[int]) -> dict[int, bool]:
        """Matches in a function that a table of the image describes."""
        flow = self._flow(span, matches[-1] + 1)
        flow.follow(matches)
        left = _left(flow, matches)
        if left:
            flow.follow(matches, [*span.anchors(), *self._bounds.reached(left)])
            left = _left(flow, matches)
        if left:
            flow.extend(_end(span, matches))
            flow.follow(matches)
            left = _left(flow, matches)
        if left and flow.jumps_indirectly:
            targets = table_targets(self._image, self._code, span.start, _end(span, matches))
            flow.follow(matches, targets)
            left = _left(flow, matches)
        verdicts = dict.fromkeys(flow.reached, True)
        for address in left:
            if flow.joins(address, self._bounds.is_function) or (
                self._bounds.has_size(span.start) and flow.is_behind_asm_goto(address)
            ):
                verdicts[address] = True
            elif not flow.is_dead(address):
                verdicts[address] = False
            else:
                verdicts |= self._voted(address)
        return verdicts

    def called(self, span: Span, matches: list[int]) -> dict[int, bool]:
        """Matches behind the target of a call, in code that nothing describes."""
        if span.start >= span.end:
            return {address: False for address in matches if not self._is_prefixed(address)}
        end = _end(span, matches)
        flow = Flow(self._decoder, self._code, span.start, end, lambda a: not self._is_start(a))
        flow.follow(matches)
        if flow.jumps_indirectly:
            flow.follow(matches, table_targets(self._image, self._code, span.start, end))
        return self._agreed(flow, matches)

    def _agreed(self, flow: Flow, matches: list[int]) -> dict[int, bool]:
        """A call's target is a guess: what follows from it counts if the vote does not differ."""
        verdicts = {}
        for address in matches:
            reached = address in flow.reached
            differs = (reached or not flow.is_unclear(address)) and self._votes_no(address)
            if reached or not differs:
                verdicts[address] = reached and not differs
        return verdicts

    def _flow(self, span: Span, stop: int) -> Flow:
        return Flow(
            self._decoder, self._code, span.start, stop, lambda a: span.start < a < span.end
        )

    def _is_start(self, address: int) -> bool:
        return looks_like_start(self._code, address)

    def _is_prefixed(self, address: int) -> bool:
        """Whether it is another instruction with a prefix: VMGEXIT is REP VMMCALL."""
        before = self._code.data[address - self._code.address - 1]
        return before in PREFIXES and self._votes_no(address)

    def _voted(self, address: int) -> dict[int, bool]:
        return {} if self._votes_no(address) else {address: False}

    def _votes_no(self, address: int) -> bool:
        return vote(self._decoder, self._code, address) is Vote.NO


def _end(span: Span, matches: list[int]) -> int:
    return min(span.end, matches[-1] + MAX_AHEAD)


def _left(flow: Flow, matches: list[int]) -> list[int]:
    """Those of ``matches`` that may be code that is entered in an unknown way."""
    return [a for a in matches if a not in flow.reached and flow.is_unclear(a)]
