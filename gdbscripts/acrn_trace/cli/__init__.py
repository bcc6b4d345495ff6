# SPDX-License-Identifier: BSD-3-Clause
"""The command acrn-trace: a file a command, and the QEMU and GDB that they start."""
