"""What compilers make of the headers: no word to good use, the right one to bad use."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from helpers.builds import COMPILERS, LIMIT
from helpers.site_image import Image
from helpers.tree import ROOT

INCLUDE = ROOT / "cstub/include"
STRICT = "-Wall -Wextra -Wpedantic -Werror -Wshadow -Wconversion -Wsign-conversion -Wundef"
STYLES = (
    "-std=c11",
    "-std=gnu11",
    "-std=gnu17 -ffreestanding -fno-pie -mcmodel=kernel -mno-red-zone",
)
DECLARATIONS = """
#include "acrn_calls.h"
extern struct acrn_vm_creation vm;
extern const struct acrn_vm_creation const_vm;
extern struct acrn_vcpu_regs regs;
extern struct acrn_irqline line;
extern uint64_t bits;
extern char bytes[8];
extern const char const_bytes[8];
"""

compilers = pytest.mark.parametrize("compiler", COMPILERS)


def compile_c(compiler: str, source: str, folder: Path, *flags: str) -> tuple[int, str]:
    """Status and messages; the object is folder/out.o."""
    path = folder / "source.c"
    path.write_text(source)
    return compile_file(compiler, path, folder, *flags)


def compile_file(compiler: str, path: Path, folder: Path, *flags: str) -> tuple[int, str]:
    command = [compiler, f"-I{INCLUDE}", *flags, "-c", str(path), "-o", str(folder / "out.o")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT)
    return done.returncode, done.stderr


@compilers
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("header", sorted(path.name for path in INCLUDE.glob("*.h")))
def test_each_header_compiles_alone(compiler: str, style: str, header: str, tmp_path: Path) -> None:
    text = f'#include "{header}"\n#include "{header}"\n'
    if header == "acrn_asm.h":
        path = tmp_path / "source.S"
        path.write_text(text)
        flags: tuple[str, ...] = ()
    else:
        path = tmp_path / "source.c"
        path.write_text(text + "typedef int not_an_empty_file;\n")
        flags = (*style.split(), *STRICT.split())
    assert compile_file(compiler, path, tmp_path, *flags) == (0, "")


GOOD = """
long use(uint16_t vmid);
long use(uint16_t vmid)
{
    long sum = acrn_hypercall0(0x80000072) + acrn_hypercall2(bits, vmid, 3);

    sum += acrn_call(create_vm, &vm) + acrn_call(set_vcpu_regs, vmid, &regs);
    sum += acrn_call(set_irqline, vmid, line) + acrn_call(set_irqline, vmid, bits);
    sum += acrn_call(assign_ptdev, 1, const_bytes) + acrn_call(save_restore_sworld_ctx);
    return sum + acrn_call(profiling_ops, ACRN_PROFILING_GET_VERSION, bytes);
}
"""


@compilers
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("level", ["-O0", "-O2"])
def test_good_use_gives_no_warning(compiler: str, style: str, level: str, tmp_path: Path) -> None:
    flags = (level, *style.split(), *STRICT.split())
    assert compile_c(compiler, DECLARATIONS + GOOD, tmp_path, *flags) == (0, "")


REFUSED = {
    "acrn_call(no_such_call)": "no_such_call",
    "acrn_call(create_vm)": "create_vm takes another number of arguments",
    "acrn_call(create_vm, &vm, 1)": "create_vm takes another number of arguments",
    "acrn_call(create_vm, &vm, 1, 2)": "ACRN_CALL_HAS_TOO_MANY_ARGUMENTS",
    "acrn_call(create_vm, &vm, 1, 2, 3)": "ACRN_CALL_HAS_TOO_MANY_ARGUMENTS",
    "acrn_call(create_vm, &regs)": "incompatible type",
    "acrn_call(create_vm, bytes)": "incompatible type",
    "acrn_call(create_vm, 5)": "incompatible type",
    "acrn_call(set_vcpu_regs, 1, &vm)": "incompatible type",
    "acrn_call(assign_ptdev, 1, 5)": "incompatible type",
    "acrn_call(start_vm, &vm)": "start_vm takes a number, not a pointer, as argument 1",
    "acrn_call(start_vm, bytes)": "start_vm takes a number, not a pointer, as argument 1",
    "acrn_call(start_vm, vm)": "incompatible type",
    "acrn_call(notify_request_finish, 1, &vm)": "a number, not a pointer, as argument 2",
    "acrn_call(profiling_ops, &vm, bytes)": "a number, not a pointer, as argument 1",
    "acrn_call(world_switch, &vm, 1)": "a number, not a pointer, as argument 1",
    "acrn_call(set_irqline, 1, vm)": "incompatible type",
    "acrn_call(set_irqline, 1, &line)": "incompatible type",
    "acrn_hypercall1(5)": "acrn_hypercall1|too few arguments",
    "acrn_hypercall0(5, 6)": "acrn_hypercall0|too many arguments",
    "acrn_hypercall1(5, vm)": "incompatible type",
    "(long)&acrn_hypercall0": "undeclared",
}


@compilers
@pytest.mark.parametrize("expression, message", REFUSED.items())
def test_bad_use_does_not_compile(
    compiler: str, expression: str, message: str, tmp_path: Path
) -> None:
    source = DECLARATIONS + f"long use(void) {{ return {expression}; }}\n"
    status, said = compile_c(compiler, source, tmp_path, "-std=gnu11")
    assert status != 0 and re.search(message, said), said


@compilers
@pytest.mark.parametrize(
    "expression",
    [
        "acrn_call(create_vm, &const_vm)",
        "acrn_call(pm_get_cpu_state, bits, const_bytes)",
        "acrn_hypercall1(5, &vm)",
        "acrn_hypercall0(&vm)",
    ],
)
def test_what_linux_functions_warn_of_is_warned_of(
    compiler: str, expression: str, tmp_path: Path
) -> None:
    source = DECLARATIONS + f"long use(void) {{ return {expression}; }}\n"
    status, said = compile_c(compiler, source, tmp_path, "-std=gnu11", "-Werror")
    assert status != 0 and re.search("const|int-conversion|incompatible type", said), said


@compilers
def test_only_64_bit_code(compiler: str, tmp_path: Path) -> None:
    source = '#include "acrn_hypercall.h"\n'
    status, said = compile_c(compiler, source, tmp_path, "-m32", "-ffreestanding")
    assert status != 0 and "compile for x86-64" in said


def test_a_cplusplus_file_is_told_what_to_do(tmp_path: Path) -> None:
    source = '#include "acrn_hypercall.h"\n'
    status, said = compile_c("gcc", source, tmp_path, "-x", "c++")
    assert status != 0 and "make the calls in a C file" in said


@compilers
def test_calls_of_the_users_own(compiler: str, tmp_path: Path) -> None:
    (tmp_path / "own.def").write_text(
        "/* one of ours */\n"
        "HYPERCALL2(0x800000f0, break_registers, VALUE(u64, mask), PTR(in, our_thing, thing))\n"
    )
    source = """
#define PACKED __attribute__((packed))
#define PTR(x) (x)
#define in
#define ACRN_CALLS_DEF "own.def"
#define ACRN_GPA(pointer) ((unsigned long)(pointer) - 0x1000)
#include "acrn_calls.h"
struct our_thing { int x; } thing;
_Static_assert(ACRN_NR_break_registers == 0x800000f0, "the number");
_Static_assert(ACRN_NR_create_vm == 0x80000010, "acrn.def is there as well");
long use(void);
long use(void) { return acrn_call(break_registers, 1ul << 63, &thing); }
"""
    flags = ("-std=c11", f"-I{tmp_path}", *STRICT.split())
    assert compile_c(compiler, source, tmp_path, *flags) == (0, "")
    wrong = source.replace("&thing)", "&use)")
    status, said = compile_c(compiler, wrong, tmp_path, *flags)
    assert status != 0 and "incompatible type" in said


# No quotes: gcc compiles no inline assembly at all in a file with a quote in its name.
NAMES = ["plain.c", "a%b{c|d}=%P1.c", "back\\n.c", "space and $dollar.c", "größe.c"]


@compilers
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("syntax", ["att", "intel"])
def test_any_file_name_can_be_recorded(
    compiler: str, name: str, syntax: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_text('#include "acrn_hypercall.h"\nvoid _start(void) { acrn_hypercall0(1); }\n')
    assert compile_file(compiler, path, tmp_path, "-O1", f"-masm={syntax}") == (0, "")
    assert [(record.file, record.line) for record in linked(tmp_path).records()] == [(str(path), 2)]


@pytest.mark.parametrize("name", [name.replace(".c", ".S") for name in NAMES])
@compilers
def test_any_assembly_file_name_can_be_recorded(compiler: str, name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text('#include "acrn_asm.h"\n.globl _start\n_start: ACRN_VMCALL 1 + 1\n')
    assert compile_file(compiler, path, tmp_path) == (0, "")
    (record,) = linked(tmp_path).records()
    assert (record.file, record.line, record.number) == (str(path), 3, 2)


def linked(folder: Path) -> Image:
    image = folder / "image.elf"
    objects = str(folder / "out.o")
    subprocess.run(["ld", objects, "-o", str(image)], check=True, timeout=LIMIT)
    return Image(image)


@compilers
def test_identical_functions_folded_into_one_have_one_record(compiler: str, tmp_path: Path) -> None:
    source = (
        DECLARATIONS
        + """
__attribute__((noinline)) long one(void) { return acrn_hypercall0(5); }
__attribute__((noinline)) long two(void) { return acrn_hypercall0(5); }
void _start(void) { one(); two(); }
"""
    )
    flags = ("-O1", "-ffunction-sections", "-fno-pie")
    assert compile_c(compiler, source, tmp_path, *flags) == (0, "")
    image = tmp_path / "image.elf"
    command = ["ld.lld", "--icf=all", str(tmp_path / "out.o"), "-o", str(image)]
    subprocess.run(command, check=True, timeout=LIMIT)
    assert [record.site for record in Image(image).records()] == Image(image).vmcalls()
    assert len(Image(image).vmcalls()) == 1
