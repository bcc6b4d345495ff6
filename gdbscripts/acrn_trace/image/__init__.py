# SPDX-License-Identifier: BSD-3-Clause
"""Read an ELF image: its bytes, its symbols and the site records in it."""
