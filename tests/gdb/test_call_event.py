# SPDX-License-Identifier: BSD-3-Clause
"""A call by hand is an event like any: traced, decoded, answered by whoever answers the guest's."""

import re

from helpers.calls_by_hand import CALL, LINE, REGISTERS, untouched
from helpers.canonical import events_of
from helpers.tree import ROOT


def test_a_running_trace_has_it_too(smp_at_call, folder):
    trace = f"hypercall trace -f jsonl -o {folder / 'trace'}"
    gdb, guest = smp_at_call(trace, CALL, "delete", "hypercall trace off", "continue")
    (event,) = events_of(folder / "trace")
    assert (event["name"], event["ret"], event["answered_by"]) == (
        "get_api_version",
        0,
        "hypervisor",
    )
    assert event["by_hand"] is True
    assert event["decoded"] == {"version": {"major_version": 1, "minor_version": 0}}
    assert LINE.search(gdb.out)
    assert untouched(guest)


def test_a_trace_on_the_terminal_shows_it_once(smp_at_call):
    trace = "hypercall trace -q -e trace=get_api_version"
    gdb, guest = smp_at_call(
        trace, CALL, "hypercall call pause_vm 3", "delete", "hypercall trace off"
    )
    assert len(LINE.findall(gdb.out)) == 1
    assert len(re.findall(r"pause_vm\(vmid=3\) = -1 .* by hand", gdb.out)) == 1


def test_structures_are_built_and_outputs_shown(smp_at_call):
    gdb, _ = smp_at_call(
        'hypercall call create_vm {name="by hand", cpu_affinity=1 << 2}',
        "hypercall call set_memory_regions {vmid=2, regions_gpa=[{service_vm_gpa=0x1000000,"
        " size=0x200000, prot=ACRN_MEM_READ|ACRN_MEM_WRITE}]}",
        "hypercall call vm_gpa2hpa 2 {gpa=0x1234}",
        "info breakpoints",
        "hypercall call get_api_version &idt",
        "kill",
    )
    assert 'vm={name="by hand", vm_flag=0x0, ioreq_buf=0x0, cpu_affinity=0x4, vmid: 0 =>' in gdb.out
    assert "prot=ACRN_MEM_READ|ACRN_MEM_WRITE, gpa=0x0, service_vm_gpa=0x1000000," in gdb.out
    assert "vm_gpa2hpa(vmid=2, translation={gpa=0x1234, hpa: 0x0 => 0x1001234}) = 0" in gdb.out
    assert "get_api_version(version={major_version=1, minor_version=0}) = 0" in gdb.out


def test_registers_that_the_hypervisor_breaks_are_shown_and_put_back(smp_at_call):
    definitions = ROOT / "examples" / "hypervisor" / "hypervisor.def"
    gdb, guest = smp_at_call(
        f"hypercall load {definitions}",
        "hypercall call break_registers 0x1ffe8 0xffffffff",
        *("echo BEFORE\\n", REGISTERS, CALL, "echo AFTER\\n", REGISTERS, "echo END\\n"),
        "hypercall call break_registers 0 0",
        *("delete", "continue"),
    )
    before, after = re.split("BEFORE\n|AFTER\n|END\n", gdb.out)[1:3]
    for register in ("rbx", "rbp", "r8", "r15", "rflags"):
        assert f"!! get_api_version changed {register}: " in before, before
    assert after.split() == before[: re.search(r"^\[", before, re.M).start()].split()
    assert untouched(guest)


ANSWER = """
import gdb
from acrn_trace.in_gdb.session import current_session
from acrn_trace.trace.intervener import Intervener, Intervention

class Mock(Intervener):
    def entered(self, call, event):
        version = bytes([7, 0, 0, 0, 8, 0, 0, 0])
        return Intervention(memory=[(event.args[0], version)], answer=5, answered_by="mock")

current_session().intervene(Mock())
"""


def test_what_answers_the_guests_calls_answers_this_one(smp_at_call, folder):
    script = folder / "mock.py"
    script.write_text(ANSWER)
    gdb, guest = smp_at_call(
        *(f"source {script}", REGISTERS, "echo BEFORE\\n", CALL, "echo AFTER\\n", REGISTERS),
        *("echo END\\n", "python current_session().forget_trace()", "delete", "continue"),
    )
    before, line, after = re.split("BEFORE\n|AFTER\n|END\n", gdb.out)[:3]
    assert "version={major_version=7, minor_version=8}) = 5 " in line, gdb
    assert after.strip() in before
    assert untouched(guest)


def test_mock_inject_and_catch_at_a_call_by_hand(smp_at_call, folder):
    """A model that goes wrong leaves nothing at the call, and the call is not made for it."""
    wrong = folder / "wrong.py"
    wrong.write_text('@model.call("vm_gpa2hpa")\ndef model(call):\n    return call.nothing\n')
    gdb, guest = smp_at_call(
        *("hypercall mock pause_vm 7", f"hypercall mock {wrong}", "catch hypercall"),
        "hypercall inject get_api_version:delay_exit=1:poke_exit=version.major_version=9",
        *(REGISTERS, "echo BEFORE\\n", "hypercall call pause_vm 3", CALL),
        *("hypercall call vm_gpa2hpa 1 {gpa=4}", "echo AFTER\\n", REGISTERS, "echo END\\n"),
        *("hypercall inject off", "hypercall mock off", "delete", "continue"),
    )
    before, told, after = re.split("BEFORE\n|AFTER\n|END\n", gdb.out)[:3]
    assert after.strip() in before
    assert re.search(r"pause_vm\(vmid=3\) = 7 \(MOCKED\) .* by hand", told), gdb
    assert "major_version=9, minor_version=0}) = 0 (DELAYED) (POKED version.major_v" in told, gdb
    assert re.search(r"vm_gpa2hpa\(.*\) = \? <unfinished ...> by hand", told.replace("\n", ""))
    assert "vm_gpa2hpa was not made: " in gdb.err and "Catchpoint 2 already" not in gdb.out
    assert untouched(guest)
