# SPDX-License-Identifier: BSD-3-Clause
"""Names call sites: where in an image a hypercall is made, and where it comes back."""

from dataclasses import dataclass, field, replace
from typing import Iterable, Iterator

from acrn_trace.guest.abi import MASK64, Abi, main_abi


@dataclass(frozen=True)
class Site:
    """One instruction that makes a hypercall.

    ``address`` is virtual, as the image runs. ``number`` is the call's number where the code says
    it, ``file`` and ``line`` are the caller's; each is None where it is not known. ``certain`` is
    false for bytes that may as well be something else than the instruction (docs/sites.md).
    ``source`` says who found it: "record", "scan", "both", "module" for one of a kernel's module,
    "page" for one that is in a hypercall page and in no image, "patched" for one that Linux copies
    over other code as it boots, or "hand" for a call made by hand;
    ``instruction`` is its mnemonic, None where the code was not looked at. ``difference`` is where
    record and scan do not agree. ``named`` is what the address is called in an object file, where
    it is none yet: section and offset. ``inlined`` are the functions that are inlined around it,
    where somebody looked (in_gdb/image.py).

    ``abi`` is how the call is made, and ``abi_by`` what says so: "record", "code", "cpuid", "page";
    None: nothing does, and it is the main one. ``other`` is the hypervisor whose the call is by its
    code, where abi.def has no row of it; then the ABI is unknown. ``bits``: 32 for
    32-bit code, which has no R8 to R15. ``is_stub``: nothing but the instruction and a return is
    there, so that its caller's return address is at RSP, and ``file``, ``line`` and ``function`` of
    a call are that one's.
    """

    address: int
    number: int | None = None
    file: str | None = None
    line: int | None = None
    function: str | None = None
    certain: bool = True
    source: str = "record"
    instruction: str | None = None
    difference: str | None = None
    abi: Abi = field(default_factory=main_abi)
    named: str | None = None
    inlined: tuple[str, ...] = ()
    abi_by: str | None = None
    other: str | None = None
    bits: int = 64
    is_stub: bool = False

    @property
    def shown(self) -> str:
        """The address, for people."""
        return self.named or f"{self.address:#x}"

    @property
    def return_address(self) -> int:
        return self.address + self.abi.length

    @property
    def functions(self) -> set[str]:
        """Those that it stands in, as far as they are known."""
        return {*self.inlined, *([self.function] if self.function else [])}

    def moved(self, offset: int) -> "Site":
        """The site of the same code, loaded ``offset`` from where it was linked."""
        return replace(self, address=self.address + offset & MASK64) if offset else self

    def __str__(self) -> str:
        """``service.c:42 create_vm``, or what of that is known, else the address."""
        place = self.file.rsplit("/", 1)[-1] if self.file else self.shown
        if self.file and self.line:
            place += f":{self.line}"
        return f"{place} {self.function}" if self.function else place


def functions_of(sites: Iterable[Site]) -> set[str]:
    """Those that any of ``sites`` stands in."""
    return set().union(*(site.functions for site in sites))


@dataclass(frozen=True)
class StopAddress:
    """One address to stop at. Where two sites stand back to back it is both kinds at once."""

    address: int
    returns_from: Site | None = None
    enters: Site | None = None


def stop_addresses(sites: Iterable[Site]) -> Iterator[StopAddress]:
    """Where each of ``sites`` is entered and where it returns, in order, each address once."""
    entries = {site.address: site for site in sites}
    returns = {site.return_address: site for site in entries.values()}
    for address in sorted(entries.keys() | returns.keys()):
        yield StopAddress(address, returns.get(address), entries.get(address))
