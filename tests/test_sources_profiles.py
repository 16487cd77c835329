"""What is read out of a profile, with its evidence; and the snapshot, which holds profiles."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.fmp_server import profile, sample_profiles

from sectypes.errors import InputError
from sectypes.sources import SnapshotSource, read_profile
from sectypes.taxonomy import AnswerStatus, Origin

FOUND, NOT_FOUND, FAILED = AnswerStatus.FOUND, AnswerStatus.NOT_FOUND, AnswerStatus.FAILED
ETF, FUND, SHARE = {"is_etf": True}, {"is_fund": True}, {}


def read(payload, key):
    return read_profile(payload, key=key, origin=Origin.FMP)


def kind(symbol, *, flags, name, exchange="NYSE", **changes):
    body = [profile(symbol, companyName=name, exchange=exchange, **flags, **changes)]
    fact = read(body, symbol).classification
    return str(fact.security_type), fact.subtype and str(fact.subtype), fact.leverage


@pytest.mark.parametrize(
    ("payload", "status", "words"),
    [
        ([], NOT_FOUND, "no profile"),
        ({}, NOT_FOUND, "no profile"),
        (None, NOT_FOUND, "no profile"),
        ([None], NOT_FOUND, "no profile"),
        ([{}], NOT_FOUND, "no profile"),
        ([profile("MSFT")], NOT_FOUND, "foreign profile"),
        ([profile("SPY.TO")], NOT_FOUND, "foreign profile"),
        ([profile("A", isEtf=None, isFund=None)], NOT_FOUND, "foreign profile"),
        ([profile("SPY", isEtf=None)], NOT_FOUND, "type flags"),
        ([profile("SPY", isEtf="", isFund="maybe")], NOT_FOUND, "type flags"),
        ([{"symbol": "SPY"}], NOT_FOUND, "type flags"),
        ([profile("SPY"), profile("SPY", is_etf=True)], NOT_FOUND, "contradict each other"),
        ([profile("SPY", is_fund=True), profile("SPY", is_etf=True)], NOT_FOUND, "contradict"),
        ([{"isEtf": True, "isFund": False}], FAILED, "not a profile"),
        ([{"symbol": None, "isEtf": True}], FAILED, "not a profile"),
        ([{"symbol": ["SPY"], "isEtf": True}], FAILED, "not a profile"),
        ([{"symbol": 5, "isEtf": True}], FAILED, "not a profile"),
        (["SPY"], FAILED, "not a profile"),
        ([[profile("SPY")]], FAILED, "not a profile"),
        ("SPY", FAILED, "not a profile"),
        (7, FAILED, "not a profile"),
    ],
)
def test_no_answer_becomes_no_type(payload, status, words):
    answer = read(payload, "SPY")
    assert (answer.status, answer.classification) == (status, None)
    assert words in answer.note


@pytest.mark.parametrize(
    ("symbol", "key"),
    [("BRK-B", "BRK-B"), ("BRK.B", "BRK-B"), ("brk/b", "BRK-B"), (" SPY ", "SPY")],
)
def test_spellings_of_the_same_symbol(symbol, key):
    fact = read([profile(symbol)], key).classification
    assert (fact.ticker, fact.security_type) == (key, "equity")


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ({"isEtf": True, "isFund": None}, "etf"),
        ({"isEtf": True}, "etf"),
        ({"isEtf": None, "isFund": True}, "mutual_fund"),
    ],
)
def test_a_flag_that_is_set_is_believed_whatever_the_other(flags, expected):
    found = read([{"symbol": "SPY", **flags}], "SPY").classification
    assert (found.security_type, found.origin) == (expected, "fmp")


def test_of_two_profiles_that_agree_the_first_with_flags_counts():
    bodies = [{"symbol": "SPY", "companyName": "No flags"}, profile("SPY", is_etf=True)]
    assert read([*bodies, *bodies], "SPY").classification.name == "SPY Sample Inc."


@pytest.mark.parametrize(
    ("written", "name"),
    [("Q&amp;Z Sample Inc.", "Q&Z Sample Inc."), ("Q&Z", "Q&Z"), ("&nbsp;", None)],
)
def test_a_name_is_read_without_the_marks_of_a_web_page(written, name):
    body = profile("QZ", companyName=written)
    assert read([body], "QZ").classification.name == name
    assert body["companyName"] == written


def test_the_older_key_ticker_is_read():
    old = profile("SPY", is_etf=True)
    old["ticker"] = old.pop("symbol")
    assert read([old], "SPY").classification.security_type == "etf"


def test_an_answer_carries_what_was_read():
    body = [profile("SPY", is_etf="True", is_fund="false", companyName=" A Sample ETF ")]
    answer = read_profile(body, key="SPY", origin=Origin.SNAPSHOT)
    fact = answer.classification
    assert (fact.origin, fact.name) == (Origin.SNAPSHOT, "A Sample ETF")
    assert fact.raw_label == "isEtf=true isFund=false"
    assert (fact.observed_at, fact.expires_at) == (None, None)
    assert answer.payload is body[0]


@pytest.mark.parametrize("name", [None, "", "  ", 5, ["x"]])
def test_a_name_that_is_none(name):
    answer = read([profile("DSU", is_fund=True, companyName=name)], "DSU")
    assert (answer.status, answer.classification.name) == (FOUND, None)


@pytest.mark.parametrize(
    ("symbol", "flags", "name", "exchange", "expected"),
    [
        # The flags alone.
        ("ABCD", SHARE, "Sample Corporation", "NYSE", ("equity", None)),
        ("ABCD", {"is_adr": True}, "Sample plc", "NYSE", ("equity", "adr")),
        ("ABCD", {"is_etf": True, "is_fund": True}, "Sample ETF", "AMEX", ("etf", "etf")),
        # A fund by its flag that is an ETF by its name.
        ("ABCD", FUND, "Sample Short Bond ETF", "AMEX", ("etf", "etf")),
        ("ABCD", FUND, "Sample Money Market ETF", "AMEX", ("etf", "etf")),
        # Money market funds: by form or name where the flag says fund. A share may have the form.
        ("ABCXX", FUND, "Sample Government Portfolio", "NASDAQ", ("cash", "money_market_fund")),
        ("ABCXX", SHARE, "Sample Government Portfolio", "NASDAQ", ("equity", None)),
        ("ABCDE", FUND, "Sample Money Market Fund", "NASDAQ", ("cash", "money_market_fund")),
        # Open-end by form, also where the name speaks of ETFs.
        ("ABCDX", FUND, "Sample Growth Fund", "NASDAQ", ("mutual_fund", "open_end_fund")),
        ("ABCDX", FUND, "Sample ETF Portfolio", "NASDAQ", ("mutual_fund", "open_end_fund")),
        # Closed-end: listed in the US without that form. Elsewhere nobody can tell.
        ("ABCD", FUND, "Sample Income Fund", "NYSE", ("mutual_fund", "closed_end_fund")),
        ("ABCD", FUND, "Sample Income", "nasdaq", ("mutual_fund", "closed_end_fund")),
        ("ABCD.TO", FUND, "Sample Portfolio", "TSX", ("mutual_fund", None)),
        ("ABCDX", FUND, "Sample Portfolio", "", ("mutual_fund", "open_end_fund")),
        # The net asset value of a listed fund has a form that two kinds share.
        ("XABCX", FUND, "Sample Portfolio", "NASDAQ", ("mutual_fund", None)),
        # Finer kinds of shares.
        ("ABC-PA", SHARE, "Sample Corp", "NYSE", ("equity", "preferred")),
        ("ABCD-WT", SHARE, "Sample Corp", "NYSE", ("equity", "warrant")),
        ("ABCD-UN", SHARE, "Sample Corp", "NYSE", ("equity", "unit")),
        ("ABCD-RT", SHARE, "Sample Corp", "NYSE", ("equity", "right")),
        ("ABCD", SHARE, "Sample Realty Trust REIT", "NYSE", ("equity", "reit")),
        # The flags say share, the name says fund: the flags stand, and no subtype is taken over.
        ("ABCD", SHARE, "Sample Municipal Income Fund", "NYSE", ("equity", None)),
        ("ABCDX", SHARE, "Sample Growth Fund", "NASDAQ", ("equity", None)),
        # A coin has no flag of its own.
        ("ABCD", SHARE, "Sample Coin", "CRYPTO", ("crypto", "cryptocurrency")),
    ],
)
def test_evidence(symbol, flags, name, exchange, expected):
    assert kind(symbol, flags=flags, name=name, exchange=exchange)[:2] == expected


def test_the_legacy_profile_has_its_exchange_code_elsewhere():
    legacy = {"exchangeShortName": "NYSE"}
    found = kind("ABCD", flags=FUND, name="Sample", exchange="Not a code", **legacy)
    assert found[:2] == ("mutual_fund", "closed_end_fund")


@pytest.mark.parametrize(
    ("flags", "name", "leverage"),
    [
        (ETF, "Direxion Daily Sample Bull 3X Shares", 3.0),
        (ETF, "Direxion Daily Sample Bear 3X Shares", -3.0),
        (ETF, "Sample Total Market ETF", 1.0),
        (ETF, "Sample Ultra-Short Bond ETF", 1.0),
        (FUND, "Direxion Daily Sample Bull 3X ETF", 3.0),
        (SHARE, "Direxion Daily Sample Bull 3X Shares", 1.0),
    ],
)
def test_leverage_is_read_for_funds_only(flags, name, leverage):
    assert kind("ABCD", flags=flags, name=name)[2] == leverage


def test_reading_changes_nothing():
    body = [profile("DSU", is_fund=True)]
    before = copy.deepcopy(body)
    read(body, "DSU")
    assert body == before


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["symbol", "ticker", "isEtf", "isFund", "isAdr", "companyName", "x"]),
            inner | st.sampled_from(["SPY", "true", "FALSE"]),
            max_size=6,
        )
    ),
    max_leaves=12,
)


@given(payload=JSON)
def test_any_json_is_survived_and_no_type_is_made_up(payload):
    answer = read(payload, "SPY")
    assert (answer.classification is not None) == (answer.status is FOUND)
    if answer.status is FOUND:
        assert "SPY" in str(answer.payload).upper()
        assert {"isEtf", "isFund"} & set(answer.payload)


# -- the snapshot ---------------------------------------------------------------------------


def test_snapshot_answers_each_distinct_key_once():
    source = SnapshotSource(sample_profiles())
    answers = list(source.fetch(["DSU", "NOPE", "DSU", "BRK-B"]))
    assert [key for key, _ in answers] == ["DSU", "NOPE", "BRK-B"]
    assert [answer.status for _, answer in answers] == [FOUND, NOT_FOUND, FOUND]
    fact = answers[0][1].classification
    assert (fact.origin, fact.security_type) == (Origin.SNAPSHOT, "mutual_fund")
    assert answers[1][1].note == "not in the snapshot"


@pytest.mark.parametrize("make", [dict, lambda given: given.values(), lambda d: iter(d.values())])
def test_snapshot_takes_a_mapping_or_profiles(make):
    source = SnapshotSource(make(sample_profiles()), name="sample")
    assert (source.name, source.origin, len(source)) == ("sample", Origin.SNAPSHOT, 7)


def test_snapshot_without_profiles_knows_nothing():
    [(_, answer)] = SnapshotSource([], name="sample").fetch(["SPY"])
    assert (answer.status, answer.note) == (NOT_FOUND, "not in the sample")


def test_snapshot_keeps_what_it_was_given():
    given = sample_profiles()
    before = copy.deepcopy(given)
    list(SnapshotSource(given).fetch(list(given)))
    assert given == before


def test_snapshot_names_profiles_without_a_symbol():
    with pytest.raises(InputError, match="without a symbol") as caught:
        SnapshotSource([profile("SPY"), {"isEtf": True}, profile("")])
    assert [problem.row for problem in caught.value.problems] == [1, 2]


@pytest.mark.parametrize(
    ("name", "leverage"),
    [
        ("Direxion Daily Sample Bull 3X Shares", 3.0),
        ("Direxion Daily Sample Bull Shares", 0.0),  # leveraged, but the name does not say how much
        ("Sample Index ETF", 1.0),
    ],
)
def test_a_fact_always_has_a_multiple_that_a_database_can_keep(name, leverage):
    body = [{"symbol": "QQZZ", "companyName": name, "isEtf": True, "isFund": False}]
    answer = read_profile(body, key="QQZZ", origin=Origin.FMP)
    assert answer.classification.leverage == leverage
