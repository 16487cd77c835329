"""The same list again: the answers that would be found again, and never others."""

from __future__ import annotations

import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.databases import Clock
from support.fmp_server import profile

from sectypes.columns import frame_columns, questions, series_columns
from sectypes.config import Settings
from sectypes.lately import LEAST, LISTS, Lately
from sectypes.service import SecurityTypeService
from sectypes.sources.snapshot import SnapshotSource
from sectypes.store import SqlStore
from sectypes.taxonomy import Query

BOOK = [f"BOOK{letter}" for letter in "ABCDEFGHIJKL"]
"""Made-up tickers: sample data of these tests."""
PROFILES = [
    profile(
        ticker, companyName=f"Sample {ticker} Fund", is_etf=number % 2 == 0, is_fund=number == 1
    )
    for number, ticker in enumerate(BOOK)
]
UNCOUNTED = "AAPL270115C00{:03}000"  # options: no source and no memory knows them


def make(clock: Clock, **changes) -> SecurityTypeService:
    return SecurityTypeService(
        source=SnapshotSource(PROFILES),
        store=SqlStore("sqlite://", clock=clock),
        second=None,
        settings=Settings(**changes),
        clock=clock,
    )


@pytest.fixture
def service(clock):
    with closing(make(clock)) as one:
        one.resolve(BOOK)  # from the source
        one.resolve(BOOK)  # from memory, and kept
        yield one


@pytest.mark.parametrize("given", [BOOK, [Query(one, one, "Sample") for one in BOOK]], ids=type)
def test_the_same_list_has_the_same_answers(service, given):
    first = service.answer(given)
    assert service.answer(list(given)) is first
    assert service.answer(given[::-1]).resolutions == first.resolutions[::-1]


def test_a_list_is_the_callers_own(service):
    service.resolve(BOOK).clear()
    assert len(service.resolve(BOOK)) == len(BOOK)


@pytest.mark.parametrize(
    "change",
    [
        lambda service: service.override("BOOKA", "bond", note="a note", author="tester"),
        lambda service: service.force_refresh("BOOKB"),
        lambda service: service._clock.advance(days=200),
        lambda service: service._lookup.forget(["BOOKC"]),
        lambda service: service._lookup.isins.learn({"BOOKD": None}),
        lambda service: service.resolve(["NEWCOMER"]),
    ],
    ids=["override", "refresh", "expiry", "forget", "another ISIN", "another fact"],
)
@pytest.mark.filterwarnings("ignore::sectypes.errors.UnresolvedWarning")
def test_what_may_change_an_answer_ends_it(service, change):
    first = service.answer(BOOK)
    change(service)
    assert service.answer(BOOK) is not first


@pytest.mark.filterwarnings("ignore::sectypes.errors.UnresolvedWarning")
def test_what_nobody_knows_is_asked_for_each_time(clock):
    with closing(
        SecurityTypeService(source=None, store=None, second=None, settings=Settings(), clock=clock)
    ) as offline:
        assert offline.answer(BOOK) is not offline.answer(BOOK)


def test_doubts_are_told_again(service):
    many = [*BOOK, "VTSAX"]  # the last is a guess of the rules; the source says no
    service.resolve(many)
    before = service.cache_stats().guesses
    first = service.answer(many)
    assert service.answer(many) is first
    assert service.cache_stats().guesses == before + 2


def test_uses_count_as_if_each_ticker_had_been_asked_for(service):
    before = service.cache_stats().layers[0]
    for _ in range(5):
        service.resolve(BOOK)
    service._lookup.write_uses()
    after = service.cache_stats().layers[0]
    assert (after.asked - before.asked, after.hits - before.hits) == (60, 60)
    kept_facts = service._lookup.store.due(service._clock.now + timedelta(days=999))
    assert [one.uses for one in kept_facts] == [7] * len(BOOK)


def test_keys_that_memory_cannot_know_are_misses_each_time(service):
    many = [*BOOK, UNCOUNTED.format(0)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        first = service.answer(many)
        before = service.cache_stats().layers[0]
        assert service.answer(many) is first
    service.resolve(BOOK[:1])
    after = service.cache_stats().layers[0]
    assert (after.asked - before.asked, after.hits - before.hits) == (14, 13)
    assert service._lookup.memory._cache.stats.misses >= 3


def test_a_book_that_is_asked_for_again_and_again_stays(clock):
    with closing(make(clock, cache_size=20)) as service, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(10):
            service.resolve(BOOK)
        for number in range(3):
            service.resolve([f"R{number}-{one}" for one in range(200)])
        assert all(service._lookup.memory.peek(ticker) for ticker in BOOK)


# -- never others ---------------------------------------------------------------------------

steps = st.one_of(
    st.tuples(st.just("ask"), st.sampled_from([BOOK, BOOK[::-1], BOOK[:10], [*BOOK, "NOPE"]])),
    st.tuples(st.just("override"), st.sampled_from(BOOK), st.sampled_from(["bond", "etf"])),
    st.tuples(st.just("remove"), st.sampled_from(BOOK)),
    st.tuples(st.just("refresh"), st.sampled_from(BOOK)),
    st.tuples(st.just("advance"), st.sampled_from([1, 40, 7000, 200_000])),
)


def do(service: SecurityTypeService, step: tuple, number: int, *, is_new: bool) -> object:
    """Do one step; where `is_new`, ask with a ticker more, so that no list ever comes again."""
    match step:
        case ("ask", tickers):
            added = [UNCOUNTED.format(number)] if is_new else []
            return service.resolve([*tickers, *added])[: len(tickers)]
        case ("override", ticker, kind):
            service.override(ticker, kind, note="a note", author="tester")
        case ("remove", ticker):
            return service.remove_override(ticker)
        case ("refresh", ticker):
            return service.force_refresh(ticker)
        case ("advance", minutes):
            service._clock.advance(minutes=minutes)
    return None


@given(st.lists(steps, max_size=25))
@settings(max_examples=60, deadline=None)
def test_answers_are_those_of_a_service_that_never_sees_a_list_twice(sequence):
    with warnings.catch_warnings(), closing(make(Clock())) as one, closing(make(Clock())) as other:
        warnings.simplefilter("ignore")
        for number, step in enumerate([("ask", BOOK), ("ask", BOOK), *sequence, ("ask", BOOK)]):
            given_ = do(one, step, number, is_new=False)
            assert given_ == do(other, step, number, is_new=True)


# -- columns --------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["str", "object", "category", "string[pyarrow]"])
def test_the_same_distinct_rows_are_the_same_questions(dtype):
    first, second = (pd.Series(BOOK * times, dtype=dtype) for times in (2, 3))
    asked = questions(series_columns(first))[1]
    assert questions(series_columns(second))[1] is asked
    assert questions(series_columns(first[::-1]))[1] is not asked or dtype == "category"


@pytest.mark.parametrize("column", ["ticker", "name", "provider_type", "is_cash"])
def test_another_value_in_any_column_makes_other_questions(column):
    said = {"ticker": BOOK, "name": "A name", "provider_type": "etf", "is_cash": False}
    frame = pd.DataFrame(said)
    asked = questions(frame_columns(frame, {}))[1]
    assert questions(frame_columns(frame.copy(), {}))[1] is asked
    changed = frame.assign(
        **{column: [True if column == "is_cash" else "OTHER", *frame[column][1:]]}
    )
    assert questions(frame_columns(changed, {}))[1][0] != asked[0]
    assert questions(frame_columns(changed, {}))[1][1:] == asked[1:]


def test_a_blank_row_more_makes_one_question_more():
    asked = questions(series_columns(pd.Series(BOOK)))[1]
    more = questions(series_columns(pd.Series([*BOOK, None])))[1]
    assert more == (*asked, Query("", ""))


# -- the list of lists ----------------------------------------------------------------------


def kept(lately: Lately[str], words: list[str]) -> list[str]:
    return [word for word in words if lately.find(lambda one, word=word: one == word)]


def test_the_least_lately_used_make_room():
    lately: Lately[str] = Lately(10_000)
    words = [f"word {number}" for number in range(LISTS + 1)]
    for word in words[:LISTS]:
        lately.keep(word, LEAST)
    assert kept(lately, words[:1]) == words[:1]  # used
    lately.keep(words[-1], LEAST)
    assert kept(lately, words) == [words[0], *words[2:]]


@pytest.mark.parametrize(
    ("size", "is_kept"), [(LEAST - 1, False), (LEAST, True), (100, True), (101, False)]
)
def test_too_short_and_too_long_lists_are_not_kept(size, is_kept):
    lately: Lately[str] = Lately(100)
    lately.keep("a word", size)
    assert bool(kept(lately, ["a word"])) is is_kept


def test_what_is_too_long_drives_nothing_out():
    lately: Lately[str] = Lately(100)
    lately.keep("short", LEAST)
    lately.keep("long", 1_000)
    assert kept(lately, ["short", "long"]) == ["short"]


def test_threads_that_ask_for_lists_get_their_own(service):
    books = [BOOK, BOOK[::-1], BOOK[:10], BOOK[2:]]
    wait = threading.Barrier(4)

    def ask(book: list[str]) -> bool:
        wait.wait(10)
        return all(
            [answer.query.ticker for answer in service.resolve(book)] == book for _ in range(200)
        )

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, books)) == [True] * 4


def test_time_that_passes_ends_answers_one_by_one(service, clock):
    until = min(one.classification.expires_at for one in service.resolve(BOOK))
    first = service.answer(BOOK)
    clock.now = until - timedelta(seconds=1)
    assert service.answer(BOOK) is first
    clock.now = until
    assert service.answer(BOOK) is not first
