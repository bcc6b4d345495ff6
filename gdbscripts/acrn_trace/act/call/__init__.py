# SPDX-License-Identifier: BSD-3-Clause
"""Make a call by hand: what the user wrote, what is built from it, where it is refused."""
