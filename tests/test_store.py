"""The cache database: one suite, run on SQLite in a file, SQLite in memory and PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from sectypes.errors import InputError
from sectypes.records import Stored
from sectypes.store import SqlStore, prepared
from sectypes.store.tables import (
    TICKER_WIDTH,
    UtcDateTime,
    lookup_misses,
    security_type_history,
    security_types,
)
from sectypes.taxonomy import (
    AnswerStatus,
    Classification,
    Miss,
    Origin,
    SecurityType,
    Subtype,
)

DAY = timedelta(days=1)
SEEN = datetime(2026, 3, 2, 12, tzinfo=UTC)
TODAY = date(2026, 3, 2)


def fact(ticker: str = "DSU", kind: str = "mutual_fund", **changes) -> Classification:
    """A sample of what FMP asserts."""
    made = Classification(
        ticker,
        SecurityType(kind),
        Origin.FMP,
        raw_label="isFund",
        observed_at=SEEN,
        expires_at=SEEN + 90 * DAY,
    )
    return made.replace(**changes)


def miss(ticker: str = "NOPE", status: str = "not_found", **changes) -> Miss:
    made = Miss(ticker, AnswerStatus(status), "FMP has no such symbol", SEEN, SEEN + DAY)
    return replace(made, **changes)


def put(store: SqlStore, *facts: Classification) -> int:
    return store.put_facts([(one, None) for one in facts])


def rows_of(store: SqlStore, table) -> list[dict]:
    statement = select(table).order_by(table.c.ticker, table.c.id)
    return store._database.read(lambda db: [dict(row) for row in db.execute(statement).mappings()])


# -- facts --------------------------------------------------------------------------------------


def test_a_fact_comes_back_as_it_was(store):
    given_ = fact(
        subtype=Subtype.CLOSED_END_FUND,
        leverage=-1.5,
        name="Sample Debt Strategies Fund, Inc. (ünïted)",
        observed_at=SEEN.replace(microsecond=123456),
    )
    assert put(store, given_) == 1
    assert store.lookup(["DSU"]) == Stored({"DSU": given_}, {})


def test_times_come_back_in_utc(store):
    berlin = timezone(timedelta(hours=1))
    put(store, fact(observed_at=SEEN.astimezone(berlin), expires_at=None))
    found = store.lookup(["DSU"]).facts["DSU"]
    assert found.observed_at == SEEN
    assert found.observed_at.tzinfo is UTC
    assert found.expires_at is None


def test_expired_facts_are_found_too(store, clock):
    put(store, fact(expires_at=clock.now - DAY), fact("SPY", "etf"))
    facts = store.lookup(["SPY", "DSU"]).facts
    assert [facts[key].is_fresh(clock.now) for key in ("SPY", "DSU")] == [True, False]


def test_another_store_on_the_same_database_sees_it(store, store_url, clock):
    put(store, fact())
    with SqlStore(store_url, clock=clock) as other:
        expected = set() if store_url == "sqlite://" else {"DSU"}
        assert set(other.lookup(["DSU"]).facts) == expected


@pytest.mark.parametrize("keys", [[], ["NOPE"], [""], ["A" * 65], ["NUL\0"], ["\ud800"]])
def test_what_is_not_known_is_not_found(store, keys):
    put(store, fact())
    assert store.lookup(keys) == Stored({}, {})


def test_many_keys_and_rows_come_in_several_statements(store_url, clock):
    facts = [fact(f"T{number}") for number in range(1_000)]
    with SqlStore(store_url, clock=clock, batch=64) as store:
        assert put(store, *facts) == 1_000
        keys = [f"T{number}" for number in range(45_000)]
        assert store.lookup(keys).facts == {one.ticker: one for one in facts}


ODD_KEYS = [
    "ON", "NO", "NULL", "TRUE", "0005", "1E5", "BRK-B", "'; DROP TABLE x; --", '"', "\\", "{a,b}",
    "a\nb", "\t", ",", "%s", ":key", "😀", "Ä", "a b", "AAPL250117C00155000", "W" * TICKER_WIDTH,
]  # fmt: skip


def test_any_text_can_be_a_key(store):
    put(store, *map(fact, ODD_KEYS))
    put(store, *(fact(key, observed_at=SEEN + DAY) for key in ODD_KEYS))
    store.put_misses([miss(key, observed_at=SEEN + 2 * DAY) for key in ODD_KEYS])
    for key in ODD_KEYS:
        store.set_override(key, SecurityType.CASH, note=key, author=key)
    assert store.lookup(ODD_KEYS).facts == {
        key: fact(key, observed_at=SEEN + DAY) for key in ODD_KEYS
    }
    assert {key: one.raw_label for key, one in store.overrides().items()} == {
        key: key for key in ODD_KEYS
    }
    assert all(store.remove_override(key) for key in ODD_KEYS)
    assert sorted(row["ticker"] for row in rows_of(store, lookup_misses)) == sorted(ODD_KEYS)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text(max_size=70), st.text(max_size=20), st.floats())
def test_no_text_or_number_breaks_it(store, ticker, name, number):
    key_fits = 0 < len(ticker) <= TICKER_WIDTH and ticker.isprintable()
    one = fact(ticker, name=name, raw_label=name)
    payload = {name: name, "number": number, "list": [name, {"deep": (name, number)}]}
    try:
        store.put_facts([(one, payload)])
    except InputError:
        assert not key_fits
    else:
        assert store.lookup([ticker]).facts[ticker].ticker == ticker


@pytest.mark.parametrize(
    ("payload", "kept"),
    [
        (None, None),
        ({}, {}),
        ({"isFund": True, "price": 1.5, "deep": {"a": [None]}}, ...),
        ({"name": "quote \" and 'quote' \\ ünïcode 😀"}, ...),
        ({"price": float("nan"), "beta": float("inf")}, {"price": None, "beta": None}),
        ({"name": "nul \0 and half \ud800"}, {"name": "nul \ufffd and half \ufffd"}),
        ({"text": "a backslash \\u0000 stays"}, ...),
    ],
)
def test_the_source_s_payload_is_kept_beside_the_fact(store, payload, kept):
    store.put_facts([(fact(), payload)])
    (row,) = rows_of(store, security_types)
    assert row["fmp_data"] == (payload if kept is ... else kept)


def test_a_payload_that_is_replaced_by_none_is_gone(store):
    store.put_facts([(fact(), {"isFund": True})])
    put(store, fact(observed_at=SEEN + DAY))
    assert rows_of(store, security_types)[0]["fmp_data"] is None


@pytest.mark.parametrize(
    ("second", "written", "winner"),
    [(SEEN + DAY, 1, "etf"), (SEEN - DAY, 0, "equity"), (SEEN, 0, "equity")],
    ids=["newer", "older", "same time"],
)
def test_the_newest_fact_wins(store, second, written, winner):
    put(store, fact(kind="equity"))
    assert put(store, fact(kind="etf", observed_at=second)) == written
    assert store.lookup(["DSU"]).facts["DSU"].security_type == winner


def test_the_newest_of_one_call_wins_in_any_order(store):
    facts = [fact(observed_at=SEEN + number * DAY, kind="etf" if number == 2 else "equity")
             for number in (0, 2, 1)]  # fmt: skip
    assert put(store, *facts) == 1
    assert store.lookup(["DSU"]).facts["DSU"].security_type == "etf"


def test_created_at_stays_and_the_rest_is_replaced(store, clock):
    put(store, fact(name="Old"))
    clock.advance(days=3)
    put(store, fact(name="New", observed_at=SEEN + DAY))
    (row,) = rows_of(store, security_types)
    assert row["created_at"] == clock.now - 3 * DAY
    assert (row["name"], row["last_updated"]) == ("New", SEEN + DAY)


@pytest.mark.parametrize(
    ("wrong", "column"),
    [
        (fact("BAD", origin=Origin.HEURISTIC), "origin.*a guess is not kept"),
        (fact("BAD", origin=Origin.DEFAULT), "origin.*a guess is not kept"),
        (fact("BAD", origin=Origin.OVERRIDE), "origin.*its own place"),
        (fact("BAD", observed_at=None), "observed_at.*must be known"),
        (fact("BAD", observed_at=datetime(2026, 3, 2)), "observed_at.*needs its zone"),
        (fact("BAD", expires_at=datetime(2026, 3, 2)), "expires_at.*needs its zone"),
        (fact("BAD", leverage=float("nan")), "leverage.*finite"),
        (fact("W" * 65), "ticker.*64 characters"),
        (fact(""), "ticker.*64 characters"),
        (fact("A\0"), "ticker.*NUL"),
    ],
)
def test_what_is_no_fact_is_refused_with_its_row_and_nothing_is_written(store, wrong, column):
    with pytest.raises(InputError, match=f"(?s)row 1, column .*{column}") as caught:
        put(store, fact("GOOD"), wrong)
    assert [problem.row for problem in caught.value.problems] == [1]
    assert store.lookup(["GOOD", "BAD"]) == Stored({}, {})


def test_no_facts_no_work(store):
    assert store.put_facts([]) == 0
    store.put_misses([])
    assert rows_of(store, security_types) == []


def test_inputs_are_not_changed(store):
    payload, keys = {"symbol": "DSU", "nan": float("nan")}, ["DSU", "DSU"]
    store.put_facts([(fact(), payload)])
    store.lookup(keys)
    assert list(payload) == ["symbol", "nan"]
    assert payload["nan"] != payload["nan"]
    assert keys == ["DSU", "DSU"]


# -- history ------------------------------------------------------------------------------------


@pytest.mark.parametrize("ahead", [timedelta(minutes=11), 70 * 365 * DAY], ids=["11 min", "70 y"])
@pytest.mark.parametrize("batch", [1, 2000], ids=["a few", "many"])
def test_what_a_wrong_clock_wrote_is_older_than_anything(store, clock, ahead, batch):
    keys = [f"T{number}" for number in range(batch)]
    late = clock.now + ahead
    put(store, *(fact(key, "etf", observed_at=late, expires_at=late + DAY) for key in keys))
    store.put_opinions([fact("T0", "etf", observed_at=late, origin=Origin.OPENFIGI)])
    store.put_misses([miss("NOPE", observed_at=late, expires_at=late + DAY)])
    assert put(store, *(fact(key, "equity", observed_at=clock.now) for key in keys)) == batch
    store.put_opinions([fact("T0", "equity", observed_at=clock.now, origin=Origin.OPENFIGI)])
    store.put_misses([miss("NOPE", note="now", observed_at=clock.now)])
    held = store.lookup([*keys, "NOPE"])
    assert {one.security_type for one in held.facts.values()} == {SecurityType.EQUITY}
    assert held.opinions["T0"].observed_at == clock.now
    assert held.misses["NOPE"].note == "now"
    changes = store.history("T0")
    assert [(one.old_type, one.changed_at) for one in changes] == [("etf", clock.now)]


def test_a_clock_that_is_a_few_minutes_ahead_still_wins(store, clock):
    put(store, fact(kind="etf", observed_at=clock.now + timedelta(minutes=9)))
    assert put(store, fact(kind="equity", observed_at=clock.now)) == 0
    assert store.lookup(["DSU"]).facts["DSU"].security_type == "etf"


def test_a_no_of_a_wrong_clock_goes_when_a_fact_comes(store, clock):
    late = clock.now + DAY
    store.put_misses([miss("DSU", observed_at=late, expires_at=late + DAY)])
    put(store, fact(observed_at=clock.now))
    assert rows_of(store, lookup_misses) == []


def test_what_was_seen_in_the_future_is_due(store, clock):
    put(store, fact("AHEAD", observed_at=clock.now + DAY), fact("NEW", observed_at=clock.now))
    assert [one.fact.ticker for one in store.due(clock.now - 90 * DAY)] == ["AHEAD"]


def test_each_change_of_type_leaves_one_row(store, clock):
    clock.advance(days=9)
    for number, kind in enumerate(["equity", "equity", "etf", "mutual_fund"]):
        put(store, fact(kind=kind, observed_at=SEEN + number * DAY, raw_label=f"round {number}"))
    put(store, fact(kind="cash", observed_at=SEEN - DAY))
    told = [
        (row["old_type"], row["new_type"], row["changed_at"], row["origin"], row["raw_label"])
        for row in rows_of(store, security_type_history)
    ]
    assert told == [
        ("equity", "etf", SEEN + 2 * DAY, "fmp", "round 2"),
        ("etf", "mutual_fund", SEEN + 3 * DAY, "fmp", "round 3"),
    ]


def test_a_bulk_change_is_remembered_for_each_ticker(store):
    put(store, *(fact(f"T{number}", "equity") for number in range(30)))
    put(store, *(fact(f"T{number}", "etf", observed_at=SEEN + DAY) for number in range(0, 60, 2)))
    assert len(rows_of(store, security_type_history)) == 15


# -- misses -------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["not_found", "refused_symbol"])
def test_a_miss_comes_back_as_it_was(store, status):
    given_ = miss(status=status, note="ünknown \0")
    store.put_misses([given_])
    kept = replace(given_, note="ünknown \ufffd")
    assert store.lookup(["NOPE", "X"]) == Stored({}, {"NOPE": kept})


@pytest.mark.parametrize("status", ["failed", "throttled", "refused", "found"])
def test_a_failure_is_not_kept(store, status):
    with pytest.raises(InputError, match=r"row 1, column 'status'.*a failure is not"):
        store.put_misses([miss("A"), miss("B", status)])
    assert store.lookup(["A", "B"]) == Stored({}, {})


def test_a_naive_miss_is_refused(store):
    with pytest.raises(InputError, match=r"expires_at.*needs its zone"):
        store.put_misses([miss(expires_at=datetime(2026, 3, 3))])


@pytest.mark.parametrize(("second", "note"), [(SEEN + DAY, "later"), (SEEN - DAY, "first")])
def test_the_newest_miss_wins(store, second, note):
    store.put_misses([miss(note="first")])
    store.put_misses([miss(note="later", observed_at=second)])
    assert store.lookup(["NOPE"]).misses["NOPE"].note == note


def test_a_key_that_no_table_holds_is_left_out(store):
    store.put_misses([miss("W" * 65), miss("GOOD"), miss("")])
    assert [row["ticker"] for row in rows_of(store, lookup_misses)] == ["GOOD"]


@pytest.mark.parametrize(("seen", "left"), [(SEEN, []), (SEEN - DAY, ["DSU"])])
def test_a_fact_removes_a_miss_that_is_not_newer(store, seen, left):
    store.put_misses([miss("DSU"), miss("OTHER")])
    put(store, fact(observed_at=seen))
    assert [row["ticker"] for row in rows_of(store, lookup_misses)] == [*left, "OTHER"]


def test_a_miss_leaves_the_fact_alone_and_is_told_once_that_is_stale(store, clock):
    put(store, fact(expires_at=clock.now + DAY))
    store.put_misses([miss("DSU", observed_at=clock.now, expires_at=clock.now + 9 * DAY)])
    assert store.lookup(["DSU"]).misses == {}
    clock.advance(days=2)
    found = store.lookup(["DSU"])
    assert found.facts["DSU"].security_type == "mutual_fund"
    assert found.misses["DSU"].is_fresh(clock.now)


# -- overrides ----------------------------------------------------------------------------------


def test_an_override_comes_back_with_its_note(store, clock):
    made = store.set_override(
        "DSU",
        SecurityType.MUTUAL_FUND,
        note="a closed-end fund",
        author="ada",
        subtype=Subtype.CLOSED_END_FUND,
        leverage=1.3,
        expires_at=clock.now + DAY,
    )
    assert (made.origin, made.raw_label) == (Origin.OVERRIDE, "a closed-end fund")
    assert made.observed_at == clock.now
    assert store.overrides() == {"DSU": made}


def test_overrides_and_facts_do_not_mix(store):
    store.set_override("DSU", SecurityType.CASH, note="n", author="ada")
    assert store.lookup(["DSU"]) == Stored({}, {})
    put(store, fact())
    assert store.overrides()["DSU"].security_type == "cash"
    assert store.lookup(["DSU"]).facts["DSU"].security_type == "mutual_fund"


@pytest.mark.parametrize("days", [-400, 0])
def test_an_override_that_would_never_count_is_refused(store, clock, days):
    ends = clock.now + timedelta(days=days)
    with pytest.raises(InputError, match=r"the override of DSU would never count: .* is past"):
        store.set_override("DSU", SecurityType.CASH, note="n", author="ada", expires_at=ends)
    assert store.overrides() == {}


def test_a_later_override_replaces_an_earlier_one(store, clock):
    store.set_override("DSU", SecurityType.CASH, note="first", author="ada")
    second = store.set_override("DSU", SecurityType.ETF, note="second", author="bob")
    assert store.overrides() == {"DSU": second}


def test_an_override_is_taken_back_once(store):
    store.set_override("DSU", SecurityType.CASH, note="n", author="ada")
    assert store.remove_override("DSU") is True
    assert store.remove_override("DSU") is False
    assert store.remove_override("NUL\0") is False
    assert store.overrides() == {}


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"key": ""}, "column 'ticker'"),
        ({"leverage": float("inf")}, "column 'leverage'"),
        ({"expires_at": datetime(2026, 3, 2)}, "column 'expires_at'"),
    ],
)
def test_an_override_that_cannot_be_kept_is_refused(store, wrong, told):
    arguments = {"key": "DSU", "security_type": SecurityType.CASH, "note": "n", "author": "a"}
    with pytest.raises(InputError, match=told):
        store.set_override(**(arguments | wrong))
    assert store.overrides() == {}


# -- budget -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "asked", "granted"),
    [
        (10, [4, 4, 4, 4], [4, 4, 2, 0]),
        (0, [1], [0]),
        (5, [100], [5]),
        (None, [7, 100_000], [7, 100_000]),
        (3, [0, 3, 0, 1], [0, 3, 0, 0]),
    ],
)
def test_calls_are_granted_up_to_the_limit(store, limit, asked, granted):
    assert [store.count_calls(TODAY, n, limit) for n in asked] == granted
    assert store.calls_on(TODAY) == sum(granted)


def test_each_day_counts_for_itself_and_a_lowered_limit_takes_nothing_back(store):
    store.count_calls(TODAY, 9, 10)
    assert store.count_calls(TODAY + DAY, 9, 10) == 9
    assert store.count_calls(TODAY, 1, 5) == 0
    assert (store.calls_on(TODAY), store.calls_on(TODAY + 5 * DAY)) == (9, 0)


def test_a_negative_number_of_calls_is_refused(store):
    with pytest.raises(ValueError, match="n must not be negative"):
        store.count_calls(TODAY, -1, 10)


# -- threads ------------------------------------------------------------------------------------


def test_threads_writing_the_same_tickers_leave_the_newest(store):
    def work(number: int) -> None:
        for step in range(5):
            seen = SEEN + timedelta(minutes=step * 8 + number)
            kind = "etf" if number % 2 else "equity"
            tickers = [f"T{position}" for position in range(40)]
            if number % 3 == 0:
                tickers.reverse()
            put(store, *(fact(ticker, kind, observed_at=seen) for ticker in tickers))
            store.put_misses([miss(ticker) for ticker in tickers])
            store.lookup(tickers)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(8)))
    facts = store.lookup([f"T{position}" for position in range(40)]).facts
    assert {one.observed_at for one in facts.values()} == {SEEN + timedelta(minutes=39)}
    assert {one.security_type.value for one in facts.values()} == {"etf"}
    assert len(rows_of(store, security_types)) == 40


def test_the_history_has_no_gap_when_threads_write(store, clock):
    clock.advance(days=50)

    def work(number: int) -> None:
        put(store, fact(kind="etf" if number % 2 else "equity", observed_at=SEEN + number * DAY))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(40)))
    steps = [(row["old_type"], row["new_type"]) for row in rows_of(store, security_type_history)]
    last = store.lookup(["DSU"]).facts["DSU"].security_type
    assert last == "etf"
    assert all(before[1] == after[0] for before, after in pairwise(steps))
    assert not steps or steps[-1][1] == last


def test_threads_share_one_budget(store):
    with ThreadPoolExecutor(8) as threads:
        granted = list(threads.map(lambda _: store.count_calls(TODAY, 3, 100), range(60)))
    assert sum(granted) == store.calls_on(TODAY) == 100


def test_the_first_calls_may_come_at_once(store):
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: store.lookup(["DSU"]), range(16)))
    assert found == [Stored({}, {})] * 16


# -- the store as an object ---------------------------------------------------------------------


def test_a_closed_store_opens_again(store, store_url):
    put(store, fact())
    store.close()
    store.close()
    assert len(store.lookup(["DSU"]).facts) == (0 if store_url == "sqlite://" else 1)


def test_a_naive_time_never_reaches_the_database():
    with pytest.raises(ValueError, match="is naive"):
        UtcDateTime().process_bind_param(datetime(2026, 3, 2), None)


@pytest.mark.parametrize("batch", [0, -5])
def test_a_batch_needs_a_row(batch):
    with pytest.raises(ValueError, match="batch must be at least 1"):
        SqlStore("sqlite://", batch=batch)


def test_a_statement_s_text_is_made_once_for_all_stores(store_url, clock):
    with SqlStore(store_url, clock=clock) as first:
        put(first, fact("A"))
        first.lookup(["A", "B"])
        first.overrides()
        made = dict(prepared._made)
        with SqlStore(store_url, clock=clock) as second:
            is_shared = store_url != "sqlite://"
            assert list(second.lookup(["A", "B"]).facts) == ["A"] * is_shared
            assert second.overrides() == {}
    assert prepared._made == made
