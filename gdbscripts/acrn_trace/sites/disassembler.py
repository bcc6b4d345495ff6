# SPDX-License-Identifier: BSD-3-Clause
"""Loads Capstone's Python library."""

import sys
import warnings
from contextlib import contextmanager
from types import ModuleType
from typing import Iterator

from acrn_trace.base.errors import TraceError


class MissingCapstone(TraceError):
    """Nothing can be disassembled."""


def load_capstone() -> ModuleType:
    """The module ``capstone``; MissingCapstone if there is none."""
    try:
        with _plain_distutils():
            import capstone
    except ImportError:
        raise MissingCapstone(
            "finding sites in code needs the Python library Capstone; on Debian, "
            "'apt-get install python3-capstone'"
        ) from None
    return capstone


@contextmanager
def _plain_distutils() -> Iterator[None]:
    """Let ``distutils``, of which Capstone 4 asks one folder, be that of Python.

    Setuptools puts its own before it, and itself with it, which takes three times as long as
    Capstone.
    """
    finders = list(sys.meta_path)
    sys.meta_path[:] = [one for one in finders if not hasattr(one, "spec_for_distutils")]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of distutils
            yield
    finally:
        sys.meta_path[:] = finders
