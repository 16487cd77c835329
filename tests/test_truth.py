"""The rules on a table of well-known securities, written down from public knowledge.

Symbols, names and venues are public facts, also of securities that have been renamed or delisted
since; nothing in the table comes from a data file. A blank cell says nothing.
"""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from sectypes import datasets
from sectypes.heuristics import guess
from sectypes.taxonomy import SecurityType, Subtype
from sectypes.tickers import canonical

Row = dict[str, str]

TABLE = Path(datasets.__file__).parent / "known_types.csv"
with TABLE.open(encoding="utf-8", newline="") as file:
    next(file)  # says what the table is
    ROWS: list[Row] = list(csv.DictReader(file))

POOLED = {"etf", "mutual_fund", "cash"}


def answer(row: Row, name: str, exchange: str) -> tuple[str, str, float]:
    """Type, subtype and leverage; the package's default (equity) where no rule speaks."""
    found = guess(canonical(row["symbol"]), name=name or None, exchange=exchange or None)
    if found is None:
        return "equity", "", 1.0
    return found.security_type.value, found.subtype.value if found.subtype else "", found.leverage


def misses(names: list[str], exchanges: list[str]) -> list[str]:
    """What the rules say otherwise than the filled cells, one line each."""
    wrong = []
    for row, name, exchange in zip(ROWS, names, exchanges, strict=True):
        kind, subtype, leverage = answer(row, name, exchange)
        right = kind == row["security_type"] and row["subtype"] in ("", subtype)
        if not right or (row["leverage"] and leverage != float(row["leverage"])):
            wrong.append(f"{row} -> {kind}, {subtype}, {leverage}")
    return wrong


NAMES = [row["name"] for row in ROWS]
VENUES = [row["exchange"] for row in ROWS]
NOWHERE = [""] * len(ROWS)


@pytest.mark.parametrize(
    ("names", "exchanges"),
    [
        (NAMES, VENUES),
        (NAMES, NOWHERE),
        ([name.upper() for name in NAMES], VENUES),
        ([name.upper() for name in NAMES], NOWHERE),
        ([name.upper().replace(",", "") for name in NAMES], VENUES),
    ],
    ids=["name and venue", "name", "capitals and venue", "capitals", "no commas"],
)
def test_every_row_of_the_truth_table_is_right(names: list[str], exchanges: list[str]) -> None:
    assert misses(names, exchanges) == []


@pytest.mark.parametrize("exchanges", [VENUES, NOWHERE], ids=["venue", "no venue"])
def test_no_company_is_called_a_fund_when_its_name_is_cut(exchanges: list[str]) -> None:
    said = [
        answer(row, name[:30].strip(), venue)[0]
        for row, name, venue in zip(ROWS, NAMES, exchanges, strict=True)
    ]
    truths = [row["security_type"] for row in ROWS]
    dangerous = [
        row["name"]
        for row, kind in zip(ROWS, said, strict=True)
        if row["security_type"] == "equity" and kind in POOLED
    ]
    alarming = sum(
        kind == "equity" and truth in POOLED for kind, truth in zip(said, truths, strict=True)
    )
    assert dangerous == []
    assert alarming <= 0.10 * sum(truth in POOLED for truth in truths)


AT_LEAST = {
    ("bond", ""): 4,
    ("cash", "currency"): 10,
    ("cash", "money_market_fund"): 12,
    ("crypto", "cryptocurrency"): 10,
    ("derivative", "option"): 7,
    ("equity", ""): 200,
    ("equity", "adr"): 14,
    ("equity", "note"): 3,
    ("equity", "partnership"): 6,
    ("equity", "preferred"): 11,
    ("equity", "reit"): 14,
    ("equity", "right"): 2,
    ("equity", "unit"): 3,
    ("equity", "warrant"): 5,
    ("etf", "etf"): 150,
    ("etf", "etn"): 8,
    ("mutual_fund", "closed_end_fund"): 115,
    ("mutual_fund", "open_end_fund"): 38,
}


def test_the_table_is_not_thinned() -> None:
    counts = Counter((row["security_type"], row["subtype"]) for row in ROWS)
    assert set(counts) == set(AT_LEAST)
    assert all(counts[kind] >= least for kind, least in AT_LEAST.items())
    assert sum(row["leverage"] not in ("", "1") for row in ROWS) >= 60
    assert sum(row["symbol"][:1] == row["symbol"][4:] == "X" for row in ROWS) >= 7
    assert {kind for kind, _ in counts} <= set(SecurityType)
    assert {kind for _, kind in counts if kind} <= set(Subtype)


def test_a_symbol_stands_once_unless_its_name_decides() -> None:
    said = {(row["symbol"], row["name"]) for row in ROWS}
    assert len(said) == len(ROWS)
    twice = {
        symbol for symbol, count in Counter(row["symbol"] for row in ROWS).items() if count > 1
    }
    assert twice == {"BTC", "CASH", "ETH", "USD"}


@pytest.mark.parametrize("symbol", ["ALL", "BTC", "CASH", "COP", "ETH", "GOLD", "SOL", "USD"])
def test_a_bare_symbol_that_is_a_currency_or_coin_too_says_nothing(symbol: str) -> None:
    assert guess(symbol) is None


CUSTODIANS = """
    equity | ALLIANCEBERNSTEIN HLDG L P UNIT LTD PARTN
    equity | BLACKSTONE MTG TR INC COM CL A
    equity | BLACKSTONE SECD LENDING FD
    equity | CAMDEN PPTY TR SH BEN INT
    equity | CROSS TIMBERS RTY TR TR UNIT
    equity | DIGITAL RLTY TR INC
    equity | FEDERAL RLTY INVT TR NEW
    equity | FIRST INDL RLTY TR INC
    equity | FRANKLIN BSP RLTY TR INC
    equity | FRANKLIN RES INC
    equity | FS KKR CAP CORP
    equity | GOLUB CAP BDC INC
    equity | HEALTHCARE TR AMER INC CL A
    equity | INDUSTRIAL LOGISTICS PPTYS T
    equity | MORGAN STANLEY DIRECT LENDNG
    equity | MSC INCOME FD INC
    equity | NORTHERN TR CORP
    equity | OFFICE PPTYS INCOME TR
    equity | PENNYMAC MTG INVT TR
    equity | PRICE T ROWE GROUP INC
    equity | SCHWAB CHARLES CORP
    equity | SIXTH STREET SPECIALTY LENDI
    equity | STATE STR CORP
    equity | TRIPLEPOINT VENTURE GROWTH B
    equity | UNIVERSAL HEALTH RLTY INCM T
    equity | WESTERN ASSET MTG CAP CORP
    etf | DIREXION SHS ETF TR DAILY TSLA BULL 2X
    etf | FIDELITY COVINGTON TRUST MSCI INFO TECH I
    etf | FIRST TR EXCHANGE-TRADED ALP
    etf | FIRST TR EXCHNG TRADED FD VI
    etf | FIRST TR NASDAQ 100 TECH INDEX
    etf | GLOBAL X FDS NASDAQ 100 COVER
    etf | INVESCO EXCH TRADED FD TR II
    etf | ISHARES TR CORE S&P500 ETF
    etf | J P MORGAN EXCHANGE TRADED F
    etf | PROSHARES TR PSHS ULTRA QQQ
    etf | SCHWAB STRATEGIC TR US DIVIDEND EQ
    etf | SELECT SECTOR SPDR TR TECHNOLOGY
    etf | UNITED STS OIL FD LP UNITS
    etf | VANGUARD INDEX FDS S&P 500 ETF SHS
    etf | WISDOMTREE TR US QTLY DIV GRT
    mutual_fund | ABRDN HEALTHCARE INVESTORS
    mutual_fund | ADAMS DIVERSIFIED EQUITY FD
    mutual_fund | BARINGS CORPORATE INVS
    mutual_fund | BLACKROCK DEBT STRATEGIES FD INC
    mutual_fund | BLACKROCK ENHANCED CAP & INC
    mutual_fund | BLACKROCK LTD DURATION INC T
    mutual_fund | BLACKROCK MUNIHLDGS FD INC
    mutual_fund | CALAMOS CONV OPPORTUNITIES &
    mutual_fund | COHEN & STEERS INFRASTRUCTUR
    mutual_fund | EATON VANCE ENHANCED EQ INC
    mutual_fund | EATON VANCE TAX ADVT DIV INC
    mutual_fund | FLAHERTY & CRUMRINE DYN PFD
    mutual_fund | GABELLI DIVID & INCOME TR
    mutual_fund | GUGGENHEIM STRATEGIC OPPORTU
    mutual_fund | HANCOCK JOHN TAX-ADVANTAGED
    mutual_fund | MFS MULTIMARKET INCOME TR
    mutual_fund | NUVEEN AMT FREE QLTY MUN INC
    mutual_fund | NUVEEN PFD & INM OPPORTNY FD
    mutual_fund | PIMCO CORPORATE & INCM OPPRT
    mutual_fund | TORTOISE ENERGY INFRA CORP
    mutual_fund | WESTERN ASSET INFL LKD OPP &
"""


@pytest.mark.parametrize("line", CUSTODIANS.strip().splitlines())
def test_custodians_abbreviations(line: str) -> None:
    kind, name = line.strip().split(" | ")
    found = guess("SILL", name=name)
    assert (found.security_type.value if found else "equity") == kind
