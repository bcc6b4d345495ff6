# SPDX-License-Identifier: BSD-3-Clause
"""Names the commands and functions that GDB gets, and the module of each: a row a command.

A row is all that is loaded with the script. GDB starts in a fraction of a second that way, and a
command's module (Capstone, pyelftools, tables, sinks behind it) is loaded when it is first used.
"""

from collections import namedtuple

import gdb

from acrn_trace.in_gdb.commands import help

# ``kind`` is where GDB's own help lists it. ``completer``: one of GDB's; without it, what the
# command's ``complete`` answers. The module has ``make(name, session)``, which gives a Command.
Row = namedtuple("Row", "name module kind help completer", defaults=[None])
COMMANDS = (
    Row("hypercall trace", "trace", gdb.COMMAND_TRACEPOINTS, help.TRACE),
    Row("hypercall sites", "sites", gdb.COMMAND_STATUS, help.SITES),
    Row("hypercall lint", "lint", gdb.COMMAND_STATUS, help.LINT),
    Row("hypercall load", "load", gdb.COMMAND_FILES, help.LOAD, gdb.COMPLETE_FILENAME),
    Row("hypercall mock", "mock", gdb.COMMAND_RUNNING, help.MOCK),
    Row("info hypercalls", "info", gdb.COMMAND_STATUS, help.INFO),
    Row("hypercall ring", "ring", gdb.COMMAND_TRACEPOINTS, help.RING),
    Row("hypercall diagnose", "diagnose", gdb.COMMAND_STATUS, help.DIAGNOSE),
    Row("hypercall nested", "nested", gdb.COMMAND_STATUS, help.NESTED),
    Row("hypercall gpa", "gpa", gdb.COMMAND_DATA, help.GPA, gdb.COMPLETE_EXPRESSION),
    Row("hypercall call", "call", gdb.COMMAND_RUNNING, help.CALL),
    Row("hypercall define", "define", gdb.COMMAND_SUPPORT, help.DEFINE),
    Row("hypercall inject", "inject", gdb.COMMAND_TRACEPOINTS, help.INJECT),
    Row("catch hypercall", "catch", gdb.COMMAND_BREAKPOINTS, help.CATCH),
    Row("tcatch hypercall", "catch", gdb.COMMAND_BREAKPOINTS, help.CATCH),
)

# A convenience function: its module has a function of the name without "_hypercall_" or "_".
Function = namedtuple("Function", "name module help")
FUNCTIONS = (
    Function(
        "_gpa",
        "gpa",
        "$_gpa(ADDRESS [, SIZE | VALUE]): what is at a guest-physical address: a number of 8 or of "
        "SIZE bytes, or what has the type of VALUE.",
    ),
    Function(
        "_hypercall_arg",
        "catch",
        "$_hypercall_arg(N): argument N, 1 or 2, of the call that the guest stands at; else void.",
    ),
    Function(
        "_hypercall_stopped_by",
        "catch",
        "$_hypercall_stopped_by(N): whether catchpoint N stopped the guest where it stands.",
    ),
)
