"""The budget: calls are counted before they are made, and never exceed the limit."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime

import pytest
from support.databases import Clock
from support.fmp_server import profile, server_error
from support.processes import ask_for_many, in_processes
from support.services import at_once

from sectypes.budget import Bill, Budget
from sectypes.errors import StoreUnavailable, UnresolvedWarning
from sectypes.store import SqlStore
from sectypes.taxonomy import Origin, Outcome

BROKEN = "sqlite:////no/such/folder/cache.db"


@pytest.fixture
def build(build):
    """Services with a limit, that do not pause between calls."""
    return lambda limit, store=None: build(store, asking={"sleep": at_once}, fmp_daily_limit=limit)


def add_profiles(server, count: int) -> list[str]:
    """Sample funds under invented tickers."""
    keys = [f"T{number:03d}" for number in range(count)]
    server.profiles.update({key: profile(key, is_fund=True) for key in keys})
    return keys


def quietly(service, keys):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return service.resolve(keys)


# -- counting -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("limit", "granted"), [(3, 3), (0, 0), (None, 5)])
def test_a_limit_is_kept_in_the_database(store, clock, limit, granted):
    budget = Budget(store, limit, clock)
    assert sum(budget.spend() for _ in range(5)) == granted
    assert budget.spent() == store.calls_on(clock.now.date()) == granted


@pytest.mark.parametrize(("limit", "granted"), [(3, 3), (0, 0), (None, 5)])
def test_without_a_database_this_process_counts_and_says_so(clock, limit, granted):
    budget = Budget(None, limit, clock)
    assert sum(budget.spend() for _ in range(5)) == granted
    assert budget.spent() == granted
    assert ("in this process only" in budget.why_not) is (limit is not None)


def test_the_next_utc_day_has_calls_again(store, clock):
    budget = Budget(store, 1, clock)
    assert [budget.spend(), budget.spend()] == [True, False]
    clock.advance(days=1)
    assert budget.spend() is True
    here = Budget(None, 1, clock)
    assert [here.spend(), here.spend()] == [True, False]
    clock.advance(days=1)
    assert here.spend() is True


def test_stores_share_one_count(store_url, store, clock):
    other = Budget(store, 5, clock)
    budget = Budget(store, 5, clock)
    assert sum(one.spend() for _ in range(4) for one in (budget, other)) == 5


def test_what_cannot_be_counted_is_not_called_where_a_limit_is_set(clock):
    strict, free = Budget(SqlStore(BROKEN), 5, clock), Budget(SqlStore(BROKEN), None, clock)
    assert strict.spend() is False
    assert "cannot be counted, because" in strict.why_not
    assert free.spend() is True
    assert (strict.spent(), free.spent()) == (None, None)


def test_a_database_that_cannot_count_is_left_alone_for_a_while(tmp_path, clock):
    folder = tmp_path / "later"
    budget = Budget(SqlStore(f"sqlite:///{folder}/cache.db"), 5, clock)
    assert budget.spend() is False
    folder.mkdir()
    assert budget.spend() is False
    clock.advance(seconds=31)
    assert budget.spend() is True


@pytest.mark.parametrize(
    ("bill", "text"),
    [
        (Bill(37, 213, 250), "37 calls, 213 of 250 left today"),
        (Bill(1, 0, 1), "1 call, 0 of 1 left today"),
        (Bill(12_000, None, None), "12,000 calls, no daily limit is set"),
    ],
)
def test_a_bill_reads_well(bill, text):
    assert str(bill) == text
    assert bill.to_dict() == {"calls": bill.calls, "left": bill.left, "limit": bill.limit}


def test_a_bill_tells_what_is_left(store, clock):
    store.count_calls(clock.now.date(), 37, None)
    assert Budget(store, 250, clock).bill(10) == Bill(10, 213, 250)
    assert Budget(store, 30, clock).bill(10) == Bill(10, 0, 30)
    assert Budget(SqlStore(BROKEN), 30, clock).bill(10) == Bill(10, 0, 30)


# -- in answers ---------------------------------------------------------------------------------


def test_every_call_of_an_answer_counts(build, store, clock, fmp_server):
    service = build(None, store)
    quietly(service, ["SPY", "DSU", "NOPE", "SPY"])
    quietly(service, ["SPY", "DSU", "NOPE"])
    assert store.calls_on(clock.now.date()) == len(fmp_server.calls) == 3


def test_past_the_limit_answers_are_guesses_that_say_budget(build, store, fmp_server):
    keys = add_profiles(fmp_server, 10)
    answers = quietly(build(4, store), keys)
    facts = [one for one in answers if one.classification.origin is Origin.FMP]
    rest = [one for one in answers if one.classification.origin is not Origin.FMP]
    assert (len(facts), len(fmp_server.calls)) == (4, 4)
    assert {one.classification.origin for one in rest} == {Origin.DEFAULT}
    assert all("budget: 4 calls a day are spent" in one.reason for one in rest)
    assert {one.trail[2].outcome for one in rest} == {Outcome.SKIPPED}


def test_past_the_limit_a_known_fund_stays_a_fund(build, store, clock, fmp_server):
    quietly(build(None, store), ["DSU"])
    clock.advance(days=91)
    [answer] = quietly(build(0, store), ["DSU"])
    assert (answer.security_type, answer.stale) == ("mutual_fund", True)
    assert "budget" in answer.reason
    assert fmp_server.calls == ["DSU"]


def test_what_the_budget_refused_is_asked_as_soon_as_there_is_budget(build, store, clock):
    service = build(1, store)
    assert quietly(service, ["DSU"])[0].classification.origin is Origin.FMP
    assert quietly(service, ["SPY"])[0].classification.origin is Origin.DEFAULT
    clock.advance(days=1)
    assert quietly(service, ["SPY"])[0].classification.origin is Origin.FMP


def test_a_further_try_is_a_call_as_well(build, store, clock, fmp_server):
    fmp_server.script("SPY", server_error(), server_error())
    quietly(build(10, store), ["SPY"])
    assert store.calls_on(clock.now.date()) == len(fmp_server.calls) == 3


def test_a_further_try_without_budget_is_not_made(build, store, fmp_server):
    fmp_server.script("SPY", server_error(), forever=True)
    [answer] = quietly(build(2, store), ["SPY"])
    assert len(fmp_server.calls) == 2
    assert "error on their side" in answer.reason


def test_a_limit_with_an_unusable_database_makes_no_call(build, fmp_server):
    [answer] = quietly(build(5, SqlStore(BROKEN)), ["VTSAX"])
    assert fmp_server.calls == []
    assert (answer.security_type, answer.classification.origin) == ("mutual_fund", "heuristic")
    assert "calls of today cannot be counted" in answer.reason


def test_a_limit_without_a_database_holds_for_the_process(build, fmp_server):
    keys = add_profiles(fmp_server, 6)
    with pytest.warns(UnresolvedWarning, match="4 without a known type"):
        answers = build(2).resolve(keys)
    assert len(fmp_server.calls) == 2
    assert sum("this process only" in one.reason for one in answers) == 4


def test_a_spent_budget_does_not_outlive_a_raised_limit(build, store, fmp_server):
    quietly(build(1, store), ["SPY", "DSU"])
    quietly(build(3, store), ["SPY", "DSU", "AAPL"])
    assert len(fmp_server.calls) == 3


# -- several processes --------------------------------------------------------------------------


@pytest.fixture(params=["sqlite_file", "postgresql"])
def shared_url(request, tmp_path):
    """A database that several processes can use."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_url"))
    url = f"sqlite:///{tmp_path}/cache.db"
    with SqlStore(url) as made:
        made.overrides()
    return url


def test_eight_processes_with_a_limit_of_100_make_exactly_100_calls(shared_url, fmp_server):
    tickers = [f"P{process}T{ticker:02d}" for process in range(8) for ticker in range(25)]
    fmp_server.profiles = {ticker: profile(ticker) for ticker in tickers}
    work = [
        (shared_url, fmp_server.url, fmp_server.key, tickers[25 * number : 25 * number + 25], 100)
        for number in range(8)
    ]
    told = in_processes(ask_for_many, work)
    assert len(fmp_server.calls) == 100
    assert sum(facts for facts, _ in told) == 100
    assert sum(refused for _, refused in told) == 100
    with SqlStore(shared_url) as made:
        assert made.contents().facts == 100
        assert made.calls_on(datetime.now(UTC).date()) == 100


def test_errors_of_the_count_are_typed():
    with pytest.raises(StoreUnavailable, match="cannot be made"):
        SqlStore(BROKEN).count_calls(Clock().now.date(), 1, 1)
