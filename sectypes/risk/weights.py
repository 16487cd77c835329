"""Weights of the rows of a holdings frame: the one place where values become fractions."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sectypes.errors import Failure, InputError
from sectypes.risk.book import numbers
from sectypes.risk.rates import FloatArray, IntArray, recode
from sectypes.risk.sums import group_sums

__all__ = ["Weighed", "position_weights", "weigh"]

_NO_CURRENCY = -1
_TOO_LARGE = 1e100


@dataclass(frozen=True, slots=True)
class Weighed:
    """Weights of all rows and the portfolio that each belongs to.

    Attributes
    ----------
    weights : array of float, shape (n,)
        Value over the net value of the row's portfolio.
    codes : array of int, shape (n,)
        Position of the row's portfolio in `labels`.
    labels : Index, shape (portfolios,)
        The portfolios in order of appearance; one label for a frame taken as one book.
    notes : tuple[str, ...]
        What was taken for granted about currencies.
    """

    weights: FloatArray
    codes: IntArray
    labels: pd.Index[Any]
    notes: tuple[str, ...] = ()


def position_weights(
    holdings: pd.DataFrame, *, by: str | None = None, fx: Mapping[str, float] | None = None
) -> pd.Series:
    """Weight of each position: its value over the net value of its portfolio.

    Parameters
    ----------
    holdings : DataFrame
        The holdings frame. A column ``weight`` is taken as it is; otherwise ``value`` is needed,
        and ``currency`` is obeyed where it exists.
    by : str | None
        Column that tells the portfolios apart; None takes the frame as one book.
    fx : Mapping[str, float] | None
        Value of one unit of a currency in the base currency. The one currency that is not in it
        is the base.

    Returns
    -------
    Series of float
        Named ``weight``, on the index of `holdings`. Shorts and margin debt are negative.

    Raises
    ------
    InputError
        A column is missing; a value or weight is missing or infinite (weights are unknown then,
        and unknown must not cost nothing); a portfolio mixes currencies and `fx` does not cover
        them; a net value is not above zero; the frame carries weights of several portfolios and
        `by` is None.

    Examples
    --------
    >>> book = pd.DataFrame({"value": [600.0, 500.0, -100.0], "currency": ["USD"] * 3})
    >>> position_weights(book).tolist()
    [0.6, 0.5, -0.1]
    """
    return pd.Series(weigh(holdings, by=by, fx=fx).weights, index=holdings.index, name="weight")


def weigh(
    holdings: pd.DataFrame, *, by: str | None = None, fx: Mapping[str, float] | None = None
) -> Weighed:
    """`position_weights` together with the portfolio of each row."""
    codes, labels = _portfolios(holdings, by)
    if "weight" in holdings:
        if by is None and "portfolio" in holdings and holdings["portfolio"].nunique() > 1:
            raise InputError(
                "The column 'weight' holds weights of several portfolios, which do not add up to "
                "one book. Compare with by='portfolio', or drop the column to weigh by value."
            )
        return Weighed(_known(holdings, "weight"), codes, labels)
    if "value" not in holdings:
        raise InputError("The frame has neither a column 'weight' nor a column 'value'.")
    values = _known(holdings, "value")
    rates, notes = _exchange_rates(holdings, codes, labels, fx)
    values = values if rates is None else values * rates
    net = _net_values(values, codes, labels)
    return Weighed(values / net[codes], codes, labels, notes)


def _portfolios(holdings: pd.DataFrame, by: str | None) -> tuple[IntArray, pd.Index[Any]]:
    if by is None:
        return np.zeros(len(holdings), dtype=np.int64), pd.Index(["all"])
    if by not in holdings:
        raise InputError(f"The frame has no column {by!r} to tell portfolios apart.")
    codes, labels = pd.factorize(holdings[by])
    if (codes < 0).any():
        problems = [Failure(int(row), by, None, "is missing") for row in np.flatnonzero(codes < 0)]
        raise InputError("Some rows belong to no portfolio.", problems)
    return codes.astype(np.int64, copy=False), pd.Index(labels, name=by)


def _known(holdings: pd.DataFrame, column: str) -> FloatArray:
    values = numbers(holdings[column], column)
    unknown = np.flatnonzero(~(np.abs(values) < _TOO_LARGE)).tolist()
    if unknown:
        tickers = holdings.get("ticker", pd.Series("", index=holdings.index))
        problems = [
            Failure(
                row,
                column,
                "missing" if np.isnan(values[row]) else values[row],
                f"{tickers.iloc[row]}: give the {column} or drop the row".lstrip(": "),
            )
            for row in unknown
        ]
        raise InputError(f"The weights are unknown: {column} is missing or infinite.", problems)
    return values


def _net_values(values: FloatArray, codes: IntArray, labels: pd.Index[Any]) -> FloatArray:
    net = group_sums(values, codes, len(labels))
    gross = np.bincount(codes, weights=np.abs(values), minlength=len(labels))
    # Long and short that cancel but for rounding leave no net value to divide by.
    empty = np.flatnonzero((net <= 1e-9 * gross) & (np.bincount(codes, minlength=len(labels)) > 0))
    if len(empty):
        problems = [
            Failure(None, "value", float(net[code]), f"net value of portfolio {labels[code]!r}")
            for code in empty.tolist()
        ]
        raise InputError("A net value is not above zero, so there are no weights.", problems)
    return net


def _exchange_rates(
    holdings: pd.DataFrame, codes: IntArray, labels: pd.Index[Any], fx: Mapping[str, float] | None
) -> tuple[FloatArray | None, tuple[str, ...]]:
    """Factor to the base currency of each row, None where nothing needs to be converted."""
    if "currency" not in holdings:
        return None, ()
    names: list[str] = []
    currencies = recode(holdings["currency"], lambda word: _number_of(word, names), _NO_CURRENCY)
    if not names:
        return None, ()
    notes = []
    blank = currencies == _NO_CURRENCY
    if blank.any():
        _refuse_blank(blank, names)
        notes.append(f"{int(blank.sum())} rows name no currency and are taken as {names[0]}")
        currencies = np.where(blank, 0, currencies)
    if len(names) > 1 and fx is None:
        _refuse_mixed(currencies, names, codes, labels)
    if fx is None:
        return None, tuple(notes)
    table, base = _table(fx, names)
    if base:
        notes.append(f"values in {base} are taken as values in the base currency of fx")
    return table[currencies], tuple(notes)


def _number_of(word: Hashable, names: list[str]) -> int:
    name = str(word).strip().upper()
    if not name:
        return _NO_CURRENCY
    if name not in names:
        names.append(name)
    return names.index(name)


def _refuse_blank(blank: Any, names: list[str]) -> None:
    if len(names) > 1:
        problems = [
            Failure(row, "currency", None, f"names none of {', '.join(names)}")
            for row in np.flatnonzero(blank).tolist()
        ]
        raise InputError("Rows without a currency among several currencies.", problems)


def _refuse_mixed(
    currencies: IntArray, names: list[str], codes: IntArray, labels: pd.Index[Any]
) -> None:
    lowest = np.full(len(labels), len(names), dtype=np.int64)
    highest = np.full(len(labels), -1, dtype=np.int64)
    np.minimum.at(lowest, codes, currencies)
    np.maximum.at(highest, codes, currencies)
    mixed = np.flatnonzero(highest > lowest)
    if len(mixed):
        found = np.unique(currencies[np.isin(codes, mixed)]).tolist()
        problems = [
            Failure(None, "currency", None, f"portfolio {labels[code]!r} has several")
            for code in mixed.tolist()
        ]
        raise InputError(
            "Values in several currencies cannot be added up: "
            f"{', '.join(sorted(names[i] for i in found))}. "
            "Give fx={'EUR': 1.08, ...} to one base currency.",
            problems,
        )


def _table(fx: Mapping[str, float], names: list[str]) -> tuple[FloatArray, str]:
    given = {str(name).strip().upper(): rate for name, rate in fx.items()}
    problems = [
        Failure(None, f"fx[{name!r}]", rate, "must be a number above 0")
        for name, rate in given.items()
        if not (isinstance(rate, int | float | np.number) and 0 < rate < math.inf)
    ]
    if problems:
        raise InputError("The exchange rates cannot be used.", problems)
    rest = sorted(name for name in names if name not in given)
    if len(rest) > 1:
        raise InputError(
            f"fx has no rate for {', '.join(rest)}: only the base currency may be left out."
        )
    return np.array([float(given.get(name, 1.0)) for name in names]), "".join(rest)
