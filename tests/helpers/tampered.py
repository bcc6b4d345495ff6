# SPDX-License-Identifier: BSD-3-Clause
"""What the guest ``tampered`` tells of its six calls, by what was done to them."""

UNTOUCHED = [f"{n}: 1 {100 + n} 1 = {n} {100 + n}" for n in range(6)]
CALLS = 6


def line(index, arrived=1, seen=None, second=1, ret=None, left=None):
    """What the guest prints of a call: by default, of one that nobody tampered with."""
    vmid = 100 + index
    seen = (vmid if seen is None else seen) if arrived else 0
    ret, left = index if ret is None else ret, vmid if left is None else left
    return f"{index}: {arrived} {seen} {second if arrived else 0} = {ret} {left}"


def said(changed):
    """All that it prints. A result is the number of calls that arrived before."""
    lines, before = [], 0
    for index in range(CALLS):
        how = dict(changed.get(index, {}))
        lines.append(line(index, **{"ret": before, **how}))
        before += how.get("arrived", 1)
    return lines


# Each form of injection: what it changes, by call, and how a text trace tells of it.
FORMS = {
    "error=EPERM:when=2": ({1: dict(arrived=0, ret=-1)}, " (INJECTED)"),
    "error=110:when=5+": ({4: dict(arrived=0, ret=-110), 5: dict(arrived=0, ret=-110)}, None),
    "retval=0x123456789:when=1": ({0: dict(arrived=0, ret=0x123456789)}, " (INJECTED)"),
    "skip:when=2..5+2": ({1: dict(arrived=0, ret=0), 3: dict(arrived=0, ret=0)}, " (INJECTED)"),
    "delay_enter=30ms:when=3": ({}, " (DELAYED)"),
    "delay_exit=30ms:when=3": ({}, " (DELAYED)"),
    "poke_enter=rsi=0x55:when=4": ({3: dict(second=0x55)}, " (POKED rsi: 0x1 => 0x55)"),
    "poke_exit=rax=77:when=4": ({3: dict(ret=77)}, " (POKED rax: 0x3 => 0x4d)"),
    "poke_enter=vm.vmid=7:when=6": ({5: dict(seen=7, left=7)}, " (POKED vm.vmid: 105 => 7)"),
    "poke_exit=vm.vmid=7:when=6": ({5: dict(left=7)}, " (POKED vm.vmid: 105 => 7)"),
    "retval=9:poke_exit=vm.vmid=8:when=1": (
        {0: dict(arrived=0, ret=9, left=8)},
        " (INJECTED) (POKED vm.vmid: 100 => 8)",
    ),
}
