# SPDX-License-Identifier: BSD-3-Clause
"""Where events go. A sink that cannot write raises TraceError, which ends the trace."""
