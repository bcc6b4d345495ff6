# SPDX-License-Identifier: BSD-3-Clause
"""From stops to events: sites back to back, filters that know only at the end, findings."""

from dataclasses import replace

import pytest

from acrn_trace.guest.memory import NoMemory
from acrn_trace.guest.site import Site, stop_addresses
from acrn_trace.tables.calls import CallTable, parse
from acrn_trace.tables.fields import FieldTable
from acrn_trace.tables.layouts import Layouts
from acrn_trace.tables.types import Types
from acrn_trace.trace.decode import Decoder
from acrn_trace.trace.event import Finding
from acrn_trace.trace.filters import Filter
from acrn_trace.trace.intervener import Intervener, Intervention
from acrn_trace.trace.pairing import Pairing
from acrn_trace.trace.sink import Sink
from acrn_trace.trace.tracer import Tracer
from helpers.make.knowledge import knowledge_of
from helpers.make.stop import SITE, START_VM, stop

TABLE = CallTable(parse("HYPERCALL1(0x80000012, start_vm, VMID(vmid))", "test"))
KNOWLEDGE = knowledge_of(TABLE, Types(Layouts(), FieldTable()))
FAILED = (1 << 64) - 1


class Recorder(Sink):
    def __init__(self):
        self.shown, self.events = [], []

    def entered(self, event):
        self.shown.append(("entered", event.seq))

    def finished(self, event):
        self.shown.append(("finished", event.seq))
        self.events.append(event)


def traced(*expressions):
    recorder = Recorder()
    tracer = Tracer(
        Pairing(lambda *_: False),
        Decoder(KNOWLEDGE, NoMemory()),
        Filter(expressions, TABLE),
        [recorder],
    )
    return tracer, recorder


def stop_address(sites, address):
    return next(at for at in stop_addresses(sites) if at.address == address)


def run(tracer, site, entry, leave):
    tracer.on_stop(entry, stop_address([site], site.address))
    tracer.on_stop(leave, stop_address([site], site.return_address))


def test_a_call_becomes_an_event():
    tracer, recorder = traced()
    run(tracer, SITE, stop(vcpu=1, time=5.0, rdi=3), stop(vcpu=1, time=5.5, rdi=3, rax=0))
    (event,) = recorder.events
    assert recorder.shown == [("entered", 0), ("finished", 0)]
    assert (event.name, event.nr, event.vcpu) == ("start_vm", START_VM, 1)
    assert (event.ret, event.duration, event.status) == (0, 0.5, "returned")
    assert event.decoded == {"vmid": 3}
    assert event.findings == [] and event.clobbered == {}


def test_sites_back_to_back_share_an_address_return_first():
    first, second = SITE, Site(SITE.return_address)
    tracer, recorder = traced()
    sites = [first, second]
    assert [at.address for at in stop_addresses(sites)] == [SITE.address + n for n in (0, 3, 6)]
    for address in (SITE.address, SITE.address + 3, SITE.address + 6):
        tracer.on_stop(stop(), stop_address(sites, address))
    assert recorder.shown == [
        ("entered", 0),
        ("finished", 0),
        ("entered", 1),
        ("finished", 1),
    ]


def test_a_shared_address_reported_twice_makes_no_extra_event():
    sites = [SITE, Site(SITE.return_address)]
    tracer, recorder = traced()
    for address in (0, 3, 3, 6, 6):
        tracer.on_stop(stop(), stop_address(sites, SITE.address + address))
    assert len(recorder.events) == 2
    assert recorder.events[1].repeats == 1


def test_every_register_that_changed_is_named_with_both_values():
    tracer, recorder = traced()
    run(tracer, SITE, stop(), stop(rbx=0xBAD, r15=0xBEEF, eflags=0x247, rax=0))
    (event,) = recorder.events
    assert event.clobbered == {
        "rbx": (stop().registers["rbx"], 0xBAD),
        "r15": (stop().registers["r15"], 0xBEEF),
        "rflags": (0x246, 0x247),
    }
    assert [finding.kind for finding in event.findings] == ["clobber"] * 3
    assert "start_vm changed rbx: " in event.findings[0].text
    assert "service.c:42 start" in event.findings[0].text


def test_the_debuggers_resume_flag_is_no_finding():
    tracer, recorder = traced()
    run(tracer, SITE, stop(), stop(eflags=0x246 | 1 << 16))
    assert recorder.events[0].findings == []


def test_a_filter_on_the_result_holds_the_line_until_it_is_known():
    tracer, recorder = traced("status=failed")
    run(tracer, SITE, stop(), stop(rax=FAILED))
    run(tracer, SITE, stop(), stop(rax=0))
    assert recorder.shown == [("finished", 0)]


def test_calls_in_flight_at_the_end_are_unfinished_events():
    tracer, recorder = traced()
    tracer.on_stop(stop(), stop_address([SITE], SITE.address))
    assert [event.name for event in tracer.in_flight()] == ["start_vm"]
    tracer.close()
    assert recorder.events[0].status == "unfinished" and recorder.events[0].ret is None


def test_an_abandoned_call_is_unfinished_before_the_next_begins():
    tracer, recorder = traced()
    tracer.on_stop(stop(rdi=1), stop_address([SITE], SITE.address))
    tracer.on_stop(stop(rdi=2), stop_address([SITE], SITE.address))
    assert recorder.shown == [("entered", 0), ("finished", 0), ("entered", 1)]
    assert recorder.events[0].status == "unfinished"


def test_a_result_that_is_no_int32_is_text():
    tracer, recorder = traced()
    run(tracer, SITE, stop(), stop(rax=0x1_0000_0000))
    run(tracer, SITE, stop(), stop(rax=(1 << 64) - 25))
    assert [event.ret for event in recorder.events] == ["0x100000000", -25]
    assert recorder.events[1].as_json()["errno"] == "ENOTTY"


def test_an_unknown_number_is_an_event_like_any():
    tracer, recorder = traced()
    run(tracer, SITE, stop(r8=0x80000099), stop(r8=0x80000099))
    assert recorder.events[0].name == "hypercall_0x80000099"
    assert recorder.events[0].findings == []


class Hands:
    """What a change did to the guest, in order."""

    def __init__(self):
        self.did = []
        self.shown = False  # a breakpoint of the user's is at every site

    def set_registers(self, registers):
        self.did.append(dict(registers))

    def write(self, address, data):
        self.did.append((address, data))

    def hold(self, seconds):
        self.did.append(seconds)

    def is_shown(self, address):
        return self.shown

    def stand_at(self, site):
        self.did.append(("stand_at", site.address))

    def pass_over(self):
        self.did.append("pass_over")


class Says(Intervener):
    def __init__(self, entered=None, returned=None, watches=False):
        self.entering, self.returning, self.watches = entered, returned, watches
        self.asked = 0

    def entered(self, call, event):
        self.asked += 1
        return self.entering

    def returned(self, call, event):
        return self.returning


def intervened(*interveners):
    hands, recorder = Hands(), Recorder()
    decoder = Decoder(KNOWLEDGE, NoMemory())
    pairing = Pairing(lambda *_: False)
    filters = Filter([], TABLE)
    return Tracer(pairing, decoder, filters, [recorder], list(interveners), hands), recorder, hands


ANSWER = Intervention({"rbx": 5}, [(0x1000, b"x")], answer=7, answered_by="mock")


def test_an_answered_call_is_over_at_its_entry():
    tracer, recorder, hands = intervened(Says(ANSWER))
    tracer.on_stop(stop(vcpu=1, rbx=4), stop_address([SITE], SITE.address))
    (event,) = recorder.events
    assert hands.did == [(0x1000, b"x"), {"rbx": 5}, {"rax": 7, "rip": SITE.return_address}]
    assert (event.ret, event.answered_by, event.status) == (7, "mock", "returned")
    assert event.clobbered == {"rbx": (4, 5)} and tracer.in_flight() == []


def test_the_first_answer_wins_and_later_ones_are_not_asked_for():
    first, second, watcher = Says(ANSWER), Says(ANSWER), Says(watches=True)
    tracer, _, _ = intervened(first, second, watcher)
    tracer.on_stop(stop(), stop_address([SITE], SITE.address))
    assert (first.asked, second.asked, watcher.asked) == (1, 0, 1)


def test_a_stop_behind_an_answered_call_is_no_return_of_the_call_around_it():
    answers = Says()
    tracer, recorder, _ = intervened(answers)
    tracer.on_stop(stop(rsp=0x9000, rdi=1), stop_address([SITE], SITE.address))
    answers.entering = ANSWER
    tracer.on_stop(stop(rsp=0x8000, rdi=1), stop_address([SITE], SITE.address))
    tracer.on_stop(stop(rsp=0x8000, rdi=1), stop_address([SITE], SITE.return_address))
    assert [event.seq for event in recorder.events] == [1]
    tracer.on_stop(stop(rsp=0x9000, rdi=1, rax=3), stop_address([SITE], SITE.return_address))
    assert [(event.seq, event.ret) for event in recorder.events] == [(1, 7), (0, 3)]


def test_other_registers_at_the_entry_are_what_the_call_is_made_with():
    tracer, recorder, hands = intervened(Says(Intervention({"rdi": 9}, notes=[Finding("x", "y")])))
    run(tracer, SITE, stop(rdi=3), stop(rdi=9, rax=0))
    (event,) = recorder.events
    assert hands.did == [{"rdi": 9}]
    assert event.decoded == {"vmid": 9} and event.args[0] == 9 and event.clobbered == {}
    assert event.findings == [Finding("x", "y")]


def test_a_result_may_be_replaced_at_the_return():
    tracer, recorder, hands = intervened(Says(returned=Intervention({"rax": FAILED}, delay=0.5)))
    run(tracer, SITE, stop(), stop(rax=0))
    assert (recorder.events[0].ret, recorder.events[0].answered_by) == (-1, "hypervisor")
    assert hands.did == [{"rax": FAILED}, 0.5]


def test_where_the_user_is_shown_an_answered_call_it_waits_for_him():
    tracer, recorder, hands = intervened(
        Says(ANSWER), Says(Intervention(stop="look"), watches=True)
    )
    at = stop(rip=SITE.address)
    tracer.on_stop(at, stop_address([SITE], SITE.address))
    assert tracer.answering.reasons == ["look"] and tracer.answering.waits
    assert hands.did == [("stand_at", SITE.address)]
    tracer.answering.before_going_on(at)
    assert recorder.events[0].ret == 7 and hands.did and not tracer.answering.waits


def test_it_waits_where_he_is_shown_the_stop_for_a_breakpoint_of_his_own():
    tracer, _, hands = intervened(Says(ANSWER))
    hands.shown = True
    tracer.on_stop(stop(rip=SITE.address), stop_address([SITE], SITE.address))
    assert tracer.answering.reasons == [] and tracer.answering.waits
    assert hands.did == [("stand_at", SITE.address)]


def shown_answered(*others):
    """The tracer of a guest that stands, shown to the user, at a call that has an answer."""
    tracer, recorder, hands = intervened(
        Says(ANSWER), Says(Intervention(stop="look"), watches=True), *others
    )
    tracer.on_stop(stop(rip=SITE.address), stop_address([SITE], SITE.address))
    assert hands.did == [("stand_at", SITE.address)]
    hands.did.clear()
    tracer.answering.before_going_on(stop(rip=SITE.address), steps_over=True)
    assert hands.did == [(0x1000, b"x"), {"rbx": 5}, {"rax": 7}, "pass_over"]
    assert recorder.events == []
    return tracer, recorder, hands


def test_where_gdb_steps_over_the_site_it_comes_back_by_that_step():
    tracer, recorder, _ = shown_answered(Says(returned=Intervention(stop="back")))
    tracer.on_stop(
        stop(rip=SITE.return_address, rbx=5, rax=7), stop_address([SITE], SITE.return_address)
    )
    (event,) = recorder.events
    assert (event.ret, event.answered_by, tracer.answering.reasons) == (7, "mock", ["back"])
    tracer.on_stop(stop(rip=SITE.address), stop_address([SITE], SITE.address))
    assert len(tracer.in_flight()) == 1  # the next call is one of its own


def test_a_step_that_did_not_take_place_makes_no_second_call():
    """GDB steps the vCPU that is selected; another one stops where it stood."""
    tracer, recorder, hands = shown_answered()
    hands.did.clear()
    tracer.on_stop(stop(rip=SITE.address, rbx=5, rax=7), stop_address([SITE], SITE.address))
    assert hands.did == [{"rax": 7, "rip": SITE.return_address}]
    assert [(event.ret, event.answered_by) for event in recorder.events] == [(7, "mock")]
    assert tracer.in_flight() == []


@pytest.mark.parametrize("moved", [True, False])
def test_a_call_that_the_user_takes_elsewhere_is_not_answered(moved):
    answers = Says(ANSWER)
    tracer, recorder, hands = intervened(answers, Says(Intervention(stop="look"), watches=True))
    tracer.on_stop(stop(rip=SITE.address), stop_address([SITE], SITE.address))
    if not moved:
        tracer.answering.interveners.remove(answers)
    tracer.answering.before_going_on(stop(rip=SITE.return_address if moved else SITE.address))
    assert hands.did == [("stand_at", SITE.address)] and recorder.events == []
    assert tracer.in_flight()[0].answered_by is None


@pytest.mark.parametrize(
    "registers, number, foreign",
    [
        ({"rax": 0x564D5868}, START_VM, False),  # the code loads R8 with a number of ACRN's
        ({"rax": 0x564D5868}, None, True),  # R8 has what a call before left there
        ({"rax": 0xFFFF_FFFF_564D_5868, "r8": 0}, START_VM, True),  # VMware reads 32 bits
        ({"rax": 0x564D5868, "r8": 0x80000100}, START_VM, True),
        ({"rax": 0x564D5869, "r8": 0}, None, False),
    ],
)
def test_a_call_of_another_hypervisor_is_no_event(registers, number, foreign):
    tracer, recorder = traced()
    site = replace(SITE, number=number)
    run(tracer, site, stop(**registers), stop(rip=SITE.return_address, rax=0, **{"r8": 1}))
    tracer.close()
    assert (len(recorder.events), len(tracer.dispatcher.passed_over)) == (
        (0, 1) if foreign else (1, 0)
    )
