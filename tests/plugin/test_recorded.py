# SPDX-License-Identifier: BSD-3-Clause
"""A guest makes the calls that the real ACRN answered when they were recorded; the plugin answers.

Left out are what this guest cannot make: calls from another ring than 0, and of another VM.
"""

import json
import struct

import pytest
from acrn_trace.cli.plugin import ANSWERS_FROM, api_of
from helpers.guests import QEMU, build_test_guests, common_arguments
from helpers.tracing import acrn_trace
from helpers.tree import GUESTS, ROOT

RECORDED = ROOT / "tests/conformance/acrn-conformance.jsonl"
AT = 0x30000000  # tests/gdb/guests/recorded.c

# acrn_machine_default, which the recorded calls were made on.
MACHINE = (
    "acrn cpus=4 vcpus=4 vm1=POST_STD_VM1,cpus=0x2 pci=00:03.0 cstates=0 trusty-vms=0 "
    "memory=4G hypervisor=0x11000000-0x16400000"
)
# What a recorded setting of guest flags is in ours.
FLAGS = {"flags 0 0x400": "vm0=ACRN_Service_VM,flags=ree"}


def mine(steps):
    """Those up to the first that is none of the Service VM's in ring 0."""
    other = [at for at, step in enumerate(steps) if step["vm"] or step["cpl"]]
    return steps[: min(other, default=len(steps))]


def cases(setting):
    """The steps of each case that begins with that setting, or with none."""
    found = (json.loads(line)["steps"] for line in RECORDED.read_text().splitlines())
    made = [mine(steps) for steps in found]
    return [steps for steps in made if steps and steps[0].get("pre", []) == setting]


def one_by_one(pieces):
    """Pairs of an address and a byte, of pieces of memory."""
    for address, text in pieces:
        yield from enumerate(bytes.fromhex(text), int(address, 16))


def packed(step):
    writes, changes = [*one_by_one(step["write"])], [*one_by_one(step["changed"])]
    numbers = [int(step[name], 16) for name in ("nr", "rdi", "rsi", "rax")]
    words = [*numbers, step.get("fake", False), len(writes), len(changes)]
    for pair in writes + changes:
        words += pair
    return struct.pack(f"<{len(words)}Q", *words)


def script(chosen):
    parts = [struct.pack("<Q", len(chosen))]
    for steps in chosen:
        parts += [struct.pack("<Q", len(steps)), *map(packed, steps)]
    return b"".join(parts)


if api_of(QEMU) >= ANSWERS_FROM:

    @pytest.mark.parametrize("setting", [None, *FLAGS], ids=["no flags", *FLAGS])
    def test_each_answer_is_that_of_the_real_acrn(setting, folder):
        build_test_guests()
        chosen, image = cases([setting] if setting else []), GUESTS / "recorded.elf"
        (folder / "calls").write_bytes(script(chosen))
        line = [*common_arguments(), "-action", "reboot=reset", "-m", "1G", "-bios", "qboot.rom"]
        line += [
            "-kernel",
            image,
            "-device",
            f"loader,file={folder / 'calls'},addr={AT:#x},force-raw=on",
        ]
        mock = f"{MACHINE} {FLAGS.get(setting, '')}"
        options = ("--engine", "plugin", "--mock", mock, "-o", folder / "trace")
        done = acrn_trace(*options, image, "--", *line)
        calls = sum(map(len, chosen))
        assert done.out == f"recorded: {len(chosen)} cases, {calls} calls, 0 differ\n", done
        assert (done.status, done.err) == (0, ""), done
