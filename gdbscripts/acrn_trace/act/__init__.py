# SPDX-License-Identifier: BSD-3-Clause
"""Stop, change, answer and make hypercalls, as the user asked."""
