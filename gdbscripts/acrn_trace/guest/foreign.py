# SPDX-License-Identifier: BSD-3-Clause
"""States by what the calls of other hypervisors are known, all of it at once, where registers and
numbers of a row of abi.def do not tell them from others.

Sources: VMware: Linux's asm/vmware.h. eVMM: iKGT's and Trusty's TRUSTY_VMCALL numbers, "tru" and a
byte. VBH: its tee_root.h, OP-TEE's "opt". kAFL, Nyx: their nyx_api.h. Xen: hypercall-abi.rst,
public/xen.h, and the calls that hypercall-defs.c gives to HVM guests. Hyper-V: the TLFS.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from acrn_trace.guest.abi import MASK64
from acrn_trace.guest.site import Site

ANOTHER = "another hypervisor"  # of which nothing tells which one
BITS32 = 0xFFFF_FFFF


@dataclass(frozen=True)
class Witnesses:
    """What the code of each call of ``name`` does.

    ``register`` is known to hold one of ``numbers`` in the bits of ``mask``. Those of ``loads`` are
    loaded, those of ``means`` for the call alone. Those of ``leaves`` are not loaded for the call,
    nor is the first of a pair of ``together`` without the second. ``finding`` is lint's kind;
    ``signature`` what CPUID says below it, if that is known.
    """

    finding: str
    name: str
    register: str
    numbers: frozenset[int]
    mask: int = BITS32
    loads: tuple[str, ...] = ()
    means: tuple[str, ...] = ()
    leaves: tuple[str, ...] = ()
    together: tuple[tuple[str, str], ...] = ()
    signature: str = ""
    # Loaded by calls of which registers alone tell no more than that they are another's: in an
    # image that has the signature, and where no number is known or one of ``numbers``.
    asked: tuple[str, ...] = ()
    abi: str | None = None  # the row of abi.def, if it has one
    is_magic: bool = False  # no other hypervisor has such a number there

    def has(self, value: int) -> bool:
        """Whether the register may have ``value``."""
        return value & self.mask in self.numbers


# Those that Xen has for guests with VMCALL, but platform_op (7), which others have as well.
_XEN = frozenset((12, 13, 15, 17, 18, 20, 21, 24, 26, 27, 29, *range(32, 37), *range(39, 43)))
_XENS = "XenVMMXenVMM"
_HYPERV_RESERVED = 0xF000_F000_7800_0000

OTHER = "other-call"
FOREIGN = (
    Witnesses(
        *("vmware-call", "VMware", "rax", frozenset([0x564D5868])),
        signature="VMwareVMware",
        is_magic=True,
    ),
    Witnesses(
        *(OTHER, "eVMM", "rax", frozenset(range(0x74727500, 0x74727600))),
        loads=("rbx",),
        is_magic=True,
    ),
    Witnesses(OTHER, "VBH", "rax", frozenset([0x6F707400]), loads=("rbx",), is_magic=True),
    Witnesses(OTHER, "kAFL", "rax", frozenset([0x1F]), loads=("rbx", "rcx")),
    # Nobody else has an argument in R10.
    Witnesses(
        *("xen-call", "Xen", "rax", frozenset(range(64)), MASK64),
        loads=("rdi", "r10"),
        means=("rax", "r10"),
        signature=_XENS,
        abi="xen",
    ),
    Witnesses(
        *("xen-call", "Xen", "rax", _XEN, MASK64),
        means=("rax",),
        leaves=("rbx", "rcx"),
        together=(("r8", "r10"),),
        signature=_XENS,
        abi="xen",
    ),
    Witnesses(
        *("hyperv-call", "Hyper-V", "rcx", frozenset((*range(1, 0x400), *range(0x8001, 0x8004)))),
        mask=0xFFFF | _HYPERV_RESERVED,
        loads=("rdx",),
        leaves=("rdi", "rbx", "rax"),
        signature="Microsoft Hv",
        asked=("rcx", "rdx"),
        abi="hyperv",
    ),
)
# Whose numbers many have: never by registers alone. jailhouse_hypercall.h of Jailhouse 0.12.
JAILHOUSE = Witnesses(
    *(OTHER, "Jailhouse", "rax", frozenset(range(9))),
    leaves=("rbx", "rcx", "rdx", "r10"),
    signature="Jailhouse",
    asked=("rax",),
)
_MAGIC = tuple(one for one in FOREIGN if one.is_magic)


def hypervisor_name(abi: str) -> str:
    """That of a row of abi.def, for people: "KVM", "Xen"."""
    return next((one.name for one in FOREIGN if one.abi == abi), abi.upper())


def magic_of(site: Site, registers: Mapping[str, int]) -> str | None:
    """Whose magic number ``registers`` have at a site whose code loads no number for its ABI.

    The number's register may still have what a call before left there.
    """
    if site.number is not None and site.abi.has_number(site.abi.number_in(registers)):
        return None
    return next((one.name for one in _MAGIC if one.has(registers[one.register])), None)
