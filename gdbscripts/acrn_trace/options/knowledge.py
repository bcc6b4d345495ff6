# SPDX-License-Identifier: BSD-3-Clause
"""Makes the tables of the options that name files of them."""

import argparse

from acrn_trace.tables.knowledge import Knowledge, acrn


def make_knowledge(options: argparse.Namespace) -> Knowledge:
    """The tables of the release and of the files; a model's own calls count, not what it does."""
    knowledge = acrn(options.release, [file for file in options.load if not is_model(file)])
    models = [file for file in options.load if is_model(file)]
    if models:
        from pathlib import Path

        from acrn_trace.act.mock.python import PythonModels

        for file in models:
            PythonModels().load(Path(file), knowledge)
    return knowledge


def is_model(file: str) -> bool:
    """Whether a file that was given for a table is a model of a mock, in Python."""
    return file.endswith(".py")
