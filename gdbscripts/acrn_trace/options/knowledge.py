# SPDX-License-Identifier: BSD-3-Clause
"""Makes the tables, and what a mock is told, of the options that name files of them."""

import argparse
import shlex

from acrn_trace.tables.knowledge import Knowledge, acrn


def make_knowledge(options: argparse.Namespace) -> Knowledge:
    """The tables of the release and of the files; a model's own calls count, not what it does."""
    knowledge = acrn(options.release, [file for file in options.load if not _is_model(file)])
    models = [file for file in options.load if _is_model(file)]
    if models:
        from pathlib import Path

        from acrn_trace.act.mock.python import PythonModels

        for file in models:
            PythonModels().load(Path(file), knowledge)
    return knowledge


def _is_model(file: str) -> bool:
    return file.endswith(".py")


def mocks(options: argparse.Namespace) -> list[list[str]]:
    """What 'hypercall mock' would be given, for each --mock and each model of -x."""
    models = [[file] for file in options.load if _is_model(file)]
    return models + [[text] if _is_model(text) else shlex.split(text) for text in options.mock]
