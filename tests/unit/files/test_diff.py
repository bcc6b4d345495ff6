# SPDX-License-Identifier: BSD-3-Clause
"""Two traces compared: every call is accounted for once; what does not matter does not count."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acrn_trace.cli.launcher import main
from acrn_trace.files import alignment
from acrn_trace.files.alignment import Keys, aligned
from acrn_trace.guest.site import Site
from acrn_trace.trace.event import Finding
from helpers.make.event import event, jsonl

# An item is (kind, value): equal as a whole, or one that changed.
KEYS = Keys(same=lambda item: item, kind=lambda item: item[0])
items = st.tuples(st.sampled_from("abc"), st.integers(0, 2))


def steps(left, right):
    return [(s.what, s.left, s.right) for s in aligned(left, right, KEYS)]


def kinds(left, right):
    return "".join(what[0] for what, _, _ in steps(left, right))


def sequence(text):
    return [(char, 0) for char in text]


@given(st.lists(items, max_size=40), st.lists(items, max_size=40))
def test_every_item_is_accounted_for_once_and_in_order(left, right):
    found = steps(left, right)
    assert [a for _, a, _ in found if a is not None] == left
    rights = [b for what, _, b in found if b is not None and what != "moved"]
    moved = [b for what, _, b in found if what == "moved"]
    assert sorted(rights + moved) == sorted(right)
    rest = iter(right)
    assert all(b in rest for b in rights), "in the order of the right sequence"
    for what, a, b in found:
        assert (what == "equal") == (a == b and what != "moved")
        assert (a is None, b is None) == (what == "new", what == "missing")
        assert what != "changed" or a[0] == b[0]


@given(st.lists(items, max_size=60))
def test_a_sequence_is_equal_to_itself(some):
    assert {what for what, _, _ in steps(some, some)} <= {"equal"}


@pytest.mark.parametrize(
    "left, right, expected",
    [
        ("abcdefgh", "abcefgh", "eeemeeee"),
        ("abcefgh", "abcdefgh", "eeeneeee"),
        ("abcdefgh", "abcdefg", "eeeeeeem"),
        ("aaaaaaaa", "aaaaaaa", "eeeeeeem"),
        ("", "abc", "nnn"),
        ("abc", "", "mmm"),
        ("abc", "xyz", "mmmnnn"),
    ],
)
def test_the_least_is_reported(left, right, expected):
    assert kinds(sequence(left), sequence(right)) == expected


def test_a_changed_item_is_one_step():
    left = sequence("abcdefgh")
    right = [("d", 1) if item == ("d", 0) else item for item in left]
    assert kinds(left, right) == "eeeceeee"


def test_two_that_changed_places_are_reordered():
    left, right = sequence("abcXYdefg"), sequence("abcYXdefg")
    found = steps(left, right)
    assert [what for what, _, _ in found].count("moved") == 1
    assert {what for what, _, _ in found} == {"equal", "moved"}


def test_the_nearest_place_where_they_agree_again_is_taken():
    left, right = sequence("abcdefgh"), sequence("xdefgh" + "qrstuvw" * 2 + "abc")
    assert kinds(left, right).count("e") == 5


def test_a_long_insertion_is_found_to_its_end():
    left = [("call", number) for number in range(1000)]
    extra = [("other", number) for number in range(3000)]
    found = steps(left, left[:500] + extra + left[500:])
    assert [what for what, _, _ in found].count("new") == 3000
    assert len(found) == 4000


def test_what_is_kept_of_endless_sequences_is_bounded():
    seen = 0

    def endless(name):
        nonlocal seen
        for number in range(10 * alignment.FAR):
            seen += 1
            yield (name, number)

    found = aligned(endless("a"), endless("b"), KEYS)
    next(found)
    assert seen <= 2 * alignment.FAR


@pytest.fixture
def compared(tmp_path, capsys):
    def run(left, right, *options):
        files = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
        for file, some in zip(files, (left, right)):
            file.write_text(some if isinstance(some, str) else jsonl(some))
        status = main(["diff", *options, *map(str, files)])
        return status, capsys.readouterr()

    return run


def calls(count, **more):
    return [event(seq, time=100.0 + seq, decoded={"vmid": seq}, **more) for seq in range(count)]


def test_equal_traces_have_status_0(compared):
    status, shown = compared(calls(3), calls(3))
    assert status == 0
    assert shown.out.splitlines()[2:] == [
        "calls: 3 equal, 0 changed, 0 missing, 0 new, 0 reordered"
    ]


@pytest.mark.parametrize("source", ["stop", "ring", "dump"])
def test_calls_from_every_source_are_compared(compared, source):
    left, right = calls(3, source=source), calls(3, source=source)
    assert "calls: 3 equal, 0 changed," in compared(left, right)[1].out
    right[1].decoded = {"vmid": 77}
    status, shown = compared(left, right)
    assert status == 1 and "calls: 2 equal, 1 changed," in shown.out


def test_times_and_addresses_do_not_count_unless_asked_for(compared):
    buffer = {"gpa": {"address": "0x1000", "points_to": {"hpa": "0x1", "type": 1}}}
    left = [event(decoded={"vmid": 1, "buffer": buffer}, clobbered={"rbx": (1, 2)})]
    moved = {"gpa": {"address": "0x2000", "points_to": {"hpa": "0x2", "type": 1}}}
    right = [
        event(
            time=500.0,
            duration=9.0,
            args=(7, 8),
            decoded={"vmid": 1, "buffer": moved},
            clobbered={"rbx": (3, 4)},
            site=Site(0x2000, None, "other.c", 1, "elsewhere"),
        )
    ]
    assert compared(left, right)[0] == 0
    status, shown = compared(left, right, "--addresses")
    assert status == 1 and "arguments.buffer.gpa.address: 0x1000 => 0x2000" in shown.out
    status, shown = compared(left, right, "--sites")
    assert status == 1 and "site: service.c:42 start => other.c:1 elsewhere" in shown.out
    status, shown = compared(left, right, "--times", "2")
    assert status == 1 and "duration: 0.250000 => 9.000000" in shown.out
    assert compared(left, right, "--times", "100")[0] == 0


@pytest.mark.parametrize(
    "change, words",
    [
        ({"rax": -22}, "result: 0 => -22 EINVAL (Invalid argument)"),
        (
            {"decoded": {"vmid": 1, "regs": {"rip": "0x2"}}},
            "arguments.regs: none => {'rip': '0x2'}",
        ),
        ({"decoded": {"vmid": 2}}, "arguments.vmid: 1 => 2"),
        ({"duration": None}, "status: returned => unfinished"),
        ({"clobbered": {"rbx": (1, 2)}}, "changed registers: [] => ['rbx']"),
        ({"findings": [Finding("enotty", "x")]}, "findings: [] => ['enotty']"),
        ({"answered_by": "inject"}, "answered by: hypervisor => inject"),
    ],
)
def test_what_changed_is_named(compared, change, words):
    around = calls(6)
    left, right = list(around), list(around)
    left[3], right[3] = event(3, time=103.0), event(3, time=103.0, **change)
    status, shown = compared(left, right)
    assert status == 1
    assert words in shown.out
    assert "@@ vCPU 0: call 3 of A, call 3 of B @@" in shown.out
    assert "calls: 5 equal, 1 changed, 0 missing, 0 new, 0 reordered" in shown.out


@pytest.mark.parametrize("player", ["mock", "replay"])
def test_who_plays_the_hypervisor_counts_if_asked_for(compared, player):
    left, right = [event(0)], [event(0, answered_by=player)]
    assert compared(left, right)[0] == 0
    status, shown = compared(left, right, "--answered-by")
    assert status == 1 and f"answered by: hypervisor => {player}" in shown.out


def test_who_answered_a_call_is_told_as_the_files_have_it(compared):
    left, right = [event(0, answered_by="mock")], [event(0, answered_by="inject", rax=-1)]
    assert "answered by: mock => inject\n" in compared(left, right)[1].out
    left, right = [event(0, answered_by="mock")], [event(0, duration=None)]
    assert "answered by: mock => none\n" in compared(left, right)[1].out
    left, right = [event(0, answered_by="mock")], [event(0, rax=-1)]
    assert "answered by" not in compared(left, right)[1].out


def test_missing_and_new_calls_have_their_marks(compared):
    both = calls(8)
    status, shown = compared(both[:3] + both[4:], both[:6] + both[7:])
    assert status == 1
    marked = [line for line in shown.out.splitlines()[2:] if line[0] in "+-"]
    assert len(marked) == 2
    assert marked[0].startswith("+[0] start_vm(vmid=3)")
    assert marked[1].startswith("-[0] start_vm(vmid=6)")


def test_a_reordered_call_is_said_to_be_one(compared):
    both = calls(8)
    swapped = [*both[:3], both[4], both[3], *both[5:]]
    for seq, one in enumerate(swapped):
        one.seq, one.time = seq, 100.0 + seq
    status, shown = compared(calls(8), swapped)
    assert status == 1
    assert "reordered: call 4 of A is call 3 of B" in shown.out
    assert "7 equal, 0 changed, 0 missing, 0 new, 1 reordered" in shown.out


def test_vcpus_are_compared_one_by_one(compared):
    left = [event(seq, seq % 2, 100.0 + seq, decoded={"vmid": seq}) for seq in range(6)]
    right = sorted(left, key=lambda one: one.vcpu)
    later = [
        event(seq, one.vcpu, 200.0 + seq, decoded=one.decoded) for seq, one in enumerate(right)
    ]
    assert compared(left, later)[0] == 0
    assert compared(left, later, "--any-vcpu")[0] == 1


def test_a_filter_selects_what_is_compared(compared):
    other = event(9, 1, 109.0)
    assert compared(calls(3), [*calls(3), other])[0] == 1
    assert compared(calls(3), [*calls(3), other], "-e", "vcpu=0")[0] == 0


def test_a_damaged_file_is_compared_up_to_there(compared):
    status, shown = compared(calls(3), jsonl(calls(3)) + '{"seq":')
    assert status == 2
    assert "calls: 3 equal" in shown.out
    assert "b.jsonl is damaged" in shown.err and "line 4" in shown.err


def test_quiet_prints_nothing(compared):
    status, shown = compared(calls(3), calls(2), "-q")
    assert status == 1 and shown.out == shown.err == ""


def test_wrong_use_has_status_2(compared, capsys):
    assert main(["diff", "/nonexistent", "/nonexistent"]) == 2
    assert main(["diff", "-", "-"]) == 2
    assert main(["diff", "one"]) == 2
    assert compared(calls(1), "\x7fELF")[0] == 2
