# SPDX-License-Identifier: BSD-3-Clause
"""The examples without their hypervisor: played, or replayed, the traces are the same."""

import re

import pytest
from live import Run, acrn_trace, common_arguments, events_of, image_of, printed_untraced
from live import arguments_of, trace_example

# The hypervisor keeps what is above for itself.
GUESTS_MEMORY = ["-m", "32M"]
ALONE = {
    "service": ["-smp", "1"],
    "smp": ["-smp", "2"],
    "clobber": ["-smp", "2", "-append", "clean"],
}


def alone(example: str, *options: object) -> Run:
    """The example traced with nothing below it."""
    arguments = [*common_arguments(), *GUESTS_MEMORY, *ALONE[example]]
    return acrn_trace(*options, image_of(example), "--", *arguments)


def to(path) -> list:
    return ["-f", "jsonl", "-o", path]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """An example's trace under the hypervisor, made once."""
    folder, made = tmp_path_factory.mktemp("recorded"), {}

    def trace(example: str):
        if example not in made:
            made[example] = folder / example
            more = ["-append", "clean"] if example == "clobber" else []
            run = trace_example(example, *to(made[example]), more=more)
            assert run.status == 0, run
        return made[example]

    return trace


def check_equal(before, after) -> None:
    compared = acrn_trace("diff", before, after)
    assert compared.status == 0, compared.out


@pytest.mark.parametrize(
    "example", ["service", "clobber", pytest.param("smp", marks=pytest.mark.long)]
)
def test_a_mock_answers_as_the_hypervisor(example, recorded, folder):
    played = alone(example, "--mock", "acrn", *to(folder / "mock"))
    assert (played.status, played.err) == (0, "")
    more = ["-append", "clean"] if example == "clobber" else []
    assert played.out == printed_untraced([*arguments_of(example), *more])
    assert {event["answered_by"] for event in events_of(folder / "mock")} == {"mock"}
    check_equal(recorded(example), folder / "mock")


@pytest.mark.parametrize("example", ["service", pytest.param("smp", marks=pytest.mark.long)])
def test_a_recording_is_replayed_without_the_hypervisor(example, recorded, folder):
    replayed = alone(example, "--replay", recorded(example), *to(folder / "replay"))
    assert (replayed.status, replayed.err) == (0, "")
    assert replayed.out == printed_untraced(arguments_of(example))
    events = events_of(folder / "replay")
    assert {event["answered_by"] for event in events} == {"replay"}
    assert [finding for event in events for finding in event["findings"]] == [
        finding for event in events_of(recorded(example)) for finding in event["findings"]
    ]
    check_equal(recorded(example), folder / "replay")


def test_a_guest_changed_by_one_argument_is_caught_at_that_call(recorded, folder):
    """The same as a recording that is changed by one."""
    lines = recorded("service").read_text().splitlines(keepends=True)
    index = next(n for n, line in enumerate(lines) if '"name":"pause_vm"' in line)
    changed = folder / "changed.jsonl"
    old, new = '"decoded":{"vmid":2}', '"decoded":{"vmid":7}'
    assert old in lines[index]
    lines[index] = lines[index].replace(old, new)
    changed.write_text("".join(lines))
    replayed = alone("service", "--replay", changed, *to(folder / "replay"))
    assert replayed.status == 0, replayed
    events = events_of(folder / "replay")
    found = {
        event["seq"]: finding["text"]
        for event in events
        for finding in event["findings"]
        if finding["kind"] == "replay-departs"
    }
    assert list(found) == [index]
    assert re.fullmatch(
        rf"pause_vm\(vmid=2\) departs from the recording, {changed}, whose call {index} is "
        r"pause_vm\(vmid=7\) = 0: vmid: 7 => 2",
        found[index],
    )
    compared = acrn_trace("diff", recorded("service"), folder / "replay")
    assert re.search(r"calls: 24 equal, 1 changed, 0 missing", compared.out), compared.out


def test_broken_registers_are_replayed(folder):
    """RSP among them; the recording is that of a hypervisor that breaks them."""
    assert trace_example("clobber", *to(folder / "recorded")).status == 0
    arguments = [*common_arguments(), *GUESTS_MEMORY, "-smp", "2"]
    options = ["--replay", folder / "recorded", *to(folder / "replay")]
    replayed = acrn_trace(*options, image_of("clobber"), "--", *arguments)
    assert replayed.status == 0, replayed
    assert replayed.out == printed_untraced(arguments_of("clobber"))
    check_equal(folder / "recorded", folder / "replay")


def test_what_the_settings_forbid_fails(folder):
    forbidden = alone("service", "--mock", "acrn vms=2", "-q")
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


@pytest.mark.parametrize(
    "options, words",
    [
        (["--mock", "craete_vm 0"], r"no call is named 'craete_vm', did you mean 'create_vm'\?"),
        (["--mock", "create_vm no"], r"'no' is no result: a number, or an error such as -EINVAL"),
        (["--mock", "create_vm -EINVALL"], r"did you mean -EINVAL\?"),
        (["--mock", "create_vm 1 2"], r"hypercall mock takes 'acrn"),
        (["--mock", "acrn cpu=2"], r"no setting is named 'cpu', did you mean 'cpus'\?"),
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
