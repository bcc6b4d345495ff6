# SPDX-License-Identifier: BSD-3-Clause
"""A case for each sentence of the pairing rule (docs/pairing.md)."""

import random
from copy import copy
from dataclasses import replace

import pytest

from acrn_trace.guest.abi import GENERAL_REGISTERS, abi_named
from acrn_trace.trace.pairing import Pairing
from helpers.make.stop import OTHER_SITE, SITE, stop

BROKEN = {name: 0xBAD0 + index for index, name in enumerate(GENERAL_REGISTERS) if name != "rsp"}


def pairing(frame=False) -> Pairing:
    return Pairing(lambda _stop, _site: frame)


def test_an_entry_and_its_return_are_one_call():
    calls = pairing()
    entered = calls.enter(stop(), SITE)
    assert calls.leave(stop(rax=0), SITE) is entered
    assert entered.exit.registers["rax"] == 0
    assert not list(calls)


def test_a_return_without_an_entry_is_no_call():
    calls = pairing()
    assert calls.leave(stop(), SITE) is None
    assert not calls.end()


def test_a_return_reported_twice_is_one():
    calls = pairing()
    calls.enter(stop(), SITE)
    assert calls.leave(stop(), SITE)
    assert calls.leave(stop(), SITE) is None


def test_a_stop_reported_twice_is_folded_and_counted():
    calls = pairing(frame=False)
    entered = calls.enter(stop(), SITE)
    assert calls.enter(stop(), SITE) is None
    assert calls.enter(stop(), SITE) is None
    assert (entered.repeats, entered.repeats_unknown) == (2, 0)
    assert len(list(calls)) == 1


@pytest.mark.parametrize("frame", [True, None], ids=["frame there", "stack unreadable"])
def test_where_a_fault_and_retry_could_look_the_same_it_is_unknown(frame):
    calls = pairing(frame)
    entered = calls.enter(stop(), SITE)
    assert calls.enter(stop(), SITE) is None
    assert (entered.repeats, entered.repeats_unknown) == (1, 1)


def test_a_call_after_its_return_is_a_new_one_with_the_same_registers():
    calls = pairing()
    first = calls.enter(stop(), SITE)
    calls.leave(stop(), SITE)
    second = calls.enter(stop(), SITE)
    assert second is not None and second.seq == first.seq + 1


def test_a_nested_call_at_the_same_site_is_told_by_rsp():
    calls = pairing()
    outer = calls.enter(stop(), SITE)
    inner = calls.enter(stop(rsp=0xFFFE_FF00, rdi=7), SITE)
    assert calls.leave(stop(rsp=0xFFFE_FF00, rdi=7), SITE) is inner
    assert calls.leave(stop(), SITE) is outer


def test_two_processes_with_the_same_stack_address_are_told_by_cr3():
    calls = pairing()
    first = calls.enter(stop(cr3=0x5000), SITE)
    second = calls.enter(stop(vcpu=1, cr3=0x6000), SITE)
    assert calls.leave(stop(cr3=0x5000), SITE) is first
    assert calls.leave(stop(vcpu=1, cr3=0x6000), SITE) is second


def test_the_pcid_does_not_tell_address_spaces_apart():
    calls = pairing()
    entered = calls.enter(stop(cr3=0x8000_0000_0000_5001), SITE)
    assert calls.leave(stop(cr3=0x5006), SITE) is entered


def test_a_thread_may_migrate_while_in_flight():
    calls = pairing()
    entered = calls.enter(stop(vcpu=0), SITE)
    assert calls.leave(stop(vcpu=1), SITE) is entered
    assert (entered.entry.vcpu, entered.exit.vcpu) == (0, 1)


def test_a_thread_preempted_before_the_instruction_and_migrated_makes_one_call():
    calls = pairing(frame=True)
    entered = calls.enter(stop(vcpu=0), SITE)
    assert calls.enter(stop(vcpu=1), SITE) is None
    assert calls.leave(stop(vcpu=1), SITE) is entered


def test_a_hypervisor_that_changes_rsp_alone_is_paired_at_once():
    calls = pairing()
    entered = calls.enter(stop(), SITE)
    assert calls.leave(stop(rsp=0x1234), SITE) is entered


def test_a_hypervisor_that_changes_everything_is_paired_at_the_next_call_of_that_frame():
    calls = pairing()
    entered = calls.enter(stop(), SITE)
    broken = stop(rsp=0x1234, **BROKEN)
    assert calls.leave(broken, SITE) is None
    assert calls.settle(stop()) == [entered]
    assert entered.exit is broken


def test_a_doubtful_return_counts_when_the_guest_dies_of_it():
    calls = pairing()
    entered = calls.enter(stop(), SITE)
    broken = stop(rsp=0x1234, **BROKEN)
    calls.leave(broken, SITE)
    assert calls.end() == [entered]
    assert entered.exit is broken


def test_a_jump_past_the_site_while_a_call_is_in_flight_is_not_its_return():
    calls = pairing()
    entered = calls.enter(stop(), SITE)
    in_handler = stop(rsp=0xFFFE_0000, **BROKEN)
    assert calls.leave(in_handler, SITE) is None
    assert calls.settle(stop(rsp=0xFFFE_0000)) == []  # a call of the handler's own, further down
    returned = stop(rax=5)
    assert calls.leave(returned, SITE) is entered
    assert entered.exit is returned


def test_a_jump_on_another_vcpu_is_not_its_return():
    calls = pairing()
    entered = calls.enter(stop(vcpu=0), SITE)
    assert calls.leave(stop(vcpu=1, rsp=0x1234, **BROKEN), SITE) is None
    assert calls.settle(stop(vcpu=1)) == []
    assert calls.leave(stop(vcpu=0), SITE) is entered


def test_a_changed_rsp_goes_to_the_innermost_call():
    calls = pairing()
    outer = calls.enter(stop(), SITE)
    inner = calls.enter(stop(rsp=0xFFFE_FF00), SITE)
    assert calls.leave(stop(rsp=0x1234), SITE) is inner
    assert calls.leave(stop(), SITE) is outer


def test_the_same_frame_with_other_arguments_means_the_first_call_never_returned():
    calls = pairing()
    first = calls.enter(stop(rdi=1), SITE)
    assert calls.superseded(stop(rdi=2), SITE) is first
    assert calls.enter(stop(rdi=2), SITE).seq == 1
    assert first.exit is None


def test_calls_in_flight_at_the_end_are_given_in_entry_order():
    calls = pairing()
    first = calls.enter(stop(), SITE)
    second = calls.enter(stop(vcpu=1, rsp=0xFFFD_0000), OTHER_SITE)
    assert calls.end() == [first, second]
    assert not list(calls)


@pytest.mark.parametrize("seed", range(20))
def test_any_interleaving_of_nested_calls_on_vcpus_pairs_exactly(seed):
    """Each vCPU nests calls to any depth at two sites; whichever vCPU moves next is random."""
    choose = random.Random(seed)
    calls, stacks, done = pairing(), {vcpu: [] for vcpu in range(4)}, 0
    for _ in range(2000):
        vcpu = choose.randrange(4)
        stack = stacks[vcpu]
        if stack and choose.random() < 0.5:
            entered, at, site = stack.pop()
            assert calls.leave(at, site) is entered
            done += 1
        else:
            site = choose.choice((SITE, OTHER_SITE))
            at = stop(vcpu, rsp=0x10000 * (vcpu + 1) - 0x40 * len(stack))
            entered = calls.enter(at, site)
            assert entered is not None
            stack.append((entered, at, site))
    assert done > 500
    assert len(list(calls)) == sum(map(len, stacks.values()))


def site_of_long_calls():
    """Of an ABI whose hypervisor has the guest make a long call again, to go on with it."""
    abi = copy(abi_named("kvm"))
    abi.again = True
    return replace(SITE, abi=abi, number=None)


LONG = site_of_long_calls()


def test_a_call_that_its_hypervisor_goes_on_with_is_one():
    """Its arguments are what is left then."""
    calls = pairing()
    entered = calls.enter(stop(rax=18), LONG)
    assert calls.superseded(stop(rax=18, rsi=0x10), LONG) is None
    assert calls.enter(stop(rax=18, rsi=0x10), LONG) is None
    assert (entered.repeats, entered.repeats_unknown) == (1, 0)
    assert calls.leave(stop(rax=0, rsi=0xDEAD), LONG) is entered
    assert entered.entry.registers["rsi"] != 0x10


def test_a_call_of_another_number_is_no_continuation():
    calls = pairing()
    abandoned = calls.enter(stop(rax=29), LONG)
    assert calls.superseded(stop(rax=18), LONG) is abandoned
    assert calls.enter(stop(rax=18), LONG)
