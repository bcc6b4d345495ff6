# SPDX-License-Identifier: BSD-3-Clause
"""A call that the user makes from the stopped guest."""
