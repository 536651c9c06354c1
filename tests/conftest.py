"""Fixtures live in tests/fixtures, one module a subject."""

from __future__ import annotations

import pytest
from hypothesis import settings

# Tests are not timed: a busy machine is no fault of what they try.
settings.register_profile("untimed", settings(), deadline=None)
settings.load_profile("untimed")

pytest_plugins = [
    "tests.fixtures.disks",
    "tests.fixtures.encoder",
    "tests.fixtures.postgres",
    "tests.fixtures.browser",
    "tests.fixtures.repository",
    "tests.fixtures.served",
    "tests.fixtures.limits",
    "tests.fixtures.quick",
]

LONGEST = [
    "test_hidden", "test_api_conformance", "test_point_03_pages", "test_torture", "test_point_03_browser",
]  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files begin first, so that no process waits for another at the end.

    A real browser on a busy machine may lag: its tests are tried once more, and the summary names them.
    """
    items.sort(key=lambda item: LONGEST.index(item.path.stem) if item.path.stem in LONGEST else len(LONGEST))
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was wrong the first time is said too."""
    for report in terminalreporter.stats.get("rerun", []):
        terminalreporter.write_sep("_", f"first try of {report.nodeid}")
        terminalreporter.write_line(str(report.longrepr))
