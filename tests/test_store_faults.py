"""The cache database under faults: each says what is wrong, none loses a fact or shows a secret."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import resource
import signal
import socket
import sqlite3
import stat
import tempfile
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import psycopg2
import pytest
from support.databases import PostgresServer

from sectypes.config import Secret
from sectypes.errors import ConfigError, StoreUnavailable
from sectypes.store import SqlStore
from sectypes.store.tables import VERSION_TABLE
from sectypes.taxonomy import AnswerStatus, Classification, Miss, Origin, SecurityType

SEEN = datetime(2026, 3, 2, 12, tzinfo=UTC)
TODAY = date(2026, 3, 2)
CANARY = "canary-p@ss/w:rd"


def facts(count: int, kind: str = "equity", seen: datetime = SEEN) -> list:
    security_type = SecurityType(kind)
    return [
        (Classification(f"T{number}", security_type, Origin.FMP, observed_at=seen), None)
        for number in range(count)
    ]


def known(store: SqlStore, count: int = 40) -> dict[str, str]:
    found = store.lookup([f"T{number}" for number in range(count)]).facts
    return {key: one.security_type.value for key, one in found.items()}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """An SQLite file with three facts, closed."""
    path = tmp_path / "cache.db"
    with SqlStore(f"sqlite:///{path}") as store:
        store.put_facts(facts(3))
    return path


@pytest.fixture
def closed_port() -> int:
    """A port on loopback where nobody listens."""
    with closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture(params=["sqlite_file", "postgresql"])
def shared_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database that several processes can use, ready to use."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_url"))
    url = f"sqlite:///{tmp_path}/cache.db"
    with SqlStore(url) as store:
        store.overrides()
    return url


# -- SQLite: the file ---------------------------------------------------------------------------


def test_by_default_the_file_is_the_user_s_own(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    with SqlStore() as store:
        assert list(tmp_path.rglob("*")) == []
        store.put_facts(facts(1))
        (path,) = tmp_path.rglob("sectypes.sqlite")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert str(path) in repr(store)


def test_helper_files_are_as_private_as_the_file(tmp_path):
    with SqlStore(f"sqlite:///{tmp_path}/cache.db") as store:
        store.put_facts(facts(1))
        modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in tmp_path.iterdir()}
    assert modes == dict.fromkeys(["cache.db", "cache.db-wal", "cache.db-shm"], 0o600)


def test_nothing_happens_before_the_first_use(tmp_path):
    SqlStore(f"sqlite:///{tmp_path}/cache.db").close()
    SqlStore("postgresql://nobody@127.0.0.1:1/none").close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"ticker,type\nDSU,mutual_fund\n" * 50, "is damaged or no SQLite database: move the file"),
        (b"SQLite format 3\0" + b"\xff" * 4096, "is damaged or no SQLite database: move the file"),
    ],
    ids=["text", "broken header"],
)
def test_a_file_that_is_no_database_is_named(tmp_path, content, told):
    path = tmp_path / "cache.db"
    path.write_bytes(content)
    with SqlStore(f"sqlite:///{path}") as store:
        for action in (lambda: store.lookup(["T0"]), lambda: store.put_facts(facts(1))):
            with pytest.raises(StoreUnavailable, match=f"cache.db {told}") as caught:
                action()
            assert not caught.value.retryable
    assert path.read_bytes() == content


def test_a_file_that_is_damaged_in_the_middle_is_named(file):
    content = bytearray(file.read_bytes())
    content[4096:] = b"\x00" * (len(content) - 4096)
    file.write_bytes(content)
    with (
        SqlStore(f"sqlite:///{file}") as store,
        pytest.raises(StoreUnavailable, match=r"cache.db .*(damaged|failed)"),
    ):
        store.lookup(["T0"])


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("no/such/folder/cache.db", "cannot be made: No such file or directory"),
        ("plain_file/cache.db", "cannot be made: Not a directory"),
        ("folder", "cannot be opened: check that its folder exists"),
    ],
)
def test_a_place_where_no_file_can_be_is_named(tmp_path, place, told):
    (tmp_path / "plain_file").write_text("x")
    (tmp_path / "folder").mkdir()
    with (
        SqlStore(f"sqlite:///{tmp_path}/{place}") as store,
        pytest.raises(StoreUnavailable, match=f"{place} {told}") as caught,
    ):
        store.lookup(["T0"])
    assert (caught.value.source, caught.value.retryable) == ("database", False)


def test_a_read_only_database_is_read_but_not_written(file):
    with SqlStore(f"sqlite:///file:{file}?mode=ro&uri=true") as store:
        assert len(known(store)) == 3
        with pytest.raises(StoreUnavailable, match="is read-only") as caught:
            store.put_facts(facts(1, "etf", SEEN + timedelta(days=1)))
        assert not caught.value.retryable
        assert set(known(store).values()) == {"equity"}


def test_a_database_in_a_folder_without_rights_is_read_but_not_written():
    with tempfile.TemporaryDirectory(prefix="sealed", dir="/tmp") as folder:
        path = Path(folder, "cache.db")
        with SqlStore(f"sqlite:///{path}") as store:
            store.put_facts(facts(3))
        path.chmod(0o444)
        Path(folder).chmod(0o555)
        try:
            assert in_child(read_only_steps, f"sqlite:///{path}") == ["3 facts", "read-only"]
        finally:
            Path(folder).chmod(0o755)


def read_only_steps(url: str) -> list[str]:
    if os.getuid() == 0:
        os.setuid(65534)  # root may write everywhere
    store = SqlStore(url)
    told = [f"{len(known(store))} facts"]
    try:
        store.put_facts(facts(1, "etf", SEEN + timedelta(days=1)))
    except StoreUnavailable as error:
        told.append("read-only" if "read-only" in str(error) else str(error))
    return told


def test_a_full_disk_is_told_and_costs_nothing_that_was_written(file):
    told = in_child(fill_disk, f"sqlite:///{file}")
    assert told == ["the disk fails or is full", 3]
    with SqlStore(f"sqlite:///{file}") as store:
        assert len(known(store)) == 3
        assert store.put_facts(facts(40, "etf", SEEN + timedelta(days=1))) == 40


def fill_disk(url: str) -> list[object]:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    store = SqlStore(url)
    assert len(known(store)) == 3
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
    try:
        store.put_facts(facts(20_000, "etf", SEEN + timedelta(days=1)))
    except StoreUnavailable as error:
        return [str(error)[-25:], len(known(store, 20_000))]
    return ["it was not full"]


def test_a_lock_is_waited_for_and_then_told(file):
    with (
        closing(sqlite3.connect(file, isolation_level=None)) as other,
        SqlStore(f"sqlite:///{file}?timeout=0.1") as store,
    ):
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="locked by another program") as caught:
            store.put_facts(facts(1, "etf", SEEN + timedelta(days=1)))
        assert caught.value.retryable
        assert len(known(store)) == 3
        other.execute("ROLLBACK")
        assert store.put_facts(facts(1, "etf", SEEN + timedelta(days=1))) == 1


def test_readers_and_a_writer_work_at_the_same_time(file):
    with closing(sqlite3.connect(file)) as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_where_the_file_system_cannot_share_memory_it_works_without_wal(tmp_path):
    # This way of locking has no shared memory, as some network shares.
    url = f"sqlite:///file:{tmp_path}/cache.db?vfs=unix-dotfile&uri=true"
    with SqlStore(url) as store:
        store.put_facts(facts(3))
        assert len(known(store)) == 3
    with closing(sqlite3.connect(tmp_path / "cache.db")) as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("delete",)


@pytest.mark.parametrize("table", ["overrides", VERSION_TABLE])
def test_a_file_of_another_program_is_told(tmp_path, table):
    with closing(sqlite3.connect(tmp_path / "cache.db")) as database:
        database.execute(f"CREATE TABLE {table} (mine INTEGER)")
    told = "cache.db has other tables under the names of ours: rename them, or name another"
    with (
        SqlStore(f"sqlite:///{tmp_path}/cache.db") as store,
        pytest.raises(StoreUnavailable, match=told) as caught,
    ):
        store.lookup(["T0"])
    assert not caught.value.retryable


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///{folder}/cache.db?timeout=soon",
        "postgresql://ada:{canary}@127.0.0.1:1/cache?sslmode=bogus",
        "postgresql://ada:{canary}@127.0.0.1:1/cache?no_such_argument=1",
        "postgresql://ada:{canary}@127.0.0.1:1/cache?connect_timeout=soon",
        "postgresql://ada:{canary}@127.0.0.1:99999/cache",
    ],
)
def test_an_argument_that_no_database_takes_is_told(tmp_path, url):
    given = url.format(folder=tmp_path, canary=quote(CANARY, safe=""))
    told = "cannot be opened: the port, an argument or the value of one cannot be used"
    with SqlStore(given) as store, pytest.raises(StoreUnavailable, match=told) as caught:
        store.lookup(["T0"])
    assert not caught.value.retryable
    assert_hidden(caught.value, store)


# -- PostgreSQL: the server ---------------------------------------------------------------------


def test_a_server_that_is_down_is_told_soon(closed_port):
    begun = time.monotonic()
    url = f"postgresql://ada:{quote(CANARY, safe='')}@127.0.0.1:{closed_port}/cache"
    with SqlStore(url) as store, pytest.raises(StoreUnavailable, match="cannot be reached") as no:
        store.lookup(["T0"])
    assert no.value.retryable
    assert time.monotonic() - begun < 5


def test_a_server_that_never_answers_is_given_up():
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        port = silent.getsockname()[1]
        url = f"postgresql://ada@127.0.0.1:{port}/cache?connect_timeout=2"
        begun = time.monotonic()
        with SqlStore(url) as store, pytest.raises(StoreUnavailable, match="cannot be reached"):
            store.lookup(["T0"])
        assert time.monotonic() - begun < 5


def test_a_database_that_does_not_exist_is_told(postgres_server: PostgresServer):
    with (
        SqlStore(postgres_server.url("no_such_database")) as store,
        pytest.raises(StoreUnavailable, match="the user or the database does not exist") as caught,
    ):
        store.lookup(["T0"])
    assert not caught.value.retryable


@pytest.fixture
def guarded_server(postgres_server: PostgresServer) -> Iterator[PostgresServer]:
    """The server, with a user `reader` who needs a password and may only read."""
    (data,) = postgres_server.run("SHOW hba_file")[0]
    rules = Path(str(data))
    before = rules.read_text(encoding="utf-8")
    postgres_server.run("CREATE USER reader PASSWORD 'right'")
    rules.write_text("local all reader scram-sha-256\n" + before, encoding="utf-8")
    postgres_server.run("SELECT pg_reload_conf()")
    yield postgres_server
    rules.write_text(before, encoding="utf-8")
    postgres_server.run("SELECT pg_reload_conf()")
    postgres_server.run("DROP USER reader")


def database_of(url: str) -> str:
    return url.partition("@/")[2].partition("?")[0]


@pytest.mark.parametrize(
    ("password", "told"),
    [(CANARY, "refuses the user or the password"), ("", "refuses the user: it wants a password")],
)
def test_a_wrong_password_is_told_and_not_shown(guarded_server, postgres_url, password, told):
    name = database_of(postgres_url)
    url = guarded_server.url(name, user="reader", password=quote(password, safe=""))
    with SqlStore(Secret(url)) as store, pytest.raises(StoreUnavailable, match=told) as caught:
        store.lookup(["T0"])
    assert not caught.value.retryable
    assert_hidden(caught.value, store)


def test_a_user_without_rights_reads_but_does_not_write(guarded_server, postgres_url):
    name = database_of(postgres_url)
    with SqlStore(postgres_url) as owner:
        owner.put_facts(facts(3))
    guarded_server.run("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader", name)
    try:
        with SqlStore(guarded_server.url(name, user="reader", password="right")) as store:
            assert len(known(store)) == 3
            with pytest.raises(StoreUnavailable, match="lacks a right on the tables"):
                store.put_facts(facts(4))
    finally:
        guarded_server.run("DROP OWNED BY reader", name)


def test_a_read_only_server_is_read_but_not_written(postgres_server, postgres_url):
    with SqlStore(postgres_url) as store:
        store.put_facts(facts(3))
    name = database_of(postgres_url)
    postgres_server.run(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    with SqlStore(postgres_url) as store:
        assert len(known(store)) == 3
        with pytest.raises(StoreUnavailable, match="the server or the user is read-only"):
            store.put_facts(facts(4))


def test_connections_that_the_server_closed_are_replaced(postgres_server, postgres_url):
    with SqlStore(postgres_url) as store:
        store.put_facts(facts(3))
        for _ in range(3):
            postgres_server.run(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                f" WHERE datname = '{database_of(postgres_url)}'"
            )
            assert len(known(store)) == 3


def test_another_writer_is_waited_for_and_then_told(postgres_url):
    from sectypes.store.engine import WRITERS_LOCK

    with (
        closing(psycopg2.connect(postgres_url)) as other,
        SqlStore(f"{postgres_url}&connect_timeout=1") as store,
    ):
        other.cursor().execute(f"SELECT pg_advisory_xact_lock({WRITERS_LOCK})")
        with pytest.raises(StoreUnavailable, match="locked by another program") as caught:
            store.put_facts(facts(1))
        assert caught.value.retryable
        assert known(store) == {}
        assert store.count_calls(TODAY, 1, 10) == 1
        other.rollback()
        assert store.put_facts(facts(1)) == 1


# -- secrets ------------------------------------------------------------------------------------


def assert_hidden(error: BaseException, *shown: object) -> None:
    """No part of the password is in an error's text, traceback or pickle, nor in a repr."""
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    texts = [str(error), repr(error), *told.format(chain=True), *map(repr, shown)]
    texts.append(repr(pickle.loads(pickle.dumps(error)).__dict__))
    chain: BaseException | None = error
    while chain is not None:
        texts.append(f"{chain!r} {vars(chain)!r}")
        chain = chain.__cause__ or chain.__context__
    ours = [text for text in texts if "test_store_faults" not in text]
    for word in ("canary", quote(CANARY, safe="")):
        assert not [text for text in ours if word in text]


@pytest.mark.parametrize(
    "password", [quote(CANARY, safe=""), "canary@more@canary", "canary/x", "canary:9x"]
)
def test_a_password_is_never_shown_however_it_is_written(closed_port, password):
    url = Secret(f"postgresql://ada:{password}@127.0.0.1:{closed_port}/cache?connect_timeout=2")
    with pytest.raises((StoreUnavailable, ConfigError), match="database") as caught:
        SqlStore(url).lookup(["T0"])
    assert_hidden(caught.value)


@pytest.mark.parametrize(
    "url", ["", "canary", "mysql://ada:canary@host/db", "postgresql+asyncpg://a:canary@h/d"]
)
def test_a_url_that_cannot_be_used_is_refused_without_showing_it(url):
    with pytest.raises(ConfigError, match="write sqlite:///FILE or postgresql://") as caught:
        SqlStore(Secret(url))
    assert_hidden(caught.value)
    assert caught.value.__context__ is None


def test_a_store_is_not_pickled_because_its_url_may_hold_a_password():
    with pytest.raises(TypeError, match="its URL may hold a password"):
        pickle.dumps(SqlStore("postgresql://ada:canary@127.0.0.1/cache"))


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg2"])
def test_each_way_to_write_postgresql_works(postgres_url, scheme):
    with SqlStore(postgres_url.replace("postgresql", scheme, 1)) as store:
        assert store.put_facts(facts(1)) == 1
        assert repr(store) == "SqlStore(the PostgreSQL cache database)"


# -- several processes --------------------------------------------------------------------------


def in_child(work, *arguments):
    """The result of a function in a forked child, where rights and limits can be changed."""
    receive, send = multiprocessing.Pipe(duplex=False)
    fork = multiprocessing.get_context("fork")
    child = fork.Process(target=lambda: send.send(work(*arguments)))
    child.start()
    assert receive.poll(30), "the child told nothing"
    result = receive.recv()
    child.join(30)
    return result


def upsert_often(url: str, number: int) -> int:
    with SqlStore(url) as store:
        for step in range(25):
            seen = SEEN + timedelta(seconds=step * 10 + number)
            given = facts(40, "etf" if number % 2 else "equity", seen)
            store.put_facts(reversed(given) if step % 2 else given)
            store.put_misses(
                [Miss("NOPE", AnswerStatus.NOT_FOUND, "", seen, seen + timedelta(days=1))]
            )
        return sum(store.count_calls(TODAY, 1, 50) for _ in range(25))


def test_processes_writing_the_same_tickers_leave_the_newest_and_one_budget(shared_url):
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        granted = pool.starmap(upsert_often, [(shared_url, number) for number in range(4)])
    assert sum(granted) == 50
    with SqlStore(shared_url) as store:
        found = store.lookup([f"T{number}" for number in range(60)]).facts
        assert len(found) == 40
        assert {one.observed_at for one in found.values()} == {SEEN + timedelta(seconds=243)}
        assert store.calls_on(TODAY) == 50


def test_a_fork_has_connections_of_its_own(shared_url):
    def in_fork() -> list[int]:
        written = store.put_facts(facts(5, "etf", SEEN + timedelta(days=1)))
        return [written, len(known(store))]

    with SqlStore(shared_url) as store:
        store.put_facts(facts(3))
        assert in_child(in_fork) == [5, 5]
        assert set(known(store).values()) == {"etf"}
        assert store.put_facts(facts(1, "cash", SEEN + timedelta(days=2))) == 1


def test_a_fork_of_a_database_in_memory_begins_empty():
    with SqlStore("sqlite://") as store:
        store.put_facts(facts(3))
        assert in_child(lambda: len(known(store))) == 0
        assert len(known(store)) == 3


def write_without_end(url: str) -> None:
    with SqlStore(url, batch=1) as store:
        for step in range(10_000):
            store.put_facts(facts(30, "etf", SEEN + timedelta(days=1, seconds=step)))


@pytest.mark.parametrize("after_s", [0.0, 0.04, 0.09])
def test_a_killed_writer_leaves_all_or_nothing(shared_url, after_s):
    with SqlStore(shared_url) as store:
        store.put_facts(facts(30))
        child = multiprocessing.get_context("fork").Process(
            target=write_without_end, args=(shared_url,)
        )
        child.start()
        deadline = time.monotonic() + 30
        while "etf" not in known(store).values() and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(after_s)
        os.kill(child.pid, signal.SIGKILL)
        child.join(30)
        found = store.lookup([f"T{number}" for number in range(30)]).facts
        assert len(found) == 30
        assert len({one.observed_at for one in found.values()}) == 1
        assert store.put_facts(facts(30, "cash", SEEN + timedelta(days=9))) == 30
        assert set(known(store).values()) == {"cash"}


def test_threads_leave_no_connection_behind(shared_url, tmp_path):
    def handles() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    with SqlStore(shared_url) as store:
        store.put_facts(facts(1))
        store.close()
        before = handles()
        for _ in range(5):
            threads = [threading.Thread(target=known, args=(store,)) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        store.close()
        assert handles() <= before
