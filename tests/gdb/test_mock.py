# SPDX-License-Identifier: BSD-3-Clause
"""``hypercall mock`` as a user types it, on a guest with no hypervisor."""

import re

import pytest

from helpers.canonical import events_of
from helpers.guests import Guest, common_arguments, image_of
from helpers.process import Run, run
from helpers.tracing import gdb_at, gdb_command

ARGUMENTS = [*common_arguments(), "-m", "32M", "-smp", "1"]
SERVICE = image_of("service")


@pytest.fixture
def session(folder):
    """Run GDB commands on a guest that stands alone: GDB's run, and QEMU's."""

    def run(*commands: str, image=SERVICE) -> tuple[Run, Run]:
        with Guest(folder, [*ARGUMENTS, "-kernel", image]) as guest:
            gdb = gdb_at(guest, image, *commands)
            return gdb, guest.finished()

    return run


def test_a_trace_says_what_is_mocked_once(session, folder):
    """In the trace where that is here, else here as well; again in a trace that begins later."""
    gdb, _ = session(
        "hypercall trace",
        "hypercall mock acrn cpus=4",
        "hypercall mock start_vm -EBUSY",
        "hypercall mock off start_vm",
        "hypercall trace off",
        f"hypercall trace -o {folder / 'trace'}",
        "hypercall mock pause_vm -1",
        "tbreak start_user_vm",
        "continue",
        "hypercall mock off",
        "hypercall trace off",
    )
    said = re.compile(r".*\b(played|answered with|mocked)\b.*")
    assert [line for line in gdb.out.splitlines() if said.match(line)] == [
        "+++ ACRN is played (cpus=4) +++",
        "+++ start_vm is answered with -16 EBUSY +++",
        "+++ mocked no longer: start_vm +++",
        "pause_vm is answered with -1",
    ], gdb
    notices = [line for line in (folder / "trace").read_text().splitlines() if line[0] == "+"]
    assert notices == [
        "+++ ACRN is played (cpus=4) +++",
        "+++ pause_vm is answered with -1 +++",
        "+++ mocked no longer: any call +++",
    ]


@pytest.fixture
def model(folder):
    """A model's file with a function for create_vm of this body."""

    def write(body: str, name: str = "model.py"):
        path = folder / name
        path.write_text(f'@model.call("create_vm")\ndef create_vm(call):\n    {body}\n')
        return path

    return write


def test_a_guest_finds_acrn_and_runs_to_its_end(session):
    gdb, guest = session("hypercall mock acrn", "continue", "hypercall mock")
    assert "\nACRN is played\n" in gdb.out and "ACRN is played: 25 calls answered" in gdb.out
    assert guest.status == 0 and guest.out.endswith("service: done, 0 surprises\n")
    assert "get_api_version(" not in gdb.out  # it shows nothing


def test_without_a_mock_there_is_no_acrn(session):
    _, guest = session("hypercall mock acrn", "hypercall mock off", "continue")
    assert "no ACRN here" in guest.out


def test_what_is_mocked_is_listed_and_ended_one_by_one(session, model):
    path = model("return 0")
    gdb, guest = session(
        "hypercall mock",
        "hypercall mock acrn",
        "hypercall mock start_vm -EBUSY",
        "hypercall mock 0x80000099 7",
        f"hypercall load {path}",
        "hypercall mock",
        "hypercall mock off start_vm",
        "hypercall mock off model.py",
        "echo ---\\n",
        "hypercall mock",
        "continue",
    )
    assert gdb.out.startswith("Nothing is mocked.\n") or "\nNothing is mocked.\n" in gdb.out
    assert (
        "start_vm is answered with -16 EBUSY\n"
        "hypercall_0x80000099 is answered with 7\n"
        f"create_vm is modelled by {path}\n"
        "ACRN is played: 0 calls answered\n"
    ) in gdb.out
    assert "---\nhypercall_0x80000099 is answered with 7\nACRN is played: 0" in gdb.out
    assert "service: make a call that there is not: 7\n" in guest.out


@pytest.mark.parametrize(
    "body, words",
    [
        ("call.vm.vmid = 9; raise ValueError('not yet')", "line 3, raised ValueError: not yet"),
        ("call.vm.vmid = 9; return 'x'", "returned 'x', which is no integer of 64 bits"),
        ("call.vm.vmid = 70000", "acrn_vm_creation.vmid has 16 bits, and 0x11170 does not fit"),
        (
            "call.vm.vmid = 9; call.memory.write(1 << 40, b'x')",
            "line 3, raised Unreadable: cannot write 0x1 bytes at 0x10000000000: no memory there",
        ),
        ("call.vm.vmid = 9\n    while True: pass", "line 4, did not end within 5 s"),
        ("call.vm.vmid = 9; call.upcall(5); return 0", "raised ValueError: 5 is no vector: those"),
        ("call.registers['rbx'] = 9; return 1 << 20000", "returned an object of type int, which"),
        ("raise KeyboardInterrupt", "line 3, raised KeyboardInterrupt"),
    ],
)
def test_a_wrong_model_leaves_the_guest_at_the_call(body, words, session, model):
    path = model(body)
    gdb, guest = session(
        "hypercall mock acrn",
        f"hypercall mock {path}",
        f"hypercall trace -o {path}.trace",
        "continue",
        "info hypercalls in-flight",
        "print creation.vmid",
        "x/i $pc",
        "hypercall mock off model.py",
        "continue",
    )
    assert re.search(rf"\nthe model of create_vm in {path}.*{words}", gdb.out), gdb
    assert re.search(r"\n\[0\] create_vm\(vm=\{name=\"user-vm\"", gdb.out)
    assert "$1 = 65535\n" in gdb.out and re.search(
        r"=> 0x\S+ <create_user_vm\S*>:\tvmcall", gdb.out
    )
    assert guest.out.endswith("service: done, 0 surprises\n"), (gdb, guest)
    assert "\nThe guest waits at the call, with nothing changed: load the mended file" in gdb.out
    assert "Traceback" not in gdb.err + gdb.out and "Python" not in gdb.err


def test_the_mended_model_is_asked_again(session, model, folder):
    bad, good = model("return None"), model("call.vm.vmid = 5; return 0", "good.py")
    gdb, guest = session(
        "hypercall mock acrn",
        f"hypercall load {bad}",
        f"hypercall trace -f jsonl -o {folder / 'trace'}",
        "continue",
        f"hypercall load {good}",
        "continue",
    )
    assert "service: it has id 5\n" in guest.out, gdb
    assert "Fatal signal" not in gdb.out + gdb.err
    creates = [event for event in events_of(folder / "trace") if event["name"] == "create_vm"]
    assert [(event["ret"], event["answered_by"]) for event in creates] == [(0, "mock")]


def test_upcalls_and_requests(session, test_guest):
    upcall = test_guest("upcall")
    gdb, guest = session(
        "hypercall mock acrn",
        "break user_vm_runs",
        "continue",
        "hypercall mock ioreq 2 1",
        "hypercall mock ioreq 2 0 pio read 0x60 1",
        "hypercall mock ioreq 2 0 pio read 0x61 1",
        "break apic_end_of_interrupt",
        "continue",
        "hypercall mock ioreq 2 0",
        "hypercall mock ioreq 2 1 pio write 0x64 4 0x1234",
        "delete",
        "continue",
        image=upcall,
    )
    assert "vCPU 1 of VM 2 made no I/O request since" in gdb.out
    assert "vCPU 0 of VM 2 made an I/O request: vector 0x31" in gdb.out
    assert "vCPU 0 of VM 2 cannot make an I/O request: the VM must be running" in gdb.err
    assert "vCPU 0 of VM 2 has the answer to its I/O request: 0x61" in gdb.out
    assert guest.out == (
        "upcall: vCPU 0 reads port 0x60, 1 bytes, 0x0\n"
        "upcall: vCPU 1 writes port 0x64, 4 bytes, 0x1234\n"
        "upcall: 2 upcalls, 2 requests\n"
    )


def test_a_model_makes_an_upcall(session, test_guest, folder):
    """start_vm interrupts the guest, which finds no request; the real one comes later."""
    path = folder / "model.py"
    path.write_text(
        '@model.call("start_vm")\ndef start_vm(call):\n    call.upcall()\n'
        "    return call.otherwise()\n"
    )
    _, guest = session(
        "hypercall mock acrn",
        f"hypercall mock {path}",
        "break user_vm_runs",
        "continue",
        "hypercall mock ioreq 2 0 pio read 0x64 1",
        "hypercall mock upcall",
        "delete",
        "continue",
        image=test_guest("upcall"),
    )
    assert guest.out.endswith("upcall: 2 upcalls, 1 requests\n"), guest


@pytest.mark.parametrize(
    "command, words",
    [
        ("hypercall mock off", "nothing is mocked; 'hypercall mock acrn' plays ACRN."),
        ("hypercall mock off a.py", "nothing is mocked; 'hypercall mock acrn' plays ACRN."),
        (
            "hypercall mock craete_vm 0",
            "no call is named 'craete_vm' (did you mean create_vm?); 'info",
        ),
        ("hypercall mock acrn vm1=a,state=on", "'on' is none of off, created, running, paused"),
        ("hypercall mock nonsense", "hypercall mock takes 'acrn [SETTING=VALUE]…', 'NAME RETVAL'"),
        ("hypercall mock ioreq 2", "the form is hypercall mock ioreq VM VCPU"),
        ("hypercall mock ioreq 2 0", "only a played ACRN has User VMs"),
        ("hypercall mock upcall 5", "vector 0x5 cannot be raised: vectors are 0x10 to 0xff"),
        ("hypercall mock upcall x", "'x' is no number"),
        ("hypercall load /nowhere.py", "cannot read the model /nowhere.py: No such file"),
        ("hypercall mock --replay /nowhere", "cannot read /nowhere"),
    ],
)
def test_errors_are_sentences(command, words, session):
    gdb, guest = session(command, "hypercall mock")
    assert words in gdb.err and gdb.err.count("\n") == 1, gdb.err
    assert "Nothing is mocked.\n" in gdb.out


def test_without_a_guest_nobody_is_interrupted():
    gdb = run(gdb_command(SERVICE, "hypercall mock acrn", "hypercall mock upcall"))
    assert gdb.err == "vector 0xf3 cannot be raised: GDB is attached to no stub.\n", gdb


def test_requests_that_are_none(session):
    wrong = ["2 0 pio read", "2 0 pio look 0 1", "2 0 port read 0 1", "2 0 pio read 0 3", "-1 0"]
    gdb, _ = session("hypercall mock acrn", *(f"hypercall mock ioreq {w}" for w in wrong))
    assert gdb.err.count("\n") == len(wrong) and gdb.err.count("is no I/O request") == 4, gdb.err
    assert "there is no vCPU 0 of VM -1" in gdb.err


def test_completion(session):
    gdb, _ = session("complete hypercall mock acrn cp", "complete hypercall mock create_")
    assert "hypercall mock acrn cpus=\n" in gdb.out, gdb
    assert "hypercall mock create_vm\n" in gdb.out and "hypercall mock create_vcpu\n" in gdb.out


def test_an_image_without_cpuid_is_told_of_and_mocked(session, test_guest):
    gdb, guest = session("hypercall mock acrn", "continue", image=test_guest("nocpuid"))
    assert "nocpuid.elf has no CPUID instruction, so the guest cannot find ACRN by one" in gdb.out
    assert guest.out == "version 1.0\n"
