# SPDX-License-Identifier: BSD-3-Clause
"""From registers and memory to named arguments, and to text."""
