# SPDX-License-Identifier: BSD-3-Clause
"""What the tests of calls by hand make, and how they know that nothing changed."""

import re

from helpers.guests import arguments_of, image_of, printed_untraced
from helpers.process import Run

SMP = image_of("smp")
LINE = re.compile(
    r"^\[\d\] [\d.]+ get_api_version\(version=\{major_version=1, minor_version=0\}\) = 0 <[\d.]+> "
    r"by hand at (?:0x[0-9a-f]+ acrn_scratch|smp\.c:\d+ \w+)$",  # nested, it is at a site
    re.MULTILINE,
)
CALL = "hypercall call get_api_version"
REGISTERS = "info registers rax rbx rcx rdx rsi rdi rbp rsp r8 r15 rip eflags"


def untouched(guest: Run) -> bool:
    return (guest.status, guest.out) == (0, printed_untraced(arguments_of("smp")))
