# SPDX-License-Identifier: BSD-3-Clause
"""Whose call a site makes, by the registers that its code loads."""

import pickle

import pytest

from acrn_trace.cli.launcher import main
from acrn_trace.guest.abi import abi_named, main_abi, unknown_abi
from acrn_trace.guest.foreign import ANOTHER
from acrn_trace.guest.site import Site
from acrn_trace.image.image import open_image
from acrn_trace.lint.linter import Linter, with_abis
from acrn_trace.sites.sitelist import image_sites
from acrn_trace.tables.knowledge import acrn
from helpers.guests import make
from helpers.make.assembled import assemble
from helpers.tree import ROOT

KNOWLEDGE = acrn()
SAVED = "f: push %rbx\n{}\n   vmcall\n   pop %rbx\n   ret"
KICK = SAVED.format("   mov $5, %eax\n   mov %rdi, %rbx")


def site_of(code: str, folder) -> Site:
    image = open_image(str(assemble(code, folder)))
    (site,) = with_abis(image, KNOWLEDGE, image_sites(image))
    return site


@pytest.mark.parametrize(
    ("code", "abi", "number"),
    [
        ("   mov $5, %eax\n   mov %rdi, %rbx", "kvm", 5),
        ("   mov %rdi, %rbx\n   mov $0x63, %eax", "kvm", 0x63),  # in no table
        ("   mov %rdi, %rax\n   mov %rsi, %rbx", "kvm", None),
        ("   mov $1, %eax", "kvm", 1),  # it has no arguments
        ("   mov $17, %eax\n   mov $0, %edi", "xen", 17),
        ("   mov $0x1005c, %ecx\n   mov %rdi, %rdx\n   mov $0, %r8d", "hyperv", 0x5C),
        ("   mov $0x80000012, %r8d\n   mov $5, %eax\n   mov %rdi, %rbx", "acrn", 0x80000012),
        ("   mov %rdi, %r8\n   mov %rsi, %rdi", "acrn", None),
        ("   mov %rdx, %r8\n   mov %rdi, %rax\n   mov %rsi, %rbx", "acrn", None),
        ("   nop", "acrn", None),
    ],
)
def test_the_row_whose_registers_are_loaded(code, abi, number, tmp_path):
    site = site_of(SAVED.format(code), tmp_path)
    assert (site.abi.name, site.number) == (abi, number)


@pytest.mark.parametrize(
    ("code", "other", "registers"),
    [
        ("f: mov $1, %eax\n   mov $0, %edi\n   vmcall\n   ret", ANOTHER, ("rax", "rdi")),
        # Hyper-V's, perhaps, with a control word that is computed and no output
        (
            "f: mov %rdi, %rcx\n   mov %rsi, %rdx\n   mov $0, %r8d\n   vmcall\n   ret",
            *(ANOTHER, ("rcx", "rdx", "r8")),
        ),
        ("f: mov $0x564d5868, %eax\n   mov $9, %ecx\n   vmcall\n   ret", "VMware", ("rax", "rcx")),
    ],
)
def test_one_that_has_no_row_is_named_and_its_abi_unknown(code, other, registers, tmp_path):
    site = site_of(code, tmp_path)
    assert (site.other, site.abi) == (other, unknown_abi(registers))
    assert pickle.loads(pickle.dumps(site)) == site


STUB = "f: vmcall\n   ret\ng: jmp f\n"


@pytest.mark.parametrize(
    ("callers", "other"),
    [
        ("h: mov $17, %eax\n   call f\n   ret", "xen"),
        ("h: mov $17, %eax\n   call g\n   ret", "xen"),  # past what passes all on
        ("h: mov $17, %eax\n   mov $2, %r10d\n   mov $3, %r8d\n   call f\n   ret", "xen"),
        ("h: mov $2, %eax\n   call f\n   mov $29, %eax\n   call f\n   ret", "xen"),
        ("h: mov $8, %eax\n   call f\n   ret", ANOTHER),
        ("h: mov $17, %eax\n   mov $0x80000012, %r8d\n   call g\n   ret", None),
        ("h: mov $17, %eax\n   call f\n   ret\ni: mov $0x80000012, %r8d\n   call f\n   ret", None),
        ("h: mov $17, %eax\n   call f\n   ret\ni: mov (%rdi), %r8\n   call f\n   ret", None),
        ("h: call f\n   ret", None),
    ],
)
def test_a_stub_is_judged_by_its_callers(callers, other, tmp_path):
    site = site_of(STUB + callers, tmp_path)
    assert (site.other or site.abi.name) == (other or "acrn")


@pytest.mark.parametrize(
    "code",
    [
        "   mov $0x80000012, %eax",  # in the wrong register
        "   mov %edi, %edi\n   mov $-1, %rax",  # a default result
        "   mov %edi, %edi\n   xor %eax, %eax",
        "   mov $5, %eax\n   mov %eax, %edi",  # a copy of an argument
        "   mov $5, %r8d\n   mov %edi, %edi",  # no number, but nothing of another's
        "   mov $0x80000012, %r8d\n   call printk\n   mov $5, %eax",
        "   mov %rdi, %rbx\n   call printk\n   mov %rbx, %rdi",  # RAX is what printk returned
    ],
)
def test_what_may_be_a_wrong_call_of_acrn_is_none_of_anothers(code, tmp_path):
    site = site_of(f"f: push %rcx\n{code}\n   vmcall\n   pop %rcx\n   ret", tmp_path)
    assert (site.other, site.abi) == (None, main_abi())


def test_a_number_that_the_scan_knows_is_none_of_acrns_beside_anothers(tmp_path):
    code = "f: mov $0x1005c, %ecx\n   mov %rdi, %rdx\n   mov $0, %r8d\n   vmcall\n   ret"
    site = site_of(code, tmp_path)
    assert (site.abi.name, site.number) == ("hyperv", 0x5C)


def test_fill_in_front_of_a_stub_is_not_its_code(tmp_path):
    fill = "   nop\n" * 16
    image = open_image(str(assemble(f"f: {fill}   endbr64\n   vmcall\n   ret", tmp_path)))
    (verdict,) = Linter(image, KNOWLEDGE).verdicts(image_sites(image))
    assert verdict.findings == []


def test_what_says_whose_it_is(tmp_path):
    assert site_of(KICK, tmp_path).abi_by == "code"
    assert site_of("f: vmcall\n   ret", tmp_path).abi_by is None


def test_a_record_decides(tmp_path):
    image = open_image(str(assemble(KICK, tmp_path)))
    (site,) = image_sites(image)
    recorded = Site(site.address, abi_by="record")
    assert with_abis(image, KNOWLEDGE, [recorded]) == [recorded]


def test_rules_are_those_of_the_row(tmp_path):
    code = SAVED.format("   mov $5, %eax\n   mov %rdi, %rbx\n   call g") + "\ng: ret"
    image = open_image(str(assemble(code, tmp_path)))
    (verdict,) = Linter(image, KNOWLEDGE).verdicts(image_sites(image))
    assert all("R8" not in found.text for found in verdict.findings)
    assert verdict.site.abi is abi_named("kvm") is not main_abi()


@pytest.mark.parametrize(
    ("code", "whose"),
    [
        ("   mov $12, %eax\n   mov $3, %edi\n   mov %rbp, %rsi", "xen"),  # RBX is of before
        ("   mov $12, %eax\n   mov %rsp, %rsi", "kvm"),
        ("   mov $12, %eax\n   mov $3, %edi\n   mov %rbp, %rbx", "kvm"),
        ("   mov $0x63, %eax\n   mov %rsp, %rsi", "kvm"),
    ],
)
def test_what_was_loaded_before_another_call_counts_less(code, whose, tmp_path):
    before = "f: push %rbx\n   mov %rdi, %rbx\n   mov %rsi, %r8\n   mov $7, %edi\n   call printk\n"
    site = site_of(f"{before}{code}\n   vmcall\n   pop %rbx\n   ret", tmp_path)
    assert (site.other or site.abi.name) == whose


@pytest.mark.parametrize(
    ("guest", "count", "whose"), [("kvm/guest.elf", 12, "kvm"), ("xen/guest.elf", 14, "xen")]
)
def test_the_sites_of_guests_that_real_hypervisors_run(guest, count, whose):
    path = f"build/tests/{guest}"
    make(path)
    image = open_image(str(ROOT / path))
    sites = with_abis(image, KNOWLEDGE, image_sites(image))
    assert [site.other or site.abi.name for site in sites] == [whose] * count
    assert None not in [site.number for site in sites]


ACRN_TOO = "\ng: mov $0x80000012, %r8d\n   vmcall\n   ret"
ASKS = '\n.section .rodata\n.ascii "KVMKVMKVM"\n.previous'


@pytest.mark.parametrize(
    ("code", "words", "found", "others"),
    [
        (KICK, [], 0, " (1 of KVM's)"),  # of a guest of KVM's
        (KICK + ACRN_TOO, [], 1, " (1 of KVM's)"),  # in the middle of ACRN's
        (KICK + ACRN_TOO + ASKS, [], 0, " (1 of KVM's)"),
        (KICK + ASKS, ["--only", "kvm-call"], 1, " (1 of KVM's)"),
        ("f:" + ACRN_TOO, [], 0, ""),
        # None of which anything says whose it is.
        ("f: mov $8, %eax\n   mov %rdi, %rsi\n   vmcall\n   ret", [], 1, " (1 of another hyp"),
    ],
)
def test_a_call_of_anothers_is_a_finding_where_none_is_meant(
    code, words, found, others, tmp_path, capsys
):
    image = assemble(code, tmp_path)
    assert main(["lint", *words, str(image)]) == (found > 0)
    last = capsys.readouterr().out.splitlines()[-1]
    assert f" site{others}" in last.replace("sites", "site") and f"; {found} finding" in last


JAILHOUSE = "f: mov $8, %eax\n   mov $65, %edi\n   vmcall\n   ret"
COMPUTED = "f: mov %rdi, %rcx\n   mov %rsi, %rdx\n   mov $0, %r8d\n   vmcall\n   ret"


@pytest.mark.parametrize(
    ("code", "signature", "whose"),
    [
        (JAILHOUSE, "Jailhouse", "Jailhouse"),
        (JAILHOUSE, "", ANOTHER),
        (JAILHOUSE.replace("$8", "$9"), "Jailhouse", ANOTHER),  # it has no such call
        (COMPUTED, "Microsoft Hv", "hyperv"),
        (COMPUTED, "Jailhouse", ANOTHER),
    ],
)
def test_what_the_image_asks_for_tells_whose_where_registers_do_not(
    code, signature, whose, tmp_path
):
    site = site_of(f'{code}\n.section .rodata\n.ascii "{signature}"\n.previous', tmp_path)
    assert (site.other or site.abi.name) == whose
