"""The second opinion: who is believed where FMP's flags are not set."""

from __future__ import annotations

import math

import pytest

from sectypes import heuristics
from sectypes.opinions import is_doubtful, riskiest, weigh, witnesses
from sectypes.taxonomy import Classification, Label, Origin, Query, SecurityType, Subtype

MANAGERS = "isEtf=false isFund=false industry=Asset Management - Income"
FUND_NAME = "Sample Debt Strategies Fund"


def fact(kind: str = "equity", *, origin: Origin = Origin.FMP, key: str = "XYZQ", **fields):
    return Classification(key, SecurityType(kind), origin, **fields)


def figi(kind: str, words: str, **fields):
    made = {"origin": Origin.OPENFIGI, "raw_label": words} | fields
    return Classification("XYZQ", SecurityType(kind), **made)


def row(**fields):
    return Query("XYZQ", "XYZQ", **fields)


CEF = figi("mutual_fund", "Closed-End Fund", subtype=Subtype.CLOSED_END_FUND)
ETP = figi("etf", "ETP", leverage=3.0)
SHARE = figi("equity", "Common Stock", subtype=Subtype.COMMON_STOCK)
SAYS_FUND = row(provider="plaid", provider_type="mutual fund")
SAYS_CEF = row(provider="snaptrade", provider_type="cef", name=FUND_NAME)
SAYS_SHARE = row(provider="snaptrade", provider_type="cs")


@pytest.mark.parametrize(
    ("flags", "opinion", "rows", "kind", "origin", "is_settled"),
    [
        # OpenFIGI settles what FMP's flags leave open.
        (fact(), CEF, [SAYS_FUND], "mutual_fund", "openfigi", True),
        (fact(), ETP, [SAYS_SHARE], "etf", "openfigi", True),
        (fact(), SHARE, [SAYS_FUND], "equity", "fmp", True),
        (None, CEF, [SAYS_SHARE], "mutual_fund", "openfigi", True),
        # Without it two witnesses do, and the answer is a guess.
        (fact(raw_label=MANAGERS, name=FUND_NAME), None, [row()], "mutual_fund", "heuristic", True),
        (fact(), None, [SAYS_CEF], "mutual_fund", "heuristic", True),
        (fact(), None, [SAYS_FUND, SAYS_CEF], "mutual_fund", "heuristic", True),
        (fact(name="Sample ETF"), None, [SAYS_FUND], "mutual_fund", "heuristic", True),
        (fact(origin=Origin.SNAPSHOT), None, [SAYS_CEF], "mutual_fund", "heuristic", True),
        # One witness does not.
        (fact(), None, [SAYS_FUND], "equity", "fmp", False),
        (
            fact(raw_label=MANAGERS, name="Sample Capital Corp"),
            None,
            [row()],
            "equity",
            "fmp",
            False,
        ),
        # Nobody speaks against it.
        (fact(), None, [SAYS_SHARE], "equity", "fmp", True),
        (fact(name=FUND_NAME), None, [row()], "equity", "fmp", True),
        # A flag that is set is believed, whatever providers say; OpenFIGI's share is riskier.
        (fact("etf"), None, [SAYS_SHARE], "etf", "fmp", True),
        (fact("etf"), SHARE, [row()], "equity", "openfigi", False),
        (fact("etf"), CEF, [row()], "mutual_fund", "openfigi", False),
        (fact("mutual_fund"), ETP, [row()], "mutual_fund", "fmp", False),
    ],
)
def test_who_is_believed(flags, opinion, rows, kind, origin, is_settled):
    verdict = weigh(flags, opinion, rows)
    made = verdict.classification
    assert (made.security_type, made.origin, verdict.is_settled) == (kind, origin, is_settled)


def test_nobody_knows_it():
    assert weigh(None, None, [row()]) is None


def test_the_explanation_names_everybody_and_the_outcome():
    rows = [SAYS_FUND, SAYS_SHARE]
    said = "FMP: equity; OpenFIGI: Closed-End Fund; Plaid: mutual fund -> "
    assert weigh(fact(), CEF, rows).note == f"{said}mutual_fund, closed_end_fund"
    alone = "FMP: equity; Plaid: mutual fund -> equity (unsettled: the riskier stands)"
    assert weigh(fact(), None, rows).note == alone


def test_the_multiple_comes_with_the_type():
    assert weigh(fact(), ETP, [row()]).classification.leverage == 3.0
    rows = [row(provider="plaid", provider_type="etf", name="Sample Daily Bull 3X ETF")]
    guessed = weigh(fact(), None, rows).classification
    assert (guessed.security_type, guessed.leverage) == ("etf", 3.0)


def test_of_several_names_the_riskiest_counts():
    names = ["Sample Equity ETF", "Sample Daily Bull 2X ETF", "Sample Daily Semiconductor Bull ETF"]
    rows = [row(provider="plaid", provider_type="etf", name=name) for name in names]
    for order in (rows, rows[::-1]):
        assert math.isnan(weigh(fact(), None, order).classification.leverage)


def test_an_agreeing_opinion_adds_the_subtype():
    made = weigh(fact("mutual_fund"), CEF, [row()]).classification
    assert (made.subtype, made.origin) == (Subtype.CLOSED_END_FUND, Origin.FMP)


@pytest.mark.parametrize(
    ("flags", "rows", "expected"),
    [
        (fact(), [row()], False),
        (fact(), [SAYS_SHARE], False),
        (fact(), [SAYS_FUND], True),
        (fact(raw_label=MANAGERS), [row()], True),
        (fact(raw_label="isEtf=false isFund=false"), [row(name=FUND_NAME)], False),
        (fact(key="XYZQX"), [row()], True),
        (fact("etf", raw_label=MANAGERS), [SAYS_FUND], False),
        (figi("equity", "Common Stock"), [SAYS_FUND], False),
    ],
)
def test_what_is_doubted(flags, rows, expected):
    assert any(is_doubtful(flags, one) for one in rows) is expected


def test_each_witness_is_heard_once():
    flags = fact(key="XYZQX", raw_label=MANAGERS, name=FUND_NAME)
    said = [one.who for one in witnesses(flags, [SAYS_FUND, SAYS_FUND, SAYS_CEF])]
    assert said == ["the name", "its industry", "the ticker's form", "Plaid", "SnapTrade"]


def test_the_riskiest_is_the_first_of_equals():
    first, second = fact("etf"), figi("etf", "ETP")
    assert riskiest([first, second]) is first
    assert riskiest([first, SHARE]) is SHARE


def test_each_witness_speaks_in_its_own_words():
    flags = fact(key="QYZQX", raw_label=MANAGERS, name=FUND_NAME)
    rows = [SAYS_FUND, SAYS_CEF, row(provider="csv", provider_type="etf"), row(provider_type="cef")]
    said = {one.who: (one.says, one.label) for one in witnesses(flags, rows)}
    closed, opened = Subtype.CLOSED_END_FUND, Subtype.OPEN_END_FUND
    assert said == {
        "the name": (f"{FUND_NAME!r}, rule name_fund", Label(MUTUAL, closed)),
        "its industry": ("Asset Management - Income", None),
        "the ticker's form": (FORM_NOTE, Label(MUTUAL, opened)),
        "Plaid": ("mutual fund", Label(MUTUAL)),
        "SnapTrade": ("cef", Label(MUTUAL, closed)),
        "csv": ("etf", Label(SecurityType.ETF)),
        "the provider": ("cef", Label(MUTUAL, closed)),
    }


MUTUAL = SecurityType.MUTUAL_FUND
FORM_NOTE = heuristics.guess("QYZQX").note


def test_the_ticker_s_form_alone_tells_the_type_and_the_industry_that_it_is_a_fund():
    made = weigh(fact(key="QYZQX", raw_label=MANAGERS), None, [row()]).classification
    assert (made.security_type, made.subtype) == (MUTUAL, Subtype.OPEN_END_FUND)


def test_where_only_the_fact_speaks_there_is_nothing_to_note():
    assert weigh(fact(), None, [SAYS_SHARE]) == (fact(), "", True)
    assert weigh(None, CEF, [SAYS_SHARE]) == (CEF, "OpenFIGI: Closed-End Fund", True)


@pytest.mark.parametrize(
    ("key", "is_doubted"), [("XYZQX", True), ("XYZQY", False), ("XYZX", False), ("XYZQQX", False)]
)
def test_only_five_letters_that_end_in_x_are_a_fund_s_form(key, is_doubted):
    assert is_doubtful(fact(key=key), row()) is is_doubted


def test_the_provider_s_own_vocabulary_counts():
    # "ps" is SnapTrade's preferred stock; nobody else's word.
    assert not is_doubtful(fact(), row(provider="snaptrade", provider_type="ps"))
    assert is_doubtful(fact(), row(provider="snaptrade", provider_type="oef"))


def test_of_two_multiples_below_two_the_larger_counts():
    names = ["Sample Daily Bull 1.5X ETF", "Sample Daily Bull 1.25X ETF"]
    rows = [row(provider="plaid", provider_type="etf", name=name) for name in names]
    for order in (rows, rows[::-1]):
        assert weigh(fact(), None, order).classification.leverage == 1.5


@pytest.mark.parametrize(
    ("name", "kind", "origin"),
    [
        ("Sample Government Money Market Fund", "cash", "heuristic"),
        ("Sample Government Fund", "mutual_fund", "heuristic"),
        ("S Holdings Corp", "equity", "fmp"),
        (None, "equity", "fmp"),
    ],
)
def test_the_form_of_a_money_market_fund_needs_its_name_beside_it(name, kind, origin):
    found = weigh(fact(key="SAMXX", name=name), None, [Query("SAMXX", "SAMXX")])
    made = found.classification
    assert (made.security_type, made.origin) == (kind, origin)
    assert "five letters ending XX" in found.note


def test_cash_by_name_is_no_witness_for_a_fund():
    named = fact(raw_label=MANAGERS, name="Cash")
    assert [one.who for one in witnesses(named, [row()])] == ["its industry"]
