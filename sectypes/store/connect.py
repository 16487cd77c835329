"""How each kind of database is opened: URL, arguments of the driver, what a connection is told."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from sqlalchemy import Connection, Engine, StaticPool, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from sectypes.config import Secret, default_database_path
from sectypes.errors import ConfigError

__all__ = [
    "EXACT",
    "as_secret",
    "file_of",
    "is_in_memory",
    "is_sqlite",
    "make_file",
    "parse_url",
    "postgresql_engine",
    "prepare",
    "sqlite_engine",
    "told_by_sqlalchemy",
]

WAIT_S = 5
"""Longest wait for a connection or for another writer's lock; an URL's ``timeout`` (SQLite) or
``connect_timeout`` (PostgreSQL) goes before."""
STATEMENT_S = 30
"""Longest time for one statement on PostgreSQL."""
EXACT = "sectypes_exact"
"""SQL function on SQLite: a number as the shortest text that means it, as Python writes it."""
_JSON = 114
"""The type's number (PostgreSQL manual, 8.19; `SELECT 'json'::regtype::oid`)."""
_WRITES = "sectypes_writes"
"""Execution option of a connection: whether its transaction is going to write."""


# -- URLs -----------------------------------------------------------------------------------


def as_secret(url: Secret | str | None) -> Secret | None:
    """Wrap an URL, because it may hold a password."""
    return Secret(url) if isinstance(url, str) else url


def parse_url(url: Secret | None) -> URL:
    """Read an URL; None stands for the SQLite file in the user's data folder.

    Raises
    ------
    ConfigError
        It cannot be read, or names another kind of database.
    """
    if url is None:
        return URL.create("sqlite", database=str(default_database_path()))
    try:
        parsed = make_url(url.reveal())
    except (SQLAlchemyError, ValueError):
        parsed = None
    driver = parsed.drivername if parsed is not None else ""
    if parsed is not None and driver in {"sqlite", "sqlite+pysqlite"}:
        return parsed
    if parsed is not None and driver in {"postgresql", "postgres", "postgresql+psycopg2"}:
        return parsed.set(drivername="postgresql+psycopg2")
    # Raised out here, and without a word of the URL: a mistyped one can have its password anywhere.
    raise ConfigError(
        "the database's URL cannot be used: write sqlite:///FILE or"
        " postgresql://USER:PASSWORD@HOST:PORT/NAME, with special characters of the password"
        " as %XX (SECTYPES_DATABASE_URL)"
    )


def is_sqlite(url: URL) -> bool:
    """Whether it is SQLite."""
    return url.get_backend_name() == "sqlite"


def is_in_memory(url: URL) -> bool:
    """Whether it is SQLite without a file."""
    name = url.database or ":memory:"
    return is_sqlite(url) and (":memory:" in name or url.query.get("mode") == "memory")


def _unless_given(url: URL, **defaults: Any) -> dict[str, Any]:
    """The arguments for the driver that the URL does not set itself."""
    return {name: value for name, value in defaults.items() if name not in url.query}


def prepare(connection: Connection, *, writes: bool) -> None:
    """Get a connection ready for transactions that write, or that only read."""
    connection.execution_options(**{_WRITES: writes})
    if connection.dialect.name == "postgresql":
        # By default each statement sees what is committed when it starts, in a transaction as
        # without one. Without one the server is asked half as often.
        with told_by_sqlalchemy(connection):
            driver: Any = connection.connection.dbapi_connection
            driver.autocommit = not writes


@contextmanager
def told_by_sqlalchemy(connection: Connection) -> Iterator[None]:
    """Raise what the driver raises as SQLAlchemy does."""
    try:
        yield
    except connection.dialect.loaded_dbapi.Error as error:
        raise DBAPIError(None, None, error, hide_parameters=True) from error


# -- SQLite ---------------------------------------------------------------------------------


def make_file(url: URL, *, with_folder: bool) -> None:
    """Make an SQLite file before SQLite does, so that nobody else can read it.

    Raises
    ------
    OSError
        It cannot be made.
    """
    path = file_of(url)
    if path is None or url.query.get("mode") in ("ro", "rw"):
        return  # one in memory, or one that SQLite itself must not make either
    if with_folder:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def sqlite_engine(url: URL) -> Engine:
    """An engine for an SQLite file, or for one shared connection to a database in memory."""
    options: dict[str, Any] = {}
    if is_in_memory(url):
        options = {"poolclass": StaticPool}
    elif _is_sealed(url):
        options = {"poolclass": NullPool}  # each call looks anew whether it still is
    engine = create_engine(
        url,
        hide_parameters=True,
        connect_args={"check_same_thread": False} | _unless_given(url, timeout=WAIT_S),
        **options,
    )

    def open_sealed(
        dialect: object, record: object, args: list[Any], named: dict[str, Any]
    ) -> None:
        if _is_sealed(url):
            args[0] = f"file:{quote(str(file_of(url)))}?immutable=1"
            named["uri"] = True

    event.listen(engine, "do_connect", open_sealed)
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def file_of(url: URL) -> Path | None:
    """The SQLite file that the URL names, plainly or as a ``file:`` URI; None for one in memory."""
    name = url.database or ""
    if is_in_memory(url):
        return None
    if name.startswith("file:") and "uri" in url.query:
        name = unquote(urlsplit(name).path)
    return Path(name)


def _is_sealed(url: URL) -> bool:
    """Whether the file's folder forbids the helper files with which a WAL database is read."""
    path = file_of(url)
    if path is None or not path.exists():
        return False
    return not os.access(path.parent, os.W_OK) and not Path(f"{path}-wal").exists()


def _set_up_sqlite(connection: sqlite3.Connection, record: object) -> None:
    connection.isolation_level = None  # transactions begin where `_begin_sqlite` says
    connection.text_factory = _as_text
    connection.create_function(EXACT, 1, _exact, deterministic=True)
    connection.execute("PRAGMA foreign_keys = ON")
    (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    if mode == "delete":
        mode = _prefer_wal(connection)
    if mode == "wal":
        connection.execute("PRAGMA synchronous = NORMAL")  # safe with WAL, and much faster


def _as_text(written: bytes) -> str:
    """Text as somebody wrote it; what is no UTF-8 costs its own letters, and not the whole read."""
    return written.decode("utf-8", "replace")


def _exact(number: object) -> str | None:
    return None if number is None else str(number)


def _prefer_wal(connection: sqlite3.Connection) -> str:
    """Let readers and a writer work at the same time, where the file system can do that."""
    try:
        (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        # A network share says so only when it is used; a read-only or locked file stays as it is.
        with suppress(sqlite3.OperationalError):
            connection.execute("PRAGMA journal_mode = DELETE")
        return "delete"
    return str(mode)


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    # A writer waits for its turn at the start: in the middle SQLite would refuse at once.
    if writes:
        # KiB, so that the pages of a bulk load stay in memory; for one that reads its rows once
        # a larger cache than SQLite's own only costs time.
        connection.exec_driver_sql("PRAGMA cache_size = -32000")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


# -- PostgreSQL -----------------------------------------------------------------------------


def postgresql_engine(url: URL) -> Engine:
    """An engine for PostgreSQL that waits for nothing without an end."""
    wait_s = int(str(url.query.get("connect_timeout", WAIT_S)))
    engine = create_engine(
        url,
        hide_parameters=True,
        pool_pre_ping=True,
        pool_timeout=wait_s,
        use_native_hstore=False,  # a type of an extension, of which each new connection would ask
        connect_args=_unless_given(
            url,
            connect_timeout=wait_s,
            tcp_user_timeout=wait_s * 1000,
            keepalives_idle=wait_s,
            application_name="sectypes",
        ),
    )

    extensions: Any = engine.dialect.loaded_dbapi.extensions
    # What is wanted of JSON is its text (`dialects.listed`); the driver would parse it.
    as_text = extensions.new_type((_JSON,), "JSON AS TEXT", extensions.UNICODE)

    def set_up(connection: Any, record: object) -> None:
        # Not among the connection's options, which poolers such as PgBouncer refuse.
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(
                f"SET TimeZone = 'UTC'; SET lock_timeout = '{wait_s}s';"
                f" SET statement_timeout = '{STATEMENT_S}s';"
                f" SET idle_in_transaction_session_timeout = '{STATEMENT_S}s'"
            )
        extensions.register_type(as_text, connection)

    # First of all, so that what SQLAlchemy asks a new server needs no transaction; see `prepare`.
    event.listen(engine, "connect", set_up, insert=True)
    return engine
