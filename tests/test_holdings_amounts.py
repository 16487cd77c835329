"""What holdings files leave to the reader: cash lines, bonds, sides, decimal marks, currencies."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sectypes.errors import HoldingsWarning, InputError
from sectypes.holdings import read_holdings, read_portfolio_yaml, read_snaptrade, read_ticker_column
from sectypes.holdings.amounts import currency_sign, parse_amount, shows_point, two_ways
from sectypes.holdings.frame import Position
from sectypes.holdings.values import is_bare_cash


def said(frame: pd.DataFrame, *columns: str) -> list[list[Any]]:
    """Columns as rows with None for what is missing; values here are invented samples."""
    loose = frame[list(columns)].astype(object)
    return loose.where(loose.notna(), None).to_numpy().tolist()  # type: ignore[no-any-return]


def refused(source: Any, match: str) -> list[tuple[Any, Any]]:
    """Row and column of each problem, all of which have a reason that fits."""
    with pytest.raises(InputError, match=match) as caught:
        read_holdings(source)
    return [(problem.row, problem.column) for problem in caught.value.problems]


def entries(text: str) -> pd.DataFrame:
    return read_portfolio_yaml(f"portfolio_input:\n  {text}\n")


# -- lines of cash ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "is_cash"),
    [
        ("Cash,,2000,1,2000,", True),
        ('CASH,Cash,"5,000.00",$1.00,"$5,000.00",', True),
        ("cash,USD,2000,,2000,", True),
        ("USD,,2000,1.0,,", True),
        ("USD,,,1,2000,", True),
        ("CASH,,-50,1,-50,", True),
        ("CASH,,2000,1,2500,", False),
        ("CASH,,20,75.5,1510,", False),
        ("CASH,,2000,,,", False),
        ("CASH,Pathward Financial,2000,1,2000,", False),
        ("CASH,,2000,1,2000,Equity", False),
        ("USD,Sample Ultra Fund,2000,1,2000,", False),
        ("USD,,20,,1510,", False),
        ("XYZQ,,2000,1,2000,", False),
    ],
)
def test_cash_by_hand(row: str, is_cash: bool) -> None:
    frame = read_holdings(f"Ticker,Name,Shares,Price,Value,Type\n{row}\n")
    assert frame["is_cash"].tolist() == [is_cash]


def test_cash_by_hand_in_a_portfolio_file() -> None:
    frame = entries("CASH: {shares: 20, price: 1}\n  USD: {shares: 20, price: 75}")
    assert said(frame, "is_cash", "value") == [[True, 20], [False, 1500]]
    assert said(entries("CASH: {dollars: 20}"), "is_cash") == [[False]]


@given(st.floats(0.01, 1e9), st.floats(0.01, 1e4))
def test_bare_cash_is_worth_its_units(units: float, price: float) -> None:
    row = Position(ticker="CASH", units=units, price=price, value=units * price)
    assert is_bare_cash(row, has_units=True) == (price == 1)


@pytest.mark.parametrize(
    ("name", "is_cash"),
    [
        ("FDIC-INSURED DEPOSIT SWEEP", True),
        ("FDIC INSURED DEPOSIT AT SAMPLE BANK NOT COVERED BY SIPC", True),
        ("Bank Deposit Program", True),
        ("SAMPLE BANK DEPOSIT SWEEP PROGRAM", True),
        ("Insured Bank Deposits", True),
        ("Sample Direct Deposit Program", True),
        ("SAMPLE BK CD 4.5% FDIC INSURED DEPOSIT", False),
        ("CERTIFICATE OF DEPOSIT SAMPLE BANK FDIC INSURED", False),
        ("Sample Savings Plan - Bank Deposit Portfolio", False),
        ("Sample Insured Deposit Trust", False),
        ("Sample Deposit Bancorp", False),
    ],
)
def test_deposits_that_cash_is_swept_into(name: str, is_cash: bool) -> None:
    frame = read_holdings(f"Symbol,Description,Quantity,Current Value\nQZQZQ**,{name},,$500\n")
    assert said(frame, "is_cash", "value") == [[is_cash, 500]]


# -- portfolio.yaml -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "key"),
    [
        ("{dollars: 1,000.50, type: equity}", "000.50"),
        ("{shares: 1,000}", "000"),
        ("{dollars: 5000, curency: EUR}", "curency"),
        ("{shares: 1, 5: 5}", "5"),
    ],
)
def test_keys_that_an_entry_does_not_have(entry: str, key: str) -> None:
    with pytest.raises(InputError, match="no key of an entry, which are shares, dollars") as caught:
        entries(f"XYZQ: {entry}")
    assert [(one.row, one.column) for one in caught.value.problems] == [
        ("XYZQ", f"portfolio_input.{key}")
    ]


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        ("XYZQ260116C00220000: {shares: 2, price: 8, type: option}", 1600),
        ("XYZQ260116C00220000: {shares: -2, price: 8}", -1600),
        ("a call: {shares: 2, price: 8, type: call option}", 1600),
        ("XYZQ260116C00220000: {dollars: 16}", 16),
        ("XYZQ260116C00220000: {weight: 1}", 1),
        ("XYZQ: {shares: 2, price: 8, type: equity}", 16),
    ],
)
def test_options_are_a_hundred_units(entry: str, value: float) -> None:
    assert said(entries(entry), "value") == [[value]]


# -- bonds --------------------------------------------------------------------------------------

BONDS = "Symbol,Name,Quantity,Price,Value,Type,Avg Cost\n"


@pytest.mark.parametrize(
    "row",
    [
        "91282CHT1,US TREASURY NOTE 3.875% 08/15/2033,10000,98.50,,Fixed Income,99",
        "91282CHT1,,10000,98.50,,,99",
        "US91282CHT18,,10000,98.50,,,99",
        "SAMPLE 4.5 05/15/38,,10000,98.50,,Corporate Bond,99",
        "XYZQ,SAMPLE INC 4.5% 2038,10000,98.50,,Bond,99",
        "91282CHT1,,-10000,98.50,,Treasury,99",
    ],
)
def test_the_value_of_a_bond_is_not_worked_out(row: str) -> None:
    with pytest.warns(
        HoldingsWarning, match=r"bonds in rows 2 is left .* percent of par .* Market"
    ):
        frame = read_holdings(f"{BONDS}{row}\n")
    assert said(frame, "price", "value", "cost_basis") == [[98.5, None, None]]


@pytest.mark.parametrize(
    ("row", "value", "cost"),
    [
        ("91282CHT1,,10000,98.50,9850,Bond,99", 9850, 9900),
        ("91282CHT1,,10000,98.50,9990,Bond,99", 9990, 9900),
        ("91282CHT1,,100,98.50,9850,Bond,99", 9850, 9900),
        ("91282CHT1,,100,98.50,1,Bond,99", 1, None),
        ("91282CHT1,,10000,,,Bond,", None, None),
        ("AGGQ,,10,98,,Fixed Income,99", 980, 990),
        ("VBTQX,,10,98,,Bond,99", 980, 990),
        (",Sample Bond Index Fund,10,98,,Bond,99", 980, 990),
        ("AGGQ,Sample Aggregate Bond ETF,10,98,,Bond,99", 980, 990),
        ("91282CHT1,,500,1,,Cash,1", 500, 500),
        ("IE00B4L5Y983,Sample World UCITS ETF,10,98,,,99", 980, 990),
    ],
)
def test_the_value_of_other_rows_is(row: str, value: Any, cost: Any) -> None:
    frame = read_holdings(f"{BONDS}{row}\nXYZR,,1,1,1,ETF,1\n")
    assert said(frame.head(1), "value", "cost_basis") == [[value, cost]]


def test_bonds_of_snaptrade_and_of_portfolio_files() -> None:
    symbol = {"symbol": "SAMPLE 4.5 2038", "type": {"code": "bnd"}}
    row = {"symbol": {"symbol": symbol}, "units": 10000, "price": 98.5}
    row |= {"average_purchase_price": 99, "currency": {"code": "USD"}}
    with pytest.warns(
        HoldingsWarning, match=r"SnapTrade: .* bonds SAMPLE 4.5 2038 is left missing"
    ):
        frame = read_snaptrade([row])
    assert said(frame, "units", "value", "cost_basis") == [[10000, None, None]]
    with pytest.warns(HoldingsWarning, match="bonds 91282CHT1 is left missing: .* say dollars"):
        entries("91282CHT1: {shares: 10000, price: 98.5}")
    assert said(entries("91282CHT1: {dollars: 9850, type: bond}"), "value") == [[9850]]


# -- sides --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "column", ["Side", "Position Direction", "Position Side", "Long/Short", "DIRECTION"]
)
@pytest.mark.parametrize(
    ("word", "units", "value", "signed"),
    [
        ("SHORT", "10", "4000", [-10, -4000, -3000]),
        ("Sell", "10", "", [-10, -4000, -3000]),
        ("short", "(10)", "-4000", [-10, -4000, -3000]),
        ("Short", "-10", "4000", [-10, -4000, -3000]),
        ("LONG", "10", "4000", [10, 4000, 3000]),
        ("Buy", "-10", "-4000", [-10, -4000, -3000]),
        ("--", "10", "4000", [10, 4000, 3000]),
    ],
)
def test_a_side_gives_the_sign(
    column: str, word: str, units: str, value: str, signed: list[float]
) -> None:
    header = f"Symbol,Quantity,{column},Market Price,Market Value,Average Cost"
    frame = read_holdings(f"{header}\nXYZQ,{units},{word},400,{value},300\n")
    assert said(frame, "units", "value", "cost_basis") == [signed]


def test_a_side_that_is_neither_is_said() -> None:
    with pytest.warns(HoldingsWarning, match="side in rows 3 is neither long nor short"):
        frame = read_holdings("Symbol,Side,Qty\nXYZQ,short,1\nXYZR,upper,2\n")
    assert frame["units"].tolist() == [-1, 2]


# -- decimal marks ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "bad"),
    [
        ("XYZQ;1.250;150;187.500", [(2, "Quantity"), (2, "Value")]),
        ("XYZQ;10,123;;", [(2, "Quantity")]),
        ("XYZQ;0,125;;", [(2, "Quantity")]),
        ("XYZQ;12;€ 1.200;", [(2, "Price")]),
        ("XYZQ;12;1,5;", [(2, "Price")]),
        ("XYZQ;12;1.200,50;1.250", [(2, "Price"), (2, "Value")]),
    ],
)
def test_numbers_that_can_be_read_in_two_ways(body: str, bad: list[Any]) -> None:
    with pytest.raises(InputError, match=r"decimal=',', thousands='.'\) and give") as caught:
        read_holdings(f"Symbol;Quantity;Price;Value\n{body}\n")
    assert [(problem.row, problem.column) for problem in caught.value.problems] == bad


@pytest.mark.parametrize(
    ("delimiter", "body", "numbers"),
    [
        (";", "XYZQ;1.250;12.50;15.63", [1.25, 12.5, 15.63]),
        (";", "XYZQ;10,123;1.5;1,234,567", [10123, 1.5, 1234567]),
        (";", "XYZQ;0.125;1;1,234.567", [0.125, 1, 1234.567]),
        (";", "XYZQ;1250;1;1250.5", [1250, 1, 1250.5]),
        ("\t", "XYZQ\t1.250\t2\t1,250", [1.25, 2, 1250]),
        (",", 'XYZQ,1.250,2,"1,250"', [1.25, 2, 1250]),
    ],
)
def test_numbers_that_are_clear(delimiter: str, body: str, numbers: list[float]) -> None:
    header = delimiter.join(("Symbol", "Quantity", "Price", "Value"))
    assert said(read_holdings(f"{header}\n{body}\n"), "units", "price", "value") == [numbers]


@pytest.mark.parametrize("text", ["0,125", "-0,125", "$0,500", "00,125", "(0,125)"])
def test_no_group_of_thousands_begins_with_zero(text: str) -> None:
    with pytest.raises(ValueError, match="decimal comma is not guessed"):
        parse_amount(text)


@given(st.integers(0, 10**9), st.integers(0, 4))
def test_a_number_is_clear_or_has_two_readings(number: int, places: int) -> None:
    text = f"{number / 10**places:,.{places}f}"
    ambiguous = places in (0, 3) and 1000 <= number < 10**6
    assert two_ways(text) == ambiguous
    assert shows_point(text) == (not ambiguous and ("." in text or number >= 10**6))


# -- currencies ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "currencies"),
    [
        (["VOD.L,10,£5,£50", "XYZQ,1,$200,$200", "XYZR,1,€100,€100"], ["GBP", "USD", "EUR"]),
        (["XYZQ,1,$200,$200", "XYZR,1,$100,"], [None, None]),
        (["XYZQ,1,€200,", "XYZR,1,100,100"], ["EUR", None]),
        (["XYZQ,1,US$5,", "XYZR,1,,(C$5)", "XYZS,1,A$5,-"], ["USD", "CAD", "AUD"]),
        (["XYZQ,1,¥200,¥200"], [None]),
        (["XYZQ,1,HK$5,", "XYZR,1,$5,"], ["HKD", "USD"]),
    ],
)
def test_signs_name_currencies(rows: list[str], currencies: list[Any]) -> None:
    frame = read_holdings("Symbol,Quantity,Price,Value\n" + "\n".join(rows))
    assert [row[0] for row in said(frame, "currency")] == currencies


def test_a_column_of_currencies_goes_before_signs() -> None:
    frame = read_holdings("Symbol,Quantity,Price,Currency\nA,1,$2,CAD\nB,1,€2,\nC,1,$2,MXN\n")
    assert said(frame, "currency") == [["CAD"], ["EUR"], ["MXN"]]


def test_yen_or_yuan_beside_others_is_refused() -> None:
    text = "Symbol,Quantity,Price\nA,1,¥200\nB,1,$2\n"
    assert refused(text, "yen or yuan: name the currencies") == [(2, "currency")]


@pytest.mark.parametrize(
    ("text", "sign"),
    [("CA$ 5", "CAD"), ("S$5", "SGD"), ("-NZ$5.00", "NZD"), ("AU$5", "AUD"), ("$5", "$"),
     ("5", None), (5.0, None), (None, None)],
)  # fmt: skip
def test_currency_signs(text: Any, sign: Any) -> None:
    assert currency_sign(text) == sign
    if text is not None:
        assert abs(parse_amount(text)) == 5


# -- costs and columns --------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["Incomplete", "Not available", "Missing", "--"])
@pytest.mark.parametrize("column", ["Cost Basis", "Cost/Share"])
def test_a_word_in_place_of_a_cost_is_no_cost(word: str, column: str) -> None:
    frame = read_holdings(f'Symbol,Qty,Price,Value,{column}\nXYZQ,10,$3,"$30",{word}\n')
    assert said(frame, "value", "cost_basis") == [[30, None]]


@pytest.mark.parametrize(
    ("row", "column"), [("X,Incomplete,1", "Qty"), ("X,1,12,5x", "Cost"), ("X,1,5%", "Cost")]
)
def test_other_words_in_place_of_numbers_are_refused(row: str, column: str) -> None:
    cells = row.split(",", 2)
    frame = pd.DataFrame([cells], columns=["Symbol", "Qty", "Cost"])
    assert refused(frame, "rows that cannot be read") == [(0, column)]


def test_the_cost_in_the_currency_of_the_market_goes_first() -> None:
    header = (
        "Symbol,Quantity,Market Price,Market Price Currency,Book Value (CAD),Book Value (Market)"
    )
    frame = read_holdings(f"{header}\nXYZQ,10,200,USD,2000,1500\n")
    assert said(frame, "currency", "cost_basis") == [["USD", 1500]]


def test_unknown_columns_of_numbers_are_named_where_amounts_are_missing() -> None:
    text = (
        "Product,Symbol/ISIN,Amount,Closing,Local value,,Value in EUR,Note\n"
        'SAMPLE INC,US0378331005,25,"200,00",USD,5000.00,"4545,45",x\n'
    )
    unread = "columns 'Amount', 'Closing', 'Value in EUR' hold numbers and were not read"
    with pytest.warns(HoldingsWarning, match=unread):
        frame = read_holdings(text)
    assert frame["units"].isna().all()


@pytest.mark.parametrize(
    "text",
    ["Symbol,Name\nXYZQ,5 stars\n", "Symbol,Last Price,Change %\nXYZQ,5,1%\n",
     "Symbol,Shares,Rank\nXYZQ,5,1\n", "Symbol,Name,Note\nXYZQ,N,\n"],
)  # fmt: skip
def test_lists_without_unknown_numbers_are_read_in_silence(text: str) -> None:
    assert len(read_holdings(text)) == 1
    assert math.isnan(read_ticker_column("Paper,Rank\nX,1\n", "Paper")["value"][0])
