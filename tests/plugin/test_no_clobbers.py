# SPDX-License-Identifier: BSD-3-Clause
"""--no-clobbers: no register is compared, in either engine."""

import pytest

from helpers.guests import arguments_of, image_of
from helpers.tracing import acrn_trace


@pytest.mark.parametrize("engine", ["gdb", "plugin"])
def test_registers_are_not_compared(engine):
    line = (image_of("clobber"), "--", *arguments_of("clobber"))
    compared = acrn_trace("--engine", engine, *line)
    assert "!!" in compared.err + compared.out
    not_compared = acrn_trace("--engine", engine, "--no-clobbers", *line)
    assert not_compared.status == 0 and "!!" not in not_compared.err + not_compared.out
