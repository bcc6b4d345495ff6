# SPDX-License-Identifier: BSD-3-Clause
"""strace for hypercalls: what a guest asked of its hypervisor, and what came back.

The flow is one direction, a module a step (docs/internals.md draws it)::

    image, sites -> in_gdb -> trace (pairing, decode, checks) -> event -> sinks

Only the modules of ``in_gdb`` import gdb; all else is Python over integers and bytes.
"""
