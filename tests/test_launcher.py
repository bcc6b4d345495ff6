# SPDX-License-Identifier: BSD-3-Clause
"""The command ``acrn-trace``: its statuses, its words, and that nothing of it stays behind."""

import json
import os
import re
import signal
import socket
import stat
from pathlib import Path

import pytest
from live import GUESTS, IMAGES, LAUNCHER, SECONDS, Guest, Run, arguments_of, build_test_guests
from live import common_arguments, ended, events_of, gdb_at, image_of, printed_untraced
from live import processes_with, read_until, run, start, trace_example, wait_until

HELLO = image_of("hello")
HELLO_LINE = ["--", *arguments_of("hello")]


@pytest.fixture
def tool(folder):
    """Run the launcher; its temporary files and its processes must be gone when the test is."""
    temporary = folder / "tmp"
    temporary.mkdir()
    environment = {"TMPDIR": str(temporary)}

    def launch(*arguments: object, **more: str) -> Run:
        return run([LAUNCHER, *arguments], environment=environment | more)

    launch.start = lambda *arguments: start([LAUNCHER, *arguments], environment)
    yield launch
    left = processes_with(temporary)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert left == {}
    assert list(temporary.iterdir()) == []


@pytest.fixture(scope="module")
def hang() -> Path:
    """A guest that makes two calls and then one that does not come back, where it prints WAITS."""
    build_test_guests()
    return GUESTS / "hang.elf"


WAITS = "hang: waits\n"


def check_refused(refused: Run, status: int, *words: str) -> None:
    """One line of one sentence on standard error, all ``words`` in it, and nothing else."""
    assert refused.status == status, refused
    lines = refused.err.splitlines()
    assert len(lines) == 1 and lines[0].startswith("acrn-trace: "), refused.err
    for word in words:
        assert word in lines[0]
    assert refused.out == ""


def script(path: Path, text: str) -> Path:
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


# Bad input: status 2, before anything is started or written.


def test_no_image(tool):
    check_refused(tool(), 2, "IMAGE")


@pytest.mark.parametrize(
    "options, words",
    [
        (["-e", "trace=nonsense"], ["-e trace=nonsense: no call is named 'nonsense'"]),
        (["-e", "site=guest_man"], ["no hypercall in a function guest_man", "guest_main?"]),
        (["-e", "colour=red"], ["-e colour=red: not a filter", "trace=CALL"]),
        (["-f", "yaml"], ["invalid choice: 'yaml'"]),
        (["--nonsense"], ["--nonsense"]),
        (["-o", "/no/such/folder/trace"], ["/no/such/folder/trace", "no such folder"]),
        (["-o", "/tmp"], ["/tmp", "it is a folder"]),
        (["-x", "/no/such.def"], ["/no/such.def", "No such file or directory"]),
        (["-x", str(HELLO)], [str(HELLO)]),
        (["--gdb", "/no/such/gdb"], ["cannot run /no/such/gdb", "--gdb"]),
        (["-p", "/no/such/socket"], ["leave out '--'"]),
    ],
)
def test_wrong_options(options, words, tool, folder):
    output = [] if "-o" in options else ["-o", folder / "trace"]
    check_refused(tool(*options, *output, HELLO, *HELLO_LINE), 2, *words)
    assert not (folder / "trace").exists()


@pytest.mark.parametrize(
    "arguments, hint",
    [(["frobnicate", "FILE"], "there are sites, lint, calls, "), (["convrt"], "mean convert?")],
)
def test_a_command_that_there_is_not(arguments, hint, tool):
    check_refused(tool(*arguments), 2, f"'{arguments[0]}' is neither a command nor an image", hint)


@pytest.mark.parametrize("line", [("-machine", "pc", "-cpu", "max"), ("-smp", "2")])
def test_qemus_arguments_without_what_separates_them(line, tool):
    check_refused(
        tool(HELLO, *line), 2, f"arguments: {line[0]} ", "; QEMU's arguments go behind --"
    )
    check_refused(tool(HELLO, *line, "--"), 2, f"{line[-1]}; 'acrn-trace --help'")


@pytest.mark.parametrize("options", [["-x", "F.def"], ["-q", "-f", "jsonl"], ["--json"]])
@pytest.mark.parametrize("command", ["report", "lint"])
def test_options_before_a_command(command, options, tool):
    told = f"the command {command} comes first, and its options behind it"
    check_refused(tool(*options, command, "FILE"), 2, told)
    check_refused(tool(*options, command), 2, told)


@pytest.mark.parametrize("argument", ["-s", "-gdb", "--gdb"])
def test_a_stub_of_the_users_own(argument, tool):
    check_refused(tool(HELLO, "--", argument, "tcp::1"), 2, argument, "-p")


def image_with(folder: Path, data: bytes) -> Path:
    path = folder / "image"
    path.write_bytes(data)
    return path


def patched(offset: int, data: bytes) -> bytes:
    image = bytearray(HELLO.read_bytes())
    image[offset : offset + len(data)] = data
    return bytes(image)


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: b"", ["not an ELF file"]),
        (lambda: b"hello, world\n" * 100, ["not an ELF file"]),
        (lambda: patched(18, b"\xb7\0"), ["is for AArch64, not for x86-64"]),
        (lambda: patched(4, b"\1"), []),
        (lambda: patched(5, b"\2"), []),
        (lambda: (IMAGES / "hypervisor.elf").read_bytes(), ["makes no hypercalls"]),
    ],
    ids=["empty", "text", "aarch64", "32 bits", "big-endian", "no sites"],
)
def test_an_image_that_is_none(make, words, tool, folder):
    image = image_with(folder, make())
    refused = tool("-o", folder / "trace", image, *HELLO_LINE)
    check_refused(refused, 2, str(image), *words)
    assert not (folder / "trace").exists()
    check_refused(tool("sites", image), 2, str(image), *words)


@pytest.mark.parametrize("percent", [0.02, 1, 10, 30, 50, 70, 90, 99, 99.99])
def test_a_truncated_image(percent, tool, folder):
    whole = HELLO.read_bytes()
    image = image_with(folder, whole[: int(len(whole) * percent / 100)])
    check_refused(tool("sites", image), 2, str(image))


def test_an_image_that_is_not_there(tool):
    check_refused(tool("/no/such/image"), 2, "cannot read the image /no/such/image", "No such file")
    check_refused(tool("/tmp"), 2, "cannot read the image /tmp", "directory")


@pytest.mark.parametrize(
    "text, words",
    [
        ("echo Python scripting is not supported >&2; exit 1", ["has no Python"]),
        ("echo version 11.2", ["is version 11", "GDB 12 or newer"]),
        ("echo version Fedora 9.1-7", ["is version 9"]),
    ],
    ids=["no Python", "old", "very old"],
)
def test_a_gdb_that_will_not_do(text, words, tool, folder):
    gdb = script(folder / "gdb", text)
    refused = tool("--gdb", gdb, "-o", folder / "trace", HELLO, *HELLO_LINE)
    check_refused(refused, 2, str(gdb), *words)
    assert not (folder / "trace").exists()


def test_without_pyelftools(tool, folder):
    (folder / "elftools.py").write_text("raise ImportError('not there')\n")
    refused = tool(HELLO, *HELLO_LINE, PYTHONPATH=str(folder))
    check_refused(refused, 2, "pyelftools is missing", "apt-get install python3-pyelftools")


def test_packages_of_ours_are_not_taken_for_pythons(tool, folder):
    """As by pdb, which pyelftools imports, of Python 3.13: it wants Python's own ``code``."""
    (folder / "elftools.py").write_text("import code\ncode.InteractiveConsole\nraise ImportError\n")
    refused = tool(HELLO, *HELLO_LINE, PYTHONPATH=str(folder))
    check_refused(refused, 2, "pyelftools is missing")


# The guest, the stub or QEMU fails: status 3.


@pytest.mark.parametrize(
    "qemu, words",
    [
        ("exit 7", ["QEMU did not start: it ended with status 7"]),
        ("echo out of keyboards >&2; exit 1", ["QEMU did not start: out of keyboards"]),
        (None, ["cannot start", "No such file", "--qemu"]),
    ],
    ids=["silent", "talking", "missing"],
)
def test_a_qemu_that_does_not_start(qemu, words, tool, folder):
    path = script(folder / "qemu", qemu) if qemu else folder / "none"
    refused = tool("--qemu", path, "-o", folder / "trace", HELLO, *HELLO_LINE)
    check_refused(refused, 3, *words)
    assert not (folder / "trace").exists()


def test_qemus_own_words(tool):
    refused = tool(HELLO, "--", "-machine", "nonsense")
    check_refused(refused, 3, "QEMU did not start", "unsupported machine type")


def test_nobody_at_the_stub(tool, folder):
    refused = tool("-p", folder / "stub", "-o", folder / "trace", HELLO)
    check_refused(refused, 3, "cannot attach to the stub", str(folder / "stub"), "-gdb")
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        port = deaf.getsockname()[1]
        check_refused(tool("-p", f"127.0.0.1:{port}", HELLO), 3, "cannot attach", str(port))
    assert not (folder / "trace").exists()


def test_a_stub_that_hangs_up(tool, folder):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder / "stub"))
        server.listen()
        with ended(tool.start("-p", folder / "stub", HELLO)) as process:
            server.accept()[0].close()
            out, err = process.communicate(timeout=SECONDS)
    check_refused(Run(process.returncode, out, err), 3, "cannot attach", str(folder / "stub"))


def test_a_stub_that_vanishes(hang, tool, folder):
    """A QEMU that is not ours is killed while a call is in flight."""
    with Guest(folder, [*common_arguments(), "-kernel", hang]) as guest:
        attach = ("-p", guest.socket, "-f", "jsonl", "-o", folder / "trace", hang)
        with ended(tool.start(*attach)) as process:
            read_until(guest.process.stdout, WAITS)
            guest.process.kill()
            out, err = process.communicate(timeout=SECONDS)
    check_refused(Run(process.returncode, out, err), 3, "closed the connection before the guest")
    events = events_of(folder / "trace")
    assert [event["status"] for event in events] == ["returned", "returned", "unfinished"]


def test_a_guest_that_fails(tool):
    """Without its hypervisor the service example ends with status 3, in its own words."""
    failed = tool("-q", image_of("service"), "--", *common_arguments())
    assert failed.status == 3
    assert "no ACRN here" in failed.out
    assert failed.err.startswith("acrn-trace: QEMU ended with status 3"), failed.err


def qemu_below(folder: Path) -> int:
    """The process id of the QEMU whose socket is in ``folder``."""
    (pid,) = (pid for pid, line in processes_with(folder).items() if line.startswith("qemu"))
    return pid


@pytest.mark.parametrize("form", ["text", "jsonl"])
def test_a_qemu_that_is_killed_leaves_a_complete_trace(form, hang, tool, folder):
    """On the terminal the call in flight is there before it is back, and the file has both."""
    line = ["--", *common_arguments()]
    output = ["-o", folder / "trace"] if form == "jsonl" else []
    with ended(tool.start("-f", form, *output, hang, *line)) as process:
        read_until(process.stdout, WAITS)
        shown = read_until(process.stderr, "(0x2, 0x0") if form == "text" else ""
        os.kill(qemu_below(folder), signal.SIGKILL)
        _, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 3
    assert err.splitlines()[-1].startswith("acrn-trace: QEMU was ended by SIGKILL"), err
    if form == "jsonl":
        events = events_of(folder / "trace")
        assert [event["ret"] for event in events] == [0, 1, None]
        assert events[2]["status"] == "unfinished"
    else:
        assert (shown + err).count(" = ? <unfinished ...>") == 1


def test_a_full_disk(tool):
    full = tool("-f", "jsonl", "-o", "/dev/full", HELLO, *HELLO_LINE)
    assert full.status == 3
    assert full.err.count("\n") == 1 and "/dev/full: No space left on device" in full.err


# Ways to end well.


def test_an_interrupt_ends_the_trace_and_the_guest(hang, tool, folder):
    with ended(tool.start(hang, "--", *common_arguments())) as process:
        read_until(process.stdout, WAITS)
        shown = read_until(process.stderr, "(0x2, 0x0")
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=SECONDS)
    trace = shown + err
    assert (process.returncode, out) == (0, ""), trace
    assert "+++ interrupted, in flight: [0] hypercall_0x80000099(0x2, 0x0" in trace
    assert trace.count(" = ? <unfinished ...>") == 1
    assert "Traceback" not in trace


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_to_the_launcher_alone(number, hang, tool):
    with ended(tool.start(hang, "--", *common_arguments())) as process:
        read_until(process.stdout, WAITS)
        process.send_signal(number)
        _, err = process.communicate(timeout=SECONDS)
    assert process.returncode == (0 if number == signal.SIGINT else 3)
    assert "Traceback" not in err


def test_an_interrupt_before_the_trace(tool, folder):
    """While the launcher asks a GDB, which takes its time, how old it is."""
    gdb = script(folder / "gdb", f"echo > {folder}/asked; exec sleep 3600")
    with ended(tool.start("--gdb", gdb, HELLO, *HELLO_LINE)) as process:
        wait_until((folder / "asked").exists, process)
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=SECONDS)
    check_refused(Run(process.returncode, out, err), 3, "interrupted")


def test_attached_an_interrupt_leaves_the_guest_running(tool, folder):
    """On two vCPUs that make calls all the time, and go on until told that it is enough."""
    build_test_guests()
    image, output = GUESTS / "endless.elf", folder / "trace"
    with Guest(folder, [*common_arguments(), "-smp", "2", "-kernel", image]) as guest:
        attach = ("-p", guest.socket, "-f", "jsonl", "-o", output, image)
        with ended(tool.start(*attach)) as process:
            wait_until(lambda: output.exists() and output.stat().st_size > 10_000, process)
            os.killpg(process.pid, signal.SIGINT)
            _, err = process.communicate(timeout=SECONDS)
        told = gdb_at(guest, image, "set var enough = 1", "detach")
        finished = guest.finished()
    assert process.returncode == 0, err
    assert len(events_of(output)) > 10
    assert (finished.status, finished.out) == (0, "endless: calls in order: 1 1\n"), told


def test_attached_to_the_end(tool, folder):
    with Guest(folder, arguments_of("service")) as guest:
        attached = tool(
            "-p", guest.socket, "-f", "jsonl", "-o", folder / "trace", image_of("service")
        )
        finished = guest.finished()
    assert attached.status == 0, attached
    assert len(events_of(folder / "trace")) == 25
    assert finished.out == printed_untraced(arguments_of("service"))


def test_a_table_of_the_users_own(tool, folder):
    """The private call of the example hypervisor gets its name and its arguments'."""
    table = "examples/hypervisor/hypervisor.def"
    line = ["--", *arguments_of("clobber")]
    filters = ["-e", "trace=break_registers", "-e", "vcpu=0"]
    named = tool("-q", "-x", table, *filters, image_of("clobber"), *line)
    assert named.status == 0, named
    first = named.err.splitlines()[0]
    assert re.search(r"break_registers\(mask=0x2, number=(2147483648|0x80000000)\) = 0 <", first)
    assert len(named.err.splitlines()) == 38


def test_the_summary(tool):
    summary = tool("-c", HELLO, *HELLO_LINE)
    assert summary.status == 0
    assert re.search(r"^.* 1 .*get_api_version\b", summary.err, re.M), summary.err


def test_an_image_that_the_guest_does_not_run(tool):
    done = tool(HELLO, "--", *arguments_of("service"))
    assert "is it the image that the guest runs?" in done.err
    assert "is it the image" not in tool(HELLO, *HELLO_LINE).err


def test_an_interrupt_while_the_guest_does_not_run_the_image(tool):
    line = [*arguments_of("smp"), "-initrd", IMAGES / "crash.elf", "-append", "idle"]
    with ended(tool.start(image_of("smp"), "--", *line)) as process:
        read_until(process.stdout, "crash: idle")
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 0
    assert err == "+++ no site of the image was reached: is it the image that the guest runs? +++\n"


@pytest.mark.parametrize("form", [["-c"], ["-f", "jsonl", "-o", "trace"]], ids=["-c", "-o"])
def test_what_makes_a_trace_empty_is_said_where_it_has_no_notices(form, tool, folder):
    options = [str(folder / word) if word == "trace" else word for word in form]
    done = tool("-e", "vcpu=8", *options, HELLO, *HELLO_LINE)
    assert "+++ -e vcpu=8: no call was made on vCPU 8 +++\n" in done.err
    assert "+++ the" not in done.err
    assert "is it the image" in tool(*options, HELLO, "--", *arguments_of("service")).err
    assert "is it" not in tool("-q", *options, HELLO, "--", *arguments_of("service")).err


@pytest.mark.parametrize("what", ["run", "trace"])
def test_make_knows_the_examples(what):
    made = run(["make", "-n", f"{what}-nosuch"])
    assert made.status == 2 and "there is no example 'nosuch'; take one of hello " in made.err


def test_the_calls(tool):
    calls = tool("calls", "^(start|pause)_vm$")
    assert (calls.status, calls.err) == (0, "")
    assert re.findall(r"^0x\w+ (\w+)\(", calls.out, re.M) == ["start_vm", "pause_vm"]
    private = tool("calls", "-x", "examples/hypervisor/hypervisor.def", "hang")
    assert "hang_in(" in private.out
    check_refused(tool("calls", "("), 2, "'(' is not a regular expression")


def test_the_sites(tool):
    sites = tool("sites", HELLO)
    assert (sites.status, sites.err) == (0, "")
    assert re.search(r"^0xffffffff80\w+ get_api_version +hello.c:\d+ guest_main$", sites.out, re.M)


def test_help_and_version(tool):
    told = tool("--help")
    assert told.status == 0 and "exit status" in told.out and told.err == ""
    for option in ("-V", "--version"):
        assert re.fullmatch(r"acrn-trace \d+\.\d+\.\d+\n", tool(option).out)


def test_what_the_guest_prints_is_its_own(tool):
    traced = trace_example("hello", "-q")
    assert traced.out == printed_untraced(arguments_of("hello"))
    assert traced.err.count("\n") == 1


def test_jsonl_on_standard_error_is_json_alone(tool):
    traced = tool("-f", "jsonl", HELLO, *HELLO_LINE)
    (line,) = traced.err.splitlines()
    assert json.loads(line)["name"] == "get_api_version"
