"""Names as custodians and filings write them: terms of issues, common shares, leverage untold.

Houses and issuers are invented unless a rule is about a house; the patterns are the trade's.
"""

from __future__ import annotations

import math

import pytest

from sectypes.guesses import without_fact
from sectypes.heuristics import guess, leverage_from_name, says_debt
from sectypes.heuristics.lexicon import Sign
from sectypes.heuristics.terms import terms_in
from sectypes.taxonomy import Query, SecurityType
from sectypes.tickers import canonical

NUMBER = "8XYZ123"
"""A key as custodians number what has no ticker."""


def said(key: str, name: str) -> tuple[str, str, str]:
    """Type, subtype and rule of a guess, "-" where there is none."""
    found = guess(canonical(key), name=name)
    if found is None:
        return "-", "-", "-"
    return found.security_type.value, str(found.subtype or "-"), found.rule


@pytest.mark.parametrize(
    "name",
    [
        "SILLY MUN CR INCOME FD COM",
        "SILLY UTIL INCOME FD COM SH BEN INT",
        "SILLY TR LRGE CP CORE ALPHA FD COM SHS",
        "Silly Small Cap Value Fund Com",
    ],
)
def test_common_shares_of_a_fund_are_closed_end(name: str) -> None:
    assert said("SIL", name) == ("mutual_fund", "closed_end_fund", "name_fund")


def test_a_company_named_fund_com_is_no_fund() -> None:
    assert said("SIL", "Fund.com Inc")[0] == "-"
    assert said("SIL", "FUND COM INC")[0] == "-"


@pytest.mark.parametrize(
    "name",
    [
        "SILLY TRANSN TRUST FUND AUTH 5% 06/15/2044",
        "SILLY STRATEGIC INCOME FD 6.35% 2029",
        "SILLY MTR CR CO LLC 7.35% 11/04/2027",
        "SILLY MTR CR CO 7.35%27 DUE 11/04/27",
        "SILLY MTR CR USD 7.35% DUE 11/04/27",
        "SILLY INC SR NT 3.85% 05/04/2043",
        "SILLY INC SR NT 3.85% MAY 4 2043",
        "SILLY INC 05/04/2043 3.850%",
        "SILLY 4.5%05/25UST NOTE",
    ],
)
def test_a_coupon_with_its_maturity_is_a_bond(name: str) -> None:
    for key in ("", NUMBER):
        assert said(key, name)[::2] == ("bond", "name_coupon")


@pytest.mark.parametrize(
    "name", ["SILLY ST TRANSN FD REV 5%", "SILLY ST FAC MUN BD 4%", "SILLY PORT AUTHORITY 5%"]
)
def test_a_public_borrowers_coupon_is_a_municipal_bond(name: str) -> None:
    assert said(NUMBER, name) == ("bond", "municipal", "name_coupon")


@pytest.mark.parametrize(
    ("key", "name", "kind"),
    [
        ("", "Silly Asset Manager 70% Fund", "mutual_fund"),
        ("", "SILLY GOVT MMKT 4.97% 12/31/2024", "cash"),
        ("", "SILLY BK 6% PFD 06/15/2044", "equity"),
        ("", "SILLY BK SHS REP 5% 1/40TH INT", "-"),
        # A listed note counts as equity.
        ("SILN", "Silly Inc 6.5% Notes 06/15/2044", "equity"),
        ("SILLO", "Silly Inc 6.5% Notes due 2044", "equity"),
    ],
)
def test_not_every_percentage_is_a_bonds_coupon(key: str, name: str, kind: str) -> None:
    assert said(key, name)[0] == kind


@pytest.mark.parametrize(
    "name",
    [
        "GOLDMAN SACHS LEVERAGED BUFFERED S&P 500 INDEX-LINKED NOTES",
        "CREDIT SUISSE DIGITAL BUFFER NOTES RUSSELL 2000",
        "SILLY BANK BUFFERED PARTICIPATION SECURITIES",
        "SILLY BANK BUFFERED PARTICIPATION SECURITIES SPDR S&P 500 ETF TR",
        "SILLY BANK MARKET LINKED INVESTMENTS S&P 500 2X LEVERAGED UPSIDE",
    ],
)
def test_a_banks_linked_notes_are_no_fund(name: str) -> None:
    assert said(NUMBER, name) == ("equity", "structured_product", "name_structured")
    assert guess(NUMBER, name=name).leverage == 1.0


def test_a_fund_houses_note_is_no_fund() -> None:
    assert said(NUMBER, "MORGAN STANLEY FLOATING RATE NOTE 2027")[0] == "-"
    assert said(NUMBER, "JPMORGAN FLOATING RATE NT 2028")[0] == "-"
    assert said("SILY", "JPMorgan Floating Rate Income")[0] == "mutual_fund"
    assert said("SILY", "Templeton Emerging Markets Deb")[0] == "etf"


def answered(name: str, word: str, key: str = NUMBER) -> tuple[str, str | None]:
    """Type and the words it rests on, where nobody knows a fact and the provider says a word."""
    query = Query(key, key, name=name, provider_type=word)
    answer = without_fact(key, [query], [])[0]
    return answer.security_type.value, answer.raw_label


def test_the_word_bond_stands_where_the_name_states_debt() -> None:
    assert answered("SILLY STRATEGIC INCOME FD 6.35%", "fixed income") == ("bond", "fixed income")
    assert answered("SILLY INCOME FD NTS", "Municipal Bond") == ("bond", "Municipal Bond")
    assert answered("SILLY INCOME FD", "fixed income") == ("mutual_fund", "name_fund")
    assert answered("SILLY INCOME FD 6.35%", "mutual fund") == ("mutual_fund", "name_fund")


def test_the_word_bond_moves_neither_a_quote_nor_an_etf() -> None:
    assert answered("SILLY 4.2% BD FD", "fixed income", "SILYX")[1] == "fund_suffix_x"
    assert answered("Silly 4.2% Bond ETF", "fixed income") == ("etf", "name_etf")


def test_the_trail_says_why_a_fund_by_name_gave_way() -> None:
    query = Query("", "", name="SILLY STRATEGIC INCOME FD 6.35%", provider_type="fixed income")
    trail = without_fact("", [query], [])[3]
    notes = [attempt.note for attempt in trail]
    assert "the provider says bond" in notes[0]
    assert "'fixed income'" in notes[1]


def test_says_debt() -> None:
    assert says_debt("SILLY BANK FLTG RTE NT")
    assert not says_debt("Silly Corp")
    assert not says_debt(None)


@pytest.mark.parametrize(
    "name",
    [
        "DIREXION DAILY SEMICONDUCTOR",
        "DIREXION SHS ETF TR DLY SCOND",
        "DIREXION DAILY 20+ YEAR TREASU",
        "DIREXION DAILY MAGNIFICENT 7 B",
        "DIREXION MONTHLY SILLY 25+ YEAR TREA",
        "SILLY ETF LEVERAGED MSCI USA DAILY UCITS ETF",
        "SILLY Nikkei 225 Leveraged Index ETF",
        "SILLY KOSPI LEVERAGE ETF",
        "SILLY GEARED AUSTRALIAN EQUITY FUND",
        "SILLY LEVDAX DAILY UCITS ETF",
        "SILLY NATURAL GAS INVERSE LEVERAGED DAILY BEAR ETF",
        "Silly Leveraged Long/Short ETF",
        "BANK OF SILLY MICROSECTORS",
        "MICROSECTORS SILLY & INNOVATION",
    ],
)
def test_leverage_without_a_number_is_unknown(name: str) -> None:
    assert math.isnan(leverage_from_name(name))


@pytest.mark.parametrize(
    ("name", "multiple"),
    [
        ("Silly Leveraged Loan ETF", 1.0),
        ("Silly Leveraged Company Stock Fund", 1.0),
        ("Silly Non-Leveraged Index ETF", 1.0),
        ("Leverage Shares Silly ETP", 1.0),
        ("MicroSectors Silly ETN", 1.0),
        ("Silly Leveraged 2X Long ETF", 2.0),
        ("XTRACKERS SHORTDAX X2 DAILY SWAP UCITS ETF", -2.0),
        ("XTRACKERS SHORTDAX DAILY SWAP UCITS ETF", -1.0),
        ("XTRACKERS LEVDAX X2 DAILY UCITS ETF", 2.0),
        ("Roundhill Silly WeeklyPay ETF", 1.2),
    ],
)
def test_leverage_that_is_told_or_not_meant(name: str, multiple: float) -> None:
    assert leverage_from_name(name) == multiple
    assert leverage_from_name(name.upper()) == multiple


@pytest.mark.parametrize("key", ["", NUMBER, "SPY"])
@pytest.mark.parametrize(
    "name",
    [
        "PUT (SPY) SPDR S&P500 ETF JUN 20 25 $500 (100 SHS)",
        "CALL (QQQ) INVESCO QQQ TR JAN 16 26 $500 (100 SHS)",
        "CALL SPDR S&P 500 ETF TR $600 EXP 12/19/25",
        "SPDR S&P 500 ETF 19DEC25 600 CALL",
        "SPY Jan 16 2026 500 Put",
    ],
)
def test_an_option_on_a_fund_is_an_option(key: str, name: str) -> None:
    assert said(key, name) == ("derivative", "option", "name_option")


def test_funds_and_companies_of_calls_are_no_options() -> None:
    assert said("SILY", "Silly S&P 500 Covered Call ETF")[0] == "etf"
    assert said("SILY", "Silly Covered Call & Income Fund")[0] == "mutual_fund"
    assert said("SILY", "Call Now Silly Inc")[0] == "-"


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("ESM26", "E-MINI S&P 500 FUTURE"),
        ("", "E-MINI S&P 500 FUTURE JUN 26"),
        (NUMBER, "MICRO SILLY INDEX FUTURES SEP25"),
    ],
)
def test_a_future_with_its_month_is_a_future(key: str, name: str) -> None:
    assert said(key, name) == ("derivative", "future", "name_future")


@pytest.mark.parametrize(
    ("key", "name", "kind"),
    [
        ("SILY", "Silly VIX Futures ETF Jun 26", "etf"),
        ("SILY", "Silly Oil Futures Fund", "etf"),
        ("SIM26", "Silly Future Motors Inc", "-"),
        ("SILY", "Silly Future", "-"),
    ],
)
def test_funds_and_companies_of_futures_are_no_futures(key: str, name: str, kind: str) -> None:
    assert said(key, name)[0] == kind


def test_terms_need_their_word() -> None:
    assert terms_in("CALL SILLY 12/19/25", 0) == []
    assert terms_in("CALL SILLY 12/19/25", int(Sign.OPTION)) == [(int(Sign.EXPIRY), "12/19/25")]
    assert terms_in("SILLY PUT AND CALL 12/19/25 TRUST", int(Sign.OPTION)) == []
    assert terms_in("SILLY 5% MARKET 500", int(Sign.PERCENT)) == []


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("VEA", "VANGUARD TAX-MANAGED FDS"),
        ("VTEB", "VANGUARD MUN BD FDS"),
        ("COWZ", "PACER FDS TR"),
        ("SIL", "UNITED SILLY STS NAT GAS FD"),
    ],
)
def test_listed_funds_of_houses_without_closed_end_funds(key: str, name: str) -> None:
    assert said(key, name)[0] == "etf"


def test_other_houses_and_unlisted_funds_stay_funds() -> None:
    assert said("SIL", "SILLY MUN BD FDS")[0] == "mutual_fund"
    assert said(NUMBER, "VANGUARD TAX-MANAGED FDS")[0] == "mutual_fund"


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("TDB900", "SILLY CANADIAN INDEX FUND E SERIES"),
        ("TDB900.TO", "SILLY CANADIAN INDEX FUND E SERIES"),
        ("0P0000ABCD.TO", "SILLY CANADIAN INDEX FUND"),
        ("", "BLACKROCK LIFEPATH INDEX 2050 FUND N"),
        ("OQQH", "SILLY LIFEPATH INDEX 2050 FD O"),
    ],
)
def test_an_index_fund_that_is_not_listed_is_open_end(key: str, name: str) -> None:
    assert said(key, name)[:2] == ("mutual_fund", "open_end_fund")


@pytest.mark.parametrize("key", ["SIL", "SIL.TO", "1234.T", "SILLY.L"])
def test_a_listed_index_fund_is_exchange_traded(key: str) -> None:
    assert said(key, "Silly Index Fund") == ("etf", "etf", "name_index_fund")


@pytest.mark.parametrize(
    "name", ["SILLY CAP NON-LENDING SERIES FUND", "SILLY 1000 SECURITIES LENDING SERIES FUND"]
)
def test_a_trust_that_lends_its_securities_is_no_lender(name: str) -> None:
    assert said("", name)[:2] == ("mutual_fund", "open_end_fund")
    assert said("SILL", "Silly Direct Lending Fund")[2] == "name_lender"


@pytest.mark.parametrize(
    ("key", "name", "subtype"),
    [
        (NUMBER, "SILLY REAL ESTATE INCOME", "reit"),
        (NUMBER, "JPMORGAN REAL ESTATE INCOME", "reit"),
        ("1234.T", "SILLY BUILDING FUND INC", "reit"),
        ("1234.T", "SILLY METROPOLITAN FUND INVESTMENT CORP", "reit"),
    ],
)
def test_property_companies_named_income_or_fund(key: str, name: str, subtype: str) -> None:
    assert said(key, name)[:2] == ("equity", subtype)


def test_an_incorporated_income_trust_is_no_fund_without_a_house() -> None:
    assert said(NUMBER, "SILLY GLOBAL INCOME TRUST INC")[0] == "-"
    assert said("SIL", "BlackRock Silly Income Trust, Inc.")[0] == "mutual_fund"
    assert said("SIL", "Silly Income Trust")[0] == "mutual_fund"


def test_a_fund_of_property_stays_a_fund() -> None:
    assert said("SIL", "Nuveen Real Estate Income Fu")[0] == "mutual_fund"
    assert said(NUMBER, "Nuveen Real Estate Income Fund")[0] == "mutual_fund"
    assert said("1234.T", "SILLY TOPIX FUND ETF")[0] == "etf"


def test_a_short_name_is_never_cut() -> None:
    assert said("CORE", "CORE MARK")[0] == "-"
    assert said("SIL", "SILLY EMERGING MARK ALLOCATION INC")[0] == "-"
    assert said("SIL", "INVESCO EMERGING MARK")[0] == SecurityType.MUTUAL_FUND.value
