# SPDX-License-Identifier: BSD-3-Clause
"""Calls the decoder and the readers in C (cstub/decode, cstub/reader)."""
