# SPDX-License-Identifier: BSD-3-Clause
"""Names what options ask of a call: the kinds of findings, of which docs/formats.md says what each
is, and ways to end."""

FINDING_KINDS = tuple(
    "clobber guest-code argument address no-vm refused hypervisor-differs input-changed enotty "
    "number stale-rax zero-but-failed zero-proves-nothing mock-exception model replay-departs "
    "replay-incomplete clock lost".split()
)

ANY = "any"  # finding, of whatever kind

BAD_ENDS = ("failed", "unfinished")
