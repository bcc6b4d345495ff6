# SPDX-License-Identifier: BSD-3-Clause
"""Guests at their ends."""
