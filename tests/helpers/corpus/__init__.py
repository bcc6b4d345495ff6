# SPDX-License-Identifier: BSD-3-Clause
"""The corpus of lint (tests/corpus), built and judged."""
