"""The statements for those who look after the database: lists, counts, history, backup."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, Text, and_, cast, func, not_, or_, select

from sectypes.moments import CLOCK_SLACK
from sectypes.records import Change, Contents, Dump, Kept, Listed
from sectypes.store.dialects import KEYS_A_SELECT, among, batched, is_json, upsert
from sectypes.store.reading import Flaw, tell
from sectypes.store.rows import (
    FACT_COLUMNS,
    HISTORY_COLUMNS,
    MISS_COLUMNS,
    OVERRIDE_COLUMNS,
    Replaced,
    Row,
    as_facts,
    as_overrides,
)
from sectypes.store.sql import (
    bare_columns,
    is_newer,
    read_found,
    read_keys,
    select_facts,
    select_override_entries,
    upsert_facts,
    upsert_opinions,
)
from sectypes.store.tables import (
    lookup_misses,
    override_history,
    overrides,
    second_opinions,
    security_type_history,
    security_types,
    ticker_uses,
)
from sectypes.taxonomy import Classification

__all__ = [
    "Restored",
    "add_uses",
    "restore",
    "select_all",
    "select_contents",
    "select_due",
    "select_flaws",
    "select_history",
    "select_page",
    "select_past",
    "select_past_overrides",
]

_facts = security_types.c
_history = security_type_history.c
_ANSWERING: tuple[tuple[Table, Mapping[str, Any]], ...] = (
    (security_types, {**FACT_COLUMNS, "created_at": datetime}),
    (second_opinions, FACT_COLUMNS),
    (lookup_misses, MISS_COLUMNS),
    (overrides, OVERRIDE_COLUMNS),
)


class Restored(NamedTuple):
    """What a backup brought.

    Attributes
    ----------
    new, replaced, kept : int
        Facts that were not known, that took an older one's place, and that were left aside because
        what is known is as new or newer.
    overrides_new, overrides_kept : int
        Overrides that were not there, and those that already had one and kept it.
    opinions_new, opinions_kept : int
        Second opinions that were not known or are newer, and those that were left aside.
    """

    new: int
    replaced: int
    kept: int
    overrides_new: int
    overrides_kept: int
    opinions_new: int
    opinions_kept: int


def select_contents(connection: Connection, now: datetime) -> Contents:
    """How much there is."""
    kinds = select(_facts.security_type, func.count()).group_by(_facts.security_type)
    counted: Any = connection.execute(kinds)
    by_type: dict[str, int] = dict(counted.all())

    def count(table: Table, *conditions: Any) -> int:
        return connection.scalar(select(func.count()).select_from(table).where(*conditions)) or 0

    return Contents(
        facts=sum(by_type.values()),
        stale=count(security_types, _facts.expires_at <= now),
        by_type=by_type,
        negative=count(lookup_misses, lookup_misses.c.expires_at > now),
        opinions=count(second_opinions),
        overrides=count(overrides),
        changes=count(security_type_history),
    )


def select_page(
    connection: Connection,
    now: datetime,
    security_type: str | None,
    is_stale: bool,
    limit: int | None,
    offset: int,
) -> list[Classification]:
    """Some of the facts, in the order of their keys."""
    statement = select(*bare_columns(connection, security_types, FACT_COLUMNS))
    statement = statement.order_by(_facts.ticker)
    if security_type is not None:
        statement = statement.where(_facts.security_type == security_type)
    if is_stale:
        statement = statement.where(_facts.expires_at <= now)
    # SQLite knows an offset only together with a limit.
    statement = statement.limit(2**62 if limit is None else limit).offset(offset)
    columns, flaws = read_found(connection.execute(statement), security_types, FACT_COLUMNS)
    tell(flaws)
    return as_facts(columns)


def select_due(connection: Connection, before: datetime, now: datetime) -> list[Kept]:
    """The facts seen before a time or expired, each with its uses."""
    bare = bare_columns(connection, security_types, FACT_COLUMNS)
    statement = (
        select(*bare, func.coalesce(ticker_uses.c.uses, 0))
        .outerjoin_from(security_types, ticker_uses, ticker_uses.c.ticker == _facts.ticker)
        .where(
            or_(
                _facts.last_updated <= before,
                _facts.expires_at <= now,
                # Seen in the future: by a wrong clock, so that nobody knows how old it is.
                _facts.last_updated > now + CLOCK_SLACK,
            )
        )
    )
    kinds = {**FACT_COLUMNS, "uses": int}
    (*columns, uses), flaws = read_found(connection.execute(statement), security_types, kinds)
    tell(flaws)
    return list(map(Kept, as_facts(columns), uses))


def add_uses(connection: Connection, rows: Sequence[Row], batch: int) -> None:
    """Add to how often tickers were asked for."""
    upsert(connection, ticker_uses, rows, batch, add=frozenset({"uses"}))


# -- history --------------------------------------------------------------------------------


def select_history(connection: Connection, key: str) -> list[Change]:
    """The changes of one fact, the oldest first."""
    replaced, flaws = _replaced(connection, _history.ticker == key)
    tell(flaws)
    return [one.change for one in replaced]


def _replaced(
    connection: Connection, condition: ColumnElement[bool]
) -> tuple[list[Replaced], list[Flaw]]:
    statement = select(*bare_columns(connection, security_type_history, HISTORY_COLUMNS))
    statement = statement.where(condition).order_by(_history.changed_at, _history.id)
    found = connection.execute(statement)
    columns, flaws = read_found(found, security_type_history, HISTORY_COLUMNS)
    return list(map(Replaced, *columns)), flaws


def select_past(
    connection: Connection, keys: Sequence[str], at: datetime
) -> dict[str, Classification]:
    """What the facts about `keys` said at a time; those that were not known then are left out."""
    facts = select_facts(connection, keys)
    created: dict[str, datetime] = {}
    changes: dict[str, list[Replaced]] = {}
    flaws: list[Flaw] = []
    kinds = {"ticker": str, "created_at": datetime}
    for columns, left_out in read_keys(connection, security_types, kinds, list(facts)):
        created.update(zip(*columns, strict=True))
        flaws += left_out
    for some in batched(list(facts), KEYS_A_SELECT):
        replaced, left_out = _replaced(connection, among(connection, _history.ticker, some))
        flaws += left_out
        for one in replaced:
            changes.setdefault(one.ticker, []).append(one)
    tell(flaws)
    # Without one of its changes nobody knows what a fact said.
    for flaw in flaws:
        created.pop(str(flaw.ticker), None)
    past = (_fact_at(facts[key], made, changes.get(key, ()), at) for key, made in created.items())
    return {fact.ticker: fact for fact in past if fact is not None}


def _fact_at(
    fact: Classification, created: datetime, changes: Sequence[Replaced], at: datetime
) -> Classification | None:
    """One fact at a time, from what it says now and from its changes, the oldest first."""
    seen = [time for time in (fact.observed_at, *(row.old_seen for row in changes)) if time]
    if min([created, *seen]) > at:
        return None
    later = next((row for row in changes if row.changed_at > at), None)
    then = fact if later is None else later.old_fact
    if then.observed_at is None or then.observed_at > at:
        # It was confirmed again afterwards; at that time its last change told it, or its first row,
        # and nobody knows until when it counted.
        earlier = [row.changed_at for row in changes if row.changed_at <= at]
        then = then.replace(observed_at=max([*earlier, min([created, *seen])]), expires_at=None)
    return then


def select_past_overrides(connection: Connection, at: datetime) -> dict[str, Classification]:
    """The overrides that were in force at a time."""
    found: dict[str, Classification] = {}
    for table in (override_history, overrides):
        was_made = and_(
            table.c.created_at <= at,
            or_(table.c.expires_at.is_(None), table.c.expires_at > at),
        )
        statement = select(*bare_columns(connection, table, OVERRIDE_COLUMNS))
        statement = statement.where(was_made).order_by(table.c.created_at)
        if table is override_history:
            statement = statement.where(override_history.c.ended_at > at)
        columns, flaws = read_found(connection.execute(statement), table, OVERRIDE_COLUMNS)
        tell(flaws)
        found |= {entry.made.ticker: entry.made for entry in as_overrides(columns)}
    return found


# -- backup ---------------------------------------------------------------------------------


def select_all(connection: Connection) -> Dump:
    """All facts with their payloads, all overrides and all second opinions."""
    kinds = {**FACT_COLUMNS, "fmp_data": str}
    bare = bare_columns(connection, security_types, FACT_COLUMNS)
    statement = select(*bare, cast(_facts.fmp_data, Text)).order_by(_facts.ticker)
    (*columns, payloads), flaws = read_found(connection.execute(statement), security_types, kinds)
    statement = select(*bare_columns(connection, second_opinions, FACT_COLUMNS))
    statement = statement.order_by(second_opinions.c.ticker)
    said, left_out = read_found(connection.execute(statement), second_opinions, FACT_COLUMNS)
    tell([*flaws, *left_out])
    return Dump(
        list(map(Listed, as_facts(columns), payloads)),
        select_override_entries(connection),
        as_facts(said),
    )


def select_flaws(connection: Connection) -> list[Flaw]:
    """The rows that cannot be read, of the tables that answers come from."""
    flaws: list[Flaw] = []
    for table, kinds in _ANSWERING:
        statement = select(*bare_columns(connection, table, kinds))
        flaws += read_found(connection.execute(statement), table, kinds).flaws
    payload = _facts.fmp_data
    unread = and_(payload.is_not(None), not_(is_json(connection, payload)))
    statement = select(_facts.ticker).where(unread)
    return flaws + [
        Flaw(security_types.name, ticker, "fmp_data", "no JSON")
        for ticker in connection.scalars(statement)
    ]


def restore(
    connection: Connection,
    facts: Sequence[Row],
    made: Sequence[Row],
    opinions: Sequence[Row],
    batch: int,
    now: datetime,
    is_forced: bool,
    dry_run: bool,
) -> Restored:
    """Write what a backup holds, or only tell what that would do; an override is never replaced."""
    new, replaced = _news(connection, security_types, facts, now, is_forced)
    opinions_new, opinions_replaced = _news(connection, second_opinions, opinions, now, is_forced)
    there = set(connection.scalars(select(overrides.c.ticker)))
    added = [row for row in made if row["ticker"] not in there]
    if not dry_run:
        upsert_facts(connection, facts, batch, now, is_forced=is_forced)
        upsert(connection, overrides, added, batch)
        upsert_opinions(connection, opinions, batch, now, is_forced=is_forced)
    return Restored(
        new=new,
        replaced=replaced,
        kept=len(facts) - new - replaced,
        overrides_new=len(added),
        overrides_kept=len(made) - len(added),
        opinions_new=opinions_new + opinions_replaced,
        opinions_kept=len(opinions) - opinions_new - opinions_replaced,
    )


def _news(
    connection: Connection, table: Table, rows: Sequence[Row], now: datetime, is_forced: bool
) -> tuple[int, int]:
    """How many rows are of tickers that are not there, and how many replace an older one."""
    seen: dict[str, datetime] = {}
    kinds = {"ticker": str, "last_updated": datetime}
    for columns, _ in read_keys(connection, table, kinds, [row["ticker"] for row in rows]):
        seen.update(zip(*columns, strict=True))
    known = [row for row in rows if row["ticker"] in seen]
    replaced = sum(is_forced or is_newer(row, seen[row["ticker"]], now) for row in known)
    return len(rows) - len(known), replaced
