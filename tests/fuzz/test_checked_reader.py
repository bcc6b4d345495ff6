# SPDX-License-Identifier: BSD-3-Clause
"""The Python that calls the readers in C, with every access of theirs checked.

AddressSanitizer has to be in a process from its beginning, so these are the unit tests, once more,
in a Python that it is preloaded into.
"""

import sys

import pytest

from helpers.guests import make
from helpers.process import run

LIBRARY = "build/checked/libacrn-reader.so"


def checked(*words: str):
    """Python with these words, in which an access that is wrong ends it."""
    runtime = run(["gcc", "-print-file-name=libasan.so"]).out.strip()
    more = {
        "LD_PRELOAD": runtime,
        "ASAN_OPTIONS": "detect_leaks=0",
        "PYTHONMALLOC": "malloc",  # each object a piece of memory of its own, with its limits
        "PYTHONPATH": "gdbscripts:tests",
    }
    return run([sys.executable, *words], environment=more)


@pytest.fixture(scope="module", autouse=True)
def built():
    make(LIBRARY)


def test_the_readers_of_rings():
    tests = ["tests/unit/rings/test_source.py", "tests/unit/rings/test_reader.py"]
    plugins = ["-p", "helpers.checked_reader", "-p", "no:cacheprovider", "-p", "no:xdist"]
    done = checked("-m", "pytest", "-q", *plugins, *tests)
    assert done.status == 0 and " passed" in done.out, done.out[-2000:] + done.err[-2000:]


def test_that_they_are_checked():
    """Python gives C less room than it says."""
    asked = (
        "import helpers.checked_reader; from acrn_trace.bindings import library\n"
        "library.FAULT_SIZE = 20; library.header_fault(bytes(128))"
    )
    done = checked("-c", asked)
    assert done.status != 0 and "heap-buffer-overflow" in done.err, done
