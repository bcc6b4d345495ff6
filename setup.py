# SPDX-License-Identifier: BSD-3-Clause
"""Installs the launcher, with the GDB scripts, the call table and the C stub as data.

Nothing goes to site-packages: GDB runs the scripts with its own Python, whoever installs them.
"""

import subprocess
from pathlib import Path

from setuptools import setup

SHIPPED = (".py", ".def", ".h", ".c", ".S", ".ld", ".mk", "")


def data_files():
    """Each folder of the two trees with its files, below share/acrn-trace."""
    for tree in ("cstub", "gdbscripts"):
        for folder in [Path(tree), *(path for path in Path(tree).rglob("*") if path.is_dir())]:
            files = [str(f) for f in folder.iterdir() if f.is_file() and f.suffix in SHIPPED]
            yield f"share/acrn-trace/{folder}", files
    # The layouts of ACRN's structures and the table of its calls, the programs that read rings, the
    # model of ACRN, the plugin for QEMU.
    built = [
        "build/acrn-types.o",
        "build/acrn.table",
        "build/acrn-record",
        "build/libacrn-reader.so",
        "build/libacrn-model.so",
        "build/acrn-plugin.so",
    ]
    subprocess.run(["make", "-s", *built], check=True)
    yield "share/acrn-trace/build", built


setup(
    name="acrn-trace",
    version="0.1.0",
    description="strace for hypercalls: trace what a guest asks of ACRN, with GDB and QEMU",
    license="BSD-3-Clause",
    python_requires=">=3.11",
    packages=[],
    py_modules=[],
    scripts=["gdbscripts/acrn-trace"],
    data_files=list(data_files()),
)
