# SPDX-License-Identifier: BSD-3-Clause
"""Reads structure layouts from the DWARF of a file that we built (cstub/src/types.c)."""

from typing import IO

from acrn_trace.base.errors import TraceError
from acrn_trace.tables.layouts import Array, Field, Layouts, Scalar, Struct, Type

MAX_TYPEDEFS = 64  # of one type

_BOOLEAN = 2  # DW_ATE_boolean
_SIGNED = {5, 6}  # DW_ATE_signed, DW_ATE_signed_char: DWARF 5, 7.8
_TRANSPARENT = {"DW_TAG_typedef", "DW_TAG_const_type", "DW_TAG_volatile_type"}


def read_layouts(path: str) -> Layouts:
    """Every named structure and enumeration of ``path``, an object file with debug information."""
    try:
        with open(path, "rb") as file:
            elf = _elf_file(file)
            reader = _Reader()
            for unit in elf.get_dwarf_info().iter_CUs():
                for die in unit.get_top_DIE().iter_children():
                    reader.take(die)
            return reader.layouts
    except OSError as error:
        raise TraceError(
            f"cannot read the structure layouts {path}: {error.strerror}; 'make types' builds them"
        ) from error


def read_struct(path: str, name: str) -> Struct | None:
    """The structure of that name in ``path``, an image with debug information."""
    try:
        with open(path, "rb") as file:
            elf = _elf_file(file)
            units = elf.get_dwarf_info().iter_CUs() if elf.has_dwarf_info() else ()
            for unit in units:
                for die in unit.get_top_DIE().iter_children():
                    whole = "DW_AT_declaration" not in die.attributes
                    if die.tag == "DW_TAG_structure_type" and whole and _name(die) == name:
                        return _Reader().struct(die)
    except TraceError:
        raise
    except Exception as error:  # pylint: disable=broad-except
        # pyelftools raises whatever comes of it on damaged data
        raise TraceError(
            f"the debug information of {path} is damaged; rebuild or fetch it anew"
        ) from error
    return None


def _elf_file(file: IO[bytes]):
    """pyelftools' ELFFile: loading that takes as long as all else that a command does at first."""
    try:
        from elftools.elf.elffile import ELFFile
    except ImportError:
        raise TraceError(
            "the Python library pyelftools is missing; on Debian, "
            "'apt-get install python3-pyelftools'"
        ) from None
    return ELFFile(file)


class _Reader:
    """Makes layouts of pyelftools' DIEs."""

    def __init__(self) -> None:
        self.layouts = Layouts()

    def take(self, die) -> None:
        if die.tag in ("DW_TAG_structure_type", "DW_TAG_union_type"):
            struct = self.struct(die)
            if struct.name:
                self.layouts.structs[struct.name] = struct
        elif die.tag == "DW_TAG_enumeration_type":
            self._enum(die)

    def struct(self, die) -> Struct:
        members = [child for child in die.iter_children() if child.tag == "DW_TAG_member"]
        fields = tuple(self._field(member) for member in members)
        return Struct(_name(die), _number(die, "byte_size"), fields, die.tag == "DW_TAG_union_type")

    def _field(self, die) -> Field:
        kind = self._type(die)
        bits = _number(die, "bit_size") or kind.size * 8
        start = _number(die, "data_bit_offset") or _number(die, "data_member_location") * 8
        return Field(_name(die), start, bits, kind)

    def _type(self, die) -> Type:
        target = die.get_DIE_from_attribute("DW_AT_type")
        for _ in range(MAX_TYPEDEFS):
            if target.tag not in _TRANSPARENT:
                break
            target = target.get_DIE_from_attribute("DW_AT_type")
        if target.tag in ("DW_TAG_structure_type", "DW_TAG_union_type"):
            return self.struct(target)
        if target.tag == "DW_TAG_array_type":
            return self._array(target)
        if target.tag == "DW_TAG_enumeration_type":
            return Scalar(_number(target, "byte_size"), enum=self._enum(target))
        encoding = _number(target, "encoding")
        is_boolean = encoding == _BOOLEAN
        return Scalar(_number(target, "byte_size"), encoding in _SIGNED, boolean=is_boolean)

    def _array(self, die) -> Array:
        kind = self._type(die)
        ranges = [child for child in die.iter_children() if child.tag == "DW_TAG_subrange_type"]
        for dimension in reversed(ranges):
            count = _number(dimension, "count") or _number(dimension, "upper_bound") + 1
            kind = Array(kind, count)
        assert isinstance(kind, Array)
        return kind

    def _enum(self, die) -> str:
        values = {
            _number(child, "const_value"): _name(child)
            for child in die.iter_children()
            if child.tag == "DW_TAG_enumerator"
        }
        self.layouts.enums[_name(die)] = values
        return _name(die)


def _name(die) -> str:
    attribute = die.attributes.get("DW_AT_name")
    return attribute.value.decode() if attribute else ""


def _number(die, name: str) -> int:
    attribute = die.attributes.get(f"DW_AT_{name}")
    return attribute.value if attribute else 0
