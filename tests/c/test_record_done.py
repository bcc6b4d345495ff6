# SPDX-License-Identifier: BSD-3-Clause
"""What a record says that was done to its call on purpose, as the event and the line tell it."""

import json

import pytest

from acrn_trace.tables.knowledge import acrn
from helpers.make import hypercall_record as made
from helpers.make.hypercall_record import block, done, record
from helpers.shown_records import InC

START_VM = 0x80000012
ANSWERED = {"flags": made.ANSWERED, "result": (1 << 64) - 16}
CASES = {
    "injected": (
        done(made.INJECTED, "error=EBUSY"),
        ANSWERED,
        "inject",
        ["error=EBUSY"],
        " (INJECTED)",
    ),
    "not injected after all": (done(made.INJECTED, "error=EBUSY"), {}, "hypervisor", None, ""),
    "mocked": (done(made.MOCKED, ""), ANSWERED, "mock", None, " (MOCKED)"),
    "all": (
        done(made.DELAYED, "delay_enter=5us")
        + done(made.POKED, "poke_enter rsi", 1, 0x55, 64)
        + done(made.POKED, "poke_exit vm.vmid", 1, 7, 16)
        + done(made.NOT_POKED, "poke_exit vm.name[2]", 0x9000)
        + done(made.NOT_POKED_BEYOND, "poke_exit a.b[3].c", 1),
        {},
        "hypervisor",
        [
            "delay_enter=5us",
            "poke_enter rsi: 0x1 => 0x55",
            "poke_exit vm.vmid: 1 => 7",
            "unpoked vm.name[2]: there is no memory at 0x9000",
            "unpoked a.b[3].c: it has 1 elements",
        ],
        " (DELAYED) (POKED rsi: 0x1 => 0x55) (POKED vm.vmid: 1 => 7) (NOT POKED vm.name[2]: there "
        "is no memory at 0x9000) (NOT POKED a.b[3].c: it has 1 elements)",
    ),
}


@pytest.fixture(scope="module", name="in_c")
def fixture_in_c() -> InC:
    return InC(acrn())


@pytest.mark.parametrize("case", CASES)
def test_it_is_told(case, in_c):
    payload, head, by, told, words = CASES[case]
    raw = record(START_VM, 3, blocks=block(made.DONE, payload), **head)
    event = json.loads(in_c.json_of(raw))
    assert (event["answered_by"], event.get("injected")) == (by, told)
    assert f"{words} <0.000003>" in in_c.shown_as("text", raw)


@pytest.mark.parametrize("payload", [done(made.POKED, 'a"b'), done(made.POKED, "a\n"), bytes(71)])
def test_what_can_be_no_such_thing_is_refused(payload, in_c):
    assert not in_c.json_of(record(START_VM, 3, blocks=block(made.DONE, payload)))
