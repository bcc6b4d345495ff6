# SPDX-License-Identifier: BSD-3-Clause
"""What it costs to start: CPU time (user and system) beside that of a bare Python, a bare GDB.

Tests start GDB and the launcher hundreds of times, and users see it at every command. The goal is
three times the bare process; tests/unit/cli/test_commands.py holds what causes it, by what is
loaded.
"""

import os
import subprocess
import tempfile
from pathlib import Path

import recording
import report

SCRIPTS = Path(__file__).resolve().parent.parent / "gdbscripts"
LAUNCHER = str(SCRIPTS / "acrn-trace")
ROUNDS = 15
PYTHON, GDB = "ms Python", "ms GDB"


def run():
    """Rows: each process of one kind behind the bare one."""
    with tempfile.TemporaryDirectory(prefix="acrn-bench-") as folder:
        trace, recorded = Path(folder, "trace"), Path(folder, "recorded")
        report.write(trace, 3, kinds=3)
        recording.write(recorded, 10, 0, recording.without_structure)
        commands = {
            ("python3 -c pass", PYTHON): ["/usr/bin/python3", "-c", "pass"],
            ("acrn-trace --help", PYTHON): [LAUNCHER, "--help"],
            ("acrn-trace calls", PYTHON): [LAUNCHER, "calls"],
            ("acrn-trace report RECORDING, 10 calls", PYTHON): [LAUNCHER, "report", str(recorded)],
            ("the same, -c", PYTHON): [LAUNCHER, "report", "-c", str(recorded)],
            ("the same, -e", PYTHON): [LAUNCHER, "report", "-e", "vcpu=0", str(recorded)],
            ("acrn-trace report JSONL, 3 calls", PYTHON): [LAUNCHER, "report", str(trace)],
            ("gdb -batch", GDB): ["gdb", "-nx", "-batch"],
            ("gdb -batch -x acrn-trace.py", GDB): [
                *("gdb", "-nx", "-batch", "-x", str(SCRIPTS / "acrn-trace.py"))
            ],
        }
        samples = {what: [] for what in commands}
        for _ in range(ROUNDS):
            for what, command in commands.items():
                samples[what].append(1000 * cpu_seconds(command))
    for (what, unit), values in samples.items():
        yield what, values, unit


def cpu_seconds(command):
    """Of a process and those that it waited for, once it has ended well."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command[0]} ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime
