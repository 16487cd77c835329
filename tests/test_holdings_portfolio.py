"""portfolio.yaml in, and the older dict form out."""

from __future__ import annotations

import copy
from typing import Any

import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from sectypes.errors import HoldingsWarning, InputError
from sectypes.holdings import (
    COLUMNS,
    read_holdings,
    read_plaid,
    read_portfolio_yaml,
    to_portfolio_input,
)
from sectypes.holdings.frame import Position, holdings_frame


def entries(text: str) -> pd.DataFrame:
    """Read entries written in YAML's short form."""
    return read_portfolio_yaml(f"portfolio_input:\n  {text}\n")


def plain(frame: pd.DataFrame, *columns: str) -> list[list[Any]]:
    loose = frame[list(columns)].astype(object)
    return loose.where(loose.notna(), None).to_numpy().tolist()  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    "ticker",
    ["ON", "NO", "YES", "TRUE", "NULL", "~", "0005", "1E5", "1.10", "0x1F", "2030-01-02", "BRK B",
     "1_000", "12:30", ".inf", "CUR:USD", "NaN"],
)  # fmt: skip
def test_tickers_stay_as_written(ticker: str) -> None:
    assert entries(f"{ticker}: {{shares: 5}}")["ticker"].tolist() == [ticker]


@pytest.mark.parametrize(
    ("entry", "units", "price", "value", "currency"),
    [
        ("{shares: 5}", 5, None, None, None),
        ("{shares: 5, price: 2, currency: EUR}", 5, 2, 10, "EUR"),
        ("{shares: -5, price: $2}", -5, 2, -10, None),
        ('{dollars: "$1,000.50"}', None, None, 1000.5, "USD"),
        ("{dollars: 10, currency: CAD}", None, None, 10, "CAD"),
        ("{weight: 1}", None, None, 1, None),
        ("{weight: 1, currency: EUR}", None, None, 1, None),
    ],
)
def test_amounts(entry: str, units: Any, price: Any, value: Any, currency: Any) -> None:
    row = plain(entries(f"XYZQ: {entry}"), "units", "price", "value", "currency")[0]
    assert row == [units, price, value, currency]


@pytest.mark.parametrize(
    ("entry", "is_cash", "value", "currency"),
    [
        ("CUR:USD: {dollars: 5, type: cash}", True, 5, "USD"),
        ("CUR:EUR: {shares: 5}", True, 5, "EUR"),
        ("SGOV: {shares: 5, price: 100, type: cash}", True, 500, None),
        ("SGOV: {shares: 5, type: etf}", False, None, None),
        ("USD: {shares: 5}", False, None, None),
    ],
)
def test_cash(entry: str, is_cash: bool, value: Any, currency: Any) -> None:
    assert plain(entries(entry), "is_cash", "value", "currency") == [[is_cash, value, currency]]


def test_weights_have_no_currency() -> None:
    frame = entries("CUR:EUR: {weight: 0.4, type: cash}\n  XYZQ: {weight: 0.604}")
    assert plain(frame, "is_cash", "value", "currency") == [[True, 0.4, None], [False, 0.604, None]]


@pytest.mark.parametrize(
    ("first", "second", "total"), [(0.9, 0.6, "1.5"), (0.1, 0.1, "0.2"), (1.4, -0.2, "1.2")]
)
def test_weights_that_do_not_add_up_to_1_are_said(first: float, second: float, total: str) -> None:
    with pytest.warns(HoldingsWarning, match=f"add up to {total}; each counts as its share"):
        frame = entries(f"A: {{weight: {first}}}\n  B: {{weight: {second}}}")
    assert frame["value"].tolist() == [first, second]


def test_all_that_an_entry_can_say() -> None:
    frame = entries("XYZQ: {shares: 1, type: Stock, name: N, cost_basis: 9, account_id: 007}")
    said = plain(frame, "provider", "provider_type", "name", "cost_basis", "account")
    assert said == [["yaml", "Stock", "N", 9, "007"]]
    assert tuple(frame.columns) == COLUMNS


def test_entries_may_be_a_list() -> None:
    frame = entries('- {ticker: "ON", shares: 1}\n  - {ticker: ON, dollars: 2}')
    assert plain(frame, "ticker", "units", "value") == [["ON", 1, None], ["ON", None, 2]]


def test_the_file_names_the_portfolio(tmp_path: Any) -> None:
    path = tmp_path / "my_book.yaml"
    path.write_text("portfolio_input: {XYZQ: {shares: 1}}\nstart_date: 2030-01-02\n")
    assert read_holdings(path)["portfolio"].tolist() == ["my_book"]
    assert read_portfolio_yaml(path, portfolio="x")["portfolio"].tolist() == ["x"]


def test_a_parsed_mapping_is_read_and_not_changed() -> None:
    parsed = {"portfolio_input": {"XYZQ": {"shares": 5, "type": None}}}
    before = copy.deepcopy(parsed)
    assert read_holdings(parsed)["units"].tolist() == [5]
    assert parsed == before


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("portfolio_input:\n  A: {shares: 1}\n  A: {shares: 2}\n", "'A' occurs twice at line 3"),
        ("portfolio_input: {}\nportfolio_input: {}\n", "'portfolio_input' occurs twice"),
        ("portfolio_input:\n  A: &a {shares: 1}\n  B: *a\n", "aliases .* at line 3, column 6"),
        ("portfolio_input:\n  A: {shares: 1\n", "not valid YAML"),
        ("portfolio_input: {A: {shares: 1}}\n---\nx: 1\n", "another document"),
        ("portfolio_input:\n  ? [a]\n  : {shares: 1}\n", "unhashable key"),
        ("portfolio_input: \x01\n", "special characters"),
        ("portfolio_input: " + "[" * 20_000 + "\n", "nested too deeply"),
        ("portfolio_input:\n" + "# long\n" * 200_000, "larger than 1 MB"),
        ("portfolio_input: [5]\n", "portfolio cannot be read"),
        ("portfolio_input: 5\n", "neither a mapping"),
        ("holdings:\n  A: 1\n", r"no key 'portfolio_input' \(found: \['holdings'\]"),
        ("just words\n", "found: str"),
    ],
)
def test_what_is_no_portfolio(text: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        read_portfolio_yaml(text)


def test_tags_execute_nothing(tmp_path: Any) -> None:
    target = tmp_path / "made"
    with pytest.raises(InputError, match="no entry such as"):
        entries(f"A: !!python/object/apply:os.mkdir ['{target}']")
    assert not target.exists()


@pytest.mark.parametrize(
    ("entry", "column", "reason"),
    [
        ("A: {}", "shares", "exactly one"),
        ("A: {shares: 1, dollars: 2}", "shares", "exactly one"),
        ("A: {type: etf}", "shares", "exactly one"),
        ("A: {shares: many}", "portfolio_input.shares", "plain decimal"),
        ("A: {weight: 30%}", "portfolio_input.weight", "percentage"),
        ("A: {shares: 1, price: [2]}", "portfolio_input.price", "not a number"),
        ("A: {shares: 1, type: {a: b}}", "portfolio_input.type", "not a text"),
        ("A: 5", "portfolio_input", "no entry such as"),
        ('"": {shares: 5}', "portfolio_input.ticker", "is missing"),
        ("- {shares: 5}", "portfolio_input.ticker", "is missing"),
    ],
)
def test_a_bad_entry_is_named(entry: str, column: str, reason: str) -> None:
    with pytest.raises(InputError, match="portfolio cannot be read") as caught:
        entries(entry)
    problem = caught.value.problems[0]
    assert (problem.column, problem.row) == (column, 0 if entry[0] == "-" else entry[0].strip('"'))
    assert reason in problem.reason


def test_weights_stand_alone() -> None:
    assert entries("A: {weight: 0.4}\n  B: {weight: 0.6}")["value"].sum() == 1
    with pytest.raises(InputError, match="beside shares or dollars") as caught:
        entries("A: {weight: 0.4}\n  B: {shares: 6}\n  C: {weight: 0.1}\n  D: {shares: x}")
    assert caught.value.failures["row"].tolist() == ["A", "C", "D"]


def test_tickers_that_are_no_text_are_refused() -> None:
    parsed = yaml.safe_load("portfolio_input: {ON: {shares: 1}, 5: {shares: 2}}")
    with pytest.raises(InputError, match="the ticker is not text") as caught:
        read_holdings(parsed)
    assert [problem.value for problem in caught.value.problems] == [True, 5]


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60))
def test_any_yaml_is_read_or_refused(text: str) -> None:
    outcome = "read"
    try:
        read_portfolio_yaml(f"portfolio_input:\n {text}\n")
    except InputError as error:
        outcome = error.message
    assert outcome


# -- the older form -----------------------------------------------------------------------------


def position(**changes: Any) -> Position:
    return Position(provider="plaid", ticker="XYZQ", provider_type="equity")._replace(**changes)


def older(*positions: Position) -> dict[str, dict[str, Any]]:
    return to_portfolio_input(holdings_frame(positions))


def test_the_older_form() -> None:
    row = position(units=100.0, currency="USD", cost_basis=15000.0, account="a1")
    assert older(row) == {
        "XYZQ": {
            "shares": 100.0,
            "currency": "USD",
            "type": "equity",
            "cost_basis": 15000.0,
            "account_id": "a1",
        }
    }


def test_rows_of_one_ticker_are_added() -> None:
    one = position(ticker="BRK.B", units=1.0, cost_basis=5.0, account="a")
    two = position(ticker="BRK/B", units=2.0, cost_basis=6.0, account="b")
    entry = older(one, two, position(ticker="BRK-B", units=3.0, account="a"))["BRK.B"]
    assert (entry["shares"], entry["cost_basis"], entry["account_id"]) == (6, None, "a,b")
    assert older(one, two)["BRK.B"]["cost_basis"] == 11


@pytest.mark.parametrize(
    ("row", "key", "amount"),
    [
        (position(ticker="CUR:USD", units=5.0, value=5.0, currency="USD"), "CUR:USD", "dollars"),
        (position(ticker="USD", value=5.0, currency="USD"), "CUR:USD", "dollars"),
        (position(ticker=None, value=5.0, currency="EUR"), "CUR:EUR", "dollars"),
        (position(ticker="Cash & Cash Investments", value=5.0), "CUR:USD", "dollars"),
        (position(ticker="CUR:CAD", value=5.0), "CUR:CAD", "dollars"),
        (position(ticker="VMFXX", units=5.0, value=5.0), "VMFXX", "shares"),
        (position(ticker="SPAXX**", value=5.0), "SPAXX**", "dollars"),
    ],
)
def test_cash_in_the_older_form(row: Position, key: str, amount: str) -> None:
    form = older(row._replace(is_cash=True))
    assert list(form) == [key]
    assert (form[key][amount], form[key]["type"]) == (5, "cash")


def test_the_answer_comes_before_the_providers_word() -> None:
    frame = holdings_frame([position(ticker="DSU", units=1.0), position(ticker="X", units=1.0)])
    types = pd.Categorical(["mutual_fund", None], categories=["equity", "mutual_fund"])
    form = to_portfolio_input(frame.assign(security_type=types))
    assert [entry["type"] for entry in form.values()] == ["mutual_fund", "equity"]


def test_an_unknown_word_has_no_type() -> None:
    assert older(position(units=1.0, provider_type="new word"))["XYZQ"]["type"] is None


def test_types_that_disagree_warn() -> None:
    with pytest.warns(HoldingsWarning, match="equity and mutual_fund in different rows"):
        form = older(position(units=1.0), position(units=1.0, provider_type="mutual fund"))
    assert form["XYZQ"]["type"] == "equity"


@pytest.mark.parametrize(
    ("rows", "column", "reason"),
    [
        ([position(ticker=None, name="N", units=1.0)], "ticker", "is missing"),
        ([position()], "units", "units and value are missing"),
        ([position(units=1.0), position()], "units", "units and value are missing"),
        (
            [position(units=1.0, currency="USD"), position(units=1.0, currency="CAD")],
            "currency",
            "USD and CAD",
        ),
        (
            [
                position(ticker="XYZQ301220C00100000", units=100.0),
                position(ticker="XYZQ  301220C00100000", units=1.0, provider="snaptrade"),
            ],
            "units",
            "contracts in one row",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:.*in different rows")
def test_what_does_not_fit_the_older_form(rows: list[Position], column: str, reason: str) -> None:
    with pytest.raises(InputError, match="do not fit the older form") as caught:
        older(*rows)
    assert caught.value.problems[0].column == column
    assert reason in caught.value.problems[0].reason


def test_values_stand_in_where_units_are_missing() -> None:
    form = older(position(units=1.0, value=5.0), position(value=6.0))
    assert form["XYZQ"]["dollars"] == 11
    assert "shares" not in form["XYZQ"]


def test_the_older_form_reads_back() -> None:
    frame = read_portfolio_yaml("portfolio_input:\n  ON: {shares: 5, type: etf}\n")
    again = read_holdings({"portfolio_input": to_portfolio_input(frame)})
    assert plain(again, "ticker", "units", "provider_type") == [["ON", 5, "etf"]]


def test_the_frame_is_not_changed_and_must_be_one() -> None:
    frame = holdings_frame([position(units=1.0)])
    before = frame.copy(deep=True)
    to_portfolio_input(frame)
    pd.testing.assert_frame_equal(frame, before)
    with pytest.raises(InputError, match="no columns portfolio, account"):
        to_portfolio_input(frame[["ticker"]])


def test_an_empty_frame_is_an_empty_portfolio() -> None:
    assert to_portfolio_input(read_plaid({"holdings": [], "securities": []})) == {}
