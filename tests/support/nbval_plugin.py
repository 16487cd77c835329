"""What nbval leaves open when it runs the notebooks: pictures are compared, the network is shut.

pytest loads it for every run (``-p`` in pyproject.toml), so it imports nothing until a cell comes.
"""

from __future__ import annotations

from collections.abc import Generator

import pytest
from nbval.plugin import IPyNbCell


def pytest_configure(config: pytest.Config) -> None:
    """Find the sanitize file from any working folder."""
    given = config.option.nbval_sanitize_with
    config.option.nbval_sanitize_with = given and str(config.rootpath / given)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None]:
    """Start the kernel, as the first cell's setup does, offline and with nobody's settings."""
    if not isinstance(item, IPyNbCell):
        return (yield)
    from support.notebooks import kernel_environment

    with kernel_environment():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Compare the pictures too, which nbval skips."""
    result = yield
    if isinstance(item, IPyNbCell):
        from support.pictures import differences

        told = differences(item.cell.outputs, item.test_outputs or ())
        if told:
            item.raise_cell_error("A picture differs", "; ".join(told))
    return result
