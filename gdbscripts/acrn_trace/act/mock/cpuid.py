# SPDX-License-Identifier: BSD-3-Clause
"""Answers the CPUID leaves by which a guest finds ACRN (arch/x86/guest/vcpuid.c of ACRN)."""

import struct
from dataclasses import dataclass, field
from typing import Mapping

from acrn_trace.act.mock.library import host_tsc_khz
from acrn_trace.guest.abi import MASK64, abi_named

LEAVES = range(0x40000000, 0x40000100)  # a hypervisor's own
SIGNATURE, FEATURES, TSC_KHZ = 0x40000000, 0x40000001, 0x40000010  # the last is the highest, too
PRIVILEGED = 1  # the guest is the Service VM
CPUID = b"\x0f\xa2"


@dataclass(frozen=True)
class AcrnCpuid:
    """``tsc_khz``: what the TSC is said to run at; QEMU's, under TCG, is the host's."""

    tsc_khz: int = field(default_factory=host_tsc_khz)

    def registers(self, before: Mapping[str, int]) -> dict[str, int] | None:
        """What a CPUID made with the registers ``before`` leaves; None: a leaf of the processor's.

        The upper halves are zeroed (Intel SDM volume 2, CPUID).
        """
        answer = self._answer(before["rax"] & 0xFFFFFFFF)
        if answer is None:
            return None
        behind = before["rip"] + len(CPUID) & MASK64
        return {**dict(zip(("rax", "rbx", "rcx", "rdx"), answer)), "rip": behind}

    def _answer(self, leaf: int) -> tuple[int, int, int, int] | None:
        if leaf == SIGNATURE:
            return (TSC_KHZ, *struct.unpack("<3I", abi_named("acrn").signature.encode()))
        if leaf in LEAVES:
            return ({FEATURES: PRIVILEGED, TSC_KHZ: self.tsc_khz}.get(leaf, 0), 0, 0, 0)
        return None
