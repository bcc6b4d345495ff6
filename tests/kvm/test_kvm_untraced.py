# SPDX-License-Identifier: BSD-3-Clause
"""The guest of a real KVM makes its calls, and KVM answers them, when nobody watches."""

from collections import Counter

import pytest
from helpers import kvm
from helpers.guests import printed_untraced

EPERM, EFAULT, KVM_ENOSYS = ((1 << 64) - number for number in (1, 14, 1000))
ROUNDS = 3


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    kvm.build()


def test_every_call_of_the_guest_is_in_its_log():
    calls = kvm.logged_calls(printed_untraced(kvm.arguments_of(f"calls={ROUNDS}", "user")))
    of_both = Counter((call.vcpu, call.number) for call in calls if call.number in (5, 10, 11))
    assert of_both == {
        **{(vcpu, number): ROUNDS for vcpu in (0, 1) for number in (5, 10, 11)},
        (0, 5): ROUNDS + 1,  # from CPL 3
    }
    results = [call.result for call in calls if call.vcpu == 0][4 * ROUNDS :]
    assert results == [0, EFAULT, 0, KVM_ENOSYS, KVM_ENOSYS, 0, 0, EPERM, EPERM]
