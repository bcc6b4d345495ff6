# SPDX-License-Identifier: BSD-3-Clause
"""Work split between two processes is the work of one."""

import os

import pytest

from acrn_trace.cli.parallel import LEAST, in_two

NUMBERS = list(range(LEAST + 1))
PARENT = os.getpid()


def squares(numbers):
    for number in numbers:
        yield number * number, os.getpid() == PARENT


def test_results_are_in_order_and_half_of_them_are_another_process_s(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0, 1})
    results = list(in_two(squares, NUMBERS))
    assert [square for square, _ in results] == [number * number for number in NUMBERS]
    assert [here for _, here in results].count(False) == len(NUMBERS) - len(NUMBERS) // 2


@pytest.mark.parametrize("count, processors", ((LEAST - 1, {0, 1}), (LEAST + 1, {0})))
def test_little_work_and_one_processor_need_no_second_process(monkeypatch, count, processors):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: processors)
    assert all(here for _, here in in_two(squares, NUMBERS[:count]))


def test_what_goes_wrong_in_the_second_process_is_said_here(monkeypatch, capfd):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0, 1})

    def fails_late(numbers):
        for number in numbers:
            if number == LEAST:
                raise ValueError("the last one")
            yield number

    results = in_two(fails_late, NUMBERS)
    with pytest.raises(ValueError, match="the last one"):
        list(results)


def test_nobody_waits_for_results_that_nobody_wants(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0, 1})
    results = in_two(lambda numbers: (bytes(1000) for _ in numbers), NUMBERS)
    next(results)
    results.close()
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
