# SPDX-License-Identifier: BSD-3-Clause
"""A played ACRN: of which release it is, and why it answers as it does."""

import pytest

from acrn_trace.act.mock.acrn import PlayedAcrn
from acrn_trace.act.mock.mock import Mock
from acrn_trace.act.mock.settings import parse_settings
from acrn_trace.act.mock.switch import turn_off, turn_on
from acrn_trace.base.errors import TraceError
from acrn_trace.guest.memory import NoMemory
from acrn_trace.guest.pending_memory import PendingMemory
from acrn_trace.tables.knowledge import acrn
from helpers.make.memory import FakeMemory

KNOWLEDGE = acrn()
AT = 0x1000
FAILED = (1 << 64) - 1


def creation(name: bytes = b"STATIC", cpus: int = 0) -> bytes:
    return bytes(8) + name.ljust(16, b"\0") + bytes(16) + cpus.to_bytes(8, "little")


def line(virt_pin: int = 20, phys_pin: int = 0, kind: int = 0, bdf: int = 0x18) -> bytes:
    """struct hc_ptdev_irq"""
    return b"".join(
        number.to_bytes(size, "little")
        for number, size in ((kind, 4), (bdf, 2), (0x18, 2), (virt_pin, 4), (phys_pin, 4), (0, 8))
    )


def played(settings: str = "", knowledge=KNOWLEDGE):
    """Makes calls on one ACRN; a call's answer."""
    player = PlayedAcrn(parse_settings(settings.split()), knowledge)

    def call(name: str, *arguments: int, data: bytes = b"", rax: int = 0x77):
        numbers = {"r8": knowledge.table.named(name).number, "rax": rax}
        numbers |= dict(zip(("rdi", "rsi"), [*arguments, 0, 0]))
        memory = PendingMemory(FakeMemory({AT: data.ljust(4096, b"\0")}))
        return player.vmcall(0, 0, numbers, memory)

    return call


def device_of_vm_1(call) -> None:
    """Give it 00:03.0."""
    assert call("create_vm", AT, data=creation()).rax == 0
    pcidev = bytes(4) + b"\x18\0\x18\0" + bytes(28)
    assert call("assign_pcidev", 1, AT, data=pcidev).rax == 0


@pytest.mark.parametrize(
    ("name", "arguments", "data", "why"),
    [
        ("create_vm", (AT,), creation(cpus=8), "cpu_affinity has CPUs that are not the VM's, 0x6"),
        ("create_vm", (0x9000,), b"", None),  # whose VM cannot be read: ENOTTY
        ("start_vm", (1,), b"", "the VM has no page of I/O requests yet, which set_ioreq_buffer"),
        ("destroy_vm", (1,), b"", "the VM is created, neither started nor paused"),
        ("set_ptdev_intr_info", (1, AT), line(phys_pin=255), "phys_pin is not below 0x18, so many"),
        ("set_ptdev_intr_info", (1, AT), line(kind=1), "type is not ACRN_PTDEV_INTX"),
        ("set_ptdev_intr_info", (1, AT), line(bdf=0x20), "the VM has no device at virt_bdf"),
        ("pm_get_cpu_state", (1 << 24, AT), b"", "only a VM with ACRN_VM_VHWP is told how many"),
        ("vm_gpa2hpa", (1, AT), b"", "the VM has no memory at 0x0"),
        ("vm_gpa2hpa", (1, 0x9000), b"", "its structure is not in the caller's memory"),
        ("inject_msi", (1, AT), b"", "bits 31:20 of msi_addr are not 0xfee"),
        ("service_vm_offline_cpu", (0,), b"", "that is the CPU that the Service VM booted on"),
        # The twins: what succeeds, and errors that say themselves what they are.
        ("set_ptdev_intr_info", (1, AT), line(phys_pin=23), None),
        ("inject_msi", (1, AT), (0xFEE00000).to_bytes(8, "little"), None),
        ("set_callback_vector", (5,), b"", None),
        ("create_vcpu", (1,), b"", None),
    ],
)
def test_it_tells_why_it_fails(name, arguments, data, why):
    call = played("vm1=STATIC,cpus=6 pins=24")
    if name != "create_vm":
        device_of_vm_1(call)
    answer = call(name, *arguments, data=data)
    told = answer.reason
    assert (answer.rax == FAILED) == (why is not None)
    assert told.text.startswith(why) if why else told is None
    assert not told or told.kind == "refused"


def test_it_knows_that_a_vm_is_off():
    call = played("vm1=STATIC")
    reason = call("start_vm", 1).reason
    assert (reason.kind, reason.text) == ("no-vm", "the VM is off")
    assert call("start_vm", 99).reason is None  # ENOTTY


def test_the_state_of_a_vm_is_told_with_other_errors_too():
    call = played("vm1=STATIC,state=running")
    answer = call("assign_pcidev", 1, AT)
    assert (answer.rax, answer.reason.text) == (FAILED - 21, "the VM is running")


# ---- the release ----

NO_DEVICE = bytes(4) + b"\x18\0\xf8\xff" + bytes(28)


@pytest.mark.parametrize(("version", "rax"), [("v3.3", 0x77), ("v2.7", 0x77), ("master", -19)])
def test_an_error_is_lost_as_the_release_loses_it(version, rax):
    call = played(f"version={version}")
    assert call("create_vm", AT, data=creation()).rax == 0
    lost = call("assign_pcidev", 2, AT, data=NO_DEVICE)
    assert lost.rax == rax % (1 << 64)
    assert (lost.reason is None) == (version == "master")
    if lost.reason:
        assert lost.reason.kind == "stale-rax" and "fails with ENODEV, as here" in lost.reason.text
    assert call("get_api_version", AT, rax=0).reason is None  # 0 before and after


def mock_of(knowledge) -> Mock:
    return Mock(knowledge, NoMemory(), lambda: 0, lambda vector: None)


def test_the_release_that_is_played_counts():
    mock = mock_of(acrn())
    turn_on(mock, ["acrn", "version=v2.6"])
    assert (mock.knowledge.release, mock.knowledge.types.former["acrn_vm_creation"]) == (
        "v2.6",
        "acrn_vm_creation_v2_6",
    )
    assert mock.knowledge.caveat.startswith("calls are those of ACRN v2.6")
    turn_on(mock, ["acrn"])
    assert (mock.knowledge.release, mock.knowledge.types.former) == ("master", {})
    turn_on(mock, ["acrn", "version=v3.3"])
    turn_off(mock, ["acrn"])
    assert (mock.knowledge.release, mock.knowledge.caveat) == ("master", None)


def test_a_release_that_the_user_names_counts_more():
    mock = mock_of(acrn("v3.1"))
    turn_on(mock, ["acrn", "version=v3.3"])
    assert mock.knowledge.release == "v3.1"
    turn_on(mock, ["acrn"])  # which plays the release in use
    turn_off(mock, [])
    assert mock.knowledge.release == "v3.1"


def test_a_release_that_there_is_not_changes_nothing():
    mock = mock_of(acrn())
    with pytest.raises(TraceError, match="'v9' is no release of ACRN"):
        turn_on(mock, ["acrn", "version=v9"])
    assert mock.acrn is None and mock.knowledge.release == "master"
