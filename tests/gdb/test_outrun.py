# SPDX-License-Identifier: BSD-3-Clause
"""A guest whose interrupts come faster than a traced call takes is told of, and let go by -b."""

from helpers.stating import machine_of
from helpers.tracing import acrn_trace


def test_its_call_that_never_comes_back_is_named_once_and_it_goes_on(test_guest):
    image = test_guest("outrun")
    traced = acrn_trace("-b", "120", image, "--", *machine_of(image))
    assert (traced.status, traced.out) == (0, "outrun: 0\n"), traced
    assert traced.err.count("vCPU 0 has made 100 calls since get_api_version at outrun.c:") == 1
    assert " guest_main, which is not back: its interrupts may come faster" in traced.err
    assert traced.err.count(" on_interrupt\n") > 100
    assert "+++ 120 calls traced, as many as were asked for" in traced.err
