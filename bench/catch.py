# SPDX-License-Identifier: BSD-3-Clause
"""How fast a guest comes to a call that is caught by a condition: by breakpoints, by the plugin.

The guest is that of bench/throughput.py, whose calls are numbered. The plugin needs QEMU 11.1 on
PATH. Rates are of the calls that were made until the guest stopped, connecting not counted.
"""

import re
import subprocess
import time

from interleaved import interleaved
from throughput import PLAIN, ROOT, arguments

ROUNDS = 5
SECONDS = 300
BY_BREAKPOINTS, BY_PLUGIN = 2_000, 1_000_000  # calls of each vCPU
PLUGIN = ROOT / "build" / "acrn-plugin.so"
LOADER = ROOT / "gdbscripts" / "acrn-trace.py"


def run():
    """Rows: by breakpoints, by the plugin."""
    subprocess.run(["make", "-s", "-f", "bench/throughput_guest/guest.mk"], cwd=ROOT, check=True)
    ways = {
        "by breakpoints": lambda folder: caught(folder, BY_BREAKPOINTS, False),
        "by the plugin": lambda folder: caught(folder, BY_PLUGIN, True),
    }
    for name, taken in interleaved(ways, ROUNDS).items():
        yield f"to a caught call, {name}", taken, "calls/s"


def caught(folder, calls, has_plugin):
    """Calls a second, of both vCPUs: the first stops at its call of that number."""
    socket, stops = folder / "gdb", folder / "stops"
    line = ["qemu-system-x86_64", *arguments(PLAIN), "-S"]
    line += ["-gdb", f"unix:{socket},server=on,wait=off"]
    if has_plugin:
        line += ["-plugin", f"{PLUGIN},stops={stops}"]
    with subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as qemu:
        try:
            while not socket.exists():
                time.sleep(0.01)
            return 2 * calls / time_to(socket, calls, stops if has_plugin else None)
        finally:
            qemu.kill()


def time_to(socket, calls, stops):
    """Seconds until GDB stands at the call."""
    commands = [f"target remote {socket}"]
    commands += [f"set hypercall plugin {stops}"] if stops else []
    commands += [
        f"catch hypercall if $_hypercall_arg(2) == {calls} && $_hypercall_arg(1) == 0",
        "python import time; begun = time.monotonic()",
        "continue",
        "python print('took', time.monotonic() - begun)",
        "kill",
    ]
    line = ["gdb", "-nx", "-q", "-batch", "-x", str(LOADER)]
    for command in commands:
        line += ["-ex", command]
    done = subprocess.run(
        [*line, str(PLAIN)],
        **{"cwd": ROOT, "capture_output": True, "text": True, "timeout": SECONDS, "check": False},
    )
    assert "hit Catchpoint 1" in done.stdout, (done.stdout, done.stderr)
    return float(re.search(r"^took (\S+)$", done.stdout, re.MULTILINE)[1])
