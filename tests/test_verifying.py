"""The second opinion in the service: real servers for FMP and OpenFIGI, real databases."""

from __future__ import annotations

import warnings

import pandas as pd
import pytest
from support.fmp_server import profile, server_error
from support.openfigi_server import OpenFigiServer, row

from sectypes.errors import SourceRefused, UnresolvedWarning
from sectypes.service import SecurityTypeService
from sectypes.sources import OpenFigiSource
from sectypes.taxonomy import Query, Subtype

MANAGERS = "Asset Management - Income"
# Sample identifiers with right check digits; which securities have them does not matter here.
ISIN, OTHER_ISIN = "US0378331005", "US5949181045"


@pytest.fixture
def figi():
    with OpenFigiServer() as server:
        yield server


@pytest.fixture
def build(build, figi):
    """Services that ask a sample OpenFIGI server as well."""
    return lambda store=None, **changes: build(
        store, rooms={"second": OpenFigiSource(figi.settings())}, **changes
    )


def listed(fmp_server, symbol, **changes):
    """Let FMP know a symbol; no flag is set unless `changes` sets one."""
    fmp_server.profiles[symbol] = profile(symbol, **changes)


def told(service, ticker, **about):
    [answer] = service.resolve([Query(ticker, ticker, **about)])
    made = answer.classification
    return made.security_type.value, made.origin.value, answer.served_by.value


def share(fmp_server, symbol="BSTQ", **changes):
    listed(fmp_server, symbol, is_etf=False, is_fund=False, **changes)


def test_a_closed_end_fund_that_fmp_calls_equity_ends_as_a_fund_with_its_trail(
    build, store, fmp_server, figi
):
    share(fmp_server, companyName="Sample Science Corp")
    figi.add(row("BSTQ", "Closed-End Fund"))
    service = build(store)
    held = Query("BSTQ", "BSTQ", provider="plaid", provider_type="mutual fund")
    assert told(service, "BSTQ", provider="plaid", provider_type="mutual fund")[0] == "equity"
    [line] = service.verify([held])
    assert (line.before, line.second, line.is_settled) == ("equity", "Closed-End Fund", True)
    assert (line.security_type, line.subtype) == ("mutual_fund", Subtype.CLOSED_END_FUND)
    said = "FMP: equity; OpenFIGI: Closed-End Fund; Plaid: mutual fund"
    assert line.note == f"{said} -> mutual_fund, closed_end_fund"
    [answer] = service.resolve([held])
    assert (answer.security_type, answer.reason) == ("mutual_fund", line.note)


@pytest.mark.parametrize("restarts", [False, True])
def test_an_opinion_is_kept_and_outlives_a_new_fact(build, store, fmp_server, figi, restarts):
    share(fmp_server)
    figi.add(row("BSTQ", "Closed-End Fund"))
    held = Query("BSTQ", "BSTQ", provider_type="mutual fund")
    service = build(store)
    service.verify([held])
    service.force_refresh("BSTQ")
    service = build(store) if restarts else service
    [answer] = service.resolve(["BSTQ"])
    assert answer.classification.origin == "openfigi"
    assert answer.security_type == "mutual_fund"
    service.verify([held])
    assert figi.asked == ["BSTQ"]


def test_without_a_database_an_opinion_is_remembered(build, fmp_server, figi):
    share(fmp_server)
    figi.add(row("BSTQ", "Closed-End Fund"))
    service = build()
    service.verify([Query("BSTQ", "BSTQ", provider_type="mutual fund")])
    assert told(service, "BSTQ")[:2] == ("mutual_fund", "openfigi")


def test_an_old_opinion_still_counts_and_is_called_stale(build, store, fmp_server, figi, clock):
    share(fmp_server)
    figi.add(row("BSTQ", "Closed-End Fund"))
    build(store).verify([Query("BSTQ", "BSTQ", provider_type="mutual fund")])
    clock.advance(days=100)
    service = build(store)
    with pytest.warns(UserWarning, match="out-of-date facts: BSTQ"):
        [answer] = service.resolve(["BSTQ"])
    assert (answer.security_type, answer.stale) == ("mutual_fund", True)
    service.verify([Query("BSTQ", "BSTQ", provider_type="mutual fund")])
    assert figi.asked == ["BSTQ", "BSTQ"]
    assert not service.resolve(["BSTQ"])[0].stale


def test_what_nobody_doubts_is_not_asked(build, fmp_server, figi):
    share(fmp_server)
    listed(fmp_server, "FUNQ", is_etf=False, is_fund=True)
    rows = [Query("BSTQ", "BSTQ", provider_type="cs"), Query("FUNQ", "FUNQ", provider_type="cs")]
    assert build().verify([*rows, Query("", ""), Query("CUR:USD", "CUR:USD")]) == []
    assert figi.jobs == []


def test_what_no_rule_settles_stays_with_the_riskier_type(build, fmp_server, figi):
    share(fmp_server)
    [line] = build().verify([Query("BSTQ", "BSTQ", provider="plaid", provider_type="etf")])
    assert (line.security_type, line.second, line.is_settled) == ("equity", None, False)
    assert line.note == "FMP: equity; Plaid: etf -> equity (unsettled: the riskier stands)"
    assert figi.asked == ["BSTQ"]


def test_two_witnesses_make_a_guess_and_openfigi_a_fact(build, fmp_server, figi):
    share(fmp_server, companyName="Sample Debt Strategies Fund", industry=MANAGERS)
    figi.add(row("BSTQ", "Common Stock"))
    service = build()
    assert told(service, "BSTQ") == ("mutual_fund", "heuristic", "rules")
    [line] = service.verify(["BSTQ"])
    assert (line.security_type, line.second, line.is_settled) == ("equity", "Common Stock", True)
    assert told(service, "BSTQ")[:2] == ("equity", "fmp")


@pytest.mark.parametrize("is_automatic", [False, True])
def test_where_fmp_has_no_answer_openfigi_is_asked_if_the_settings_say_so(
    build, store, figi, is_automatic
):
    figi.add(row("NEWQ", "ETP", name="SAMPLE DAILY BULL 3X ETF"))
    service = build(store, openfigi=is_automatic)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnresolvedWarning)
        first, again = told(service, "NEWQ"), told(service, "NEWQ")
    if is_automatic:
        assert (first, again) == (("etf", "openfigi", "network"), ("etf", "openfigi", "memory"))
        assert told(build(store), "NEWQ") == ("etf", "openfigi", "database")
        [answer] = service.resolve(["NEWQ"])
        assert answer.classification.leverage == 3.0
    else:
        assert (first, again) == (("equity", "default", "rules"),) * 2
    assert figi.asked == ["NEWQ"] * is_automatic


def test_a_failing_first_source_is_asked_again_in_minutes_and_the_second_is_not(
    build, fmp_server, figi, clock
):
    fmp_server.script("NEWQ", server_error(), forever=True)
    figi.add(row("NEWQ", "ETP"))
    service = build(openfigi=True)
    assert told(service, "NEWQ")[:2] == ("etf", "openfigi")
    calls = len(fmp_server.calls)
    clock.advance(minutes=6)
    assert told(service, "NEWQ")[:2] == ("etf", "openfigi")
    assert len(fmp_server.calls) > calls
    assert figi.asked == ["NEWQ"]


def test_a_stale_fact_goes_before_a_second_opinion(build, store, fmp_server, figi, clock):
    listed(fmp_server, "FUNQ", is_etf=False, is_fund=True)
    build(store).resolve(["FUNQ"])
    fmp_server.script("FUNQ", server_error(), forever=True)
    figi.add(row("FUNQ", "Common Stock"))
    clock.advance(days=100)
    with pytest.warns(UserWarning, match="out-of-date facts: FUNQ"):
        assert told(build(store, openfigi=True), "FUNQ")[:2] == ("mutual_fund", "fmp")
    assert figi.jobs == []


def test_a_key_that_is_an_identifier_is_asked_by_it(build, store, fmp_server, figi):
    figi.add(row("BONQ", "US DOMESTIC", marketSector="Corp", securityType2="Corp"), isin=ISIN)
    assert told(build(store, openfigi=True), ISIN) == ("bond", "openfigi", "network")
    assert told(build(store), ISIN) == ("bond", "openfigi", "database")
    assert fmp_server.calls == []


def test_a_holding_s_identifier_says_which_listing_is_meant(build, figi):
    figi.add(row("VABQ", "ETP"), isin=ISIN)
    held = {"identifier": ISIN}
    assert told(build(openfigi=True), "VABQ.TO", **held)[:2] == ("etf", "openfigi")


def test_an_identifier_outranks_the_ticker(build, store, fmp_server, figi):
    listed(fmp_server, "OLDQ", is_etf=True, is_fund=False, isin=ISIN, companyName="Sample ETF")
    figi.add(row("NEWQ", "Common Stock"), isin=OTHER_ISIN)
    service = build(store, openfigi=True)
    rows = [Query("OLDQ", "OLDQ", identifier=one) for one in (ISIN, ISIN[2:11], OTHER_ISIN, None)]
    answers = service.resolve(rows)
    assert [a.security_type for a in answers] == ["etf", "etf", "equity", "etf"]
    assert answers[2].classification.origin == "openfigi"
    assert f"another security under this ticker: {ISIN}, not {OTHER_ISIN}" in answers[2].reason
    again = build(store).resolve(rows)
    assert [a.security_type for a in again] == ["etf", "etf", "equity", "etf"]


def test_a_fact_under_another_name_is_flagged_and_not_trusted(build, fmp_server):
    listed(fmp_server, "OLDQ", is_etf=True, is_fund=False, companyName="Sunny Bakeries ETF")
    service = build()
    rows = [
        Query("OLDQ", "OLDQ", name="SUNNY BAKERIES ETF"),
        Query("OLDQ", "OLDQ", name="Old Rail Lines Inc", provider="plaid", provider_type="equity"),
    ]
    mine, other = service.resolve(rows)
    assert (mine.security_type, mine.classification.origin) == ("etf", "fmp")
    assert (other.security_type, other.classification.origin) == ("equity", "provider")
    assert "another security under this ticker: 'Sunny Bakeries ETF'" in other.reason


def test_the_exchange_of_a_row_is_evidence_for_the_rules():
    service = SecurityTypeService(source=None, store=None, second=None)
    coin = Query("BTCUSD", "BTC-USD", name="Bitcoin USD", exchange="CCC")
    [answer] = service.resolve([coin])
    assert answer.security_type == "crypto"


def test_nobody_to_verify_with():
    service = SecurityTypeService(source=None, store=None, second=None)
    with pytest.raises(SourceRefused, match="no second source"):
        service.verify(["BSTQ"])


def test_a_frame_s_identifiers_and_exchanges_are_read(build, store, fmp_server):
    listed(fmp_server, "OLDQ", is_etf=True, is_fund=False, isin=ISIN)
    frame = pd.DataFrame({"ticker": ["OLDQ"] * 2, "ISIN": [f" {ISIN.lower()} ", OTHER_ISIN]})
    service = build(store)
    with pytest.warns(UnresolvedWarning, match="OLDQ"):
        answers = frame.sectype.explain(service)
    assert answers["security_type"].tolist() == ["etf", "equity"]
    assert answers["origin"].tolist() == ["fmp", "default"]


def test_a_frame_is_verified_and_not_changed(build, fmp_server, figi):
    share(fmp_server)
    figi.add(row("BSTQ", "Closed-End Fund"))
    frame = pd.DataFrame({"ticker": ["BSTQ", "DSU", "NEWQ"], "provider_type": "mutual fund"})
    before = frame.copy(deep=True)
    found = frame.sectype.verify(build())
    pd.testing.assert_frame_equal(frame, before)
    assert found["ticker"].tolist() == ["BSTQ", "NEWQ"]
    assert found["second"].fillna("").tolist() == ["Closed-End Fund", ""]
    assert found["security_type"].tolist() == ["mutual_fund", "mutual_fund"]
    assert found["is_settled"].tolist() == [True, False]
    assert found["before"].isna().tolist() == [False, True]


def test_a_series_of_which_nothing_is_doubtful(build):
    found = pd.Series(["DSU"]).sectype.verify(build(), provider_types=["mutual fund"])
    assert found.empty
    assert list(found) == [
        *("ticker", "before", "second", "security_type", "subtype"),
        *("is_settled", "note", "failure"),
    ]


@pytest.mark.parametrize("turn", [1, -1])
def test_another_row_s_figi_does_not_hide_a_contradicting_isin(build, store, fmp_server, turn):
    listed(fmp_server, "OLDQ", is_etf=True, is_fund=False, isin=ISIN, companyName="Sample ETF")
    rows = [Query("OLDQ", "OLDQ", identifier=one) for one in (OTHER_ISIN, "BBG000B9XRY4")]
    with pytest.warns(UnresolvedWarning, match="OLDQ"):
        answers = build(store).resolve(rows[::turn])[::turn]
    assert [a.security_type for a in answers] == ["equity", "etf"]
    assert f"{ISIN}, not {OTHER_ISIN}" in answers[0].reason


FUND_ROW = row("PAIQ", "ETP", name="GLACIER HIGH INTEREST SAVIN")
FUND = Query("PAIQ", "PAIQ", name="Glacier High Interest Savings", provider_type="etf")
COMPANY = Query("PAIQ", "PAIQ", name="Pathway Sample Bancorp", provider_type="cs")


@pytest.mark.parametrize("is_automatic", [False, True])
@pytest.mark.parametrize("fmp_has", [{"isin": OTHER_ISIN}, {"isin": None}, None])
def test_one_person_s_identifier_says_nothing_about_another_s_ticker(
    build, store, fmp_server, figi, is_automatic, fmp_has
):
    if fmp_has is not None:
        share(fmp_server, "PAIQ", companyName="Pathway Sample Bancorp", **fmp_has)
    figi.add(FUND_ROW, isin=ISIN)
    mine = FUND.replace(identifier=ISIN)
    [line] = build(store, openfigi=is_automatic).verify([mine])
    assert (line.before, line.security_type, line.is_settled) == (None, "etf", True)
    later = build(store, openfigi=is_automatic)
    for rows in ([mine], [COMPANY], [mine, COMPANY], [COMPANY, mine]):
        told_of = {one.query.name: one for one in later.resolve(rows)}
        if mine in rows:
            assert told_of[FUND.name].classification.origin == "openfigi"
            assert told_of[FUND.name].security_type == line.security_type
        if COMPANY in rows:
            assert told_of[COMPANY.name].security_type == "equity"
            assert told_of[COMPANY.name].classification.origin == ("fmp" if fmp_has else "provider")


def test_an_identifier_of_the_same_security_counts_for_its_ticker(build, store, fmp_server, figi):
    share(fmp_server, companyName="Sample Science Corp", isin=ISIN)
    figi.add(row("BSTQ", "Closed-End Fund", name="SAMPLE SCIENCE TR"), cusip=ISIN[2:11])
    held = Query("BSTQ", "BSTQ", identifier=ISIN[2:11], provider_type="mutual fund")
    [line] = build(store).verify([held])
    assert (line.before, line.security_type) == ("equity", "mutual_fund")
    assert told(build(store), "BSTQ")[:2] == ("mutual_fund", "openfigi")


def test_two_identifiers_under_one_unknown_ticker_are_two_securities(build, figi):
    figi.add(FUND_ROW, isin=ISIN)
    figi.add(row("PAIQ", name="PATHWAY SAMPLE BANCORP"), isin=OTHER_ISIN)
    rows = [Query("PAIQ", "PAIQ", identifier=one) for one in (ISIN, OTHER_ISIN)]
    answers = build(openfigi=True).resolve(rows)
    assert [a.security_type for a in answers] == ["etf", "equity"]


def test_an_opinion_of_another_name_is_left_out(build, figi):
    figi.add(FUND_ROW)
    service = build(openfigi=True)
    assert told(service, "PAIQ", name="Glacier High Interest")[:2] == ("etf", "openfigi")
    said = {"name": COMPANY.name, "provider_type": "cs"}
    assert told(service, "PAIQ", **said) == ("equity", "provider", "input")
    [answer] = service.resolve([COMPANY])
    assert "another security under this ticker: 'GLACIER HIGH INTEREST SAVIN'" in answer.reason
    [line] = service.verify([COMPANY])
    assert (line.second, line.security_type, line.is_settled) == (None, "equity", False)


def test_an_opinion_of_another_name_than_the_fact_s_does_not_settle(build, fmp_server, figi):
    share(fmp_server, "PAIQ", companyName="Pathway Sample Bancorp")
    figi.add(FUND_ROW)
    service = build()
    [line] = service.verify([Query("PAIQ", "PAIQ", provider_type="etf")])
    assert (line.second, line.security_type, line.is_settled) == (None, "equity", False)
    assert "not 'Pathway Sample Bancorp'" in line.note
    assert told(service, "PAIQ")[:2] == ("equity", "fmp")


def test_a_trail_says_each_thing_once_however_often_it_is_verified(build):
    service = build()
    for _ in range(3):
        service.verify(["NEWQ"])
    with pytest.warns(UnresolvedWarning, match="NEWQ"):
        [answer] = service.resolve(["NEWQ"])
    rooms = [one.room for one in answer.trail]
    assert rooms == ["database", "fmp", "openfigi", "heuristics", "default"]
