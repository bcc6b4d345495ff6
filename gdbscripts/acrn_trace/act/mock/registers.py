# SPDX-License-Identifier: BSD-3-Clause
"""A vCPU's registers at a call, for a model: ``call.registers["r10"] = 1`` plays a hypervisor that
changes what it must leave alone."""

from typing import Any, Iterator, Mapping

from acrn_trace.act.mock.view import encoded
from acrn_trace.guest.abi import ACRN, GENERAL_REGISTERS

BITS = {name: 64 for name in GENERAL_REGISTERS if name != ACRN.result} | {"eflags": 32}


class Registers(Mapping[str, int]):
    """As they were at the site; ``changed``: those that were set, which the guest gets."""

    def __init__(self, at_site: Mapping[str, int]) -> None:
        self._at_site = at_site
        self.changed: dict[str, int] = {}

    def __getitem__(self, name: str) -> int:
        return self.changed.get(name, self._at_site[name])

    def __setitem__(self, name: str, value: Any) -> None:
        if name not in BITS:
            why = f": {ACRN.result} is what the model returns" if name == ACRN.result else ""
            raise LookupError(f"{name} cannot be set{why}; {', '.join(BITS)} can")
        self.changed[name] = int.from_bytes(encoded(value, BITS[name], name), "little")

    def __iter__(self) -> Iterator[str]:
        return iter(self._at_site)

    def __len__(self) -> int:
        return len(self._at_site)
