# SPDX-License-Identifier: BSD-3-Clause
"""What the guest ``tampered`` tells of its six calls."""

UNTOUCHED = [f"{n}: 1 {100 + n} 1 = {n} {100 + n}" for n in range(6)]
