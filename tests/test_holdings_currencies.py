"""Which currency and unit an amount is in: by its column's header, its sign, its row, its format.

All tables are samples: the layout is the brokers', the values are invented.
"""

from __future__ import annotations

import io
import warnings
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sectypes.errors import HoldingsWarning, InputError
from sectypes.holdings import read_holdings
from sectypes.holdings.amounts import currency_sign, format_sign, parse_amount
from sectypes.holdings.headers import match_header
from sectypes.holdings.money import unit_of


def said(text: str | bytes, *columns: str) -> list[list[Any]]:
    """The rows of the frame with None for what is missing."""
    loose = read_holdings(text)[[*columns]].astype(object)
    return loose.where(loose.notna(), None).to_numpy().tolist()  # type: ignore[no-any-return]


def refused(text: str, match: str) -> list[tuple[Any, Any]]:
    """Row and column of each problem."""
    with pytest.raises(InputError, match=match) as caught:
        read_holdings(text)
    return [(problem.row, problem.column) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("Market Value (USD)", "USD"), ("Value [EUR]", "EUR"), ("Value (in CAD)", "CAD"),
        ("Price (pence)", "GBp"), ("Price (p)", "GBp"), ("Price (GBX)", "GBp"),
        ("Price (GBp)", "GBp"), ("Price (GBP)", "GBP"), ("price (gbp)", "GBP"),
        ("Price (GBP pence)", "GBp"), ("Price (ZAc)", "ZAc"), ("Market Value £", "GBP"),
        ("Value (C$)", "CAD"), ("Last Price $", "$"), ("Value (all)", None), ("Value (ALL)", None),
        ("Book Value (Market)", None), ("Value (top ten)", None), ("Value", None),
    ],
)  # fmt: skip
def test_units_of_headers(name: str, unit: str | None) -> None:
    assert unit_of(name) == unit


def test_the_header_goes_before_the_row_for_its_own_column() -> None:
    text = (
        "Symbol,Quantity,Price,Market Value (USD),Cost Basis,Currency\n"
        "XYZQ,25,200,5000,4000,USD\nXYZ.TO,100,150,10950,9000,CAD\nXYZR.TO,2,150,,,CAD\n"
    )
    with pytest.warns(HoldingsWarning, match="values in rows 3 are in the currency that their"):
        found = said(text, "currency", "price", "value", "cost_basis")
    assert found == [
        ["USD", 200, 5000, 4000],
        ["USD", 150, 10950, None],
        ["CAD", 150, 300, None],
    ]


@pytest.mark.parametrize(
    ("text", "currency", "price", "value"),
    [
        ("Symbol,Value (EUR)\nX,5\n", "EUR", None, 5),
        ("Symbol,Quantity,Price (USD)\nX,2,5\n", "USD", 5, 10),
        ("Symbol,Quantity,Price (pence),Currency\nX,5000,75,GBP\n", "GBP", 0.75, 3750),
        ("Symbol,Quantity,Price (p)\nX,5000,75\n", "GBP", 0.75, 3750),
        ("Symbol,Quantity,Price (GBX),Currency\nX,5000,75,GBX\n", "GBX", 75, 375000),
        ("Symbol,Quantity,Price (p),Value\nX,5000,75,3750\n", "GBP", 0.75, 3750),
        ("Symbol,Quantity,Price (p),Value £\nX,5000,75,3750\n", "GBP", 0.75, 3750),
        ("Symbol,Quantity,Price,Value (£),Currency\nX,5000,75,3750,GBX\n", "GBP", 0.75, 3750),
        ("Symbol,Quantity,Price (ZAc),Currency\nX,2,150,ZAR\n", "ZAR", 1.5, 3),
        ("Symbol,Name,Market Value,Market Value £\nX,Y,10,8\n", "GBP", None, 8),
        ("Symbol,Market Value,Market Value £,Currency\nX,10,8,USD\n", "USD", None, 10),
        ("Symbol,Quantity,Last Price $,Value $\nX,2,5,10\n", None, 5, 10),
        ("Symbol,Quantity,Value ($),Currency\nX,2,10,CAD\n", "CAD", None, 10),
        ("Symbol,Quantity,Price\nX,2,CHF 955.00\n", "CHF", 955, 1910),
        ('Symbol,Quantity,Price\nX,1,"$5,000.00 USD"\n', "USD", 5000, 5000),
    ],
)
def test_one_currency_a_row(text: str, currency: Any, price: Any, value: Any) -> None:
    assert said(text, "currency", "price", "value") == [[currency, price, value]]


def test_costs_in_pence_become_pounds() -> None:
    text = "Symbol,Quantity,Price (p),Average Cost (p),Currency\nX,5000,75,50,GBP\n"
    assert said(text, "cost_basis") == [[2500]]


@pytest.mark.parametrize(
    ("text", "reason", "place"),
    [
        ("Symbol,Quantity,Price (p),Value\nX,50,75,3750\n", "units x price in GBp", (2, "Value")),
        ("Symbol,Value ($),Currency\nX,5,EUR\n", r"is in \$, and the currency", (2, "Value ($)")),
        ("Symbol,Value (USD)\nX,£5\n", "GBP under a header in USD", (2, "Value (USD)")),
        ("Symbol,Quantity,Price (cents)\nX,5,150\n", "is in cents", (2, "Price (cents)")),
        ("Symbol,Value,Value\nX,5,6\n", "cannot be told apart", (1, "Value")),
        ("Symbol,Value £,Value (£)\nX,5,6\n", "cannot be told apart", (1, "Value (£)")),
        ("Symbol,Quantity,Price\nX,5,75p\n", r"in pence.*header Price \(p\)", (2, "Price")),
    ],
)
def test_what_is_unclear_is_refused(text: str, reason: str, place: tuple[int, str]) -> None:
    assert refused(text, reason) == [place]


def test_a_sign_of_another_currency_than_the_rows_is_heard() -> None:
    with pytest.warns(HoldingsWarning, match="rows 2 are in the currency that their column or"):
        found = said("Symbol,Quantity,Price,Value,Currency\nX,1,200,£160,USD\n", "currency")
    assert found == [["GBP"]]


@pytest.mark.parametrize(
    ("text", "sign"),
    [("CHF 5", "CHF"), ("5 USD", "USD"), ("$5 CAD", "CAD"), ("(5 EUR)", "EUR"), ("₹5", "INR"),
     ("5 XYQ", None), ("USD", None), ("MAD MAX 5", None)],
)  # fmt: skip
def test_codes_beside_amounts(text: str, sign: str | None) -> None:
    assert currency_sign(text) == sign


@given(st.integers(min_value=0, max_value=10**12), st.sampled_from(["'", "’"]))
def test_swiss_thousands(number: int, mark: str) -> None:
    assert parse_amount(f"{number:,}".replace(",", mark)) == number


FORMATS = {
    '"£"#,##0.00': "£", '"$"#,##0.00': "$", "[$€-407]#,##0.00": "€", "[$CHF-807] 0": "CHF ",
    "_-[$£-809]* #,##0.00_-;-[$£-809]* #,##0.00_-": "£", "#,##0.00": "", "[$-409]0.00": "",
    "0%": "", "General": "", "[Red]0": "", '"US$"0': "US$", "0 [$EUR]": "EUR ",
}  # fmt: skip


@pytest.mark.parametrize(("shown", "sign"), FORMATS.items())
def test_signs_of_number_formats(shown: str, sign: str) -> None:
    assert format_sign(shown) == sign


def test_a_workbook_shows_currencies_by_the_format_of_its_cells() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet["C2"] = "A note"
    sheet.append([])
    sheet.append([None, "Symbol", "Quantity", "Price", "Value"])
    for row, shown in enumerate(('"£"#,##0.00', "[$€-407]0.00", '"$"0.00', "0.00"), start=5):
        sheet.append([None, f"XYZ{row}", 2, 7.25, -14.5])
        sheet.cell(row, 4).number_format = sheet.cell(row, 5).number_format = shown
    data = io.BytesIO()
    book.save(data)
    found = said(data.getvalue(), "currency", "price", "value")
    assert found == [[code, 7.25, -14.5] for code in ("GBP", "EUR", "USD", None)]


# -- rows and tables beside the positions ---------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "match", "tickers"),
    [
        ("Symbol,Name,Shares,Price,Value\nX,A,25,200,5000\n,,,,\nAsset class,Value,,,\n"
         "Stocks,5000,,,\n", r"not read: row 4 \(Asset class, Value\)", ["X"]),
        ("ReportDate,Symbol,Quantity,Value\n20301119,X,1,4\n20301120,X,1,5\n",
         r"rows of 2 dates are counted together \(20301119, 20301120\)", ["X", "X"]),
        ("Symbol,Quantity,Value\nX,10,50\nY,1,200\n,,250\n", "row 4 names no security", ["X", "Y"]),
        ('Symbol,Quantity,Value\nX,25,50\n\nAccount Summary\nStock Buying Power,"$1,234.56"\n',
         "row 5, below the title 'Account Summary', is not read", ["X"]),
        ("Summary\nCurrency,Cash,Investments,Total\nCAD,12,50,62\n\nSymbol,Quantity,Value\nX,1,50\n",
         "cash that stands above the table is not read.*row 3", ["X"]),
        ("Ticker,Value,Type,Leverage\nX,5,etf,3\n", "the column 'Leverage'.*is not read", ["X"]),
    ],
)  # fmt: skip
def test_what_is_decided_is_said(text: str, match: str, tickers: list[str]) -> None:
    with pytest.warns(HoldingsWarning, match=match):
        frame = read_holdings(text)
    assert frame["ticker"].tolist() == tickers


@pytest.mark.parametrize(
    "text",
    [
        "Date,Symbol,Quantity,Value\n20301119,X,1,4\n20301119,Y,1,5\n",
        "Symbol,Quantity,Value,Date Acquired\nX,1,4,2030-01-01\nY,1,5,2030-01-02\n",
        "BOF,U1\nBOS,POST,Open Positions\nSymbol,Name,Quantity,PositionValue\nX,A,1,4\nY,B,1,5\n"
        "EOS,POST,1\nEOF,U1\n",
        "S,Header,FinancialInstrument,Symbol,Quantity,Value\nS,Data,Stocks,X,1,4\n"
        "S,Data,Stocks,Y,1,5\nS,Data,Total,,,9\n",
        "Account Number/Name,Symbol,Quantity,Value\nZ1,X,1,4\nZ1,Y,1,5\n",
    ],
)
def test_what_is_clear_is_read_in_silence(text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert said(text, "ticker", "value") == [["X", 4], ["Y", 5]]


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("Symbol,Quantity,Value\nX,10,50\nY,1,200\n,,251\n", "is missing, and so are name"),
        ("Symbol,Quantity,Value\nX,1,50\n\nBonds\nY,2\n", "has 2 fields where the header has 3"),
        ('"A title"\n\n"Papier";"WKN";"Wert"\n"X";"865985";"4.500,00"\n', "found 'Papier', 'WKN'"),
        ("Produkt,Symbool,Aantal\nX INC,US0378331005,25,200\n", "found 'Produkt', 'Symbool'"),
    ],
)
def test_what_is_refused_says_what_to_do(text: str, match: str) -> None:
    with pytest.raises(InputError, match=match):
        read_holdings(text)


def test_a_parquet_file_is_told_by_its_content() -> None:
    data = io.BytesIO(b"PAR1\0\0")
    with pytest.raises(InputError, match=r"Parquet file: read it with pd\.read_parquet"):
        read_holdings(data)


def test_header_names_that_only_differ_in_their_unit_are_two() -> None:
    header = match_header(["Symbol", "Price (USD)", "Price", "Currency"])
    assert header is not None
    assert (header.columns["price"], header.money) == (2, {})
    assert header.twice == ()
