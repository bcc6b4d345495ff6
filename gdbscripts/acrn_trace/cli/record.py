# SPDX-License-Identifier: BSD-3-Clause
"""Runs ``acrn-trace record``: a guest runs, never stopped, and its ring is recorded."""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from acrn_trace.base.errors import TargetError, TraceError
from acrn_trace.base.places import RECORDER
from acrn_trace.base.text import printable
from acrn_trace.cli import plugin, qemu
from acrn_trace.cli.monitor import Monitor
from acrn_trace.cli.ram_file import memory_size, ram_arguments, shared_folder
from acrn_trace.guest.ram_map import RAM_REGION
from acrn_trace.guest.site import Site
from acrn_trace.image.image import open_image
from acrn_trace.lint.linter import with_abis
from acrn_trace.options.declare import add_clobber_option, add_knowledge_options
from acrn_trace.options.knowledge import make_knowledge
from acrn_trace.options.parser import OptionParser
from acrn_trace.rings.blocks import VERSION_2
from acrn_trace.rings.preamble import preamble
from acrn_trace.sites.callers import with_lines
from acrn_trace.sites.sitelist import image_sites
from acrn_trace.tables.built import table_for
from acrn_trace.tables.knowledge import Knowledge

POLL_SECONDS = 0.05
END_SECONDS = 60.0


def run(arguments: list[str]) -> int:
    """Record a guest to its end; the exit status."""
    separator = arguments.index("--") if "--" in arguments else len(arguments)
    options = _parser().parse_args(arguments[:separator])
    for_qemu = arguments[separator + 1 :]
    knowledge, image = make_knowledge(options), open_image(options.image)
    sites = image_sites(image)
    if options.engine == "plugin":
        return _record_by_plugin(options, for_qemu, knowledge, sites)
    _refuse_backend(for_qemu)
    size = memory_size(for_qemu)
    if not os.path.exists(RECORDER):
        raise TraceError(f"{RECORDER} is missing; 'make readers' builds it")
    _begin(options.output, preamble(knowledge.table, sites))
    with tempfile.TemporaryDirectory(prefix="acrn-record-", dir=shared_folder()) as name:
        _record(options, for_qemu, size, Path(name))
    return 0


def _record_by_plugin(
    options: argparse.Namespace, for_qemu: list[str], knowledge: Knowledge, sites: list[Site]
) -> int:
    """The guest needs no ring: QEMU's plugin sees its calls."""
    image = open_image(options.image)
    sites = with_lines(image, with_abis(image, knowledge, sites))
    plugin.refuse(for_qemu)
    plugin.api_of(options.qemu)
    _begin(options.output, preamble(knowledge.table, sites, VERSION_2))
    with open(options.output, "ab") as file:
        guest = plugin.PluginGuest(
            *(options.qemu, options.image, sites, for_qemu, file.fileno()),
            table=table_for(knowledge),
            flags=plugin.flags_of(options),
        )
        with guest:
            interrupted = _follow(guest)
            if not interrupted:
                guest.check_end()
    calls, lost = guest.counts
    print(f"acrn-trace: {calls} calls recorded, {lost} lost", file=sys.stderr)
    return 0


def _follow(guest: plugin.PluginGuest) -> bool:
    """Read all that the guest calls, to its end; whether the user interrupted that."""
    interrupted = False
    while True:
        try:
            if not guest.read():
                return interrupted
            time.sleep(plugin.POLL_SECONDS)
        except KeyboardInterrupt:
            print("acrn-trace: interrupted, and the guest was ended", file=sys.stderr)
            guest.interrupt()
            interrupted = True


def _parser() -> argparse.ArgumentParser:
    parser = OptionParser(
        prog="acrn-trace record",
        usage="acrn-trace record [-o FILE] [--engine ENGINE] IMAGE [-- QEMU ARGUMENTS]",
        description="Run a guest, never stopped, and record its calls.",
    )
    parser.add_argument("-o", "--output", metavar="FILE", default="acrn.trace")
    add_knowledge_options(parser)
    add_clobber_option(parser)
    parser.add_argument(
        "--engine",
        choices=("ring", "plugin"),
        default="ring",
        help="how calls are seen: by the guest's own ring, with which it was built, or by a plugin "
        "in QEMU 10.0 or 11.1 (default: ring)",
    )
    parser.add_argument("--qemu", default="qemu-system-x86_64", help="default: %(default)s")
    parser.add_argument("image", metavar="IMAGE", help="the guest's ELF image")
    return parser


def _refuse_backend(for_qemu: list[str]) -> None:
    for argument in for_qemu:
        if "memory-backend" in argument:
            raise TraceError(
                "the QEMU arguments have a memory-backend, and acrn-trace record needs its own; to "
                "record a QEMU of yours, use acrn-record"
            )


def _begin(path: str, head: bytes) -> None:
    try:
        with open(path, "wb") as file:
            file.write(head)
    except OSError as error:
        raise TraceError(
            f"cannot write the trace to {path}: {error.strerror}; give -o another file"
        ) from error


def _record(options: argparse.Namespace, for_qemu: list[str], size: int, folder: Path) -> None:
    ram, socket = folder / "ram", folder / "monitor"
    line = qemu.guest_command(options.qemu, options.image, for_qemu)
    line += ram_arguments(ram, size)
    line += ["-S", "-qmp", f"unix:{socket},server=on,wait=off"]
    with qemu.Qemu(line, socket, folder / "qemu.err") as guest:
        monitor = Monitor(socket)
        ranges = monitor.ram_ranges(RAM_REGION)
        with Recorder(options.output, ram, ranges) as recorder:
            monitor.execute("cont")
            try:
                while guest.runs() and recorder.runs():
                    time.sleep(POLL_SECONDS)
            except KeyboardInterrupt:
                guest.kill()
                print("acrn-trace: interrupted, and the guest was ended", file=sys.stderr)
                recorder.finish()
                return
            recorder.finish()
        monitor.close()
        guest.check_end()


class Recorder:
    """An acrn-record that follows the rings in ``ram``."""

    def __init__(self, output: str, ram: Path, ranges: list[tuple[int, int, int]]) -> None:
        line = [RECORDER, "-A", "-o", output]
        for address, size, offset in ranges:
            line += ["-r", f"{address:#x}:{size:#x}:{offset:#x}"]
        try:
            self._process = subprocess.Popen(
                [*line, str(ram)],
                stdin=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,  # an interrupt at the terminal is for us
            )
        except OSError as error:
            raise TargetError(f"cannot start {RECORDER}: {error.strerror}") from error

    def __enter__(self) -> "Recorder":
        return self

    def __exit__(self, *_exception: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def runs(self) -> bool:
        return self._process.poll() is None

    def finish(self) -> None:
        """Let it read what is left, and pass on what it says; TargetError if it failed."""
        if self.runs():
            self._process.terminate()
        try:
            _, said = self._process.communicate(timeout=END_SECONDS)
        except subprocess.TimeoutExpired:
            raise TargetError("acrn-record did not end; was it stopped?") from None
        said = printable(said.strip().removeprefix("acrn-record: "))
        if self._process.returncode:
            raise TargetError(said or f"acrn-record ended with {self._process.returncode}")
        print(f"acrn-trace: {said}", file=sys.stderr)
