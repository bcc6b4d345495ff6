# SPDX-License-Identifier: BSD-3-Clause
"""Parses a command's options; what is wrong with them is a TraceError."""

import argparse
import io
from functools import partial

from acrn_trace.base.console import standard_output
from acrn_trace.base.errors import TraceError

# argparse would load shutil for each command, help or not, to learn how wide the terminal is.
_Help = partial(argparse.HelpFormatter, width=78)


class OptionParser(argparse.ArgumentParser):
    """An argument parser whose complaint is a TraceError, for use where exit() is not ours."""

    def __init__(self, **given: object) -> None:
        super().__init__(formatter_class=_Help, **given)

    def error(self, message: str) -> None:
        launcher = self.prog.startswith("acrn-trace")
        # What the launcher complains of begins with its name anyway.
        where = self.prog.removeprefix("acrn-trace").strip()
        how = f"{self.prog} --help" if launcher else f"help {self.prog}"
        raise TraceError(f"{where + ': ' if where else ''}{message}; '{how}' tells more")

    def _print_message(self, message: str, file: io.TextIOBase | None = None) -> None:
        """Help and version, for a reader who may not want all of it. In GDB it is GDB's output."""
        if not self.prog.startswith("acrn-trace"):
            super()._print_message(message, file)
            return
        with standard_output():
            super()._print_message(message, file)
