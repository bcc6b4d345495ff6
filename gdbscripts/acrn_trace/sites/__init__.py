# SPDX-License-Identifier: BSD-3-Clause
"""Find where code makes hypercalls, by records and by scanning."""
