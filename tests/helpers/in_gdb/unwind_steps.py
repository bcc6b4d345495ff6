# SPDX-License-Identifier: BSD-3-Clause
"""Inside GDB: steps unwind.c through a call; from each instruction the frames must lead to main."""

import re

import gdb

LAST = ["caller", "outer", "main"]


def names():
    frame, found = gdb.newest_frame(), []
    while frame is not None:
        found.append(frame.name())
        frame = frame.older()
    return found


def stack_above_caller():
    frame = gdb.newest_frame()
    while frame.name() != "caller":
        frame = frame.older()
    return int(frame.older().read_register("rsp"))


def after_the_calls():
    """A call that is recorded has a VMCALL of its own."""
    block = gdb.block_for_pc(gdb.newest_frame().pc())
    while block.function is None or block.function.name != "caller":
        block = block.superblock
    code = bytes(gdb.selected_inferior().read_memory(block.start, block.end - block.start))
    return [block.start + match.end() for match in re.finditer(rb"\x0f\x0b\x90", code)]


def main():
    gdb.execute("handle SIGILL nostop noprint pass", to_string=True)
    gdb.execute("break caller", to_string=True)
    gdb.execute("run", to_string=True)
    gdb.execute("delete")
    for address in after_the_calls():  # GDB does not step into a signal
        gdb.execute(f"break *{address}", to_string=True)
    stack_of_outer = int(gdb.newest_frame().older().read_register("rsp"))
    functions, steps, wrong = set(), 0, []
    while names()[0] != "main":
        functions.add(names()[0])
        found = [name for name in names() if name in LAST]
        between = names()[0] == "outer"
        if not between and (found != LAST or stack_above_caller() != stack_of_outer):
            wrong.append((hex(gdb.newest_frame().pc()), names()))
        gdb.execute("stepi", to_string=True)
        steps += 1
        assert steps < 5000
    print("RESULT", steps, "wrong", wrong[:3], sorted(map(str, functions)))


main()
