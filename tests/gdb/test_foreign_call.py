# SPDX-License-Identifier: BSD-3-Clause
"""A VMCALL is not always ACRN's: VMware's in the same image are told apart, at rest and live."""

import re

from helpers.canonical import events_of
from helpers.guests import common_arguments, printed_untraced
from helpers.tracing import acrn_trace


def test_calls_of_vmware_are_no_events_and_are_counted(test_guest, folder):
    image, output = test_guest("vmware"), folder / "trace"
    traced = acrn_trace("-f", "jsonl", "-o", output, image, "--", *common_arguments())
    assert (traced.status, traced.err) == (0, "")
    assert traced.out == printed_untraced([*common_arguments(), "-kernel", image])
    assert traced.out == "vmware: 0 1\nvmware: 2 3\nvmware: 4 5\n"
    events = events_of(output)
    assert [(event["args"][0], event["ret"]) for event in events] == [
        ("0x0", 0),
        ("0x1", 2),
        ("0x2", 4),
    ]


def test_they_are_told_in_a_text_trace_and_in_the_list_of_sites(test_guest):
    image = test_guest("vmware")
    said = acrn_trace(image, "--", *common_arguments()).err
    assert said.count("+++ a call of VMware's at vmware.c:") == 1
    assert "vmware_version, not of ACRN's: not traced +++" in said
    calls = re.search(r"\+\+\+ (\d+) calls of VMware's at vmware.c:", said)[1]
    assert 3 <= int(calls) <= 6  # QEMU reports a stop twice now and then
    listed = acrn_trace("sites", image).out.splitlines()
    (line,) = [line for line in listed if "vmware_version" in line]
    assert line.split()[1] == "(VMware's)" and listed[-1].endswith("; 1 of another hypervisor")
