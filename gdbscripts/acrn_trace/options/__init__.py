# SPDX-License-Identifier: BSD-3-Clause
"""The options that commands in GDB and the launcher share, and what is made of them."""
