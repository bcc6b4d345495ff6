# SPDX-License-Identifier: BSD-3-Clause
"""Names the forms of a trace and the orders of a summary, as options have them."""

FORMATS = ("text", "jsonl", "chrome")
ORDERS = ("time", "calls", "errors", "name")
