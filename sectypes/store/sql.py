"""The statements that answer and remember: each does one piece of work on a connection."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import compress
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    CursorResult,
    Select,
    Table,
    Text,
    bindparam,
    cast,
    delete,
    insert,
    literal,
    or_,
    select,
    update,
)

from sectypes.moments import CLOCK_SLACK
from sectypes.records import OverrideEntry
from sectypes.store.dialects import (
    KEYS_A_SELECT,
    among,
    as_iso,
    as_text,
    batched,
    each_of,
    insert_into,
    isin_in,
    listed,
    upsert,
)
from sectypes.store.prepared import execute
from sectypes.store.reading import Columns, Flaw, count_of, read_columns, tell
from sectypes.store.rows import (
    FACT_COLUMNS,
    MISS_COLUMNS,
    OVERRIDE_COLUMNS,
    Row,
    as_facts,
    as_misses,
    as_overrides,
)
from sectypes.store.tables import (
    api_usage,
    lookup_misses,
    override_history,
    overrides,
    second_opinions,
    security_type_history,
    security_types,
)
from sectypes.taxonomy import Classification, Miss

__all__ = [
    "bare_columns",
    "calls_on",
    "count_calls",
    "delete_override",
    "is_newer",
    "read_found",
    "read_keys",
    "select_facts",
    "select_isins",
    "select_misses",
    "select_opinions",
    "select_override_entries",
    "select_overrides",
    "upsert_facts",
    "upsert_misses",
    "upsert_opinions",
    "upsert_override",
]

_facts = security_types.c


def bare_columns(
    connection: Connection, table: Table, kinds: Mapping[str, Any]
) -> list[ColumnElement[Any]]:
    """Columns as numbers or as text, whatever SQLite let somebody write into them."""
    return [_bare(connection, table.c[name], kind) for name, kind in kinds.items()]


def _bare(connection: Connection, column: Column[Any], kind: Any) -> ColumnElement[Any]:
    if kind in (float, int):
        return column
    return as_iso(connection, column) if kind is datetime else cast(column, Text)


def read_found(found: CursorResult[Any], table: Table, kinds: Mapping[str, Any]) -> Columns:
    """Read what a statement found, whose columns are `kinds`."""
    given: Sequence[Sequence[Any]] = list(zip(*found.all(), strict=True)) or [()] * len(kinds)
    return read_columns(table.name, kinds, given)


def select_facts(
    connection: Connection, keys: Sequence[str], table: Table = security_types
) -> dict[str, Classification]:
    """The facts about `keys`, fresh or not."""
    found: dict[str, Classification] = {}
    flaws: list[Flaw] = []
    for columns, left_out in read_keys(connection, table, FACT_COLUMNS, keys):
        found.update(zip(columns[0], as_facts(columns), strict=True))
        flaws += left_out
    tell(flaws)
    return found


def read_keys(
    connection: Connection, table: Table, kinds: Mapping[str, Any], keys: Sequence[str]
) -> Iterator[Columns]:
    """Columns, as what they are to be read, of the rows of some of the keys at a time.

    The first is the ticker.
    """
    for some in batched(keys, KEYS_A_SELECT):
        texts = execute(connection, _listing, table, *kinds, keys=as_text(connection, some)).one()
        # PostgreSQL has no text for no rows.
        found, flaws = read_columns(table.name, kinds, [text or "[]" for text in texts])
        if None in found[0]:
            is_there = [ticker is not None for ticker in found[0]]
            found = [list(compress(values, is_there)) for values in found]
        yield Columns(found, flaws)


def _listing(connection: Connection, table: Table, *names: str) -> Select[Any]:
    """Columns of the rows of some keys, each as one JSON array."""
    lists: list[ColumnElement[Any]] = [listed(connection, table.c[name]) for name in names]
    return each_of(connection, select(*lists), table.c.ticker, bindparam("keys", type_=Text))


def select_misses(connection: Connection, keys: Sequence[str]) -> dict[str, Miss]:
    """The misses of `keys`, fresh or not."""
    found: dict[str, Miss] = {}
    flaws: list[Flaw] = []
    for columns, left_out in read_keys(connection, lookup_misses, MISS_COLUMNS, keys):
        found.update(zip(columns[0], as_misses(columns), strict=True))
        flaws += left_out
    tell(flaws)
    return found


def is_newer(row: Row, known: datetime, now: datetime) -> bool:
    """Whether a row is newer than what is known, whose time may be a mistake (`CLOCK_SLACK`)."""
    return bool(known < row["last_updated"]) or known > now + CLOCK_SLACK


def upsert_facts(
    connection: Connection,
    rows: Sequence[Row],
    batch: int,
    now: datetime,
    *,
    is_forced: bool = False,
) -> int:
    """Write those facts that are newer than what is known, or all; return how many.

    The caller is the only writer, so what is read here at first stays true. What was seen after
    `now` counts as older than anything.

    Parameters
    ----------
    connection : Connection
        Inside a transaction.
    rows : Sequence[Row]
        Distinct tickers.
    batch : int
        Rows a statement.
    now : datetime
        By the store's clock.
    is_forced : bool
        Older facts replace newer ones as well.
    """
    before = _before(connection, [row["ticker"] for row in rows])
    newer = [
        row
        for row in rows
        if is_forced
        or row["ticker"] not in before
        or is_newer(row, before[row["ticker"]].last_updated, now)
    ]
    upsert(
        connection,
        security_types,
        newer,
        batch,
        newest=None if is_forced else "last_updated",
        latest=now + CLOCK_SLACK,
        keep=frozenset({"created_at"}),
    )
    _remember_changes(connection, before, newer, now)
    for some in batched([row["ticker"] for row in rows], KEYS_A_SELECT):
        answered = select(_facts.ticker).where(
            _facts.ticker == lookup_misses.c.ticker,
            or_(
                _facts.last_updated >= lookup_misses.c.observed_at,
                lookup_misses.c.observed_at > now + CLOCK_SLACK,
            ),
        )
        connection.execute(
            delete(lookup_misses).where(
                among(connection, lookup_misses.c.ticker, some), answered.exists()
            )
        )
    return len(newer)


class _Known(NamedTuple):
    """What a row says before it is replaced."""

    ticker: str
    security_type: str
    subtype: str | None
    leverage: float
    origin: str
    raw_label: str | None
    last_updated: datetime


def _before(connection: Connection, keys: Sequence[str]) -> dict[str, _Known]:
    kinds = dict.fromkeys(_Known._fields, str) | {"leverage": float, "last_updated": datetime}
    return {
        known.ticker: known
        # A row that cannot be read says nothing that could be remembered; it is written over.
        for columns, _ in read_keys(connection, security_types, kinds, keys)
        for known in map(_Known, *columns)
    }


def _remember_changes(
    connection: Connection,
    before: Mapping[str, _Known],
    rows: Sequence[Row],
    now: datetime,
) -> None:
    """Keep what a fact said before, where its type, subtype or leverage is another now."""
    changes = [
        {
            "ticker": row["ticker"],
            "old_type": old.security_type,
            "new_type": row["security_type"],
            "origin": row["origin"],
            "raw_label": row["raw_label"],
            # An older fact that took a newer one's place counts from now on.
            "changed_at": now if row["last_updated"] <= old.last_updated else row["last_updated"],
            "old_subtype": old.subtype,
            "old_leverage": old.leverage,
            "old_origin": old.origin,
            "old_label": old.raw_label,
            "old_seen": old.last_updated,
        }
        for row in rows
        if (old := before.get(row["ticker"])) is not None
        and (old.security_type, old.subtype, old.leverage)
        != (row["security_type"], row["subtype"], row["leverage"])
    ]
    if changes:
        connection.execute(insert(security_type_history), changes)


def select_opinions(connection: Connection, keys: Sequence[str]) -> dict[str, Classification]:
    """The second opinions on `keys`, fresh or not; most databases hold few, and many none."""
    if execute(connection, _any_opinion).first() is None:
        return {}
    return select_facts(connection, keys, second_opinions)


def _any_opinion(connection: Connection) -> Select[Any]:
    return select(second_opinions.c.id).limit(1)


def upsert_opinions(
    connection: Connection,
    rows: Sequence[Row],
    batch: int,
    now: datetime,
    *,
    is_forced: bool = False,
) -> None:
    """Write those opinions that are newer than what is known, or all."""
    names = [column.name for column in second_opinions.c if column.name != "id"]
    kept = [{name: row[name] for name in names} for row in rows]
    newest = None if is_forced else "last_updated"
    latest = now + CLOCK_SLACK
    upsert(connection, second_opinions, kept, batch, newest=newest, latest=latest)


def select_isins(connection: Connection, keys: Sequence[str]) -> dict[str, str]:
    """The ISINs in what the source sent about `keys`; those that have none are left out."""
    isin = isin_in(connection, _facts.fmp_data)
    found: dict[str, str] = {}
    for some in batched(keys, KEYS_A_SELECT):
        statement = select(_facts.ticker, isin).where(among(connection, _facts.ticker, some))
        rows: Any = connection.execute(statement.where(isin.is_not(None)))
        found |= dict(rows.all())
    return found


def upsert_misses(connection: Connection, rows: Sequence[Row], batch: int, now: datetime) -> None:
    """Write those misses that are newer than what is known."""
    latest = now + CLOCK_SLACK
    upsert(connection, lookup_misses, rows, batch, newest="observed_at", latest=latest)


def select_overrides(connection: Connection) -> dict[str, Classification]:
    """All overrides."""
    return {entry.made.ticker: entry.made for entry in select_override_entries(connection)}


def select_override_entries(connection: Connection) -> list[OverrideEntry]:
    """All overrides with their authors, in the order of their keys."""
    found = execute(connection, _all_overrides)
    columns, flaws = read_found(found, overrides, OVERRIDE_COLUMNS)
    tell(flaws)
    return as_overrides(columns)


def _all_overrides(connection: Connection) -> Select[Any]:
    columns = bare_columns(connection, overrides, OVERRIDE_COLUMNS)
    return select(*columns).order_by(overrides.c.ticker)


def upsert_override(connection: Connection, row: Row, ended_at: datetime) -> None:
    """Write one override in place of another, which is remembered as ended."""
    _end_override(connection, row["ticker"], ended_at)
    upsert(connection, overrides, [row], 1)


def delete_override(connection: Connection, key: str, ended_at: datetime) -> bool:
    """Delete one override, which is remembered as ended; whether there was one."""
    _end_override(connection, key, ended_at)
    return connection.execute(delete(overrides).where(overrides.c.ticker == key)).rowcount > 0


def _end_override(connection: Connection, key: str, ended_at: datetime) -> None:
    names = [column.name for column in overrides.c if column.name != "id"]
    ending = select(
        *(overrides.c[name] for name in names),
        literal(ended_at, override_history.c.ended_at.type),
    ).where(overrides.c.ticker == key)
    connection.execute(insert(override_history).from_select([*names, "ended_at"], ending))


def calls_on(connection: Connection, day: date) -> int:
    """Calls counted on a day."""
    used = connection.scalar(select(api_usage.c.calls).where(api_usage.c.day == day))
    return 0 if used is None else count_of(api_usage.name, used)


def count_calls(connection: Connection, day: date, n: int, limit: int | None) -> int:
    """Count up to `n` calls more, as many as `limit` leaves; return how many."""
    start = insert_into(connection)(api_usage).values(day=day, calls=0).on_conflict_do_nothing()
    connection.execute(start)
    # The day's row is locked until the end, so nobody else counts the same calls.
    today = api_usage.c.day == day
    calls = connection.execute(select(api_usage.c.calls).where(today).with_for_update())
    used = count_of(api_usage.name, calls.scalar_one())
    granted = n if limit is None else max(0, min(n, limit - used))
    connection.execute(update(api_usage).where(today).values(calls=used + granted))
    return granted
