# SPDX-License-Identifier: BSD-3-Clause
"""Answer calls in place of the hypervisor: ACRN played, Python models, a replay."""
