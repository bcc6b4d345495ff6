# SPDX-License-Identifier: BSD-3-Clause
"""What the tests share. Bottom up: where things are, processes, guests, traces."""
