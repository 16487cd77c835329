"""The service against a real FMP server on loopback and real databases."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import warnings
from contextlib import closing
from datetime import timedelta
from types import SimpleNamespace

import pandas as pd
import pytest
from support.fmp_server import invalid_key, premium_symbol, profile, server_error

from sectypes.config import Secret, Settings
from sectypes.current import get_security_types, get_service, using
from sectypes.doubts import warn_about
from sectypes.errors import (
    ConfigError,
    InputError,
    StaleAnswerWarning,
    StoreUnavailable,
    StoreWarning,
    UnresolvedWarning,
)
from sectypes.service import SecurityTypeService
from sectypes.store import SqlStore
from sectypes.taxonomy import (
    Attempt,
    Classification,
    Origin,
    Outcome,
    Query,
    Resolution,
    SecurityType,
    ServedBy,
    Subtype,
)


def one(service, ticker, **row):
    [answer] = service.resolve([Query(ticker, ticker.upper(), **row)])
    return answer


def facts(answer):
    found = answer.classification
    return found.security_type.value, found.origin.value, answer.served_by.value, answer.stale


def test_a_fact_comes_from_fmp_once_then_from_memory_then_from_the_database(
    build, store, fmp_server
):
    first, second = build(store), build(store)
    assert facts(one(first, "DSU")) == ("mutual_fund", "fmp", "network", False)
    assert facts(one(first, "DSU")) == ("mutual_fund", "fmp", "memory", False)
    assert facts(one(second, "DSU")) == ("mutual_fund", "fmp", "database", False)
    assert fmp_server.calls == ["DSU"]


def test_every_spelling_is_one_call_and_keeps_its_spelling(build, fmp_server):
    answers = build().resolve(["BRK.B", "BRK-B", "brk/b", "BRK B"])
    assert {a.classification.ticker for a in answers} == {"BRK-B"}
    assert [a.query.ticker for a in answers] == ["BRK.B", "BRK-B", "brk/b", "BRK B"]
    assert fmp_server.calls == ["BRK-B"]


def test_a_fact_lives_at_most_ninety_days_and_not_all_as_long(build, clock):
    service = build()
    lives = {
        a.classification.expires_at - a.classification.observed_at
        for a in service.resolve(["AAPL", "SPY", "VTSAX", "DSU"])
    }
    assert len(lives) == 4
    assert timedelta(days=81) <= min(lives) <= max(lives) <= timedelta(days=90)


def test_when_fmp_is_down_an_expired_fact_stays_and_says_so(build, store, clock, fmp_server):
    one(build(store), "DSU")
    clock.advance(days=91)
    fmp_server.close()
    with pytest.warns(StaleAnswerWarning, match="DSU"):
        answer = one(build(store), "DSU")
    assert facts(answer) == ("mutual_fund", "fmp", "database", True)
    assert "out of date" in answer.reason
    assert [a.outcome for a in answer.trail] == [
        *(Outcome.MISS, Outcome.EXPIRED, Outcome.ERROR, Outcome.STALE)
    ]


def test_without_a_database_memory_keeps_the_expired_fact(build, clock, fmp_server):
    service = build()
    one(service, "DSU")
    clock.advance(days=91)
    fmp_server.close()
    with pytest.warns(StaleAnswerWarning, match="DSU"):
        assert facts(one(service, "DSU"))[:2] == ("mutual_fund", "fmp")


def test_an_expired_fact_is_renewed(build, store, clock, fmp_server):
    service = build(store)
    one(service, "SPY")
    clock.advance(days=91)
    fmp_server.profiles["SPY"] = profile("SPY", is_fund=True, companyName="Sample Trust")
    assert facts(one(service, "SPY")) == ("mutual_fund", "fmp", "network", False)


def test_not_found_is_remembered_for_a_day(build, store, clock, fmp_server):
    for _ in range(2):
        with pytest.warns(UnresolvedWarning, match="NOPE"):
            answer = one(build(store), "NOPE")
        assert facts(answer)[:2] == ("equity", "default")
    assert fmp_server.calls == ["NOPE"]
    assert "asked again after" in answer.reason
    clock.advance(days=1, minutes=1)
    with pytest.warns(UnresolvedWarning, match="NOPE"):
        one(build(store), "NOPE")
    assert fmp_server.calls == ["NOPE", "NOPE"]


def test_a_failure_is_remembered_for_minutes_and_never_written(build, store, clock, fmp_server):
    fmp_server.script("AAPL", *[server_error()] * 3)
    service = build(store)
    with pytest.warns(UnresolvedWarning, match="AAPL"):
        one(service, "AAPL")
    assert store.lookup(["AAPL"]).misses == {}
    asked = len(fmp_server.calls)
    with pytest.warns(UnresolvedWarning, match="AAPL"):
        one(service, "AAPL")
    assert len(fmp_server.calls) == asked
    clock.advance(minutes=6)
    assert facts(one(service, "AAPL"))[:3] == ("equity", "fmp", "network")


def test_a_refused_symbol_costs_only_itself(build, store, fmp_server):
    fmp_server.script("AAPL", premium_symbol())
    with pytest.warns(UnresolvedWarning, match="AAPL"):
        apple, spy = build(store).resolve(["AAPL", "SPY"])
    assert apple.classification.origin is Origin.DEFAULT
    assert spy.classification.origin is Origin.FMP
    assert store.lookup(["AAPL"]).facts == {}


def test_a_guess_is_never_written(build, store, fmp_server):
    fmp_server.profiles.clear()
    answer = one(build(store), "ABCDX", name="Sample Growth Fund Class A")
    assert answer.classification.origin is Origin.HEURISTIC
    assert store.lookup(["ABCDX"]).facts == {}


def test_cash_is_answered_from_the_row_and_never_stored(build, store, fmp_server):
    service = build(store)
    answer = one(service, "SGOV", is_cash=True, provider="plaid")
    assert facts(answer) == ("cash", "provider", "input", False)
    assert fmp_server.calls == []
    assert store.lookup(["SGOV"]).facts == {}


@pytest.mark.parametrize("ticker", ["NFLX180201C00355000", "912797HE0", "CUR:USD", "EUR/USD"])
def test_what_fmp_cannot_know_is_not_asked(build, fmp_server, ticker):
    [answer] = build().resolve([ticker])
    assert answer.classification.origin is Origin.HEURISTIC
    assert fmp_server.calls == []


def test_an_override_wins_until_it_is_removed_or_expires(build, store, clock):
    service = build(store)
    service.override("dsu", "bond", note="bonds inside", author="ann")
    answer = one(service, "DSU")
    assert facts(answer)[:2] == ("bond", "override")
    assert "bonds inside" in answer.reason
    assert set(service.overrides()) == {"DSU"}
    assert service.remove_override("DSU") is True
    assert facts(one(service, "DSU"))[:2] == ("mutual_fund", "fmp")
    service.override(
        "DSU", "other", note="for today", author="ann", expires=clock.now + timedelta(1)
    )
    clock.advance(days=2)
    assert facts(one(service, "DSU"))[:2] == ("mutual_fund", "fmp")


@pytest.mark.parametrize(
    ("ticker", "kind", "says"),
    [("", "bond", "needs a ticker"), ("DSU", "fund", "no security type")],
)
def test_an_override_must_make_sense(build, store, ticker, kind, says):
    with pytest.raises(InputError, match=says):
        build(store).override(ticker, kind, note="n", author="a")


def test_an_override_needs_a_database(build):
    with pytest.raises(StoreUnavailable, match="need a database"):
        build().override("DSU", "bond", note="n", author="a")


def test_an_unusable_database_costs_a_warning_not_an_answer(build, tmp_path, fmp_server):
    broken = tmp_path / "cache.sqlite"
    broken.write_bytes(b"this is no database at all, but long enough to look like one" * 50)
    service = build(SqlStore(f"sqlite:///{broken}"))
    with pytest.warns(StoreWarning, match="cannot be used to read"):
        assert facts(one(service, "DSU")) == ("mutual_fund", "fmp", "network", False)
    with pytest.warns(StoreWarning, match="cannot be used to read"):
        assert facts(one(service, "DSU"))[2] == "memory"


def test_without_a_key_nobody_is_asked_and_the_answer_says_why():
    service = SecurityTypeService(store=None, settings=Settings())
    with pytest.warns(UnresolvedWarning, match="AAPL"):
        [answer] = service.resolve(["AAPL"])
    assert "no FMP_API_KEY" in answer.reason
    offline = Settings(offline=True, fmp_api_key=Secret("k"))
    with pytest.warns(UnresolvedWarning, match="AAPL"):
        [answer] = SecurityTypeService(store=None, settings=offline).resolve(["AAPL"])
    assert "offline" in answer.reason


def test_without_a_key_a_stale_fact_still_beats_a_guess(build, store, clock):
    one(build(store), "DSU")
    clock.advance(days=91)
    alone = SecurityTypeService(source=None, store=store, settings=Settings(), clock=clock)
    with pytest.warns(StaleAnswerWarning, match="DSU"):
        assert facts(one(alone, "DSU")) == ("mutual_fund", "fmp", "database", True)


def test_an_interrupt_loses_nothing_that_was_answered(build, store, fmp_server):
    service = build(store)
    keys = ["AAPL", "SPY", "VTSAX", "DSU"]

    def stop_after_two(answers, total):
        for number, answer in enumerate(answers):
            yield answer
            if number == 1:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        service._lookup.know(keys, track=stop_after_two)
    assert len(store.lookup(keys).facts) == 2


def test_the_older_calls_keep_their_meaning(build):
    older = SimpleNamespace(
        standardized_input={"SGOV": {"type": "cash", "dollars": 10.0}, "DSU": {"type": "equity"}}
    )
    service = build()
    assert service.get_security_types(["SGOV", "DSU"], older) == {
        "SGOV": "cash",
        "DSU": "mutual_fund",
    }
    assert service.get_enhanced_security_type("SPY", "equity") == "etf"
    assert service.get_enhanced_security_type("SPY", "cash") == "cash"
    with pytest.raises(InputError, match="must be a mapping"):
        service.get_security_types(["DSU"], [1, 2])
    with pytest.raises(InputError, match="blank ticker"), pytest.warns(UnresolvedWarning):
        service.get_enhanced_security_type(" ", "equity")


def test_a_text_is_one_ticker_not_its_letters(build):
    service = build()
    assert service.get_security_types("SPY") == {"SPY": "etf"}
    assert [answer.query.ticker for answer in service.resolve("SPY")] == ["SPY"]
    assert len(service.answer("DSU")) == len(asyncio.run(service.answer_async("DSU"))) == 1
    assert service.bulk_refresh("DSU", dry_run=True).wanted == 1
    assert service.warm("QQ1X", dry_run=True).wanted == 1


def test_missing_tickers_are_blank_and_numbers_are_refused(build):
    service = build()
    column = pd.Series(["SPY", None, float("nan"), pd.NA, pd.NaT, " "], dtype=object)
    with pytest.warns(UnresolvedWarning, match="blank"):
        assert service.get_security_types(column) == {"SPY": "etf"}
    with pytest.warns(UnresolvedWarning, match="blank"):
        answers = service.resolve(column)
    assert [answer.security_type for answer in answers] == ["etf", *[None] * 5]
    for call in (service.resolve, service.get_security_types, service.verify):
        with pytest.raises(InputError, match="tickers must be text\n  row 1, value 5: is no text"):
            call(["SPY", 5])


def test_using_a_service_lasts_as_long_as_its_block(build):
    mine = build()
    with using(mine):
        assert get_service() is mine
        assert get_security_types(["SPY"]) == {"SPY": "etf"}
    with using(build()) as other:
        assert get_service() is other is not mine


def test_threads_share_one_service(build, store):
    service, seen = build(store), []
    work = [
        threading.Thread(target=lambda: seen.append(one(service, "DSU").security_type))
        for _ in range(8)
    ]
    for thread in work:
        thread.start()
    for thread in work:
        thread.join()
    assert seen == ["mutual_fund"] * 8


def test_no_queries_no_answers_no_warnings(build):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert build().resolve([]) == []


def test_money_market_funds_are_cash(build):
    answer = one(build(), "VMFXX")
    assert facts(answer)[:2] == ("cash", "fmp")
    assert answer.classification.subtype is Subtype.MONEY_MARKET_FUND
    assert answer.served_by is ServedBy.NETWORK


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("FMP_RATE_LIMIT_DELAY", "fast", "a number"),
        ("FMP_RATE_LIMIT_DELAY", "nan", "between"),
        ("FMP_DAILY_LIMIT", "-1", "between"),
        ("SECURITY_TYPE_CACHE_SIZE", "0", "between"),
        ("SECTYPES_OFFLINE", "maybe", "0 or 1"),
        ("FMP_BASE_URL", "http://example.com", "https"),
        ("FMP_BASE_URL", "http://127.example.com", "https"),
        ("FMP_BASE_URL", "https://u:p@example.com", "must not carry"),
        ("FMP_BASE_URL", "ftp://example.com", "http"),
    ],
)
def test_a_bad_setting_is_named(variable, value, says):
    with pytest.raises(ConfigError, match=f"{variable}.*{says}"):
        Settings.from_env({variable: value})


def test_the_key_is_never_shown():
    settings = Settings.from_env({"FMP_API_KEY": "canary-key", "FMP_BASE_URL": "http://[::1]:1/s"})
    service = SecurityTypeService(settings=settings, store=None)
    assert "canary" not in f"{settings!r} {settings} {settings.fmp_api_key} {service!r}"
    with pytest.raises(TypeError, match="not pickled"):
        settings.fmp_api_key.__reduce__()


def test_an_override_of_a_fund_keeps_the_multiple_that_fmp_knows(build, store, fmp_server):
    fmp_server.profiles["QQZZ"] = profile("QQZZ", is_etf=True, companyName="ProShares UltraPro ZZ")
    service = build(store)
    service.override("QQZZ", "mutual_fund", note="by hand", author="ann")
    found = one(service, "QQZZ").classification
    assert (found.origin, found.security_type.value, found.leverage) == (
        *(Origin.OVERRIDE, "mutual_fund", 3.0),
    )


def test_a_time_written_by_hand_without_a_zone_is_read_as_utc(build, clock, tmp_path):
    file = tmp_path / "cache.sqlite"
    with SqlStore(f"sqlite:///{file}", clock=clock) as store:
        one(build(store), "DSU")
        with closing(sqlite3.connect(file)) as connection, connection:
            connection.execute(
                "update security_types set expires_at = '2020-01-01 00:00:00.000000'"
            )
        assert facts(one(build(store), "DSU")) == ("mutual_fund", "fmp", "network", False)


def told_of(service, rows):
    """The texts of the warnings of one call, each as of a call that gives a guess."""
    with pytest.warns(UnresolvedWarning, match="FMP gave no answer") as caught:
        service.resolve(rows)
    return [str(one.message) for one in caught]


def test_a_refused_key_is_said_once_a_call_also_where_guesses_stand_in(build, fmp_server):
    rows = [Query(one, one, provider_type="cs") for one in ("NEWQ", "NEWR")] + [
        Query("VTSAX", "VTSAX")
    ]
    fmp_server.script(None, invalid_key(), forever=True)
    service = build()
    for _ in range(2):
        [text] = told_of(service, rows)
        assert text.startswith("FMP gave no answer: FMP_API_KEY is missing or not accepted")
        assert text.endswith("(3: NEWQ, NEWR, VTSAX)")


def test_a_cause_is_said_once_however_many_calls_had_begun_when_it_was_found():
    notes = {"A": "no such key", "B": "no such key", "C": "not asked any more: no such key"}
    answers = [
        Resolution(
            Query(ticker, ticker),
            Classification(ticker, SecurityType.ETF, Origin.HEURISTIC),
            ServedBy.RULES,
            trail=(Attempt("fmp", Outcome.ERROR, note),),
        )
        for ticker, note in notes.items()
    ]
    with pytest.warns(UnresolvedWarning) as caught:
        warn_about(answers, {"fmp": "FMP"})
    [text] = [str(one.message) for one in caught]
    assert text == "FMP gave no answer: no such key (3: A, B, C)"


def test_a_spent_budget_is_said_beside_the_unresolved(build):
    [text] = told_of(build(fmp_daily_limit=0), ["NEWQ", "VTSAX"])
    assert text.startswith("1 without a known type")
    assert "FMP gave no answer: budget: " in text
    assert text.endswith("(2: NEWQ, VTSAX)")


def test_an_outdated_answer_says_why_it_is_not_renewed(build, store, fmp_server, clock):
    build(store).resolve(["DSU"])
    clock.advance(days=100)
    fmp_server.script("DSU", invalid_key(), forever=True)
    with pytest.warns(StaleAnswerWarning, match="DSU. FMP gave no answer: FMP_API_KEY is missing"):
        build(store).resolve(["DSU"])


@pytest.mark.parametrize("chosen", [{"offline": True}, {"fmp_api_key": None}])
def test_who_chose_to_ask_nobody_is_not_warned(fmp_server, chosen):
    service = SecurityTypeService(store=None, settings=fmp_server.settings(**chosen))
    [answer] = service.resolve(["VTSAX"])
    assert answer.security_type == "mutual_fund"
