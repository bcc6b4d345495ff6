# SPDX-License-Identifier: BSD-3-Clause
"""Lint: which hypercalls of an image will break, told from the code around them (docs/lint.md)."""
