"""A pytest plugin: says at the end how many cells of the fault matrix were run, and how many hold.

A plugin and no conftest, because with several workers only plugins see the reports of all of them.
"""

from __future__ import annotations

import pytest

_ran: set[str] = set()
_failed: set[str] = set()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note which cells were run, and which of them fail."""
    cell = dict(report.user_properties).get("cell")
    if cell is not None:
        _ran.add(str(cell))
        if report.failed:
            _failed.add(str(cell))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many cells of the matrix were run."""
    if _ran:
        told = f"fault matrix: {len(_ran)} cells, {len(_ran) - len(_failed)} keep their promise"
        terminalreporter.write_line(told)
