# SPDX-License-Identifier: BSD-3-Clause
"""What is given for a trace and is none is refused in a true sentence, before anything is read."""

import gzip

import pytest

from acrn_trace.base.errors import TraceError
from acrn_trace.cli.trace_files import refuse_others
from helpers.tracing import acrn_trace
from helpers.tree import IMAGES

TEXT = "a trace in text, .* -f jsonl"
CALL = b"[0] 0.000000 start_vm(vmid=1) = 0 <0.000100> at user_vm.c:30 start\n"
OTHERS = {
    "text": (CALL, TEXT),
    "text, from vCPU 12": (CALL.replace(b"[0]", b"[12]"), TEXT),
    "text, before the first call": (b"[0] -0.000002 pause_vm(vmid=1) = 0\n", TEXT),
    "text with notices": (b"--- times are the host's\n" + CALL, TEXT),
    "text of a mock": (b"+++ ACRN is played +++\n" + CALL, TEXT),
    "summary": (b"% time     seconds  usecs/call", TEXT),
    "compressed": (gzip.compress(b"{}"), "compressed by gzip; decompress it first"),
    "dump": (b"\x7fELF\2\1\1".ljust(16, b"\0") + b"\4\0", "a dump; 'acrn-trace ring DUMP IMAGE'"),
    "image": ((IMAGES / "hello.elf").read_bytes()[:64], "an ELF file; 'acrn-trace IMAGE"),
}


@pytest.mark.parametrize("data, told", OTHERS.values(), ids=OTHERS)
def test_named(data, told, tmp_path):
    path = tmp_path / "trace"
    path.write_bytes(data)
    with pytest.raises(TraceError, match=f"^{path} is no trace file: it is {told}"):
        refuse_others([str(path)])


@pytest.mark.parametrize(
    "data",
    [
        b'{"seq":0}',
        b"[]",
        b'[{"ph":"X"}]',
        b"[0.5, 1]",
        b"\x89ATB",
        b"",
        b"--",
        b"[0] {",
        b"[ 1.5 ]",
    ],
)
def test_what_may_be_one_is_left_to_the_reader(data, tmp_path):
    path = tmp_path / "trace"
    path.write_bytes(data)
    refuse_others([str(path), str(tmp_path / "none"), str(tmp_path), "-"])


def test_each_command_that_reads_traces_says_so(tmp_path):
    text, good = tmp_path / "text", tmp_path / "good"
    text.write_bytes(CALL)
    good.write_bytes(b"")
    for words in (["report", text], ["diff", text, good], ["diff", good, text]):
        done = acrn_trace(*words)
        assert (done.status, done.out) == (2, ""), done
        assert done.err.startswith(f"acrn-trace: {text} is no trace file: it is a trace in text")
        assert done.err.count("\n") == 1
    done = acrn_trace("convert", "--to", "chrome", "-o", tmp_path / "out", text)
    assert done.status == 2 and "in text" in done.err and not (tmp_path / "out").exists()
