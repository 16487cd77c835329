"""Many facts at once: the way for thousands keeps what the way for a few keeps."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from sectypes.backup_records import to_records
from sectypes.errors import StoreUnavailable, StoreWarning
from sectypes.records import OverrideEntry
from sectypes.store import SqlStore
from sectypes.store.dialects import COPY_FROM
from sectypes.store.reading import read_columns
from sectypes.store.rows import is_key, usable_keys
from sectypes.taxonomy import AnswerStatus, Classification, Miss, Origin, SecurityType, Subtype

SEEN = datetime(2026, 3, 2, 12, tzinfo=UTC)
MANY = COPY_FROM + 7
TEXTS = (
    "plain",
    "",
    r"\N",
    "\\",
    "tab\there",
    "two\r\nlines",
    "quote'\"",
    "na\u00efve \U0001f4b6",
    None,
)


def samples(count: int, kind: SecurityType = SecurityType.ETF, *, days: int = 0):
    """Made-up facts and payloads, with every kind of text that a file format could stumble over."""
    for number in range(count):
        text = TEXTS[number % len(TEXTS)]
        yield (
            Classification(
                f"Q{number}",
                kind,
                Origin.FMP,
                Subtype.ETF if number % 2 else None,
                number / 7,
                text or None,
                text or None,
                SEEN + timedelta(days=days, microseconds=number),
                None if number % 3 else SEEN + timedelta(days=90),
            ),
            {"text": text, "number": number} if number % 5 else None,
        )


def test_many_facts_come_back_as_they_were_given(store):
    given_facts = list(samples(MANY))
    assert store.put_facts(given_facts) == MANY
    found = store.lookup([made.ticker for made, _ in given_facts]).facts
    assert found == {made.ticker: made for made, _ in given_facts}
    payloads = {one.fact.ticker: json.loads(one.payload or "null") for one in store.dump()[0]}
    assert payloads == {made.ticker: payload for made, payload in given_facts}


def test_of_many_facts_only_the_newer_replace_and_leave_their_history(store):
    store.put_facts(samples(MANY))
    newer = list(samples(MANY, SecurityType.EQUITY, days=1))
    older = [(made.replace(observed_at=SEEN - timedelta(days=1)), None) for made, _ in newer]
    assert store.put_facts([*newer[:5], *older[5:]]) == 5
    kinds = {made.security_type for made in store.lookup(["Q0", "Q4"]).facts.values()}
    assert (kinds, len(store.history("Q4"))) == ({SecurityType.EQUITY}, 1)
    assert store.lookup(["Q5"]).facts["Q5"].security_type is SecurityType.ETF


def test_many_misses_are_kept_and_go_when_facts_come(store):
    until = SEEN + timedelta(days=1)
    names = [f"Q{number}" for number in range(MANY)]
    note = TEXTS[4]
    store.put_misses(Miss(name, AnswerStatus.NOT_FOUND, note, SEEN, until) for name in names)
    assert store.lookup(names).misses["Q7"].note == note
    store.put_facts(samples(MANY, days=1))
    assert (store.contents().negative, store.lookup(names).misses) == (0, {})


def test_a_user_who_may_not_make_tables_writes_many_facts_too(postgres_server, postgres_url):
    database = postgres_url.split("@/")[1].split("?")[0]
    postgres_server.run(f"CREATE ROLE {database}_writer LOGIN")
    postgres_server.run(f"REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC")
    for what in ("TABLES", "SEQUENCES"):
        grant = f"GRANT ALL ON ALL {what} IN SCHEMA public TO {database}_writer"
        postgres_server.run(grant, database)
    try:
        with SqlStore(postgres_server.url(database, user=f"{database}_writer")) as store:
            assert store.put_facts(samples(MANY)) == len(store.list_facts()) == MANY
    finally:
        postgres_server.run(f"DROP OWNED BY {database}_writer", database)
        postgres_server.run(f"DROP ROLE {database}_writer")


@given(st.lists(st.text(max_size=70) | st.sampled_from(["", "DSU", "A" * 64, "A" * 65, "A\0B"])))
def test_usable_keys_are_those_that_fit_alone(tickers):
    assert usable_keys(tickers) == [key for key in tickers if is_key(key)]


# -- as they were written -----------------------------------------------------------------------

NUMBERS = count()
AT_ANY_TIME = st.datetimes(timezones=st.just(UTC))
ANY_TEXT = st.none() | st.text(min_size=1) | st.sampled_from([one for one in TEXTS if one])
ANY_FACT = st.builds(
    Classification,
    st.builds(lambda: f"N{next(NUMBERS)}"),
    st.sampled_from(SecurityType),
    st.sampled_from([Origin.FMP, Origin.PROVIDER, Origin.OPENFIGI]),
    st.none() | st.sampled_from(Subtype),
    st.sampled_from([1.0, 2.0, -3.0, 1 / 7, 1e300, 2.0**63]) | st.floats(-1e308, 1e308),
    ANY_TEXT,
    ANY_TEXT,
    AT_ANY_TIME,
    st.none() | AT_ANY_TIME,
)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(ANY_FACT, max_size=6))
def test_whatever_a_fact_says_comes_back(store, facts):
    kept = {}
    for one in facts:
        label, name = (word and word.replace("\0", "\ufffd") for word in (one.raw_label, one.name))
        kept[one.ticker] = one.replace(raw_label=label, name=name)
    assert store.put_facts((one, None) for one in facts) == len(facts)
    store.put_opinions(one for one in facts if one.origin is Origin.OPENFIGI)
    found = store.lookup(list(kept))
    assert found.facts == kept
    assert found.opinions == {
        key: one for key, one in kept.items() if one.origin is Origin.OPENFIGI
    }
    assert {one.ticker: one for one in store.list_facts() if one.ticker in kept} == kept


def by_hand(store: SqlStore, statement: str) -> None:
    store._database.write(lambda connection: connection.execute(text(statement)))


def read_back(store: SqlStore) -> Classification:
    """The one fact, which both ways of reading tell alike."""
    (found,) = store.lookup(["Q1"]).facts.values()
    assert store.list_facts() == [found]
    return found


@pytest.mark.parametrize(
    ("column", "value", "means"),
    [
        ("subtype", "'of_a_newer_version'", {"subtype": None}),
        ("leverage", "-2", {"leverage": -2.0}),
        ("leverage", "0.1", {"leverage": 0.1}),
        ("expires_at", "NULL", {"expires_at": None}),
        ("raw_label", "NULL", {"raw_label": None}),
        ("name", "'[\"a\", null]'", {"name": '["a", null]'}),
    ],
)
def test_what_somebody_wrote_by_hand_is_read(store, column, value, means):
    [_, (made, payload)] = samples(2)
    store.put_facts([(made, payload)])
    by_hand(store, f"UPDATE security_types SET {column} = {value}")
    found = read_back(store)
    assert found == made.replace(observed_at=found.observed_at, **means)


@pytest.fixture
def sqlite_file(tmp_path):
    with SqlStore(f"sqlite:///{tmp_path}/cache.db") as store:
        store.put_facts(list(samples(2))[1:])
        yield store


@pytest.mark.parametrize(
    ("column", "value", "field", "means"),
    [
        ("last_updated", "'2026-03-02 12:00:00'", "observed_at", SEEN),
        ("last_updated", "'2026-03-02T17:45:00+05:45'", "observed_at", SEEN),
        ("expires_at", "'2026-03-02T12:00:00Z'", "expires_at", SEEN),
        ("name", "CAST('a blob' AS BLOB)", "name", "a blob"),
        ("name", "'a' || char(0) || 'b'", "name", "a\0b"),
        ("name", "CAST(X'41C3' AS TEXT)", "name", "A\ufffd"),  # cut within a letter
        ("raw_label", "CAST(X'E96C6F' AS TEXT)", "raw_label", "\ufffdlo"),  # Latin-1
        ("leverage", "'2.5'", "leverage", 2.5),
        ("leverage", "9e999", "leverage", float("inf")),
    ],
)
def test_what_only_sqlite_lets_one_write_is_read(sqlite_file, column, value, field, means):
    by_hand(sqlite_file, f"UPDATE security_types SET {column} = {value}")
    looked_up = sqlite_file.lookup(["Q1"]).facts["Q1"]
    found = getattr(looked_up, field)
    assert found == means
    assert getattr(found, "tzinfo", UTC) is UTC
    assert sqlite_file.list_facts() == [looked_up]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("leverage", "a lot"),
        ("last_updated", "yesterday"),
        ("last_updated", ""),
        ("last_updated", "0001-01-01 00:00:00+14:00"),  # no year of UTC
        ("expires_at", "2026-13-01"),
        ("expires_at", ""),
        ("security_type", "token"),
    ],
)
def test_a_row_that_cannot_be_read_is_named_and_costs_no_other_row(sqlite_file, column, value):
    [(other, payload)] = samples(1)
    sqlite_file.put_facts([(other, payload)])
    by_hand(sqlite_file, "PRAGMA ignore_check_constraints = ON")
    by_hand(sqlite_file, f"UPDATE security_types SET {column} = '{value}' WHERE ticker = 'Q1'")
    for ask in (
        lambda: sqlite_file.lookup(["Q0", "Q1", "Q2"]).facts,
        lambda: {one.ticker: one for one in sqlite_file.list_facts()},
        lambda: {one.fact.ticker: one.fact for one in sqlite_file.dump().facts},
    ):
        with pytest.warns(StoreWarning, match=rf"1 row .*'Q1' in security_types \({column} is"):
            assert ask() == {"Q0": other}
    assert f"({column} is {value!r})" in sqlite_file.unreadable()


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("security_types", "last_updated = 'soon'"),
        ("security_types", "expires_at = 'soon', last_updated = '2020-01-01'"),
        ("second_opinions", "last_updated = 'soon'"),
        ("second_opinions", "leverage = 'two', last_updated = '2020-01-01'"),
        ("lookup_misses", "observed_at = 'soon'"),
        ("lookup_misses", "expires_at = 'soon', observed_at = '2020-01-01'"),
    ],
)
def test_a_row_that_cannot_be_read_is_replaced_by_the_next_answer(sqlite_file, table, change):
    miss = Miss("Q2", AnswerStatus.NOT_FOUND, "", SEEN, SEEN + timedelta(days=1))
    [(made, _)] = samples(1)
    made = made.replace(ticker="Q2", origin=Origin.OPENFIGI)
    put = {
        "security_types": lambda: sqlite_file.put_facts([(made, None)]),
        "second_opinions": lambda: sqlite_file.put_opinions([made]),
        "lookup_misses": lambda: sqlite_file.put_misses([miss]),
    }[table]
    put()
    by_hand(sqlite_file, f"UPDATE {table} SET {change} WHERE ticker = 'Q2'")
    assert f"'Q2' in {table}" in sqlite_file.unreadable()
    put()
    assert sqlite_file.unreadable() is None


@pytest.mark.parametrize("value", ["31.12.2026", "", "never"])
def test_an_override_that_cannot_be_read_is_named_and_the_others_count(sqlite_file, value):
    for key in ("Q1", "Q2"):
        sqlite_file.set_override(key, SecurityType.CASH, note="n", author="a")
    by_hand(sqlite_file, f"UPDATE overrides SET expires_at = '{value}' WHERE ticker = 'Q1'")
    for ask in (
        sqlite_file.overrides,
        lambda: {one.made.ticker for one in sqlite_file.override_entries()},
        lambda: {one.made.ticker for one in sqlite_file.dump().overrides},
    ):
        with pytest.warns(StoreWarning, match=r"'Q1' in overrides \(expires_at is"):
            assert [*ask()] == ["Q2"]
    assert "overrides" in sqlite_file.unreadable()


def test_an_expiry_that_names_no_zone_is_in_utc_in_overrides_too(sqlite_file, monkeypatch):
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        sqlite_file.set_override("Q1", SecurityType.CASH, note="n", author="a")
        by_hand(sqlite_file, "UPDATE overrides SET expires_at = '2026-03-02 12:00:00'")
        assert sqlite_file.overrides()["Q1"].expires_at == SEEN
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_number_that_sqlite_made_of_a_day_is_that_day(sqlite_file):
    sqlite_file.set_override("Q1", SecurityType.CASH, note="n", author="a")
    by_hand(sqlite_file, "UPDATE overrides SET expires_at = '20260302'")
    assert sqlite_file.overrides()["Q1"].expires_at == SEEN - timedelta(hours=12)


def test_a_history_with_a_row_that_cannot_be_read_does_not_tell_the_past(sqlite_file):
    [(made, _)] = list(samples(2))[1:]
    later = made.replace(security_type=SecurityType.BOND, observed_at=SEEN + timedelta(days=2))
    sqlite_file.put_facts([(later, None)])
    assert sqlite_file.past(["Q1"], SEEN + timedelta(days=1)).keys() == {"Q1"}
    by_hand(sqlite_file, "UPDATE security_type_history SET changed_at = 'then'")
    with pytest.warns(StoreWarning, match=r"security_type_history \(changed_at is 'then'"):
        assert sqlite_file.past(["Q1"], SEEN + timedelta(days=1)) == {}
    with pytest.warns(StoreWarning, match="changed_at"):
        assert sqlite_file.history("Q1") == []


def test_calls_that_are_no_number_are_not_counted_on(sqlite_file):
    sqlite_file.count_calls(SEEN.date(), 1, None)
    by_hand(sqlite_file, "UPDATE api_usage SET calls = 'many'")
    for ask in (sqlite_file.calls_on, lambda day: sqlite_file.count_calls(day, 1, 9)):
        with pytest.raises(StoreUnavailable, match=r"a count in api_usage .* 'many'"):
            ask(SEEN.date())


def test_a_payload_that_is_no_json_costs_no_other_isin_and_no_backup(sqlite_file):
    [(other, _)] = samples(1)
    sqlite_file.put_facts([(other, {"isin": "US0378331005"})])
    by_hand(sqlite_file, "UPDATE security_types SET fmp_data = 'not json' WHERE ticker = 'Q1'")
    assert sqlite_file.isins(["Q0", "Q1"]) == {"Q0": "US0378331005"}
    assert "'Q1' in security_types (fmp_data is 'no JSON')" in sqlite_file.unreadable()
    with pytest.warns(StoreWarning, match="is no JSON, and is left out of the backup: Q1"):
        records = to_records(sqlite_file.dump())
    assert ["fmp_data" in record for record in records] == [True, False]


@pytest.mark.parametrize(
    ("texts", "times"),
    [
        ([], []),
        ([None], [None]),
        (["2026-03-02 12:00:00+00:00", None], [SEEN, None]),
        (["2026-03-02 12:00:00", "2026-03-02 12:00:00+00:00"], [SEEN, SEEN]),
        (["2026-03-02T17:45:00+05:45", None, "2026-03-02T12:00:00"], [SEEN, None, SEEN]),
        (["2026-03-02", "2026-03-02 12:00:00+00:00"], [SEEN - timedelta(hours=12), SEEN]),
    ],
)
def test_times_are_read_in_utc_whatever_their_zone(texts, times):
    ([_, found], _) = read_columns(
        "security_types",
        {"ticker": str, "last_updated": datetime},
        [json.dumps(["Q1"] * len(texts)), json.dumps(texts)],
    )
    assert found == times
    assert {time.tzinfo for time in found if time} <= {UTC}


@pytest.mark.parametrize(
    ("time", "kept"),
    [
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01 00:00:00.000000+00:00"),
        (datetime(9999, 12, 31, 23, 59, 59, 999999, UTC), "9999-12-31 23:59:59.999999+00:00"),
        (SEEN.astimezone(timezone(timedelta(hours=-5))), "2026-03-02 12:00:00.000000+00:00"),
    ],
)
def test_sqlite_keeps_times_as_text_of_one_width(tmp_path, time, kept):
    [(made, _)] = samples(1)
    with SqlStore(f"sqlite:///{tmp_path}/cache.db") as store:
        store.put_facts([(made.replace(observed_at=time), None)])
        override = made.replace(origin=Origin.OVERRIDE, observed_at=SEEN, expires_at=time)
        store.restore([], [OverrideEntry(override, "a")])
    with closing(sqlite3.connect(tmp_path / "cache.db")) as database:
        facts = database.execute("SELECT last_updated FROM security_types").fetchall()
        assert facts == database.execute("SELECT expires_at FROM overrides").fetchall() == [(kept,)]


def test_a_server_whose_own_time_zone_is_another_tells_the_same(postgres_server, postgres_url):
    database = postgres_url.split("@/")[1].split("?")[0]
    postgres_server.run(f"ALTER DATABASE {database} SET TimeZone = 'Asia/Kathmandu'")
    [(made, payload)] = samples(1)
    with SqlStore(postgres_url) as store:
        store.put_facts([(made, payload)])
        assert store.lookup(["Q0"]).facts == {"Q0": made}
        by_hand(store, "SET TimeZone = 'Asia/Kathmandu'")  # as where a pooler shares connections
        assert store.lookup(["Q0"]).facts == {"Q0": made}


def test_keys_without_a_fact_leave_no_trace_among_those_with_one(store):
    given_facts = {made.ticker: (made, payload) for made, payload in samples(40)}
    store.put_facts(given_facts.values())
    keys = [key for number in range(40) for key in (f"X{number}", f"Q{number}", f"Y{number}")]
    assert store.lookup(keys).facts == {key: made for key, (made, _) in given_facts.items()}
    assert store.past(keys, SEEN + timedelta(days=1)).keys() == given_facts.keys()


def test_a_subtype_of_a_newer_version_is_not_lost_from_the_history(store):
    [_, (made, payload)] = samples(2)
    store.put_facts([(made, payload)])
    by_hand(store, "UPDATE security_types SET subtype = 'of_a_newer_version'")
    store.put_facts([(made.replace(observed_at=datetime(2100, 1, 1, tzinfo=UTC)), None)])
    old = "SELECT old_subtype FROM security_type_history"
    read = store._database.read(lambda connection: connection.execute(text(old)).scalars().all())
    assert read == ["of_a_newer_version"]


def test_postgresql_hands_over_a_column_as_the_json_text_that_the_server_made(postgres_url):
    """Parsed by the driver it would be made twice; nothing else would tell."""
    listed = text("SELECT json_agg(n) FROM generate_series(1, 3) AS n")
    with SqlStore(postgres_url) as store:
        assert store._database.read(lambda one: one.execute(listed).scalar()) == "[1, 2, 3]"
