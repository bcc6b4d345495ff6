# SPDX-License-Identifier: BSD-3-Clause
"""A call defined at the prompt, on a real guest."""

from helpers.guests import Guest, arguments_of, common_arguments, image_of
from helpers.process import run
from helpers.tracing import gdb_at, gdb_command

LAUNCH = "HYPERCALL1(0x80000012, launch, VALUE(u16, which))"
REGS = "HYPERCALL2(0x80000016, put_regs, VMID(vm), PTR(in, acrn_gp_regs, regs))"


def traced(folder, *commands):
    with Guest(folder, arguments_of("service")) as guest:
        return gdb_at(guest, image_of("service"), *commands)


def test_a_defined_call_is_decoded_and_filtered(folder):
    gdb = traced(
        folder,
        f"hypercall define '{LAUNCH}'",
        f"hypercall define '{REGS}'",
        "hypercall trace -e trace=launch,put_regs",
        "continue",
    )
    lines = [line for line in gdb.out.splitlines() if line.startswith("[0]")]
    assert len(lines) == 8 and " launch(which=2) = 0 <" in "\n".join(lines)
    assert "put_regs(vm=2, regs={" in gdb.out and "start_vm" not in "\n".join(lines)
    assert "launch replaces HYPERCALL1(0x80000012, start_vm, VMID(vmid))\n" in gdb.out


def test_it_takes_effect_in_a_trace_that_runs(folder):
    gdb = traced(
        folder,
        "hypercall trace",
        f"hypercall define '{LAUNCH}'",
        "continue",
    )
    assert " launch(which=2) = 0 <" in gdb.out and "start_vm(" not in gdb.out.split("+++")[0]


def test_what_is_wrong_is_said_in_one_sentence():
    said = run(
        gdb_command(
            image_of("hello"),
            "hypercall define",
            "hypercall define 'HYPERCALL1(0x800000a0, c, PTX(in, d, e))'",
            "hypercall define 'HYPERCALL1(0x800000a0, c, PTR(in, nowhere, e))'",
            "info hypercalls ^c$",
        )
    )
    assert "hypercall define takes one line of a call table, in quotes.\n" in said.err
    assert "the definition: 'PTX(in, d, e)' is none of the argument kinds" in said.err
    assert said.out.splitlines() == [
        "c: neither ACRN nor the image that GDB has loaded has a type nowhere",
        "0x800000a0 c(PTR(in, nowhere, e))",
    ]


def test_it_is_mocked_and_called_by_hand_like_a_built_in_one(folder):
    version = "HYPERCALL1(0x80000000, ask_version, PTR(out, hc_api_version, v))"
    gdb = traced(
        folder,
        f"hypercall define '{version}'",
        f"hypercall define '{LAUNCH}'",
        "hypercall mock launch -EBUSY",
        "hypercall trace -e trace=launch",
        "tbreak start_user_vm",
        "continue",
        "hypercall call ask_version",
        "continue",
    )
    assert "] 0.000000 ask_version(v={major_version=1, minor_version=0}) = 0 <" in gdb.out
    launches = [line for line in gdb.out.splitlines() if " launch(which=" in line]
    assert launches and all(" = -16 EBUSY " in line for line in launches)


def test_it_is_caught_and_tampered_with(folder):
    gdb = traced(
        folder,
        f"hypercall define '{LAUNCH}'",
        "hypercall trace -e trace=launch",
        "tcatch hypercall launch if $_hypercall_arg(1) == 2",
        "hypercall inject launch:error=EBUSY:when=2",
        "continue",
        "continue",
    )
    assert "hit Catchpoint 1 (call to hypercall launch), at user_vm.c:" in gdb.out
    launches = [line for line in gdb.out.splitlines() if line.startswith("[0]")]
    injected = [line for line in launches if " = -16 EBUSY " in line and "(INJECTED)" in line]
    assert len(injected) == 1 and len(launches) > 2, gdb


NEW = "HYPERCALL2(0x800000a0, get_load, VMID(vmid), VALUE(u32, seconds))"


def test_one_that_nothing_makes_yet_is_mocked_and_called_by_hand_where_no_hypervisor_is(folder):
    """Twice, and the guest then goes on from where it stood."""
    alone = [*common_arguments(), "-m", "32M", "-kernel", image_of("service")]
    with Guest(folder, alone) as guest:
        gdb = gdb_at(
            guest,
            image_of("service"),
            f"hypercall define '{NEW}'",
            "hypercall mock acrn",
            "hypercall mock get_load 42",
            "break pause_user_vm",
            "continue",
            "hypercall call get_load 2 60",
            "hypercall call get_load 2 61",
            "print $pc",
            "delete",
            "hypercall mock",
            "continue",
        )
        ended = guest.finished()
    calls = [line.split(" <")[0] for line in gdb.out.splitlines() if line.startswith("[0]")]
    assert calls == [
        "[0] 0.000000 get_load(vmid=2, seconds=60) = 42 (MOCKED)",
        "[0] 0.000000 get_load(vmid=2, seconds=61) = 42 (MOCKED)",
    ], gdb
    assert "<pause_user_vm>\n" in gdb.out and "ACRN is played: 13 calls answered\n" in gdb.out
    assert ended.out.endswith("service: done, 0 surprises\n"), (gdb, ended)
