# SPDX-License-Identifier: BSD-3-Clause
"""Scripts that GDB runs; nothing imports them."""
