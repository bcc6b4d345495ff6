# SPDX-License-Identifier: BSD-3-Clause
"""Lists every kind of finding: what it means, the least code that has it, and code that has not."""

from dataclasses import dataclass
from typing import Iterable

from acrn_trace.base.errors import TraceError
from acrn_trace.base.suggest import suggest


@dataclass(frozen=True)
class Kind:
    title: str
    why: str
    bad: str
    good: str


CATALOG = {
    "r8-never-loaded": Kind(
        "R8 is never loaded before VMCALL",
        "No instruction of the function puts anything in R8, and no direct caller that can be seen "
        "does either: the number is whatever the code before left there. Compilers drop the load "
        "of a register variable when a call follows, since that ends the variable's life there.",
        "f: lea (%rsi), %rdi\n   vmcall\n   ret",
        "f: lea (%rsi), %rdi\n   mov $0x80000012, %r8d\n   vmcall\n   ret",
    ),
    "r8-one-path": Kind(
        "R8 is loaded on one way to VMCALL, not on another",
        "Control can reach the VMCALL past the load, and then R8 holds something else.",
        "f: test %rdi, %rdi\n   je 1f\n   mov $0x80000012, %r8d\n1: vmcall\n   ret",
        "f: mov $0x80000012, %r8d\n   test %rdi, %rdi\n   je 1f\n   mov $0x80000013, %r8d\n"
        "1: vmcall\n   ret",
    ),
    "r8-overwritten": Kind(
        "the number in R8 is overwritten before VMCALL",
        "A number of the call table is put in R8, nobody reads it, and something else replaces it.",
        "f: mov $0x80000012, %r8d\n   mov (%rsi), %r8\n   vmcall\n   ret",
        "f: mov (%rsi), %rdi\n   mov $0x80000012, %r8d\n   vmcall\n   ret",
    ),
    "call-between": Kind(
        "a function is called between the load of R8 and VMCALL",
        "A called function may change R8: the calling convention says so, and its code, where the "
        "image has it, was not seen to leave R8 alone. A log line between a register variable and "
        "its asm is enough.",
        "f: mov $0x80000012, %r8d\n   call printk\n   vmcall\n   ret",
        "f: call printk\n   mov $0x80000012, %r8d\n   mov $1, %edi\n   vmcall\n   ret",
    ),
    "instrumentation-between": Kind(
        "instrumentation is called between the load of R8 and VMCALL",
        "The compiler put in a call of its own, of a sanitizer, a coverage or a profiling "
        "function, and that may change R8. The source shows nothing of it.",
        "f: mov $0x80000012, %r8d\n   call __asan_load8_noabort\n   vmcall\n   ret",
        "f: call __asan_load8_noabort\n   mov $0x80000012, %r8d\n   mov $1, %edi\n   vmcall\n"
        "   ret",
    ),
    "number-truncated": Kind(
        "a number that needs more than 32 bits is cut to 32",
        "R8 is loaded by a 32-bit move from a value whose upper half is neither zero nor the sign.",
        "f: movabs $0x180000012, %rax\n   mov %eax, %r8d\n   vmcall\n   ret",
        "f: movabs $0x180000012, %rax\n   mov %rax, %r8\n   vmcall\n   ret",
    ),
    "number-sign-extended": Kind(
        "the number's upper half is its sign",
        "A 64-bit move extends its 32-bit immediate by the sign, and ACRN's numbers have bit 31 "
        "set: R8 becomes 0xffffffff800000xx.",
        "f: mov $-0x7fffffee, %r8    # 0xffffffff80000012\n   vmcall\n   ret",
        "f: mov $0x80000012, %r8d\n   vmcall\n   ret",
    ),
    "number-not-in-table": Kind(
        "the call table has no such number",
        "The number is known, and the call table in use (--release, -x FILE.def) does not have it.",
        "f: mov $0x800000ff, %r8d\n   vmcall\n   ret",
        "f: mov $0x80000012, %r8d\n   vmcall\n   ret",
    ),
    "r8-value-lost": Kind(
        "a value in R8 is used after the call, but the number has replaced it",
        "The asm moves the number into R8 without declaring R8 clobbered, so the compiler keeps "
        "something there across it.",
        "f: mov (%rdi), %r8\n   mov $0x80000012, %r8d\n   vmcall\n   add %r8, %rax\n   ret",
        "f: mov (%rdi), %r9\n   mov $0x80000012, %r8d\n   vmcall\n   add %r9, %rax\n   ret",
    ),
    "rax-value-lost": Kind(
        "a value in RAX is used after the call, but RAX is the result",
        "Something is put in RAX before the call, nobody reads it before, and the code reads RAX, "
        "or uses it as an address, after: the asm does not say that RAX changes.",
        "f: mov (%rdi), %rax\n   mov $0x80000012, %r8d\n   vmcall\n   mov 8(%rax), %rcx\n   ret",
        "f: mov (%rdi), %rdx\n   mov $0x80000012, %r8d\n   vmcall\n   mov 8(%rdx), %rcx\n   ret",
    ),
    "changed-register-used": Kind(
        "a register is used that this call may change",
        "World switches and the like change more than RAX (MAY_CHANGE in acrn_results.def). The "
        "register is an address before and after such a call, or the call is repeated with what "
        "it left there, or the function has to keep it and does not save it.",
        "f: push %rbx\n   mov $0x80000071, %r8d    # world_switch changes RDI, RSI, RDX, RBX\n"
        "   vmcall\n   mov 8(%rdi), %rcx\n   pop %rbx\n   ret",
        "f: push %rbx\n   mov $0x80000071, %r8d\n   vmcall\n   mov %rdi, %rax\n   pop %rbx\n   ret",
    ),
    "argument-lost": Kind(
        "an argument register holds what a called function left",
        "The call has an argument in RDI or RSI, and a function was called after it was loaded, "
        "if it was. The same mistake as with R8, made with register variables for the arguments.",
        "f: mov %rsi, %rdi\n   call printk\n   mov $0x80000012, %r8d\n   vmcall\n   ret",
        "f: mov %rsi, %rbx\n   call printk\n   mov %rbx, %rdi\n   mov $0x80000012, %r8d\n"
        "   vmcall\n   ret",
    ),
    "argument-in-part": Kind(
        "an argument register is set in part",
        "The last instruction that sets the register is narrower than what the call reads, by the "
        "call table, and the other bits are a pointer's, or whatever the caller left.",
        "f: cmpb $0, (%rdi)\n   setne %dil\n   mov $0x80000002, %r8d    # vector: 64 bits\n"
        "   vmcall\n   ret",
        "f: cmpb $0, (%rdi)\n   setne %dil\n   movzbl %dil, %edi\n   mov $0x80000002, %r8d\n"
        "   vmcall\n   ret",
    ),
    "red-zone-overwritten": Kind(
        "a PUSH or CALL in the asm overwrites what stands below RSP",
        "Compilers keep values in the 128 bytes below RSP where a function calls nothing, and see "
        "nothing of the asm's PUSH. The value is read after the call.",
        "f: mov %rsi, -8(%rsp)\n   mov $0x80000012, %r8d\n   push %rbx\n   vmcall\n   pop %rbx\n"
        "   mov -8(%rsp), %rax\n   ret",
        "f: sub $8, %rsp\n   mov %rsi, (%rsp)\n   mov $0x80000012, %r8d\n   push %rbx\n   vmcall\n"
        "   pop %rbx\n   mov (%rsp), %rax\n   add $8, %rsp\n   ret",
    ),
    "memory-not-written": Kind(
        "the structure that the hypervisor reads is never written",
        "The argument points into the caller's stack frame, and nothing is stored there before the "
        "call: without a memory clobber the compiler thinks nobody reads it, and drops the stores.",
        "f: lea -56(%rsp), %rdi\n   mov $0x80000010, %r8d    # create_vm\n   vmcall\n   ret",
        "f: lea -56(%rsp), %rdi\n   movw $3, -56(%rsp)\n   mov $0x80000010, %r8d\n   vmcall\n"
        "   ret",
    ),
    "vmware-call": Kind(
        "a hypercall of VMware",
        "EAX holds VMware's magic number; ACRN would take R8 for a number.",
        "f: mov $0x564d5868, %eax\n   mov $10, %ecx\n   vmcall\n   ret",
        "f: mov $0x80000012, %r8d\n   vmcall\n   ret",
    ),
    "kvm-call": Kind(
        "a hypercall of KVM",
        "The number is in RAX and the first argument in RBX; R8 is not loaded.",
        "f: mov $5, %eax\n   mov %rdi, %rbx\n   vmcall\n   ret",
        "f: mov $0x80000012, %r8d\n   vmcall\n   ret",
    ),
    "xen-call": Kind(
        "a hypercall of Xen",
        "The number is in EAX, one that Xen gives to guests with VMCALL; the arguments are in RDI, "
        "RSI, RDX, R10 and R8, and none in RBX or RCX.",
        "f: mov $17, %eax\n   vmcall\n   ret",
        "f: mov $0x80000012, %r8d\n   vmcall\n   ret",
    ),
    "hyperv-call": Kind(
        "a hypercall of Hyper-V",
        "RCX holds a control word and RDX the input's address or data; R8 is the output's.",
        "f: mov $0x1005c, %ecx\n   mov %rdi, %rdx\n   vmcall\n   ret",
        "f: mov $0x80000012, %r8d\n   vmcall\n   ret",
    ),
    "other-call": Kind(
        "a hypercall of another hypervisor",
        "A number is in RAX (the text says whose, where the registers tell), and none of ACRN's in "
        "R8: ACRN would take what is there for a number.",
        "f: mov $8, %eax\n   vmcall\n   ret",
        "f: mov $0x80000012, %r8d\n   vmcall\n   ret",
    ),
}

EVERY = frozenset(CATALOG)


def wanted_kinds(only: Iterable[str], disabled: Iterable[str]) -> frozenset[str]:
    """The kinds to look for: ``only`` these, else all, but ``disabled``; TraceError for another."""
    return (frozenset(map(_known, only)) or EVERY) - frozenset(map(_known, disabled))


def explain(id: str) -> str:
    """All about one kind, for people; TraceError if there is none of that identifier."""
    kind = CATALOG[_known(id)]
    return "\n".join(
        [f"{id}: {kind.title}", "", kind.why, "", "Bad:", *_indented(kind.bad), ""]
        + ["Good:", *_indented(kind.good)]
    )


def _known(id: str) -> str:
    if id in CATALOG:
        return id
    hint = suggest(id, CATALOG, f"there are {', '.join(CATALOG)}")
    raise TraceError(f"lint has no kind of finding {id!r}{hint}")


def _indented(code: str) -> list[str]:
    return [f"    {line}" for line in code.splitlines()]
