# SPDX-License-Identifier: BSD-3-Clause
"""A Linux guest: how far it has moved itself, which task runs."""
