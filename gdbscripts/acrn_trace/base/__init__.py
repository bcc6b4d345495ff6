# SPDX-License-Identifier: BSD-3-Clause
"""Say it in one sentence, print it safely, suggest a name, open a file: what the rest stands on."""
