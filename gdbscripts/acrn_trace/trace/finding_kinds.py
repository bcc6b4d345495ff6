# SPDX-License-Identifier: BSD-3-Clause
"""Names the kinds of findings of a call; docs/formats.md says what each is."""

FINDING_KINDS = tuple(
    "clobber guest-code argument address no-vm hypervisor-differs input-changed enotty number "
    "stale-rax zero-but-failed zero-proves-nothing mock-exception model replay-departs "
    "replay-incomplete clock lost".split()
)
