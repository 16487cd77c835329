"""One database for a process's threads: transactions, the schema's check, and errors in our words.

Everything that the driver or SQLAlchemy raises becomes a `StoreUnavailable` in one place: their
messages and tracebacks can hold the URL, the password and the values of a statement.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from sqlalchemy import Connection, Engine, Select, String, column, func, select, table
from sqlalchemy.exc import SQLAlchemyError

from sectypes.config import Secret
from sectypes.errors import StoreSchemaError, StoreUnavailable
from sectypes.forks import fork_gate
from sectypes.store.connect import (
    file_of,
    is_in_memory,
    is_sqlite,
    make_file,
    parse_url,
    postgresql_engine,
    prepare,
    sqlite_engine,
)
from sectypes.store.dialects import has_table
from sectypes.store.faults import explain_argument, explain_file, explain_postgresql, explain_sqlite
from sectypes.store.prepared import execute
from sectypes.store.tables import REVISION, VERSION_TABLE

__all__ = ["Database", "read_revision", "wrong_schema"]

WRITERS_LOCK = 0x5EC7_79E5
"""Number of the advisory lock that PostgreSQL's writers take: any constant that is ours."""

T = TypeVar("T")


class Database:
    """An SQLite file, an SQLite database in memory, or a PostgreSQL database.

    Nothing is opened before the first use. Each process has connections of its own: a forked child
    opens new ones. (A database in memory is a new, empty one there.)

    Parameters
    ----------
    url : Secret | None
        None for the file of `sectypes.config.default_database_path`.

    Raises
    ------
    ConfigError
        The URL cannot be read, or names another kind of database.
    """

    def __init__(self, url: Secret | None) -> None:
        self._is_default = url is None
        self._url = parse_url(url)
        # By process id; what a child inherited stays referenced and so is never closed there,
        # because closing it would disturb the parent.
        self._opened: dict[int, _Opened] = {}

    def __reduce__(self) -> NoReturn:
        raise TypeError("a database is not pickled: its URL may hold a password")

    @property
    def label(self) -> str:
        """What the database is called in messages; no part of an URL with a password."""
        if not is_sqlite(self._url):
            # Not even the host: of a mistyped URL it can be a piece of the password.
            return "the PostgreSQL cache database"
        if is_in_memory(self._url):
            return "the cache database in memory"
        return f"the cache database {self._url.database}"

    @property
    def is_open(self) -> bool:
        """Whether this process has connections, or had one."""
        return os.getpid() in self._opened

    @property
    def folder(self) -> Path | None:
        """The folder of an SQLite file that is there; None for every other database."""
        path = None if not is_sqlite(self._url) else file_of(self._url)
        return path.parent if path is not None and path.exists() else None

    def read(self, work: Callable[[Connection], T], *, checked: bool = True) -> T:
        """Do `work`, which only reads, on one connection; `checked` as for `write`."""
        return self._run(work, writes=False, checked=checked)

    def write(
        self, work: Callable[[Connection], T], *, exclusive: bool = True, checked: bool = True
    ) -> T:
        """Do `work` in one transaction, all or nothing.

        Parameters
        ----------
        work : Callable[[Connection], T]
            Does not commit.
        exclusive : bool
            One writer at a time, as on SQLite: no deadlocks, and what was read stays true.
        checked : bool
            Whether the schema must be the right one already.
        """

        def alone(connection: Connection) -> T:
            if exclusive and not is_sqlite(self._url):
                connection.execute(select(func.pg_advisory_xact_lock(WRITERS_LOCK)))
            return work(connection)

        return self._run(alone, writes=True, checked=checked)

    def close(self) -> None:
        """Close this process's connections; the next use opens new ones."""
        opened = self._opened.pop(os.getpid(), None)
        if opened is not None:
            with self._gate():
                opened.engine.dispose()

    def _run(self, work: Callable[[Connection], T], *, writes: bool, checked: bool) -> T:
        """The one place where a driver's error becomes ours."""
        problem: StoreUnavailable
        try:
            with self._gate():
                opened = self._open()
                with opened.turn, opened.engine.connect() as connection:
                    prepare(connection, writes=writes)
                    if checked and not opened.is_checked:
                        self._check_schema(connection, writes=writes)
                        opened.is_checked = True
                    return _transact(connection, work)
        except SQLAlchemyError as error:
            explain = explain_sqlite if is_sqlite(self._url) else explain_postgresql
            problem = explain(self.label, error)
        except OSError as error:
            problem = explain_file(self.label, error)
        # Raised out here, so that it does not carry the other one as its context.
        raise problem

    def _gate(self) -> AbstractContextManager[None]:
        # SQLite has locks for the whole process, which a child would inherit as they are.
        return fork_gate().entered() if is_sqlite(self._url) else nullcontext()

    def _open(self) -> _Opened:
        opened = self._opened.get(os.getpid())
        if opened is not None and opened.file == self._file():
            return opened
        if opened is not None:
            # A file that was moved or deleted would take with it whatever is still written to it.
            self.close()
        if is_sqlite(self._url):
            make_file(self._url, with_folder=self._is_default)
        in_turn = is_in_memory(self._url)
        opened = _Opened(self._new_engine(), in_turn=in_turn, file=self._file())
        # Several threads may come here at once; one engine wins, and none has connected yet.
        return self._opened.setdefault(os.getpid(), opened)

    def _new_engine(self) -> Engine:
        make = sqlite_engine if is_sqlite(self._url) else postgresql_engine
        try:
            return make(self._url)
        except ValueError:  # a number in the URL is none
            problem = explain_argument(self.label)
        raise problem

    def _file(self) -> tuple[int, int] | None:
        """Which file stands under the name now; None for no file, or none that is named plainly."""
        path = file_of(self._url) if is_sqlite(self._url) else None
        try:
            found = None if path is None else path.stat()
        except FileNotFoundError:
            found = None
        return None if found is None else (found.st_dev, found.st_ino)

    def _check_schema(self, connection: Connection, *, writes: bool) -> None:
        found = _transact(connection, read_revision)
        if is_sqlite(self._url) and (found is None or found < REVISION):
            # Imported only now, because Alembic costs more time than a whole lookup.
            from sectypes.store.migrate import upgrade_connection

            prepare(connection, writes=True)
            _transact(connection, upgrade_connection)
            prepare(connection, writes=writes)
        elif found != REVISION:
            raise wrong_schema(self.label, found)


class _Opened:
    """One process's engine; where there is a single connection, threads use it in turn."""

    def __init__(
        self, engine: Engine, *, in_turn: bool, file: tuple[int, int] | None = None
    ) -> None:
        self.engine = engine
        self.file = file
        self.is_checked = False
        self.turn = threading.RLock() if in_turn else nullcontext()


def read_revision(connection: Connection) -> str | None:
    """The schema's revision; None where there is none."""
    if not has_table(connection, VERSION_TABLE):
        return None
    return execute(connection, _version).scalar()


def _version(connection: Connection) -> Select[Any]:
    return select(column("version_num", String)).select_from(table(VERSION_TABLE))


def wrong_schema(label: str, found: str | None) -> StoreSchemaError:
    """The error for a schema that is missing, older or newer."""
    if found is not None and found > REVISION:
        advice = "a newer version made it; run `pip install --upgrade sectypes`"
    else:
        advice = "run `sectypes db upgrade`"
    return StoreSchemaError(
        f"{label} has schema {found or 'none'}, this version of sectypes needs {REVISION}:"
        f" {advice}",
        found=found,
        needed=REVISION,
    )


def _transact(connection: Connection, work: Callable[[Connection], T]) -> T:
    with connection.begin():
        return work(connection)
