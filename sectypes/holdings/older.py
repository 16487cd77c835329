"""The older dict form of a portfolio, for code that was written for it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from sectypes.errors import Failure, HoldingsWarning, InputError, warn
from sectypes.holdings.frame import COLUMNS
from sectypes.tickers import ISO_4217, Shape, canonical, parse_occ, shape
from sectypes.vocab import provider_label

__all__ = ["to_portfolio_input"]

_Row = Mapping[str, Any]


def to_portfolio_input(frame: pd.DataFrame) -> dict[str, dict[str, Any]]:
    r"""Turn a holdings frame into ``{ticker: {shares, currency, type, cost_basis, account_id}}``.

    Parameters
    ----------
    frame : pd.DataFrame
        A holdings frame as `sectypes.read_holdings` gives it; it is not changed. A further column
        ``security_type`` (as `classify` gives it) is taken before the provider's own word.

    Returns
    -------
    dict[str, dict[str, Any]]
        One entry a ticker, under the first spelling that occurs; rows of one ticker, in whatever
        spelling, are added up. ``shares`` are the units; ``dollars`` stands in their place where a
        row has only a value (the amount in ``currency``; weights of a portfolio.yaml come out
        here too). Cash stands under ``CUR:`` and its currency (USD where the row has none) with
        ``dollars``, but a money market fund keeps its ticker. ``type`` is a security type or None,
        ``cost_basis`` the total or None where a part is missing, ``account_id`` the accounts,
        joined by commas.

    Raises
    ------
    InputError
        For a frame without the columns, and for rows without a ticker, without units and value,
        with one ticker in two currencies, or with one option in contracts and in shares; all
        problems are collected first.

    Warns
    -----
    HoldingsWarning
        Where providers call one ticker by different types; the first row's is taken.

    Examples
    --------
    >>> from sectypes.holdings import read_portfolio_yaml
    >>> frame = read_portfolio_yaml("portfolio_input:\n  DSU: {shares: 10, type: mutual fund}\n")
    >>> to_portfolio_input(frame)["DSU"]["type"]
    'mutual_fund'
    """
    missing = [column for column in _NEEDED if column not in frame.columns]
    if missing:
        raise InputError(f"this is no holdings frame: it has no columns {', '.join(missing)}")
    problems: list[Failure] = []
    groups: dict[str, list[_Row]] = {}
    names: dict[str, str] = {}
    records: list[dict[str, Any]] = frame.to_dict("records")  # type: ignore[assignment]
    for number, row in enumerate(records):
        name = _name(row)
        if name is None:
            reason = "is missing: fill in the ticker, or leave the row out knowingly"
            problems.append(Failure(number, "ticker", _text(row["name"]), reason))
            continue
        key = canonical(name)
        groups.setdefault(key, []).append({**row, "row": number})
        names.setdefault(key, name)
    entries = {names[key]: _entry(names[key], rows, problems) for key, rows in groups.items()}
    if problems:
        raise InputError("the holdings do not fit the older form", problems)
    return entries


# Frames that were saved before the last columns were added are holdings frames too.
_NEEDED = tuple(column for column in COLUMNS if column not in ("identifier", "exchange"))


def _name(row: _Row) -> str | None:
    """The ticker, or for cash that is no fund ``CUR:`` and its currency."""
    ticker = _text(row["ticker"])
    key = canonical(ticker)
    is_fund = shape(key) is Shape.LISTED and key not in ISO_4217 and key != "CASH"
    if not row["is_cash"] or is_fund:
        return ticker if key else None
    code = key.removeprefix("CUR:")
    return f"CUR:{_text(row['currency']) or (code if code in ISO_4217 else 'USD')}"


def _entry(name: str, rows: Sequence[_Row], problems: list[Failure]) -> dict[str, Any]:
    currencies = list(dict.fromkeys(filter(None, (_text(row["currency"]) for row in rows))))
    if len(currencies) > 1:
        reason = f"is held in {' and '.join(currencies)}: convert, or split the portfolio first"
        problems.append(Failure(rows[-1]["row"], "currency", name, reason))
    accounts = dict.fromkeys(filter(None, (_text(row["account"]) for row in rows)))
    cost = math.fsum(row["cost_basis"] for row in rows)
    return {
        **_amount(name, rows, problems),
        "currency": currencies[0] if currencies else None,
        "type": _type(name, rows),
        "cost_basis": None if math.isnan(cost) else cost,
        "account_id": ",".join(accounts) or None,
    }


def _amount(name: str, rows: Sequence[_Row], problems: list[Failure]) -> dict[str, float]:
    """The units of all rows, else the values of all rows; cash always by its value."""
    providers = {_text(row["provider"]) for row in rows}
    if len(providers) > 1 and "plaid" in providers and parse_occ(name) is not None:
        reason = "units are contracts in one row and shares in Plaid's: split by provider first"
        problems.append(Failure(rows[-1]["row"], "units", name, reason))
    shares, dollars = (math.fsum(row[column] for row in rows) for column in ("units", "value"))
    if not math.isnan(shares) and not name.startswith("CUR:"):
        return {"shares": shares}
    if math.isnan(dollars):
        reason = "units and value are missing: without either it has no weight"
        problems.append(Failure(rows[0]["row"], "units", name, reason))
    return {"dollars": dollars}


def _type(name: str, rows: Sequence[_Row]) -> str | None:
    types = list(dict.fromkeys(_row_type(row) for row in rows))
    if len(types) > 1:
        warn(
            f"{name} is {' and '.join(map(str, types))} in different rows; {types[0]} is taken: "
            "classify the frame first and assign the answer to a column security_type",
            HoldingsWarning,
        )
    return types[0]


def _row_type(row: _Row) -> str | None:
    known = _text(row.get("security_type"))
    if known is not None:
        return known
    if row["is_cash"]:
        return "cash"
    label = provider_label(_text(row["provider_type"]), _text(row["provider"]))
    return label.security_type.value if label else None


def _text(value: object) -> str | None:
    return str(value) if isinstance(value, str) and value else None
