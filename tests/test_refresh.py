"""Renewing facts: order, budget, batches, the brake, and a kill in the middle."""

from __future__ import annotations

import logging
import os
import random
import signal
import sqlite3
import time
import warnings
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from support.fmp_server import (
    connection_reset,
    empty_list,
    invalid_key,
    premium_symbol,
    profile,
    rate_limit,
    server_error,
)
from support.processes import SEEN, in_processes, refresh_stale, start, upsert_often, upserted
from support.services import at_once

from sectypes.config import Settings
from sectypes.errors import InputError, SourceRefused, StoreUnavailable
from sectypes.refresh import RefreshSummary
from sectypes.service import SecurityTypeService
from sectypes.store import SqlStore
from sectypes.taxonomy import Classification, Origin, SecurityType

DAY = timedelta(days=1)


@pytest.fixture
def build(build):
    """Services that do not pause between calls, with so many workers."""
    return lambda store=None, workers=8, **changes: build(
        store, asking={"workers": workers, "sleep": at_once}, **changes
    )


def names(count: int) -> list[str]:
    return [f"T{number:04d}" for number in range(count)]


def put_old(store, clock, keys, *, kind: str = "etf", days: float = 100) -> None:
    """Keep sample facts that were seen long ago."""
    seen = clock.now - timedelta(days=days)
    facts = [
        Classification(
            key, SecurityType(kind), Origin.FMP, raw_label="sample", observed_at=seen,
            expires_at=seen + 90 * DAY,
        )
        for key in keys
    ]  # fmt: skip
    store.put_facts([(fact, None) for fact in facts])


def serve(server, keys, *, is_etf: bool = True) -> None:
    server.profiles.update({key: profile(key, is_etf=is_etf) for key in keys})


def numbers(summary: RefreshSummary) -> dict[str, int]:
    """The numbers of a summary that are not 0."""
    told = summary.to_dict()
    return {name: told[name] for name in told if type(told[name]) is int and told[name]}


def kinds(store, keys) -> list[str]:
    facts = store.lookup(keys).facts
    return [facts[key].security_type.value for key in keys]


# -- what is written ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["equity", "etf"])
def test_a_fact_of_a_wrong_clock_is_replaced(build, store, clock, fmp_server, kind):
    put_old(store, clock, ["T1"], kind=kind, days=-70 * 365)
    serve(fmp_server, ["T1"])
    summary = build(store).bulk_refresh(["T1"])
    flips = ["T1: equity -> etf"] * (kind == "equity")
    assert (summary.changed, summary.unchanged) == (len(flips), 1 - len(flips))
    assert [str(flip) for flip in summary.flips] == flips
    assert store.lookup(["T1"]).facts["T1"].observed_at == clock.now
    assert (kinds(store, ["T1"]), summary.note) == (["etf"], "")


def test_only_what_was_written_counts(build, store, clock, fmp_server):
    """A colleague's clock is five minutes ahead: what it wrote is no mistake, and newer."""
    put_old(store, clock, ["T1"], kind="equity", days=-5 / 24 / 60)
    serve(fmp_server, ["T1", "T2"])
    service = build(store)
    summary = service.bulk_refresh(["T1", "T2"])
    assert numbers(summary) == {"wanted": 2, "asked": 2, "new": 1, "unchanged": 1, "calls": 2}
    assert summary.flips == ()
    assert summary.note == "not written, because the database has a newer fact: T1"
    assert kinds(store, ["T1", "T2"]) == ["equity", "etf"]
    answers = service.resolve(["T1", "T2"])
    assert [one.security_type for one in answers] == ["equity", "etf"]


def test_what_another_wrote_meanwhile_is_told(build, store, clock, fmp_server):
    put_old(store, clock, ["T1"], kind="etf", days=3)
    serve(fmp_server, ["T1"])

    def meanwhile(answers, total):
        for answer in answers:
            put_old(store, clock, ["T1"], kind="mutual_fund", days=-1 / 24 / 60)
            yield answer

    from sectypes import refresh

    summary = refresh.refresh(build(store)._lookup, ["T1"], track=meanwhile)
    assert [str(flip) for flip in summary.flips] == ["T1: etf -> mutual_fund"]
    assert (summary.changed, summary.unchanged) == (1, 0)


# -- one ticker ---------------------------------------------------------------------------------


def test_force_refresh_asks_whatever_is_known(build, store, clock, fmp_server):
    service = build(store)
    service.resolve(["DSU"])
    clock.advance(days=1)
    answer = service.force_refresh("dsu")
    assert fmp_server.calls == ["DSU", "DSU"]
    assert (answer.security_type, answer.served_by) == ("mutual_fund", "network")
    assert store.lookup(["DSU"]).facts["DSU"].observed_at == clock.now
    assert service.resolve(["DSU"])[0].served_by == "memory"


def test_force_refresh_writes_a_changed_type_and_its_history(build, store, clock, fmp_server):
    put_old(store, clock, ["DSU"], kind="equity", days=3)
    assert build(store).force_refresh("DSU").security_type == "mutual_fund"
    [change] = build(store).history("DSU")
    assert (change.old_type, change.new_type, change.origin) == ("equity", "mutual_fund", "fmp")


def test_an_override_stands_above_a_refresh(build, store):
    service = build(store)
    service.override("DSU", "bond", note="bonds inside", author="ann")
    answer = service.force_refresh("DSU")
    assert answer.security_type == "bond"
    assert "bonds inside (ann)" in answer.reason
    assert store.lookup(["DSU"]).facts["DSU"].security_type == "mutual_fund"


@pytest.mark.parametrize(("days", "stale"), [(3, False), (100, True)])
def test_a_refresh_that_fails_leaves_the_fact_as_it_was(
    build, store, clock, fmp_server, days, stale
):
    put_old(store, clock, ["DSU"], kind="mutual_fund", days=days)
    fmp_server.script("DSU", connection_reset(), forever=True)
    answer = build(store).force_refresh("DSU")
    assert (answer.security_type, answer.stale) == ("mutual_fund", stale)
    assert "broke off" in answer.reason
    assert len(store.lookup(["DSU"]).facts) == 1


@pytest.mark.parametrize("ticker", ["", "  ", None])
def test_a_refresh_needs_a_ticker(build, ticker):
    with pytest.raises(InputError, match="a refresh needs a ticker"):
        build().force_refresh(ticker)


def test_what_fmp_cannot_know_is_not_refreshed(build, fmp_server):
    assert build().force_refresh("NFLX180201C00355000").security_type == "derivative"
    summary = build().bulk_refresh(["NFLX180201C00355000", "CUR:USD"])
    assert numbers(summary) == {"wanted": 2, "not_found": 2}
    assert fmp_server.calls == []


@pytest.mark.parametrize(
    ("settings", "says"), [(Settings(), "no FMP_API_KEY"), (Settings(offline=True), "offline")]
)
def test_a_refresh_needs_somebody_to_ask(store, settings, says):
    service = SecurityTypeService(source=None, store=store, settings=settings)
    with pytest.raises(SourceRefused, match=f"nobody can be asked: {says}"):
        service.bulk_refresh(["DSU"])
    with pytest.raises(SourceRefused, match=says):
        service.force_refresh("DSU")


def test_an_unusable_database_is_an_error_here(build):
    service = build(SqlStore("sqlite:////no/such/folder/cache.db"))
    with pytest.raises(StoreUnavailable, match="cannot be made"):
        service.bulk_refresh(["DSU"])


def test_without_a_database_memory_is_refreshed(build, clock, fmp_server):
    service = build()
    service.resolve(["DSU"])
    assert numbers(service.bulk_refresh(["DSU", "SPY"])) == {
        "wanted": 2, "asked": 2, "new": 1, "unchanged": 1, "calls": 2,
    }  # fmt: skip
    assert service.resolve(["SPY"])[0].served_by == "memory"
    assert numbers(service.refresh_stale()) == {}


# -- what is counted ----------------------------------------------------------------------------


def test_every_outcome_is_counted(build, store, clock, fmp_server):
    keys = ["NEW", "SAME", "FLIP", "NONE", "OUTSIDE", "BROKEN"]
    serve(fmp_server, keys)
    put_old(store, clock, ["SAME"])
    put_old(store, clock, ["FLIP"], kind="equity")
    fmp_server.script("NONE", empty_list())
    fmp_server.script("OUTSIDE", premium_symbol())
    fmp_server.script("BROKEN", server_error(404))
    summary = build(store).bulk_refresh([*keys, "new", " ", ""])
    assert numbers(summary) == {
        "wanted": 6, "asked": 6, "new": 1, "changed": 1, "unchanged": 1, "not_found": 1,
        "refused": 1, "failed": 1, "calls": 6,
    }  # fmt: skip
    assert [str(flip) for flip in summary.flips] == ["FLIP: equity -> etf"]
    assert set(store.lookup(keys).misses) == {"NONE", "OUTSIDE"}


def test_calls_count_further_tries(build, store, fmp_server):
    fmp_server.script("SPY", server_error())
    assert numbers(build(store).bulk_refresh(["SPY"]))["calls"] == 2


def test_a_refused_key_ends_the_run(build, store, fmp_server):
    fmp_server.script(None, invalid_key(), forever=True)
    summary = build(store, workers=2).bulk_refresh(names(50))
    assert summary.failed == summary.asked == 50
    assert summary.note == "FMP_API_KEY is missing or not accepted"
    assert summary.note in str(summary).splitlines()
    assert summary.to_dict()["note"] == summary.note
    assert summary.calls <= 4


def test_a_spent_quota_leaves_the_rest_over(build, store, fmp_server):
    serve(fmp_server, names(50))
    fmp_server.script("T0010", rate_limit(retry_after=3600), forever=True)
    summary = build(store, workers=1).bulk_refresh(names(50))
    assert (summary.new, summary.left_over, summary.is_cut_short) == (10, 40, True)
    assert "limit" in summary.note.lower()


@pytest.mark.parametrize(
    ("most", "limit", "cut_short", "says"),
    [
        (2, None, False, ""),
        (0, None, False, ""),
        (2, 9, False, ""),
        (None, 2, True, "budget: 2 calls a day are spent"),
        (3, 2, True, "budget: 2 calls a day are spent"),
        (5, 9, False, ""),
    ],
)
def test_what_the_caller_s_own_number_leaves_over_is_no_fault(
    build, store, fmp_server, most, limit, cut_short, says
):
    serve(fmp_server, names(5))
    summary = build(store, fmp_daily_limit=limit).bulk_refresh(names(5), max_calls=most)
    assert (summary.is_cut_short, summary.note) == (cut_short, says)


def test_a_summary_reads_well_everywhere(build, store, clock, fmp_server):
    put_old(store, clock, ["DSU"], kind="equity")
    summary = build(store, fmp_daily_limit=250).bulk_refresh(["DSU"])
    assert str(summary).splitlines() == [
        "1 asked, 0 new, 1 changed, 0 unchanged, 0 not found, 0 refused, 0 failed, 0 left over,"
        " 1 calls",
        "  DSU: equity -> mutual_fund",
    ]
    assert "equity -&gt; mutual_fund" in summary._repr_html_()
    assert summary.to_dict()["flips"] == [
        {"ticker": "DSU", "old_type": "equity", "new_type": "mutual_fund"}
    ]


# -- which, and how many ------------------------------------------------------------------------


def test_the_stale_ones_come_oldest_first(build, store, clock, fmp_server):
    keys = names(6)
    for position, days in enumerate([95, 200, 91, 400, 10, 60]):
        put_old(store, clock, [keys[position]], days=days)
    serve(fmp_server, keys)
    summary = build(store, workers=1).refresh_stale(90)
    assert fmp_server.calls == ["T0003", "T0001", "T0000", "T0002"]
    assert summary.unchanged == 4
    assert build(store).refresh_stale(90).wanted == 0
    assert build(store).refresh_stale(50).wanted == 1


def test_of_the_same_age_the_most_used_come_first(build, store, clock, fmp_server):
    keys = names(4)
    put_old(store, clock, keys)
    serve(fmp_server, keys)
    fmp_server.close()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reader = SecurityTypeService(source=None, store=store, settings=Settings(), clock=clock)
        for used in (["T0002"], ["T0002", "T0001"], ["T0002", "T0001", "T0003"]):
            reader.resolve(used)
    summary = reader.refresh_stale(dry_run=True)
    assert summary.wanted == 4
    from sectypes.refresh import due_keys

    assert due_keys(reader._lookup, 90) == ["T0002", "T0001", "T0003", "T0000"]


def test_uses_are_written_when_the_service_is_closed(build, store, clock):
    put_old(store, clock, ["DSU", "SPY"], days=1)
    for _ in range(3):
        service = build(store)
        service.resolve(["DSU", "SPY", "SPY"])
        service.close()
        store.lookup([])
    if store._database.label.endswith("memory"):
        return  # closing it has emptied it
    assert {kept.fact.ticker: kept.uses for kept in store.due(clock.now)} == {"DSU": 3, "SPY": 3}


def test_uses_are_written_now_and_then(build, store, clock):
    put_old(store, clock, ["DSU"], days=1)
    service = build(store)
    service.resolve(["DSU"])
    assert store.due(clock.now)[0].uses == 0
    clock.advance(minutes=6)
    service.resolve(["DSU"])
    assert store.due(clock.now)[0].uses == 2


@pytest.mark.parametrize(
    ("limit", "most", "calls"), [(None, 4, 4), (3, None, 3), (3, 5, 3), (9, 0, 0)]
)
def test_a_run_stays_within_its_calls(build, store, clock, fmp_server, limit, most, calls):
    keys = names(10)
    put_old(store, clock, keys)
    serve(fmp_server, keys)
    summary = build(store, fmp_daily_limit=limit).refresh_stale(max_calls=most)
    assert (len(fmp_server.calls), summary.calls) == (calls, calls)
    assert (summary.unchanged, summary.left_over) == (calls, 10 - calls)


def test_several_small_runs_do_the_whole(build, store, clock, fmp_server):
    keys = names(10)
    put_old(store, clock, keys)
    serve(fmp_server, keys)
    runs = [build(store).refresh_stale(max_calls=4).unchanged for _ in range(4)]
    assert runs == [4, 4, 2, 0]
    assert sorted(fmp_server.calls) == keys


def test_a_dry_run_costs_nothing_and_shows_the_bill(build, store, clock, fmp_server):
    put_old(store, clock, names(37))
    store.count_calls(clock.now.date(), 37, None)
    summary = build(store, fmp_daily_limit=250).refresh_stale(dry_run=True)
    assert str(summary.bill) == "37 calls, 213 of 250 left today"
    assert "would ask for 37 tickers" in str(summary)
    assert (summary.left_over, summary.dry_run, fmp_server.calls) == (37, True, [])


@pytest.mark.parametrize("days", [1e6, 1e12, float("inf")])
def test_nothing_is_older_than_all_time_but_what_is_expired_is_due(build, store, clock, days):
    put_old(store, clock, ["OLD"], days=100)
    put_old(store, clock, ["NEW"], days=1)
    assert build(store).refresh_stale(days, dry_run=True).wanted == 1


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda service: service.refresh_stale(-1), "days must be 0 or more"),
        (lambda service: service.refresh_stale(float("nan")), "days must be 0 or more"),
        (lambda service: service.bulk_refresh(["A"], max_calls=-1), "must be 0 or more"),
    ],
)
def test_impossible_numbers_are_refused(build, store, call, says):
    with pytest.raises(InputError, match=says):
        call(build(store))


def test_warm_asks_only_for_what_nobody_knows(build, store, clock, fmp_server):
    serve(fmp_server, names(5))
    put_old(store, clock, ["T0000"], days=1)
    put_old(store, clock, ["T0001"], days=100)
    service = build(store)
    tickers = [*names(5), "NFLX180201C00355000", "t0004"]
    assert service.warm(tickers, dry_run=True).bill.calls == 4
    assert numbers(service.warm(tickers)) == {
        "wanted": 4, "asked": 4, "new": 3, "unchanged": 1, "calls": 4,
    }  # fmt: skip
    assert service.warm(tickers).wanted == 0


# -- the brake ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "flips", "held"),
    [(100, 4, False), (100, 5, True), (250, 5, False), (251, 6, True), (400, 8, False),
     (4, 4, False), (5, 5, True)],
)  # fmt: skip
def test_too_many_flips_are_held_back(build, store, clock, fmp_server, known, flips, held):
    keys = names(known)
    put_old(store, clock, keys)
    serve(fmp_server, keys[flips:])
    serve(fmp_server, keys[:flips], is_etf=False)
    summary = build(store).refresh_stale()
    assert (summary.is_held_back, len(summary.flips)) == (held, flips)
    assert kinds(store, keys[:flips]) == ["etf" if held else "equity"] * flips
    assert (summary.changed, summary.unchanged) == (0 if held else flips, known - flips)


def test_what_was_held_back_is_asked_again_and_can_be_accepted(build, store, clock, fmp_server):
    keys = names(30)
    put_old(store, clock, keys)
    serve(fmp_server, keys[10:])
    serve(fmp_server, keys[:10], is_etf=False)
    service = build(store)
    first = service.refresh_stale()
    assert "none of them is written" in str(first)
    assert "T0003: etf -> equity" in str(first)
    assert "held back" in first._repr_html_()
    assert store.contents().changes == 0
    second = service.refresh_stale(accept=True)
    assert (second.wanted, second.changed, second.is_held_back) == (10, 10, False)
    assert kinds(store, keys[:10]) == ["equity"] * 10
    assert store.contents().changes == 10


def test_what_is_held_back_does_not_come_in_through_memory(build, store, clock, fmp_server):
    keys = names(5)
    put_old(store, clock, keys, days=1)
    serve(fmp_server, keys, is_etf=False)
    service = build(store)
    assert service.bulk_refresh(keys).is_held_back
    assert {one.security_type for one in service.resolve(keys)} == {SecurityType.ETF}


def test_new_tickers_never_brake(build, store, fmp_server):
    serve(fmp_server, names(20))
    assert numbers(build(store).bulk_refresh(names(20)))["new"] == 20


# -- batches, interrupts, kills -----------------------------------------------------------------


def test_answers_are_written_in_batches_with_a_line_each(build, store, fmp_server, caplog):
    serve(fmp_server, names(250))
    with caplog.at_level(logging.INFO, "sectypes"):
        build(store).bulk_refresh(names(250))
    lines = [one.getMessage() for one in caplog.records if "kept a batch" in one.getMessage()]
    assert lines == [
        "refresh: kept a batch of 100 answers, 100 so far",
        "refresh: kept a batch of 100 answers, 200 so far",
        "refresh: kept a batch of 50 answers, 250 so far",
    ]
    assert fmp_server.key not in caplog.text


def test_an_interrupt_keeps_what_was_answered(build, store, clock, fmp_server):
    from sectypes import refresh

    keys = names(40)
    put_old(store, clock, keys)
    serve(fmp_server, keys)

    def stop_after_ten(answers, total):
        for number, answer in enumerate(answers):
            yield answer
            if number == 9:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        refresh.refresh(build(store)._lookup, keys, track=stop_after_ten)
    assert len(store.due(clock.now - 90 * DAY)) == 30
    assert build(store).refresh_stale().unchanged == 30


@pytest.fixture(params=["sqlite_file", "postgresql"])
def shared_url(request, tmp_path):
    """A database that several processes can use."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_url"))
    url = f"sqlite:///{tmp_path}/cache.db"
    with SqlStore(url) as made:
        made.overrides()
    return url


def test_ten_kills_lose_no_fact_and_the_next_run_finishes_the_rest(shared_url, fmp_server):
    keys, chance = names(1500), random.Random(5)
    serve(fmp_server, keys)
    seen = datetime.now(UTC) - 3 * DAY
    old = [Classification(key, SecurityType.ETF, Origin.FMP, observed_at=seen) for key in keys]
    with SqlStore(shared_url) as store:
        store.put_facts([(fact, {"symbol": fact.ticker}) for fact in old])
        left = len(keys)
        for _ in range(10):
            before = len(fmp_server.calls)
            child = start(refresh_stale, shared_url, fmp_server.url, fmp_server.key)
            deadline = time.monotonic() + 20
            while len(fmp_server.calls) == before and child.is_alive():
                assert time.monotonic() < deadline, "the child asks nobody"
                time.sleep(0.002)
            time.sleep(chance.uniform(0, 0.2))
            os.kill(child.pid, signal.SIGKILL)
            child.join(20)
            found = store.lookup(keys).facts
            assert len(found) == len(keys)
            due = len(store.due(datetime.now(UTC) - DAY))
            # All that was answered is kept, but for one batch and the calls in flight.
            assert due <= left - (len(fmp_server.calls) - before) + 100 + 8
            left = due
        child = start(refresh_stale, shared_url, fmp_server.url, fmp_server.key)
        child.join(60)
        assert child.exitcode == 0
        assert store.due(datetime.now(UTC) - DAY) == []
        assert set(kinds(store, keys)) == {"etf"}
    if shared_url.startswith("sqlite"):
        with closing(sqlite3.connect(shared_url.removeprefix("sqlite:///"))) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_eight_processes_upserting_the_same_tickers_leave_the_newest(shared_url):
    calls, rows, tickers = 100, 10, 500  # 1,000 upserts a process
    in_processes(upsert_often, [(shared_url, n, calls, rows, tickers) for n in range(8)])
    newest: dict[str, datetime] = {}
    for number, step, row in product(range(8), range(calls), range(rows)):
        fact = upserted(number, step, row, rows, tickers)
        newest[fact.ticker] = max(newest.get(fact.ticker, SEEN), fact.observed_at)
    with SqlStore(shared_url) as store:
        facts = store.lookup(list(newest)).facts
        assert store.contents().facts == len(newest) == 500
        assert {key: fact.observed_at for key, fact in facts.items()} == newest
