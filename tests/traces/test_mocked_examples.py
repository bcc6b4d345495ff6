# SPDX-License-Identifier: BSD-3-Clause
"""The examples without their hypervisor: played, or replayed, the traces are the same."""

import re

import pytest

from helpers.canonical import events_of
from helpers.guests import Guest, build_test_guests, common_arguments, image_of
from helpers.process import Run
from helpers.tracing import acrn_trace
from helpers.tree import GUESTS, HYPERVISOR, IMAGES, ROOT

# The hypervisor keeps what is above for itself.
GUESTS_MEMORY = ["-m", "32M"]
MOVED = IMAGES / "hypervisor-moved.elf"
VCPUS = {"hello": 1, "service": 1, "smp": 2, "clobber": 2, "recorder": 2}
PRIVATE = ROOT / "examples" / "hypervisor"
PRIVATE_CALLS = ["-x", PRIVATE / "hypervisor.def"]
LONG = pytest.mark.long
LONG_SECONDS = 1500  # for ten thousand calls; the machine may be busy, and may be slow


def qemu_arguments(name: str) -> list[object]:
    """QEMU's for an example and the words of its command line."""
    example, *words = name.split()
    append = ["-append", " ".join(words)] if words else []
    return [*common_arguments(), "-smp", str(VCPUS[example]), *append]


def alone(name: str, *options: object, image=None, **how) -> Run:
    """The example (or another ``image`` like it) traced with nothing below it."""
    traced = image or image_of(name.split()[0])
    return acrn_trace(*options, traced, "--", *qemu_arguments(name), *GUESTS_MEMORY, **how)


def under_hypervisor(name: str, *options: object, hypervisor=HYPERVISOR, **how) -> Run:
    image = image_of(name.split()[0])
    below = ["-kernel", hypervisor, "-initrd", image]
    return acrn_trace(*options, image, "--", *qemu_arguments(name), *below, **how)


def to(path) -> list:
    return ["-f", "jsonl", "-o", path]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """An example's trace under the hypervisor, made once, and what the guest printed."""
    folder, made = tmp_path_factory.mktemp("recorded"), {}

    def trace(name: str):
        if name not in made:
            path = folder / name.replace(" ", "-")
            run = under_hypervisor(name, *PRIVATE_CALLS, *to(path), seconds=LONG_SECONDS)
            assert (run.status, run.err) == (0, ""), run
            made[name] = path, run.out
        return made[name]

    return trace


def check_equal(before, after) -> None:
    compared = acrn_trace("diff", *PRIVATE_CALLS, before, after)
    assert compared.status == 0, compared.out


@pytest.mark.parametrize(
    "name",
    ["hello", "service", "smp short", "clobber", "clobber clean", "recorder"]
    + [pytest.param("smp", marks=[LONG, pytest.mark.timeout(2 * LONG_SECONDS + 600)])],
)
def test_a_mock_answers_as_the_hypervisor(name, recorded, folder):
    """Its private call, which breaks registers, is a model in Python."""
    before, printed = recorded(name)
    options = ["--mock", "acrn", *PRIVATE_CALLS, "-x", PRIVATE / "hypervisor.py"]
    played = alone(name, *options, *to(folder / "mock"), seconds=LONG_SECONDS)
    assert (played.status, played.err, played.out) == (0, "", printed)
    assert {event["answered_by"] for event in events_of(folder / "mock")} == {"mock"}
    check_equal(before, folder / "mock")


@pytest.mark.parametrize(
    "mock",
    [[], ["--mock", "acrn", "-x", PRIVATE / "hypervisor.py"]],
    ids=["hypervisor", "mock"],
)
@pytest.mark.parametrize(
    "name", ["service", pytest.param("smp short", marks=LONG), pytest.param("recorder", marks=LONG)]
)
def test_nested_paging_that_is_no_identity_changes_no_call(name, mock, recorded, folder):
    """Nor what a mock writes, whose answers come before the hypervisor's."""
    before, printed = recorded(name)
    options = [*PRIVATE_CALLS, *mock, *to(folder / "moved")]
    moved = under_hypervisor(name, *options, hypervisor=MOVED, seconds=LONG_SECONDS)
    assert (moved.status, moved.err, moved.out) == (0, "", printed)
    expected = "mock" if mock else "hypervisor"
    assert {event["answered_by"] for event in events_of(folder / "moved")} == {expected}
    check_equal(before, folder / "moved")


@pytest.mark.parametrize(
    "name",
    ["service", "smp short", "clobber"]
    + [pytest.param("smp", marks=[LONG, pytest.mark.timeout(2 * LONG_SECONDS + 600)])],
)
def test_a_recording_is_replayed_without_the_hypervisor(name, recorded, folder):
    """Broken registers are broken again, RSP among them."""
    before, printed = recorded(name)
    options = ["--replay", before, *PRIVATE_CALLS, *to(folder / "replay")]
    replayed = alone(name, *options, seconds=LONG_SECONDS)
    assert (replayed.status, replayed.err, replayed.out) == (0, "", printed)
    events = events_of(folder / "replay")
    assert {event["answered_by"] for event in events} == {"replay"}
    found = [finding for event in events for finding in event["findings"]]
    kinds = [f["kind"] for event in events_of(before) for f in event["findings"]]
    assert sorted(finding["kind"] for finding in found) == sorted(kinds)
    check_equal(before, folder / "replay")


def test_a_recording_of_the_rings_is_replayed(recorded, folder):
    """With broken registers. The call that the guest did not record is left to ACRN, and told."""
    under = [*qemu_arguments("recorder"), "-kernel", HYPERVISOR]
    under += ["-initrd", image_of("recorder")]
    rings = folder / "rings"
    made = acrn_trace("record", "-o", rings, image_of("recorder"), "--", *under)
    assert made.status == 0, made
    options = [*PRIVATE_CALLS, "--replay", rings, "--mock", "acrn"]
    replayed = alone("recorder", *options)
    assert (replayed.status, replayed.out) == (0, recorded("recorder")[1])
    assert replayed.err.startswith(
        f"+++ {rings} is replayed: 7 calls; of 3 it does not have what they wrote to memory, so "
        "that stays as it is +++\n+++ ACRN is played +++\n"
    )
    assert replayed.err.count("departs from the recording") == 1
    alone("recorder", *options, *to(folder / "replay"))
    events, before = events_of(folder / "replay"), events_of(recorded("recorder")[0])
    told = ("name", "args", "ret", "clobbered", "vcpu")
    assert [[e[key] for key in told] for e in events] == [[e[key] for key in told] for e in before]
    by = {event["answered_by"]: event["name"] for event in events}
    assert by["mock"] == "start_vm" and set(by) == {"mock", "replay"}


def test_what_of_a_recording_was_not_made_is_told(recorded):
    before, _ = recorded("service")
    replayed = alone("hello", "--replay", before)
    left = re.search(rf"^\+\+\+ (\d+) of the (\d+) calls of {before} were not", replayed.err, re.M)
    made = len(events_of(recorded("hello")[0]))
    assert left and int(left[2]) == len(events_of(before)), replayed
    assert int(left[2]) - int(left[1]) <= made


def departures(events: list[dict]) -> dict[int, str]:
    return {
        event["seq"]: finding["text"]
        for event in events
        for finding in event["findings"]
        if finding["kind"] == "replay-departs"
    }


def test_a_guest_that_is_changed_by_one_argument_is_caught_at_that_call(recorded, folder):
    """The service example, built with another entry point in the call that comes too late."""
    build_test_guests()
    before, printed = recorded("service")
    changed = GUESTS / "service_changed.elf"
    options = ["--replay", before, *to(folder / "replay")]
    replayed = alone("service", *options, image=changed)
    assert (replayed.status, replayed.err, replayed.out) == (0, "", printed)
    was = [event["seq"] for event in events_of(before) if event["name"] == "set_vcpu_regs"][1]
    found = departures(events_of(folder / "replay"))
    assert list(found) == [was]
    assert found[was].startswith("set_vcpu_regs(vmid=2, regs={") and re.search(
        rf"rip=0x300,.* departs from the recording, {before}, whose call {was} is set_vcpu_regs\("
        r".*rip=0x200,.*\) = -1 .*: regs.vcpu_regs.rip: 0x200 => 0x300$",
        found[was],
    )


def test_a_recording_changed_by_one_argument_is_departed_from_at_that_call(recorded, folder):
    lines = recorded("service")[0].read_text().splitlines(keepends=True)
    index = next(n for n, line in enumerate(lines) if '"name":"pause_vm"' in line)
    changed = folder / "changed.jsonl"
    old, new = '"decoded":{"vmid":2}', '"decoded":{"vmid":7}'
    assert old in lines[index]
    lines[index] = lines[index].replace(old, new)
    changed.write_text("".join(lines))
    replayed = alone("service", "--replay", changed, *to(folder / "replay"))
    assert replayed.status == 0, replayed
    events = events_of(folder / "replay")
    found = departures(events)
    assert list(found) == [index]
    assert re.fullmatch(
        rf"pause_vm\(vmid=2\) departs from the recording, {changed}, whose call {index} is "
        r"pause_vm\(vmid=7\) = 0: vmid: 7 => 2",
        found[index],
    )
    compared = acrn_trace("diff", recorded("service")[0], folder / "replay")
    assert re.search(r"calls: 24 equal, 1 changed, 0 missing", compared.out), compared.out


def test_what_the_settings_forbid_fails(folder):
    forbidden = alone("service", "--mock", "acrn vms=2")
    assert forbidden.err.startswith("+++ ACRN is played (vms=2) +++\n--- ")
    assert 'create_vm(vm={name="user-vm"' in forbidden.err
    assert "service: create a VM: -25\n" in forbidden.out


def test_a_model_in_python_and_a_single_answer(folder):
    model = folder / "model.py"
    model.write_text(
        '@model.call("create_vm")\ndef create_vm(call):\n    ret = call.otherwise()\n'
        "    call.vm.vmid = 5\n    call.note('renamed')\n    return ret\n"
    )
    options = ["--mock", "acrn", "-x", model, "--mock", "start_vm -EBUSY", *to(folder / "trace")]
    played = alone("service", *options)
    assert "service: it has id 5\n" in played.out and "service: start it: -16\n" in played.out
    events = events_of(folder / "trace")
    create = next(event for event in events if event["name"] == "create_vm")
    assert create["decoded"]["vm"]["vmid"] == {"in": 65535, "out": 5}
    assert create["decoded"]["vm"]["vcpu_num"] == {"in": 0, "out": 1}
    assert create["findings"] == [{"kind": "model", "text": "renamed"}]
    marked = {event["name"]: event["mocked"] for event in events if "mocked" in event}
    assert marked == {"create_vm": "model.py", "start_vm": "result"}


@pytest.mark.parametrize(
    "options, words",
    [
        (["--mock", "craete_vm 0"], r"no call is named 'craete_vm' \(did you mean create_vm\?\)"),
        (["--mock", "create_vm no"], r"'no' is no result: a number, or an error such as -EINVAL"),
        (["--mock", "create_vm -EINVALL"], r"did you mean EINVAL\?"),
        (["--mock", "create_vm 1 2"], r"hypercall mock takes 'acrn"),
        (["--mock", "acrn cpu=2"], r"no setting is named 'cpu' \(did you mean cpus\?\)"),
        (["--mock", "acrn version=v9"], r"'v9' is no release of ACRN that is known"),
        (["--replay", "/nowhere"], r"cannot read /nowhere"),
        (["--replay", "Makefile"], r"is no trace"),
        (["-x", "/nowhere.py"], r"cannot read the model /nowhere.py"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_started(options, words):
    run = alone("service", *options)
    assert run.status == 2 and run.out == ""
    assert re.fullmatch(rf"acrn-trace: .*{words}.*\n", run.err), run.err


def test_attached_to_a_qemu_that_somebody_else_started(recorded, folder):
    line = [*qemu_arguments("service"), *GUESTS_MEMORY, "-kernel", image_of("service")]
    with Guest(folder, line) as guest:
        options = ["-p", guest.socket, "--mock", "acrn", *to(folder / "mock")]
        attached = acrn_trace(*options, image_of("service"))
        ended = guest.finished()
    assert (attached.status, attached.err) == (0, "")
    assert ended.out == recorded("service")[1]
    check_equal(recorded("service")[0], folder / "mock")
