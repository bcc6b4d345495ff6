# SPDX-License-Identifier: BSD-3-Clause
"""Makes what a mock is told of the options that name models."""

import argparse
import shlex

from acrn_trace.options.knowledge import is_model


def mocks(options: argparse.Namespace) -> list[list[str]]:
    """What 'hypercall mock' would be given, for each --mock and each model of -x."""
    models = [[file] for file in options.load if is_model(file)]
    return models + [[text] if is_model(text) else shlex.split(text) for text in options.mock]
