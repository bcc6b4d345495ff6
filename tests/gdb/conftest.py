# SPDX-License-Identifier: BSD-3-Clause
"""The guests of these tests, built when the first test wants one, and GDB commands run on them."""

from pathlib import Path
from typing import Callable

import pytest

from helpers.calls_by_hand import SMP
from helpers.guests import Guest, arguments_of, build_test_guests, common_arguments
from helpers.process import Run
from helpers.service_trace import SERVICE
from helpers.tracing import gdb_at
from helpers.tree import GUESTS


@pytest.fixture(scope="session")
def test_guest() -> Callable[[str], Path]:
    """The image of a guest in tests/gdb/guests, by its name."""
    build_test_guests()
    return lambda name: GUESTS / f"{name}.elf"


@pytest.fixture
def six_calls(test_guest, folder) -> Callable[..., tuple[list[str], Run]]:
    """Run GDB commands on the guest that tells of its six calls: its lines, and GDB."""
    image = test_guest("tampered")

    def session(*commands: str) -> tuple[list[str], Run]:
        with Guest(folder, [*common_arguments(), "-kernel", image]) as machine:
            gdb = gdb_at(machine, image, *commands)
            ended = machine.finished()
        assert ended.status == 0, (gdb, ended)
        assert "Traceback" not in gdb.err and "Python Exception" not in gdb.err, gdb
        return ended.out.splitlines(), gdb

    return session


@pytest.fixture
def smp_at_call(folder):
    """Run GDB commands on the smp example at its first call: GDB's run, and QEMU's."""

    def session(*commands: str, image=SMP) -> tuple[Run, Run]:
        with Guest(folder, arguments_of("smp")) as guest:
            gdb = gdb_at(guest, image, "hbreak make_call", "continue", *commands)
            return gdb, guest.finished()

    return session


@pytest.fixture
def service(folder):
    """Run GDB commands on the service example: GDB's run, and QEMU's."""

    def session(*commands: str) -> tuple[Run, Run]:
        with Guest(folder, arguments_of("service")) as guest:
            gdb = gdb_at(guest, SERVICE, *commands)
            return gdb, guest.finished()

    return session
