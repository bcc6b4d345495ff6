# SPDX-License-Identifier: BSD-3-Clause
"""The guests of a real KVM make their calls, and KVM answers them, when nobody watches."""

from collections import Counter

import pytest
from helpers import kvm
from helpers.guest_log import logged_calls
from helpers.guests import printed_untraced

EPERM, EFAULT, EOPNOTSUPP, KVM_ENOSYS = ((1 << 64) - number for number in (1, 14, 95, 1000))
INVALID_CODE, INVALID_INPUT = 2, 3  # of Hyper-V's statuses
ROUNDS = 3


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    kvm.build()


def test_every_call_of_the_guest_is_in_its_log():
    calls = logged_calls(printed_untraced(kvm.arguments_of(f"calls={ROUNDS}", "user")))
    of_both = Counter((call.who, call.number) for call in calls if call.number in (5, 10, 11))
    assert of_both == {
        **{(vcpu, number): ROUNDS for vcpu in (0, 1) for number in (5, 10, 11)},
        (0, 5): ROUNDS + 1,  # from CPL 3
    }
    results = [call.result for call in calls if call.who == 0][4 * ROUNDS :]
    assert results[:2] in ([0, EFAULT], [EOPNOTSUPP] * 2)  # where the TSC is found unsteady
    assert results[2:] == [0, KVM_ENOSYS, KVM_ENOSYS, 0, 0, EPERM, EPERM]


def test_kvm_answers_calls_of_hyper_v():
    calls = logged_calls(printed_untraced(kvm.arguments_of("hyperv", f"calls={ROUNDS}")))
    assert Counter(call.who for call in calls) == {0: 5 * ROUNDS + 2, 1: 5 * ROUNDS + 2}
    assert {call.result for call in calls if call.number & 0xFFFF == 3} == {2 << 32}
    assert [call.result for call in calls[-2:]] == [INVALID_CODE, INVALID_INPUT]
