# SPDX-License-Identifier: BSD-3-Clause
"""Lint's word on code that people reported or compilers make: right ones beside wrong ones."""

import pytest

from helpers.make.assembled import verdicts_of

NR = "mov $0x80000012, %r8d"
CREATE = "mov $0x80000010, %r8d"
TRUSTY = "mov $0x80000070, %r8d"
FRAME, DROP = "sub $0x38, %rsp", "add $0x38, %rsp\n ret"
TABLE = "\ntable: .quad 0, 0"
CASE_TABLE = "\n .balign 4\n4: .long 1b-4b, 2b-4b"

# name -> code, what is found at the first site
PADDING = {
    "a label that NOPs align, behind a return": (
        "f: test %edi, %edi\n je 1f\n ret\n .p2align 4\n1: vmcall\n ret",
        ["r8-never-loaded"],
    ),
    "the same, loaded": (
        f"f: {NR}\n test %edi, %edi\n je 1f\n ret\n .p2align 4\n1: vmcall\n ret",
        [],
    ),
    "much padding, which begins with a jump": (
        "f: test %edi, %edi\n je 1f\n ret\n .balign 256\n1: vmcall\n ret",
        ["r8-never-loaded"],
    ),
    "much padding, and a load on every way": (
        f"f: {NR}\n test %edi, %edi\n je 1f\n ret\n .balign 256\n1: vmcall\n ret",
        [],
    ),
    "padding behind a jump, between a call and its site": (
        f"f: {NR}\n test %edi, %edi\n je 1f\n jmp 2f\n .p2align 4\n1: call printk\n"
        " mov $1, %edi\n vmcall\n2: ret",
        ["call-between"],
    ),
    "NOPs that run on the way": (
        f"f: {NR}\n test %edi, %edi\n je 1f\n nop\n .p2align 4\n1: vmcall\n ret",
        [],
    ),
    "NOPs that run on the way past the load": (
        f"f: test %edi, %edi\n je 1f\n {NR}\n nopw 0(%rax,%rax,1)\n .p2align 4\n1: vmcall\n ret",
        ["r8-one-path"],
    ),
    "padding behind a call that does not come back": (
        f"f: {NR}\n test %edi, %edi\n je 1f\n call panic\n .p2align 4\n1: vmcall\n ret\n"
        "panic: mov $0, %r8\n1: jmp 1b",
        [],
    ),
    "an aligned case of a jump table that is not found": (
        f"f: {NR}\n cmp $1, %rdi\n ja 3f\n jmp *(%rax,%rdi,8)\n .p2align 4\n2: vmcall\n"
        " dec %ecx\n jne 2b\n3: ret",
        [],
    ),
}

RETPOLINE = "thunk: call 1f\n2: pause\n lfence\n jmp 2b\n1:"
THUNKS = {
    "a call through a register, by way of gcc's thunk": (
        f"f: {NR}\n mov $1, %edi\n call thunk\n vmcall\n ret\n{RETPOLINE} mov %rax, (%rsp)\n ret",
        ["call-between"],
    ),
    "the same by a PUSH": (
        f"f: {NR}\n mov $1, %edi\n call thunk\n vmcall\n ret\nthunk: push %r11\n ret",
        ["call-between"],
    ),
    "a callee that returns by way of gcc's thunk": (
        f"f: {NR}\n mov $1, %edi\n call quiet\n vmcall\n ret\nquiet: xor %eax, %eax\n jmp thunk\n"
        f"{RETPOLINE} lea 8(%rsp), %rsp\n ret",
        [],
    ),
    "a callee that restores a register last": (
        f"f: {NR}\n mov $1, %edi\n call quiet\n vmcall\n ret\nquiet: push %r8\n mov $5, %r8d\n"
        " pop %r8\n ret",
        [],
    ),
    "a parameter in R8 that outlined code uses after the call": (
        "f: mov $0x80000012, %eax\n mov %rax, %r8\n vmcall\n jmp OUTLINED_FUNCTION_0\n"
        "OUTLINED_FUNCTION_0: add %r8, %rcx\n add %rcx, %rax\n ret",
        ["r8-value-lost"],
    ),
    "outlined code that uses another parameter": (
        "f: mov $0x80000012, %eax\n mov %rax, %r8\n vmcall\n jmp OUTLINED_FUNCTION_0\n"
        "OUTLINED_FUNCTION_0: add %rcx, %rax\n ret",
        [],
    ),
}

NUMBERS = {
    "the next call's number is made of this one's": (
        f"f: {NR}\n vmcall\n add $1, %r8\n vmcall\n ret",
        [],
    ),
    "the same, by way of another register": (
        f"f: {NR}\n vmcall\n lea 1(%r8), %rcx\n mov %rcx, %r8\n vmcall\n ret",
        [],
    ),
    "what is made of R8 is stored, and no call's number": (
        f"f: {NR}\n vmcall\n add $1, %r8\n mov %r8, (%rsi)\n ret",
        ["r8-value-lost"],
    ),
    "a parameter is added to, and the next call has its own number": (
        f"f: {NR}\n vmcall\n add $7, %r8\n mov %r8, (%rsi)\n {NR}\n vmcall\n ret",
        ["r8-value-lost"],
    ),
}

FRAMES = {
    "a structure's physical address, by a constant": (
        f"f: {FRAME}\n mov $0x80000000, %edi\n add %rsp, %rdi\n {CREATE}\n vmcall\n {DROP}",
        ["memory-not-written"],
    ),
    "the same, written": (
        f"f: {FRAME}\n mov $0x80000000, %edi\n movq $0x5a, 16(%rsp)\n add %rsp, %rdi\n {CREATE}\n"
        f" vmcall\n {DROP}",
        [],
    ),
    "a physical address, by a variable": (
        f"f: {FRAME}\n lea 0(%rsp), %rdi\n sub table(%rip), %rdi\n {CREATE}\n vmcall\n"
        f" {DROP}{TABLE}",
        ["memory-not-written"],
    ),
    "by the kernel's two": (
        f"f: {FRAME}\n mov $0x80000000, %eax\n add %rsp, %rax\n mov table(%rip), %rdx\n"
        f" lea (%rax,%rdx), %rdi\n {CREATE}\n vmcall\n {DROP}{TABLE}",
        ["memory-not-written"],
    ),
    "the kernel's two, and the structure written at its place": (
        f"f: {FRAME}\n mov $0x80000000, %eax\n add %rsp, %rax\n mov table(%rip), %rdx\n"
        f" movb $1, 8(%rsp)\n lea (%rax,%rdx), %rdi\n {CREATE}\n vmcall\n {DROP}{TABLE}",
        [],
    ),
    "a constant that has the place in the frame, written there": (
        "f: sub $0x78, %rsp\n mov $0x80000040, %edi\n add %rsp, %rdi\n movq $1, 0x48(%rsp)\n"
        f" {CREATE}\n vmcall\n add $0x78, %rsp\n ret",
        [],
    ),
    "an address that need not be in the frame": (
        f"f: {FRAME}\n mov $0x80000, %edi\n add %rsp, %rdi\n {CREATE}\n vmcall\n {DROP}",
        [],
    ),
    "a number in a slot that an index may reach": (
        f"f: {FRAME}\n mov $0x80000012, %eax\n mov %rax, 8(%rsp)\n lea (%rsp,%rsi), %rdx\n"
        f" mov %cl, (%rdx)\n mov 8(%rsp), %r8\n vmcall\n {DROP}",
        [],
    ),
}

CALLEES = {
    "a callee of Microsoft's": (
        "f: sub $0x28, %rsp\n mov table(%rip), %rcx\n mov $1, %edx\n call *8(%rcx)\n"
        f" {TRUSTY}\n vmcall\n add $0x28, %rsp\n ret{TABLE}",
        [],
    ),
    "no home for its arguments": (
        "f: sub $8, %rsp\n mov table(%rip), %rcx\n mov $1, %edx\n call *8(%rcx)\n"
        f" {TRUSTY}\n vmcall\n add $8, %rsp\n ret{TABLE}",
        ["argument-lost"],
    ),
    "a home that the function itself uses": (
        "f: sub $0x28, %rsp\n mov %rsi, 8(%rsp)\n mov table(%rip), %rcx\n call *8(%rcx)\n"
        f" {TRUSTY}\n vmcall\n add $0x28, %rsp\n ret{TABLE}",
        ["argument-lost"],
    ),
    "four arguments as System V has them, and room": (
        "f: sub $0x28, %rsp\n mov $1, %edi\n mov $2, %esi\n mov $3, %edx\n mov $4, %ecx\n"
        f" call *table(%rip)\n {TRUSTY}\n vmcall\n add $0x28, %rsp\n ret{TABLE}",
        ["argument-lost"],
    ),
    "R8, which Microsoft's callees may change": (
        f"f: sub $0x28, %rsp\n {TRUSTY}\n mov table(%rip), %rcx\n call *8(%rcx)\n vmcall\n"
        f" add $0x28, %rsp\n ret{TABLE}",
        ["call-between"],
    ),
    "a callee that saves R8 around what nobody sees": (
        f"f: {NR}\n call g\n vmcall\n ret\ng: push %r8\n call *table(%rip)\n pop %r8\n ret{TABLE}",
        [],
    ),
    "a callee that saves R8, and loses RDI for sure": (
        f"f: {NR}\n call g\n vmcall\n ret\ng: push %r8\n call printk\n pop %r8\n ret",
        ["argument-lost"],
    ),
    "a callee that restores R8 on one way only": (
        f"f: {NR}\n call g\n vmcall\n ret\n"
        "g: push %r8\n mov $5, %r8d\n test %esi, %esi\n je 1f\n pop %r8\n ret\n1: pop %rax\n ret",
        ["call-between"],
    ),
    "a callee that restores R8 where moves put it": (
        f"f: {NR}\n call g\n vmcall\n ret\n"
        "g: sub $16, %rsp\n mov %r8, 8(%rsp)\n mov $5, %r8d\n mov 8(%rsp), %r8\n add $16, %rsp\n"
        " ret",
        [],
    ),
    "R8 passed on the stack": (
        f"f: {NR}\n call g\n vmcall\n ret\n"
        "g: push %r8\n mov $5, %r8d\n call h\n pop %rax\n ret\nh: ret",
        ["call-between"],
    ),
    "ftrace's, in the image": (
        f"f: {NR}\n call __fentry__\n vmcall\n ret\n__fentry__: call *table(%rip)\n ret{TABLE}",
        [],
    ),
    "one of that name that sets R8": (
        f"f: {NR}\n call __fentry__\n vmcall\n ret\n__fentry__: mov $5, %r8d\n ret",
        ["instrumentation-between"],
    ),
    "a part that was outlined": (
        f"f: call OUTLINED_FUNCTION_0\n vmcall\n ret\n"
        f"OUTLINED_FUNCTION_0: mov 8(%rsp), %rdi\n {NR}\n ret",
        [],
    ),
    "a part without a name that only sets registers": (
        f"f: call g\n vmcall\n ret\ng: mov %rsi, %rdi\n {NR}\n ret",
        [],
    ),
    "a function that returns something, and leaves a number behind": (
        f"f: {NR}\n call g\n vmcall\n ret\ng: mov $0x13, %r8d\n lea (%rdi,%r8), %rax\n ret",
        ["call-between"],
    ),
    "an outlined part that loses what it was handed": (
        f"f: {NR}\n call OUTLINED_FUNCTION_0\n vmcall\n ret\n"
        "OUTLINED_FUNCTION_0: call printk\n ret",
        ["call-between"],
    ),
}

SWITCH = "mov $0x80000071, %r8d"
EXCHANGES = {
    "a switch that is repeated with the first argument only": (
        f"f: push %rbx\n mov %rcx, %rbx\n mov %rdi, %r9\n {SWITCH}\n"
        "1: mov %r9, %rdi\n vmcall\n cmp $-8, %edi\n je 1b\n pop %rbx\n ret",
        ["changed-register-used"],
    ),
    "a second site that repeats the first": (
        f"f: push %rbx\n mov %rdi, %r9\n {SWITCH}\n vmcall\n mov %r9, %rdi\n vmcall\n"
        " pop %rbx\n ret",
        ["changed-register-used"],
    ),
    "a switch that is repeated with all arguments": (
        f"f: push %rbx\n mov %rdi, %r9\n mov %rsi, %r10\n mov %rdx, %r11\n mov %rcx, %r14\n"
        f" {SWITCH}\n1: mov %r9, %rdi\n mov %r10, %rsi\n mov %r11, %rdx\n mov %r14, %rbx\n"
        " vmcall\n cmp $-8, %edi\n je 1b\n pop %rbx\n ret",
        [],
    ),
    "a world that answers in one register and waits": (
        f"f: push %rbx\n {SWITCH}\n1: mov $0x3c000000, %edi\n vmcall\n jmp 1b\n pop %rbx\n ret",
        [],
    ),
    "a dispatcher that uses the result as an index": (
        f"f: push %rbx\n {SWITCH}\n vmcall\n mov table(,%rdi,8), %rcx\n pop %rbx\n ret{TABLE}",
        [],
    ),
    "a result that is an address, where a number was": (
        f"f: push %rbx\n mov $4, %esi\n {SWITCH}\n vmcall\n mov (%rsi), %rcx\n pop %rbx\n ret",
        [],
    ),
    "an address before and after": (
        f"f: push %rbx\n mov (%rdx), %rsi\n mov (%rsi), %rcx\n {SWITCH}\n vmcall\n"
        " mov 8(%rsi), %rcx\n pop %rbx\n ret",
        ["changed-register-used"],
    ),
}

VECTOR = "mov $0x80000002, %r8d"
ARGUMENTS = {
    "a byte of a pointer's register, for a 64-bit vector": (
        f"f: cmpb $0, (%rdi)\n setne %dil\n {VECTOR}\n vmcall\n ret",
        ["argument-in-part"],
    ),
    "the same, of a register that was zeroed": (
        f"f: cmpb $0, (%rdi)\n mov $0, %edi\n setne %dil\n {VECTOR}\n vmcall\n ret",
        [],
    ),
    "a VMID of 16 bits, with garbage above": (
        f"f: mov (%rdi), %di\n {NR}\n vmcall\n ret",
        [],
    ),
    "a byte of a VMID": (
        f"f: mov (%rdi), %dil\n {NR}\n vmcall\n ret",
        ["argument-in-part"],
    ),
    "16 bits of a vector": (
        f"f: mov (%rdi), %di\n {VECTOR}\n vmcall\n ret",
        ["argument-in-part"],
    ),
    "a value that is changed in part": (
        f"f: or $1, %dil\n {VECTOR}\n vmcall\n ret",
        [],
    ),
    "a byte put in a value from memory": (
        f"f: mov (%rdi), %rdi\n mov %sil, %dil\n {VECTOR}\n vmcall\n ret",
        [],
    ),
}

STORE, LOAD = "mov %rsi, -8(%rsp)", "mov -8(%rsp), %rax\n ret"
RED_ZONE = {
    "an asm that pushes over a value": (
        f"f: {STORE}\n {NR}\n push %rbx\n mov %rcx, %rbx\n vmcall\n pop %rbx\n {LOAD}",
        ["red-zone-overwritten"],
    ),
    "an asm that calls": (
        f"f: {STORE}\n {NR}\n call g\n vmcall\n {LOAD}\ng: ret",
        ["red-zone-overwritten"],
    ),
    "a value below what is pushed": (
        f"f: mov %rsi, -16(%rsp)\n {NR}\n push %rbx\n vmcall\n pop %rbx\n"
        " mov -16(%rsp), %rax\n ret",
        [],
    ),
    "a value that nobody reads": (
        f"f: {STORE}\n {NR}\n push %rbx\n vmcall\n pop %rbx\n ret",
        [],
    ),
    "a value that is stored anew": (
        f"f: {STORE}\n {NR}\n push %rbx\n vmcall\n pop %rbx\n {STORE}\n {LOAD}",
        [],
    ),
    "a value above RSP": (
        f"f: sub $16, %rsp\n mov %rsi, 8(%rsp)\n {NR}\n push %rbx\n vmcall\n pop %rbx\n"
        " mov 8(%rsp), %rax\n add $16, %rsp\n ret",
        [],
    ),
}

CASES = ARGUMENTS | RED_ZONE | EXCHANGES | PADDING | THUNKS | NUMBERS | FRAMES | CALLEES


@pytest.mark.parametrize("name", CASES)
def test_first_site(name, tmp_path):
    code, findings = CASES[name]
    first, *_ = verdicts_of(code, tmp_path)
    assert [found.id for found in first.findings] == findings
