"""Plaid's holdings answer: joins, currencies, cash, shorts, errors."""

from __future__ import annotations

import copy
import json
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sectypes.errors import HoldingsWarning, InputError
from sectypes.holdings import COLUMNS, read_holdings, read_plaid

SAMPLE = Path(__file__).parent / "data" / "holdings_plaid.json"


def answer(**changes: Any) -> dict[str, Any]:
    """A small answer in Plaid's shape; sample values."""
    return {
        "accounts": [],
        "holdings": [
            {
                "account_id": "acc",
                "security_id": "s1",
                "quantity": 10,
                "institution_price": 2,
                "institution_value": 20,
                "cost_basis": 15,
                "iso_currency_code": "USD",
            }
        ],
        "securities": [{"security_id": "s1", "ticker_symbol": "XYZQ", "type": "equity"}],
        "item": {"institution_name": "Sample Bank", "item_id": "item", "error": None},
    } | changes


def with_holding(**changes: Any) -> dict[str, Any]:
    built = answer()
    built["holdings"][0] |= changes
    return built


def with_security(**changes: Any) -> dict[str, Any]:
    built = answer()
    built["securities"][0] |= changes
    return built


def test_every_holding_is_a_row() -> None:
    frame = read_plaid(SAMPLE)
    assert tuple(frame.columns) == COLUMNS
    assert frame["units"].tolist() == [250.25, 40, 10, 200, 10, 2, 3, 250]
    assert frame["account"].value_counts().to_dict() == {"acc-ira": 7, "acc-coins": 1}
    assert set(frame["portfolio"]) == {"Sample Bank"}
    assert set(frame["provider"]) == {"plaid"}


@pytest.mark.parametrize(
    ("name", "ticker", "word", "is_cash", "value", "cost"),
    [
        ("Sample U S Dollar", "USD", "cash", True, 250.25, 250.25),
        ("Sample sweep", None, "cash", True, 40, None),
        ("Sample Debt Fund", "DSU", "mutual fund", False, 105.02, 120),
        ("Sample call", "XYZQ301220C00100000", "derivative", False, 300, 250),
        ("Sample Treasury Bill", "912797AA9", "fixed income", False, 980, 975),
        ("Sample plan portfolio", "PLN000123", "etf", False, 24, None),
        ("Sample warrant", "XYZQW", "derivative", False, 6, 3),
        ("Sample coin", "DOGE", "cryptocurrency", False, 50, 30),
    ],
)
def test_each_kind_of_row(
    name: str, ticker: str | None, word: str, is_cash: bool, value: float, cost: float | None
) -> None:
    frame = read_plaid(SAMPLE)
    row = frame[frame["name"] == name].iloc[0]
    assert (row["ticker"] if isinstance(row["ticker"], str) else None) == ticker
    assert (row["provider_type"], row["is_cash"], row["value"]) == (word, is_cash, value)
    assert row["cost_basis"] == cost or (cost is None and math.isnan(row["cost_basis"]))


@pytest.mark.parametrize(
    ("ticker", "name", "is_cash"),
    [
        ("BTC", "Bitcoin", False),
        (None, "Ethereum", False),
        ("CUR:USD", "US Dollar", True),
        (None, "Cash", True),
        (None, None, True),
    ],
)
def test_a_coin_by_name_is_no_cash(ticker: str | None, name: str | None, is_cash: bool) -> None:
    given = with_security(type="cash", subtype=None, ticker_symbol=ticker, name=name)
    assert read_plaid(given)["is_cash"].tolist() == [is_cash]


def test_the_unofficial_currency_stands_in() -> None:
    assert read_plaid(SAMPLE)["currency"].tolist() == ["USD"] * 7 + ["USDX"]


def test_the_currency_of_the_security_is_the_last_resort() -> None:
    built = with_security(iso_currency_code="EUR")
    built["holdings"][0]["iso_currency_code"] = None
    assert read_plaid(built)["currency"].tolist() == ["EUR"]


@pytest.mark.parametrize(
    ("security", "ticker"),
    [
        ({"ticker_symbol": None, "cusip": "912797AA9", "isin": "US912797AA90"}, "912797AA9"),
        ({"ticker_symbol": " ", "cusip": None, "isin": "US912797AA90"}, "US912797AA90"),
        ({"ticker_symbol": "NA", "cusip": "912797AA9"}, "NA"),
        ({"ticker_symbol": "brk b"}, "brk b"),
    ],
)
def test_identifiers_stand_in_for_a_ticker(security: dict[str, Any], ticker: str) -> None:
    assert read_plaid(with_security(**security))["ticker"].tolist() == [ticker]


@pytest.mark.parametrize(
    ("kind", "subtype", "word"),
    [
        ("equity", "common stock", "equity"),
        ("derivative", "option", "derivative"),
        ("derivative", "warrant", "derivative"),
        ("other", "preferred equity", "preferred equity"),
        ("other", "not in the table", "other"),
        ("other", "other", "other"),
        (None, "preferred equity", "preferred equity"),
        ("equity", None, "equity"),
        (None, None, None),
        ("new word", "another", "new word"),
    ],
)
def test_the_word_for_the_type(kind: str | None, subtype: str | None, word: str | None) -> None:
    said = read_plaid(with_security(type=kind, subtype=subtype))["provider_type"]
    assert said.isna().all() if word is None else said.tolist() == [word]


def test_a_bond_without_a_value_keeps_none_because_its_price_may_be_per_hundred() -> None:
    bond = with_security(type="fixed income", ticker_symbol=None, cusip="912828YV6")
    bond["holdings"][0] |= {"institution_value": None, "institution_price": 98.5}
    with pytest.warns(HoldingsWarning, match="Plaid: the value of the bonds 912828YV6 is left"):
        frame = read_plaid(bond)
    assert frame["value"].isna().tolist() == [True]


@pytest.mark.parametrize(
    ("holding", "value"),
    [
        ({"institution_value": None}, 20.0),
        ({"institution_value": 21.5}, 21.5),
        ({"institution_value": None, "institution_price": None}, None),
        ({"quantity": -10, "institution_value": 20}, -20.0),
        ({"quantity": -10, "institution_value": -20}, -20.0),
        ({"quantity": "10", "institution_value": None}, 20.0),
    ],
)
def test_value(holding: dict[str, Any], value: float | None) -> None:
    got = read_plaid(with_holding(**holding))["value"].iloc[0]
    assert got == value or (value is None and math.isnan(got))


@pytest.mark.parametrize(
    ("sides", "units", "value", "cost"),
    [
        (["SHORT"], -10, -20, -15),
        (["short", "SHORT"], -10, -20, -15),
        (["LONG"], 10, 20, 15),
        (["LONG", "SHORT"], 10, 20, 15),
        ([None], 10, 20, 15),
        ([], 10, 20, 15),
    ],
)
def test_short_lots_make_a_short_position(
    sides: list[str | None], units: float, value: float, cost: float
) -> None:
    frame = read_plaid(with_holding(tax_lots=[{"position_type": side} for side in sides]))
    assert frame[["units", "value", "cost_basis"]].iloc[0].tolist() == [units, value, cost]


def test_a_quantity_that_is_negative_already_stays() -> None:
    lots = [{"position_type": "SHORT"}]
    frame = read_plaid(with_holding(quantity=-10, institution_value=-20, tax_lots=lots))
    assert frame[["units", "value"]].iloc[0].tolist() == [-10, -20]


@pytest.mark.parametrize(
    ("item", "portfolio"),
    [
        ({"institution_name": "Bank", "institution_id": "ins_1", "item_id": "i"}, "Bank"),
        ({"institution_name": None, "institution_id": "ins_1", "item_id": "i"}, "ins_1"),
        ({"item_id": "i"}, "i"),
        (None, "plaid"),
    ],
)
def test_the_portfolio_is_the_institution(item: dict[str, Any] | None, portfolio: str) -> None:
    assert read_plaid(answer(item=item))["portfolio"].tolist() == [portfolio]
    assert read_plaid(answer(item=item), portfolio="mine")["portfolio"].tolist() == ["mine"]


def test_the_processor_variant_has_one_account_and_no_item() -> None:
    built = answer(account={"account_id": "acc-processor"})
    del built["accounts"], built["item"], built["holdings"][0]["account_id"]
    assert read_holdings(built)["account"].tolist() == ["acc-processor"]


def test_several_items_in_a_list() -> None:
    other = answer(item={"institution_name": "Other Bank"})
    frame = read_plaid([answer(), other])
    assert frame["portfolio"].tolist() == ["Sample Bank", "Other Bank"]
    assert read_holdings([answer(), other]).equals(frame)


@pytest.mark.parametrize("form", ["path", "str path", "text", "bytes", "parsed"])
def test_all_forms_of_input_give_the_same(form: str) -> None:
    text = SAMPLE.read_text(encoding="utf-8")
    sources = {
        "path": SAMPLE,
        "str path": str(SAMPLE),
        "text": text,
        "bytes": text.encode(),
        "parsed": json.loads(text),
    }
    assert read_holdings(sources[form]).equals(read_plaid(SAMPLE))


def test_the_answer_is_not_changed() -> None:
    built = answer()
    before = copy.deepcopy(built)
    read_plaid(built)
    assert built == before


def test_no_holdings_is_an_empty_frame() -> None:
    frame = read_plaid(answer(holdings=[], securities=None))
    assert frame.empty
    assert tuple(frame.columns) == COLUMNS


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("ITEM_LOGIN_REQUIRED", "reconnect"),
        ("PRODUCT_NOT_READY", "try again"),
        ("INVALID_ACCESS_TOKEN", "access token"),
        ("SOMETHING_NEW", "put it right at Plaid"),
    ],
)
def test_an_error_object_names_its_code(code: str, advice: str) -> None:
    error = {"error_type": "ITEM_ERROR", "error_code": code, "error_message": "sample text"}
    with pytest.raises(InputError, match=f"{code}.*{advice}") as caught:
        read_holdings(error)
    assert caught.value.problems[0].value == code
    assert "sample text" in caught.value.problems[0].reason


def test_the_error_type_gives_the_advice_for_codes_that_are_not_known() -> None:
    error = {"error_type": "RATE_LIMIT_EXCEEDED", "error_code": "INVESTMENTS_LIMIT"}
    with pytest.raises(InputError, match="INVESTMENTS_LIMIT: too many requests"):
        read_plaid(error)


def test_the_item_can_carry_the_error() -> None:
    item = {"error": {"error_type": "ITEM_ERROR", "error_code": "ITEM_LOGIN_REQUIRED"}}
    with pytest.raises(InputError, match="ITEM_LOGIN_REQUIRED: the user must sign in") as caught:
        read_plaid(answer(item=item, holdings=[]))
    assert caught.value.problems[0].column == "item.error.error_code"


def test_holdings_beside_the_items_error_are_read_with_a_warning() -> None:
    item = {"error": {"error_type": "ITEM_ERROR", "error_code": "ITEM_LOGIN_REQUIRED"}}
    with pytest.warns(HoldingsWarning, match="ITEM_LOGIN_REQUIRED.*may be old"):
        read = read_plaid(answer(item=item))
    assert len(read) == len(read_plaid(answer()))


@pytest.mark.parametrize(
    ("holding", "column", "reason"),
    [
        ({"security_id": "s2"}, "holdings.security_id", "names no entry"),
        ({"security_id": None}, "holdings.security_id", "names no entry"),
        ({"quantity": "ten"}, "holdings.quantity", "not a plain decimal"),
        ({"quantity": True}, "holdings.quantity", "is not a number"),
        ({"institution_price": [1]}, "holdings.institution_price", "is not a number"),
        ({"cost_basis": 10**400}, "holdings.cost_basis", "too large"),
        ({"institution_value": float("inf")}, "holdings.institution_value", "not a finite"),
        ({"account_id": {}}, "holdings.account_id", "is not a text"),
        ({"tax_lots": "x"}, "holdings.tax_lots", "is not a list"),
        ({"iso_currency_code": "\ud800"}, "holdings.iso_currency_code", "half a Unicode"),
    ],
)
def test_a_bad_holding_is_named(holding: dict[str, Any], column: str, reason: str) -> None:
    with pytest.raises(InputError, match="Plaid holdings cannot be read") as caught:
        read_plaid(with_holding(**holding))
    (problem,) = caught.value.problems
    assert (problem.row, problem.column) == (0, column)
    assert reason in problem.reason


def test_a_bad_security_is_named() -> None:
    with pytest.raises(InputError, match="neither true nor false") as caught:
        read_plaid(with_security(is_cash_equivalent="maybe"))
    assert caught.value.problems[0].column == "securities.is_cash_equivalent"


def test_all_problems_of_all_answers_are_collected() -> None:
    first, second = with_holding(quantity="ten", cost_basis="x"), answer(holdings=[5])
    with pytest.raises(InputError, match="cannot be read") as caught:
        read_plaid([first, second])
    columns = caught.value.failures["column"].tolist()
    assert columns == ["[0].holdings.quantity", "[0].holdings.cost_basis", "[1].holdings"]


@pytest.mark.parametrize("wrong", [{}, {"results": []}, {"holdings": []}, [1], [[]]])
def test_another_shape_is_refused(wrong: Any) -> None:
    with pytest.raises(InputError, match=r"no answer of Plaid|looks like snaptrade"):
        read_plaid(wrong)


@pytest.mark.parametrize("wrong", ["5\n", '"text"\n'])
def test_json_that_is_no_object_is_refused(wrong: str) -> None:
    with pytest.raises(InputError, match="no object or list"):
        read_plaid(wrong)


@pytest.mark.parametrize(
    ("security", "identifier", "exchange"),
    [
        ({"isin": "US0378331005", "cusip": "037833100"}, "US0378331005", None),
        (
            {"isin": None, "cusip": "037833100", "market_identifier_code": "XNAS"},
            "037833100",
            "XNAS",
        ),
        ({"isin": 5, "cusip": "", "market_identifier_code": ["XNAS"]}, None, None),
    ],
)
def test_which_security_it_is(security: Any, identifier: Any, exchange: Any) -> None:
    row = read_plaid(with_security(**security)).iloc[0]
    given = [None if pd.isna(row[column]) else row[column] for column in ("identifier", "exchange")]
    assert given == [identifier, exchange]


@pytest.mark.parametrize(
    "wrap",
    [
        lambda one: {"data": one},
        lambda one: {"data": one, "status": "ok", "error": None},
        lambda one: {"results": [one]},
        lambda one: [{"data": one}],
    ],
)
def test_an_envelope_around_an_answer_is_opened(wrap: Any) -> None:
    pd.testing.assert_frame_equal(read_holdings(wrap(answer())), read_plaid(answer()))
    pd.testing.assert_frame_equal(read_plaid(json.dumps(wrap(answer()))), read_plaid(answer()))


def test_several_answers_in_one_envelope_name_their_place() -> None:
    both = {"results": [answer(), with_holding(quantity="many")]}
    with pytest.raises(InputError, match=r"cannot be read") as caught:
        read_holdings(both)
    assert [one.column for one in caught.value.problems] == ["results[1].holdings.quantity"]


def test_an_error_in_an_envelope_is_plaids() -> None:
    error = {"error_code": "ITEM_LOGIN_REQUIRED", "error_message": "sample"}
    with pytest.raises(InputError, match="sign in again"):
        read_holdings({"data": error})
