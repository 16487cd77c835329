"""The statements of the cache database: each function does one piece of work on a connection.

The two databases differ in one respect, how many keys or rows are handed over at once. PostgreSQL
takes arrays (SQLAlchemy's executemany needed 7.2 s for 10,000 facts, arrays 1.1 s, a bare COPY
0.9 s); SQLite takes JSON for keys, of which there can be any number, and prepared rows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    String,
    Table,
    Text,
    any_,
    bindparam,
    cast,
    delete,
    func,
    insert,
    select,
    type_coerce,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import ARRAY

from sectypes.store.rows import Row, as_miss, as_override, facts_by_key
from sectypes.store.tables import (
    api_usage,
    lookup_misses,
    overrides,
    security_type_history,
    security_types,
)
from sectypes.taxonomy import Classification, Miss

__all__ = [
    "calls_on",
    "count_calls",
    "delete_override",
    "select_facts",
    "select_misses",
    "select_overrides",
    "upsert_facts",
    "upsert_misses",
    "upsert_override",
]

KEYS_A_SELECT = 20_000
"""Keys in one SELECT: enough for any book, few enough for the server's memory."""

T = TypeVar("T")

_facts = security_types.c


def select_facts(connection: Connection, keys: Sequence[str]) -> dict[str, Classification]:
    """The facts about `keys`, fresh or not."""
    columns = [
        _facts.ticker,
        _facts.security_type,
        _facts.origin,
        _facts.subtype,
        _facts.leverage,
        _facts.raw_label,
        _facts.name,
        _as_iso(connection, _facts.last_updated),
        _as_iso(connection, _facts.expires_at),
    ]
    found: dict[str, Classification] = {}
    for some in _batched(keys, KEYS_A_SELECT):
        statement = select(*columns).where(_among(connection, _facts.ticker, some))
        found |= facts_by_key(connection.execute(statement).all())
    return found


def select_misses(connection: Connection, keys: Sequence[str]) -> dict[str, Miss]:
    """The misses of `keys`, fresh or not."""
    found: dict[str, Miss] = {}
    for some in _batched(keys, KEYS_A_SELECT):
        statement = select(lookup_misses).where(_among(connection, lookup_misses.c.ticker, some))
        found |= {row.ticker: as_miss(row) for row in connection.execute(statement)}
    return found


def upsert_facts(connection: Connection, rows: Sequence[Row], batch: int) -> int:
    """Write those facts that are newer than what is known; return how many.

    The caller is the only writer, so what is read here at first stays true.
    """
    before: dict[str, tuple[str, datetime]] = {}
    for some in _batched([row["ticker"] for row in rows], KEYS_A_SELECT):
        statement = select(_facts.ticker, _facts.security_type, _facts.last_updated)
        known = connection.execute(statement.where(_among(connection, _facts.ticker, some)))
        before |= {ticker: (kind, seen) for ticker, kind, seen in known}
    newer = [
        row
        for row in rows
        if row["ticker"] not in before or before[row["ticker"]][1] < row["last_updated"]
    ]
    _upsert(
        connection,
        security_types,
        newer,
        batch,
        newest="last_updated",
        keep=frozenset({"created_at"}),
    )
    _remember_changes(connection, {key: kind for key, (kind, _) in before.items()}, newer)
    for some in _batched([row["ticker"] for row in rows], KEYS_A_SELECT):
        answered = select(_facts.ticker).where(
            _facts.ticker == lookup_misses.c.ticker,
            _facts.last_updated >= lookup_misses.c.observed_at,
        )
        connection.execute(
            delete(lookup_misses).where(
                _among(connection, lookup_misses.c.ticker, some), answered.exists()
            )
        )
    return len(newer)


def _remember_changes(connection: Connection, before: dict[str, str], rows: list[Row]) -> None:
    changes = [
        {
            "ticker": row["ticker"],
            "old_type": before[row["ticker"]],
            "new_type": row["security_type"],
            "origin": row["origin"],
            "raw_label": row["raw_label"],
            "changed_at": row["last_updated"],
        }
        for row in rows
        if before.get(row["ticker"], row["security_type"]) != row["security_type"]
    ]
    if changes:
        connection.execute(insert(security_type_history), changes)


def upsert_misses(connection: Connection, rows: Sequence[Row], batch: int) -> None:
    """Write those misses that are newer than what is known."""
    _upsert(connection, lookup_misses, rows, batch, newest="observed_at")


def select_overrides(connection: Connection) -> dict[str, Classification]:
    """All overrides."""
    return {row.ticker: as_override(row) for row in connection.execute(select(overrides))}


def upsert_override(connection: Connection, row: Row) -> None:
    """Write one override in place of another."""
    _upsert(connection, overrides, [row], 1)


def delete_override(connection: Connection, key: str) -> bool:
    """Delete one override; whether there was one."""
    return connection.execute(delete(overrides).where(overrides.c.ticker == key)).rowcount > 0


def calls_on(connection: Connection, day: date) -> int:
    """Calls counted on a day."""
    return connection.scalar(select(api_usage.c.calls).where(api_usage.c.day == day)) or 0


def count_calls(connection: Connection, day: date, n: int, limit: int | None) -> int:
    """Count up to `n` calls more, as many as `limit` leaves; return how many."""
    start = _insert(connection)(api_usage).values(day=day, calls=0).on_conflict_do_nothing()
    connection.execute(start)
    # The day's row is locked until the end, so nobody else counts the same calls.
    today = api_usage.c.day == day
    used = connection.execute(select(api_usage.c.calls).where(today).with_for_update()).scalar_one()
    granted = n if limit is None else max(0, min(n, limit - used))
    connection.execute(update(api_usage).where(today).values(calls=used + granted))
    return granted


# -- where the databases differ -------------------------------------------------------------


def _insert(connection: Connection) -> Callable[[Table], postgresql.Insert | sqlite.Insert]:
    return postgresql.insert if _is_postgresql(connection) else sqlite.insert


def _is_postgresql(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"


def _among(connection: Connection, column: Column[str], keys: list[str]) -> ColumnElement[bool]:
    if _is_postgresql(connection):
        return column == any_(bindparam(None, keys, ARRAY(String)))
    listed = func.json_each(bindparam(None, json.dumps(keys), Text)).table_valued("value")
    return column.in_(select(listed.c.value))


def _as_iso(connection: Connection, column: Column[datetime]) -> ColumnElement[str]:
    """The time as text: reading that is several times faster than what the drivers do."""
    if _is_postgresql(connection):
        return cast(func.timezone("UTC", column), Text).concat("+00:00")
    return type_coerce(column, Text)


def _upsert(
    connection: Connection,
    table: Table,
    rows: Sequence[Row],
    batch: int,
    *,
    newest: str | None = None,
    keep: frozenset[str] = frozenset(),
) -> None:
    """Insert rows, or replace those of the same ticker that `newest` proves older."""
    for some in _batched(rows, batch):
        names = list(some[0])
        statement = _insert(connection)(table)
        parameters: Any = some
        if _is_postgresql(connection):
            arrays = func.unnest(*(_array(table.c[name]) for name in names))
            given = arrays.table_valued(*names).render_derived()
            statement = statement.from_select(names, select(*given.c))
            parameters = {f"all_{name}": [row[name] for row in some] for name in names}
        new = statement.excluded
        replaced = set(names) - {"ticker"} - keep
        older = None if newest is None else table.c[newest] < new[newest]
        statement = statement.on_conflict_do_update(
            index_elements=["ticker"], set_={name: new[name] for name in replaced}, where=older
        )
        connection.execute(statement, parameters)


def _array(column: Column[Any]) -> ColumnElement[Any]:
    many = ARRAY(column.type)
    return cast(bindparam(f"all_{column.name}", type_=many), many)


def _batched(items: Sequence[T], size: int) -> Iterator[list[T]]:
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some
