# SPDX-License-Identifier: BSD-3-Clause
"""Turn stops into calls, and calls into events."""
