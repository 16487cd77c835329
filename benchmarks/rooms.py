"""The rooms: distinct tickers from memory and from the two databases, and written to them."""

from __future__ import annotations

import itertools
import random
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2

from benchmarks import alternatives
from benchmarks.made import facts, tickers
from benchmarks.measuring import WARM_UPS, Kind, Row, Sizes, Target, Times, race
from sectypes.config import Secret, Settings
from sectypes.datasets import sample_postgresql
from sectypes.service import SecurityTypeService
from sectypes.store import SqlStore, migrate

__all__ = ["postgresql", "sqlite", "upsert"]

FULL = Sizes().tickers
EACH = "one SELECT a ticker"


def _cold(url: Secret, keys: list[str], settings: Settings) -> Callable[[], object]:
    """A new service on a new connection answers all of them."""

    def answer() -> object:
        with SqlStore(url) as store:
            service = SecurityTypeService(source=None, store=store, settings=settings)
            return service.resolve(keys, progress=False)

    return answer


def _rows(
    times: Times,
    sizes: Sizes,
    measure: str,
    work: str,
    side: str,
    most: float,
    others: Mapping[str, Target],
) -> Iterator[Row]:
    """One line for the figure itself, and one for each alternative."""
    full = sizes.tickers >= FULL
    target = Target(Kind.AT_MOST, most)
    yield times.row(measure, work, side=side, target=target, at_full_size=full)
    for beside, against in others.items():
        yield times.row(measure, work, side=side, beside=beside, target=against)


def sqlite(sizes: Sizes) -> Iterator[Row]:
    """From memory and from an SQLite file, beside other caches that hold as many answers."""
    keys = tickers(sizes.tickers)
    settings = Settings(cache_size=2 * sizes.tickers)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "cache.db"
        url = Secret(f"sqlite:///{path}")
        with SqlStore(url) as store:
            store.put_facts(facts(sizes.tickers))
        with SqlStore(url) as store:
            service = SecurityTypeService(source=None, store=store, settings=settings)
            # As many orders as rounds, so that none comes again.
            shuffled = random.Random(1)
            orders = iter([shuffled.sample(keys, len(keys)) for _ in range(WARM_UPS + sizes.runs)])
            times = race(
                {
                    "memory": lambda: service.resolve(keys, progress=False),
                    "another order": lambda: service.resolve(next(orders), progress=False),
                    "SQLite": _cold(url, keys, settings),
                    "bare SELECT": lambda: alternatives.sqlite_select(path, keys),
                    EACH: lambda: alternatives.sqlite_each(path, keys),
                    "ticker-classifier": alternatives.keep_in_ticker_cache(folder, sizes.tickers),
                    "requests-cache": alternatives.keep_in_requests_cache(folder, sizes.tickers),
                },
                sizes.runs,
            )
    ahead, work = Target(Kind.TIMES_FASTER, 1), f"{sizes.tickers:,} distinct"
    yield from _rows(
        times, sizes, "sqlite", f"{work}, memory warm", "memory", 0.020,
        {
            "requests-cache": Target(Kind.TIMES_FASTER, 100),
            "ticker-classifier": ahead,
            EACH: ahead,
        },
    )  # fmt: skip
    yield times.row("sqlite", f"{work}, another order", side="another order", beside=EACH)
    yield from _rows(
        times, sizes, "sqlite", f"{work}, SQLite cold", "SQLite", 0.060,
        {
            "bare SELECT": Target(Kind.TIMES_THEIRS, 4),
            "requests-cache": Target(Kind.TIMES_FASTER, 50),
            "ticker-classifier": ahead,
            EACH: ahead,
        },
    )  # fmt: skip


def postgresql(sizes: Sizes) -> Iterator[Row]:
    """From a real PostgreSQL on this machine, reached by its socket."""
    keys = tickers(sizes.tickers)
    settings = Settings(cache_size=2 * sizes.tickers)
    with sample_postgresql() as server:
        migrate.upgrade(server.url)
        with SqlStore(server.url) as store:
            store.put_facts(facts(sizes.tickers))
        url = server.url.reveal()
        with closing(psycopg2.connect(url)) as database, database.cursor() as cursor:
            # What the server does by itself within a minute; otherwise the first reads differ.
            cursor.execute("ANALYZE security_types")
        times = race(
            {
                "PostgreSQL": _cold(server.url, keys, settings),
                "bare SELECT": lambda: alternatives.postgresql_select(url, keys),
                EACH: lambda: alternatives.postgresql_each(url, keys),
            },
            sizes.runs,
        )
    yield from _rows(
        times, sizes, "postgresql", f"{sizes.tickers:,} distinct, PostgreSQL cold",
        "PostgreSQL", 0.080,
        {
            "bare SELECT": Target(Kind.TIMES_THEIRS, 4),
            EACH: Target(Kind.TIMES_FASTER, 1),
        },
    )  # fmt: skip


def upsert(sizes: Sizes) -> Iterator[Row]:
    """Facts that are a day newer each time, written over those of the day before."""
    target = Target(Kind.TIMES_THEIRS, 1.5)
    days = itertools.count(1)

    def against(url: Secret, beside: str, write: Callable[[Any, Any], None], database: Any) -> Row:
        with SqlStore(url) as store:
            times = race(
                {"ours": store.put_facts, beside: lambda given: write(database, given)},
                sizes.runs,
                prepare=lambda: facts(sizes.tickers, days=next(days)),
            )
        kind = "PostgreSQL" if "COPY" in beside else "SQLite"
        work = f"{sizes.tickers:,} facts upsert, {kind}"
        return times.row("upsert", work, beside=beside, target=target)

    with sample_postgresql() as server:
        migrate.upgrade(server.url)
        with closing(psycopg2.connect(server.url.reveal())) as database:
            copy = alternatives.copy_and_merge
            yield against(server.url, "COPY and merge", copy, database)
    with tempfile.TemporaryDirectory() as folder:
        url = Secret(f"sqlite:///{folder}/cache.db")
        with SqlStore(url) as store:
            store.put_facts(facts(1))
        with closing(sqlite3.connect(Path(folder, "cache.db"))) as database:
            yield against(url, "executemany", alternatives.execute_many, database)
