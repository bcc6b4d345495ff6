# SPDX-License-Identifier: BSD-3-Clause
"""x86-64 code without a run: where instructions begin, which of them are sites."""
