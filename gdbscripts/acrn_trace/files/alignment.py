# SPDX-License-Identifier: BSD-3-Clause
"""Aligns two sequences of calls: which of one is which of the other.

In memory that does not grow with them: where they part, the place where they agree again is looked
for FAR items ahead, and past that the items between are given up as missing and new.
"""

from collections import deque
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import islice
from typing import Any, Callable, Generic, Hashable, Iterable, Iterator, Sequence, TypeVar

NEAR, FAR = 64, 4096  # items ahead
RUN = 3  # so many equal items in a row are where two sequences agree again
MAX_PRODUCT = 1 << 16  # of the sizes of two parts that are matched with care

T = TypeVar("T")


@dataclass(frozen=True)
class Keys(Generic[T]):
    """``same`` is equal for items that are equal; ``kind`` for those that one may have become."""

    same: Callable[[T], Hashable]
    kind: Callable[[T], Hashable]


@dataclass
class Step(Generic[T]):
    """``what``: equal, changed, missing (no ``right``), new (no ``left``) or moved."""

    what: str
    left: T | None
    right: T | None


class _Ahead(Generic[T]):
    """A sequence with a view of what comes."""

    def __init__(self, items: Iterable[T]) -> None:
        self._items = iter(items)
        self._seen: deque[T] = deque()
        self.ended = False

    def first(self) -> T | None:
        self.see(1)
        return self._seen[0] if self._seen else None

    def see(self, count: int) -> Sequence[T]:
        """The next ``count`` items, or all that are left."""
        while len(self._seen) < count and not self.ended:
            more = list(islice(self._items, count - len(self._seen)))
            self._seen.extend(more)
            self.ended = not more
        return list(islice(self._seen, count))

    def take(self, count: int) -> list[T]:
        return [self._seen.popleft() for _ in range(count)]


def aligned(left: Iterable[T], right: Iterable[T], keys: Keys[T]) -> Iterator[Step[T]]:
    """The steps from ``left`` to ``right``, in order."""
    lefts, rights = _Ahead(left), _Ahead(right)
    while True:
        a, b = lefts.first(), rights.first()
        if a is None and b is None:
            return
        if a is not None and b is not None and keys.same(a) == keys.same(b):
            lefts.take(1), rights.take(1)
            yield Step("equal", a, b)
        else:
            i, j = _agreement(lefts, rights, keys)
            yield from _gap(lefts.take(i), rights.take(j), keys)


def _agreement(lefts: _Ahead[T], rights: _Ahead[T], keys: Keys[T]) -> tuple[int, int]:
    """How many items to leave on either side until the two agree again."""
    a, b = lefts.first(), rights.first()
    found = _nearest(lefts, rights, keys.same, NEAR)
    if found is None and a is not None and b is not None and keys.kind(a) == keys.kind(b):
        return 1, 1
    found = found or _nearest(lefts, rights, keys.same, FAR)
    found = found or _nearest(lefts, rights, keys.kind, FAR)
    return found or (len(lefts.see(FAR)), len(rights.see(FAR)))


def _nearest(
    lefts: _Ahead[T], rights: _Ahead[T], key: Callable[[T], Hashable], count: int
) -> tuple[int, int] | None:
    """The positions of the first equal runs, those with the least sum; None if there are none."""
    first: dict[tuple, int] = {}
    for index, run in enumerate(_runs(rights, key, count)):
        first.setdefault(run, index)
    best = None
    for index, run in enumerate(_runs(lefts, key, count)):
        if best and index >= sum(best):
            break
        other = first.get(run)
        if other is not None and (best is None or index + other < sum(best)):
            best = index, other
    return best


def _runs(items: _Ahead[T], key: Callable[[T], Hashable], count: int) -> Iterator[tuple]:
    keys: list[Any] = [key(item) for item in items.see(count)]
    if items.ended and len(keys) < count:
        keys += [None] * RUN  # the end is something to agree on
    return zip(*(keys[offset:] for offset in range(RUN)))


def _gap(left: list[T], right: list[T], keys: Keys[T]) -> list[Step[T]]:
    """The steps of a part that begins with a difference."""
    steps = list(_matched(left, right, [keys.same, keys.kind]))
    steps = [_named(step, keys) for step in steps]
    return _with_moves(steps, keys)


def _matched(left: list[T], right: list[T], by: list[Callable[[T], Hashable]]) -> Iterator[Step[T]]:
    if not by or not left or not right or len(left) * len(right) > MAX_PRODUCT:
        yield from (Step("missing", item, None) for item in left)
        yield from (Step("new", None, item) for item in right)
        return
    lefts, rights = list(map(by[0], left)), list(map(by[0], right))
    for tag, i, i_end, j, j_end in SequenceMatcher(None, lefts, rights, False).get_opcodes():
        if tag == "equal":
            yield from (Step("equal", a, b) for a, b in zip(left[i:i_end], right[j:j_end]))
        else:
            yield from _matched(left[i:i_end], right[j:j_end], by[1:])


def _named(step: Step[T], keys: Keys[T]) -> Step[T]:
    if step.left is not None and step.right is not None:
        step.what = "equal" if keys.same(step.left) == keys.same(step.right) else "changed"
    return step


def _with_moves(steps: list[Step[T]], keys: Keys[T]) -> list[Step[T]]:
    """What is missing here and new there was moved."""
    new: dict[Hashable, deque[int]] = {}
    for index, step in enumerate(steps):
        if step.what == "new" and step.right is not None:
            new.setdefault(keys.same(step.right), deque()).append(index)
    gone = set()
    for step in steps:
        if step.what == "missing" and step.left is not None and new.get(keys.same(step.left)):
            index = new[keys.same(step.left)].popleft()
            gone.add(index)
            step.what, step.right = "moved", steps[index].right
    return [step for index, step in enumerate(steps) if index not in gone]
