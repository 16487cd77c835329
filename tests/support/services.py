"""Services that tests ask: on the sample FMP server and the test's own clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sectypes.service import SecurityTypeService
from sectypes.sources import FmpSource
from sectypes.store import SqlStore

__all__ = ["at_once", "build"]


def at_once(seconds: float, stop: Any) -> bool:
    """A pause that takes no time."""
    return bool(stop.is_set())


@pytest.fixture
def build(fmp_server: Any, clock: Any) -> Iterator[Callable[..., SecurityTypeService]]:
    """Make services on the same server; all are closed at the end.

    `store` is a database, its URL, or None; `source` stands for FMP's, of which `asking` has the
    other arguments; `rooms` are other arguments of the service, and the rest are settings.
    """
    made: list[SecurityTypeService] = []

    def make(
        store: SqlStore | str | None = None,
        source: Any = None,
        *,
        asking: dict[str, Any] | None = None,
        rooms: dict[str, Any] | None = None,
        **changes: Any,
    ) -> SecurityTypeService:
        settings = fmp_server.settings(**changes)
        made.append(
            SecurityTypeService(
                source=source or FmpSource(settings, **(asking or {})),
                store=SqlStore(store, clock=clock) if isinstance(store, str) else store,
                settings=settings,
                clock=clock,
                **(rooms or {}),
            )
        )
        return made[-1]

    yield make
    for service in made:
        service.close()
