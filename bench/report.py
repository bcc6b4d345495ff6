# SPDX-License-Identifier: BSD-3-Clause
"""How fast trace files are read and reported, and in how much memory.

Calls a second of a process's own CPU time (user and system), less what it takes to start, so that
others on the machine count little. Two traces of the calls that a device model makes: one in which
calls recur with the same arguments, as they do when a User VM runs (300 different calls), and one
in which no two calls are alike, which is the worst that there is.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

LAUNCHER = Path(__file__).resolve().parent.parent / "gdbscripts" / "acrn-trace"
ROUNDS = 5
CALLS = 50_000
FORMS = {
    "read only": None,
    "summary (-c)": ["-c"],
    "text": ["-f", "text"],
    "jsonl": ["-f", "jsonl"],
    "chrome": ["-f", "chrome"],
}
READ_ONLY = """
import sys; sys.path.insert(0, sys.argv[1])
from acrn_trace.files.read import read_events
for event in read_events(sys.argv[2]): pass
"""


def run():
    """Rows: each form over either trace, then memory over a file and over one ten times as long."""
    with tempfile.TemporaryDirectory(prefix="acrn-bench-") as folder:
        recurring, different = Path(folder, "recurring"), Path(folder, "different")
        write(recurring, CALLS, kinds=300)
        write(different, CALLS, kinds=CALLS)
        yield from speeds({"recurring": recurring, "all different": different})
        long = Path(folder, "long")
        write(long, 10 * CALLS, kinds=10 * CALLS)
        for name, file in (("short", different), ("ten times as long", long)):
            for form in ("summary (-c)", "text"):
                yield f"memory: {form}, {name}", [measure(FORMS[form], file)[1] / 1024], "KiB"


def speeds(files):
    """All forms on all files in turn, round by round."""
    samples = {(name, form): [] for name in files for form in FORMS}
    start_ups = {form: [] for form in FORMS}
    empty = next(iter(files.values())).with_name("empty")
    empty.touch()
    for _ in range(ROUNDS):
        for form, values in start_ups.items():
            values.append(measure(FORMS[form], empty)[0])
        for name, form in samples:
            seconds, _ = measure(FORMS[form], files[name])
            samples[name, form].append(CALLS / (seconds - start_ups[form][-1]))
    for (name, form), values in samples.items():
        yield f"{form}, {name}", values, "calls/s"
    yield "start-up", [1e6 * seconds for seconds in start_ups["text"]], "us"


def measure(options, file):
    """CPU seconds and peak memory (bytes) of one run in a process of its own."""
    if options is None:
        command = ["/usr/bin/python3", "-c", READ_ONLY, str(LAUNCHER.parent), str(file)]
    else:
        command = [str(LAUNCHER), "report", "-q", *options, "-o", os.devnull, str(file)]
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{command}: status {process.returncode}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def write(path, count, kinds):
    """A trace of ``count`` calls, of which ``kinds`` are different."""
    with open(path, "w", encoding="utf-8") as file:
        for seq in range(count):
            file.write(json.dumps(call(seq, seq * 7919 % kinds), separators=(",", ":")) + "\n")


def call(seq, kind):
    """A call as a live trace writes it; ``kind`` decides on all but its number and its times."""
    name, number, args, decoded = CALLS_MADE[kind % len(CALLS_MADE)](kind)
    return {
        "seq": seq,
        "time": round(1795254403.174027 + seq * 0.000_731, 6),
        "duration": round(0.000_1 + seq % 977 * 1e-6, 6),
        "clock": "host",
        "vcpu": kind % 4,
        "abi": "acrn",
        "nr": hex(number),
        "name": name,
        "args": [hex(arg) for arg in args],
        "ret": 0,
        "errno": None,
        "status": "returned",
        "answered_by": "hypervisor",
        "site": hex(0xFFFFFFFF8040A766 + kind % len(CALLS_MADE) * 64),
        "symbol": f"{name}_of_the_vm",
        "file": "drivers/virt/acrn/hypercall.c",
        "line": 40 + kind % len(CALLS_MADE),
        "source": "stop",
        "decoded": decoded,
        "clobbered": {},
        "findings": [],
        "repeats": 0,
        "repeats_unknown": 0,
        "return_vcpu": kind % 4,
        "stack": [],
    }


def _notify(kind):
    vmid, vcpu = 1 + kind % 7, kind // 7
    return "notify_request_finish", 0x80000031, (vmid, vcpu), {"vmid": vmid, "vcpu": vcpu}


def _irqline(kind):
    line = {"gsi": kind, "op": "GSI_SET_HIGH"}
    return "set_irqline", 0x80000025, (1, kind), {"vmid": 1, "line": line}


def _msi(kind):
    msi = {"msi_addr": hex(0xFEE00000 + kind * 16), "msi_data": hex(0x4000 + kind % 251)}
    return "inject_msi", 0x80000023, (1, 0x412F00 + kind), {"vmid": 1, "msi": msi}


def _region(kind):
    region = {
        "type": "ACRN_MR_ADD",
        "prot": "ACRN_MEM_READ|ACRN_MEM_WRITE|ACRN_MEM_WRITE_BACK",
        "gpa": hex(kind << 12),
        "service_vm_gpa": hex(0x1000000 + (kind << 12)),
        "size": "0x1000",
    }
    tree = {"vmid": 1, "mr_num": 1, "regions_gpa": {"address": "0x412f70", "points_to": [region]}}
    return "set_memory_regions", 0x80000042, (0x412F00, 0), {"regions": tree}


# Every second one a notify_request_finish.
CALLS_MADE = (_notify, _irqline, _notify, _msi, _notify, _region)
