"""portfolio.yaml in, and the older dict form of a portfolio out.

In::

    portfolio_input:
      AAPL: {shares: 100, type: equity}
      CUR:USD: {dollars: 5000, type: cash}

An entry says one of ``shares`` (units), ``dollars`` (an amount in its ``currency``, USD unless it
says otherwise) or ``weight`` (a fraction; all entries or none, the frame's `value` then holds the
weights and `currency` is missing). It may also say type, name, currency, price, cost_basis (total)
and account_id, and nothing else: YAML ends a number at its comma and makes a key of the rest.
Tickers stay as they are written: ON, NO, 0005 and 1E5 are text.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from sectypes.errors import Failure, HoldingsWarning, InputError, warn
from sectypes.holdings.amounts import parse_amount
from sectypes.holdings.cells import some
from sectypes.holdings.frame import Position
from sectypes.holdings.payload import Record
from sectypes.holdings.values import completed, is_bare_cash, is_unvalued_bond, no_value
from sectypes.plain_yaml import parse_yaml
from sectypes.tickers import ISO_4217, Shape, canonical, shape
from sectypes.vocab import table_is_cash

__all__ = ["is_portfolio", "load_yaml", "portfolio_positions"]

_ROOT = "portfolio_input"
_AMOUNTS = ("shares", "dollars", "weight")
_MORE = ("type", "name", "currency", "price", "cost_basis", "account_id")
_KNOWN = frozenset(("ticker", *_AMOUNTS, *_MORE))
_COMMA = "a number with a comma needs quotes"
_MAX_CHARACTERS = 2**20
_ROUNDING = 0.01  # of weights that are rounded to whole percents


def load_yaml(text: str, *, label: str) -> Any:
    """Parse YAML into texts, lists and dicts: nothing is converted, nothing is executed.

    Raises
    ------
    InputError
        For text that is too large, and as `parse_yaml` does.

    Examples
    --------
    >>> load_yaml("portfolio_input: {ON: {shares: 5}, 0005: {shares: 1}}", label="p.yaml")
    {'portfolio_input': {'ON': {'shares': '5'}, '0005': {'shares': '1'}}}
    """
    if len(text) > _MAX_CHARACTERS:
        raise InputError(f"{label} is larger than {_MAX_CHARACTERS // 2**20} MB: use a CSV file")
    return parse_yaml(text, label=label)


def is_portfolio(data: Mapping[Any, Any]) -> bool:
    """Whether a parsed object is a portfolio file."""
    return _ROOT in data


def portfolio_positions(
    parsed: Any, *, stem: str | None = None, portfolio: str | None = None
) -> list[Position]:
    """Read a parsed portfolio: ``portfolio_input`` as a mapping, or as a list with ``ticker``.

    Raises
    ------
    InputError
        For another shape, an entry without exactly one amount, weights beside amounts, keys that
        an entry does not have, tickers that are no text, numbers that are none; all problems are
        collected first. The row is the ticker, or the position in a list.

    Warns
    -----
    HoldingsWarning
        For shares of bonds: their value is left missing. For weights that do not add up to 1.
    """
    if not isinstance(parsed, Mapping) or not is_portfolio(parsed):
        keys = sorted(map(str, parsed))[:8] if isinstance(parsed, Mapping) else None
        found = keys or type(parsed).__name__
        raise InputError(f"this is no portfolio: it has no key {_ROOT!r} (found: {found})")
    problems: list[Failure] = []
    entries = _entries(parsed[_ROOT], problems)
    said = {key for entry in entries for key in _AMOUNTS if key in entry.data}
    if "weight" in said and len(said) > 1:
        for entry in entries:
            if "weight" in entry.data:
                entry.problem("weight", "stands beside shares or dollars: use one or the other")
    where = portfolio or stem or "yaml"
    positions = [_position(entry)._replace(portfolio=where) for entry in entries]
    if problems:
        raise InputError("the portfolio cannot be read", problems)
    if "weight" in said:
        _check_weights(positions)
    bonds = [str(one.ticker) for one in positions if is_unvalued_bond(one)]
    if bonds:
        warn(no_value(some(bonds), "say dollars instead of shares"), HoldingsWarning)
    return positions


def _entries(entries: Any, problems: list[Failure]) -> list[Record]:
    """The entries as records that carry their ticker."""
    if isinstance(entries, list | tuple):
        root = Record({_ROOT: entries}, problems)
        return list(root.children(_ROOT))
    if not isinstance(entries, Mapping):
        raise InputError(f"{_ROOT!r} is neither a mapping of tickers nor a list", problems)
    found = []
    for ticker, entry in entries.items():
        if not isinstance(ticker, str):
            reason = "the ticker is not text: YAML read it as something else, write it in quotes"
            problems.append(Failure(str(ticker), "ticker", ticker, reason))
        elif not isinstance(entry, Mapping):
            reason = "is no entry such as {shares: 100}"
            problems.append(Failure(ticker, _ROOT, entry, reason))
        else:
            found.append(Record({**entry, "ticker": ticker}, problems, _ROOT, ticker))
    return found


def _position(entry: Record) -> Position:
    """One entry as a position. Cash has the price 1, so that its shares are its value."""
    for key in entry.data.keys() - _KNOWN:
        known = ", ".join((*_AMOUNTS, *_MORE))
        entry.problem(str(key), f"is no key of an entry, which are {known}; {_COMMA}")
    amounts = [key for key in _AMOUNTS if entry.data.get(key) not in (None, "")]
    if len(amounts) != 1:
        reason = f"say exactly one of {', '.join(_AMOUNTS)} (found: {amounts or 'none'})"
        entry.problems.append(Failure(entry.row, "shares", None, reason))
    ticker, kind, name = entry.text("ticker"), entry.text("type"), entry.text("name")
    if ticker is None:
        entry.problem("ticker", "is missing")
    values = [_number(entry, key) for key in ("dollars", "weight")]
    position = Position(
        account=entry.text("account_id"),
        provider="yaml",
        ticker=ticker,
        name=name,
        provider_type=kind,
        units=_number(entry, "shares"),
        price=_number(entry, "price"),
        value=next((value for value in values if not math.isnan(value)), math.nan),
        currency=_currency(entry, amounts, ticker),
        cost_basis=_number(entry, "cost_basis"),
    )
    is_cash = table_is_cash(ticker=ticker, name=name, provider_type=kind, provider="yaml")
    position = position._replace(is_cash=is_cash or is_bare_cash(position, has_units=False))
    if position.is_cash and math.isnan(position.price):
        position = position._replace(price=1.0)
    return completed(position, math.nan, math.nan)


def _check_weights(positions: Sequence[Position]) -> None:
    total = math.fsum(one.value for one in positions)
    if not math.isclose(total, 1.0, abs_tol=_ROUNDING):
        warn(
            f"the weights add up to {total:.4g}; each counts as its share of that", HoldingsWarning
        )


def _currency(entry: Record, amounts: Sequence[str], ticker: str | None) -> str | None:
    """The currency of an amount; a weight has none, even where the ticker is a currency's."""
    said = entry.text("currency")
    if amounts == ["weight"]:
        return None
    return said or ("USD" if amounts == ["dollars"] else _own(ticker))


def _own(ticker: str | None) -> str | None:
    """The currency that a ticker such as CUR:EUR names."""
    code = canonical(ticker).removeprefix("CUR:")
    return code if code in ISO_4217 and shape(ticker) is Shape.CASH else None


def _number(entry: Record, key: str) -> float:
    try:
        return parse_amount(entry.data.get(key))
    except ValueError as error:
        entry.problem(key, str(error))
        return math.nan
