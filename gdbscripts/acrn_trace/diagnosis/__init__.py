# SPDX-License-Identifier: BSD-3-Clause
"""What a dead or stuck guest was doing: from what is left of it to sentences with evidence."""
