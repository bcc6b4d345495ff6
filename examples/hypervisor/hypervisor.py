# SPDX-License-Identifier: BSD-3-Clause
"""break_registers of hypervisor.def, for a mock: guests that see a call go wrong run under it too.

Of calls it breaks get_api_version alone, as the examples want.
"""

ORDER = "rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15".split()
PATTERN = 0x5A5A5A5A00000000
CARRY_BIT, CARRY_FLAG = 16, 1
EVERY_CALL = 0xFFFFFFFF

broken = {}  # vCPU to (mask, number)


@model.call("break_registers")  # noqa: F821
def break_registers(call):
    broken[call.vcpu] = call.mask, call.argument("number")
    return 0


@model.call("get_api_version")  # noqa: F821
def get_api_version(call):
    result = call.otherwise()
    mask, number = broken.get(call.vcpu, (0, 0))
    if number in (call.number, EVERY_CALL):
        break_those_of(mask, call.registers)
    return result


def break_those_of(mask, registers):
    for bit, name in enumerate(ORDER[1:], 1):
        if mask >> bit & 1:
            registers[name] ^= PATTERN + bit
    if mask >> CARRY_BIT & 1:
        registers["eflags"] ^= CARRY_FLAG
