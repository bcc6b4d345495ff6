# SPDX-License-Identifier: BSD-3-Clause
"""The guest of a real Xen makes its calls, and Xen answers them, when nobody watches."""

from collections import Counter

import pytest
from helpers import xen
from helpers.guest_log import logged_calls
from helpers.guests import printed_untraced

EPERM, EFAULT, EINVAL, ENOSYS = ((1 << 64) - number for number in (1, 14, 22, 38))
ROUNDS = 3


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    xen.build()


def test_every_call_of_the_guest_is_in_its_log():
    calls = logged_calls(printed_untraced(xen.arguments_of(f"calls={ROUNDS}", "user")))
    assert Counter(call.who for call in calls) == {
        xen.INLINE: 6 * ROUNDS + 1,
        xen.PAGE: 4 * ROUNDS + 1,
        xen.USER: 1,
    }
    assert [call.result for call in calls[-3:]] == [ENOSYS, EFAULT, EPERM]
    closed = [call for call in calls if call.number == 0x20 and call.args[0] == 4]
    assert [call.result for call in closed] == [EINVAL] * ROUNDS
    assert calls[0].result == calls[2].result > 4 << 16  # the version, by both ways
