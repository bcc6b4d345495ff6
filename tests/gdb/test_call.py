# SPDX-License-Identifier: BSD-3-Clause
"""Calls made by hand, from real stops of real guests under a real hypervisor."""

import ast
import contextlib
import re

import pytest
from live import IMAGES, ROOT, SECONDS, Guest, Run, arguments_of, common_arguments, ended
from live import events_of, gdb_at, gdb_command, image_of, interrupt, printed_untraced, read_until
from live import run, start, symbol, wait_until

from acrn_trace.launch.monitor import Monitor

SMP = image_of("smp")
HYPERVISOR = IMAGES / "hypervisor.elf"
HYPERVISOR_CR3 = 0x2000000  # examples/README.md
LOOKS = range(5)  # after which what is there is not there by chance
EVERYWHERE = ROOT / "tests" / "gdb" / "call_everywhere.py"
LINE = re.compile(
    r"^\[\d\] [\d.]+ get_api_version\(version=\{major_version=1, minor_version=0\}\) = 0 <[\d.]+> "
    r"by hand at 0x[0-9a-f]+ acrn_scratch$",
    re.MULTILINE,
)
CALL = "hypercall call get_api_version"
REGISTERS = "info registers rax rbx rcx rdx rsi rdi rbp rsp r8 r15 rip eflags"


@pytest.fixture
def smp(folder):
    """Run GDB commands on the smp example at its first call: GDB's run, and QEMU's."""

    def session(*commands: str, image=SMP) -> tuple[Run, Run]:
        with Guest(folder, arguments_of("smp")) as guest:
            gdb = gdb_at(guest, image, "hbreak make_call", "continue", *commands)
            return gdb, guest.finished()

    return session


def untouched(guest: Run) -> bool:
    return (guest.status, guest.out) == (0, printed_untraced(arguments_of("smp")))


def blocks(text: str, mark: str) -> list[str]:
    """What stands after each line ``mark``, up to the next."""
    return text.split(mark + "\n")[1:]


def echo(mark: str) -> str:
    return f"echo {mark}\\n"


# ---- everywhere ----


# What runs over and over: the process, its calls, the timer's handler, the way there and back.
BUSY = (
    "make_call make_all_calls call_at_shared_site call_from_process call_from_interrupt on_timer "
)
BUSY += "call_log_claim handle_trap trap_common guest_physical apic_end_of_interrupt"


def instructions(image) -> list[str]:
    """The addresses of the instructions of the functions that the guest is busy in."""
    found = []
    for name in BUSY.split():
        command = ["objdump", "-d", "--no-show-raw-insn", f"--disassemble={name}", image]
        found += re.findall(r"^(ffffffff[0-9a-f]{8}):", run(command).out.replace(" ", ""), re.M)
    return found


def calls_everywhere(folder, calls: int) -> dict[str, int]:
    """Make so many calls; the guest must end as ever."""
    command = gdb_command(SMP, f"target remote {folder / 'stub'}", f"source {EVERYWHERE}")
    words = {"CALLS": str(calls), "FOLDER": str(folder), "ADDRESSES": " ".join(instructions(SMP))}
    with Guest(folder, arguments_of("smp")) as guest:
        gdb = start(command, environment=words)
        with ended(gdb):
            out, err = gdb.communicate(timeout=1500)
        assert "RESULT" in out, (out[-2000:], err[-2000:])
        assert untouched(guest.finished())
    return ast.literal_eval(out[out.index("RESULT") + 7 :])


def check_outcomes(outcomes: dict[str, int], calls: int) -> None:
    assert outcomes["made"] == calls, outcomes
    assert {name for name in outcomes if name.startswith(("printed", "error"))} == set(), outcomes
    assert [n for n, count in outcomes.items() if n.startswith("changed") and count] == [], outcomes


def test_calls_all_over_the_guest_leave_it_as_it_was(folder):
    check_outcomes(calls_everywhere(folder, 25), 25)


@pytest.mark.long
def test_a_thousand_calls_all_over_the_guest(folder):
    outcomes = calls_everywhere(folder, 1000)
    check_outcomes(outcomes, 1000)
    assert outcomes["places"] > 150, outcomes


# ---- the stop stays what it was ----


def test_a_call_at_a_breakpoint(smp):
    gdb, guest = smp(
        *("echo BEFORE\\n", REGISTERS, CALL, "echo AFTER\\n", REGISTERS, "echo END\\n"),
        *("info breakpoints", "continue", "info breakpoints", "delete", "continue"),
    )
    before, after = re.split("BEFORE\n|AFTER\n|END\n", gdb.out)[1:3]
    assert LINE.search(before), gdb
    assert after.split() == LINE.sub("", before, count=1).split()
    hits = re.findall(r"breakpoint already hit (\d+) time", gdb.out)
    assert hits == ["1", "2"], gdb.out  # the stop is not reported again
    assert untouched(guest)


def test_going_on_does_not_report_the_stop_again(folder):
    """Between two stops at start_user_vm the guest starts its VM; at a stop reported again not."""
    trace = f"hypercall trace -f jsonl -o {folder / 'trace'}"
    commands = ("hbreak start_user_vm", "continue", trace, CALL, "continue", "hypercall trace off")
    with Guest(folder, arguments_of("service")) as guest:
        gdb_at(guest, image_of("service"), *commands)
        guest.finished()
    names = [event["name"] for event in events_of(folder / "trace")]
    assert names[:2] == ["get_api_version", "start_vm"]


def test_what_the_user_has_selected_and_set_stays(smp):
    gdb, guest = smp(
        *("set scheduler-locking step", "tbreak *$rip", "display/i $rip", "up"),
        *(CALL, "frame", "show scheduler-locking", "info breakpoints", "delete", "continue"),
    )
    after = gdb.out[LINE.search(gdb.out).end() :]
    assert re.search(r"^#1 ", after, re.MULTILINE)
    assert 'locking scheduler during execution is "step"' in after
    assert len(re.findall(r"^\d .*(?:del|keep) +y .*make_call", after, re.MULTILINE)) == 2, after
    assert untouched(guest)


def test_a_breakpoint_one_byte_on_is_not_mistaken(smp):
    """GDB would set RIP back by one, were the breakpoint before it a software one."""
    gdb, guest = smp("stepi", "break *$rip-1", CALL, "info symbol $rip", "delete", "continue")
    assert LINE.search(gdb.out)
    assert "make_call + 1 in section .text" in gdb.out
    assert untouched(guest)


def test_a_stop_behind_a_traced_return_is_where_it_is(folder):
    """make_call begins at the byte behind a return, and GDB must not put RIP back to that one."""
    with Guest(folder, arguments_of("smp")) as guest:
        trace = f"hypercall trace -o {folder / 'trace'}"
        then = ("continue", "info symbol $rip", "hypercall trace off", "delete", "continue")
        gdb = gdb_at(guest, SMP, trace, "break make_call", *then)
        assert "\nmake_call in section .text\n" in gdb.out
        assert untouched(guest.finished())


# ---- the event ----


def test_a_running_trace_has_it_too(smp, folder):
    trace = f"hypercall trace -f jsonl -o {folder / 'trace'}"
    gdb, guest = smp(trace, CALL, "delete", "hypercall trace off", "continue")
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


def test_a_trace_on_the_terminal_shows_it_once(smp):
    trace = "hypercall trace -q -e trace=get_api_version"
    gdb, guest = smp(trace, CALL, "hypercall call pause_vm 3", "delete", "hypercall trace off")
    assert len(LINE.findall(gdb.out)) == 1
    assert len(re.findall(r"pause_vm\(vmid=3\) = -1 .* by hand", gdb.out)) == 1


def test_structures_are_built_and_outputs_shown(smp):
    gdb, _ = smp(
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


def test_registers_that_the_hypervisor_breaks_are_shown_and_put_back(smp):
    definitions = ROOT / "examples" / "hypervisor" / "hypervisor.def"
    gdb, guest = smp(
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


# ---- refused, or not back ----


def test_errors_are_a_sentence(folder):
    with Guest(folder, arguments_of("smp")) as guest:
        gdb = gdb_at(guest, SMP, CALL, "hbreak make_call", "continue", "hypercall call", *WRONG)
        assert untouched(guest.finished())
    expected = [
        "no call can be made here: vCPU 0 is not in long mode with paging on; let the guest boot",
        "hypercall call takes a call's name or number and its arguments.",
        *("(did you mean start_vm?)", "vmid is missing; start_vm takes 1 argument (vmid)."),
        *("vmid has 16 bits, 0 to 0xffff, and was given 70000.", "vm has no field 'nam'"),
        *('No symbol "nothing" in current context', "is a struct acrn_vm_creation"),
        "version=call_log[0]: call_log[0] is a struct",
    ]
    lines = [line for line in gdb.err.splitlines() if not line.startswith("warning")]
    assert len(lines) == len(expected), lines
    for line, text in zip(lines, expected):
        assert text in line and line.endswith("."), (line, text)


WRONG = (
    *("hypercall call star_vm 1", "hypercall call start_vm", "hypercall call start_vm 70000"),
    *("hypercall call create_vm {nam=1}", "hypercall call start_vm nothing"),
    *("hypercall call create_vm [1]", "hypercall call get_api_version call_log[0]"),
)


def test_without_a_guest():
    gdb = run(gdb_command(SMP, CALL))
    assert "no guest runs here to call; connect with 'target remote' first." in gdb.err


def test_not_while_another_call_is_in_flight(smp):
    site = symbol(SMP, "call_at_shared_site")
    gdb, guest = smp(
        *("delete", "hypercall trace -q", f"break *{site:#x}+12", "continue", CALL, "delete"),
        *("hypercall trace off", "continue"),
    )
    assert re.search(r"no call can be made here: \w+ of vCPU \d at smp.c:\d+ \w+ is in fl", gdb.err)
    assert untouched(guest)


def test_in_the_hypervisor_it_is_refused_and_waited_for(smp):
    """A breakpoint in its handler: the call is not back, and then it is."""
    handler = f"hbreak *{symbol(HYPERVISOR, 'handle_hypercall'):#x}"
    gdb, guest = smp(
        *(
            "echo BEFORE\\n",
            REGISTERS,
            "echo NOW\\n",
            handler,
            CALL,
            CALL,
            "delete",
        ),
        *("continue", "echo AFTER\\n", REGISTERS, "echo END\\n", handler, "continue", CALL),
        *("delete", "continue"),
    )
    before, now, after = re.split("BEFORE\n|NOW\n|AFTER\n|END\n", gdb.out)[1:4]
    assert "get_api_version is not back: vCPU " in now
    assert "made by hand, is not back; 'continue' first." in gdb.err
    assert "get_api_version is back, and its vCPU's registers are as they were" in now
    assert re.search(
        r"^version={major_version=1, minor_version=0}\) = 0 <.*> by hand at", now, re.M
    )
    assert after == before
    assert "is not in the guest: at 0xffffffffc" in gdb.err
    assert untouched(guest)


def test_without_the_page_a_site_is_used(smp, folder):
    """As in a guest that does not link the stub; then there is no room for structures."""
    image = folder / "bare.elf"
    assert run(["objcopy", "--strip-symbol=acrn_scratch", SMP, image]).status == 0
    gdb, guest = smp(
        *("hypercall call pause_vm 3", "hypercall call get_api_version 0x600000"),
        *("hypercall call create_vm {}", "delete", "continue"),
        image=image,
    )
    assert re.search(r"pause_vm\(vmid=3\) = -1 .* by hand at smp.c:\d+ call_\w+$", gdb.out, re.M)
    assert "version={major_version=1, minor_version=0}) = 0" in gdb.out
    assert "the guest reserves no memory to build vm in; link cstub/src/scratch.S" in gdb.err
    assert untouched(guest)


def test_where_there_is_no_place_for_it(smp, folder):
    """Each site has a breakpoint of the user's, or the image has no site at all."""
    image, empty = folder / "bare.elf", folder / "empty.elf"
    assert run(["objcopy", "--strip-symbol=acrn_scratch", SMP, image]).status == 0
    assert run(["objcopy", "--only-section=.data", SMP, empty]).status == 0
    gdb, guest = smp(
        "python from acrn_trace.in_gdb.image import current_image, current_sites",
        "python for site in current_sites(current_image()): gdb.execute(f'hbreak *{site.address}')",
        *("hypercall call pause_vm 3", "delete", f"file {empty}", "hypercall call pause_vm 3"),
        "continue",
        image=image,
    )
    assert "each call site has a breakpoint of yours; disable that of one." in gdb.err, gdb
    assert "has no certain call site to use, and reserves no page for it: link" in gdb.err, gdb
    assert untouched(guest)


def test_not_in_ring_3(smp):
    """The ring is what CS says."""
    gdb, guest = smp(
        *("delete", "set $ring0 = $cs", "set var $cs = $cs | 3", CALL, "set var $cs = $ring0"),
        *(CALL, "continue"),
    )
    assert re.search(r"vCPU \d is in ring 3, and hypercalls are made in ring 0; stop", gdb.err), gdb
    assert len(LINE.findall(gdb.out)) == 1
    assert untouched(guest)


def hello_at_start(folder, arguments, *commands: str) -> tuple[Run, Run]:
    """hello answers its own calls, in a handler that is not there yet where it starts."""
    with Guest(folder, [*arguments, "-kernel", IMAGES / "hello.elf"]) as guest:
        gdb = gdb_at(guest, IMAGES / "hello.elf", *commands)
        return gdb, guest.finished()


def test_a_guest_that_dies_of_it(folder):
    gdb, guest = hello_at_start(folder, common_arguments(), "hbreak image_start", "continue", CALL)
    assert "get_api_version did not return: the guest is gone." in gdb.err
    assert guest.status == 0  # -no-reboot


def test_a_guest_that_is_reset_by_it(folder):
    arguments = [word for word in common_arguments() if word != "-no-reboot"]
    commands = ("hbreak image_start", "continue", CALL, "delete", "continue")
    gdb, guest = hello_at_start(folder, arguments, *commands)
    assert "get_api_version did not return: the guest was reset, and begins anew." in gdb.err
    assert guest.out == "hello: this is ACRN, API version 1.0\n"


def test_a_stop_in_the_guests_own_code_gives_it_up(folder):
    commands = ("hbreak guest_main", "continue", "echo BEFORE\\n", REGISTERS, "hbreak handle_trap")
    then = (CALL, "echo AFTER\\n", REGISTERS, "echo END\\n", "delete", "continue")
    gdb, guest = hello_at_start(folder, common_arguments(), *commands, *then)
    before, after = re.split("BEFORE\n|AFTER\n|END\n", gdb.out)[1:3]
    assert "\n) = ? <unfinished ...> by hand at" in before
    assert "get_api_version did not return: vCPU 0 was in the guest, at 0xffffffff8" in before
    assert before.startswith(after.rstrip())
    assert guest.out == "hello: this is ACRN, API version 1.0\n"


def page_tables(monitor: Monitor) -> list[int]:
    """CR3 of each vCPU."""
    text = monitor.execute("human-monitor-command", **{"command-line": "info registers -a"})
    return [int(value, 16) for value in re.findall(r"CR3=(\w+)", text)]


def test_an_interrupt_while_it_hangs(folder):
    """vCPU 1 is held where it has the hypervisor's lock, and only -f goes into that."""
    lock_held = f"hbreak *{symbol(HYPERVISOR, 'acrn_model_vmcall'):#x}"
    other = "python [t.switch() for t in gdb.selected_inferior().threads() if t != thread]"
    commands = ("hbreak make_call", "continue", "delete", "python thread = gdb.selected_thread()")
    commands += (other, "set scheduler-locking on", lock_held, "continue", "delete")
    commands += ("set scheduler-locking off", "python thread.switch()", CALL, "echo FORCE\\n")
    commands += ("hypercall call -f get_api_version", "continue", "continue")
    monitor = ["-qmp", f"unix:{folder / 'qmp'},server=on,wait=off"]
    with Guest(folder, [*arguments_of("smp"), *monitor]) as guest:
        gdb = start(gdb_command(SMP, f"target remote {guest.socket}", *commands))
        with ended(gdb):
            read_until(gdb.stdout, "FORCE")
            read_until(gdb.stdout, "get_api_version(")
            # Earlier, the call would be given up in the guest.
            with contextlib.closing(Monitor(folder / "qmp")) as monitor:
                wait_until(lambda: all(page_tables(monitor) == [HYPERVISOR_CR3] * 2 for _ in LOOKS))
            interrupt(gdb, gdb.stdout, "is not back: vCPU")
            out, err = gdb.communicate(timeout=SECONDS)
        assert "is in the hypervisor and may hold a lock that the call would wait for" in err
        assert "get_api_version is back, and its vCPU's registers are as they were" in out
        assert untouched(guest.finished())


ANSWER = """
import gdb
from acrn_trace.in_gdb.session import current_session
from acrn_trace.tamper.interventions import Change, Intervener

class Mock(Intervener):
    def entered(self, call, event):
        version = bytes([7, 0, 0, 0, 8, 0, 0, 0])
        return Change(memory=[(event.args[0], version)], answer=5, answered_by="mock")

current_session().intervene(Mock())
"""


def test_what_answers_the_guests_calls_answers_this_one(smp, folder):
    script = folder / "mock.py"
    script.write_text(ANSWER)
    gdb, guest = smp(
        *(f"source {script}", REGISTERS, "echo BEFORE\\n", CALL, "echo AFTER\\n", REGISTERS),
        *("echo END\\n", "python current_session().forget_trace()", "delete", "continue"),
    )
    before, line, after = re.split("BEFORE\n|AFTER\n|END\n", gdb.out)[:3]
    assert "version={major_version=7, minor_version=8}) = 5 " in line, gdb
    assert after.strip() in before
    assert untouched(guest)


def test_mock_inject_and_catch_at_a_call_by_hand(smp, folder):
    """A model that goes wrong leaves nothing at the call, and the call is not made for it."""
    wrong = folder / "wrong.py"
    wrong.write_text('@model.call("vm_gpa2hpa")\ndef model(call):\n    return call.nothing\n')
    gdb, guest = smp(
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
