# SPDX-License-Identifier: BSD-3-Clause
"""Who answers calls in the hypervisor's stead."""
