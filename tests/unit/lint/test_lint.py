# SPDX-License-Identifier: BSD-3-Clause
"""What lint makes of control flow, copies, memory and calls: a right twin beside each wrong one."""

import argparse
import json
import re
import subprocess
from dataclasses import replace

import pytest

from acrn_trace.cli.launcher import main
from acrn_trace.image.image import open_image
from acrn_trace.lint.callees import Callees
from acrn_trace.lint.report import Report
from acrn_trace.sites.sitelist import image_sites
from acrn_trace.tables.knowledge import acrn
from helpers.make.assembled import assemble, lint_assembly, verdicts_of
from helpers.process import SECONDS
from helpers.tree import IMAGES, ROOT

NR = "$0x80000012"
# What is right to say of the examples: a call that there is not; world_switch, which may change
# RBX, in a function that does not save it.
RIGHT = {
    "recorder": {"number-not-in-table"},
    "service": {"number-not-in-table"},
    "smp": {"number-not-in-table"},
    "crash-bare": {"changed-register-used"},
}
GUESTS = ("clobber", "crash", "crash-bare", "crash-ring", "hello", "recorder", "service", "smp")

# name -> code, what is found, the number that is known
CASES = {
    "a load that was hoisted out of a loop": (
        f"f: mov {NR}, %r8d\n1: vmcall\n dec %rcx\n jne 1b\n ret",
        [],
        0x80000012,
    ),
    "a loop that calls a function after a load outside of it": (
        f"f: mov {NR}, %r8d\n mov %rdi, %rbx\n1: mov %rbx, %rdi\n vmcall\n call printk\n jmp 1b",
        ["call-between"],
        None,
    ),
    "copies": (
        f"f: mov {NR}, %ecx\n mov %rcx, %rdx\n mov %rdx, %r8\n vmcall\n ret",
        [],
        0x80000012,
    ),
    "a stack slot": (
        f"f: sub $24, %rsp\n movl {NR}, %eax\n mov %rax, 8(%rsp)\n mov 8(%rsp), %r8\n vmcall\n"
        " add $24, %rsp\n ret",
        [],
        0x80000012,
    ),
    "a stack slot that is set on one path": (
        "f: test %rdi, %rdi\n je 1f\n movq $0x12, -8(%rsp)\n1: mov -8(%rsp), %r8\n vmcall\n ret",
        ["r8-one-path", "number-not-in-table"],
        None,
    ),
    "a push and a pop around a call": (
        f"f: mov {NR}, %r8d\n push %r8\n call printk\n pop %r8\n mov $1, %edi\n vmcall\n ret",
        [],
        0x80000012,
    ),
    "arithmetic": ("f: mov $0x80000000, %r8d\n or $0x12, %r8\n vmcall\n ret", [], 0x80000012),
    "a conditional move of two numbers": (
        f"f: mov {NR}, %r8d\n mov $0x80000013, %ecx\n test %rdi, %rdi\n cmove %rcx, %r8\n vmcall\n"
        " ret",
        [],
        None,
    ),
    "a number from memory": ("f: mov (%rdx), %r8\n vmcall\n ret", [], None),
    "a number that is a parameter": ("f: mov %rdx, %r8\n vmcall\n ret", [], None),
    "a stub that is handed R8": ("f: endbr64\n vmcall\n ret", [], None),
    "a stub whose caller has in R8 what was for a call of its own": (
        f"f: vmcall\n ret\ng: mov {NR}, %r8d\n vmcall\n call f\n ret",
        ["r8-never-loaded"],
        None,
    ),
    "a stub with one caller that loads R8, and one that does not": (
        f"f: vmcall\n ret\ng: call printk\n call f\n ret\nh: mov {NR}, %r8d\n call f\n ret",
        [],
        None,
    ),
    "a stub whose caller may pass on what it was handed": (
        "f: vmcall\n ret\ng: call f\n ret",
        [],
        None,
    ),
    "a stub whose caller made a call of its own on one way": (
        f"f: vmcall\n ret\ng: mov {NR}, %r8d\n test %rdi, %rdi\n je 1f\n vmcall\n1: call f\n ret",
        [],
        None,
    ),
    "a register that is compared after a call, and a caller with calls of its own, one recorded": (
        f"f: mov {NR}, %r8\n vmcall\n call c\n ret\nc: xor %r8, %rdx\n ret\n"
        f"g: mov {NR}, %r8d\n test %rdi, %rdi\n je 1f\n vmcall\n jmp 2f\n"
        "1: vmcall\n call printk\n2: call f\n ret",
        [],
        0x80000012,
    ),
    "a fifth parameter that a caller loads": (
        f"f: xor %ecx, %ecx\n vmcall\n ret\ng: mov {NR}, %r8d\n call f\n ret",
        [],
        None,
    ),
    "a fifth parameter that a caller loads and jumps": (
        f"g: mov {NR}, %r8d\n jmp f\nf: xor %ecx, %ecx\n vmcall\n ret",
        [],
        None,
    ),
    "a call of a function that leaves R8 alone": (
        f"f: mov {NR}, %r8d\n call g\n vmcall\n ret\ng: incq (%rsi)\n ret",
        [],
        0x80000012,
    ),
    "a call of a function that calls another that does not": (
        f"f: mov {NR}, %r8d\n call g\n vmcall\n ret\ng: call printk\n ret",
        ["call-between"],
        None,
    ),
    "a call that does not come back": (
        f"f: mov {NR}, %r8d\n test %rdi, %rdi\n je 1f\n call panic\n1: vmcall\n ret\n"
        "panic: mov $0, %r8\n1: jmp 1b",
        [],
        0x80000012,
    ),
    "a way around the load that a short jump takes into the middle": (
        f"f: cmp $1, %edi\n je 1f\n nop\n mov {NR}, %r8d\n1: vmcall\n ret",
        ["r8-one-path"],
        None,
    ),
    "a default result": (
        f"f: mov $-1, %rax\n test %rdi, %rdi\n je 1f\n mov {NR}, %r8d\n vmcall\n1: ret",
        [],
        0x80000012,
    ),
    "a number that is passed on after the call": (
        f"f: mov {NR}, %r8d\n vmcall\n mov %r8, %rsi\n call printk\n ret",
        [],
        0x80000012,
    ),
    "a register that only an index register's prefix extends": (
        f"f: mov {NR}, %r8d\n lea (%rdx,%r9), %r8\n vmcall\n ret",
        ["r8-overwritten"],
        None,
    ),
    "a callee that calls what does not come back": (
        f"f: mov {NR}, %r8d\n call g\n vmcall\n ret\n"
        "g: test %rdi, %rdi\n je 1f\n call die\n mov $0, %r8\n1: ret\n"
        "die: mov $0, %r8\n1: jmp 1b",
        [],
        0x80000012,
    ),
    "a callee that ends in a jump to what does not come back": (
        f"f: mov {NR}, %r8d\n test %rdi, %rdi\n je 1f\n call g\n1: vmcall\n ret\n"
        "g: mov $0, %r8\n jmp die\ndie: nop\n1: jmp 1b",
        [],
        0x80000012,
    ),
    "a callee whose code goes on in the next function": (
        f"f: mov {NR}, %r8d\n call g\n vmcall\n ret\ng: mov %rdi, %rax\nh: mov $0, %r8\n ret",
        ["call-between"],
        None,
    ),
    "a value in RAX that was used before the call": (
        f"f: lea 1(%rdi), %rax\n mov %rax, %rdi\n mov {NR}, %r8d\n vmcall\n add $1, %rax\n ret",
        [],
        0x80000012,
    ),
    "a cold part elsewhere that calls and comes back": (
        f"f: mov {NR}, %r8d\n test %rdi, %rdi\n jne cold\n1: vmcall\n ret\n"
        "g: ret\n .balign 256\ncold: call printk\n mov $1, %edi\n jmp 1b",
        ["call-between"],
        None,
    ),
    "a site in a cold part, whose number the function loads": (
        f"f: mov {NR}, %r8d\n test %rdi, %rdi\n jne f.cold\n ret\n"
        "g: ret\n .balign 256\nf.cold: mov $1, %edi\n vmcall\n ud2",
        [],
        0x80000012,
    ),
    "a site in a cold part, with a call before it": (
        f"f: mov {NR}, %r8d\n test %rdi, %rdi\n jne f.cold\n ret\n"
        "g: ret\n .balign 256\nf.cold: call printk\n vmcall\n ud2",
        ["call-between"],
        None,
    ),
    "a site in a cold part, before whose jump nobody loads": (
        "f: xor %ecx, %ecx\n test %rdi, %rdi\n jne f.cold\n ret\n"
        "g: ret\n .balign 256\nf.cold: mov $1, %edi\n vmcall\n ud2",
        ["r8-never-loaded"],
        None,
    ),
    "a call over data, whose address is popped": (
        f'f: mov {NR}, %r8d\n call 1f\n .asciz "text"\n1: pop %rdi\n vmcall\n ret',
        [],
        0x80000012,
    ),
    "cases of a jump table, each with a load": (
        "f: cmp $1, %rdi\n ja 3f\n lea 4f(%rip), %rdx\n movslq (%rdx,%rdi,4), %rax\n"
        " add %rdx, %rax\n jmp *%rax\n1: mov $0x80000012, %r8d\n jmp 5f\n"
        "2: mov $0x80000013, %r8d\n5: vmcall\n3: ret\n .balign 4\n4: .long 1b-4b, 2b-4b",
        [],
        None,
    ),
    "a load before a jump through a table": (
        f"f: mov {NR}, %r8d\n cmp $1, %rdi\n ja 3f\n lea 4f(%rip), %rdx\n"
        " movslq (%rdx,%rdi,4), %rax\n add %rdx, %rax\n jmp *%rax\n1: mov $1, %edi\n jmp 5f\n"
        "2: mov $2, %edi\n5: vmcall\n3: ret\n .balign 4\n4: .long 1b-4b, 2b-4b",
        [],
        0x80000012,
    ),
    "a case of a jump table that another way, with a load, leads to as well": (
        f"f: cmp $1, %rdi\n ja 6f\n lea 4f(%rip), %rdx\n movslq (%rdx,%rdi,4), %rax\n"
        " add %rdx, %rax\n jmp *%rax\n1: ret\n2: vmcall\n ret\n"
        f"6: mov {NR}, %r8d\n jmp 2b\n .balign 4\n4: .long 1b-4b, 2b-4b",
        ["r8-one-path"],
        None,
    ),
    "no load before a jump through a table but on one way": (
        f"f: mov {NR}, %r8d\n cmp $7, %rsi\n je 6f\n xor %ecx, %ecx\n call printk\n"
        "6: cmp $1, %rdi\n ja 3f\n lea 4f(%rip), %rdx\n movslq (%rdx,%rdi,4), %rax\n"
        " add %rdx, %rax\n jmp *%rax\n1: mov $1, %edi\n jmp 5f\n"
        "2: mov $2, %edi\n5: vmcall\n3: ret\n .balign 4\n4: .long 1b-4b, 2b-4b",
        ["call-between"],
        None,
    ),
    "a jump to another function, which has its own calls": (
        f"f: test %rdi, %rdi\n jne g\n mov {NR}, %r8d\n vmcall\n ret\ng: call printk\n ret",
        [],
        0x80000012,
    ),
    "two calls, one number": (
        f"f: mov {NR}, %r8d\n vmcall\n vmcall\n ret",
        [],
        0x80000012,
    ),
    "what was split off, right before the function, as far as a piece is looked at into it": (
        "f.cold: call printk\n jmp 1f\n"
        "f: test %rdi, %rdi\n je f.cold\n1: nop\n .org 509, 0x90\n"
        f" mov {NR}, %r8d\n mov $1, %edi\n vmcall\n ret",
        [],
        0x80000012,
    ),
    "a function that is split over a jump table": (
        f"f: mov {NR}, %r8d\n jmp *8(,%rdi,8)\n1: vmcall\n ret\n2: mov $1, %eax\n ret",
        [],
        0x80000012,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_case(name, tmp_path):
    code, findings, number = CASES[name]
    first, *_ = verdicts_of(code, tmp_path)
    assert [found.id for found in first.findings] == findings
    assert first.number == number


@pytest.mark.timeout(SECONDS)
def test_a_function_of_jumps_back_and_forth_takes_no_time(tmp_path):
    """Each of 2000 branches doubles the ways; they are not counted one by one."""
    body = "\n".join(f" test %rdi, %rdi\n je {n}f\n add $1, %r9\n{n}:" for n in range(1, 2000))
    code = f"f: mov $0x80000012, %r8d\n{body}\n vmcall\n ret"
    path = assemble(code, tmp_path)
    assert main(["lint", str(path)]) == 0


def test_a_function_outside_of_the_image_is_known_by_its_name():
    for name, changes in (("printk", True), ("__fentry__", False), ("mcount", False)):
        callees = Callees(lambda address: None, lambda address, name=name: name)
        assert callees.changes(0x1000, "r8") == changes
    assert Callees(lambda address: None, lambda address: "x").changes(None, "r8")


def test_possible_sites_are_judged_if_the_user_says_so(tmp_path):
    image = open_image(str(assemble("f: xor %ecx, %ecx\n vmcall\n ret", tmp_path)))
    sites = [replace(site, certain=False) for site in image_sites(image)]
    for judged in (False, True):
        options = argparse.Namespace(
            possible_sites=judged, json=False, only=[], disable=[], format="text"
        )
        report = Report(image, sites, acrn(), options)
        lines = list(report.lines())
        assert len(lines) == 1 + judged == 1 + report.findings
        left_out = "; 1 possible site not judged (see --possible-sites)"
        assert lines[-1].endswith("0 findings" + left_out) != judged


def launch(capsys, *words):
    status = main(["lint", *map(str, words)])
    return status, capsys.readouterr()


def test_status_text_and_json_of_the_launcher(tmp_path, capsys):
    path = assemble("f: mov $0x80000012, %r8d\n call printk\n vmcall\n ret", tmp_path)
    status, shown = launch(capsys, path)
    assert status == 1 and " f: call-between: R8 is loaded, then the call of printk" in shown.out
    assert shown.out.endswith("1 site, 0 numbers known, 1 unknown; 1 finding\n")
    status, shown = launch(capsys, "--json", path)
    document = json.loads(shown.out)
    assert status == 1 and document["findings"] == 1
    assert document["sites"][0]["findings"][0]["kind"] == "call-between"


def by_hand(folder, *flags):
    """An image with a call that the table has not, on line 4 of its own assembly."""
    (folder / "hand.s").write_text(
        "\t.globl f\n\t.type f, @function\nf:\tmov $0x80000099, %r8d\n\tvmcall\n\tret\n"
        "\t.size f, . - f\n"
    )
    for line in (["as", *flags, "-o", "hand.o", "hand.s"], "ld -e f -o hand hand.o".split()):
        subprocess.run(line, cwd=folder, check=True, timeout=SECONDS)
    return folder / "hand"


def test_lines_of_sites_by_hand_and_the_form_of_compilers(tmp_path, capsys):
    path = by_hand(tmp_path, "-g")
    told = "the call table has no 0x80000099"
    assert f" hand.s:4 f: number-not-in-table: {told}\n" in launch(capsys, path)[1].out
    status, shown = launch(capsys, "-f", "gcc", path)
    first = shown.out.splitlines()[0]
    assert status == 1 and re.fullmatch(
        rf"hand\.s:4: warning: hypercall at 0x\w+ in f: {told} \[number-not-in-table\]", first
    )
    (site,) = json.loads(launch(capsys, "--json", path)[1].out)["sites"]
    assert (site["file"], site["line"]) == ("hand.s", 4)


def test_without_debug_information_a_warning_is_the_images(tmp_path, capsys):
    path = by_hand(tmp_path)
    _, shown = launch(capsys, "--format", "gcc", path)
    assert shown.out.startswith(f"{path}: warning: hypercall at 0x")
    (site,) = json.loads(launch(capsys, "--json", path)[1].out)["sites"]
    assert (site["file"], site["line"]) == (None, None)


def test_kinds_are_switched_off_and_chosen(tmp_path, capsys):
    path = assemble("f: mov $0x80000012, %r8d\n call printk\n vmcall\n ret", tmp_path)
    assert launch(capsys, "--disable", "call-between", path)[0] == 0
    assert launch(capsys, "--only", "r8-one-path", path)[0] == 0
    assert launch(capsys, "--only", "call-between", path)[0] == 1


@pytest.mark.parametrize("option", ["--disable", "--only", "--explain"])
def test_a_kind_that_there_is_not_is_one_sentence(option, capsys):
    status, shown = launch(capsys, option, "call-betwen", "/dev/null")
    assert status == 2 and shown.err.count("\n") == 1 and "did you mean call-between" in shown.err


def test_explaining_needs_no_image_and_linting_does(capsys):
    status, shown = launch(capsys, "--explain", "r8-value-lost")
    assert status == 0 and shown.out.startswith("r8-value-lost: ")
    assert launch(capsys)[0] == 2


def test_the_call_table_is_the_users(tmp_path, capsys):
    path = assemble("f: mov $0x800000ee, %r8d\n vmcall\n ret", tmp_path)
    (tmp_path / "own.def").write_text("HYPERCALL0(0x800000ee, own)\n")
    assert launch(capsys, path)[0] == 1
    assert launch(capsys, "-x", tmp_path / "own.def", path)[0] == 0
    assert lint_assembly("f: mov $0x800000ee, %r8d\n vmcall\n ret", tmp_path) != []


@pytest.mark.parametrize("guest", GUESTS)
def test_nothing_wrong_is_said_of_the_examples(guest, capsys):
    table, path = ROOT / "examples" / "hypervisor" / "hypervisor.def", IMAGES / f"{guest}.elf"
    _, shown = launch(capsys, "-x", table, "--json", path)
    sites = json.loads(shown.out)["sites"]
    assert {one["kind"] for site in sites for one in site["findings"]} <= RIGHT.get(guest, set())
