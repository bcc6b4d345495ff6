# SPDX-License-Identifier: BSD-3-Clause
"""What is known of a hypervisor: calls, structures, results, releases; from cstub's .def files."""
