# SPDX-License-Identifier: BSD-3-Clause
"""Runs a command in GDB: its words in, its errors as sentences out."""

from typing import Any, Callable

import gdb

from acrn_trace.base.errors import TraceError
from acrn_trace.in_gdb.image import learn_offset
from acrn_trace.in_gdb.prompt import complaint
from acrn_trace.in_gdb.session import Session
from acrn_trace.in_gdb.stub import flush_caches


class Command:
    """What a command does, whose failures are GDB errors of one sentence.

    ``read`` makes of its argument what ``run`` takes.
    """

    def __init__(
        self,
        session: Session,
        run: Callable[[Any], None],
        read: Callable[[str], Any] = gdb.string_to_argv,
    ) -> None:
        self._session, self._run, self._read = session, run, read

    def invoke(self, argument: str) -> None:
        learn_offset()
        try:
            self._run(self._read(argument))
        except TraceError as error:
            raise complaint(error) from None
        finally:
            flush_caches()

    def complete(self, text: str, word: str | None) -> list[str]:
        """What ends ``word``, the last of ``text``; None is GDB asking how words end."""
        return []
