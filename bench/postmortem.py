# SPDX-License-Identifier: BSD-3-Clause
"""How long a dump takes to be diagnosed, and in how much memory.

CPU time of a process of its own, interpreter and all, and the peak of its memory. The dumps are
real: a guest of 4 GiB, its dump made sparse, and one of 257 MiB. Of that a -p dump is made with a
program header for each of 65,649 pages, as QEMU writes it of a Linux guest. What GDB needs to open
each, and no more, stands beside it.
"""

import contextlib
import multiprocessing
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "tests"))

from acrn_trace.at_rest.corefile import open_core  # noqa: E402
from acrn_trace.cli.monitor import Monitor  # noqa: E402
from helpers.guests import QEMU, common_arguments  # noqa: E402
from helpers.make.dump import DumpBuilder, Load  # noqa: E402
from helpers.process import ended, read_until, start  # noqa: E402
from helpers.tree import IMAGES  # noqa: E402

ROUNDS = 5
PAGE = 4096
HEADERS = 65_650
IMAGE = IMAGES / "crash.elf"
LAUNCHER, LOADER = ROOT / "gdbscripts" / "acrn-trace", ROOT / "gdbscripts" / "acrn-trace.py"
GDB = ["gdb", "-nx", "-nh", "-q", "-batch"]
STRIPPED = "stripped.elf"


def run():
    """Rows: milliseconds for each way, then KiB."""
    with tempfile.TemporaryDirectory(prefix="acrn-bench-") as name:
        folder = Path(name)
        subprocess.run(["strip", "-o", folder / STRIPPED, IMAGE], check=True)
        paged_dump = folder / "paged"
        dumps = {
            "4 GiB, sparse": sparse(real_dump(folder, "4G")),
            f"-p, {HEADERS:,} headers": paged_dump,
        }
        # In a process of its own: what this one has of memory counts for those that it starts.
        maker = multiprocessing.Process(target=paged, args=(real_dump(folder, "257M"), paged_dump))
        maker.start()
        maker.join()
        ways = {
            f"{what}: {how}": command
            for what, dump in dumps.items()
            for how, command in commands(dump, folder).items()
        }
        yield from measured(ways)


def commands(dump, folder):
    """What is measured of a dump."""
    return {
        "acrn-trace --core": [LAUNCHER, "--core", dump, IMAGE],
        "acrn-trace --core, wrong image": [LAUNCHER, "--core", dump, IMAGES / "service.elf"],
        "acrn-trace --core, no image": [LAUNCHER, "--core", dump],
        "acrn-trace ring": [LAUNCHER, "ring", "--core", dump, IMAGE],
        "hypercall diagnose in GDB": [
            *(*GDB, "-x", LOADER, "-ex", "hypercall diagnose", IMAGE, dump),
        ],
        "GDB opens it, no more": [*GDB, IMAGE, dump],
    }


def measured(ways):
    seconds, memory = {way: [] for way in ways}, {way: [] for way in ways}
    for _ in range(ROUNDS):
        for way, command in ways.items():
            spent, peak = measure(command)
            seconds[way].append(1e3 * spent)
            memory[way].append(peak)
    for way, samples in seconds.items():
        yield way, samples, "ms"
    for way, samples in memory.items():
        yield f"memory: {way}", samples, "KiB"


def measure(command):
    """CPU seconds, and the peak of the resident memory in KiB; what is said must be right."""
    process = subprocess.Popen(
        list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0 and b"Traceback" not in said, said
    asked = "--core" in command or "hypercall diagnose" in command
    assert not asked or b"create_vm" in said, said
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def real_dump(folder, size):
    """A dump of a guest with so much memory that hangs in a call."""
    with tempfile.TemporaryDirectory(dir=folder) as sockets:
        monitor = Path(sockets, "qmp")
        machine = [*common_arguments(), "-m", size, "-smp", "2", "-append", "call-hangs"]
        boot = ["-kernel", IMAGES / "hypervisor.elf", "-initrd", IMAGE]
        command = [QEMU, *machine, *boot, "-qmp", f"unix:{monitor},server=on,wait=off"]
        with ended(start(command)) as process:
            read_until(process.stdout, "crash: call-hangs\n")
            time.sleep(0.5)
            dump = folder / f"{size}.dump"
            with contextlib.closing(Monitor(monitor)) as connection:
                connection._socket.settimeout(300)
                connection.execute("dump-guest-memory", protocol=f"file:{dump}", paging=False)
    return dump


def sparse(dump):
    """The dump with holes where it has nothing but zeros."""
    subprocess.run(["fallocate", "--dig-holes", dump], check=True)
    return dump


def paged(dump, path):
    """Write a -p dump of the same memory: its first pages by a header each, in no order."""
    core = open_core(str(dump))
    pages = list(range(HEADERS - 1))
    random.Random(1).shuffle(pages)
    loads = [
        Load(page * PAGE, PAGE, page * PAGE, 0xFFFF_8880_0000_0000 + number * 2 * PAGE)
        for number, page in enumerate(pages)
    ]
    builder = DumpBuilder([vcpu.registers for vcpu in core.vcpus], loads)
    with open(path, "wb") as file:
        file.write(builder.headers())
        for at in range(0, len(pages) * PAGE, 1 << 20):
            file.write(core.physical.read(at, min(1 << 20, len(pages) * PAGE - at)))
