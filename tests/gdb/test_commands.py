# SPDX-License-Identifier: BSD-3-Clause
"""The commands in GDB, on a real guest, as a user types them."""

import re

import pytest
from live import IMAGES, ROOT, SECONDS, Guest, Run, arguments_of, common_arguments, ended
from live import events_of, gdb_at, gdb_command, image_of, interrupt, printed_untraced, read_until
from live import run, start, symbol

SERVICE = image_of("service")
HELLO = image_of("hello")
NO_TRACE = "no trace is running"


@pytest.fixture
def service(folder):
    """Run GDB commands on the service example: GDB's run, and QEMU's."""

    def session(*commands: str) -> tuple[Run, Run]:
        with Guest(folder, arguments_of("service")) as guest:
            gdb = gdb_at(guest, SERVICE, *commands)
            return gdb, guest.finished()

    return session


def calls_in(text: str) -> list[str]:
    """The names of the calls that have a line in a text trace."""
    return re.findall(r"^\[\d+\] \d+\.\d+ (\w+)\(", text, re.MULTILINE)


CALLS_OF_SERVICE = len(
    calls_in((ROOT / "examples/service/expected.txt").read_text().replace("] T ", "] 0.0 "))
)


def untouched(guest: Run) -> bool:
    """The guest came to its normal end and printed what it prints when nobody watches."""
    return (guest.status, guest.out) == (0, printed_untraced(arguments_of("service")))


def test_the_three_commands_of_a_user_trace_a_guest(service):
    gdb, guest = service("hypercall trace", "continue")
    assert len(calls_in(gdb.out)) == CALLS_OF_SERVICE
    assert "\n+++ the connection to the guest ended +++\n" in gdb.out
    assert "Python Exception" not in gdb.err
    assert untouched(guest)


def test_a_trace_that_nothing_is_connected_for_waits(folder):
    with Guest(folder, arguments_of("service")) as guest:
        commands = ["hypercall trace", f"target remote {guest.socket}", "continue"]
        gdb = run(gdb_command(SERVICE, *commands))
        assert guest.finished().status == 0
    said, _, shown = gdb.out.partition("\n")
    assert said.startswith("No guest is connected yet: the trace begins when 'target remote'")
    assert len([line for line in shown.splitlines() if line.startswith("[0] ")]) == 25


def test_the_alias_is_the_command(service, folder):
    service(f"hc trace -o {folder / 'trace'}", "continue")
    assert len(calls_in((folder / "trace").read_text())) == CALLS_OF_SERVICE


def test_off_ends_the_trace_and_the_guest_runs_on(service, folder):
    gdb, guest = service(
        f"hypercall trace -o {folder / 'trace'}",
        "break start_user_vm",
        "continue",
        "hypercall trace off",
        "delete",
        "maint info breakpoints",
        "continue",
    )
    assert calls_in((folder / "trace").read_text()) == ["get_api_version", "create_vm"]
    assert re.search(r"^No breakpoints(, | or )watchpoints", gdb.out, re.M)  # GDB 13's words, 16's
    assert untouched(guest)


@pytest.mark.parametrize("farewell", ["detach", "disconnect", "quit"])
def test_without_gdb_the_guest_runs_on_as_if_never_traced(farewell, service, folder):
    then = ["detach"] if farewell == "detach" else []
    if farewell == "disconnect":
        then = ["disconnect", f"target remote {folder / 'stub'}", "delete", "continue"]
    trace = f"hypercall trace -o {folder / 'trace'}"
    gdb, guest = service(trace, "break start_user_vm", "continue", *then)
    assert calls_in((folder / "trace").read_text()) == ["get_api_version", "create_vm"]
    assert "Python Exception" not in gdb.err
    assert untouched(guest)


def test_one_may_trace_again(service, folder):
    first, second = folder / "first", folder / "second"
    gdb, guest = service(
        f"hypercall trace -f jsonl -o {first}",
        "tbreak start_user_vm",
        "continue",
        "hypercall trace off",
        f"hypercall trace -f jsonl -o {second}",
        "continue",
    )
    assert len(events_of(first)) == 2, gdb
    assert len(events_of(second)) == CALLS_OF_SERVICE - 2
    assert untouched(guest)


@pytest.mark.parametrize(
    "options, names",
    [
        ("-e trace=create_vm,destroy_vm", ["create_vm"] + ["destroy_vm"] * 3),
        ("-e trace=0x80000099", ["hypercall_0x80000099"]),
        ("-e vcpu=1", []),
        ("-e site=create_user_vm", ["create_vm"]),
        ("-e status=failed -e trace=destroy_vm", ["destroy_vm"] * 2),
        ("-e status=successful -e trace=destroy_vm,pause_vm", ["pause_vm"] * 2 + ["destroy_vm"]),
    ],
)
def test_filters(options, names, service):
    gdb, _ = service(f"hypercall trace {options}", "continue")
    assert calls_in(gdb.out) == names


def test_a_negated_filter_shows_the_others(service):
    gdb, _ = service("hypercall trace -e trace=!start_vm", "continue")
    names = calls_in(gdb.out)
    assert "start_vm" not in names and "create_vm" in names


def test_a_summary_alone_or_after_the_trace(service):
    alone, _ = service("hypercall trace -c", "continue")
    assert calls_in(alone.out) == []
    assert re.search(
        rf"^ *100\.00 .* {CALLS_OF_SERVICE} .* total\b", alone.out, re.MULTILINE
    ), alone.out
    row = re.search(r"^.*\bdestroy_vm\b.*$", alone.out, re.MULTILINE).group()
    assert row.split()[3:5] == ["3", "2"], alone.out


def test_a_summary_after_the_trace(service):
    both, _ = service("hypercall trace -C", "continue")
    assert len(calls_in(both.out)) == CALLS_OF_SERVICE
    assert re.search(rf" {CALLS_OF_SERVICE} .* total\b", both.out, re.MULTILINE)


def test_no_guest_memory_or_register_is_written(service):
    gdb, guest = service("set debug remote 1", "hypercall trace", "continue")
    log = gdb.out + gdb.err
    sent = re.findall(r"Sending packet: \$(.)", log)
    assert sent.count("Z") > 0 and not {"M", "P", "G", "X"} & set(sent)
    assert untouched(guest)


def test_the_users_own_breakpoints_work_beside_the_trace(service, folder):
    """One of them at the very site: GDB stops, and the call is still one event."""
    site = next(
        event["site"]
        for event in traced_service(service, folder / "before")
        if event["name"] == "create_vm"
    )
    (folder / "stub").unlink(missing_ok=True)
    gdb, guest = service(
        f"hypercall trace -f jsonl -o {folder / 'trace'}",
        f"break *{site}",
        f"break *{int(site, 16) + 3:#x}",
        "tbreak start_user_vm",
        *["continue"] * 4,
    )
    assert re.findall(r"(?:Breakpoint|Temporary breakpoint) (\d+),", gdb.out) == ["1", "2", "3"]
    assert len(events_of(folder / "trace")) == CALLS_OF_SERVICE
    assert untouched(guest)


def traced_service(service, output) -> list[dict]:
    service(f"hypercall trace -f jsonl -o {output}", "continue")
    return events_of(output)


def test_the_calls_in_flight_at_a_breakpoint_in_the_hypervisor(service):
    handler = symbol(IMAGES / "hypervisor.elf", "handle_hypercall")
    gdb, guest = service(
        "hypercall trace -e trace=none",
        "info hypercalls in-flight",
        f"tbreak *{handler:#x}",
        "continue",
        "info hypercalls in-flight",
        "continue",
    )
    assert "No call is in flight.\n" in gdb.out
    in_flight = re.findall(
        r"^\[0\] get_api_version\(.*\) at .*user_vm.c:\d+ ask_api_version$", gdb.out, re.M
    )
    assert len(in_flight) == 1, gdb.out
    assert untouched(guest)


def test_an_interrupt_shows_the_call_that_hangs(test_guest, folder):
    image = test_guest("hang")
    with Guest(folder, [*common_arguments(), "-kernel", image]) as guest:
        attach = f"target remote {guest.socket}"
        after = ("info hypercalls in-flight", "set var wake = 1", "continue")
        with ended(start(gdb_command(image, attach, "hypercall trace", "continue", *after))) as gdb:
            read_until(guest.process.stdout, "hang: waits")
            shown = read_until(gdb.stdout, "(0x2, 0x0")  # the line of a call that hangs is there
            notice = interrupt(gdb, gdb.stdout, " call_once +++")
            rest, _ = gdb.communicate(timeout=SECONDS)
        finished = guest.finished()
    assert "= 1 <" in shown
    assert "+++ interrupted, in flight: [0] hypercall_0x80000099(0x2, 0x0" in notice
    assert re.search(r"^\[0\] hypercall_0x80000099\(0x2, .* at calls.S:\d+ call_once$", rest, re.M)
    assert re.search(r"<\.\.\. hypercall_0x80000099 resumed>\) = 2 <", rest), rest
    assert (finished.status, finished.out) == (0, "\nhang: 2\n")


def test_an_exception_in_a_breakpoint_is_a_sentence_and_the_guest_can_go_on(service, folder):
    gdb, guest = service(
        f"hypercall trace -o {folder / 'trace'}",
        "tbreak start_user_vm",
        "continue",
        "python import acrn_trace.in_gdb.live as live; live.read_stop = lambda *_, **__: 1 // 0",
        "continue",
        "continue",
    )
    lines = [line for line in gdb.err.splitlines() if "acrn-trace" in line]
    assert len(lines) == 1, gdb.err
    assert re.search(r"a defect of acrn-trace: ZeroDivisionError.*; tracing has ended\.$", lines[0])
    assert "Traceback" not in gdb.err and "Python Exception" not in gdb.err
    assert calls_in((folder / "trace").read_text()) == ["get_api_version", "create_vm"]
    assert untouched(guest)


def test_a_full_disk_ends_the_trace_and_not_the_guest(service):
    gdb, guest = service("hypercall trace -f jsonl -o /dev/full", "continue", "continue")
    assert "cannot write to /dev/full: No space left on device" in gdb.err
    assert gdb.err.count("acrn-trace:") == 1
    assert untouched(guest)


@pytest.mark.parametrize(
    "command, error",
    [
        ("hypercall nonsense", 'Undefined hypercall command: "nonsense"'),
        ("show hypercall nonsense", 'Undefined show hypercall command: "nonsense"'),
        ("hypercall inject strat_vm:skip", "did you mean start_vm or create_vm or destroy_vm?\n"),
        ("hypercall trace off", NO_TRACE),
        ("hypercall trace -e trace=nonsense", "no call is named 'nonsense'"),
        ("hypercall trace -e nonsense=1", "not a filter"),
        ("hypercall trace -e status=odd", "not 'odd'"),
        ("hypercall trace -e vcpu=x", "vcpu takes numbers"),
        ("hypercall trace -e site=guest_man", "a function guest_man; did you mean guest_main?"),
        ("hypercall trace -f yaml", "invalid choice: 'yaml'"),
        ("hypercall trace -o", "expected one argument"),
        ("hypercall trace on", "unrecognized arguments: on"),
        (
            "hypercall trace -o /no/such/folder/trace",
            "cannot write the trace to /no/such/folder/trace",
        ),
        ("hypercall sites now", "takes -l or nothing, and was given 'now'"),
        ("info hypercalls in-flight", NO_TRACE),
        ("info hypercalls (", "is not a regular expression"),
        ("info hypercalls a b", "one regular expression"),
    ],
)
def test_what_is_wrong_is_one_sentence(command, error):
    gdb = run(gdb_command(HELLO, command, "python print('survived')"))
    assert error in gdb.err + gdb.out
    assert "Traceback" not in gdb.err and "Python Exception" not in gdb.err
    assert "survived" in gdb.out


def test_a_second_trace_is_refused(service):
    gdb, guest = service("hypercall trace", "hypercall trace -c", "continue")
    assert "a trace is running; 'hypercall trace off' ends it." in gdb.err
    assert len(calls_in(gdb.out)) == CALLS_OF_SERVICE
    assert untouched(guest)


@pytest.mark.parametrize("command", ["hypercall trace", "hypercall sites"])
def test_without_an_image_one_is_asked_for(command):
    gdb = run(gdb_command(HELLO, "file", command))
    assert "no image is loaded; name the guest's with 'file IMAGE'." in gdb.err


def test_a_file_that_does_not_fit_stops_nothing_that_runs(folder):
    (folder / "bad.elf").write_bytes(HELLO.read_bytes()[:5000])
    gdb = run(gdb_command(folder / "bad.elf", "hypercall sites", "python print('survived')"))
    assert "survived" in gdb.out and "Traceback" not in gdb.err


def test_the_sites_of_an_image():
    gdb = run(gdb_command(SERVICE, "hypercall sites"))
    assert re.search(r"^0xffffffff80\w+ create_vm +user_vm.c:\d+ create_user_vm$", gdb.out, re.M)
    assert re.search(r"^13 sites, by record and by scan alike$", gdb.out, re.M)


def test_the_table_in_use():
    everything = run(gdb_command(HELLO, "info hypercalls"))
    assert "0x80000000 get_api_version(" in everything.out
    assert "0x80000010 create_vm(" in everything.out
    some = run(gdb_command(HELLO, "info hypercalls ^(start|pause)_vm$"))
    assert re.findall(r"^0x\w+ (\w+)\(", some.out, re.M) == ["start_vm", "pause_vm"]
    none = run(gdb_command(HELLO, "info hypercalls xyzzy"))
    assert "No call matches 'xyzzy'." in none.out


COMMANDS = ["hypercall", "hypercall trace", "hypercall sites", "info hypercalls"]


@pytest.mark.parametrize("prefix", ["hypercall", "show hypercall", "set hypercall"])
def test_a_prefix_by_itself_lists_its_commands(prefix):
    assert f"List of {prefix} subcommands:" in run(gdb_command(HELLO, prefix)).out


def test_every_command_has_help():
    gdb = run(gdb_command(HELLO, *(f"help {command}" for command in COMMANDS), "help hc"))
    assert "This command is not documented." not in gdb.out
    for said in (
        "Trace the hypercalls of a guest",
        "-o FILE",
        "List the hypercall sites",
        "in-flight",
    ):
        assert said in gdb.out


@pytest.mark.parametrize(
    "typed, offered",
    [
        ("hypercall ", {"hypercall sites", "hypercall trace"}),
        ("hypercall tr", {"hypercall trace"}),
        ("hypercall trace o", {"hypercall trace off"}),
        ("hypercall trace -f j", {"hypercall trace -f jsonl"}),
        ("hypercall trace -e tr", {"hypercall trace -e trace="}),
        ("hypercall trace -e trace=create_", {"hypercall trace -e trace=create_vcpu"}),
        ("info hypercalls in", {"info hypercalls in-flight", "info hypercalls inject_msi"}),
        ("info hyper", {"info hypercalls"}),
    ],
)
def test_completion(typed, offered):
    gdb = run(gdb_command(HELLO, f"complete {typed}"))
    assert offered <= set(gdb.out.splitlines()), gdb.out
