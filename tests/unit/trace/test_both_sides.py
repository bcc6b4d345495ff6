# SPDX-License-Identifier: BSD-3-Clause
"""Calls at both ends: which arrival is which call, and where a hypervisor's image shows them."""

import contextlib
import random
import subprocess

import pytest

from acrn_trace.base.errors import TraceError
from acrn_trace.image.image import open_image
from acrn_trace.sites.hypervisor_code import Access, hypervisor_code
from acrn_trace.trace.both_sides import BothSides, hypervisor_lines
from helpers.make.event import event
from helpers.tree import IMAGES


def call(seq: int, vcpu: int, arg: int, nr: int = 0x80000012):
    return event(seq=seq, vcpu=vcpu, nr=nr, args=(arg, 0), rax=0, status="returned")


def side_of(one) -> dict:
    return one.more["hypervisor"]


def arrives(sides: BothSides, one, handler: str = "model_start", ret: int = 0) -> None:
    sides.arrived(one.vcpu, one.nr, one.args)
    sides.handled_by(one.vcpu, handler)
    sides.handler_returned(one.vcpu, ret & (1 << 64) - 1)


def test_a_call_and_its_arrival():
    sides, one = BothSides(), call(0, 0, 1)
    sides.entered(one)
    arrives(sides, one)
    sides.finished(one)
    expected = {"handler": "model_start", "nr": "0x80000012", "args": ["0x1", "0x0"], "ret": 0}
    assert side_of(one) == expected
    assert one.findings == []
    assert hypervisor_lines(one) == [" | hypervisor: 0x80000012, 0x1, 0x0: model_start = 0"]


def test_two_vcpus_at_once():
    sides, first, second = BothSides(), call(0, 0, 1), call(1, 1, 2)
    sides.entered(first)
    sides.entered(second)
    arrives(sides, second)
    arrives(sides, first)
    sides.finished(first)
    sides.finished(second)
    assert [side_of(one)["args"][0] for one in (first, second)] == ["0x1", "0x2"]
    assert first.findings == second.findings == []


@pytest.mark.parametrize("outer_first", [True, False])
def test_a_handlers_call_within_another(outer_first):
    """The interrupt comes before the outer call's VMCALL runs, or when it is back."""
    sides, outer, inner = BothSides(), call(0, 0, 1), call(1, 0, 2)
    sides.entered(outer)
    if outer_first:
        arrives(sides, outer)
    sides.entered(inner)
    arrives(sides, inner)
    sides.finished(inner)
    if not outer_first:
        arrives(sides, outer)
    sides.finished(outer)
    assert (side_of(outer)["args"][0], side_of(inner)["args"][0]) == ("0x1", "0x2")
    assert outer.findings == inner.findings == []


def test_a_thread_that_migrates_before_its_call_runs():
    sides, one, other = BothSides(), call(0, 0, 1), call(1, 0, 2)
    sides.entered(one)
    sides.entered(other)
    sides.arrived(1, one.nr, one.args)
    sides.finished(one)
    assert side_of(one)["args"][0] == "0x1"


@pytest.mark.parametrize("outer_waits", [True, False])
def test_an_arrival_that_is_reported_twice(outer_waits):
    """Before the handler runs; another call that is interrupted there has not arrived by that."""
    sides, outer, one = BothSides(), call(0, 0, 1), call(1, 0, 2)
    if outer_waits:
        sides.entered(outer)
    sides.entered(one)
    sides.arrived(0, one.nr, one.args)
    arrives(sides, one)
    sides.finished(one)
    assert (side_of(one)["handler"], side_of(one)["ret"]) == ("model_start", 0)
    assert sides.unmatched == 0 and one.findings == []
    if outer_waits:
        arrives(sides, outer)
        sides.finished(outer)
        assert side_of(outer)["args"][0] == "0x1" and outer.findings == []


def test_the_same_call_again_that_no_handler_takes():
    """Refused, and made again by an interrupt before the first has returned."""
    sides, outer, inner = BothSides(), call(0, 0, 1), call(1, 0, 1)
    for one in (outer, inner):
        sides.entered(one)
        sides.arrived(0, one.nr, one.args)
    for one in (inner, outer):
        sides.finished(one)
        assert side_of(one)["handler"] is None and one.findings == []


def test_what_differs_is_found():
    sides, one = BothSides(), call(0, 0, 1)
    sides.entered(one)
    sides.arrived(0, 0x80000013, (9, 0))
    sides.handled_by(0, "model_pause")
    sides.handled_by(0, "model_deeper")
    sides.handler_returned(0, 0xFFFFFFFF)
    sides.finished(one)
    assert [finding.kind for finding in one.findings] == ["hypervisor-differs"] * 3
    number, argument, result = (finding.text for finding in one.findings)
    assert "number left the guest as 0x80000012 and arrived as 0x80000013" in number
    assert "argument 1 left the guest as 0x1 and arrived as 0x9" in argument
    assert "model_pause returned -1 and the guest got 0" in result


def test_a_call_that_the_dispatcher_never_saw():
    sides, one = BothSides(), call(0, 0, 1)
    one.answered_by = "hypervisor"
    sides.entered(one)
    sides.finished(one)
    assert "the hypervisor's dispatcher never saw it" in one.findings[0].text
    mocked = call(1, 0, 1)
    mocked.answered_by = "mock"
    sides.entered(mocked)
    sides.finished(mocked)
    assert mocked.findings == []


def test_an_arrival_from_an_untraced_site_is_nobodys():
    sides, one = BothSides(), call(0, 0, 1)
    sides.arrived(0, 5, (0, 0))
    assert sides.unmatched == 1
    sides.entered(one)
    arrives(sides, one)
    sides.arrived(0, 5, (0, 0))
    sides.finished(one)
    assert side_of(one)["args"][0] == "0x1" and one.findings == []


@pytest.mark.parametrize("tree", [5, [], {"args": 3}, {"handler": {}, "nr": None}])
def test_any_tree_from_a_file_has_a_line_or_none(tree):
    one = call(0, 0, 1)
    one.more["hypervisor"] = tree
    assert len(hypervisor_lines(one)) <= 1


# ---- images ----


def test_the_example_hypervisor():
    code = hypervisor_code(open_image(str(IMAGES / "hypervisor.elf")))
    assert code.name == "examples/hypervisor"
    assert {"model_create_vm", "model_start_vm_call"} <= set(code.handlers.values())
    assert "model_read" not in code.handlers.values()
    assert len(code.returns) == 1
    number, first, second = code.registers.values()
    assert (number.base - first.base, first.base - second.base) == (8, 8)
    assert (number.size, number.index) == (8, None)


ACRN_LIKE = """
typedef unsigned long uint64_t;
struct acrn_gp_regs { uint64_t rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12; };
union guest_regs { struct acrn_gp_regs regs; uint64_t longs[13]; };
struct run_context { %s cpu_regs; uint64_t cr2; };
struct guest_cpu_context { struct run_context run_ctx; uint64_t more[3]; };
struct acrn_vcpu_arch { uint64_t id; int cur_context; struct guest_cpu_context contexts[2]; };
struct acrn_vcpu { uint64_t state; struct acrn_vcpu_arch arch; };
int hcall_create_vm(struct acrn_vcpu *vcpu) { return vcpu->state; }
int hcall_start_vm(struct acrn_vcpu *vcpu) { return vcpu->arch.id; }
int hcall_not_in_the_table(void) { return 3; }
static int (*const table[])(struct acrn_vcpu *) = { hcall_create_vm, hcall_start_vm };
int dispatch_hypercall(struct acrn_vcpu *vcpu) { return table[vcpu->arch.id & 1](vcpu) + 1; }
"""


@pytest.mark.parametrize("registers", ["struct acrn_gp_regs", "union guest_regs"])
def test_acrns_names(registers, tmp_path):
    """Not ACRN itself, which is not here: an image with its names and shapes."""
    source, image = tmp_path / "acrn.c", tmp_path / "acrn.out"
    source.write_text(ACRN_LIKE % registers)
    flags = ["-g", "-O1", "-nostdlib", "-static", "-no-pie", "-Wl,-e,dispatch_hypercall"]
    subprocess.run(["gcc", *flags, "-o", image, source], check=True)
    code = hypervisor_code(open_image(str(image)))
    assert code.name == "ACRN"
    assert sorted(code.handlers.values()) == ["hcall_create_vm", "hcall_start_vm"]
    assert len(code.returns) == 1
    context = 13 * 8 + 8 + 24
    index = Access(16, 4)
    places = {"r8": 8, "rdi": 7, "rsi": 6}
    assert code.registers == {
        name: Access(24 + place * 8, 8, context, index) for name, place in places.items()
    }


def test_an_image_that_is_no_hypervisor():
    with pytest.raises(TraceError, match="shows no hypercall dispatcher"):
        hypervisor_code(open_image(str(IMAGES / "smp.elf")))


@pytest.mark.parametrize("seed", range(12))
def test_damaged_debug_information_is_a_sentence(seed, tmp_path):
    path, choose = IMAGES / "hypervisor.elf", random.Random(seed)
    damaged = bytearray(path.read_bytes())
    for name in (".debug_info", ".debug_abbrev"):
        section = open_image(str(path)).section(name)
        for _ in range(30):
            damaged[section.offset + choose.randrange(section.size)] = choose.randrange(256)
    (tmp_path / "damaged.elf").write_bytes(damaged)
    with contextlib.suppress(TraceError):
        hypervisor_code(open_image(str(tmp_path / "damaged.elf")))
