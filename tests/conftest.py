# SPDX-License-Identifier: BSD-3-Clause
"""What every layer of the tests shares: the same examples each time, and no silent skips in CI."""

import os
import signal
import tempfile
from pathlib import Path
from typing import Iterator

import hypothesis
import pytest

# A shell that runs the tests in the background has SIGINT ignored, which what they start inherits.
signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples at each run, whatever the machine's load; the long run looks for new ones.
AT_ANY_SPEED = {"deadline": None, "suppress_health_check": [hypothesis.HealthCheck.too_slow]}
hypothesis.settings.register_profile("check", derandomize=True, **AT_ANY_SPEED)
hypothesis.settings.register_profile("long", **AT_ANY_SPEED)
LONG = os.environ.get("ACRN_CHECK_LONG") == "1"
hypothesis.settings.load_profile("long" if LONG else "check")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "long: for make check-long alone")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long tests out of the short run: they are not skipped, they are not in it."""
    left_out = [item for item in items if not LONG and item.get_closest_marker("long")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A test that was skipped proves nothing, so the run fails."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter and reporter.stats.get("skipped") and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture
def folder() -> Iterator[Path]:
    """A temporary folder with a short name: sockets go there, whose paths may have 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="at-", dir="/tmp") as path:
        yield Path(path)
