# SPDX-License-Identifier: BSD-3-Clause
"""A stopped guest as numbers: ABI, registers, memory, paging, sites."""
