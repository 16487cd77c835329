"""Who is believed: the order of origins as a table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sectypes.doubts import doubtful
from sectypes.precedence import Known, is_askable
from sectypes.precedence import decide as decide_all
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

NOW = datetime(2026, 11, 1, tzinfo=UTC)
FACT = Classification(
    "DSU",
    SecurityType.MUTUAL_FUND,
    Origin.FMP,
    Subtype.CLOSED_END_FUND,
    raw_label="isEtf=false isFund=true",
    observed_at=NOW,
    expires_at=NOW + timedelta(days=90),
)
FRESH = Known(FACT, ServedBy.MEMORY, (Attempt("memory", Outcome.HIT, "FMP: isFund"),))
STALE = Known(FACT, ServedBy.DATABASE, (Attempt("database", Outcome.STALE, "old"),), stale=True)
OVERRIDE = Classification("DSU", SecurityType.BOND, Origin.OVERRIDE, raw_label="bonds inside")


def decide(rows, *, override=None, known=None):
    """Decide about rows of one key."""
    key = rows[0].key
    return decide_all(
        rows,
        overrides={key: override} if override else {},
        known={key: known} if known else {},
    )


FUND_NAME = "Sample Debt Strategies Fund Inc"


@pytest.mark.parametrize(
    ("row", "override", "known", "expected"),
    [
        # an override beats everything, the row's own cash as well
        ({"is_cash": True}, OVERRIDE, FRESH, ("bond", "override")),
        ({}, OVERRIDE, FRESH, ("bond", "override")),
        # cash is the row's to tell, whatever FMP knows about the ticker
        ({"is_cash": True}, None, FRESH, ("cash", "provider")),
        ({"provider_type": "cash"}, None, FRESH, ("cash", "provider")),
        # neither is a coin or an option the listed security of the same letters
        ({"provider_type": "cryptocurrency"}, None, FRESH, ("crypto", "provider")),
        ({"provider_type": "option"}, None, FRESH, ("derivative", "provider")),
        # a coin is never cash, whatever flag or word says so
        ({"is_cash": True, "provider_type": "cryptocurrency"}, None, None, ("crypto", "provider")),
        ({"provider_type": "cash", "name": "Bitcoin"}, None, FRESH, ("crypto", "provider")),
        # without a type a name that is a coin's or says cash tells that the row is not listed
        ({"name": "Bitcoin"}, None, FRESH, ("crypto", "provider")),
        ({"name": "US DOLLAR"}, None, FRESH, ("cash", "provider")),
        ({"name": "PUT (DSU) SAMPLE JUN 20 25 $9"}, None, FRESH, ("derivative", "provider")),
        # a fact beats names and providers
        ({"provider_type": "cs", "name": "Sample ETF"}, None, FRESH, ("mutual_fund", "fmp")),
        ({"provider_type": "cs"}, None, STALE, ("mutual_fund", "fmp")),
        # a rule beats the provider's word, the provider's word beats the default
        ({"provider_type": "cs", "name": FUND_NAME}, None, None, ("mutual_fund", "heuristic")),
        ({"provider_type": "mutual fund"}, None, None, ("mutual_fund", "provider")),
        ({"provider_type": "no such word"}, None, None, ("equity", "default")),
        ({}, None, None, ("equity", "default")),
    ],
)
def test_the_first_origin_that_knows_decides(row, override, known, expected):
    query = Query("DSU", "DSU", **row)
    [answer] = decide([query], override=override, known=known)
    assert (answer.security_type, answer.classification.origin) == expected
    assert answer.query is query


@pytest.mark.parametrize(
    ("key", "says", "kind"),
    [
        ("ETH", {"provider_type": "Currency"}, "crypto"),
        ("ETH", {"is_cash": True, "name": "eth"}, "crypto"),
        ("ETH", {"provider_type": "cash", "name": "US Dollar"}, "cash"),
        ("EUR", {"provider_type": "Currency"}, "cash"),
    ],
)
def test_the_code_of_a_coin_is_a_coin_where_a_word_says_money(key, says, kind):
    [answer] = decide([Query(key, key, **says)])
    assert (answer.security_type, answer.classification.origin) == (kind, "provider")


def test_a_blank_ticker_has_no_type_but_a_reason():
    [answer] = decide([Query("", "")])
    assert answer.security_type is None
    assert "no ticker" in answer.reason


@pytest.mark.parametrize("words", [{"is_cash": True}, {"provider_type": "cryptocurrency"}])
def test_a_blank_ticker_is_answered_where_the_row_tells(words):
    [answer] = decide([Query("", "", **words)])
    assert answer.security_type in {SecurityType.CASH, SecurityType.CRYPTO}


def test_one_ticker_gets_one_answer_and_the_evidence_of_all_its_rows():
    silent = Query("DSU", "DSU", provider="snaptrade", provider_type="cs")
    named = Query("DSU", "DSU", name=FUND_NAME, provider="csv")
    answers = decide([silent, named])
    assert [a.security_type for a in answers] == [SecurityType.MUTUAL_FUND] * 2
    assert [a.query for a in answers] == [silent, named]


def test_cash_in_one_account_and_a_fund_in_another():
    cash = Query("SGOV", "SGOV", is_cash=True, provider="plaid")
    fund = Query("SGOV", "SGOV", name="Sample 0-3 Month Treasury Bond ETF", provider="csv")
    assert [a.security_type.value for a in decide([cash, fund])] == ["cash", "etf"]


def test_where_providers_disagree_the_riskier_word_stands():
    rows = [
        Query("XYZQ", "XYZQ", provider="plaid", provider_type="mutual fund"),
        Query("XYZQ", "XYZQ", provider="snaptrade", provider_type="cs"),
    ]
    first, second = decide(rows)
    assert first.security_type is second.security_type is SecurityType.EQUITY
    assert "disagree" in first.reason


def test_a_stale_fact_is_marked_and_the_default_says_that_it_is_one():
    [old] = decide([Query("DSU", "DSU")], known=STALE)
    assert old.stale
    assert old.reason == "old"
    [default] = decide([Query("QQZZ", "QQZZ")])
    assert "conservative" in default.reason


def test_a_guess_names_its_rule():
    [guess] = decide([Query("ABCXX", "ABCXX")])
    assert guess.classification.origin.is_guess
    assert guess.classification.raw_label in guess.reason
    assert guess.classification.subtype is Subtype.MONEY_MARKET_FUND


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("AAPL", True),
        ("BRK-B", True),
        ("VAB.TO", True),
        ("NFLX180201C00355000", False),
        ("912797HE0", False),
        ("CUR:USD", False),
        ("", False),
    ],
)
def test_only_listed_forms_are_asked_about(key, expected):
    assert is_askable(key) is expected


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["PROSHARES TR", "PROSHARES ULTRAPRO QQQ"], ("etf", 3.0)),
        (["Sample Income Fund", "Sample Realty Trust REIT"], ("equity", 1.0)),
        (["Sample Growth ETF", "Sample Growth Fund"], ("mutual_fund", 1.0)),
    ],
)
def test_of_several_names_the_riskiest_guess_stands_in_any_order(names, expected):
    for order in (names, names[::-1]):
        answers = decide([Query("QQZZ", "QQZZ", name=name) for name in order])
        assert {(a.security_type, a.classification.leverage) for a in answers} == {expected}


def test_the_same_letters_are_a_coin_in_one_row_and_a_fund_in_another():
    coin = Query("BTC", "BTC", name="Bitcoin")
    fund = Query("BTC", "BTC", name="Grayscale Bitcoin Mini Trust ETF")
    for rows in ([coin, fund], [fund, coin]):
        kinds = {answer.query: answer.security_type.value for answer in decide(rows)}
        assert kinds == {coin: "crypto", fund: "etf"}


@pytest.mark.parametrize(
    ("override", "name", "known", "leverage"),
    [
        (("etf", 1.0), "ProShares UltraPro QQQ", None, 3.0),
        (("etf", 1.0), None, 2.0, 2.0),
        (("etf", -1.0), "ProShares UltraPro QQQ", None, -1.0),
        (("equity", 1.0), "ProShares UltraPro QQQ", None, 1.0),
    ],
)
def test_an_override_of_the_type_keeps_the_funds_multiple(override, name, known, leverage):
    kind, own = override
    made = Classification("QQZZ", SecurityType(kind), Origin.OVERRIDE, leverage=own)
    fact = FACT.replace(ticker="QQZZ", leverage=known) if known else None
    [answer] = decide(
        [Query("QQZZ", "QQZZ", name=name)], override=made, known=Known(fact) if fact else None
    )
    assert answer.classification.leverage == leverage


def told(row, **about):
    """Everything that is said about one row of XYZQ: answer, room, staleness, trail."""
    [answer] = decide([Query("XYZQ", "XYZQ", **row)], **about)
    made = answer.classification
    what = None
    if made is not None:
        what = (made.ticker, made.security_type.value, made.origin.value)
        what += (made.subtype and made.subtype.value, made.leverage, made.raw_label, made.name)
    trail = [tuple(map(str, attempt)) for attempt in answer.trail]
    return what, answer.served_by.value, answer.stale, trail


MADE = Classification("XYZQ", SecurityType.BOND, Origin.OVERRIDE, raw_label="mine (ana)")
UNASKED = Known(attempts=(Attempt("fmp", Outcome.ERROR, "is down"),))
NO_RULE = ("heuristics", "miss", "no rule speaks")


@pytest.mark.parametrize(
    ("row", "about", "expected"),
    [
        (
            {},
            {"override": MADE},
            (
                ("XYZQ", "bond", "override", None, 1.0, "mine (ana)", None),
                *("database", False, [("override", "hit", "overridden: mine (ana)")]),
            ),
        ),
        (
            {},
            {"override": MADE.replace(raw_label=None)},
            (
                ("XYZQ", "bond", "override", None, 1.0, None, None),
                *("database", False, [("override", "hit", "overridden")]),
            ),
        ),
        (
            {"is_cash": True, "provider": "plaid"},
            {},
            (
                ("XYZQ", "cash", "provider", None, 1.0, "cash", None),
                *("input", False, [("provider", "hit", "plaid says that this position is cash")]),
            ),
        ),
        (
            {"is_cash": True, "name": "Sample Money Market Fund"},
            {},
            (
                (
                    *("XYZQ", "cash", "provider", "money_market_fund", 1.0),
                    *("Sample Money Market Fund", None),
                ),
                *("input", False),
                [("provider", "hit", "the row says that this position is cash")],
            ),
        ),
        (
            {"provider_type": "option", "provider": "snaptrade", "name": "XYZQ call"},
            {},
            (
                ("XYZQ", "derivative", "provider", "option", 1.0, "option", None),
                *("input", False),
                [
                    (
                        *("provider", "hit"),
                        "snaptrade says 'option': not the listed security of that name",
                    )
                ],
            ),
        ),
        (
            {"provider_type": "cs", "provider": "snaptrade"},
            {"known": UNASKED},
            (
                ("XYZQ", "equity", "provider", "common_stock", 1.0, "cs", None),
                *("input", False),
                [("fmp", "error", "is down"), NO_RULE, ("provider", "hit", "snaptrade says 'cs'")],
            ),
        ),
        (
            {"provider_type": "cs"},
            {},
            (
                ("XYZQ", "equity", "provider", "common_stock", 1.0, "cs", None),
                *("input", False, [NO_RULE, ("provider", "hit", "the provider says 'cs'")]),
            ),
        ),
        (
            {},
            {"known": UNASKED},
            (
                ("XYZQ", "equity", "default", None, 1.0, None, None),
                *("rules", False),
                [
                    ("fmp", "error", "is down"),
                    NO_RULE,
                    ("default", "hit", "nobody knows it: equity, the conservative guess"),
                ],
            ),
        ),
        (
            {"name": "ProShares UltraPro Short QQQ"},
            {"known": UNASKED},
            (
                ("XYZQ", "etf", "heuristic", "etf", -3.0, "name_leveraged", None),
                *("rules", False),
                [
                    ("fmp", "error", "is down"),
                    ("heuristics", "hit", "rule name_leveraged: name: PROSHARES, ULTRAPRO, SHORT"),
                ],
            ),
        ),
    ],
)
def test_everything_that_is_said_about_a_row(row, about, expected):
    assert told(row, **about) == expected


def test_everything_that_is_said_about_a_blank_row():
    [answer] = decide([Query("", "")])
    why = "no ticker, so nobody can be asked; risk takes the worst rate"
    assert answer == Resolution(
        answer.query, None, ServedBy.INPUT, False, (Attempt("input", Outcome.MISS, why),)
    )


def test_of_disagreeing_providers_the_trail_says_so():
    rows = [
        Query("XYZQ", "XYZQ", provider=who, provider_type=word)
        for who, word in [("plaid", "etf"), ("snaptrade", "cs"), ("csv", "etf")]
    ]
    answers = decide(rows)
    assert {answer.security_type for answer in answers} == {SecurityType.EQUITY}
    note = "snaptrade says 'cs'; providers disagree, the riskier word stands"
    assert {answer.trail[-1] for answer in answers} == {Attempt("provider", Outcome.HIT, note)}


def test_what_the_witnesses_make_of_a_fact():
    fact = FACT.replace(
        security_type=SecurityType.EQUITY, subtype=None, raw_label="isEtf=false isFund=false"
    )
    known = Known(fact, ServedBy.MEMORY, (Attempt("memory", Outcome.HIT, "FMP: flags"),))
    row = Query("DSU", "DSU", name=FUND_NAME, provider="plaid", provider_type="mutual fund")
    [answer] = decide([row], known=known)
    note = (
        "FMP: equity; the name: 'Sample Debt Strategies Fund Inc', rule name_fund;"
        " Plaid: mutual fund -> mutual_fund, closed_end_fund"
    )
    assert answer == Resolution(
        answer.query,
        Classification(
            "DSU",
            SecurityType.MUTUAL_FUND,
            Origin.HEURISTIC,
            Subtype.CLOSED_END_FUND,
            raw_label="witnesses",
            observed_at=NOW,
        ),
        ServedBy.RULES,
        False,
        (Attempt("memory", Outcome.HIT, "FMP: flags"), Attempt("opinions", Outcome.HIT, note)),
    )


def test_what_is_known_counts_until_its_time_and_not_at_it():
    known = Known(FACT, fresh_until=NOW)
    assert known.is_fresh(NOW - timedelta(microseconds=1))
    assert not known.is_fresh(NOW)
    assert not Known(FACT).is_fresh(NOW)


def test_doubtful_are_missing_stale_and_guessed_answers():
    guess = FACT.replace(origin=Origin.HEURISTIC)
    answers = [
        Resolution(Query("A", "A"), made, ServedBy.MEMORY, stale)
        for made, stale in [(FACT, False), (FACT, True), (guess, False), (None, False)]
    ]
    answers.append(answers[0].replace(classification=FACT.replace(origin=Origin.DEFAULT)))
    assert doubtful(answers) == answers[1:]


OPINION = Classification(
    "DSU", SecurityType.EQUITY, Origin.OPENFIGI, Subtype.COMMON_STOCK, raw_label="Common Stock"
)


def test_an_unsettled_opinion_is_an_obstacle_in_the_trail():
    known = FRESH._replace(opinion=OPINION, is_opinion_stale=True)
    [answer] = decide([Query("DSU", "DSU")], known=known)
    note = (
        "FMP: mutual_fund; OpenFIGI: Common Stock -> equity, common_stock"
        " (unsettled: the riskier stands)"
    )
    assert answer == Resolution(
        answer.query,
        OPINION,
        ServedBy.MEMORY,
        True,
        (*FRESH.attempts, Attempt("opinions", Outcome.MISS, note)),
    )


def test_an_opinion_that_agrees_leaves_the_fact_as_fresh_as_it_is():
    opinion = OPINION.replace(security_type=SecurityType.MUTUAL_FUND, raw_label="Open-End Fund")
    known = FRESH._replace(opinion=opinion, is_opinion_stale=True)
    [answer] = decide([Query("DSU", "DSU")], known=known)
    assert (answer.classification, answer.stale) == (FACT, False)
    assert answer.trail[-1].outcome is Outcome.HIT


def test_an_opinion_alone_is_told_once():
    said = (Attempt("openfigi", Outcome.HIT, "OpenFIGI: Common Stock"),)
    known = Known(None, ServedBy.NETWORK, said, opinion=OPINION)
    [answer] = decide([Query("DSU", "DSU")], known=known)
    assert answer == Resolution(answer.query, OPINION, ServedBy.NETWORK, False, said)


@pytest.mark.parametrize("opinion", [None, OPINION])
def test_a_row_of_another_security_is_answered_by_its_own_identifier(opinion):
    fact = FACT.replace(name="Sample Debt Fund")
    row = Query("DSU", "DSU", name="Old Rail Lines", identifier="US5949181045")
    known = {"DSU": fact}
    if opinion is not None:
        known[row.identifier] = Known(None, ServedBy.DATABASE, opinion=opinion)
    [answer] = decide_all([row], overrides={}, known=known)
    why = "another security under this ticker: 'Sample Debt Fund', not 'Old Rail Lines'"
    assert answer.trail[1] == Attempt("likeness", Outcome.ERROR, why)
    made = answer.classification
    origin = Origin.DEFAULT if opinion is None else Origin.OPENFIGI
    assert (made.ticker, made.security_type, made.origin) == ("DSU", "equity", origin)
    assert answer.served_by is (ServedBy.RULES if opinion is None else ServedBy.DATABASE)
