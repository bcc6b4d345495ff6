# SPDX-License-Identifier: BSD-3-Clause
"""Tells where a Linux has the members of its structures: by its BTF, else by what GDB knows."""

from functools import cached_property

import gdb

from acrn_trace.image.btf import Btf, Member
from acrn_trace.image.image import Image

MAX_NESTING = 4


class LinuxTypes:
    """Those of one kernel. GDB reads its debug information only where there is no BTF: that takes
    seconds."""

    def __init__(self, image: Image) -> None:
        self._image = image

    @cached_property
    def _btf(self) -> Btf:
        return Btf(self._image)

    def member(self, structure: str, name: str) -> Member:
        """KeyError where neither says it."""
        try:
            return self._btf.member(structure, name)
        except KeyError:
            return _gdbs_member(structure, name)


def _gdbs_member(structure: str, name: str) -> Member:
    try:
        found = _member(gdb.lookup_type(f"struct {structure}"), name, MAX_NESTING)
    except gdb.error:
        found = None
    if found is None:
        raise KeyError(f"struct {structure}, {name}")
    return found


def _member(kind: gdb.Type, name: str, depth: int) -> Member | None:
    """Of a structure, looking into what has no name."""
    if depth == 0 or kind.code not in (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION):
        return None
    for field in kind.fields():
        if field.name == name:
            return Member(field.bitpos // 8, field.type.sizeof)
        inner = None
        if not field.name:
            inner = _member(field.type.strip_typedefs(), name, depth - 1)
        if inner:
            return Member(field.bitpos // 8 + inner.offset, inner.size)
    return None
