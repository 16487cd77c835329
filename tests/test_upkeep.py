"""What the database tells those who look after it: lists, counts, due facts, uses, health."""

from __future__ import annotations

import json
import logging
from collections import namedtuple
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from alembic import command
from sqlalchemy import text
from support.fmp_server import connection_reset, empty_list, invalid_key, server_error
from support.services import at_once

from sectypes import health
from sectypes.config import Secret, Settings
from sectypes.datasets import sample_service
from sectypes.errors import StoreSchemaError, StoreUnavailable, StoreWarning
from sectypes.health import CacheStatistics, Check, Health
from sectypes.metrics import Metrics
from sectypes.records import Contents, html_table
from sectypes.resting import RestingStore
from sectypes.service import SecurityTypeService
from sectypes.store import SqlStore, migrate
from sectypes.store.connect import as_secret
from sectypes.store.engine import Database
from sectypes.store.tables import REVISION
from sectypes.taxonomy import AnswerStatus, Classification, Miss, Origin, SecurityType

DAY = timedelta(days=1)
SEEN = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def build(build):
    """Services that do not pause between calls."""
    return partial(build, asking={"sleep": at_once})


def put(store: SqlStore, *keys: str, kind: str = "etf", seen: datetime = SEEN) -> None:
    facts = [
        Classification(
            key, SecurityType(kind), Origin.FMP, observed_at=seen, expires_at=seen + 90 * DAY
        )
        for key in keys
    ]
    store.put_facts([(fact, {"symbol": fact.ticker}) for fact in facts])


# -- lists and counts ---------------------------------------------------------------------------


def test_contents_count_everything(store, clock):
    put(store, "A", "B", seen=SEEN - 100 * DAY)
    put(store, "B", "C", kind="equity")
    store.put_misses([Miss("X", AnswerStatus.NOT_FOUND, "n", SEEN, clock.now + DAY)])
    store.put_misses([Miss("Y", AnswerStatus.NOT_FOUND, "n", SEEN, clock.now)])
    store.set_override("A", SecurityType.CASH, note="n", author="a")
    assert store.contents() == Contents(3, 1, {"etf": 1, "equity": 2}, 1, 0, 1, 1)


@pytest.mark.parametrize(
    ("wanted", "keys"),
    [
        ({}, "ABCDE"),
        ({"limit": 2}, "AB"),
        ({"limit": 2, "offset": 3}, "DE"),
        ({"offset": 4}, "E"),
        ({"limit": 0}, ""),
        ({"security_type": SecurityType.EQUITY}, "DE"),
        ({"is_stale": True}, "A"),
        ({"security_type": SecurityType.ETF, "is_stale": True, "limit": 5}, "A"),
    ],
)
def test_facts_are_listed_page_by_page(store, wanted, keys):
    put(store, "A", seen=SEEN - 100 * DAY)
    put(store, "C", "B")
    put(store, "E", "D", kind="equity")
    assert [fact.ticker for fact in store.list_facts(**wanted)] == list(keys)


@pytest.mark.parametrize("wanted", [{"limit": -1}, {"offset": -1}])
def test_a_page_is_not_negative(store, wanted):
    with pytest.raises(ValueError, match="must not be negative"):
        store.list_facts(**wanted)


def test_what_is_due_is_old_or_expired(store, clock):
    put(store, "OLD", seen=SEEN - 200 * DAY)
    put(store, "NEW")
    short = Classification("SHORT", SecurityType.ETF, Origin.FMP, observed_at=SEEN, expires_at=SEEN)
    store.put_facts([(short, None)])
    store.add_uses({"OLD": 2, "NEVER": 5})
    due = {one.fact.ticker: one.uses for one in store.due(SEEN - 90 * DAY)}
    assert due == {"OLD": 2, "SHORT": 0}


def test_uses_add_up_and_odd_keys_are_left_out(store):
    put(store, "A", "B")
    store.add_uses({"A": 2, "": 9, "W" * 65: 9, "B": 1})
    store.add_uses({"A": 40})
    store.add_uses({})
    assert {one.fact.ticker: one.uses for one in store.due(SEEN)} == {"A": 42, "B": 1}


def test_a_store_knows_whether_it_is_open(tmp_path):
    store = SqlStore(f"sqlite:///{tmp_path}/cache.db")
    assert (store.is_open, store.free_bytes()) == (False, None)
    store.overrides()
    assert store.is_open
    assert store.free_bytes() > 0
    assert store.revision() == REVISION
    store.close()
    assert not store.is_open


OLDER_ROWS = (
    "INSERT INTO security_types (ticker, security_type, origin, last_updated, created_at)"
    " VALUES ('DSU', 'etf', 'fmp', '2026-03-02 12:00:00.000000+00:00',"
    " '2026-03-01 12:00:00.000000+00:00')",
    "INSERT INTO security_type_history (ticker, old_type, new_type, origin, changed_at)"
    " VALUES ('DSU', 'equity', 'etf', 'fmp', '2026-03-02 12:00:00.000000+00:00')",
)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_schema_0001_is_upgraded_with_every_row_kept(kind, tmp_path, clock, request):
    url = f"sqlite:///{tmp_path}/cache.db"
    if kind == "postgresql":
        url = request.getfixturevalue("database_url")

    def make_older(connection) -> None:
        config = migrate.script_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for statement in OLDER_ROWS:
            connection.exec_driver_sql(statement)

    database = Database(as_secret(url))
    database.write(make_older, checked=False)
    database.close()
    assert (migrate.current(url), migrate.dialect(url)) == ("0001", kind)
    with SqlStore(url, clock=clock) as store:
        if kind == "postgresql":
            with pytest.raises(StoreSchemaError, match=r"0001.*needs 0003: run `sectypes db up"):
                store.overrides()
            migrate.upgrade(url)
        assert store.lookup(["DSU"]).facts["DSU"].observed_at == SEEN
        assert [one.new_type for one in store.history("DSU")] == ["etf"]
        store.add_uses({"DSU": 1})
    assert migrate.current(url) == REVISION


# -- statistics ---------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_statistics_tell_layers_guesses_and_calls(build, store, clock):
    service = build(store, fmp_daily_limit=9)
    service.resolve(["DSU", "SPY", "NOPE", "VTSAX"])
    service.resolve(["DSU", "NOPE"])
    build(store).resolve(["DSU"])
    stats = service.cache_stats()
    assert stats.entries == {"memory": 4, "database": 3}
    assert [(one.name, one.asked, one.hits) for one in stats.layers] == [
        ("memory", 6, 2), ("database", 4, 0), ("network", 4, 3),
    ]  # fmt: skip
    assert all(0 <= one.p50_ms <= one.p95_ms for one in stats.layers)
    assert (stats.answers, stats.guesses, stats.stale_answers) == (6, 2, 0)
    assert (stats.calls_today, stats.daily_limit, stats.contents.negative) == (4, 9, 1)
    clock.advance(days=100)
    assert service.cache_stats().contents.stale == 3


def test_statistics_without_a_database(build):
    stats = build().cache_stats()
    assert (stats.entries, stats.contents, stats.calls_today) == ({"memory": 0}, None, 0)
    told = stats.to_dict()
    assert json.loads(json.dumps(told)) == told
    assert not {"answers", "memory (median / 95%)"} & stats.rows().keys()  # nothing was asked


def test_statistics_read_well(build, store):
    service = build(store)
    service.resolve(["DSU"])
    stats = service.cache_stats()
    lines = dict(line.split("  ", 1) for line in str(stats).splitlines())
    assert lines["entries in database"].strip() == "1"
    assert lines["facts by type"].strip() == "mutual_fund 1"
    assert lines["calls today"].strip() == "1, no limit"
    assert lines["answers"].strip() == "1, 0 guessed, 0 stale"
    assert lines["second opinions"].strip() == "0"
    assert "<td>mutual_fund 1</td>" in stats._repr_html_()
    assert json.loads(json.dumps(stats.to_dict()))["layers"][0]["name"] == "memory"
    assert isinstance(stats, CacheStatistics)


def test_statistics_survive_a_broken_database(build):
    service = build(SqlStore("sqlite:////no/such/folder/cache.db"))
    with pytest.warns(StoreWarning, match="cannot be used to read"):
        stats = service.cache_stats()
    assert (stats.contents, stats.calls_today) == (None, None)


@pytest.mark.parametrize(
    ("times", "p50", "p95"), [([], None, None), ([1], 1, 1), (range(1, 101), 50, 95)]
)
def test_percentiles_are_nearest_ranks(times, p50, p95):
    metrics = Metrics()
    for ms in times:
        metrics.took("database", ms / 1000)
    layer = metrics.layers()[1]
    assert (layer.p50_ms, layer.p95_ms) == (p50, p95)
    assert layer.hit_rate is None


# -- health -------------------------------------------------------------------------------------


def status(found: Health) -> dict[str, str]:
    return {one.name: one.status for one in found.checks}


def test_health_tries_everything_with_one_call(build, store, clock, fmp_server):
    found = build(store).health_check()
    assert found.is_healthy
    assert {**status(found), "disk": "ok"} == dict.fromkeys(
        ["schema", "database", "disk", "fmp"], "ok"
    )
    assert len(fmp_server.calls) == store.calls_on(clock.now.date()) == 1


@pytest.mark.parametrize(
    ("reply", "state", "says"),
    [
        (invalid_key(), "failed", "not accepted"),
        (server_error(), "failed", "error on their side"),
        (connection_reset(), "failed", "broke off"),
        (empty_list(), "ok", "accepts the key"),
    ],
)
def test_health_tells_what_fmp_says_after_one_call(build, store, fmp_server, reply, state, says):
    fmp_server.script(None, reply, forever=True)
    found = build(store).health_check()
    [fmp] = [one for one in found.checks if one.name == "fmp"]
    assert (fmp.status, found.is_healthy) == (state, state == "ok")
    assert says in fmp.note
    assert len(fmp_server.calls) == 1
    assert fmp_server.key not in str(found)


def test_health_spends_nothing_beyond_the_budget(build, store, fmp_server):
    found = build(store, fmp_daily_limit=0).health_check()
    assert status(found)["fmp"] == "skipped"
    assert "budget: 0 calls a day are spent" in str(found)
    assert (found.is_healthy, fmp_server.calls) == (True, [])


@pytest.mark.parametrize(
    ("settings", "says"), [(Settings(), "no FMP_API_KEY"), (Settings(offline=True), "offline")]
)
def test_health_without_parts(settings, says):
    alone = SecurityTypeService(source=None, store=None, settings=settings)
    found = alone.health_check()
    assert status(found) == {"database": "skipped", "source": "skipped"}
    assert says in str(found)
    assert found.is_healthy
    assert status(sample_service().health_check())["snapshot"] == "skipped"


def test_health_tells_a_broken_database_and_a_wrong_schema(build, database_url):
    broken = build(SqlStore("sqlite:////no/such/folder/cache.db")).health_check()
    assert not broken.is_healthy
    assert status(broken)["database"] == "failed"
    assert "cannot be made" in str(broken)
    empty = build(SqlStore(database_url)).health_check()
    assert status(empty)["schema"] == "failed"
    assert f"needs {REVISION}: run `sectypes db upgrade`" in str(empty)
    fmp = empty.checks[-1]
    told = (fmp.name, fmp.status, fmp.note)
    assert told == ("fmp", "skipped", "the database cannot count the call")


@pytest.mark.parametrize("table", ["security_types", "overrides"])
def test_health_tells_what_cannot_be_read(build, tmp_path, table):
    with SqlStore(f"sqlite:///{tmp_path}/cache.db") as store:
        put(store, "A", "B")
        store.set_override("A", SecurityType.CASH, note="n", author="a")
        change = text(f"UPDATE {table} SET expires_at = 'soon' WHERE ticker = 'A'")
        store._database.write(lambda connection: connection.execute(change))
        found = build(store).health_check()
    assert status(found)["database"] == "failed"
    assert f"1 row that cannot be read: 'A' in {table} (expires_at is 'soon')" in str(found)


def test_who_looks_while_a_database_fails_is_told_why():
    def look(error: StoreUnavailable) -> None:
        resting.warn_while_unreadable()  # as another thread may, in the middle of it

    broken = SqlStore("sqlite:////no/such/folder/x.db")
    resting = RestingStore(broken, lambda: SEEN, look)
    with pytest.warns(StoreWarning, match="cannot be used to read") as seen:
        assert resting.use("read", SqlStore.overrides, {}) == {}
    assert len(seen) == 2


def test_health_tells_a_full_disk(build, tmp_path, monkeypatch):
    store = SqlStore(f"sqlite:///{tmp_path}/cache.db")
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda folder: usage(10, 9, 2**20))
    found = build(store).health_check()
    assert status(found)["disk"] == "failed"
    assert "1 MiB are free" in str(found)


def test_the_report_is_for_people(build, store):
    text = build(store).health_report()
    assert text.startswith("The cache is healthy.\n")
    assert "calls today" in text
    bad = Health((Check("database", "failed", "<gone>", 0.1),))
    assert "&lt;gone&gt;" in bad._repr_html_()
    assert bad.to_dict() == {
        "is_healthy": False,
        "checks": [{"name": "database", "status": "failed", "note": "<gone>", "seconds": 0.1}],
    }
    assert html_table("<t>", {"a": "<b>"}).count("&lt;") == 2


def test_the_log_says_what_goes_wrong_and_never_the_key(build, caplog):
    service = build(SqlStore("sqlite:////no/such/folder/cache.db"), fmp_daily_limit=5)
    with caplog.at_level(logging.INFO, "sectypes"), pytest.warns(UserWarning, match="cache"):
        service.resolve(["VTSAX"])
    assert "calls are not counted" in caplog.text
    assert "sample-key" not in caplog.text
    assert "sample-key" not in repr(Secret("sample-key"))


def test_keeping_needs_a_database():
    alone = SecurityTypeService(source=None, store=None, settings=Settings())
    for call in (alone.list_facts, alone.override_entries, lambda: alone.history("DSU")):
        with pytest.raises(StoreUnavailable, match="need a database"):
            call()
    assert health.PROBE == "AAPL"
