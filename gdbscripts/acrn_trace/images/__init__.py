# SPDX-License-Identifier: BSD-3-Clause
"""An ELF image: its bytes, its functions, its site records."""
