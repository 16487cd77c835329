"""History: what a fact or an override said on a past day, and how it has changed."""

from __future__ import annotations

import asyncio
import warnings
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest

from sectypes.columns import frame_columns
from sectypes.config import Settings
from sectypes.errors import InputError, StoreUnavailable, UnresolvedWarning
from sectypes.frames import explain
from sectypes.service import SecurityTypeService
from sectypes.store import SqlStore
from sectypes.store.tables import override_history
from sectypes.taxonomy import Classification, Origin, Query, SecurityType, Subtype

DAY = timedelta(days=1)


@pytest.fixture
def service(store, clock):
    """A service that can only remember."""
    return SecurityTypeService(source=None, store=store, settings=Settings(), clock=clock)


def put(store: SqlStore, seen: datetime, kind: str, **changes) -> None:
    fact = Classification(
        "DSU", SecurityType(kind), Origin.FMP, raw_label=f"said {kind}",
        observed_at=seen, expires_at=seen + 90 * DAY,
    ).replace(**changes)  # fmt: skip
    store.put_facts([(fact, None)])


def warned(service, as_of):
    """The answers as of a time, and the warnings that came with them."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        answers = service.resolve(["DSU"], as_of=as_of)
    return answers, [str(one.message) for one in caught]


def told(service, as_of, ticker: str = "DSU"):
    [answer] = service.resolve([ticker], as_of=as_of)
    return answer.classification


def at(day: int, hour: int = 12) -> datetime:
    """A time in March 2026."""
    return datetime(2026, 3, day, hour, tzinfo=UTC)


@pytest.fixture
def changed(store, clock):
    """A fact that was an equity, a 2x fund, and a mutual fund again confirmed."""
    clock.now = at(2)
    put(store, at(2), "equity", subtype=Subtype.COMMON_STOCK)
    put(store, at(4), "equity", subtype=Subtype.COMMON_STOCK)
    put(store, at(10), "etf", leverage=2.0)
    put(store, at(20), "mutual_fund", origin=Origin.OPENFIGI)
    put(store, at(25), "mutual_fund", origin=Origin.OPENFIGI)
    clock.now = at(30)
    return store


@pytest.mark.parametrize(
    ("as_of", "kind", "origin", "leverage", "seen"),
    [
        (date(2026, 3, 2), "equity", "fmp", 1.0, at(2)),
        (at(2), "equity", "fmp", 1.0, at(2)),
        (date(2026, 3, 9), "equity", "fmp", 1.0, at(4)),
        (at(10, 11), "equity", "fmp", 1.0, at(4)),
        (at(10), "etf", "fmp", 2.0, at(10)),
        (date(2026, 3, 19), "etf", "fmp", 2.0, at(10)),
        (date(2026, 3, 22), "mutual_fund", "openfigi", 1.0, at(20)),
        (date(2026, 3, 28), "mutual_fund", "openfigi", 1.0, at(25)),
        (date(2026, 3, 30), "mutual_fund", "openfigi", 1.0, at(25)),
    ],
)
def test_the_past_is_answered_from_history(changed, service, as_of, kind, origin, leverage, seen):
    found = told(service, as_of)
    assert (found.security_type, found.origin, found.leverage) == (kind, origin, leverage)
    assert found.observed_at == seen
    assert found.raw_label == f"said {kind}"


def test_the_answer_says_that_it_is_about_the_past(changed, service):
    [answer] = service.resolve(["dsu"], as_of=date(2026, 3, 12))
    assert (answer.served_by, answer.stale) == ("database", False)
    assert answer.reason == "FMP: said etf, as of 2026-03-12 23:59 UTC"


@pytest.mark.parametrize(
    ("as_of", "is_stale"), [(date(2026, 6, 22), False), (date(2026, 6, 23), True)]
)
def test_a_fact_that_was_out_of_date_then_is_stale(changed, service, clock, as_of, is_stale):
    clock.advance(days=200)  # the fact was seen on 25 March, and counted until 23 June
    answers, told_of = warned(service, as_of)
    assert (answers[0].stale, answers[0].security_type) == (is_stale, "mutual_fund")
    assert ("out of date as of 2026-06-23" in answers[0].reason) == is_stale
    assert told_of == ["1 answered from out-of-date facts: DSU"] * is_stale


def test_when_a_fact_was_confirmed_later_nobody_knows_how_long_it_counted(store, service, clock):
    clock.now = at(2)
    put(store, at(2), "etf", expires_at=at(3))
    clock.now = at(20)
    put(store, at(20), "etf")
    [answer] = service.resolve(["DSU"], as_of=at(10))
    assert (answer.stale, answer.classification.expires_at) == (False, None)


@pytest.mark.parametrize(
    ("as_of", "is_known"),
    [(at(30).date(), True), (at(30, 23), True), (at(31).date(), False), ("2062-11-23", False)],
)
def test_the_future_is_not_the_past(changed, service, as_of, is_known):
    if is_known:
        assert told(service, as_of).security_type == "mutual_fund"
        return
    with pytest.raises(InputError, match="as_of must not be later than today, 2026-03-30 in UTC"):
        service.resolve(["DSU"], as_of=as_of)


def test_before_it_was_known_it_is_a_guess_that_says_so(changed, service):
    with pytest.warns(UnresolvedWarning, match="DSU"):
        [answer] = service.resolve(["DSU"], as_of=date(2026, 3, 1))
    assert answer.classification.origin is Origin.DEFAULT
    assert "nothing was known as of 2026-03-01" in answer.reason


def test_rows_that_answer_themselves_still_do(changed, service):
    [answer] = service.resolve([Query("DSU", "DSU", is_cash=True)], as_of=date(2026, 3, 12))
    assert answer.security_type == "cash"


def test_nothing_is_asked_counted_or_kept(changed, service):
    told(service, date(2026, 3, 12))
    stats = service.cache_stats()
    assert stats.entries["memory"] == 0
    assert [layer.asked for layer in stats.layers] == [0, 0, 0]


@pytest.mark.parametrize(
    "as_of", [datetime(2026, 3, 2), datetime(2026, 3, 2, 12), "2026-03-02T12:00", pd.NaT]
)
def test_a_time_needs_its_zone(service, as_of):
    with pytest.raises(InputError, match=r"as_of needs its zone, best UTC: .* is naive"):
        service.resolve(["DSU"], as_of=as_of)
    with pytest.raises(InputError, match="expires needs its zone"):
        service.override("DSU", "bond", note="n", author="ann", expires=as_of)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2026-03-09", date(2026, 3, 9)),
        (" 20260310 ", date(2026, 3, 10)),
        ("2026-03-10T11:00Z", at(10, 11)),
        ("2026-03-10 13:00+01:00", at(10, 12)),
    ],
)
def test_text_is_read_as_the_day_or_time_that_it_writes(changed, service, text, same):
    assert told(service, text) == told(service, same)
    assert explain(
        frame_columns(pd.DataFrame({"ticker": ["DSU"]}), {}),
        service=service, progress=None, as_of=text,
    )["security_type"].tolist() == [told(service, same).security_type]  # fmt: skip


@pytest.mark.parametrize("given", ["yesterday", "", "2026-02-30", 20260301, 5.0])
def test_what_is_no_time_is_refused(service, given):
    with pytest.raises(InputError, match=r"as_of must be a day, such as .*; it is "):
        service.resolve(["DSU"], as_of=given)
    with pytest.raises(InputError, match="expires must be a day, such as"):
        service.override("DSU", "bond", note="n", author="ann", expires=given)


def test_the_past_needs_a_database():
    alone = SecurityTypeService(source=None, store=None, settings=Settings())
    with pytest.raises(StoreUnavailable, match="history need a database"):
        alone.resolve(["DSU"], as_of=date(2026, 3, 2))
    broken = SqlStore("sqlite:////no/such/folder/cache.db")
    with pytest.raises(StoreUnavailable, match="cannot be made"):
        SecurityTypeService(source=None, store=broken, settings=Settings()).resolve(
            ["DSU"], as_of=date(2026, 3, 2)
        )


def test_it_works_in_a_running_loop_too(changed, service):
    [answer] = asyncio.run(service.resolve_async(["DSU"], as_of=date(2026, 3, 12)))
    assert answer.security_type == "etf"


def test_frames_explain_the_past(changed, service):
    frame = pd.DataFrame({"ticker": ["DSU", "dsu"]}, index=[7, 7])
    before = frame.copy()
    shown = explain(
        frame_columns(frame, {}), service=service, progress=None, as_of=date(2026, 3, 12)
    )
    pd.testing.assert_frame_equal(frame, before)
    assert shown["security_type"].tolist() == ["etf", "etf"]
    assert shown["as_of"].tolist() == [at(10), at(10)]


def test_each_change_is_listed_once(changed, service):
    changes = service.history("DSU")
    assert [(one.old_type, one.new_type, one.origin, one.changed_at) for one in changes] == [
        ("equity", "etf", "fmp", at(10)),
        ("etf", "mutual_fund", "openfigi", at(20)),
    ]
    assert service.history("SPY") == service.history("") == []


def test_a_change_of_leverage_alone_is_a_change_too(store, service, clock):
    put(store, at(2), "etf", leverage=1.0)
    put(store, at(5), "etf", leverage=3.0)
    clock.now = at(9)
    assert [told(service, at(day)).leverage for day in (3, 5, 8)] == [1.0, 3.0, 3.0]
    assert len(service.history("DSU")) == 1


def test_changes_that_were_kept_before_say_what_they_can(changed, service):
    """Rows written before schema 0002 have no more than types and the new origin."""
    blank = "old_subtype = NULL, old_leverage = NULL, old_origin = NULL, old_label = NULL"
    changed._database.write(
        lambda connection: connection.exec_driver_sql(
            f"UPDATE security_type_history SET {blank}, old_seen = NULL"
        )
    )
    found = told(service, date(2026, 3, 12))
    assert (found.security_type, found.leverage, found.observed_at) == ("etf", 1.0, at(10))
    early = told(service, date(2026, 3, 5))
    assert (early.security_type, early.origin, early.observed_at) == ("equity", "fmp", at(2))


# -- overrides ----------------------------------------------------------------------------------


def test_overrides_of_the_past_count_as_they_did(store, service, clock):
    clock.now = at(1)
    put(store, at(1), "equity")
    clock.now = at(3)
    service.override("DSU", "bond", note="first", author="ann")
    clock.now = at(6)
    service.override("DSU", "other", note="second", author="bob", expires=at(12))
    clock.now = at(20)
    service.override("DSU", "cash", note="third", author="ann")
    clock.now = at(23)
    service.remove_override("DSU")
    clock.now = at(30)
    days = [2, 3, 5, 6, 11, 12, 19, 20, 22, 23, 29]
    assert [told(service, at(day)).security_type.value for day in days] == [
        "equity", "bond", "bond", "other", "other", "equity", "equity", "cash", "cash",
        "equity", "equity",
    ]  # fmt: skip


def test_removing_nothing_ends_nothing(store, service):
    assert service.remove_override("DSU") is False
    ended = store._database.read(lambda db: db.execute(override_history.select()).all())
    assert ended == []


def test_only_overrides_in_force_are_listed_as_such(store, service, clock):
    service.override("DSU", "bond", note="n", author="ann", expires=clock.now + DAY)
    service.override("SPY", "etf", note="n", author="bob")
    clock.advance(days=2)
    assert set(service.overrides()) == {"SPY"}
    entries = service.override_entries()
    assert [(one.made.ticker, one.author) for one in entries] == [("DSU", "ann"), ("SPY", "bob")]


@pytest.mark.parametrize(
    ("expires", "last"),
    [
        (date(2026, 3, 5), at(5, 23)),
        ("2026-03-05", at(5, 23)),
        ("2026-03-05T10:00+02:00", at(5, 7)),
        (pd.Timestamp("2026-03-05 08:00", tz="UTC"), at(5, 7)),
    ],
)
def test_an_override_counts_to_the_end_of_its_last_day(store, service, clock, expires, last):
    clock.now = at(1)
    service.override("DSU", "bond", note="n", author="ann", expires=expires)
    clock.now = last
    assert set(service.overrides()) == {"DSU"}
    clock.now = last + timedelta(hours=1)
    assert service.overrides() == {}


@pytest.mark.parametrize("last", [date(2026, 3, 5), date(9999, 12, 31)])
def test_an_override_counts_as_of_its_last_day(service, clock, last):
    clock.now = at(1)
    service.override("DSU", "bond", note="n", author="ann", expires=last.isoformat())
    clock.now = at(9)
    assert told(service, date(2026, 3, 5)).security_type == "bond"


def test_an_author_is_shown_with_the_answer(service):
    service.override("DSU", "bond", note="bonds inside", author="ann")
    assert service.resolve(["DSU"])[0].reason == "overridden: bonds inside (ann)"
