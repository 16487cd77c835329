"""Real databases that really break: each fault is a context in which a database has it.

A fault yields the URL under which the database is used while it lasts. Afterwards the database is
as before, so that a test can see what was written meanwhile.
"""

from __future__ import annotations

import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg2

from sectypes.store.engine import WRITERS_LOCK
from support.databases import PostgresServer
from support.faulty_server import closed_port

__all__ = ["FAULTS", "PostgresDatabase", "SqliteDatabase"]

TABLES = (
    *("security_types", "security_type_history", "overrides", "override_history"),
    *("lookup_misses", "api_usage", "ticker_uses"),
)
_numbers = count()
Row = tuple[Any, ...]


# -- SQLite ---------------------------------------------------------------------------------


@dataclass
class SqliteDatabase:
    """A file in a folder of its own, made from a template."""

    template: Path
    folder: Path
    password: str = ""  # it has none

    def __post_init__(self) -> None:
        self.folder.mkdir()
        shutil.copy(self.template, self.path)

    @property
    def path(self) -> Path:
        """The file."""
        return self.folder / "cache.db"

    @property
    def url(self) -> str:
        """How it is used while nothing is wrong; another writer is not waited for."""
        return f"sqlite:///{self.path}?timeout=0.1"

    def rows(self, statement: str) -> list[Row]:
        """The rows of a statement."""
        with closing(sqlite3.connect(self.path)) as connection, connection:
            return connection.execute(statement).fetchall()

    def text(self) -> str:
        """Everything in it, as `sqlite3 .dump` writes it."""
        with closing(sqlite3.connect(self.path)) as connection:
            return "\n".join(connection.iterdump())

    def clear(self) -> None:
        """Empty the tables."""
        for table in TABLES:
            self.rows(f"DELETE FROM {table}")

    def drop(self) -> None:
        """Throw it away."""
        shutil.rmtree(self.folder, ignore_errors=True)


@contextmanager
def _no_folder(base: SqliteDatabase) -> Iterator[str]:
    yield f"sqlite:///{base.path}/cache.db"  # a file stands where the folder should be


@contextmanager
def _moved_away(base: SqliteDatabase) -> Iterator[str]:
    elsewhere = base.folder.with_name(base.folder.name + "-elsewhere")
    base.folder.rename(elsewhere)
    try:
        yield base.url
    finally:
        elsewhere.rename(base.folder)


@contextmanager
def _opened_read_only(base: SqliteDatabase) -> Iterator[str]:
    yield f"sqlite:///file:{base.path}?mode=ro&uri=true&timeout=0.1"


def _held_by_another(*statements: str) -> Callable[[SqliteDatabase], AbstractContextManager[str]]:
    code = (
        "import sqlite3, sys\n"
        "base = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "for statement in sys.argv[2:]: base.execute(statement)\n"
        "print('held', flush=True)\n"
        "sys.stdin.read()"
    )

    @contextmanager
    def held(base: SqliteDatabase) -> Iterator[str]:
        command = [sys.executable, "-S", "-c", code, str(base.path), *statements]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
            assert other.stdout is not None
            assert other.stdout.readline() == b"held\n"
            try:
                yield base.url
            finally:
                other.terminate()

    return held


@contextmanager
def _overwritten(base: SqliteDatabase) -> Iterator[str]:
    before = base.path.read_bytes()
    garbage = b"ticker,type\n" * 999
    base.path.write_bytes(garbage)
    yield base.url
    assert base.path.read_bytes() == garbage, "a damaged file must be left for its owner"
    base.path.write_bytes(before)


@contextmanager
def _no_byte_more(base: SqliteDatabase) -> Iterator[str]:
    with closing(sqlite3.connect(base.path, isolation_level=None)) as other:
        # The kernel's limit counts for all files of this process; theirs are far smaller than the
        # write-ahead log is after this, and only that log can grow no more.
        other.execute("PRAGMA wal_autocheckpoint = 0")
        other.execute("CREATE TABLE filling (bytes BLOB)")
        other.execute("INSERT INTO filling VALUES (randomblob(2000000))")
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        size = base.path.with_name("cache.db-wal").stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
        try:
            yield base.url
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def _newer_schema(base: SqliteDatabase | PostgresDatabase) -> Iterator[str]:
    [[before]] = base.rows("SELECT version_num FROM sectypes_schema_version")
    base.rows("UPDATE sectypes_schema_version SET version_num = '9999'")
    try:
        yield base.url
    finally:
        base.rows(f"UPDATE sectypes_schema_version SET version_num = '{before}'")


# -- PostgreSQL -----------------------------------------------------------------------------


@dataclass
class PostgresDatabase:
    """A database with a name of its own, made from a template."""

    server: PostgresServer
    template: str
    password: str = ""
    user: str | None = None
    strategy: str = "wal_log"
    name: str = field(default_factory=lambda: f"faulty{next(_numbers)}")
    _open: Any = None

    def __post_init__(self) -> None:
        self.server.run(
            f"CREATE DATABASE {self.name} TEMPLATE {self.template} STRATEGY {self.strategy}"
        )

    @property
    def url(self) -> str:
        """How it is used, with a password that this server does not ask for."""
        return self.url_for(self.user)

    def url_for(self, user: str | None) -> str:
        """The URL of one user; another writer is waited for as short as possible."""
        url = self.server.url(self.name, user=user, password=quote(self.password, safe=""))
        return f"{url}&connect_timeout=1"

    def rows(self, statement: str) -> list[Row]:
        """The rows of a statement."""
        if self._open is None:
            return self.server.run(statement, self.name)
        with self._open.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def stay_connected(self) -> None:
        """Keep one connection for `rows`: for a database that nothing happens to."""
        self._open = psycopg2.connect(self.url)
        self._open.autocommit = True

    def text(self) -> str:
        """All rows of all tables, as text."""
        rows = " UNION ALL ".join(f"SELECT t::text FROM {table} t" for table in TABLES)
        return "\n".join(str(row) for (row,) in self.rows(rows))

    def clear(self) -> None:
        """Empty the tables."""
        self.rows("; ".join(f"DELETE FROM {table}" for table in TABLES))

    def drop(self) -> None:
        """Throw it away."""
        if self._open is not None:
            self._open.close()
        self.server.run(f"DROP DATABASE {self.name} WITH (FORCE)")

    def file(self, table: str) -> Path:
        """Where the server keeps a table."""
        [[folder]] = self.server.run("SHOW data_directory")
        [[path]] = self.rows(f"SELECT pg_relation_filepath(({table})::regclass)")
        return Path(str(folder), str(path))

    def become_a_copy(self) -> None:
        """Go on as a copy made file by file, of which the server has no page in memory yet."""
        before = self.name
        made = replace(self, template=before, strategy="file_copy", name=f"faulty{next(_numbers)}")
        self.name = made.name
        self.server.run(f"DROP DATABASE {before} WITH (FORCE)")


@contextmanager
def _nobody_listens(base: PostgresDatabase) -> Iterator[str]:
    who = f"ada:{quote(base.password, safe='')}"
    yield f"postgresql://{who}@127.0.0.1:{closed_port()}/cache?connect_timeout=2"


@contextmanager
def _shut(base: PostgresDatabase) -> Iterator[str]:
    base.server.run(f"ALTER DATABASE {base.name} ALLOW_CONNECTIONS false")
    base.server.run(
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{base.name}'"
    )
    try:
        yield base.url
    finally:
        base.server.run(f"ALTER DATABASE {base.name} ALLOW_CONNECTIONS true")


@contextmanager
def _server_reads_only(base: PostgresDatabase) -> Iterator[str]:
    base.server.run(f"ALTER DATABASE {base.name} SET default_transaction_read_only = on")
    try:
        yield base.url
    finally:
        base.server.run(f"ALTER DATABASE {base.name} RESET default_transaction_read_only")


def _held_by_a_session(statement: str) -> Callable[[PostgresDatabase], AbstractContextManager[str]]:
    @contextmanager
    def held(base: PostgresDatabase) -> Iterator[str]:
        with closing(psycopg2.connect(base.url)) as other, other.cursor() as cursor:
            cursor.execute(statement)
            yield base.url

    return held


@contextmanager
def _damaged_pages(base: PostgresDatabase) -> Iterator[str]:
    base.become_a_copy()
    files = [base.file("'security_types'"), base.file("'overrides'")]
    before = {file: file.read_bytes() for file in files}
    for file, pages in before.items():
        file.write_bytes(b"\xa5" * max(8192, len(pages)))
    yield base.url
    for file, pages in before.items():
        file.write_bytes(pages)


@contextmanager
def _no_space_left(base: PostgresDatabase) -> Iterator[str]:
    # Payloads above 2 kB go to a table of their own, and that table's file is the device that is
    # always full: the server gets "no space left on device" from the kernel, without root.
    base.rows("ALTER TABLE security_types ALTER fmp_data SET STORAGE EXTERNAL")
    base.become_a_copy()
    payloads = base.file("SELECT reltoastrelid FROM pg_class WHERE relname = 'security_types'")
    payloads.unlink()
    payloads.symlink_to("/dev/full")
    yield base.url


@contextmanager
def _wrong_password(base: PostgresDatabase) -> Iterator[str]:
    yield base.url_for("locked_out")


Fault = Callable[[Any], AbstractContextManager[str]]

FAULTS: Mapping[str, Mapping[str, Fault]] = {
    "unreachable at start": {"sqlite": _no_folder, "postgresql": _nobody_listens},
    "gone in the middle": {"sqlite": _moved_away, "postgresql": _shut},
    "read-only": {"sqlite": _opened_read_only, "postgresql": _server_reads_only},
    "locked by another writer": {
        "sqlite": _held_by_another("BEGIN IMMEDIATE"),
        "postgresql": _held_by_a_session(f"SELECT pg_advisory_xact_lock({WRITERS_LOCK})"),
    },
    "locked as a whole": {
        "sqlite": _held_by_another("PRAGMA locking_mode = EXCLUSIVE", "BEGIN EXCLUSIVE"),
        "postgresql": _held_by_a_session(
            "LOCK TABLE security_types, overrides, lookup_misses IN ACCESS EXCLUSIVE MODE"
        ),
    },
    "corrupt file": {"sqlite": _overwritten, "postgresql": _damaged_pages},
    "disk full": {"sqlite": _no_byte_more, "postgresql": _no_space_left},
    "schema of a newer version": {"sqlite": _newer_schema, "postgresql": _newer_schema},
    "wrong password": {"postgresql": _wrong_password},
}
"""By name and by kind of database."""
