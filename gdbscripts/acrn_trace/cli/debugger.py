# SPDX-License-Identifier: BSD-3-Clause
"""Runs GDB for the launcher: hands it a request, takes its result."""

import json
import os
import re
import signal
import subprocess
from dataclasses import asdict
from pathlib import Path

from acrn_trace.base.errors import TargetError, TraceError
from acrn_trace.base.places import LOADER
from acrn_trace.options.request import Request, Result

OLDEST_GDB = 12
AGAIN_SECONDS = 1.0


def check_gdb(gdb: str) -> None:
    """TraceError unless ``gdb`` is a GDB with Python, of a version that can do the work."""
    command = [gdb, "-nx", "-nh", "-batch", "-ex", "python print('version', gdb.VERSION)"]
    try:
        run = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise TraceError(
            f"cannot run {gdb}: {getattr(error, 'strerror', 'no answer')}; install GDB or name it "
            "with --gdb"
        ) from error
    version = re.search(r"^version .*?(\d+)", run.stdout, re.MULTILINE)
    if version is None:
        raise TraceError(f"{gdb} has no Python; install a GDB that was built with it")
    if int(version.group(1)) < OLDEST_GDB:
        raise TraceError(
            f"{gdb} is version {version.group(1)}; acrn-trace needs GDB {OLDEST_GDB} or newer"
        )


def trace_in_gdb(gdb: str, image: str, request: Request, folder: Path) -> Result:
    """Run the request to its end in a GDB of our own; ``folder`` is for temporary files."""
    request_file, log = folder / "request.json", folder / "gdb.log"
    request.result = str(folder / "result.json")
    request_file.write_text(json.dumps(asdict(request)))
    run_batch = (
        f"python import acrn_trace.in_gdb.batch as batch; batch.run_batch({str(request_file)!r})"
    )
    command = [gdb, "-nx", "-nh", "-q", "-batch", "-x", LOADER, "-ex", run_batch, image]
    with open(log, "wb") as output:
        _wait(command, output, request.terminal)
    try:
        return Result(**json.loads(Path(request.result).read_text()))
    except (OSError, ValueError, TypeError):
        words = log.read_text("utf-8", "backslashreplace").replace("\0", "").strip().splitlines()
        raise TargetError(f"GDB ended too early: {words[-1] if words else 'no word'}") from None


def _wait(command: list[str], output, terminal: int) -> None:
    """An interrupt at the terminal reaches GDB as well, which ends the trace; we wait for that.

    GDB loses one that comes while it handles a stop: after a while it gets another.
    """
    interrupts: list[int] = []
    previous = signal.signal(signal.SIGINT, lambda number, _frame: interrupts.append(number))
    try:
        with subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=[terminal],
            env={**os.environ, "LC_ALL": "C.UTF-8"},
        ) as process:
            try:
                seen = False
                while _still_runs(process):
                    if seen:
                        process.send_signal(signal.SIGINT)
                    seen = bool(interrupts)
            except BaseException:
                process.kill()
                raise
    finally:
        signal.signal(signal.SIGINT, previous)


def _still_runs(process: subprocess.Popen) -> bool:
    try:
        process.wait(AGAIN_SECONDS)
    except subprocess.TimeoutExpired:
        return True
    return False
