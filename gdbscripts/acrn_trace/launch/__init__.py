# SPDX-License-Identifier: BSD-3-Clause
"""The command ``acrn-trace``, with the QEMU and the GDB that it starts."""
