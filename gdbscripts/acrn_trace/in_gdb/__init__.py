# SPDX-License-Identifier: BSD-3-Clause
"""The edge: what runs inside GDB. Only these modules import gdb."""
