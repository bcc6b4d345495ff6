# SPDX-License-Identifier: BSD-3-Clause
"""What holds of some releases of ACRN has a first one as well as a last; layouts are theirs."""

import pytest

from acrn_trace.base.errors import TraceError
from acrn_trace.tables.built import calls_in, table_for
from acrn_trace.tables.guest_types import GuestTypes
from acrn_trace.tables.knowledge import acrn
from acrn_trace.tables.releases import read_releases
from helpers.make.memory import FakeMemory, Structures


@pytest.mark.parametrize("release", ["v1.2", "v1.6", "v2.7", "v3.3"])
def test_releases_that_lose_errors(release):
    assert acrn().releases.can_lose_errors(release)


@pytest.mark.parametrize("release", ["v0.1", "v0.5", "v1.0", "v1.1", "master"])
def test_releases_that_always_write_the_result(release):
    assert not acrn().releases.can_lose_errors(release)


def test_a_line_without_its_first_release_is_refused(tmp_path):
    path = tmp_path / "versions.def"
    path.write_text("RELEASES(v1.0, v1.1)\nLOSES_ERRORS(v1.1)\n")
    with pytest.raises(TraceError, match="not a line of releases"):
        read_releases(str(path))
    path.write_text("RELEASES(v1.0, v1.1)\n")
    assert not read_releases(str(path)).can_lose_errors("v1.0")


# ---- layouts ----

DECODED = {
    ("acrn_vm_creation", "v2.6"): (
        bytes(8) + bytes.fromhex("d2795400d62511e8864ecb7a18b34643") + bytes(24),
        {"uuid": "d2795400d62511e8864ecb7a18b34643", "vm_flag": "0x0", "cpu_affinity": "0x0"},
    ),
    ("acrn_vm_creation", "v2.7"): (
        bytes(8) + b"linux-vm".ljust(16, b"\0") + bytes(24),
        {"name": "linux-vm", "vm_flag": "0x0"},
    ),
    ("hc_ptdev_irq", "v1.0"): (
        b"\2\0\0\0" + bytes(4) + b"\5\0\0\0" + bytes(12),
        {"type": "ACRN_PTDEV_MSIX", "is": {"msix": {"vector_cnt": 5}}},
    ),
    ("hc_ptdev_irq", "v1.6"): (
        bytes(8) + b"\5\0\0\0\7\0\0\0" + bytes(8),
        {
            "type": "ACRN_PTDEV_INTX",
            "is": {"intx": {"virt_pin": 5, "phys_pin": 7, "pic_pin": 0}},
        },
    ),
    ("hc_ptdev_irq", "v2.0"): (
        bytes(8) + b"\5\0\0\0\7\0\0\0" + bytes(8),
        {"type": "ACRN_PTDEV_INTX", "intx": {"virt_pin": 5, "phys_pin": 7, "pic_pin": 0}},
    ),
    ("acrn_mmiodev", "v2.5"): (
        b"".join(number.to_bytes(8, "little") for number in (0x1000, 0x2000, 0x3000)),
        {"base_gpa": "0x1000", "base_hpa": "0x2000", "size": "0x3000"},
    ),
    ("acrn_mmiodev", "v2.6"): (b"MSFT0101" + bytes(96), {"name": "MSFT0101"}),
    ("profiling_vm_info_list", "v1.2"): (b"\3\0" + b"\xff" * 30, {"num_vms": 3}),
}


@pytest.mark.parametrize(("name", "release"), DECODED)
def test_a_structure_is_shown_as_the_release_has_it(name, release):
    data, shown = DECODED[name, release]
    tree = Structures(acrn(release).types).read(name, 0x1000, FakeMemory({0x1000: data}))
    assert tree | shown == tree
    if "profiling" in name:
        assert tree == shown


def test_every_layout_is_there_and_of_one_release_only():
    knowledge = acrn()
    structs = knowledge.types.layouts.structs
    for first, last, name, other in knowledge.releases.laid_out:
        assert {name, other} <= structs.keys()
        assert knowledge.releases.layouts(first)[name] == other
        assert knowledge.releases.layouts(last)[name] == other
        assert structs[other].size <= structs[name].size
    assert knowledge.releases.layouts(knowledge.releases.newest) == {}


def test_a_release_that_is_taken_leaves_the_types_of_those_who_have_them():
    knowledge = acrn()
    newest = knowledge.types
    knowledge.use_release("v2.6")
    assert newest.former == {} and "acrn_vm_creation" in knowledge.types.former
    assert knowledge.types.type_named("acrn_vm_creation").name == "acrn_vm_creation_v2_6"
    assert newest.type_named("acrn_vm_creation").name == "acrn_vm_creation"
    knowledge.use_release("master")
    assert knowledge.types.former == {}


def test_a_guests_own_names_are_not_those_of_another_release():
    types = acrn("v2.6").types
    types.guest_types = GuestTypes(acrn().types.layouts.structs.get, types.own_fields, print)
    assert [field.name for field in types.type_named("acrn_vm_creation").fields][4] == "uuid"
    assert types.type_named("acrn_msi_entry").name == "acrn_msi_entry"


def test_the_built_table_is_of_the_newest_release_alone():
    """v3.2 has its calls; that its structures are the same too is not by the calls' checksum."""
    knowledge = acrn("v3.2")
    assert calls_in(table_for(knowledge)) == acrn().table.checksum
    differs = ("v3.2", "v3.2", "acrn_vm_creation", "acrn_vm_creation_v2_6")
    knowledge.releases.laid_out.append(differs)
    knowledge.use_release("v3.2")
    assert table_for(knowledge) != table_for(acrn())
