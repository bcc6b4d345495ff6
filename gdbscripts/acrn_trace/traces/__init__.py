# SPDX-License-Identifier: BSD-3-Clause
"""Trace files: read back, shown again, compared."""
