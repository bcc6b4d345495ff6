# SPDX-License-Identifier: BSD-3-Clause
"""States which register is what between C functions: the x86-64 psABI, 3.2, no hypercall's ABI."""

# In which the first six integers or pointers are passed, in order.
PARAMETERS = ("rdi", "rsi", "rdx", "rcx", "r8", "r9")

# Which a called function may change; all others it keeps.
CALLER_SAVED = frozenset({*PARAMETERS, "rax", "r10", "r11"})

# Microsoft's "x64 calling convention", as of UEFI: what its callees keep beyond those of System V.
MICROSOFT_KEPT = frozenset(("rdi", "rsi"))
