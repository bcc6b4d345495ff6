# SPDX-License-Identifier: BSD-3-Clause
"""The in-guest flight recorder, read from outside."""
