# SPDX-License-Identifier: BSD-3-Clause
"""Read trace files back to events, show them in live order, and compare them."""
