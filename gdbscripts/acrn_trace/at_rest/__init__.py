# SPDX-License-Identifier: BSD-3-Clause
"""A guest that does not run, in a dump or at a stub: whose memory, which vCPU, which image."""
