# SPDX-License-Identifier: BSD-3-Clause
"""What stops a guest at its calls, or changes them."""
