# SPDX-License-Identifier: BSD-3-Clause
"""Whose calls nobody answers, and what is said of it."""

import pytest

from acrn_trace.base.errors import TargetError
from acrn_trace.trace.event import Finding
from acrn_trace.trace.unanswered import BARE, MAX_RESETS, PERHAPS, UNREACHED, Answers, Ground
from helpers.make.event import event

ENDED = "before the guest ended"


def answers(*events, ground=Ground(bare=True)):
    """Calls of a guest, those without a duration never come back; what is known of them then."""
    heard = Answers(lambda _event: ground)
    for one in events:
        before = event(duration=None, answered_by=one.answered_by if by_us(one) else None)
        before.findings = one.findings
        heard.entered(before)
        heard.finished(one)
    return heard


def by_us(one):
    return one.answered_by in ("mock", "replay", "inject")


def test_the_call_and_its_instruction_are_named():
    said = answers(event(duration=None)).unanswered(ENDED)
    assert said.startswith(
        f"nobody answered start_vm, the VMCALL at 0x1000 (service.c:42 start), {ENDED}: "
    )
    assert BARE in said and "--mock acrn" in said and "handler" not in said


@pytest.mark.parametrize(
    "handler, said",
    [
        ("", "#UD, for which the guest has no handler;"),
        ("0x1 (isr)", "#UD, whose handler is 0x1 (isr);"),
    ],
)
def test_what_is_known_of_the_guests_handler(handler, said):
    assert said in answers(event(duration=None), ground=Ground(True, handler)).unanswered(ENDED)


def test_where_a_hypervisor_may_be_none_is_said_to_be_missing():
    heard = answers(event(duration=None), ground=Ground(False, ""))
    said = heard.unanswered(ENDED)
    assert PERHAPS in said and BARE not in said and not heard.none_to_come


def test_one_answer_by_the_guests_side_is_enough():
    heard = answers(event(seq=0), event(seq=1, duration=None))
    assert heard.unanswered(ENDED) is None and not heard.none_to_come
    assert answers(event(duration=None), event(seq=1)).unanswered(ENDED) is None


@pytest.mark.parametrize("by, advice", [("mock", "give it one"), ("inject", "--mock acrn")])
def test_our_own_answers_are_no_hypervisors(by, advice):
    heard = answers(event(answered_by=by), event(seq=1, duration=None))
    assert advice in heard.unanswered(ENDED)


def test_a_call_that_we_answer_only_when_the_user_goes_on():
    heard = answers()
    stood_at = event(duration=None)
    heard.entered(stood_at)
    heard.finished(event(answered_by="mock"))
    assert heard.unanswered(ENDED) is None
    heard.entered(event(seq=1, duration=None))
    assert heard.unanswered(ENDED)


def test_an_exception_that_a_mock_means_is_an_answer():
    refused = event(duration=None, findings=[Finding("mock-exception", "it raises #GP")])
    assert answers(refused).unanswered(ENDED) is None


def test_what_is_below_is_looked_up_once():
    looks = []
    heard = Answers(lambda one: looks.append(one) or Ground())
    for seq in range(5):
        heard.entered(event(seq=seq, duration=None))
    assert len(looks) == 1


def test_a_guest_that_goes_in_a_circle_is_told_once_and_given_up():
    heard = answers(event(duration=None))
    assert "before the guest was reset" in heard.rebooted()
    for _ in range(MAX_RESETS - 2):
        heard.entered(event(duration=None))
        assert heard.rebooted() is None
    heard.entered(event(duration=None))
    with pytest.raises(TargetError, match=f"nobody .* and the guest was reset {MAX_RESETS} times"):
        heard.rebooted()


def test_a_guest_that_is_answered_may_be_reset_for_ever():
    heard = answers()
    for seq in range(4 * MAX_RESETS):
        heard.entered(event(seq=seq, duration=None))
        heard.finished(event(seq=seq))
        assert heard.rebooted() is None


def test_a_guest_that_makes_no_call_and_is_reset():
    heard = answers()
    assert heard.rebooted() is None and heard.rebooted() is None
    with pytest.raises(TargetError, match="reset 3 times in a row, and no call"):
        heard.rebooted()


def test_an_image_of_which_no_site_was_reached():
    heard = answers()
    assert heard.unreached() == UNREACHED
    heard.reached = True
    assert heard.unreached() is None
