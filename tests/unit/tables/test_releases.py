# SPDX-License-Identifier: BSD-3-Clause
"""What holds of some releases of ACRN has a first one as well as a last."""

import pytest

from acrn_trace.base.errors import TraceError
from acrn_trace.tables.knowledge import acrn
from acrn_trace.tables.releases import read_releases


@pytest.mark.parametrize("release", ["v1.2", "v1.6", "v2.7", "v3.3"])
def test_releases_that_lose_errors(release):
    assert acrn().releases.can_lose_errors(release)


@pytest.mark.parametrize("release", ["v0.1", "v0.5", "v1.0", "v1.1", "master"])
def test_releases_that_always_write_the_result(release):
    assert not acrn().releases.can_lose_errors(release)


def test_a_line_without_its_first_release_is_refused(tmp_path):
    path = tmp_path / "versions.def"
    path.write_text("RELEASES(v1.0, v1.1)\nLOSES_ERRORS(v1.1)\n")
    with pytest.raises(TraceError, match="not a line of releases"):
        read_releases(str(path))
    path.write_text("RELEASES(v1.0, v1.1)\n")
    assert not read_releases(str(path)).can_lose_errors("v1.0")
