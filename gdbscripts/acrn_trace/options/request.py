# SPDX-License-Identifier: BSD-3-Clause
"""Carries what the launcher asks of its GDB, and how that ended; both travel as JSON."""

from dataclasses import dataclass, field


@dataclass
class Request:
    """What the GDB side needs to know. ``options`` are the launcher's own."""

    target: str
    detach: bool  # leave the guest running at the end
    options: dict[str, object]
    terminal: int  # an inherited file descriptor: where the trace goes without -o
    ram: str | None = None  # a file that has the guest's RAM
    result: str = ""  # the file for the Result


@dataclass
class Result:
    """How the trace ended. ``ended``: exited, closed (the connection), or interrupted.

    ``complaint`` says why the trace, though nothing failed, is not what its user wants.
    ``troubles`` are Event's, of the calls shown.
    """

    ended: str = ""
    complaint: str | None = None
    error: str | None = None
    status: int = 0
    troubles: list[str] = field(default_factory=list)
