# SPDX-License-Identifier: BSD-3-Clause
"""The modules of an older and a newer Linux, whose layouts and list are a compiler's."""

import pytest

from acrn_trace.image.btf import Btf, Member
from acrn_trace.image.image import open_image
from acrn_trace.in_gdb.linux_modules import GuestModules, module_layout
from helpers.process import run

# What the kernel's own headers have of these, with members that are here only to be passed over.
COMMON = """
typedef unsigned long address_t;
struct list_head { struct list_head *next, *prev; };
struct attribute { const char *name; unsigned short mode; };
struct bin_attribute { struct attribute attr; long size; void *private; void *read, *write; };
struct module {
    enum { LIVE, COMING } state;
    struct list_head list;
    char name[56];
    const volatile address_t flags[2][3];
    struct module_sect_attrs *sect_attrs;
};
extern struct list_head modules;
"""
OLDER = """
struct attribute_group { const char *name; void *shown; struct bin_attribute **bin_attrs; };
struct module_sect_attr { struct bin_attribute battr; unsigned long address; };
struct module_sect_attrs {
    struct attribute_group grp; unsigned int count; struct module_sect_attr attrs[2];
};
#define FILE(NAME, ADDRESS) { { { NAME } }, ADDRESS }
#define OF(FILES) &FILES.battr
"""
NEWER = """
struct attribute_group {
    const char *name;
    void *shown, *size;
    union {
        struct bin_attribute **bin_attrs;
        const struct bin_attribute *const *bin_attrs_new;
    };
};
struct module_sect_attrs { struct attribute_group grp; struct bin_attribute attrs[2]; };
#define FILE(NAME, ADDRESS) { { NAME }, 0, (void *)ADDRESS }
#define OF(FILES) &FILES
"""
LOADED = """
struct module_sect_attrs text;
struct bin_attribute *files[] = { OF(text.attrs[0]), OF(text.attrs[1]), 0 };
struct module_sect_attrs text = {
    { .bin_attrs = files },
    .attrs = { FILE(".text", 0xffffffffc0001000), FILE(".init.text", 0xffffffffc0009000) },
};
struct module second;
struct module first = { .list = { &second.list, &modules }, "ptp_kvm", .sect_attrs = &text };
struct module second = { .list = { &modules, &first.list }, .name = "bare" };
struct list_head modules = { &first.list, &second.list };
"""
KERNEL = ("-mcmodel=kernel", "-fno-pie", "-static", "-nostdlib")
PLACED = "-Wl,-e0,-Ttext=0xffffffff81000000"


@pytest.fixture(scope="module", params=[OLDER, NEWER], ids=["6.13", "6.14"])
def kernel(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("kernel")
    (folder / "kernel.c").write_text(COMMON + request.param + LOADED)
    done = run(["gcc", "-gbtf", *KERNEL, PLACED, folder / "kernel.c", "-o", folder / "vmlinux"])
    assert done.status == 0, done.err
    return open_image(str(folder / "vmlinux"))


def memory_of(image):
    """What reads the memory of a guest with the image, which has zeros behind it."""
    return lambda address, size: image.read_at_most(address, size).ljust(size, b"\0")


def modules_of(image, read):
    modules = GuestModules(module_layout(Btf(image).member), read)
    listed = modules.listed(image.value_of("modules"))
    return {name: modules.sections_at(address) for name, address in listed.items()}


def test_each_has_its_sections_where_the_kernel_says_so(kernel):
    """One whose sections the kernel has not kept has none."""
    assert modules_of(kernel, memory_of(kernel)) == {
        "ptp_kvm": {".text": 0xFFFF_FFFF_C000_1000, ".init.text": 0xFFFF_FFFF_C000_9000},
        "bare": {},
    }


def test_a_member_is_found_by_its_place_and_size(kernel):
    """In what has no name, too; of an array of arrays behind other names."""
    btf = Btf(kernel)
    assert btf.member("module", "name") == Member(24, 56)
    assert btf.member("module", "flags") == Member(80, 48)
    assert btf.member("attribute_group", "bin_attrs").size == 8
    for structure, name in (("module", "attr"), ("none", "name"), ("module", "")):
        with pytest.raises(KeyError):
            btf.member(structure, name)


@pytest.mark.parametrize("value", [0, 0x1000, 0xFFFF_FFFF_FFFF_FFFF])
def test_a_guest_that_lies_has_no_endless_list(kernel, value):
    """Whatever word it has wherever; a list that leads to itself among them."""
    memory = memory_of(kernel)
    for wrong in (value, kernel.value_of("first") + 8):
        reads = []

        def read(address, size):
            reads.append(address)
            return wrong.to_bytes(8, "little") if size == 8 else memory(address, size)

        assert set(modules_of(kernel, read)) <= {"ptp_kvm", "bare", ""}
        assert len(reads) < 5000


def test_what_is_no_btf_has_no_structures(kernel):
    """Also what begins as it would, cut at each length or with other bytes in it."""
    section = kernel.section(".BTF")
    whole = kernel.section_data(section)

    class Bent:
        def __init__(self, data):
            self.section = lambda name: section
            self.section_data = lambda of: data

    cut = [whole[:size] for size in range(0, len(whole), 7)]
    bent = [whole[:at] + b"\xff" + whole[at + 1 :] for at in range(0, len(whole), 3)]
    for data in (*cut, *bent):
        try:
            assert Btf(Bent(data)).member("module", "flags").size >= 0
        except KeyError:
            pass
