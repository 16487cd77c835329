"""Which rows of a table are cash: words for cash are asset classes as often as types."""

from __future__ import annotations

import pandas as pd
import pytest

from sectypes.columns import frame_columns, questions
from sectypes.holdings import read_holdings
from sectypes.sorting import sort_rows
from sectypes.taxonomy import Label

HEADER = "Symbol,Description,Asset Class,Quantity,Price,Value\n"


def told(frame: pd.DataFrame) -> list[str]:
    """What each row of a frame says that it is; "asked" where others are to be asked."""
    numbers, queries = questions(frame_columns(frame, {}))
    aside = sort_rows(list(queries), {}).aside
    found = [aside.get(number) for number in numbers]
    return [one.security_type.value if isinstance(one, Label) else "asked" for one in found]


@pytest.mark.parametrize(
    "row",
    [
        "YCSQ,SAMPLE ULTRASHORT YEN ETF,Currency,100,45,4500",
        "JPSQ,SAMPLE ULTRA-SHORT INCOME ETF,Cash Equivalents,10,50,500",
        "SPYQ,SPDR SAMPLE INDEX,Cash,1,500,500",
        "SGOQ,SAMPLE TREASURY BILL ETF,Cash & Cash Alternatives,,,500",
        "MINQ,SAMPLE SHORT MATURITY,Money Market,10,100,1000",
        "SGOQ,,Cash & Cash Equivalents,10,100,1000",
        "SGOQ,,Cash & Cash Equivalents,10,,1000",
        "UUPQ,,Currencies,10,30,300",
        "UUPQ,,Currency,,,300",
        "USD,SAMPLE ULTRA SEMICONDUCTORS ETF,Cash,5,75,375",
        "VABCX,,Cash,5,75,375",
        ",SAMPLE TREASURY BILL ETF,Cash Equivalents,5,75,375",
        "SGOQ,SAMPLE BILL ETF,Cash,500,1,500",
    ],
)
def test_an_asset_class_of_cash_is_no_type(row: str) -> None:
    frame = read_holdings(f"{HEADER}{row}\nXYZR,Sample Inc,Equity,1,1,1\n")
    assert not frame["is_cash"].any()
    assert pd.isna(frame["provider_type"][0])
    if not row.startswith(","):
        assert told(frame) == ["asked", "asked"]


@pytest.mark.parametrize(
    "row",
    [
        "ABCXX**,SAMPLE GOVERNMENT FUND,Cash,100,1,100",
        "ABCXX,,Money Market,100,1.0003,100.03",
        "ABCXX,SAMPLE GOVERNMENT FUND,Money Market,100,12.5,1250",
        "LQDAQ,SAMPLE LIQUIDITY FUND,Cash,5,1.00,5",
        "LQDAQ,SAMPLE MONEY MARKET FUND,Cash,5,10.00,50",
        "FCASH**,HELD IN FCASH,Cash,100,,100",
        "CASH,,Cash,5,1,5",
        "USD,,Cash,5,1.37,6.85",
        "EUR,,Cash,100,1.08,108",
        "EUR,Euro money,Cash,100,1.08,108",
        "CUR:EUR,,Currency,100,1.08,108",
        "BDPQ,BANK DEPOSIT PROGRAM,Cash,5,1,5",
        "QSWPQ,FDIC INSURED DEPOSIT AT SAMPLE BANK,Cash,5,,5",
        "QSWPQ,,Sweep,5,1,5",
        "QSWPQ,,Sweep,,,5",
        ',SAMPLE BANK N.A.,"Cash, MMF and BDP",1234.56,1.00,1234.56',
        ",SAMPLE BANK N.A.,Savings and Time Deposits,,,5",
        ",USD ACCOUNT,Cash and money balances,,,5",
    ],
)
def test_cash_stays_cash(row: str) -> None:
    frame = read_holdings(f"{HEADER}{row}\nXYZR,Sample Inc,Equity,1,1,1\n")
    assert frame["is_cash"].tolist() == [True, False]
    assert frame["provider_type"].notna().all()


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ("EUR,Euro money,Currency,100,1.08,108", "cash"),
        ("SEK,,Currencies,100,0.1,10", "cash"),
        ("USD,,Currency,5,1,5", "cash"),
        ("QQQR,US DOLLAR,Currency,5,1,5", "cash"),
        ("EUR.USD,,Forex,5,1.08,5.4", "cash"),
        ("BTC,,Currency,1,60000,60000", "crypto"),
        ("BTC,Bitcoin,Cash,1,60000,60000", "crypto"),
    ],
)
def test_a_bare_code_beside_the_word_currency_is_money(row: str, kind: str) -> None:
    assert told(read_holdings(HEADER + row)) == [kind]


@pytest.mark.parametrize(
    ("ticker", "name", "word", "provider", "kind"),
    [
        ("SGOQ", "Sample Treasury Bill ETF", "Cash", None, "asked"),
        ("SGOQ", "Sample Treasury Bill ETF", "Cash", "csv", "asked"),
        ("SGOQ", None, "Cash", None, "cash"),
        ("YCSQ", "Sample UltraShort Yen ETF", "Currency", None, "asked"),
        ("UUPQ", None, "Currencies", "csv", "asked"),
        ("ABCXX", "Sample Fund", "Cash", None, "cash"),
        ("EUR", None, "Currency", None, "cash"),
        # These providers' types are types, and so are those of a portfolio's own file.
        ("SGOQ", "Sample Treasury Bill ETF", "cash", "plaid", "cash"),
        ("SGOQ", "Sample Treasury Bill ETF", "cash", "yaml", "cash"),
    ],
)
def test_a_frame_of_its_own_is_read_alike(
    ticker: str, name: str | None, word: str, provider: str | None, kind: str
) -> None:
    row = {"ticker": ticker, "name": name, "asset_class": word, "provider": provider}
    assert told(pd.DataFrame([row], dtype="str")) == [kind]


@pytest.mark.parametrize(
    "ticker", ["Money Market", "Savings account", "Settlement fund", "Net Cash", "Margin balance"]
)
def test_words_for_cash_in_the_column_of_tickers(ticker: str) -> None:
    frame = read_holdings(f"Symbol,Quantity,Price,Value\n{ticker},,,5\nXYZR,1,1,1\n")
    assert frame["is_cash"].tolist() == [True, False]


@pytest.mark.parametrize(("row", "is_cash"), [("MARGIN,,,-100", True), ("MARGIN,5,20,100", False)])
def test_money_that_is_owed(row: str, is_cash: bool) -> None:
    frame = read_holdings(f"Symbol,Quantity,Price,Value\n{row}\n")
    assert frame["is_cash"].tolist() == [is_cash]


@pytest.mark.parametrize(
    "line",
    ["Pending activity,,,--", "Pending Activity,,,", "Cash & Cash Investments,--,--,--",
     "Pending activity,,,n/a"],
)  # fmt: skip
def test_cash_without_an_amount_is_no_money(line: str) -> None:
    frame = read_holdings(f"Symbol,Quantity,Price,Value\nXYZR,1,5,5\n{line}\n")
    assert frame["ticker"].tolist() == ["XYZR"]


@pytest.mark.parametrize("line", ["Pending activity,,,-3.5", "XYZQ,,,", "CUR:USD,7,,"])
def test_other_rows_stay(line: str) -> None:
    frame = read_holdings(f"Symbol,Quantity,Price,Value\nXYZR,1,5,5\n{line}\n")
    assert frame["ticker"].tolist() == ["XYZR", line.partition(",")[0]]


def test_cash_stays_in_a_list_without_amounts() -> None:
    assert read_holdings("Symbol,Name\nCUR:USD,US Dollar\nXYZQ,Sample\n")["is_cash"].sum() == 1
