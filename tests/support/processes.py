"""Real processes for the tests: children that start quickly, from a process without threads."""

from __future__ import annotations

import multiprocessing
import warnings
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from sectypes.config import Secret, Settings
from sectypes.service import SecurityTypeService
from sectypes.sources import FmpSource
from sectypes.store import SqlStore
from sectypes.taxonomy import Classification, Origin, SecurityType

__all__ = [
    "SEEN",
    "ask_for_many",
    "child_service",
    "in_processes",
    "refresh_stale",
    "start",
    "upsert_often",
    "upserted",
]

SEEN = datetime(2026, 3, 2, 12, tzinfo=UTC)
KINDS = (SecurityType.EQUITY, SecurityType.ETF, SecurityType.MUTUAL_FUND)

_context = multiprocessing.get_context("forkserver")
# Loaded once, before the first child; a child then starts in milliseconds. What children run must
# stand in these modules, or each of them would load a test module with all that it imports.
_context.set_forkserver_preload(
    [
        *(__name__, "support.kernels"),
        *("sqlalchemy.dialects.postgresql", "psycopg2", "sectypes.sources.http"),
    ]
)


def child_service(
    database: str, url: str, key: str, *, limit: int | None = None, ttl: int = 7_776_000
) -> SecurityTypeService:
    """A service as a child process builds it, on a shared database and the test's server."""
    settings = Settings(
        fmp_api_key=Secret(key),
        fmp_base_url=url,
        fmp_rate_limit_delay=0.0,
        fmp_daily_limit=limit,
        cache_ttl=ttl,
    )
    return SecurityTypeService(
        source=FmpSource(settings), store=SqlStore(database), settings=settings
    )


def ask_for_many(
    database: str, url: str, key: str, tickers: list[str], limit: int | None
) -> tuple[int, int]:
    """How many facts, and how many notes about the budget, one process gets."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with child_service(database, url, key, limit=limit) as service:
            answers = service.resolve(tickers)
    origins = [one.classification and one.classification.origin for one in answers]
    return origins.count(Origin.FMP), sum("budget" in one.reason for one in answers)


def refresh_stale(database: str, url: str, key: str) -> None:
    """Renew everything that is older than a day, until killed."""
    with child_service(database, url, key) as service:
        service.refresh_stale(1, accept=True, progress=False)


def upsert_often(database: str, number: int, calls: int, rows: int, tickers: int) -> None:
    """Write some facts a call, in an order of its own; the newest is the one with the last time."""
    with SqlStore(database) as store:
        for step in range(calls):
            store.put_facts(
                [(upserted(number, step, row, rows, tickers), None) for row in range(rows)]
            )


def upserted(number: int, step: int, row: int, rows: int, tickers: int) -> Classification:
    """The fact that a process writes in one row of one step."""
    seen = SEEN + timedelta(seconds=step * 8 + number)
    key = f"T{((step * rows + row) * 7 + number * 13) % tickers:03d}"
    return Classification(key, KINDS[step % 3], Origin.FMP, observed_at=seen)


def start(work: Callable[..., object], *arguments: object) -> Any:
    """A running child process."""
    child = _context.Process(target=work, args=arguments, daemon=True)
    child.start()
    return child


def in_processes(work: Callable[..., Any], arguments: Iterable[tuple[Any, ...]]) -> list[Any]:
    """The results of one function in as many processes as there are arguments, all at once."""
    given = list(arguments)
    with _context.Pool(len(given)) as pool:
        return pool.starmap(work, given, chunksize=1)
