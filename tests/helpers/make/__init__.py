# SPDX-License-Identifier: BSD-3-Clause
"""Inputs for tests, made by hand or by hypothesis."""
