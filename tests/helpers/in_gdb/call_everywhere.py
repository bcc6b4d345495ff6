# SPDX-License-Identifier: BSD-3-Clause
"""Runs in GDB: a call by hand at stops all over the guest, and nothing but the stop changes.

CALLS in the environment says how many, FOLDER where the guest's memory is saved, ADDRESSES which
instructions there are. The last line is the result.
"""

import os
import random
import re
from collections import Counter

import gdb

CALLS, FOLDER = int(os.environ["CALLS"]), os.environ["FOLDER"]
ADDRESSES = [int(word, 16) for word in os.environ["ADDRESSES"].split()]
MAKE_CALL = int(gdb.parse_and_eval("(unsigned long) &make_call"))
GUEST_MEMORY = 0x2000000  # from there on it is the hypervisor's
REFUSALS = ("is in the hypervisor and may hold", "is not in the guest", "is halted", "behind STI")
EXPECTED = re.compile(
    r"\[\d\] 0\.000000 get_api_version\(version=\{major_version=1, minor_version=0\}\) = 0 "
    r"<\d\.\d+> by hand at 0x[0-9a-f]+ acrn_scratch\n"
)


def registers() -> dict[int, dict[str, str]]:
    """All registers of all vCPUs."""
    selected, known = gdb.selected_thread(), {}
    for thread in gdb.selected_inferior().threads():
        thread.switch()
        frame = gdb.newest_frame()
        names = [register.name for register in frame.architecture().registers("all")]
        values = {n: frame.read_register(n).format_string(format="x") for n in names}
        known[thread.num] = values
    selected.switch()
    return known


def memory() -> bytes:
    path = f"{FOLDER}/memory"
    gdb.execute(f'monitor pmemsave 0 {GUEST_MEMORY} "{path}"', to_string=True)
    with open(path, "rb") as file:
        return file.read()


def run_somewhere(random_one: random.Random) -> None:
    """To one of a few instructions, and a few instructions on.

    Where none of them comes soon, one that each call runs does: the guest makes 10,000, no more.
    So the other vCPU is held while this one steps.
    """
    breakpoints = []
    for address in [MAKE_CALL, *random_one.sample(ADDRESSES, 8)]:
        breakpoint = gdb.Breakpoint(f"*{address:#x}", gdb.BP_HARDWARE_BREAKPOINT)
        breakpoint.silent = True
        breakpoints.append(breakpoint)
    breakpoints[0].ignore_count = random_one.randrange(3)
    gdb.execute("continue", to_string=True)
    for breakpoint in breakpoints:
        breakpoint.delete()
    if random_one.random() < 0.5:
        gdb.execute("set scheduler-locking on")
        gdb.execute(f"stepi {random_one.randrange(1, 9)}", to_string=True)
        gdb.execute("set scheduler-locking off")


def state() -> tuple:
    thread, frame = gdb.selected_thread(), gdb.selected_frame()
    settings = gdb.parameter("scheduler-locking"), gdb.execute("info breakpoints", to_string=True)
    return registers(), memory(), thread.num, frame.level(), settings


def call_once(outcomes: Counter) -> None:
    before = state()
    try:
        text = gdb.execute("hypercall call get_api_version", to_string=True)
        outcomes["made" if EXPECTED.fullmatch(text) else f"printed {text!r}"] += 1
    except gdb.error as error:
        known = [refusal for refusal in REFUSALS if refusal in str(error)]
        outcomes[f"refused: {known[0]}" if known else f"error: {error}"] += 1
    after = state()
    for name, old, new in zip(("registers", "memory", "thread", "frame", "GDB"), before, after):
        outcomes[f"changed {name}"] += old != new


def main() -> None:
    random_one = random.Random(1)
    outcomes: Counter = Counter()
    gdb.execute("set confirm off")
    gdb.execute("set pagination off")
    gdb.execute("thbreak make_all_calls")
    gdb.execute("continue", to_string=True)
    stops = set()
    while outcomes["made"] < CALLS and sum(outcomes.values()) < 40 * CALLS:
        run_somewhere(random_one)
        stops.add(gdb.selected_frame().pc())
        call_once(outcomes)
    outcomes["places"] = len(stops)
    gdb.execute("delete")
    try:
        gdb.execute("continue", to_string=True)
    except gdb.error:
        pass  # the connection ends with the guest
    print("RESULT", dict(outcomes))


main()
