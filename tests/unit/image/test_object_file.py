# SPDX-License-Identifier: BSD-3-Clause
"""Object files and modules: read as ld would link them, with objdump's addresses; bent ones too."""

import json
import os
import re
import struct
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acrn_trace.base.errors import TraceError
from acrn_trace.cli.launcher import main
from acrn_trace.image.image import open_image, open_image_or_object
from acrn_trace.lint.linter import Linter
from acrn_trace.sites.sitelist import image_sites
from acrn_trace.tables.knowledge import acrn
from helpers.make.kernel import objdump_places
from helpers.process import SECONDS
from helpers.tree import ROOT

LONG = os.environ.get("ACRN_CHECK_LONG") == "1"
# Calls in two sections, two of them through a jump table; one whose number a function from
# elsewhere may break, and one before which such a function runs that keeps its arguments.
MODULE = """
#include "acrn_calls.h"
void printk(const char *text);
extern long elsewhere;
__attribute__((section(".init.text"))) long at_start(void)
{
    return acrn_hypercall1(ACRN_NR_start_vm, 1);
}
long chosen(int which, long vmid)
{
    switch (which) {
    case 0: return acrn_hypercall1(ACRN_NR_start_vm, vmid);
    case 1: return elsewhere;
    case 2: printk("two"); return 2;
    case 3: printk("three"); return acrn_hypercall1(ACRN_NR_pause_vm, vmid);
    case 4: return elsewhere + vmid;
    case 5: return vmid * 3;
    }
    return -1;
}
long lost(long vmid)
{
    register unsigned long number asm("r8") = ACRN_NR_start_vm;
    long result;
    asm volatile("nop" : "+r"(number));
    asm volatile("call printk" ::: "memory");
    asm volatile("vmcall" : "=a"(result) : "r"(number), "D"(vmid));
    return result;
}
__attribute__((noinline, noclone, used)) static long quiet(long vmid)
{
    return vmid * 3; /* and returns by way of a thunk */
}
long harmless(long vmid)
{
    register unsigned long number asm("r8") = ACRN_NR_start_vm;
    long result;
    asm volatile("nop" : "+r"(number));
    asm volatile("call quiet" ::: "memory");
    asm volatile("vmcall" : "=a"(result) : "r"(number), "D"(vmid));
    return result;
}
long kept(long vmid)
{
    register unsigned long number asm("r8") = ACRN_NR_start_vm;
    long result;
    asm volatile("nop" : "+r"(number));
    asm volatile("call __fentry__" ::: "memory");
    asm volatile("vmcall" : "=a"(result) : "r"(number), "D"(vmid));
    return result;
}
"""
OPTIONS = ["-O2", "-g", "-ffunction-sections", "-fno-pie", "-mcmodel=kernel", "-mno-red-zone"]
OPTIONS += ["-mfunction-return=thunk-extern"]  # as Linux is built


def run(*words):
    subprocess.run([str(word) for word in words], check=True, timeout=SECONDS)


@pytest.fixture(scope="module")
def module(tmp_path_factory):
    folder = tmp_path_factory.mktemp("module")
    (folder / "m.c").write_text(MODULE)
    run("gcc", *OPTIONS, f"-I{ROOT}/cstub/include", "-c", folder / "m.c", "-o", folder / "m.ko")
    return folder / "m.ko"


def test_its_sites_are_where_objdump_shows_them(module):
    sites = image_sites(open_image_or_object(str(module)))
    assert sorted(site.shown for site in sites) == sorted(objdump_places(module))
    assert {site.shown.partition("+")[0] for site in sites} > {".init.text", ".text.chosen"}
    assert all(site.certain for site in sites) and len(sites) == 6
    recorded = [site for site in sites if site.source == "both"]
    assert [(site.function, site.number) for site in recorded] == [
        *(("at_start", 0x80000012), ("chosen", 0x80000012), ("chosen", 0x80000013)),
    ]
    assert all(site.file and site.file.endswith("m.c") and site.line for site in recorded)


def test_what_is_defined_elsewhere_is_known_by_its_name(module):
    image = open_image_or_object(str(module))
    found = {
        verdict.site.function: [one.id for one in verdict.findings]
        for verdict in Linter(image, acrn()).verdicts(image_sites(image))
    }
    assert found.pop("lost") == ["call-between"]
    assert found == dict.fromkeys(("at_start", "chosen", "harmless", "kept"), [])


def test_lint_says_where_and_which_line(module, capsys):
    assert main(["lint", str(module)]) == 1
    finding, last = capsys.readouterr().out.splitlines()
    assert re.match(
        r"\.text\.lost\+0x\w+ m\.c:\d+ lost: call-between: .* the call of printk ", finding
    )
    assert re.search(r" at \.text\.lost\+0x\w+ ", finding) and last.startswith("6 sites, ")
    assert main(["lint", "--json", str(module)]) == 1
    (lost,) = [s for s in json.loads(capsys.readouterr().out)["sites"] if s["symbol"] == "lost"]
    assert lost["site"] == finding.split()[0] and lost["line"]


def test_the_listing_names_what_is_called(module, capsys):
    assert main(["sites", "-l", str(module)]) == 0
    out = capsys.readouterr().out
    assert re.search(r"^    \.text\.lost\+0x\w+  call\w? +printk$", out, re.MULTILINE)
    assert re.search(r"^ => \.init\.text\+0x\w+  vmcall  # start_vm\(rdi\)$", out, re.MULTILINE)


def test_it_is_linked_as_ld_links_it(module, tmp_path):
    """With ld putting each section, and what is elsewhere, where we do, all bytes are equal."""
    run("ld", "-r", module, "-o", tmp_path / "m.o")  # for one section of each name
    module = tmp_path / "m.o"
    image = open_image_or_object(str(module))
    loaded = [s for s in image.sections() if s.flags & 2 and s.size]
    elsewhere = {
        name: image.function_named(name)
        for name in ("printk", "elsewhere", "__fentry__", "__x86_return_thunk")
    }
    defined = [f"--defsym={name}={address:#x}" for name, address in elsewhere.items()]
    script = "SECTIONS { %s }" % " ".join(
        f"{s.name} {s.address:#x} : {{ *({s.name}) }}" for s in loaded
    )
    (tmp_path / "ld").write_text(script)
    run("ld", "-e", "0", "-T", tmp_path / "ld", *defined, module, "-o", tmp_path / "image")
    theirs = open_image(str(tmp_path / "image"))
    for section in loaded:
        ours = image.read_at_most(section.address, section.size)
        assert ours == theirs.read_at_most(section.address, section.size), section.name
    for name in (".debug_aranges", ".debug_rnglists"):
        ours, other = image.section(name), theirs.section(name)
        assert image.section_data(ours) == theirs.section_data(other), name


def test_only_what_does_not_run_the_image_takes_an_object_file(module):
    with pytest.raises(TraceError, match="not linked; give the linked image .*'acrn-trace lint'"):
        open_image(str(module))


def patched(data, name, offset, layout, value):
    """``data`` with something else in the header of the first section whose name ends so."""
    data = bytearray(data)
    table, count, names = (struct.unpack_from(f, data, a)[0] for f, a in (("<Q", 40), *COUNTS))
    strings = struct.unpack_from("<Q", data, table + 64 * names + 24)[0]
    for number in range(count):
        header = table + 64 * number
        at = strings + struct.unpack_from("<I", data, header)[0]
        if data[at:].split(b"\0", 1)[0].decode() == name:
            struct.pack_into(layout, data, header + offset, value)
            return bytes(data)
    raise KeyError(name)


COUNTS = (("<H", 60), ("<H", 62))
RELA, TEXT, BSS = ".rela.text.lost", ".text.lost", ".bss"
LIES = {
    "a relocation of another section": (RELA, 44, "<I", 99999, "relocates no section"),
    "by symbols that are none": (RELA, 40, "<I", 1, "by no symbols"),
    "behind its section's end": (TEXT, 32, "<Q", 8, "what is not in section .text.lost"),
    "outside of the file": (TEXT, 24, "<Q", 1 << 40, "lies outside of the file"),
    "an endless section": (BSS, 32, "<Q", 1 << 60, "more than 1 GiB"),
    "an endless alignment": (TEXT, 48, "<Q", 1 << 60, "is aligned to"),
    "an endless table": (RELA, 32, "<Q", 1 << 60, "its relocations overlap"),
    "an endless table of symbols": (".symtab", 32, "<Q", 1 << 60, "its symbol tables overlap"),
    "few symbols": (".symtab", 32, "<Q", 48, "section .rela.* has what is not in section"),
    "no symbols": (".symtab", 4, "<I", 1, "by no symbols"),
}


@pytest.mark.parametrize("lie", LIES)
def test_what_it_says_and_cannot_be_is_a_sentence(lie, module, tmp_path):
    name, offset, layout, value, words = LIES[lie]
    (tmp_path / "m.ko").write_bytes(patched(module.read_bytes(), name, offset, layout, value))
    with pytest.raises(TraceError, match=words) as error:
        open_image_or_object(str(tmp_path / "m.ko"))
    assert str(tmp_path) in str(error.value) and "\n" not in str(error.value)


def test_what_needs_a_linker_is_told(tmp_path):
    (tmp_path / "t.s").write_text("f: mov x@gottpoff(%rip), %rax\n vmcall\n ret\n")
    run("as", tmp_path / "t.s", "-o", tmp_path / "t.o")
    with pytest.raises(TraceError, match="section .text has relocations of type 22, which need a"):
        open_image_or_object(str(tmp_path / "t.o"))


@settings(max_examples=5000 if LONG else 100, deadline=None)
@given(st.data())
def test_a_mutated_one_is_sites_or_a_sentence(module, tmp_path_factory, data):
    whole = bytearray(module.read_bytes())
    table = struct.unpack_from("<Q", whole, 40)[0]  # most of the file is debug information
    places = st.one_of(st.integers(0, len(whole) - 1), st.integers(table, len(whole) - 1))
    changes = st.lists(st.tuples(places, st.integers(0, 255)), min_size=1, max_size=12)
    for offset, value in data.draw(changes):
        whole[offset] = value
    path = tmp_path_factory.getbasetemp() / "mutated.ko"
    path.write_bytes(whole)
    try:
        image = open_image_or_object(str(path))
        list(Linter(image, acrn()).verdicts(image_sites(image)))
    except TraceError as error:
        assert str(error) and "\n" not in str(error)
