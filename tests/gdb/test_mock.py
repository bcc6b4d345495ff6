# SPDX-License-Identifier: BSD-3-Clause
"""``hypercall mock`` as a user types it, on a guest with no hypervisor."""

import re

import pytest

from helpers.canonical import events_of
from helpers.guests import Guest, common_arguments, image_of
from helpers.process import Run
from helpers.tracing import gdb_at

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
