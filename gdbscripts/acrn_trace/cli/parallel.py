# SPDX-License-Identifier: BSD-3-Clause
"""Splits work on a list between this process and a copy of it. Not for GDB, which has threads."""

import os
import pickle
from typing import Callable, Iterable, Iterator, Sequence, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

LEAST = 1000  # items, below which a second process does not pay


def in_two(
    work: Callable[[Sequence[Item]], Iterable[Result]], items: Sequence[Item]
) -> Iterator[Result]:
    """What ``work`` makes of ``items``, in their order; the second half is done in the copy."""
    if len(items) < LEAST or len(os.sched_getaffinity(0)) < 2:
        yield from work(items)
        return
    half = len(items) // 2
    receiver, sender = os.pipe()
    child = os.fork()
    if not child:
        os.close(receiver)
        _work_and_exit(work, items[half:], sender)
    os.close(sender)
    with open(receiver, "rb") as stream:
        try:
            yield from work(items[:half])
            results = stream.read()
        finally:
            stream.close()  # a child that nobody listens to ends
            _, status = os.waitpid(child, 0)
    if status:
        yield from work(items[half:])  # whatever went wrong there is said here
    else:
        yield from pickle.loads(results)


def _work_and_exit(work: Callable, items: Sequence, sender: int) -> None:
    status = 1
    try:
        with open(sender, "wb") as stream:
            pickle.dump(list(work(items)), stream)
        status = 0
    finally:
        os._exit(status)
