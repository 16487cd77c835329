"""Brokers' tables: headers, titles, totals, numbers, cash, Excel, frames."""

from __future__ import annotations

import codecs
import datetime
import io
import math
import zipfile
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.workbooks import workbook_of as workbook

from sectypes.errors import HoldingsWarning, InputError
from sectypes.holdings import read_holdings, read_ticker_column
from sectypes.holdings.amounts import parse_amount, parse_number
from sectypes.holdings.frame import text_dtype
from sectypes.holdings.headers import match_header

# Sample exports: the layout is the brokers', the values are invented.
FIDELITY = """\ufeffAccount Number,Account Name,Symbol,Description,Quantity,Last Price,\
Last Price Change,Current Value,Today's Gain/Loss Dollar,Percent Of Account,Cost Basis Total,\
Average Cost Basis,Type
Z1,INDIVIDUAL,SPAXX**,HELD IN MONEY MARKET,,,,$1234.56,,5%,,,Cash,
Z1,INDIVIDUAL,XYZQ,SAMPLE INC,10,$250.00,+$1.00,$2500.00,+$10.00,10%,$2000.00,$200.00,Cash,
Z1,INDIVIDUAL,-XYZQ301220C100,XYZQ DEC 20 2030 $100 CALL,-1,$5.25,,-$525.00,,,$610.00,$6.10,Margin,
Z1,INDIVIDUAL,Pending Activity,,,,,$-50.00,,,,,,
Z2,ROTH,912797AA9,SAMPLE TREASURY BILL,20000,$99.00,,$19800.00,,,,,Cash,


"The data and information in this spreadsheet is provided to you solely for your use, as is."

"Brokerage services are provided by Sample LLC, 1 Sample Street."

"Date downloaded Nov-22-2030 1:23 p.m ET"
"""
SCHWAB = """"Positions for All-Accounts as of 09:59 AM ET, 2030/03/01"

"Individual ...123"
"Symbol","Description","Qty (Quantity)","Price","Price Chng $ (Price Change $)",\
"Mkt Val (Market Value)","Cost Basis","% of Acct (% of Account)","Security Type"
"XYZQ","SAMPLE INC","1,000","$2.50","(1.5)","$2,500.00","$1.00","5%","Equity"
"Cash & Cash Investments","--","--","--","--","$1,234.50","--","1%","Cash and Money Market"
"Account Total","--","--","--","--","$3,734.50","--","--","--"

"IRA"
"Symbol","Description","Qty (Quantity)","Price","Price Chng $ (Price Change $)",\
"Mkt Val (Market Value)","Cost Basis","% of Acct (% of Account)","Security Type"
"XYZ/B","SAMPLE B","(5)","$500.00","0","($2,500.00)","N/A","--","Equity"
"Account Total","--","--","--","--","($2,500.00)","--","--","--"
"""
VANGUARD = """Account Number,Investment Name,Symbol,Shares,Share Price,Total Value,
123,SAMPLE 500 INDEX,VFIAX,10.5,600.00,6300.00,
123,SAMPLE TARGET TRUST,,100,50,5000,
123,Total Stock Market Index Trust,,100,,5000,



Account Number,Trade Date,Settlement Date,Transaction Type,Investment Name,Symbol,Shares,\
Share Price,Principal Amount,Commission Fees,Net Amount,Accrued Interest,Account Type,
123,2030-01-02,2030-01-03,Buy,SAMPLE 500 INDEX,VFIAX,1,500,-500,0,-500,0,CASH,
"""
ETRADE = """Account Summary
Account,Net Account Value,Total Gain $,Total Gain %
"Individual Brokerage -1234",10000,5,1

View Summary - Positions

Symbol,Last Price $,Change $,Change %,Quantity,Price Paid $,Day's Gain $,Total Gain %,Value $
XYZQ,250,1,0.1,10,200,1,3,2500.00
CASH,,,,,,,,100.00
TOTAL,,,,,,1,3,2600.00


Generated at Nov 22 2030 01:02 PM ET
"""
INTERACTIVE = """Statement,Header,Field Name,Field Value
Statement,Data,BrokerName,Sample
Open Positions,Header,DataDiscriminator,Asset Category,Currency,Symbol,Quantity,Mult,Cost Price,\
Cost Basis,Close Price,Value,Unrealized P/L,Code
Open Positions,Data,Summary,Stocks,EUR,XYZQ,10,1,200,2000,250,2500,500,
Open Positions,Data,Lot,Stocks,EUR,XYZQ,10,1,200,2000,250,2500,500,
Open Positions,Data,Summary,Equity and Index Options,USD,XYZQ 20DEC30 100 C,-1,100,6.1,,5.25,,85,
Open Positions,Total,,Stocks,EUR,,,,,2000,,2500,500,
Trades,Header,DataDiscriminator,Asset Category,Currency,Symbol,Date/Time,Quantity,T. Price,Proceeds
Trades,Data,Order,Stocks,USD,QQQX,"2030-01-01, 10:00:00",5,1,5
Financial Instrument Information,Header,Asset Category,Symbol,Description,Conid,Multiplier
Financial Instrument Information,Data,Stocks,XYZQ,SAMPLE INC,1,1
"""
FIVE = ["ticker", "is_cash", "units", "value", "cost_basis"]


def rows(frame: pd.DataFrame, columns: list[str] = FIVE) -> list[list[Any]]:
    """The frame's rows as lists with None for what is missing."""
    loose = frame[columns].astype(object)
    return loose.where(loose.notna(), None).to_numpy().tolist()  # type: ignore[no-any-return]


def problems(source: Any, match: str) -> list[tuple[Any, Any]]:
    """Row and column of each problem that reading raises."""
    with pytest.raises(InputError, match=match) as caught:
        read_holdings(source)
    return [(problem.row, problem.column) for problem in caught.value.problems]


# -- brokers ------------------------------------------------------------------------------------


def test_fidelity() -> None:
    frame = read_holdings(FIDELITY)
    assert rows(frame) == [
        ["SPAXX**", True, None, 1234.56, None],
        ["XYZQ", False, 10, 2500, 2000],
        ["-XYZQ301220C100", False, -1, -525, 610],
        ["Pending Activity", True, None, -50, None],
        ["912797AA9", False, 20000, 19800, None],
    ]
    assert frame["account"].tolist() == ["Z1"] * 4 + ["Z2"]
    assert frame["provider_type"].isna().all()  # its column Type tells the account's kind


def test_schwab_repeats_the_header_for_each_account() -> None:
    frame = read_holdings(SCHWAB)
    assert rows(frame) == [
        ["XYZQ", False, 1000, 2500, 1],
        ["Cash & Cash Investments", True, None, 1234.5, None],
        ["XYZ/B", False, -5, -2500, None],
    ]
    assert frame["account"].tolist() == ["Individual ...123"] * 2 + ["IRA"]
    assert frame["name"].isna().tolist() == [False, True, False]


def test_vanguard_keeps_unlisted_trusts_and_leaves_transactions_out() -> None:
    frame = read_holdings(VANGUARD)
    assert rows(frame) == [
        ["VFIAX", False, 10.5, 6300, None],
        [None, False, 100, 5000, None],
        [None, False, 100, 5000, None],
    ]
    assert frame["name"][2] == "Total Stock Market Index Trust"


def test_etrade() -> None:
    assert rows(read_holdings(ETRADE)) == [
        ["XYZQ", False, 10, 2500, 2000],
        ["CASH", True, None, 100, None],
    ]


def test_interactive_brokers_statement() -> None:
    frame = read_holdings(INTERACTIVE)
    assert rows(frame) == [
        ["XYZQ", False, 10, 2500, 2000],
        ["XYZQ 20DEC30 100 C", False, -1, -525, -610],
    ]
    assert frame["currency"].tolist() == ["EUR", "USD"]
    assert frame["provider_type"].tolist() == ["Stocks", "Equity and Index Options"]


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        (["Symbol ", "Security Description", "Quantity", "Price ($)", "Value ($)"], "tnupv"),
        (["Ticker", "Holding", "Shares", "Price", "Change", "1 Day %", "Value"], "tnup..v"),
        (["Equity Symbol", "Equity Description", "Account", "Position Cost"], "tnac"),
        (["SYMBOL", "NAME", "QTY", "AVG. PRICE", "COST BASIS", "Unrealized Gain (%)"], "tnumc."),
        (["ticker_symbol", "asset-type", "market_value", "Currency Code"], "tkvy"),
        (["Account Name", "Account Type", "Symbol", "Security Type", "Book Value (CAD)"], "b.tkc"),
        (["CUSIP #", "Description", "Par", "Market\nValue"], "in.v"),
    ],
)
def test_column_names(header: list[str], columns: str) -> None:
    roles = {
        "t": "ticker", "n": "name", "u": "units", "p": "price", "v": "value", "a": "account_id",
        "b": "account_name", "c": "cost_basis", "m": "unit_cost", "k": "provider_type",
        "y": "currency", "i": "cusip",
    }  # fmt: skip
    wanted = {roles[mark]: place for place, mark in enumerate(columns) if mark != "."}
    if "#" in header[0]:
        wanted["cusip"] = 0
    found = match_header(header)
    assert found is not None
    assert dict(found.columns) == wanted


def test_the_better_of_two_names_wins() -> None:
    found = match_header(["Symbol", "Security", "Description", "Last", "Last Price", "Price"])
    assert found is not None
    assert dict(found.columns) == {"ticker": 0, "name": 2, "price": 5}


# -- identifiers --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "ticker",
    [
        "NA",
        "NAN",
        "TRUE",
        "FALSE",
        "NULL",
        "NONE",
        "ON",
        "0005",
        "1E5",
        "037833100",
        "None",
        "BRK B",
    ],
)
def test_identifiers_stay_text(ticker: str) -> None:
    assert rows(read_holdings(f"Symbol,Shares\n{ticker},1\n")) == [[ticker, False, 1, None, None]]


@pytest.mark.parametrize("blank", ["", "--", "-", " ", "N/A"])
def test_a_blank_ticker_is_missing_and_the_row_stays(blank: str) -> None:
    assert rows(read_holdings(f"Symbol,Shares\n{blank},1\n")) == [[None, False, 1, None, None]]


def test_cusip_and_isin_stand_in_for_the_ticker() -> None:
    text = "Symbol,CUSIP,ISIN,Shares\nNA,1,2,3\n,912797AA9,2,3\n--,,US912797AA90,3\n"
    assert read_holdings(text)["ticker"].tolist() == ["NA", "912797AA9", "US912797AA90"]


def test_a_value_of_nothing_is_an_error_and_an_empty_row_is_none() -> None:
    text = "Symbol,Name,Shares,Value\n,,,\n,,5,\n,,,900\n"
    assert problems(text, "name it, or delete a sum") == [(4, "Symbol")]
    assert rows(read_holdings("Symbol,Value\n,5\n")) == [[None, False, None, 5, None]]


def test_a_column_of_tickers_alone() -> None:
    frame = read_holdings("Ticker\nNA\nBRK B\n\nUSD\nTotal\n")
    assert frame["ticker"].tolist() == ["NA", "BRK B", "USD"]
    assert not frame["is_cash"].any()


# -- cash, types, values ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "is_cash"),
    [
        ("USD,US DOLLAR,5,,5,", True),
        ("CUR:USD,,5,,5,", True),
        ("Cash & Cash Investments,,,,5,", True),
        ("USD,,,,5,", True),
        ("CASH,,,,5,", True),
        ("USD,Sample 2x Fund,5,1,5,ETF", False),
        ("CASH,Sample Bancorp,5,1,5,Equity", False),
        ("USD,,5,1,5,", True),
        ("AMD,,,,5,", False),
        ("VMFXX,Sample Money Market,5,1,5,", True),
    ],
)
def test_cash(row: str, is_cash: bool) -> None:
    header = "Symbol,Description,Quantity,Price,Value,Security Type\n"
    assert read_holdings(header + row)["is_cash"].tolist() == [is_cash]


def test_bare_cash_needs_a_column_of_quantities() -> None:
    assert read_holdings("Symbol,Value\nUSD,5\n")["is_cash"].tolist() == [False]


def test_a_column_is_cash_decides() -> None:
    text = "ticker,value,is_cash\nCUR:USD,5,False\nXYZQ,5,TRUE\nCUR:EUR,5,\n"
    assert read_holdings(text)["is_cash"].tolist() == [False, True, True]
    assert problems("ticker,is_cash\nX,perhaps\n", "neither true nor false") == [(2, "is_cash")]


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        (["Cash", "Margin"], False),
        (["cash", "SHORT", ""], False),
        (["Cash", "ETF"], True),
        (["Stock", "Bond"], True),
    ],
)
def test_a_type_of_cash_and_margin_is_the_accounts(words: list[str], kept: bool) -> None:
    text = "Symbol,Shares,Type\n" + "".join(f"X{i},1,{word}\n" for i, word in enumerate(words))
    said = read_holdings(text)["provider_type"].dropna().tolist()
    assert said == (words if kept else [])


def test_a_security_type_of_cash_is_believed() -> None:
    frame = read_holdings("Symbol,Shares,Security Type\nXYZQ,1,Cash\n")
    assert frame[["provider_type", "is_cash"]].iloc[0].tolist() == ["Cash", True]


@pytest.mark.parametrize(
    ("header", "row", "value", "cost"),
    [
        ("Symbol,Shares,Price", "X,2,3", 6, None),
        ("Symbol,Shares,Price,Value", "X,2,3,--", 6, None),
        ("Symbol,Shares,Price,Value", "X,2,3,7", 7, None),
        ("Symbol,Shares,Price,Average Cost", "X,2,3,4", 6, 8),
        ("Symbol,Shares,Price,Average Cost,Cost Basis", "X,2,3,4,9", 6, 9),
        ("Symbol,Shares,Price,Average Cost", "X,-2,3,4", -6, -8),
        ("Symbol,Shares,Price", "XYZQ301220C00100000,2,3", 600, None),
        ("Symbol,Shares,Price,Type", "Sample call,2,3,Option", 600, None),
        ("Symbol,Shares,Price,Multiplier", "XYZQ7301220C00100000,2,3,10", 60, None),
        ("Symbol,Shares,Price,Value,Cost/Share", "XYZQ301220C00100000,-2,3,-600,1", -600, -200),
        ("Symbol,Shares,Price,Value,Type", "X,-100,400,40000,SHORT", -40000, None),
        ("Symbol,Shares,Price,Value", "X,-3,3.333,9.99", -9.99, None),
        ("Symbol,Shares,Price,Value", "XYZQ301220C00100000,-2,3,600", -600, None),
        ("Symbol,Shares,Price,Value", "X,-2,3,7", 7, None),
        ("Symbol,Shares,Price,Value", "X,-2,3,-6", -6, None),
        ("Symbol,Shares,Price", "CUR:USD,5,", 5, None),
        ("Symbol,Shares,Price", "X,5,", None, None),
        ("Symbol,Shares", "X,5", None, None),
    ],
)
def test_value_and_cost(header: str, row: str, value: Any, cost: Any) -> None:
    assert rows(read_holdings(f"{header}\n{row}\n"), ["value", "cost_basis"]) == [[value, cost]]


# -- numbers ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1), ("1.50", 1.5), (".5", 0.5), ("5.", 5), ("+3", 3), ("-3", -3), ("1e3", 1000),
        ("$1,234.50", 1234.5), ("-$1,234.50", -1234.5), ("$-50.00", -50), ("$ 12", 12),
        ("(12.5)", -12.5), ("($1,000)", -1000), ("$(3)", -3), ("1,234.56-", -1234.56),
        ("12,345,678", 12345678), ("€5", 5), ("−7", -7), ("1\u00a0234", 1234), ("'", None),
        ("1,23,456", 123456), ("₹15,00,000.00", 1500000), ("1'000", 1000), ("-1’000.5", -1000.5),
        ("CHF 955.00", 955), ("955.00 USD", 955), ("($5,000.00 USD)", -5000), ("ABC 5", None),
        ("5 ABC", None), ("USD", None), ("1'00", None),
    ],
)  # fmt: skip
def test_amounts(text: str, number: float | None) -> None:
    if number is None:
        with pytest.raises(ValueError, match="not a plain decimal"):
            parse_amount(text)
    else:
        assert parse_amount(text) == number


@pytest.mark.parametrize("text", ["", " ", "--", "-", "—", "n/a", "N/A", "#N/A", "NaN", "null"])
def test_signs_of_nothing_are_missing(text: str) -> None:
    assert math.isnan(parse_amount(text))


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("1.234,50", "decimal comma"), ("12,5", "decimal comma"), ("1,2,345", "decimal comma"),
        ("5%", "percentage"), ("ten", "plain decimal"), ("inf", "plain decimal"),
        ("1_000", "plain decimal"), ("1e999", "not a finite"), ("٣", "plain decimal"),
        ("--5", "plain decimal"), ("(5", "plain decimal"), ("#REF!", "plain decimal"),
        (True, "not a number"), ([1], "not a number"), (10**400, "too large"),
        (float("inf"), "not a finite"), (Decimal("sNaN"), "too large"), ("9" * 400, "not a finite"),
        (datetime.date(2030, 1, 2), "is a date"),
    ],
)  # fmt: skip
def test_no_amounts(value: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_amount(value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_survives_its_own_text(number: float) -> None:
    assert parse_amount(repr(number)) == parse_number(repr(number)) == number


@given(st.integers(-(10**12), 10**12))
def test_every_amount_survives_a_brokers_spelling(cents: int) -> None:
    amount = Decimal(cents) / 100
    spelled = f"(${-amount:,.2f})" if amount < 0 else f"${amount:,.2f}"
    assert parse_amount(spelled) == float(amount)


@given(st.text(max_size=20))
def test_any_text_is_a_number_or_a_reason(text: str) -> None:
    try:
        number = parse_amount(text)
    except ValueError:
        number = math.nan
    assert math.isnan(number) or math.isfinite(number)


def test_every_bad_number_is_named_with_its_line() -> None:
    text = '"A title",,\n\nSymbol,Quantity,Value\nX,ten,1\nY,1,"5%"\n\n"Z\nZ",inf,1\n'
    assert problems(text, "rows that cannot be read") == [
        (4, "Quantity"),
        (5, "Value"),
        (7, "Quantity"),
    ]


# -- shape of the file --------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters(delimiter: str) -> None:
    text = "Symbol,Shares,Description\nNA,2,a\n".replace(",", delimiter)
    assert rows(read_holdings(text)) == [["NA", False, 2, None, None]]


def test_a_delimiter_can_be_announced() -> None:
    text = "sep=^\nSymbol^Shares\nNA^2\nB^x\n"
    assert problems(text, "rows that cannot be read") == [(4, "Shares")]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_line_endings(ending: str) -> None:
    assert len(read_holdings(ending.join(["Symbol,Shares", "A,1", "B,2"]))) == 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings(encoding: str) -> None:
    data = "Symbol,Shares,Name\nX,1,Société\n".encode(encoding)
    assert read_holdings(data)["name"].tolist() == ["Société"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"Symbol,Name\nX,\x81\xff\n", "not text in any encoding"),
        (codecs.BOM_UTF16_LE + b"\x00\xd8\x00", "not text in any encoding"),
        (b"Symbol\x00", "zero bytes"),
    ],
)
def test_what_is_no_text(data: bytes, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        read_holdings(data)


@pytest.mark.parametrize(
    "total",
    [
        "Total,,,9", "Account Total,,,9", "TOTALS:,,,9", "Grand Total,--,--,9", ",Total,,9",
        "Total - Individual,,,9", "Subtotal,,,9", "Total Market Value,,,9", "Total Equities,,,9",
        "My Account Total,,,9", ",Account Total,,9", "Total for account Z1,,,9", "Total (USD),,,9",
        "Total Portfolio Value,,,9", "Overall Total:,,,9",
        "Account Value,,,9", "Net Account Value:,,,", "Net Liquidating Value,9", "Sum,,,9",
        "SUM,,,9", "Net worth,,,9", ",Portfolio Value,,9",
    ],
)  # fmt: skip
def test_totals_are_left_out(total: str) -> None:
    assert len(read_holdings(f"Symbol,Description,Quantity,Value\nX,Sample,1,9\n{total}\n")) == 1


@pytest.mark.parametrize(
    "position",
    [
        ",Total Return Fund,5,9", "TOTL,Total,5,9", "TTE,TotalEnergies,5,9",
        ",Total Stock Market Index Trust,,9", ",Total Return Portfolio,,9", ",Total-Return Fund,,9",
        ",Total Bond Market Portfolio,,9", ",Total Return Bond Portfolio,50,9",
        "TOTAL STOCK MKT IDX,,5,9", "TOTAL BOND INDEX TRUST,,,9", "TOTAL,,5,9", "TOTAL SA,,,9",
        "SUMMIT,,,9", "Account Value Partners,,,9",
    ],
)  # fmt: skip
def test_a_name_with_total_in_it_is_a_position(position: str) -> None:
    assert len(read_holdings(f"Symbol,Description,Quantity,Value\n{position}\n")) == 1


def test_sum_is_a_listed_symbol_where_no_quantities_are_left_out() -> None:
    assert read_holdings("Symbol,Value\nX,9\nSUM,9\n")["ticker"].tolist() == ["X", "SUM"]
    assert read_holdings("Symbol\nSUM\n")["ticker"].tolist() == ["SUM"]


def test_a_total_that_adds_up_the_units_above_is_left_out() -> None:
    text = "Symbol,Shares,Value\nX,1,9\nY,2,9\nTotal,3,18\nZ,4,9\nTotal,4,9\nGrand Total,7,27\n"
    assert read_holdings(text)["ticker"].tolist() == ["X", "Y", "Z"]
    assert len(read_holdings("Symbol,Shares,Value\nX,1,9\nTOTAL,5,9\n")) == 2


@pytest.mark.parametrize(
    "header",
    ["Symbol,Description,Quantity,Last Price,Change,Market Value,Cost Basis",
     "Symbol,Quantity,Price,Market Value", "Account,Name,CUSIP,Value",
     "Symbol,Shares,Currency"],
)  # fmt: skip
@pytest.mark.parametrize("line", ["Cash & Sweep Vehicle", "Money accounts", "Cash Balance"])
@pytest.mark.parametrize("padding", ["", ",,"])
def test_a_line_of_cash_below_a_wider_header(header: str, line: str, padding: str) -> None:
    text = f'{header}\n{line},"$1,234.00"{padding}\n'
    found = read_holdings(text)[["is_cash", "value"]]
    assert found.to_numpy().tolist() == [[True, 1234]]


@pytest.mark.parametrize("header", ["Symbol,Name,Price,Value", "Symbol,Shares,Price,Value"])
def test_a_line_of_bare_cash(header: str) -> None:
    assert rows(read_holdings(f"{header}\nCash,5\n"), ["is_cash", "value"]) == [[True, 5]]


def test_a_line_of_cash_in_a_sheet_and_a_weight_that_is_no_amount() -> None:
    head = ["Symbol", "Name", "Weight", "Shares", "Value"]
    data = workbook(S=[head, ["Cash Balance", 5.5], ["Cash Balance", None, 5.5]])
    assert rows(read_holdings(data), ["is_cash", "value"]) == [[True, 5.5], [True, None]]


def test_a_line_of_bare_cash_without_values_is_refused() -> None:
    assert problems("Symbol,Shares,Currency\nCash,5\n", "has 2 fields") == [(2, None)]


@pytest.mark.parametrize("row", ["Cash Sample Fund,5", "Cash,Margin", "XYZQ,5", "Cash,5,5"])
def test_other_short_rows_are_refused(row: str) -> None:
    assert problems(f"Symbol,Name,Shares,Price,Value\n{row}\n", "has . fields") == [(2, None)]


def test_a_cash_row_that_fits_the_header_stays_as_it_is() -> None:
    text = "Symbol,Name,Quantity,Price,Value\nCash Balance,,500,,\nMoney accounts,,,,70\n"
    assert rows(read_holdings(text), ["ticker", "is_cash", "units", "value"]) == [
        ["Cash Balance", True, 500, 500], ["Money accounts", True, None, 70],
    ]  # fmt: skip


def test_a_total_with_units_and_a_price_is_a_position() -> None:
    assert len(read_holdings("Symbol,Name,Shares,Price\n,Total Assets,5,9\n")) == 1


@pytest.mark.parametrize(
    ("row", "line"),
    [("X,1,1,234.50", 2), ("X,1", 2), ("X,1,9\n\nAAA", 4), ("X,1,9,unexpected", 2)],
)
def test_rows_that_do_not_fit_the_header_are_errors(row: str, line: int) -> None:
    assert problems(f"Symbol,Quantity,Value\n{row}\n", "where the header has 3") == [(line, None)]


@pytest.mark.parametrize(
    "prose",
    ["Sample footer", "Equities", "Generated at noon, by us, for you, with care and no promise",
     "** see the notes", '"A long, quoted disclaimer"', "2030-01-02"],
)  # fmt: skip
def test_prose_is_left_out(prose: str) -> None:
    assert len(read_holdings(f"Symbol,Quantity,Value\nX,1,9\n{prose}\n")) == 1


def test_trailing_delimiters_do_not_matter() -> None:
    assert len(read_holdings("Symbol,Quantity,,\nX,1,,,,\nY,1\n")) == 2


def test_the_title_names_the_account() -> None:
    text = '"Positions for account Sample ...1 as of noon"\n\nSymbol,Shares\nX,1\n'
    assert read_holdings(text)["account"].tolist() == ["Sample ...1"]
    assert read_holdings("My file\n\nSymbol,Shares\nX,1\n")["account"].isna().all()


@pytest.mark.parametrize(
    ("title", "is_account"),
    [
        ("Main account", True), ("Individual ...123", True), ("Roth IRA", True),
        ("Growth XXXX1234", True), ("401(k)", True), ("Brokerage -1234", True),
        ("Filters: None", False), ("View Summary - All Positions", False), ("My file", False),
        ("Account Summary", False), ("As of 2030-03-01", False),
    ],
)  # fmt: skip
def test_a_title_is_an_account_only_where_it_looks_like_one(title: str, is_account: bool) -> None:
    found = read_holdings(f"{title}\nSymbol,Shares\nX,1\n")["account"]
    assert found.dropna().tolist() == ([title] if is_account else [])


def test_account_number_before_name_before_title() -> None:
    text = "Main account\nAccount Name,Account Number,Symbol\nmain,7,X\nmain,,Y\n,,Z\n"
    assert read_holdings(text)["account"].tolist() == ["7", "main", "Main account"]


def test_portfolio_and_provider_columns() -> None:
    text = "portfolio,provider,ticker\nA,Plaid,X\n,,Y\n"
    frame = read_holdings(text)
    assert frame["portfolio"].tolist() == ["A", "csv"]
    assert frame["provider"].tolist() == ["plaid", "csv"]
    assert set(read_holdings(text, portfolio="mine")["portfolio"]) == {"mine"}


def test_no_ticker_column_lists_what_was_found() -> None:
    with pytest.raises(InputError, match=r"'Name', 'Shares'.*Symbol, Ticker") as caught:
        read_holdings("A title\n\nName,Shares\nSample,1\n")
    assert caught.value.problems[0].row == 3


@pytest.mark.parametrize(
    "header",
    ["Run Date,Action,Symbol,Quantity,Price", "Trade Date,Symbol,Quantity,Price",
     "Symbol,Transaction Type,Quantity,Value"],
)  # fmt: skip
def test_transactions_are_refused(header: str) -> None:
    row = "1," * header.count(",") + "1"
    with pytest.raises(InputError, match="lists transactions"):
        read_holdings(f"{header}\n{row}\n")


def test_lots_with_a_current_price_are_positions() -> None:
    text = "Symbol,Current Price,Trade Date,Quantity\nX,5,20300101,2\nX,5,20300202,3\n"
    assert read_holdings(text)["value"].tolist() == [10, 15]


def test_two_columns_of_one_name_are_refused() -> None:
    assert problems("Symbol,symbol,Shares\nA,B,1\n", "cannot be told apart") == [(1, "symbol")]


def test_quotes_that_do_not_close_name_the_line() -> None:
    assert problems('Symbol,Shares\nA,1\n"B,2\nC,3\n', "not readable as a table") == [(3, None)]


@pytest.mark.parametrize("columns", [1001, 300_000])
def test_too_many_columns_are_refused(columns: int) -> None:
    assert problems(",".join(["x"] * columns) + "\n", "more than 1000") == [(1, None)]


def test_a_header_without_rows_is_an_empty_frame() -> None:
    assert read_holdings("Symbol,Shares\n").empty


def test_a_column_of_any_name_can_hold_the_tickers() -> None:
    text = "Export\n\nPaper,Trade Date,Symbol\nXYZQ,2030,1\nBRK B,2030,2\n"
    assert read_ticker_column(text, "Paper")["ticker"].tolist() == ["XYZQ", "BRK B"]
    assert read_ticker_column(text, " Symbol ")["ticker"].tolist() == ["1", "2"]
    with pytest.raises(InputError, match="no column 'Papers'"):
        read_ticker_column(text, "Papers")


# -- Excel --------------------------------------------------------------------------------------


def test_excel_keeps_text_and_skips_titles_totals_and_other_sheets() -> None:
    data = workbook(
        Positions=[
            ["A title"],
            [],
            ["Symbol", "Quantity", "Last Price", "Market Value", "Security Type"],
            ["NA", 5, 1.5, 7.5, "Equity"],
            ["0005", 1, "#N/A", "$1,000.00", None],
            ["1E5", 2.5, None, "(12.5)", "Bond"],
            ["Total", None, None, 995],
            ["a long disclaimer in one cell"],
        ],
        Notes=[["hello", "world"]],
    )
    frame = read_holdings(data)
    assert rows(frame) == [
        ["NA", False, 5, 7.5, None],
        ["0005", False, 1, 1000, None],
        ["1E5", False, 2.5, -12.5, None],
    ]


def test_excel_tickers_that_are_numbers_warn() -> None:
    data = workbook(Sheet=[["Symbol", "Shares"], [700, 1], [True, 2]])
    with pytest.warns(HoldingsWarning, match="rows 2, 3 were stored as numbers"):
        assert read_holdings(data)["ticker"].tolist() == ["700", "TRUE"]


def test_excel_problems_name_sheet_and_row() -> None:
    sheet = [["Symbol", "Shares"], ["X", "many"], [datetime.datetime(2030, 3, 1), 1]]
    found = problems(workbook(One=sheet, Two=[["x"]]), "rows that cannot be read")
    assert found == [("One!2", "Shares"), ("One!3", "Symbol")]


def archive(name: str, size: int) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(name, b"0" * size)
    return data.getvalue()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"PK\x03\x04 cut off", "is damaged"),
        (workbook(S=[["Symbol"]])[:500], "is damaged"),
        (archive("other.txt", 1), "not an Excel workbook"),
        (archive("[Content_Types].xml", 10), "not an Excel workbook"),
        (b"\xd0\xcf\x11\xe0", "before 2007"),
    ],
)
def test_what_is_no_workbook(data: bytes, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        read_holdings(data)


# -- frames -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "dtype", [object, text_dtype(), "string[python]", "string[pyarrow]", "category"]
)
def test_frames_of_any_text_dtype(dtype: Any) -> None:
    tickers = pd.Series(["NA", None, "0005"], dtype=object).astype(dtype)
    frame = pd.DataFrame({"Ticker": tickers, "Qty": [1, 2, 3]})
    assert rows(read_holdings(frame)) == [
        ["NA", False, 1, None, None],
        [None, False, 2, None, None],
        ["0005", False, 3, None, None],
    ]


def test_a_frame_is_not_changed() -> None:
    columns = {
        "symbol": ["A", "B"],
        "shares": pd.array([1, None], dtype="Int64"),
        3: [Decimal(1), 2],
    }
    frame = pd.DataFrame(columns, index=[7, 7])
    before = frame.copy(deep=True)
    assert read_holdings(frame).index.tolist() == [0, 1]
    pd.testing.assert_frame_equal(frame, before)


def test_frame_problems_name_the_position() -> None:
    frame = pd.DataFrame({"symbol": ["A", "B"], "value": [Decimal("1.5"), [2]]}, index=["x", "y"])
    assert problems(frame, "the given frame has rows") == [(1, "value")]
    broken = pd.DataFrame({"symbol": ["A"], "name": pd.Series(["\ud800"], dtype=object)})
    assert problems(broken, "half a Unicode") == [(0, "name")]


def test_frame_tickers_that_are_numbers_warn() -> None:
    with pytest.warns(HoldingsWarning, match="stored as numbers"):
        assert read_holdings(pd.DataFrame({"ticker": [5.0]}))["ticker"].tolist() == ["5"]


def test_the_holdings_frame_reads_itself() -> None:
    frame = read_holdings(SCHWAB, portfolio="mine")
    pd.testing.assert_frame_equal(read_holdings(frame), frame)
    pd.testing.assert_frame_equal(read_holdings(frame.to_csv(index=False)), frame)


def test_which_security_it_is() -> None:
    table = "Symbol,Shares,Price,ISIN,CUSIP,Exchange\nXYZQ,1,2,US0378331005,037833100,NYSE\n"
    frame = read_holdings(table + "XYZR,1,2,,037833100,\n")
    assert frame["identifier"].tolist() == ["US0378331005", "037833100"]
    assert frame["exchange"].fillna("").tolist() == ["NYSE", ""]
    again = read_holdings(frame.to_csv(index=False))
    assert again["identifier"].tolist() == ["US0378331005", "037833100"]
