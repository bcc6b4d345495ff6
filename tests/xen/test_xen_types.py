# SPDX-License-Identifier: BSD-3-Clause
"""The structures and numbers of Xen's calls are those of its own headers, to a compiler."""

import re
from typing import Iterator

from acrn_trace.tables.knowledge import acrn
from acrn_trace.tables.layouts import Struct
from helpers import xen
from helpers.guests import make
from helpers.process import run

HEADERS = (
    "version memory sched event_channel vcpu grant_table physdev hvm/hvm_op hvm/params".split()
)
# What a structure of ours is called in Xen; else it has the name that PREFIXES make of ours.
NAMES = {
    "xen_extraversion": "xen_extraversion_t",
    "xen_compile_info": "struct xen_compile_info",
    "xen_capabilities_info": "xen_capabilities_info_t",
    "xen_changeset_info": "xen_changeset_info_t",
    "xen_platform_parameters": "struct xen_platform_parameters",
    "xen_feature_info": "struct xen_feature_info",
    "xen_domain_handle": "xen_domain_handle_t",
    "xen_domid": "struct xen_memory_domain",
    "xen_acquire_resource": "struct xen_mem_acquire_resource",
    "xen_e820entry": None,  # as the BIOS has it: no public header of Xen's does
    "xen_evtchn_port": "struct evtchn_send",
    "xen_vcpu_area": "struct vcpu_register_runstate_memory_area",
    "xen_hvm_evtchn_upcall_vector": "struct xen_hvm_evtchn_upcall_vector",
    "xen_multicall_entry": "struct multicall_entry",
    "xen_physdev_pirq_eoi_gmfn": "struct physdev_pirq_eoi_gmfn",
}
UNIONS = {"xen_gnttab_page"}  # which stand in another
PREFIXES = ("gnttab", "physdev", "sched", "evtchn", "vcpu")
# Fields that we have otherwise: where Xen has them, or None where it has none of the name.
FIELDS = {
    "xen_extraversion.text": None,
    "xen_capabilities_info.text": None,
    "xen_changeset_info.text": None,
    "xen_domain_handle.handle": None,
    "xen_multicall_entry.op_high": None,
    "xen_add_to_physmap_batch.foreign_domid": "u.foreign_domid",
    "xen_evtchn_init_control.pad": "_pad",
    "xen_evtchn_status.bound_to": "u",
    "xen_vcpu_area.address": "addr",
    "xen_gnttab_copy.source_domid": "source.domid",
    "xen_gnttab_copy.source_offset": "source.offset",
    "xen_gnttab_copy.dest_domid": "dest.domid",
    "xen_gnttab_copy.dest_offset": "dest.offset",
    "xen_gnttab_copy.source_gref": "flags",
    "xen_gnttab_copy.dest_gref": None,
    "xen_gnttab_copy.flags": None,
    "xen_physdev_dbgp_op.pci": "u.pci",
}


# Values that no header of Xen 4.17 has any more, or none for guests.
GONE = {
    *("HVMOP_set_isa_irq_level", "HVMOP_set_pci_intx_level", "HVMOP_set_pci_link_route"),
    *("__HYPERVISOR_mca", "__HYPERVISOR_paging_domctl_cont"),
}


def structures() -> Iterator[tuple[str, Struct, str]]:
    """Ours, and Xen's names of them."""
    for name, ours in acrn().types.layouts.structs.items():
        known = re.sub(rf"^xen_({'|'.join(PREFIXES)})_", r"\1_", name)
        theirs = NAMES.get(name, f"struct {known}")
        if name.startswith("xen_") and name not in UNIONS and theirs:
            yield name, ours, theirs


def places() -> Iterator[str]:
    for name, ours, theirs in structures():
        yield f'_Static_assert(sizeof({theirs}) == {ours.size}, "size of {name}");'
        for field in ours.fields:
            path = f"{name}.{field.name}"
            where = FIELDS.get(path, field.name)
            if where:
                at = f"offsetof({theirs}, {where}) == {field.bit_offset // 8}"
                yield f'_Static_assert({at}, "{path}");'


def values() -> Iterator[str]:
    """The numbers of the calls among them."""
    enums = acrn().types.layouts.enums
    for enum in (name for name in enums if name.startswith("xen_")):
        for value, name in enums[enum].items():
            if name not in GONE:
                yield f'_Static_assert({name} == {value}, "{name}");'


def test_sizes_places_and_values_are_those_of_xens_own_headers(tmp_path):
    make("xen-headers")
    headers = ("stddef", "stdint", "xen/xen", *(f"xen/{name}" for name in HEADERS))
    lines = [*(f"#include <{name}.h>" for name in headers), *places(), *values()]
    (tmp_path / "claims.c").write_text("\n".join(lines) + "\n")
    words = ["gcc", "-std=gnu11", "-fsyntax-only", "-D__XEN_INTERFACE_VERSION__=0x00041100"]
    words += ["-D__XEN_TOOLS__", "-I", xen.XEN / "headers/usr/include"]
    done = run([*words, tmp_path / "claims.c"])
    assert done.status == 0, done.err
    assert len(lines) > 450
