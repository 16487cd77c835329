"""The schema: scripts, rendered SQL and `store.tables` say the same, and databases come to it."""

from __future__ import annotations

import json
import multiprocessing
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg2
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, inspect
from sqlalchemy.exc import IntegrityError
from support.databases import Clock

from sectypes.errors import StoreSchemaError, StoreUnavailable
from sectypes.shipped import shipped
from sectypes.store import SqlStore, migrate
from sectypes.store.connect import as_secret
from sectypes.store.engine import Database
from sectypes.store.tables import FACT_ORIGINS, REVISION, VERSION_TABLE, metadata
from sectypes.taxonomy import Classification, Origin, SecurityType

SCHEMA = shipped("schema")


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("database_url"))
    return f"sqlite:///{tmp_path}/cache.db"


def within(url: str, work):
    """Do something on a connection, without the schema's check."""
    database = Database(as_secret(url))
    try:
        return database.write(work, checked=False)
    finally:
        database.close()


def run(url: str, *statements: str) -> list[tuple]:
    """Run statements as an administrator would; the rows of the last one."""

    def work(connection: Connection) -> list[tuple]:
        results = [connection.exec_driver_sql(statement) for statement in statements]
        return [tuple(row) for row in results[-1]] if results[-1].returns_rows else []

    return within(url, work)


def described(connection: Connection) -> dict[str, object]:
    """What a database says about its own tables."""
    found = inspect(connection)
    return {
        name: (
            sorted(
                (one["name"], str(one["type"]), one["nullable"], str(one["default"]))
                for one in found.get_columns(name)
            ),
            sorted((one["name"], one["sqltext"]) for one in found.get_check_constraints(name)),
            sorted((one["name"], one["column_names"]) for one in found.get_indexes(name)),
            sorted(
                (one["name"], one["column_names"]) for one in found.get_unique_constraints(name)
            ),
            found.get_pk_constraint(name),
        )
        for name in found.get_table_names()
        if name != VERSION_TABLE
    }


# -- one truth in three places ------------------------------------------------------------------


def test_the_scripts_make_what_the_store_expects(empty_url):
    migrate.upgrade(empty_url)

    def differences(connection: Connection) -> list[object]:
        options = {"version_table": VERSION_TABLE, "compare_server_default": True}
        return compare_metadata(MigrationContext.configure(connection, opts=options), metadata)

    assert within(empty_url, differences) == []


def test_the_scripts_make_the_same_checks_and_names_too(empty_url):
    migrate.upgrade(empty_url)
    by_scripts = within(empty_url, described)

    def by_the_store(connection: Connection) -> dict[str, object]:
        metadata.drop_all(connection)
        metadata.create_all(connection)
        return described(connection)

    assert by_scripts == within(empty_url, by_the_store)
    assert set(by_scripts) == set(metadata.tables)


@pytest.mark.parametrize("dialect", ["postgresql", "sqlite"])
def test_the_rendered_sql_is_fresh(dialect):
    committed = (SCHEMA / f"{dialect}.sql").read_text(encoding="utf-8")
    assert committed == migrate.render_sql(dialect)


def test_the_rendered_sql_makes_a_database_that_the_store_uses(empty_url, clock):
    dialect = "sqlite" if empty_url.startswith("sqlite") else "postgresql"
    text = (SCHEMA / f"{dialect}.sql").read_text(encoding="utf-8")
    if dialect == "sqlite":
        with closing(sqlite3.connect(empty_url.removeprefix("sqlite:///"))) as database:
            database.executescript(text)
    else:
        with closing(psycopg2.connect(empty_url)) as database:
            database.autocommit = True
            database.cursor().execute(text)
    with SqlStore(empty_url, clock=clock) as store:
        store.set_override("DSU", SecurityType.CASH, note="n", author="a")
        assert list(store.overrides()) == ["DSU"]


def test_the_newest_script_is_the_one_that_the_code_needs():
    scripts = ScriptDirectory.from_config(migrate.script_config())
    assert scripts.get_heads() == [REVISION]
    assert all(one.revision <= REVISION for one in scripts.walk_revisions())


@pytest.mark.parametrize(
    ("table", "values"),
    [
        ("security_types(ticker, security_type, origin, last_updated, created_at)",
         "('A', 'stock', 'fmp', '2026-01-01 00:00:00+00:00', '2026-01-01 00:00:00+00:00')"),
        ("security_types(ticker, security_type, origin, last_updated, created_at)",
         "('A', 'etf', 'heuristic', '2026-01-01 00:00:00+00:00', '2026-01-01 00:00:00+00:00')"),
        ("security_type_history(ticker, old_type, new_type, origin, changed_at)",
         "('A', 'etf', 'fund', 'fmp', '2026-01-01 00:00:00+00:00')"),
        ("overrides(ticker, security_type, author, note, created_at)",
         "('A', 'fund', 'a', 'n', '2026-01-01 00:00:00+00:00')"),
        ("lookup_misses(ticker, status, note, observed_at, expires_at)",
         "('A', 'failed', 'n', '2026-01-01 00:00:00+00:00', '2026-01-01 00:00:00+00:00')"),
        ("api_usage(day, calls)", "('2026-01-01', -1)"),
    ],
)  # fmt: skip
def test_the_database_itself_refuses_what_is_no_fact(empty_url, table, values):
    migrate.upgrade(empty_url)
    name = empty_url.replace("postgresql://", "postgresql+psycopg2://")
    engine = create_engine(name)
    with engine.connect() as connection, pytest.raises(IntegrityError, match=r"(?i)check"):
        connection.exec_driver_sql(f"INSERT INTO {table} VALUES {values}")
    engine.dispose()


def test_a_guess_is_no_origin_of_a_fact():
    assert set(FACT_ORIGINS) == {"provider", "fmp", "openfigi", "snapshot"}


# -- coming to it -------------------------------------------------------------------------------


def test_upgrade_goes_from_nothing_to_the_newest_and_then_does_nothing(empty_url):
    assert migrate.current(empty_url) is None
    migrate.upgrade(empty_url)
    assert migrate.current(empty_url) == REVISION
    migrate.upgrade(empty_url)
    assert migrate.current(empty_url) == REVISION


def test_sqlite_upgrades_itself_on_first_use(tmp_path, clock):
    url = f"sqlite:///{tmp_path}/cache.db"
    with SqlStore(url, clock=clock) as store:
        assert store.lookup(["DSU"]).facts == {}
    assert migrate.current(url) == REVISION


def test_postgresql_is_never_upgraded_unasked(database_url, clock):
    with SqlStore(database_url, clock=clock) as store:
        for _ in range(2):
            with pytest.raises(
                StoreSchemaError, match=rf"none.*needs {REVISION}.*sectypes db upgrade"
            ) as caught:
                store.lookup(["DSU"])
        assert (caught.value.found, caught.value.needed) == (None, REVISION)
        assert migrate.current(database_url) is None
        migrate.upgrade(database_url)
        assert store.lookup(["DSU"]).facts == {}


@pytest.mark.parametrize("found", ["0000", "9999"], ids=["older", "newer"])
def test_postgresql_of_another_version_is_refused(postgres_url, found):
    run(postgres_url, f"UPDATE {VERSION_TABLE} SET version_num = '{found}'")
    command = "sectypes db upgrade" if found < REVISION else "pip install --upgrade sectypes"
    with SqlStore(postgres_url) as store:
        with pytest.raises(StoreSchemaError, match=rf"{found}.*{REVISION}.*{command}") as caught:
            store.calls_on(datetime(2026, 3, 2, tzinfo=UTC).date())
        assert (caught.value.found, caught.value.needed) == (found, REVISION)


def test_a_newer_database_is_refused_and_left_alone(empty_url):
    migrate.upgrade(empty_url)
    run(empty_url, f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    with SqlStore(empty_url) as store, pytest.raises(StoreSchemaError, match="9999"):
        store.overrides()
    with pytest.raises(StoreSchemaError, match="9999"):
        migrate.upgrade(empty_url)
    assert migrate.current(empty_url) == "9999"


def test_upgrade_needs_a_database(tmp_path):
    with pytest.raises(StoreUnavailable, match="cannot be made: No such file or directory"):
        migrate.upgrade(f"sqlite:///{tmp_path}/no/such/folder/cache.db")


def test_a_failed_upgrade_leaves_nothing_behind(empty_url):
    run(empty_url, "CREATE TABLE overrides (mine INTEGER)")
    with pytest.raises(StoreUnavailable, match="has other tables under the names of ours"):
        migrate.upgrade(empty_url)
    assert within(empty_url, lambda db: inspect(db).get_table_names()) == ["overrides"]
    run(empty_url, "DROP TABLE overrides")
    migrate.upgrade(empty_url)
    assert migrate.current(empty_url) == REVISION


def first_use(url: str, barrier) -> int:
    """What each of several processes does first (run in a child)."""
    barrier.wait(timeout=60)
    with SqlStore(url) as store:
        now = datetime.now(UTC)
        fact = Classification("DSU", SecurityType.ETF, Origin.FMP, observed_at=now)
        store.put_facts([(fact, None)])
        return len(store.lookup(["DSU"]).facts)


def test_several_processes_may_use_a_new_file_first(tmp_path):
    spawn = multiprocessing.get_context("spawn")
    with spawn.Manager() as manager, spawn.Pool(4) as pool:
        barrier = manager.Barrier(4)
        url = f"sqlite:///{tmp_path}/cache.db"
        assert pool.starmap(first_use, [(url, barrier)] * 4) == [1, 1, 1, 1]


def test_several_threads_may_make_several_databases_at_once(tmp_path):
    def make(number: int) -> str | None:
        migrate.upgrade(f"sqlite:///{tmp_path}/{number % 6}.db")
        assert "CREATE TABLE" in migrate.render_sql("postgresql")
        return migrate.current(f"sqlite:///{tmp_path}/{number % 6}.db")

    with ThreadPoolExecutor(6) as threads:
        assert set(threads.map(make, range(12))) == {REVISION}


def test_several_upgrades_of_one_postgresql_at_once(database_url):
    spawn = multiprocessing.get_context("spawn")
    with spawn.Pool(3) as pool:
        pool.map(migrate.upgrade, [database_url] * 3)
    assert migrate.current(database_url) == REVISION


# -- by hand ------------------------------------------------------------------------------------


def test_a_type_changed_by_hand_in_postgresql_counts_as_new(postgres_url, clock: Clock):
    fact = Classification("DSU", SecurityType.EQUITY, Origin.FMP, observed_at=clock.now)
    with SqlStore(postgres_url, clock=clock) as store:
        store.put_facts([(fact, None)])
        run(postgres_url, "UPDATE security_types SET expires_at = now()")
        assert store.lookup(["DSU"]).facts["DSU"].observed_at == clock.now
        run(postgres_url, "UPDATE security_types SET security_type = 'mutual_fund'")
        assert store.lookup(["DSU"]).facts["DSU"].observed_at > clock.now


# -- the older system's table -------------------------------------------------------------------

OLDER_TABLE = """
CREATE TABLE security_types (
    id {serial} PRIMARY KEY, ticker VARCHAR(20) UNIQUE NOT NULL, security_type VARCHAR(20) NOT NULL,
    fmp_data {json}, last_updated TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
)"""

PROFILE = {"symbol": "DSU", "companyName": "Sample Debt Fund", "isFund": True}

# ticker, security_type, fmp_data, last_updated -> type, origin, expiry in days, name
OLDER_ROWS = {
    "DSU": (("mutual_fund", PROFILE, "2025-08-01 10:00:00"),
            ("mutual_fund", "fmp", 90, "Sample Debt Fund")),
    "spy": (("etf", {"isEtf": True}, "2025-08-02 10:00:00.123456"), ("etf", "fmp", 90, None)),
    "BRK.B": (("equity", None, "2025-08-03 10:00:00"), ("equity", "provider", 0, None)),
    "ODD": (("Fund of funds", {}, "2025-08-04 10:00:00"), ("other", "provider", 0, None)),
    "NULL": (("cash", None, None), ("cash", "provider", 0, None)),
}  # fmt: skip
KEYS = {"spy": "SPY", "BRK.B": "BRK-B"}


def make_older_database(url: str) -> None:
    sqlite = url.startswith("sqlite")
    kinds = {"serial": "INTEGER" if sqlite else "SERIAL", "json": "TEXT" if sqlite else "JSONB"}
    run(url, OLDER_TABLE.format(**kinds))
    for ticker, ((kind, data, updated), _) in OLDER_ROWS.items():
        profile = "NULL" if data is None else f"'{json.dumps(data)}'"
        time = "NULL, NULL" if updated is None else f"'{updated}', '2025-01-01 00:00:00'"
        run(
            url,
            "INSERT INTO security_types(ticker, security_type, fmp_data, last_updated, created_at)"
            f" VALUES ('{ticker}', '{kind}', {profile}, {time})",
        )


def test_the_older_system_s_rows_are_adopted(empty_url, clock):
    make_older_database(empty_url)
    migrate.upgrade(empty_url)
    with SqlStore(empty_url, clock=clock) as store:
        facts = store.lookup([KEYS.get(ticker, ticker) for ticker in OLDER_ROWS]).facts
    assert len(facts) == len(OLDER_ROWS)
    for ticker, ((word, _, updated), (kind, origin, days, name)) in OLDER_ROWS.items():
        fact = facts[KEYS.get(ticker, ticker)]
        seen = datetime.fromisoformat(updated or "1970-01-01").replace(tzinfo=UTC)
        assert (fact.security_type, fact.origin, fact.name) == (kind, origin, name)
        assert (fact.observed_at, fact.raw_label) == (seen, word)
        assert fact.expires_at == seen + timedelta(days=days)


def test_the_older_table_stays_and_of_two_spellings_the_newest_is_the_fact(empty_url, clock):
    make_older_database(empty_url)
    run(
        empty_url,
        "INSERT INTO security_types(ticker, security_type, last_updated)"
        " VALUES ('BRK-B', 'etf', '2025-09-01 00:00:00')",
    )
    migrate.upgrade(empty_url)
    with SqlStore(empty_url, clock=clock) as store:
        assert store.lookup(["BRK-B"]).facts["BRK-B"].security_type == "etf"
    kept = run(empty_url, "SELECT ticker FROM security_types_older_system ORDER BY id")
    assert [ticker for (ticker,) in kept] == [*OLDER_ROWS, "BRK-B"]


def test_an_empty_older_table_is_adopted_too(empty_url):
    make_older_database(empty_url)
    run(empty_url, "DELETE FROM security_types")
    migrate.upgrade(empty_url)
    assert run(empty_url, "SELECT count(*) FROM security_types") == [(0,)]


def test_one_odd_row_of_the_older_system_costs_no_other_row(tmp_path, clock):
    url = f"sqlite:///{tmp_path}/older.db"
    make_older_database(url)
    run(url, "UPDATE security_types SET fmp_data = 'not json' WHERE ticker = 'DSU'")
    run(url, "UPDATE security_types SET last_updated = 'soon' WHERE ticker = 'spy'")
    with SqlStore(url, clock=clock) as store:
        facts = store.lookup(["DSU", "SPY", "BRK-B"]).facts
    assert [facts[key].origin for key in ("DSU", "SPY", "BRK-B")] == ["provider", "fmp", "provider"]
    assert facts["SPY"].observed_at == datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("column", ["fmp_data", "last_updated", "created_at"])
def test_an_older_table_may_lack_what_is_not_needed(empty_url, clock, column):
    make_older_database(empty_url)
    run(empty_url, f"ALTER TABLE security_types DROP COLUMN {column}")
    migrate.upgrade(empty_url)
    with SqlStore(empty_url, clock=clock) as store:
        assert store.lookup(["DSU"]).facts["DSU"].security_type == "mutual_fund"


def test_a_table_of_somebody_else_s_is_told_and_left_alone(empty_url):
    run(empty_url, "CREATE TABLE security_types (symbol TEXT)")
    with pytest.raises(StoreSchemaError, match="neither this package's nor the older system's"):
        migrate.upgrade(empty_url)
    assert within(empty_url, lambda db: inspect(db).get_table_names()) == ["security_types"]


def test_an_sqlite_file_of_the_older_system_is_adopted_on_first_use(tmp_path, clock):
    url = f"sqlite:///{tmp_path}/older.db"
    make_older_database(url)
    with SqlStore(url, clock=clock) as store:
        assert store.lookup(["DSU"]).facts["DSU"].security_type == "mutual_fund"
