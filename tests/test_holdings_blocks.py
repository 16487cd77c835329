"""What counts in a broker's file: sums, lots, sheets, sections and tables beside the positions."""

from __future__ import annotations

import datetime
import warnings
from typing import Any

import pytest
from support.workbooks import workbook_of as workbook

from sectypes.errors import HoldingsWarning, InputError
from sectypes.holdings import read_holdings

HEADER = "Account,Symbol,Description,Quantity,Price,Value\n"
BOTH = HEADER + "A,XYZQ,Sample,25,200,5000\nA,XYZR,Sample ETF,10,300,3000\n"
# A sample of a thinkorswim account statement: its layout, invented values.
STATEMENT = """Account Statement for 12345678 (ira) since 11/20/30 through 11/23/30

Account Order History
Notes,,Time Placed,Spread,Side,Qty,Pos Effect,Symbol,Exp,Strike,Type,PRICE,,TIF,Status
,,11/20/30 09:30:00,STOCK,BUY,+10,TO OPEN,XYZS,,,STOCK,199.00,LMT,DAY,CANCELED

Account Trade History
,Exec Time,Spread,Side,Qty,Pos Effect,Symbol,Exp,Strike,Type,Price,Net Price,Order Type
,11/20/30 09:30:00,STOCK,BUY,+10,TO OPEN,XYZQ,,,STOCK,199.00,199.00,LMT

Equities
Symbol,Description,Qty,Trade Price,Mark,Mark Value
XYZQ,SAMPLE INC,+10,199.00,200.00,"$2,000.00"
,OVERALL TOTALS,,,,"$2,000.00"

Profits and Losses
Symbol,Description,P/L Open,P/L %,P/L Day,P/L YTD,P/L Diff,Margin Req,Mark Value
XYZQ,SAMPLE INC,$10.00,+0.50%,$1.00,$1.00,$0.00,$600.00,"$2,000.00"
XYZS,SAMPLE TWO,$0.00,0.00%,$1.00,$1.00,$0.00,$0.00,$0.00
,OVERALL TOTALS,$10.00,+0.50%,$1.00,$1.00,$0.00,$600.00,"$2,000.00"

Account Summary
Net Liquidating Value,"$3,000.00"
Stock Buying Power,"$1,000.00"
"""
POSITIONS = """Open Positions,Header,DataDiscriminator,Asset Category,Currency,Symbol,Quantity,Value
Open Positions,Data,Summary,Stocks,USD,XYZQ,500,100000
Forex Balances,Header,Asset Category,Currency,Description,Quantity,Close Price,Value in USD
Forex Balances,Data,Forex,USD,USD,-50000,1,-50000
"""
CASH_REPORT = "Cash Report,Header,Currency Summary,Currency,Total,Securities,Futures,\n"


def held(source: Any) -> list[tuple[str | None, float]]:
    """Ticker (or name) and value of each position."""
    frame = read_holdings(source)
    return list(zip(frame["ticker"].fillna(frame["name"]), frame["value"], strict=True))


# -- sums ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["Subtotal Main", "Total Roth IRA", "Total Taxable", "Total Somebroker", "Total Invested",
     "Main Total", "Sub-total of Main", "TOTAL: Main"],
)  # fmt: skip
@pytest.mark.parametrize("row", [",{},,,,8000", ",,{},,,8000", "{},,,,,8000", ",,{},,,8000.01"])
def test_a_total_with_a_name_of_its_own_is_left_out(text: str, row: str) -> None:
    total = row.format(text)
    assert held(f"{BOTH}{total}\nGrand total,,,,,8000\n") == [("XYZQ", 5000), ("XYZR", 3000)]


def test_a_total_sums_up_what_stands_since_any_sum_above() -> None:
    more = ",,Total Bank,,,8000\nB,XYZS,Sample,1,7,7\nB,XYZT,Sample,1,8,8\n,,Bonds Total,,,15\n"
    last = "B,XYZU,Sample,1,9,9\n,,Total Other,,,24\n,,Total Everywhere,,,8024\n"
    assert [value for _, value in held(BOTH + more + last)] == [5000, 3000, 7, 8, 9]


def test_a_total_that_adds_up_to_nothing_is_kept_and_said() -> None:
    with pytest.warns(HoldingsWarning, match=r"row 4 \('Total Somebroker'\) is kept, as no rows"):
        assert held(f"{BOTH},,Total Somebroker,,,9000\n")[-1] == ("Total Somebroker", 9000)


def test_a_total_of_one_row_is_left_out_and_said() -> None:
    with pytest.warns(HoldingsWarning, match=r"row 3 \('Main Total'\) is left out .* a quantity"):
        assert held(f"{HEADER}A,XYZQ,Sample,25,200,5000\n,,Main Total,,,5000\n") == [("XYZQ", 5000)]


def test_a_fund_of_the_total_market_is_never_a_sum() -> None:
    one = f"{HEADER}A,,Sample Fund,,,5000\nA,,Total Bond Market Fund,,,5000\n"
    assert [value for _, value in held(one)] == [5000, 5000]
    with pytest.warns(HoldingsWarning, match="is kept, but has the sum of 2 rows above"):
        assert len(held(f"{BOTH}A,,Total Bond Market Fund,,,8000\n")) == 3
    assert len(held(f"{BOTH}A,,Total Somebroker,8,1000,8000\n")) == 3


@pytest.mark.parametrize(
    ("line", "ticker"),
    [
        (",Total Cash,,,,1234", "Total Cash"), (",Total Cash,,,,-1234", "Total Cash"),
        (",,Cash Total,,,1234", "Cash Total"), ("Total Cash,,,,,1234", "Total Cash"),
        ("Total Cash,1234", "Total Cash"),
        (",,Total Cash & Cash Equivalents:,,,1234", "Cash & Cash Equivalents"),
    ],
)  # fmt: skip
def test_total_cash_that_repeats_nothing_is_cash(line: str, ticker: str) -> None:
    frame = read_holdings(f"{BOTH}{line}\n,Total,,,,9234\n")
    assert frame["is_cash"].tolist() == [False, False, True]
    assert (frame["ticker"][2], abs(frame["value"][2])) == (ticker, 1234)


@pytest.mark.parametrize(
    "line", [",Total Cash,,,,1234", ",Total Cash,,,,8000", ",Total Cash & Investments,,,,9234",
             ",Total Cash,,,,"],
)  # fmt: skip
def test_total_cash_that_repeats_other_rows_is_left_out(line: str) -> None:
    above = "A,USD CASH,,,,1000\nA,CASH,,,,234\n"
    text = HEADER + above + BOTH.removeprefix(HEADER) if "1234" in line else BOTH
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert sum(value for _, value in held(f"{text}{line}\n")) in (8000, 9234)


def test_total_cash_beside_other_cash_is_left_out_and_said() -> None:
    with pytest.warns(HoldingsWarning, match="other rows are cash, though they do not add up"):
        assert len(held(f"{BOTH}A,USD CASH,,,,1000\n,Total Cash,,,,1234\n")) == 3


# -- lots ---------------------------------------------------------------------------------------

LOTS = "Symbol,Last Price,Quantity,Price Paid,Value\nXYZQ,200,25,150,5000\n{}TOTAL,,,,5000\n"


@pytest.mark.parametrize(
    "days", [("   01/02/2020", "03/05/2021"), ("2020-01-02", "2021-03-05"),
             ("Jan 2, 2020", "Mar 05, 2021"), ("02-Jan-20", "05 March 2021")],
)  # fmt: skip
def test_dated_rows_that_add_up_to_the_position_are_its_lots(days: tuple[str, str]) -> None:
    lots = f'"{days[0]}",200,10,140,2000\n"{days[1]}",200,15,160,3000\n'
    assert held(LOTS.format(lots)) == [("XYZQ", 5000)]


@pytest.mark.parametrize("units", [14, ""])
def test_dated_rows_that_do_not_add_up_are_refused(units: Any) -> None:
    lots = f"01/02/2020,200,10,140,2000\n03/05/2021,200,{units},160,3000\n"
    with pytest.raises(InputError, match="is a date, not a ticker") as caught:
        read_holdings(LOTS.format(lots))
    assert [problem[:2] for problem in caught.value.problems] == [(3, "Symbol"), (4, "Symbol")]


def test_lots_of_a_workbook_have_dates() -> None:
    head = ["Symbol", "Quantity", "Value"]
    lots = [[datetime.datetime(2030, 1, day), 5, 50] for day in (2, 3)]
    assert held(workbook(S=[head, ["XYZQ", 10, 100], *lots, ["XYZR", 1, 5]])) == [
        ("XYZQ", 100), ("XYZR", 5),
    ]  # fmt: skip


def test_rows_without_names_are_lots_where_quantity_and_value_add_up() -> None:
    with pytest.warns(HoldingsWarning, match="rows 3, 4 name no security and add up"):
        assert held(LOTS.format(",200,10,140,2000\n,200,15,160,3000\n")) == [("XYZQ", 5000)]


@pytest.mark.parametrize("row", [",190,25,1,4750", ",200,24,1,4800", ",,25,1,"])
def test_other_rows_without_names_are_positions(row: str) -> None:
    frame = read_holdings(LOTS.format(row + "\n"))
    assert frame["ticker"].isna().tolist() == [False, True]


# -- sheets -------------------------------------------------------------------------------------

DETAIL = [["Symbol", "Quantity", "Price", "Value"], ["XYZQ", 25, 200, 5000], ["XYZR", 1, 9, 9]]


def test_sheets_that_are_counted_together_are_named() -> None:
    with pytest.warns(HoldingsWarning, match="sheets 'Nov', 'Oct' are counted together"):
        frame = read_holdings(workbook(Nov=DETAIL, Notes=[["x"]], Oct=DETAIL))
    assert frame["account"].tolist() == ["Nov", "Nov", "Oct", "Oct"]


def test_a_sheets_own_accounts_win_over_its_name() -> None:
    named = [["Symbol", "Account", "Value"], ["XYZS", "Z1", 5]]
    with pytest.warns(HoldingsWarning, match="counted together"):
        frame = read_holdings(workbook(Nov=DETAIL, Oct=named))
    assert frame["account"].tolist() == ["Nov", "Nov", "Z1"]


@pytest.mark.parametrize("other", [[["x", "y"]], [["Symbol", "Quantity"]], [["Symbol"], ["Z"]]])
def test_one_sheet_of_positions_needs_no_name(other: list[list[Any]]) -> None:
    assert read_holdings(workbook(Nov=DETAIL, Other=other))["account"].isna().tolist() == [True] * 2


def test_a_summary_that_repeats_a_sheet_is_left_out() -> None:
    summary = [["Symbol", "Value"], ["XYZR", 9], ["XYZQ", 5000.4], ["Total", 5009]]
    with pytest.warns(HoldingsWarning, match=r"row Summary!1 .* repeats .*XYZR, XYZQ.* left out"):
        frame = read_holdings(workbook(Detail=DETAIL, Summary=summary))
    assert frame["value"].tolist() == [5000, 9]
    assert frame["account"].isna().all()


@pytest.mark.parametrize("row", [["XYZQ", 4000], ["XYZS", 70]])
def test_values_that_agree_only_in_part_are_counted_and_said(row: list[Any]) -> None:
    summary = [["Symbol", "Value"], ["XYZR", 9], row]
    with pytest.warns(HoldingsWarning) as told:
        assert len(read_holdings(workbook(Detail=DETAIL, Summary=summary))) == 4
    assert "Summary!1 has values only and is counted, though" in str(told[0].message)
    assert "'Detail', 'Summary' are counted together" in str(told[1].message)


# -- sections and tables beside the positions ---------------------------------------------------


def test_a_statement_of_orders_trades_and_profits_holds_its_equities_once() -> None:
    with pytest.warns(HoldingsWarning, match="row 17 has values only and repeats .*XYZQ"):
        frame = read_holdings(STATEMENT)
    assert frame[["ticker", "units", "price", "value"]].to_numpy().tolist() == [
        ["XYZQ", 10, 200, 2000]
    ]
    assert frame["account"].isna().all()


@pytest.mark.parametrize("start", ["Account Order History", "Account Trade History"])
def test_orders_and_trades_alone_are_refused(start: str) -> None:
    with pytest.raises(InputError, match="lists transactions, not positions"):
        read_holdings(start + STATEMENT.partition(start)[2].partition("\n\n")[0])


def test_a_title_of_a_history_is_no_account() -> None:
    found = read_holdings("Account Position History\nSymbol,Shares\nX,1\n")
    assert found["account"].isna().all()


def test_the_ending_cash_of_each_currency_is_held() -> None:
    cash = "".join(
        f"Cash Report,Data,{name},{currency},{amount},0,0,\n"
        for name, currency, amount in [
            ("Starting Cash", "USD", 5), ("Ending Cash", "Base Currency Summary", -51000),
            ("Ending Cash", "USD", -60000), ("Ending Settled Cash", "USD", -59000),
            ("Ending Cash", "EUR", 9000), ("Ending Cash", "CHF", 0),
        ]
    )  # fmt: skip
    frame = read_holdings(CASH_REPORT + cash + POSITIONS)
    assert held(CASH_REPORT + cash + POSITIONS) == [
        ("CUR:USD", -60000), ("CUR:EUR", 9000), ("XYZQ", 100000),
    ]  # fmt: skip
    assert frame["currency"].tolist() == ["USD", "EUR", "USD"]
    assert frame["is_cash"].tolist() == [True, True, False]


@pytest.mark.parametrize("base", ["GBP", None])
def test_ending_cash_in_the_base_currency_alone_counts(base: str | None) -> None:
    account = f"Account Information,Data,Base Currency,{base}\n" if base else ""
    line = "Cash Report,Data,Ending Cash,Base Currency Summary,70,70,0,\n"
    frame = read_holdings(account + CASH_REPORT + line + POSITIONS)
    assert frame["is_cash"].tolist() == [True, False]
    assert frame["currency"].fillna("").tolist() == [base or "", "USD"]


def test_ending_cash_that_is_no_number_is_an_error() -> None:
    with pytest.raises(InputError, match="'Total', value 'x'"):
        read_holdings(CASH_REPORT + "Cash Report,Data,Ending Cash,USD,x,0,0,\n" + POSITIONS)


@pytest.mark.parametrize("line", ["Cash,1234.56", "Cash:,1234.56,CAD", "Total Cash,$5",
                                  "Cash Balance"])  # fmt: skip
def test_cash_above_the_table_is_said_not_to_be_read(line: str) -> None:
    text = f"Account,X\n{line}\nInvestments,5000\n\nSymbol,Quantity,Value\nXYZQ,1,5000\n"
    with pytest.warns(
        HoldingsWarning, match=r"cash .* above .* not read.* row 2 \('(?:Total )?Cash"
    ):
        assert held(text) == [("XYZQ", 5000)]


@pytest.mark.parametrize("line", ["Cash,70", "Cash,0", "Cash,", "Sample,70"])
def test_cash_above_the_table_that_it_repeats_needs_no_word(line: str) -> None:
    assert len(held(f"{line}\n\nSymbol,Quantity,Value\nXYZQ,1,5\nCASH,,70\n")) == 2


# A sample of a download with accounts of funds beside those of brokerage, invented values.
BROKERAGE = (
    "Account Number,Investment Name,Symbol,Shares,Share Price,Total Value,\n1,A,VFIAX,1,2,2,\n"
)
FUNDS = "Fund Account Number,Fund Name,Price,Shares,Total Value,\n88,Sample Fund,5,10,50,\n"


@pytest.mark.parametrize("text", [f"{BROKERAGE}\n\n{FUNDS}", f"{FUNDS}\n\n{BROKERAGE}"])
def test_a_table_of_names_and_quantities_is_read_beside_one_with_tickers(text: str) -> None:
    frame = read_holdings(text).sort_values("account")
    assert frame["value"].tolist() == [2, 50]
    assert frame["account"].tolist() == ["1", "88"]
    assert frame["name"].tolist() == ["A", "Sample Fund"]


def test_a_table_of_names_alone_has_no_tickers() -> None:
    with pytest.raises(InputError, match="no ticker column"):
        read_holdings(FUNDS)


@pytest.mark.parametrize(
    ("table", "is_said"),
    [
        ("Fund Name,Currency,Market Value\nSample Fund,USD,300\n", True),
        ("Asset Class,Currency,Market Value\nEquity,USD,300\n", False),
        ("Trade Date,Action,Description,Shares,Price\n2030-01-02,Buy,Sample,3,5\n", False),
    ],
)
def test_other_tables_below_end_the_positions(table: str, is_said: bool) -> None:
    text = f"Symbol,Quantity,Value\nXYZQ,1,200\n\n{table}"
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        assert held(text) == [("XYZQ", 200)]
    assert ["not read: row 4 (Fund Name" in str(one.message) for one in told] == [True] * is_said
