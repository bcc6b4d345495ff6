# SPDX-License-Identifier: BSD-3-Clause
"""The commands in GDB: a file a command."""
