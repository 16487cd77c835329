"""What the cells share."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from urllib.parse import quote

import psycopg2
import pytest
from support.databases import Clock, PostgresServer
from support.faulty_databases import PostgresDatabase, SqliteDatabase
from support.faulty_server import TlsServer, closed_port, self_signed
from support.fmp_server import FmpServer, profile

from faults.running import Database, Place
from faults.table import DATABASES, HEALTHY, KEPT, KEY, PASSWORD, SICK
from sectypes.store import SqlStore


@pytest.fixture(scope="session")
def guarded_server(postgres_server: PostgresServer) -> Iterator[PostgresServer]:
    """The server, with a user `locked_out` whose password is not the one of the tests."""
    [[file]] = postgres_server.run("SHOW hba_file")
    rules = Path(str(file))
    before = rules.read_text(encoding="utf-8")
    postgres_server.run("CREATE USER locked_out PASSWORD 'another one'")
    rules.write_text("local all locked_out scram-sha-256\n" + before, encoding="utf-8")
    postgres_server.run("SELECT pg_reload_conf()")
    _wait_until_refused(postgres_server.url("postgres", user="locked_out", password="wrong"))
    yield postgres_server
    rules.write_text(rules.read_text(encoding="utf-8").partition("\n")[2], encoding="utf-8")
    postgres_server.run("SELECT pg_reload_conf()")
    postgres_server.run("DROP USER locked_out")


def _wait_until_refused(url: str) -> None:
    """The rules are read again some time after the order to do so."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            psycopg2.connect(url).close()
        except psycopg2.OperationalError:
            return
        time.sleep(0.02)
    raise RuntimeError("the server does not ask for a password")


@pytest.fixture(scope="session")
def place(
    guarded_server: PostgresServer,
    postgres_template: str,
    sqlite_template: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Place]:
    """The servers and the databases."""
    folder, numbers = tmp_path_factory.mktemp("faults"), count()
    profiles = {
        SICK: profile(SICK, is_fund=True, description="A sample. " * 300),
        HEALTHY: profile(HEALTHY, is_etf=True),
        KEPT: profile(KEPT, is_etf=True),
    }

    def make(kind: str) -> Database:
        if kind == "sqlite":
            return SqliteDatabase(sqlite_template, folder / str(next(numbers)))
        return PostgresDatabase(guarded_server, postgres_template, PASSWORD)

    clock = Clock()
    healthy = {kind: make(kind) for kind in DATABASES}
    healthy["postgresql"].stay_connected()
    mended = PostgresDatabase(guarded_server, postgres_template, PASSWORD)
    stores = {kind: SqlStore(one.url, clock=clock) for kind, one in healthy.items()}
    with (
        FmpServer(profiles, key=KEY) as server,
        FmpServer(profiles, key=KEY) as elsewhere,
        TlsServer(self_signed(folder), key=KEY) as tls,
    ):
        yield Place(server, elsewhere, tls, healthy, stores, clock, make, mended)
    mended.drop()
    for kind, store in stores.items():
        store.close()
        healthy[kind].drop()


@pytest.fixture
def dead_url() -> str:
    """A database where nobody listens, with the password."""
    who = f"ada:{quote(PASSWORD, safe='')}"
    return f"postgresql://{who}@127.0.0.1:{closed_port()}/cache?connect_timeout=2"
