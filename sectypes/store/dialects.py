"""Where the two databases differ: how keys and rows are handed over, and how times are read.

Keys, of which there can be any number, go over as one text, and what is found comes back as one
JSON text for each column. To be written, PostgreSQL takes arrays (SQLAlchemy's executemany needed
7.2 s for 10,000 facts, arrays 1.1 s), or COPY into a table of the transaction where there are many
rows (half of that); SQLite takes prepared rows.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from sqlalchemy import (
    ARRAY,
    BindParameter,
    Column,
    ColumnElement,
    Connection,
    Float,
    FromClause,
    Insert,
    Integer,
    Select,
    Table,
    TableValuedAlias,
    Text,
    any_,
    bindparam,
    case,
    cast,
    false,
    func,
    or_,
    select,
    true,
    type_coerce,
)
from sqlalchemy import column as new_column
from sqlalchemy import table as new_table

from sectypes.store.connect import EXACT, told_by_sqlalchemy
from sectypes.store.prepared import execute
from sectypes.store.rows import Row

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

__all__ = [
    "KEYS_A_SELECT",
    "among",
    "as_iso",
    "as_text",
    "batched",
    "each_of",
    "has_table",
    "insert_into",
    "is_json",
    "isin_in",
    "listed",
    "upsert",
]

KEYS_A_SELECT = 20_000
"""Keys in one SELECT: enough for any book, few enough for the server's memory."""

COPY_FROM = 1000
"""From so many rows on COPY pays for its table."""

T = TypeVar("T")


def insert_into(connection: Connection) -> Callable[[Table], postgresql.Insert | sqlite.Insert]:
    """The INSERT that knows ON CONFLICT."""
    # Imported only for one who writes there: PostgreSQL's alone costs a tenth of a second.
    if _is_postgresql(connection):
        from sqlalchemy.dialects import postgresql

        return postgresql.insert
    from sqlalchemy.dialects import sqlite

    return sqlite.insert


def _is_postgresql(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"


def among(connection: Connection, column: Column[str], keys: list[str]) -> ColumnElement[bool]:
    """Whether the column is one of `keys`, however many."""
    given = bindparam(None, as_text(connection, keys), Text)
    if _is_postgresql(connection):
        return _is_in(column, given)
    return column.in_(select(_json_each(given).c.value))


def each_of(
    connection: Connection, statement: Select[Any], column: Column[str], keys: BindParameter[str]
) -> Select[Any]:
    """The statement for the rows whose column is one of `keys`; NULLs may stand for no row.

    SQLite builds and sorts a table of its own for `among`. A left join goes from key to key, and
    does so whatever the planner thinks of the tables.
    """
    if _is_postgresql(connection):
        return statement.where(_is_in(column, keys))
    given = _json_each(keys)
    return statement.select_from(given.outerjoin(column.table, column == given.c.value))


def as_text(connection: Connection, keys: list[str]) -> str:
    """Keys as one text, in which they are handed over: an array for PostgreSQL, or JSON."""
    if not _is_postgresql(connection):
        return msgspec.json.encode(keys).decode()
    # NUL is in no key. (Quoting in arrays: PostgreSQL manual, 8.15.6.)
    quoted = "\0".join(keys).replace("\\", "\\\\").replace('"', '\\"').replace("\0", '","')
    return '{"' + quoted + '"}' if keys else "{}"


def _is_in(column: Column[str], keys: BindParameter[str]) -> ColumnElement[bool]:
    many = ARRAY(Text)
    # Without the subquery the server would plan for each of the keys.
    return column == any_(cast(select(cast(keys, many)).scalar_subquery(), many))


def _json_each(keys: BindParameter[str]) -> TableValuedAlias:
    return func.json_each(keys).table_valued("value")


def as_iso(connection: Connection, column: Column[datetime]) -> ColumnElement[str]:
    """The time as text: reading that is several times faster than what the drivers do."""
    if _is_postgresql(connection):
        return cast(func.timezone("UTC", column), Text).concat("+00:00")
    return cast(column, Text)


def isin_in(connection: Connection, payload: Column[Any]) -> ColumnElement[str]:
    """The ISIN in what the source sent; NULL without one, or where the payload is no JSON."""
    return case((is_json(connection, payload), payload["isin"].as_string()))


def is_json(connection: Connection, column: Column[Any]) -> ColumnElement[bool]:
    """Whether the column holds JSON: SQLite lets anybody write anything there."""
    if _is_postgresql(connection):
        return true()
    return func.json_valid(type_coerce(column, Text)) == 1


def has_no_time(connection: Connection, column: Column[datetime]) -> ColumnElement[bool]:
    """Whether the column holds what is no time: a text on SQLite, an infinite one elsewhere."""
    if _is_postgresql(connection):
        return func.isfinite(column).is_(False)
    return func.julianday(column).is_(None)


def has_table(connection: Connection, name: str) -> bool:
    """Whether there is such a table; SQLAlchemy's own question takes a new PostgreSQL 5 ms."""
    return execute(connection, _tables_named, name=name).first() is not None


def _tables_named(connection: Connection) -> Select[Any]:
    name = bindparam("name", type_=Text)
    if _is_postgresql(connection):
        return select(name).where(func.to_regclass(name).is_not(None))
    tables = new_table("sqlite_master", new_column("type", Text), new_column("name", Text))
    return select(tables.c.name).where(tables.c.type == "table", tables.c.name == name)


def listed(connection: Connection, column: Column[Any]) -> ColumnElement[str]:
    """All rows' values of a column as one JSON array.

    A driver makes a Python value of each field of each row; `reading.read_columns` makes what they
    mean of the array in a fifth of the time. A number may come as its text, a time as ISO text with
    its offset.
    """
    if _is_postgresql(connection):
        # No cast, for which the server would copy each of them twice: `connect` takes JSON as text.
        return func.json_agg(column, type_=Text)
    if not isinstance(column.type, Float):
        return func.json_group_array(cast(column, Text), type_=Text)
    # SQLite's JSON has 15 digits of a number, so that only whole ones come through as they are.
    whole = cast(column, Integer)
    exact = getattr(func, EXACT)(column)
    return func.json_group_array(case((whole == column, whole), else_=exact), type_=Text)


def upsert(
    connection: Connection,
    table: Table,
    rows: Sequence[Row],
    batch: int,
    *,
    newest: str | None = None,
    latest: datetime | None = None,
    keep: frozenset[str] = frozenset(),
    add: frozenset[str] = frozenset(),
) -> None:
    """Insert rows, or replace those of the same ticker that `newest` proves older.

    Parameters
    ----------
    connection : Connection
        Inside a transaction.
    table : Table
        With a unique `ticker`.
    rows : Sequence[Row]
        All with the same columns.
    batch : int
        Rows a statement; COPY, which takes any number, may take more.
    newest : str | None
        The column with the time that decides; None to replace always. A row that holds no time
        there is always replaced.
    latest : datetime | None
        A row with a later time than this there is always replaced, too: whoever wrote it had a
        wrong clock, and nothing would ever be newer.
    keep : frozenset[str]
        Columns that stay as they are in an existing row.
    add : frozenset[str]
        Columns that are added to, not replaced.
    """
    copies = len(rows) >= COPY_FROM and _can_copy(connection)
    in_arrays = _is_postgresql(connection) and not copies
    for some in batched(rows, batch if in_arrays else max(batch, KEYS_A_SELECT)):
        names = list(some[0])
        statement = insert_into(connection)(table)
        parameters: dict[str, Any] = {}
        if copies:
            given = _copied(connection, table, some)
            statement = statement.from_select(names, select(*given.c))
        elif in_arrays:
            arrays = func.unnest(*(_array(table.c[name]) for name in names))
            given = arrays.table_valued(*names).render_derived()
            statement = statement.from_select(names, select(*given.c))
            parameters = {f"all_{name}": [row[name] for row in some] for name in names}
        new = statement.excluded
        replaced = set(names) - {"ticker"} - keep - add
        values: dict[str, ColumnElement[Any]] = {name: new[name] for name in replaced}
        values |= {name: table.c[name] + new[name] for name in add}
        older = None
        if newest is not None:
            known = table.c[newest]
            older = or_(known < new[newest], has_no_time(connection, known), _beyond(known, latest))
        statement = statement.on_conflict_do_update(
            index_elements=["ticker"],
            set_=values,
            where=older,
        )
        if _is_postgresql(connection):
            connection.execute(statement, parameters)
        else:
            _execute_many(connection, statement, table, some, batch)


def _beyond(column: Column[datetime], latest: datetime | None) -> ColumnElement[bool]:
    if latest is None:
        return false()
    return column > bindparam("latest", latest, column.type)


def _execute_many(
    connection: Connection, statement: Insert, table: Table, rows: Sequence[Row], batch: int
) -> None:
    """Write rows by a statement that SQLAlchemy makes once, with the values column by column.

    Row by row SQLAlchemy takes as long to get the values ready as SQLite to write them.
    """
    made: Any = statement.compile(dialect=connection.dialect, column_keys=list(rows[0]))
    columns = [_bound(connection, made.binds[name], rows) for name in made.positiontup]
    for some in batched(list(zip(*columns, strict=True)), batch):
        connection.exec_driver_sql(str(made), some)


def _bound(connection: Connection, given: BindParameter[Any], rows: Sequence[Row]) -> list[Any]:
    """The values of a column, or one value for all rows, as the driver takes them.

    Rows share many of their times.
    """
    bind = given.type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
    name = given.key
    values = [row[name] for row in rows] if name in rows[0] else [given.value] * len(rows)
    if bind is None:
        return values
    made = {value: bind(value) for value in {*values}}
    return [made[value] for value in values]


def _array(column: Column[Any]) -> ColumnElement[Any]:
    many = ARRAY(column.type)
    return cast(bindparam(f"all_{column.name}", type_=many), many)


def _can_copy(connection: Connection) -> bool:
    """Whether rows can be handed over by COPY: not everybody may make temporary tables."""
    if not _is_postgresql(connection):
        return False
    allowed = func.has_database_privilege(func.current_database(), "TEMP")
    return bool(connection.scalar(select(allowed)))


def _copied(connection: Connection, table: Table, rows: Sequence[Row]) -> FromClause:
    """A table of this transaction that holds the rows."""
    name, names = f"sectypes_new_{table.name}", list(rows[0])
    listed = ", ".join(names)
    connection.exec_driver_sql(f"DROP TABLE IF EXISTS pg_temp.{name}")
    connection.exec_driver_sql(
        f"CREATE TEMPORARY TABLE {name} ON COMMIT DROP"  # noqa: S608 - all names are ours
        f" AS SELECT {listed} FROM {table.name} WITH NO DATA"
    )
    text = "".join(["\t".join(map(_as_copied, row.values())) + "\n" for row in rows])
    with told_by_sqlalchemy(connection), closing(connection.connection.cursor()) as cursor:
        driver: Any = cursor
        driver.copy_expert(f"COPY {name} ({listed}) FROM STDIN", io.StringIO(text))
    return new_table(name, *(new_column(one, table.c[one].type) for one in names))


def _as_copied(value: object) -> str:
    """A value as COPY reads it (PostgreSQL manual, COPY, text format)."""
    if value is None:
        return "\\N"
    if not isinstance(value, str):
        return str(value)
    text = value.replace("\\", "\\\\")
    return text.replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def batched(items: Sequence[T], size: int) -> Iterator[list[T]]:
    """Lists of at most `size` items, in order."""
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some
