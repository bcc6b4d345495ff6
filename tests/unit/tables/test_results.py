# SPDX-License-Identifier: BSD-3-Clause
"""What a result means where RAX alone does not say it."""

from typing import Callable

import pytest

from acrn_trace.base import deffile
from acrn_trace.base.errors import TraceError
from acrn_trace.bindings.calls import CallDecoder, Given
from acrn_trace.tables.calls import Entry
from acrn_trace.tables.knowledge import acrn
from acrn_trace.tables.results import ResultRules, add_rules
from acrn_trace.trace.checks import checks_of
from acrn_trace.trace.decode import Decoder
from acrn_trace.trace.event import Event
from acrn_trace.trace.pairing import Call
from acrn_trace.trace.results import ResultChecker
from acrn_trace.trace.seen_vms import MAX_VMS
from helpers.make.memory import FakeMemory
from helpers.make.stop import SITE, stop

MASK64 = (1 << 64) - 1
ENOTTY, EINVAL, FAILED = -25, -22, -1
KNOWLEDGE = acrn()


def event(
    name: str, ret: int = 0, seq: int = 0, nr: int | None = None, args=(0, 0), **decoded
) -> Event:
    entry = KNOWLEDGE.table.named(name)
    return Event(
        **{"seq": seq, "time": 0.0, "clock": "host", "vcpu": 0, "abi": "acrn", "name": name},
        **{"nr": entry.number if nr is None else nr, "args": args, "site": SITE},
        **{"source": "stop", "status": "returned", "rax": ret & MASK64, "decoded": decoded},
    )


@pytest.fixture
def check():
    """The findings on calls of one trace, as (kind, text)."""
    checker = ResultChecker(KNOWLEDGE.table, KNOWLEDGE.results)
    return lambda *given, **more: [(f.kind, f.text) for f in checker.check(event(*given, **more))]


def kinds(findings) -> list[str]:
    return [kind for kind, _ in findings]


def created(vmid: int) -> dict:
    return {"vm": {"vmid": {"in": 0, "out": vmid}, "vcpu_num": 1, "name": "vm"}}


# ---- RAX is 0, and yet ----


def creation(before: int, after: int, ret: int = 0) -> list[tuple[str, str]]:
    """The findings on create_vm, of a structure with these ids."""
    memory = FakeMemory({0x1000: before.to_bytes(2, "little") + bytes(62)})

    def during():
        memory.parts[0x1000] = after.to_bytes(2, "little") + bytes(62)

    made = called("create_vm", memory, ret, during, rdi=0x1000)
    return [(found.kind, found.text) for found in made.findings]


def test_a_vm_that_was_not_created_though_rax_is_zero():
    ((kind, text),) = creation(7, 0xFFFF)
    assert kind == "zero-but-failed"
    assert text == "create_vm failed though RAX is 0: no VM was created, the id is 0xffff"
    assert kinds(creation(0xFFFF, 0xFFFF)) == ["zero-but-failed"]


def test_a_vm_that_was_created_is_no_finding():
    assert creation(7, 1) == []
    assert creation(1, 1) == []


def test_an_error_is_no_zero_but_failed():
    assert creation(0xFFFF, 0xFFFF, ret=-1) == []


@pytest.mark.parametrize(
    "name", ["create_vcpu", "service_vm_offline_cpu", "asyncio_assign", "asyncio_deassign"]
)
def test_a_zero_that_proves_nothing(name):
    memory = FakeMemory({0: bytes(64)})
    (found,) = called(name, memory).findings
    assert found.kind == "zero-proves-nothing" and found.text.startswith(f"{name}: it ")
    failed = called(name, memory, ret=-1).findings
    assert [one.kind for one in failed] in ([], ["refused"])


def regions(*elements) -> dict:
    return {"vmid": 0, "mr_num": 3, "regions_gpa": {"address": "0x9000", "points_to": [*elements]}}


def test_regions_that_were_set_only_in_part(check):
    part = regions({"gpa": "0x0"}, {"address": "0x9020", "unreadable": "no memory there"})
    ((kind, text),) = check("set_memory_regions", regions=part)
    assert kind == "zero-but-failed"
    assert text == (
        "set_memory_regions may have stopped at regions.regions_gpa[1] (0x9020) though RAX is 0: "
        "unreadable, no memory there"
    )
    assert check("set_memory_regions", ret=EINVAL, regions=part) == []
    assert check("set_memory_regions", regions=regions({"gpa": "0x0"})) == []


@pytest.mark.parametrize("why", ("the stub could not read it", "too many pointers deep"))
def test_what_only_the_tool_cannot_read_is_no_finding(check, why):
    assert check("set_memory_regions", regions=regions({"address": "0x9", "unreadable": why})) == []


def test_a_place_that_has_no_memory_for_another_reason_by_now(check):
    why = {"in": "no memory there", "out": "memory ends at 0x9fff"}
    moved = {"address": {"in": "0x1", "out": "0x9ffe"}, "unreadable": why}
    ((kind, text),) = check("set_memory_regions", regions=moved)
    assert kind == "zero-but-failed"
    assert text.endswith("regions (0x9ffe) though RAX is 0: unreadable, memory ends at 0x9fff")


# ---- -1 ----


@pytest.fixture
def from_boot():
    """The findings on calls of a trace that saw the guest boot."""
    checker = ResultChecker(KNOWLEDGE.table, KNOWLEDGE.results, from_boot=lambda: True)
    return lambda *given, **more: [(f.kind, f.text) for f in checker.check(event(*given, **more))]


def test_a_failure_names_a_vm_that_there_is_not(from_boot):
    text = "start_vm answered -1: VM 3 was not created in this trace"
    assert from_boot("start_vm", ret=FAILED, vmid=3) == [("no-vm", text)]
    assert kinds(from_boot("set_memory_regions", ret=FAILED, regions={"vmid": 3})) == ["no-vm"]
    from_boot("create_vm", **created(3))
    assert kinds(from_boot("start_vm", ret=FAILED, vmid=3)) == ["refused"]


def test_a_failure_names_a_vm_that_is_gone(check):
    check("create_vm", **created(3))
    check("destroy_vm", seq=7, vmid=3)
    text = "start_vm answered -1: VM 3 was destroyed by call 7"
    assert check("start_vm", ret=FAILED, vmid=3) == [("no-vm", text)]


def test_a_trace_that_did_not_see_the_boot_knows_of_no_vm(check):
    assert check("start_vm", ret=FAILED, vmid=3) == []


def test_a_failure_that_names_no_other_vm(from_boot):
    assert from_boot("start_vm", ret=FAILED, vmid=0) == []
    assert from_boot("get_hw_info", ret=FAILED) == []
    # What is in a field that only comes out names none.
    assert from_boot("create_vm", ret=FAILED, vm={"vmid": 0x1357}) == []


def test_other_errors_say_nothing_of_the_vm(from_boot):
    assert from_boot("destroy_vm", ret=EINVAL, vmid=3) == []
    assert from_boot("destroy_vm", vmid=3) == []


# ---- EINVAL ----


def test_an_error_that_only_an_address_gives():
    memory = FakeMemory({0x2000000: bytes(64)})
    text = "get_api_version answered EINVAL: version is at 0x2000000, not the guest's memory"
    (found,) = called("get_api_version", memory, EINVAL, rdi=0x2000000).findings
    assert (found.kind, found.text) == ("address", text)
    assert called("get_api_version", memory, FAILED, rdi=0x2000000).findings == []
    assert called("vm_gpa2hpa", memory, EINVAL, rsi=0x2000000).findings == []


@pytest.mark.parametrize(
    ("address", "why"),
    [
        (0x9000_0000, "no memory there"),
        (0x1FFC, "memory ends at 0x1fff"),
        (0x1000, "not the guest's memory"),
    ],
)
def test_an_address_where_the_machine_has_no_memory_is_another_matter(address, why):
    memory = FakeMemory({0x1000: bytes(0x1000)})
    made = called("get_api_version", memory, ret=EINVAL, rdi=address)
    (found,) = made.findings
    assert found.text == f"get_api_version answered EINVAL: version is at {address:#x}, {why}"
    assert made.decoded == {"version": hex(address)}


# ---- ENOTTY ----


def why(findings) -> str:
    ((kind, text),) = findings
    assert kind == "enotty"
    return text.split(" answered ENOTTY: ")[1]


def test_no_such_call(check):
    unknown = {"name": "get_api_version", "ret": ENOTTY, "nr": 0x800000F7}
    assert why(check(**unknown)) == "the call table has no such call"


def test_no_such_call_here_but_in_another_release():
    checker = ResultChecker(KNOWLEDGE.table, KNOWLEDGE.results, lambda nr: f"v9.9 has {nr:#x}")
    found = checker.check(event("get_api_version", ENOTTY, nr=0x800000F7))
    assert [f.text.split(": ")[1] for f in found] == ["v9.9 has 0x800000f7"]


def test_a_vm_that_this_trace_did_not_see(check):
    assert why(check("start_vm", ENOTTY, vmid=5)) == "VM 5 was not created in this trace"


def test_a_vm_that_was_destroyed(check):
    check("create_vm", seq=3, **created(5))
    check("destroy_vm", seq=9, vmid=5)
    assert why(check("start_vm", ENOTTY, vmid=5)) == "VM 5 was destroyed by call 9"
    check("create_vm", seq=10, **created(5))
    assert "created in this trace" in why(check("start_vm", ENOTTY, vmid=5))


def test_a_call_that_failed_makes_and_ends_no_vm(check):
    check("create_vm", ret=-1, **created(5))
    assert why(check("start_vm", ENOTTY, vmid=5)) == "VM 5 was not created in this trace"
    check("create_vm", **created(5))
    check("destroy_vm", ret=-1, vmid=5)
    assert why(check("start_vm", ENOTTY, vmid=5)).startswith("not permitted (VM 5 was created")


def test_no_permission(check):
    nobody = "the caller is not permitted to make this call"
    assert why(check("get_api_version", ENOTTY)) == nobody
    assert why(check("start_vm", ENOTTY, vmid=0)) == nobody
    assert why(check("world_switch", ENOTTY, rdi="0x1", rsi="0x2")) == nobody
    boot = {"address": "0x9000", "unreadable": "no memory there"}
    assert why(check("initialize_trusty", ENOTTY, boot=boot)) == nobody


@pytest.mark.parametrize(
    ("name", "argument"), [("create_vm", "vm"), ("set_memory_regions", "regions")]
)
def test_a_structure_that_names_the_vm_and_is_not_there(name, argument, check):
    gone = {argument: {"address": "0x9000", "unreadable": "no memory there"}}
    assert why(check(name, ENOTTY, **gone)) == "what names the VM could not be read at 0x9000"


def test_the_vm_is_found_wherever_it_stands(check):
    inner = {"regions": {**regions(), "vmid": 6}}
    assert why(check("set_memory_regions", ENOTTY, **inner)).startswith("VM 6 was not created")
    assert why(check("pm_get_cpu_state", ENOTTY, command={"vmid": 7})).startswith("VM 7 was not")


@pytest.mark.parametrize("name", ["assign_ptdev", "deassign_ptdev", "vm_pci_msix_remap"])
def test_a_call_that_has_only_a_number(name, check):
    assert why(check(name, ENOTTY, vmid=5)).startswith("ACRN has no such call any more")


def test_a_name_without_a_slot(check):
    assert why(check("create_vm", ENOTTY, vm={"vmid": 0xFFFF})).startswith("no VM has that name")


def test_a_trace_remembers_so_many_vms_and_the_fate_of_each(check):
    for vmid in range(1, MAX_VMS + 2):
        check("create_vm", **created(vmid))
    check("destroy_vm", seq=7, vmid=1)
    assert why(check("start_vm", ENOTTY, vmid=1)) == "VM 1 was destroyed by call 7"
    assert why(check("start_vm", ENOTTY, vmid=MAX_VMS + 1)).endswith(
        "was not created in this trace"
    )


# ---- the number ----


@pytest.mark.parametrize(
    ("nr", "reached"),
    [
        (0x12, "start_vm"),
        (0xDEAD0012, "start_vm"),
        (0x1_8000_0012, "start_vm"),
        (0x8000_0112, "start_vm"),
        (0xFF, "nothing"),
    ],
)
def test_upper_bits_of_the_number_that_acrn_does_not_look_at(nr, reached):
    (found,) = called("start_vm", r8=nr).findings
    assert found.kind == "number" and f"R8 is {nr:#x}" in found.text
    assert found.text.endswith(f"calls {reached}")


def test_the_right_magic_is_no_finding():
    assert called("start_vm", r8=0x80000012).findings == []
    assert called("start_vm", r8=0x800000F7).findings == []


def test_a_users_own_number_is_no_finding():
    knowledge = acrn()
    knowledge.table.add(Entry(0x12345678, "mine", ()))
    assert CallDecoder(knowledge).decode(Given(0x12345678, (0, 0), 0))["findings"] == []


# ---- whole calls, from registers and memory ----


def called(
    name: str,
    memory: FakeMemory = FakeMemory(),
    ret: int = 0,
    during: Callable[[], None] = lambda: None,
    after: dict[str, int] | None = None,
    **arguments: int,
) -> Event:
    """The event of one call: ``during`` it memory may change, and ``after`` it registers have."""
    registers = {"r8": KNOWLEDGE.table.named(name).number, "rdi": 0, "rsi": 0, **arguments}
    decoder, call = Decoder(KNOWLEDGE, memory), Call(0, SITE, stop(time=1.0, **registers))
    made = decoder.entered(call)
    during()
    call.exit = stop(time=1.5, **(registers | {"rax": ret & MASK64} | (after or {})))
    decoder.finished(made, call)
    for check in checks_of(KNOWLEDGE):
        made.findings += check(made, call)
    return made


@pytest.mark.parametrize(
    ("name", "registers"),
    [
        ("world_switch", ["rdi", "rsi", "rdx", "rbx"]),
        ("switch_ee", ["rdi", "rsi", "rdx", "rbx", "rcx"]),
        ("tee_vcpu_boot_done", ["rdi", "rsi", "rdx", "rbx", "rcx"]),
    ],
)
def test_registers_that_a_call_carries_elsewhere_may_change(name, registers):
    after = dict.fromkeys(registers, 0x5A5A)
    assert called(name, FakeMemory(), after=after).clobbered == {}
    assert set(called(name, FakeMemory(), after=after | {"r12": 1}).clobbered) == {"r12"}
    assert set(called("create_vcpu", FakeMemory(), after=after).clobbered) == set(registers)


def test_an_input_that_changed_is_a_finding():
    memory = FakeMemory({0x1000: bytes(range(16))})

    def during():
        memory.parts[0x1000] = bytes(range(8)) + b"\xff" * 8

    made = called("inject_msi", memory, rdi=1, rsi=0x1000, during=during)
    ((kind, text),) = [(f.kind, f.text) for f in made.findings]
    assert kind == "input-changed"
    assert text == (
        "inject_msi changed msi_data of its input: 0xf0e0d0c0b0a0908 => 0xffffffffffffffff"
    )
    assert made.decoded["msi"]["msi_data"] == {"in": "0xf0e0d0c0b0a0908", "out": "0x" + "f" * 16}


def test_an_output_that_changed_is_none():
    memory = FakeMemory({0x1000: bytes(16)})

    def during():
        memory.parts[0x1000] = bytes(8) + b"\x11" * 8

    made = called("vm_gpa2hpa", memory, rdi=0, rsi=0x1000, during=during)
    assert made.findings == []
    assert made.decoded["translation"]["hpa"] == {"in": "0x0", "out": "0x1111111111111111"}


def test_a_large_input_that_changed_has_so_many_findings_and_no_more():
    head = (0).to_bytes(8, "little") + (1024).to_bytes(8, "little") + (0x2000).to_bytes(8, "little")
    memory = FakeMemory({0x1000: head, 0x2000: bytes(32 * 1024)})

    def during():
        memory.parts[0x2000] = b"\xff" * (32 * 1024)

    findings = called("set_memory_regions", memory, rdi=0x1000, during=during).findings
    assert len(findings) < 12
    assert findings[-1].text == "set_memory_regions changed 5112 more fields of its input"


def test_an_output_is_read_only_if_the_call_did_not_fail():
    memory = FakeMemory({0x1000: b"\1\0\0\0\0\0\0\0"})
    assert called("get_api_version", memory, rdi=0x1000).decoded == {
        "version": {"major_version": 1, "minor_version": 0}
    }
    failed = called("get_api_version", memory, EINVAL, rdi=0x1000)
    assert failed.decoded == {"version": "0x1000"}


# ---- the rules as written ----


@pytest.mark.parametrize(
    "line",
    [
        "ZERO_FAILED_IF(create_vm, vm.vmid, x, why)",
        "ZERO_FAILED_IF(create_vm, vm.vmid, 1)",
        "ZERO_PROVES_NOTHING(create_vm)",
        "ENOTTY_MEANS(create_vm, why, more)",
        "WHAT(create_vm, why)",
    ],
)
def test_a_wrong_rule_is_refused_with_its_place(line):
    with pytest.raises(TraceError, match="^x.def:1: not a rule of results"):
        add_rules(ResultRules(), deffile.parse(line, "x.def"), "acrn")
