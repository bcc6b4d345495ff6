# SPDX-License-Identifier: BSD-3-Clause
"""Finds who makes the call of a site in inlined wrappers, from the image's DWARF.

A kernel's VMCALL is two wrappers deep: ``acrn_hypercall1`` in ``hcall_create_vm`` in
``acrn_vm_create``. All have one address; the line table knows the innermost. The caller is the
first outward that is no wrapper: not inlined from a header, and without hypercall in its name.
"""

import os
import re
from dataclasses import dataclass, replace
from typing import Any, Callable, Iterable, Iterator, TypeVar

from acrn_trace.guest.site import Site
from acrn_trace.image.image import Image

MAX_DIES = 1 << 20  # that are looked at in one unit
MAX_DEPTH = 64
MAX_UNITS = 1 << 16

Found = TypeVar("Found")

_HEADER = re.compile(r"\.(h|hh|hpp|hxx|inc)$")
_WRAPPER = re.compile(r"hypercall|hcall|vmcall", re.IGNORECASE)
_SCOPES = ("DW_TAG_inlined_subroutine", "DW_TAG_lexical_block", "DW_TAG_subprogram")


@dataclass(frozen=True)
class Caller:
    function: str | None
    file: str | None
    line: int | None


def with_callers(image: Image, sites: Iterable[Site]) -> list[Site]:
    """The sites, those without a file that stand in inlined wrappers with their callers."""
    sites = list(sites)
    wanted = [site for site in sites if site.file is None]
    if not wanted or image.section(".debug_info") is None:
        return sites
    callers = _callers(image, [site.address for site in wanted])
    return [_with_caller(site, callers.get(site.address)) for site in sites]


def with_lines(image: Image, sites: Iterable[Site]) -> list[Site]:
    """The sites, those without a file at the line that the line table has for them."""
    sites = list(sites)
    wanted = [site.address for site in sites if site.file is None]
    if not wanted or image.section(".debug_line") is None:
        return sites
    lines = _of_each(image, wanted, _line)
    found = {address: place for address, place in lines.items() if place}
    return [
        replace(site, file=found[site.address][0], line=found[site.address][1])
        if site.address in found
        else site
        for site in sites
    ]


def inlined_around(image: Image, sites: Iterable[Site]) -> set[str]:
    """The functions that are inlined around any of ``sites``, as far as the DWARF is sound."""
    if image.section(".debug_info") is None:
        return set()
    addresses = [site.address for site in sites]
    found = _of_each(image, addresses, lambda *of: _inlined_names(_functions_around(*of)))
    return set().union(*found.values())


def _inlined_names(chain: list[Any]) -> set[str]:
    return {name for function in chain[1:] if (name := _name(_origin(function)))}


def _with_caller(site: Site, caller: Caller | None) -> Site:
    if caller is None:
        return site
    function = caller.function or site.function
    return replace(site, file=caller.file, line=caller.line, function=function)


def _callers(image: Image, addresses: list[int]) -> dict[int, Caller]:
    """The caller for each address that stands in wrappers."""
    found = _of_each(image, addresses, _caller)
    return {address: caller for address, caller in found.items() if caller}


def _of_each(
    image: Image, addresses: list[int], ask: Callable[[Any, Any, int], Found]
) -> dict[int, Found]:
    """What ``ask`` says of each address, until the DWARF is damaged.

    It is given that, the address's unit, and the address.
    """
    try:
        from elftools.elf.elffile import ELFFile  # takes longer to load than most commands to run
    except ImportError:
        return {}
    found: dict[int, Found] = {}
    try:
        with image.contents() as file:
            dwarf = ELFFile(file).get_dwarf_info(relocate_dwarf_sections=False)
            for address, unit in _units(dwarf, addresses):
                found[address] = ask(dwarf, unit, address)
    except Exception:  # pylint: disable=broad-except
        pass  # pyelftools raises whatever comes of it on damaged data; a site is none the less one
    return found


def _units(dwarf: Any, addresses: list[int]) -> Iterator[tuple[int, Any]]:
    """The compilation unit of each address that has one."""
    ranges = dwarf.get_aranges()
    without = []
    for address in addresses:
        offset = ranges.cu_offset_at_addr(address) if ranges else None
        if offset is None:
            without.append(address)
        else:
            yield address, dwarf.get_CU_at(offset)
    for number, unit in enumerate(dwarf.iter_CUs() if without else ()):
        if number >= MAX_UNITS:
            return
        top = unit.get_top_DIE()
        yield from ((a, unit) for a in without if _covers(dwarf, unit, top, a))


def _line(dwarf: Any, unit: Any, address: int) -> tuple[str, int | None] | None:
    """File and line of an address; None where the unit's line table has none."""
    before = None
    for entry in dwarf.line_program_for_CU(unit).get_entries():
        row = entry.state
        if row is None:
            continue
        if before and before.address <= address < row.address:
            file = _file(dwarf, unit, before.file)
            return (file, before.line or None) if file else None
        before = None if row.end_sequence else row
    return None


def _caller(dwarf: Any, unit: Any, address: int) -> Caller | None:
    """The caller of an address in inlined wrappers, None if it is in none."""
    chain, caller = _functions_around(dwarf, unit, address), None
    while len(chain) > 1 and _is_wrapper(dwarf, unit, chain[-1]):
        inlined = chain.pop()
        file = _file(dwarf, unit, _number(inlined, "DW_AT_call_file"))
        line = _number(inlined, "DW_AT_call_line")
        caller = Caller(_name(_origin(chain[-1])), file, line or None)
    return caller


def _functions_around(dwarf: Any, unit: Any, address: int) -> list[Any]:
    """The function at an address and those inlined there, outermost first."""
    functions: list[Any] = []
    scope, left = unit.get_top_DIE(), MAX_DIES
    for _ in range(MAX_DEPTH):
        inner = None
        for die in scope.iter_children():
            left -= 1
            if left < 0:
                return functions
            if die.tag in _SCOPES and _covers(dwarf, unit, die, address):
                inner = die
                break
        if inner is None:
            return functions
        if inner.tag != "DW_TAG_lexical_block":
            functions.append(inner)
        scope = inner
    return functions


def _covers(dwarf: Any, unit: Any, die: Any, address: int) -> bool:
    low, high = die.attributes.get("DW_AT_low_pc"), die.attributes.get("DW_AT_high_pc")
    if low and high:
        end = high.value if high.form == "DW_FORM_addr" else low.value + high.value
        return low.value <= address < end
    ranges = die.attributes.get("DW_AT_ranges")
    if ranges is None:
        return False
    base = unit.get_top_DIE().attributes.get("DW_AT_low_pc")
    at = base.value if base else 0
    for entry in dwarf.range_lists().get_range_list_at_offset(ranges.value, unit):
        if hasattr(entry, "base_address"):
            at = entry.base_address
        else:
            start = 0 if getattr(entry, "is_absolute", False) else at
            if entry.begin_offset + start <= address < entry.end_offset + start:
                return True
    return False


def _is_wrapper(dwarf: Any, unit: Any, die: Any) -> bool:
    origin = _origin(die)
    file = _file(dwarf, unit, _number(origin, "DW_AT_decl_file"))
    return bool(_WRAPPER.search(_name(origin) or "") or _HEADER.search(file or ""))


def _origin(die: Any) -> Any:
    """The function itself, of which ``die`` may be one inlined copy."""
    for _ in range(MAX_DEPTH):
        if "DW_AT_abstract_origin" not in die.attributes:
            break
        die = die.get_DIE_from_attribute("DW_AT_abstract_origin")
    return die


def _file(dwarf: Any, unit: Any, number: int) -> str | None:
    """The file of that number in the unit's line table: from 1, since DWARF 5 from 0."""
    try:
        header = dwarf.line_program_for_CU(unit).header
    except KeyError:  # checksums of clang's in DWARF 5, which pyelftools 0.29 does not know
        return _name(unit.get_top_DIE()) if number == 0 else None
    first = 0 if header["version"] >= 5 else 1
    file = _at(header["file_entry"], number - first)
    if file is None:
        return None
    folder = _at(header["include_directory"], file.dir_index - first)
    parts = [file.name] if folder is None else [folder, file.name]
    return os.path.join(*(part.decode("utf-8", "backslashreplace") for part in parts))


def _at(table: list, index: int) -> Any:
    return table[index] if 0 <= index < len(table) else None


def _name(die: Any) -> str | None:
    attribute = die.attributes.get("DW_AT_name")
    return attribute.value.decode("utf-8", "backslashreplace") if attribute else None


def _number(die: Any, name: str) -> int:
    attribute = die.attributes.get(name)
    return attribute.value if attribute and isinstance(attribute.value, int) else 0
