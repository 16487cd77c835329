"""A pytest plugin for mutation testing: nothing that was computed before a mutant counts.

The mutants are made in forks of a process that has run all tests once, so without this a mutant
behind an `lru_cache` would live on the answers of the code that it replaces.
"""

from __future__ import annotations

import sys
from functools import _lru_cache_wrapper

import pytest


@pytest.fixture(autouse=True)
def _nothing_computed_before() -> None:
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "sectypes":
            for value in list(vars(module).values()):
                if isinstance(value, _lru_cache_wrapper):
                    value.cache_clear()
