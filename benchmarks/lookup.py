"""The cost of knowing: 10,000 distinct tickers from memory, from SQLite, and written to it.

    python -m benchmarks.lookup [--tickers 10000] [--runs 7] [--postgresql URL]

Targets (issue 2): warm in memory under 50 ms, cold from SQLite under 150 ms, for the service's
whole answer. Beside each figure of the database stands the bare statement that reads or writes
the same columns and rows with the driver alone. "Cold" is a new service and a new connection on
a file that the operating system holds in memory.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sectypes.cache import MemoryCache
from sectypes.config import Secret, Settings
from sectypes.service import SecurityTypeService
from sectypes.store import SqlStore, migrate
from sectypes.taxonomy import Classification, Origin, SecurityType

NOW = datetime.now(UTC)
COLUMNS = (
    "ticker, security_type, origin, subtype, leverage, raw_label, name, last_updated, expires_at"
)
Facts = list[tuple[Classification, Mapping[str, Any] | None]]


def made_up(tickers: int, *, days: int = 0) -> Facts:
    """Made-up facts with a payload of the usual size, 36 keys."""
    payload = {f"key{number}": "a word or two of text" for number in range(36)}
    kinds = list(SecurityType)
    seen = NOW + timedelta(days=days)
    return [
        (
            Classification(
                f"T{number:05d}",
                kinds[number % 3],
                Origin.FMP,
                raw_label="isEtf",
                name=f"Made-up Security {number} Inc.",
                observed_at=seen,
                expires_at=seen + timedelta(days=80, seconds=number),
            ),
            payload,
        )
        for number in range(tickers)
    ]


def median_ms(work: Callable[[], object], runs: int) -> float:
    """Median time of several runs after one that warms up."""
    work()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1000


def bare_select(path: Path, keys: list[str]) -> int:
    """Read the same columns of the same rows with sqlite3 alone."""
    with closing(sqlite3.connect(path)) as database:
        statement = (
            f"SELECT {COLUMNS} FROM security_types WHERE ticker IN (SELECT value FROM json_each(?))"
        )
        return len(database.execute(statement, (json.dumps(keys),)).fetchall())


def bare_upsert(path: Path, facts: Facts) -> None:
    """Write the same rows with sqlite3's executemany alone."""
    columns = f"{COLUMNS}, created_at, fmp_data".split(", ")
    rows = [
        (
            fact.ticker, fact.security_type.value, fact.origin.value, None, fact.leverage,
            fact.raw_label, fact.name, str(fact.observed_at), str(fact.expires_at), str(NOW),
            json.dumps(payload),
        )
        for fact, payload in facts
    ]  # fmt: skip
    values = ", ".join("?" * len(columns))
    replaced = [name for name in columns if name not in {"ticker", "created_at"}]
    statement = (
        f"INSERT INTO security_types ({', '.join(columns)}) VALUES ({values})"
        " ON CONFLICT (ticker) DO UPDATE SET"
        f" {', '.join(f'{name} = excluded.{name}' for name in replaced)}"
        " WHERE excluded.last_updated > security_types.last_updated"
    )
    with closing(sqlite3.connect(path)) as database, database:
        database.executemany(statement, rows)


def show(label: str, ms: float, *, beside: float | None = None, target: str = "") -> None:
    ratio = "" if beside is None else f"{beside:8.1f} ms bare  {ms / beside:5.1f}x"
    print(f"{label:44}{ms:9.1f} ms  {ratio:28}{target}")


def measure_sqlite(path: Path, tickers: int, runs: int) -> None:
    """Everything about the embedded file."""
    url, keys = f"sqlite:///{path}", [f"T{number:05d}" for number in range(tickers)]
    settings = Settings(database_url=Secret(url), cache_size=tickers * 2)
    days = iter(range(1, 10_000))

    def write(put: Callable[[Facts], object]) -> float:
        """Each run writes facts that are a day newer; making them does not count."""
        rounds = [made_up(tickers, days=next(days)) for _ in range(runs + 1)]
        return median_ms(lambda: put(rounds.pop(0)), runs)

    def resolve_cold() -> None:
        with closing(SqlStore(url)) as store:
            SecurityTypeService(source=None, store=store, settings=settings).resolve(keys)

    def look_up_cold() -> None:
        with SqlStore(url) as store:
            store.lookup(keys)

    with SqlStore(url) as store:
        ms = write(store.put_facts)
        beside = write(lambda facts: bare_upsert(path, facts))
        show("SQLite: upsert", ms, beside=beside)
    bare = median_ms(lambda: bare_select(path, keys), runs)
    show("SQLite: store.lookup, new connection", median_ms(look_up_cold, runs), beside=bare)
    show("SQLite: service.resolve, cold", median_ms(resolve_cold, runs), beside=bare,
         target="target < 150 ms")  # fmt: skip
    with closing(SqlStore(url)) as store:
        service = SecurityTypeService(source=None, store=store, settings=settings)
        warm = median_ms(lambda: service.resolve(keys), runs)
        show("memory: service.resolve, warm", warm, target="target < 50 ms")


def measure_memory(tickers: int, runs: int) -> None:
    keys = [f"T{number:05d}" for number in range(tickers)]
    cache: MemoryCache[Classification] = MemoryCache(tickers)
    cache.put_many({fact.ticker: fact for fact, _ in made_up(tickers)})
    plain = {fact.ticker: fact for fact, _ in made_up(tickers)}
    beside = median_ms(lambda: {key: plain[key] for key in keys}, runs)
    show(
        "memory: MemoryCache.get_many", median_ms(lambda: cache.get_many(keys), runs), beside=beside
    )


def measure_postgresql(url: str, tickers: int, runs: int) -> None:
    """A database of its own is needed: its facts are overwritten."""
    import psycopg2

    migrate.upgrade(url)
    keys = [f"T{number:05d}" for number in range(tickers)]
    rounds = [made_up(tickers, days=number) for number in range(runs + 1)]

    def bare() -> None:
        with closing(psycopg2.connect(url)) as database, database.cursor() as cursor:
            cursor.execute(f"SELECT {COLUMNS} FROM security_types WHERE ticker = ANY(%s)", (keys,))
            cursor.fetchall()

    with SqlStore(url) as store:
        show("PostgreSQL: upsert", median_ms(lambda: store.put_facts(rounds.pop(0)), runs))
        beside = median_ms(bare, runs)
        show("PostgreSQL: store.lookup", median_ms(lambda: store.lookup(keys), runs), beside=beside)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--tickers", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--postgresql", metavar="URL", help="an empty database")
    given = parser.parse_args()
    print(f"{given.tickers:,} distinct tickers, median of {given.runs} runs")
    measure_memory(given.tickers, given.runs)
    with tempfile.TemporaryDirectory() as folder:
        measure_sqlite(Path(folder, "cache.db"), given.tickers, given.runs)
    if given.postgresql:
        measure_postgresql(given.postgresql, given.tickers, given.runs)


if __name__ == "__main__":
    main()
