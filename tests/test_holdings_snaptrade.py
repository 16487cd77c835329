"""SnapTrade's shapes: values, costs, cash counted once, unavailable accounts, errors."""

from __future__ import annotations

import copy
import json
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sectypes.errors import HoldingsWarning, InputError
from sectypes.holdings import COLUMNS, read_holdings, read_snaptrade

DATA = Path(__file__).parent / "data"
OLD = DATA / "holdings_snaptrade.json"
RESULTS = DATA / "holdings_snaptrade_results.json"
USD = {"id": "c1", "code": "USD", "name": "US Dollar"}


def position(**changes: Any) -> dict[str, Any]:
    """A position of the older shape; sample values."""
    symbol = {"symbol": "XYZQ", "description": "Sample", "type": {"code": "cs"}, "currency": USD}
    built = {"symbol": {"symbol": symbol}, "units": 10, "price": 2, "average_purchase_price": 1.5}
    return built | {"currency": USD, "cash_equivalent": False} | changes


def sweep(value: float, **changes: Any) -> dict[str, Any]:
    """A money market position that is also inside the balance."""
    return position(units=value, price=1, cash_equivalent=True) | changes


def balance(cash: float | None, currency: Any = USD) -> dict[str, Any]:
    return {"currency": currency, "cash": cash, "buying_power": None}


def account(*positions: Any, balances: Any = (), **changes: Any) -> dict[str, Any]:
    about = {"id": "acc", "institution_name": "Sample Broker"}
    return {"account": about, "positions": list(positions), "balances": list(balances)} | changes


def test_the_older_object_gives_every_position_and_cash_once() -> None:
    frame = read_snaptrade(OLD)
    assert tuple(frame.columns) == COLUMNS
    assert frame["ticker"].tolist() == [
        "DSU", "VMFXX", "NA.TO", "NULL", "XYZQ  301220C00100000", "XYZQ7 301220P00050000",
        "CUR:USD", "CUR:CAD",
    ]  # fmt: skip
    assert frame["is_cash"].tolist() == [False, True, False, False, False, False, True, True]
    assert frame.loc[frame["is_cash"], "value"].tolist() == [600, 400, -75.5]
    assert set(frame["portfolio"]) == {"Sample Broker"}
    assert set(frame["account"]) == {"acc-1"}


@pytest.mark.parametrize(
    ("ticker", "word", "units", "value", "cost", "currency"),
    [
        ("DSU", "cs", 40, 420, 440, "USD"),
        ("VMFXX", "oef", 600, 600, 600, "USD"),
        ("NA.TO", None, -5, -500, -450, "CAD"),
        ("NULL", "et", 3, None, None, None),
        ("XYZQ  301220C00100000", "option", -2, -300, -250, "USD"),
        ("XYZQ7 301220P00050000", "option", 3, 60, 45, "USD"),
        ("CUR:USD", "cash", 400, 400, None, "USD"),
        ("CUR:CAD", "cash", -75.5, -75.5, None, "CAD"),
    ],
)
def test_each_row_of_the_older_object(
    ticker: str, word: Any, units: float, value: Any, cost: Any, currency: Any
) -> None:
    frame = read_snaptrade(OLD)
    row = frame[frame["ticker"] == ticker].iloc[0].astype(object)
    row = row.where(row.notna(), None)
    got = row[["provider_type", "units", "value", "cost_basis", "currency"]].tolist()
    assert got == [word, units, value, cost, currency]


@pytest.mark.parametrize(
    ("ticker", "word", "value", "cost"),
    [
        ("DSU", "cef", 420, 440),
        ("VMFXX", "mutualfund", 600.25, 600.25),
        ("XYZQ  301220C00100000", "option", -300, -250),
        ("XYZQ7 301220P00050000", "option", 60, 45),
        ("ZZM31", "future", 10_000, None),
        ("XBT", "crypto", None, 50),
        ("CUR:USD", "cash", 400, None),
    ],
)
def test_each_row_of_the_current_shape(ticker: str, word: str, value: Any, cost: Any) -> None:
    frame = read_snaptrade(RESULTS)
    assert len(frame) == 7
    row = frame[frame["ticker"] == ticker].iloc[0].astype(object)
    row = row.where(row.notna(), None)
    assert row[["provider_type", "value", "cost_basis"]].tolist() == [word, value, cost]


def test_names_come_from_the_nearest_description() -> None:
    names = read_snaptrade(OLD)["name"]
    assert names[0] == "SAMPLE DEBT FUND INC"
    assert names[3] == "SAMPLE WITHOUT A PRICE"
    assert math.isnan(names[2])
    assert names[6:].tolist() == ["US Dollar cash", "Canadian Dollar cash"]


def test_fractional_units_are_not_added() -> None:
    assert read_snaptrade(OLD)["units"][0] == 40


def test_fractional_units_count_where_units_are_null() -> None:
    frame = read_snaptrade([position(units=None, fractional_units=1.5)])
    assert frame[["units", "value", "cost_basis"]].to_numpy().tolist() == [[1.5, 3.0, 2.25]]


def test_a_bare_array_is_one_account() -> None:
    frame = read_holdings([position(), position(units=1)])
    assert frame["units"].tolist() == [10, 1]
    assert set(frame["portfolio"]) == {"snaptrade"}
    assert frame["account"].isna().all()


def test_balances_may_stand_among_positions() -> None:
    frame = read_holdings([sweep(100), balance(150)])
    assert frame["value"].tolist() == [100, 50]


def test_option_positions_alone() -> None:
    options = json.loads(OLD.read_text())["option_positions"]
    assert read_holdings(options)["value"].tolist() == [-300, 60]
    assert read_holdings({"option_positions": options})["value"].tolist() == [-300, 60]


@pytest.mark.parametrize(
    ("symbol", "ticker", "name"),
    [
        ({"symbol": {"symbol": "VAB.TO", "raw_symbol": "VAB"}}, "VAB.TO", None),
        ({"symbol": {"symbol": None, "raw_symbol": "VAB"}}, "VAB", None),
        ({"symbol": "VAB.TO", "description": "flat"}, "VAB.TO", "flat"),
        ("VAB.TO", "VAB.TO", None),
        (None, None, None),
        ({"symbol": None, "description": "only a name"}, None, "only a name"),
    ],
)
def test_forms_of_the_symbol(symbol: Any, ticker: str | None, name: str | None) -> None:
    frame = read_snaptrade([position(symbol=symbol)]).astype(object)
    row = frame.where(frame.notna(), None).iloc[0]
    assert (row["ticker"], row["name"]) == (ticker, name)


@pytest.mark.parametrize(
    ("currency", "listing", "code"),
    [
        (USD, None, "USD"),
        ("EUR", USD, "EUR"),
        (None, USD, "USD"),
        ({"code": None}, USD, "USD"),
        (None, None, None),
    ],
)
def test_currency_is_an_object_a_text_or_null(currency: Any, listing: Any, code: Any) -> None:
    symbol = {"symbol": {"symbol": "XYZQ", "currency": listing}}
    said = read_snaptrade([position(currency=currency, symbol=symbol)])["currency"]
    assert said.isna().all() if code is None else said.tolist() == [code]


@pytest.mark.parametrize(
    ("about", "portfolio", "label"),
    [
        ({"id": "i", "number": "n", "institution_name": "Broker"}, "Broker", "i"),
        ({"id": "", "number": "n", "meta": {"institution_name": "Meta"}}, "Meta", "n"),
        ({"institution_account_id": 7, "name": "x"}, "snaptrade", "7"),
        ({"name": "x"}, "snaptrade", "x"),
    ],
)
def test_portfolio_and_account(about: dict[str, Any], portfolio: str, label: str) -> None:
    frame = read_snaptrade(account(position(), account=about))
    assert frame[["portfolio", "account"]].iloc[0].tolist() == [portfolio, label]
    assert read_snaptrade(account(position()), portfolio="mine")["portfolio"][0] == "mine"


def test_several_accounts_in_a_list_or_by_id() -> None:
    one, two = account(position()), account(position(units=1), account=None)
    assert read_holdings([one, two])["units"].tolist() == [10, 1]
    by_id = read_holdings({"first": one, "second": two})
    assert by_id["account"].tolist() == ["acc", "second"]


# -- cash -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cash", "inside", "left"),
    [
        (1000, [600], [400]),
        (1000, [600, 300], [100]),
        (600, [600], []),
        (600.001, [600], []),
        (-500, [300], [-800]),
        (0, [], [0]),
        (250, [], [250]),
    ],
)
def test_cash_is_counted_once(cash: float, inside: list[float], left: list[float]) -> None:
    frame = read_snaptrade(account(*map(sweep, inside), balances=[balance(cash)]))
    assert frame["is_cash"].all()
    assert frame["value"].tolist() == [*inside, *left]


def test_a_position_that_is_no_cash_equivalent_leaves_the_cash_alone() -> None:
    frame = read_snaptrade(account(position(), balances=[balance(100)]))
    assert frame["value"].tolist() == [20, 100]


def test_each_currency_has_its_own_cash() -> None:
    euros = {"code": "EUR", "name": "Euro"}
    built = account(sweep(60, currency="EUR"), balances=[balance(100), balance(80, euros)])
    frame = read_snaptrade(built)
    assert frame["ticker"].tolist() == ["XYZQ", "CUR:USD", "CUR:EUR"]
    assert frame["value"].tolist() == [60, 100, 20]


def test_a_null_currency_means_the_only_balance() -> None:
    unnamed = position(symbol={"symbol": {"symbol": "XYZQ"}}, currency=None, units=60, price=1)
    built = account(unnamed | {"cash_equivalent": True}, balances=[balance(100)])
    assert read_snaptrade(built)["value"].tolist() == [60, 40]
    nameless = read_snaptrade(account(sweep(60), balances=[balance(100, None)]))
    assert nameless["value"].tolist() == [60, 40]
    assert nameless["ticker"].isna().tolist() == [False, True]
    assert nameless["name"][1] == "Cash"


def test_less_cash_than_its_parts_keeps_both_and_warns() -> None:
    with pytest.warns(HoldingsWarning, match="both are kept"):
        frame = read_snaptrade(account(sweep(600), balances=[balance(100)]))
    assert frame["value"].tolist() == [600, 100]


def test_a_part_without_a_value_warns() -> None:
    with pytest.warns(HoldingsWarning, match="without a value"):
        frame = read_snaptrade(account(sweep(60, price=None), balances=[balance(100)]))
    assert frame["value"].tolist()[1] == 100


def test_a_part_in_no_known_balance_warns() -> None:
    unnamed = sweep(60, currency=None, symbol={"symbol": {"symbol": "XYZQ"}})
    built = account(unnamed, balances=[balance(100), balance(5, "EUR")])
    with pytest.warns(HoldingsWarning, match="in no known balance"):
        frame = read_snaptrade(built)
    assert frame["value"].tolist() == [60, 100, 5]


def test_a_repeated_balance_is_counted_once() -> None:
    with pytest.warns(HoldingsWarning, match="same amount; it is counted once"):
        frame = read_snaptrade(account(balances=[balance(100, None), balance(100, None)]))
    assert frame["value"].tolist() == [100]


def test_two_different_balances_in_a_currency_are_added() -> None:
    with pytest.warns(HoldingsWarning, match="different amounts; they are added"):
        frame = read_snaptrade(account(sweep(30), balances=[balance(100), balance(50)]))
    assert frame["value"].tolist() == [30, 120]


def test_null_cash_says_nothing() -> None:
    assert read_snaptrade(account(position(), balances=[balance(None)]))["value"].tolist() == [20]


# -- missing numbers and multipliers ------------------------------------------------------------


@pytest.mark.parametrize("missing", ["units", "price"])
def test_a_null_number_is_missing_never_zero(missing: str) -> None:
    frame = read_snaptrade([position(**{missing: None})])
    assert math.isnan(frame["value"][0])
    assert math.isnan(frame[missing][0])


@pytest.mark.parametrize(
    ("kind", "multiplier", "value"),
    [
        ("option", None, 600.0),
        ("option", "10", 60.0),
        ("future", None, None),
        ("future", "50", 300.0),
        ("cfd", None, 6.0),
        ("stock", None, 6.0),
        ("other", None, 6.0),
    ],
)
def test_multipliers(kind: str, multiplier: str | None, value: float | None) -> None:
    instrument = {"kind": kind, "symbol": "XYZQ", "multiplier": multiplier}
    result = {"instrument": instrument, "units": "3", "price": "2", "currency": "USD"}
    got = read_snaptrade({"results": [result]})["value"][0]
    assert got == value or (value is None and math.isnan(got))


# -- what is no answer --------------------------------------------------------------------------


def flagged(*positions: Any, **sync: Any) -> dict[str, Any]:
    return account(*positions, account={"id": "acc", "sync_status": {"holdings": sync}})


@pytest.mark.parametrize(
    "sync", [{"holdings_unavailable": True}, {"initial_sync_completed": False}]
)
def test_an_unavailable_account_is_not_empty(sync: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="not an empty account") as caught:
        read_snaptrade(flagged(**sync))
    assert caught.value.problems[0].column == f"account.sync_status.holdings.{next(iter(sync))}"


def test_an_unavailable_account_with_positions_warns() -> None:
    with pytest.warns(HoldingsWarning, match="old or incomplete"):
        frame = read_snaptrade(flagged(position(), holdings_unavailable=True))
    assert len(frame) == 1


def test_an_available_account_may_be_empty() -> None:
    built = flagged(holdings_unavailable=False, initial_sync_completed=True)
    assert read_snaptrade(built).empty
    assert read_snaptrade([]).empty
    assert read_snaptrade({"results": []}).empty


def test_null_arrays_are_no_positions_but_not_all_of_them() -> None:
    assert len(read_snaptrade(account(position(), option_positions=None, balances=()))) == 1
    empty = {"positions": None, "balances": None, "option_positions": None}
    with pytest.raises(InputError, match="all arrays are null"):
        read_snaptrade(empty)


@pytest.mark.parametrize(
    ("error", "code", "advice"),
    [
        ({"detail": "sample", "code": 3003}, "3003", "must reconnect"),
        ({"detail": "sample", "status_code": 425, "code": "3012"}, "3012", "try again"),
        ({"default_detail": "sample", "default_code": 401}, "401", "keys are wrong"),
        ({"detail": "sample", "status_code": 410, "code": "1"}, "1", "positions/all"),
        ({"detail": "sample", "status_code": 429, "code": "0000"}, "0000", "wait"),
        ({"detail": "sample"}, r"\(no code\)", "put it right at SnapTrade"),
    ],
)
def test_an_error_object_names_its_code(error: dict[str, Any], code: str, advice: str) -> None:
    with pytest.raises(InputError, match=f"the error {code}: .*{advice}") as caught:
        read_holdings(error)
    assert caught.value.problems[0].reason == "sample"


def test_an_error_among_accounts_is_an_error() -> None:
    with pytest.raises(InputError, match="3003"):
        read_snaptrade([account(position()), {"detail": "sample", "code": "3003"}])


@pytest.mark.parametrize(
    ("built", "row", "column"),
    [
        (account(position(units="many")), 0, "positions.units"),
        (account(position(), position(price=True)), 1, "positions.price"),
        (account(balances=[balance("x")]), 0, "balances.cash"),  # type: ignore[arg-type]
        (account(5), 0, "positions"),
        (account({"units": 1}), 0, "positions.symbol"),
        (account(position(currency=5)), 0, "positions.currency"),
        (account(positions={}), None, "positions"),
        ({"results": [{"instrument": "x", "units": "1"}]}, 0, "results.instrument"),
        ([position(symbol={"symbol": {"symbol": {}}})], 0, "positions.symbol.symbol.symbol"),
        ({"a": account(position(units=[]))}, 0, "a.positions.units"),
    ],
)
def test_a_bad_field_is_named(built: Any, row: int | None, column: str) -> None:
    with pytest.raises(InputError, match="SnapTrade holdings cannot be read") as caught:
        read_snaptrade(built)
    assert (caught.value.problems[0].row, caught.value.problems[0].column) == (row, column)


def test_all_problems_of_all_accounts_are_collected() -> None:
    with pytest.raises(InputError, match="cannot be read") as caught:
        read_snaptrade([account(position(units="x", price="y")), account(position(units="z"))])
    assert caught.value.failures["column"].tolist() == [
        "[0].positions.units", "[0].positions.price", "[1].positions.units",
    ]  # fmt: skip


@pytest.mark.parametrize("wrong", [{}, {"data": []}, [account(position()), 5]])
def test_another_shape_is_refused(wrong: Any) -> None:
    with pytest.raises(InputError, match="no SnapTrade holdings answer"):
        read_snaptrade(wrong)


def test_one_position_alone() -> None:
    assert read_holdings(position())["account"].isna().all()


def test_the_answer_is_not_changed() -> None:
    built = json.loads(OLD.read_text())
    before = copy.deepcopy(built)
    read_snaptrade(built)
    assert built == before


@pytest.mark.parametrize(
    ("symbol", "identifier", "exchange"),
    [
        (
            {"figi_code": "BBG000B9XRY4", "exchange": {"code": "NASDAQ", "mic_code": "XNAS"}},
            "BBG000B9XRY4",
            "XNAS",
        ),
        (
            {"figi_instrument": {"figi_code": "BBG000B9XRY4"}, "exchange": "NYSE"},
            "BBG000B9XRY4",
            "NYSE",
        ),
        ({"figi_code": 7, "figi_instrument": [], "exchange": {"mic_code": None}}, None, None),
    ],
)
def test_which_security_it_is(symbol: Any, identifier: Any, exchange: Any) -> None:
    held = position()
    held["symbol"]["symbol"] |= symbol
    row = read_snaptrade(account(held)).iloc[0]
    given = [None if pd.isna(row[column]) else row[column] for column in ("identifier", "exchange")]
    assert given == [identifier, exchange]
