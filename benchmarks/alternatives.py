"""What a user would otherwise pick: bare SQL, other caches, and the loop of the older design."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import psycopg2
import requests

from benchmarks.made import Facts, profiles, tickers
from sectypes.datasets.fmp_server import SAMPLE_KEY, SampleFmpServer

__all__ = [
    "copy_and_merge",
    "execute_many",
    "keep_in_requests_cache",
    "keep_in_ticker_cache",
    "postgresql_each",
    "postgresql_select",
    "sequential_loop",
    "sqlite_each",
    "sqlite_select",
]

READ = "ticker, security_type, origin, subtype, leverage, raw_label, name, last_updated, expires_at"
WRITTEN = [*READ.split(", "), "created_at", "fmp_data"]
MERGE = " ON CONFLICT (ticker) DO UPDATE SET {} WHERE security_types.last_updated < {}".format(
    ", ".join(
        f"{name} = excluded.{name}" for name in WRITTEN if name not in {"ticker", "created_at"}
    ),
    "excluded.last_updated",
)
INTO = f"INSERT INTO security_types ({', '.join(WRITTEN)})"
FILLED = f"{INTO} VALUES ({', '.join('?' * len(WRITTEN))}){MERGE}"


def _written(facts: Facts) -> list[tuple[Any, ...]]:
    """Facts as plain rows, in the order of WRITTEN."""
    now = _as_kept(datetime.now(UTC))
    return [
        (
            fact.ticker, fact.security_type.value, fact.origin.value, None, fact.leverage,
            fact.raw_label, fact.name, _as_kept(fact.observed_at), _as_kept(fact.expires_at), now,
            json.dumps(payload),
        )
        for fact, payload in facts
    ]  # fmt: skip


def _as_kept(moment: datetime | None) -> str:
    """The form in which the package keeps a time in SQLite."""
    return "" if moment is None else moment.isoformat(" ", "microseconds")


# -- bare SQL -----------------------------------------------------------------------------------


def sqlite_select(path: Path, keys: Sequence[str]) -> list[Any]:
    """The same columns of the same rows by one statement, on a new connection."""
    among = f"SELECT {READ} FROM security_types WHERE ticker IN (SELECT value FROM json_each(?))"
    with closing(sqlite3.connect(path)) as database:
        return database.execute(among, (json.dumps(keys),)).fetchall()


def sqlite_each(path: Path, keys: Sequence[str]) -> list[Any]:
    """The same by one statement a ticker."""
    one = f"SELECT {READ} FROM security_types WHERE ticker = ?"
    with closing(sqlite3.connect(path)) as database:
        return [database.execute(one, (key,)).fetchone() for key in keys]


def postgresql_select(url: str, keys: Sequence[str]) -> list[Any]:
    """The same columns of the same rows by one statement, on a new connection."""
    with closing(psycopg2.connect(url)) as database, database.cursor() as cursor:
        among = f"SELECT {READ} FROM security_types WHERE ticker = ANY(%s)"
        cursor.execute(among, (list(keys),))
        return cursor.fetchall()


def postgresql_each(url: str, keys: Sequence[str]) -> list[Any]:
    """The same by one statement a ticker."""
    found = []
    with closing(psycopg2.connect(url)) as database, database.cursor() as cursor:
        for key in keys:
            cursor.execute(f"SELECT {READ} FROM security_types WHERE ticker = %s", (key,))
            found.append(cursor.fetchone())
    return found


def execute_many(database: sqlite3.Connection, facts: Facts) -> None:
    """Write facts with sqlite3's executemany."""
    with database:
        database.executemany(FILLED, _written(facts))


def copy_and_merge(database: Any, facts: Facts) -> None:
    """Write facts to PostgreSQL by COPY into a table beside it, and one INSERT ... SELECT."""
    lines = io.StringIO()
    csv.writer(lines).writerows(_written(facts))
    lines.seek(0)
    names = ", ".join(WRITTEN)
    with database, database.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMP TABLE given ON COMMIT DROP AS SELECT {names} FROM security_types LIMIT 0"
        )
        cursor.copy_expert(f"COPY given ({names}) FROM STDIN (FORMAT csv)", lines)
        cursor.execute(f"{INTO} SELECT {names} FROM given{MERGE}")


# -- other caches -------------------------------------------------------------------------------


def _installed(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def keep_in_requests_cache(folder: Path, count: int) -> Callable[[], object] | None:
    """Let requests-cache keep FMP's answers in SQLite; return how all of them are read again."""
    if not _installed("requests_cache"):
        return None
    import requests_cache

    def session(**options: Any) -> Any:
        return requests_cache.CachedSession(
            str(folder / "replies"), backend="sqlite", expire_after=86_400, **options
        )

    def ask(url: str) -> list[Any]:
        with closing(session()) as asking:
            return [_ask(asking, url, ticker) for ticker in tickers(count)]

    with SampleFmpServer(profiles(count)) as server:
        url = server.url
        # Filling does not count, so it need not wait for the disk.
        with closing(session(fast_save=True)) as asking:
            for ticker in tickers(count):
                _ask(asking, url, ticker)
    # The server is gone: what is read from now on comes from the cache.
    return lambda: ask(url)


def _ask(session: requests.Session, url: str, ticker: str) -> Any:
    reply = session.get(
        f"{url}/profile", params={"symbol": ticker}, headers={"apikey": SAMPLE_KEY}, timeout=10
    )
    reply.raise_for_status()
    return reply.json()


def keep_in_ticker_cache(folder: Path, count: int) -> Callable[[], object] | None:
    """Let ticker-classifier's cache keep items of its own form; return how they are read again."""
    if not _installed("ticker_classifier"):
        return None
    made, path = _ticker_cache_module(), str(folder / "ticker_classifier.db")
    made.TickerCache(path, 24).save_many({ticker: _item(ticker) for ticker in tickers(count)})
    return lambda: made.TickerCache(path, 24).get_many(tickers(count))


def _ticker_cache_module() -> ModuleType:
    """Its module with the cache alone: the package's door imports clients for the network."""
    [folder] = importlib.util.find_spec("ticker_classifier").submodule_search_locations
    spec = importlib.util.spec_from_file_location("ticker_cache", Path(folder, "db", "cache.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _item(ticker: str) -> dict[str, Any]:
    """A made-up item in the form that its documentation shows for a share."""
    return {
        "category": "EQUITY",
        "ticker": ticker,
        "name": f"Made-up Security {ticker} Inc.",
        "market_cap": 1_000_000_000,
        "sector": "Information Technology",
        "industry": "Software",
        "company_profile": {
            "industry_group": "Software & Services",
            "country": "United States",
            "exchange": "NASDAQ Global Select",
            "currency": "USD",
            "website": "https://example.com",
            "market_cap_category": "Mid Cap",
        },
        "fundamentals": {
            "market_cap": 1_000_000_000,
            "forward_pe": 20.5,
            "trailing_pe": 25.5,
            "eps_forward": 2.5,
            "eps_trailing": 2.0,
            "avg_volume": 10_000,
            "avg_volume_10d": 9_000,
            "currency": "USD",
        },
        "yahoo_lookup": ticker,
        "alternatives": [],
    }


# -- the older design ---------------------------------------------------------------------------


def sequential_loop(path: Path, server: SampleFmpServer, facts: Facts, limit: float) -> None:
    """One SELECT, one pause, one request and one upsert a ticker, one after the other."""
    with closing(sqlite3.connect(path)) as database, requests.Session() as session:
        for fact, _ in facts:
            one = f"SELECT {READ} FROM security_types WHERE ticker = ?"
            if database.execute(one, (fact.ticker,)).fetchone() is None:
                time.sleep(limit)
                [payload] = _ask(session, server.url, fact.ticker)
                execute_many(database, [(fact, payload)])
