# SPDX-License-Identifier: BSD-3-Clause
"""What a row of abi.def says is what the tracer does: ACRN's row, and one of nobody's."""

import pickle
from pathlib import Path

import pytest

from acrn_trace.base import deffile, places
from acrn_trace.base.errors import TraceError
from acrn_trace.guest import abi
from acrn_trace.guest.abi import MASK64, abi_named, hypercall_at, main_abi
from acrn_trace.guest.abi_file import abis_of
from acrn_trace.guest.site import Site
from acrn_trace.tables.calls import CallTable, Entry, parse
from acrn_trace.tables.knowledge import acrn
from acrn_trace.trace.decode import Decoder
from acrn_trace.trace.pairing import Pairing
from helpers.make.memory import FakeMemory
from helpers.make.stop import stop
from helpers.tree import ROOT

KVM_LIKE = """
INSTRUCTION(vmcall, 0x0f, 0x01, 0xc1)
INSTRUCTION(trap, 0xcd, 0x82)
ABI(made_up, "MADEUPMADEUP", INSN(trap), NUMBER(rax, 0xffff), NUMBERS(0x0, 0x0), \
ARGS(rbx, rcx, rdx, rsi), RET(rax, s64), LOST(rax, r11, args), ERRORS(kvm), AGAIN(same_rip), \
MEMORY(physical))
"""
ROW = KVM_LIKE.strip().splitlines()[-1]


def made_up():
    return abis_of(deffile.parse(KVM_LIKE, "x.def"))["made_up"]


@pytest.fixture
def known():
    """What is known of the calls that have a table."""
    return acrn()


@pytest.fixture
def one_more(known, monkeypatch, tmp_path):
    """The row of nobody's among those of abi.def, which C decodes by."""
    _vmcall, trap, row = KVM_LIKE.replace("\\\n", "").strip().splitlines()
    path = tmp_path / "abi.def"
    path.write_text("\n".join((Path(places.ABIS).read_text(), trap, row, "")))
    monkeypatch.setattr(abi, "ABIS", str(path))
    abi.abis.cache_clear()
    yield abi_named("made_up")
    abi.abis.cache_clear()


def test_acrns_row():
    abi = abi_named("acrn")
    assert abi is main_abi()
    assert (abi.number, abi.arguments, abi.result) == ("r8", ("rdi", "rsi"), "rax")
    assert abi.codes == {b"\x0f\x01\xc1", b"\x0f\x01\xd9"} and abi.length == 3
    assert abi.may_change == {"rax"} and not abi.again
    assert (abi.signature, abi.errors, abi.result_type) == ("ACRNACRNACRN", "acrn", "s32")


def test_a_number_of_acrns_is_known_by_its_upper_bits():
    abi = abi_named("acrn")
    assert abi.has_number(0x80000010) and abi.has_number(0x800000FF)
    assert not abi.has_number(0x10) and not abi.has_number(0x80000110)
    assert not abi.has_number(0xFFFFFFFF80000010)
    assert abi.number_taken(0x12345610) == 0x80000010


def test_either_instruction_is_known_wherever_more_code_follows():
    assert (
        hypercall_at(b"\x0f\x01\xc1\xc3") == "vmcall" and hypercall_at(b"\x0f\x01\xd9") == "vmmcall"
    )
    assert hypercall_at(b"\x0f\x01") is None and hypercall_at(None) is None


def test_a_site_goes_to_another_process_with_the_same_row():
    site = pickle.loads(pickle.dumps(Site(0x1000)))
    assert site == Site(0x1000) and site.abi is main_abi()


def test_a_call_of_another_abi_is_paired_and_decoded_by_its_row(known, one_more):
    (kick,) = parse("HYPERCALL2(0x5, kick, VALUE(u32, cpu), VALUE(u8, how))", "x")
    known.table = CallTable([Entry(5, "kick", kick.arguments, "made_up")])
    before = {"rax": 0xAB0005, "rbx": 1, "rcx": 2, "rdx": 3, "rsi": 4, "rdi": 9, "r8": 0x80000010}
    after = before | {"rax": -1000 & MASK64, "rbx": 0xDEAD, "r11": 7, "rdi": 8}
    site = Site(0x1000, abi=one_more)
    assert site.return_address == 0x1002
    pairing = Pairing(lambda stop, site: False)
    decoder = Decoder(known, FakeMemory({}))
    call = pairing.enter(stop(**before), site)
    event = decoder.entered(call)
    assert (event.abi, event.nr, event.name, event.args) == (
        *("made_up", 5, "made_up:kick", (1, 2, 3, 4)),
    )
    assert event.decoded == {"cpu": 1, "how": 2}
    assert pairing.leave(stop(**after), site) is call
    event = decoder.finished(event, call)
    assert event.ret == -1000 and event.clobbered == {"rdi": (9, 8)}


def test_a_return_with_another_rsp_is_the_calls_while_its_arguments_are_there():
    site = Site(0x1000, abi=made_up())
    for changed, is_return in {"rdi": True, "r8": True, "rdx": False, "rcx": False}.items():
        pairing = Pairing(lambda stop, site: False)
        call = pairing.enter(stop(), site)
        left = pairing.leave(stop(**{"rsp": 0x9000, changed: 1}), site)
        assert (left is call) == is_return


@pytest.mark.parametrize(
    "row",
    [
        ROW.replace("INSN(trap)", "INSN(trap, vmcall)"),
        ROW.replace("INSN(trap)", "INSN()"),
        ROW.replace("INSN(trap)", "INSN(hvc)"),
        ROW.replace("NUMBER(rax", "NUMBER(eax"),
        ROW.replace("0xffff", "65535"),
        ROW.replace("NUMBERS(0x0, 0x0)", "NUMBERS(0x1)"),
        ROW.replace("NUMBERS(0x0, 0x0), ", ""),
        ROW.replace("rcx, rdx", "rcx, rdx, rdi, r8, r9"),
        ROW.replace("s64", "s16"),
        ROW.replace("LOST(rax", "LOST(xmm0"),
        ROW.replace("same_rip", "always"),
        "INSTRUCTION(trap)",
        "INSTRUCTION(trap, 0x100)",
        "HYPERCALL0(0x5, good)",
    ],
)
def test_a_row_that_states_no_abi_is_refused_with_its_place(row):
    text = KVM_LIKE.replace(ROW, row)
    with pytest.raises(TraceError, match=r"^x\.def:4: "):
        abis_of(deffile.parse(text, "x.def"))


def test_every_file_of_the_tables_is_read_by_one_grammar():
    for path in (ROOT / "cstub/include").glob("*.def"):
        assert deffile.read(path)
