# SPDX-License-Identifier: BSD-3-Clause
"""Who calls where a VMCALL is inlined: by the DWARF of real compilers, and of damaged images."""

import random
import subprocess
from pathlib import Path

import pytest

from acrn_trace.image.image import open_image
from acrn_trace.sites.callers import inlined_around
from acrn_trace.sites.sitelist import image_sites

WRAPPERS = """
static inline __attribute__((always_inline)) long acrn_hypercall1(unsigned long nr, unsigned long a)
{
    long ret;
    asm volatile("movl %1, %%r8d\\n\\tvmcall" : "=a"(ret) : "i"(nr), "D"(a) : "r8", "memory");
    return ret;
}
static inline __attribute__((always_inline)) long hcall_start_vm(unsigned long vmid)
{
    return acrn_hypercall1(0x80000012, vmid);
}
"""
CALLERS = """#include "wrappers.h"
static inline __attribute__((always_inline)) long my_hypercall(unsigned long vmid)
{
    return acrn_hypercall1(0x80000011, vmid);
}
static inline __attribute__((always_inline)) long helper(unsigned long vmid)
{
    return hcall_start_vm(vmid); /* line 8 */
}
__attribute__((noinline)) long outer(unsigned long vmid)
{
    if (vmid)
        return helper(vmid);
    return my_hypercall(1); /* line 14 */
}
__attribute__((noinline)) long bare(void)
{
    asm volatile("vmcall" ::: "rax");
    return 0;
}
void _start(void)
{
    outer(3);
    bare();
}
"""
EXPECTED = {0x80000012: ("callers.c:8 helper"), 0x80000011: ("callers.c:14 outer")}


def built(folder: Path, *command: str) -> Path:
    (folder / "wrappers.h").write_text(WRAPPERS)
    (folder / "callers.c").write_text(CALLERS)
    image = folder / "image.elf"
    options = ["-O2", "-ffreestanding", "-fno-pie", "-nostdlib", "-static"]
    subprocess.run([*command, *options, "callers.c", "-o", image], cwd=folder, check=True)
    return image


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("debug", ["-gdwarf-4", "-gdwarf-5"])
def test_the_caller_is_the_first_that_is_no_wrapper(compiler, debug, tmp_path):
    image = open_image(str(built(tmp_path, compiler, debug, "-fno-inline-functions")))
    sites = image_sites(image)
    named = {site.number: str(site) for site in sites if site.number}
    assert named == EXPECTED
    (bare,) = [site for site in sites if site.number is None]
    assert (bare.function, bare.file) == ("bare", None)  # no wrapper: the line table's affair


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_the_functions_that_are_inlined_around_sites_are_known(compiler, tmp_path):
    image = open_image(str(built(tmp_path, compiler, "-g", "-fno-inline-functions")))
    wrappers = {"acrn_hypercall1", "hcall_start_vm", "my_hypercall"}
    assert inlined_around(image, image_sites(image)) == {"helper", *wrappers}
    plain = open_image(str(built(tmp_path, compiler)))
    assert inlined_around(plain, image_sites(plain)) == set()


def test_without_debug_information_the_function_is_the_symbols(tmp_path):
    sites = image_sites(open_image(str(built(tmp_path, "gcc"))))
    assert {(site.function, site.file) for site in sites} == {("outer", None), ("bare", None)}


def test_damaged_debug_information_costs_no_site(tmp_path):
    image = built(tmp_path, "gcc", "-gdwarf-4")
    whole, choose = image.read_bytes(), random.Random(7)
    sections = [open_image(str(image)).section(f".debug_{n}") for n in ("info", "abbrev", "line")]
    for _ in range(150):
        data = bytearray(whole)
        for section in sections:
            for _ in range(choose.randrange(4)):
                data[section.offset + choose.randrange(section.size)] = choose.randrange(256)
        image.write_bytes(data)
        assert [site.number for site in image_sites(open_image(str(image)))].count(None) == 1
