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
from sectypes.risk.layout import Layout
from sectypes.risk.numbering import factorized, recode
from sectypes.risk.rates import FloatArray, IntArray
from sectypes.risk.sums import Grid

__all__ = ["Weighed", "position_weights", "weigh"]

_NO_CURRENCY = -1
_TOO_LARGE = 1e100
_MOST_CURRENCIES = 10_000
_MINOR_UNITS = {"GBX": "GBp", "ZAC": "ZAc", "ILA": "ILa"}
"""Hundredths that are quoted like a currency, and how exchanges write them (pence: GBp, GBX)."""
_READ = frozenset(
    [
        "currency",
        "is_cash",
        "leverage",
        "origin",
        "portfolio",
        "provider",
        "provider_type",
        "raw_label",
        "reason",
        "security_type",
        "stale",
        "ticker",
        "value",
        "weight",
    ]
)
"""The columns that a comparison reads."""
_LIKE_PERCENT = 10.0
"""Gross weight above which fractions are doubted: hardly any book is geared tenfold."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """What weights are made of, and the portfolio of each row.

    Attributes
    ----------
    amounts : array of float, shape (n,)
        Values in one currency, or weights that were given.
    net : array of float, shape (portfolios,)
        What the amounts of each portfolio are measured by: its net value, 1 for given weights.
    grid : Grid
        How weights are cut to be summed; one for all portfolios, so that their order does not show.
    layout : Layout
        The rows of each portfolio.
    labels : Index, shape (portfolios,)
        The portfolios in order of appearance; one label for a frame taken as one book.
    notes : tuple[str, ...]
        What was taken for granted about currencies, and weights that look like percent.
    """

    amounts: FloatArray
    net: FloatArray
    grid: Grid
    layout: Layout
    labels: pd.Index[Any]
    notes: tuple[str, ...] = ()

    @property
    def weights(self) -> FloatArray:
        """Value over the net value of the row's portfolio, of all rows in their own order."""
        weights = np.empty(len(self.amounts))
        for part in self.layout:
            weights[self.layout.rows(part)] = self.weights_of(part)
        return weights

    def weights_of(self, portfolios: slice) -> FloatArray:
        """The weights of some portfolios, in the order of their rows in the layout."""
        own = self.amounts[self.layout.rows(portfolios)]
        weights: FloatArray = own / self.net[portfolios][self.layout.groups(portfolios).codes]
        return weights


def position_weights(
    holdings: pd.DataFrame, *, by: str | None = None, fx: Mapping[str, float] | None = None
) -> pd.Series:
    """Weight of each position: its value over the net value of its portfolio.

    Parameters
    ----------
    holdings : DataFrame
        The holdings frame. A column ``weight`` is taken as it is; otherwise ``value`` is needed,
        and ``currency`` is obeyed where it exists. Pence and other hundredths (GBp or GBX, ZAc,
        ILa) are currencies of their own.
    by : str | None
        Column that tells the portfolios apart; None takes the frame as one book.
    fx : Mapping[str, float] | None
        Value of one unit of a currency in the base currency. The one currency that is not in it
        is the base, which is no hundredth.

    Returns
    -------
    Series of float
        Named ``weight``, on the index of `holdings`. Shorts and margin debt are negative.

    Raises
    ------
    InputError
        A column is missing, or there more than once; a value or weight is missing or infinite
        (weights are unknown then, and unknown must not cost nothing); a portfolio mixes currencies
        and `fx` does not cover them; a net value is not above zero; the frame carries weights of
        several portfolios and `by` is None.

    Examples
    --------
    >>> book = pd.DataFrame({"value": [600.0, 500.0, -100.0], "currency": ["USD"] * 3})
    >>> position_weights(book).tolist()
    [0.6, 0.5, -0.1]
    """
    weights = weigh(holdings, by=by, fx=fx).weights
    return pd.Series(weights, index=holdings.index, name="weight")


def weigh(
    holdings: pd.DataFrame, *, by: str | None = None, fx: Mapping[str, float] | None = None
) -> Weighed:
    """`position_weights` together with the portfolio of each row."""
    _refuse_twice(holdings.columns, by)
    codes, labels = _portfolios(holdings, by)
    layout = Layout.of(codes, len(labels))
    if "weight" in holdings:
        if by is None and "portfolio" in holdings and holdings["portfolio"].nunique() > 1:
            raise InputError(
                "The column 'weight' holds weights of several portfolios, which do not add up to "
                "one book. Compare with by='portfolio', or drop the column to weigh by value."
            )
        weights = _known(holdings, "weight")
        grid = Grid.of(weights, layout.most)
        notes = _percent_notes(weights, layout, labels)
        return Weighed(weights, np.ones(len(labels)), grid, layout, labels, notes)
    if "value" not in holdings:
        raise InputError("The frame has neither a column 'weight' nor a column 'value'.")
    values = _known(holdings, "value")
    rates, notes = _exchange_rates(holdings, codes, labels, fx)
    values = values if rates is None else values * rates
    net, largest = _net_values(values, layout, labels)
    return Weighed(values, net, Grid.of(largest, layout.most), layout, labels, notes)


def _refuse_twice(columns: pd.Index[Any], by: Hashable | None) -> None:
    """Refuse a column that is read and is there more than once: nobody says which one counts."""
    if columns.is_unique:
        return
    for name in columns[columns.duplicated()]:
        if name in _READ or name == by:
            raise InputError(
                f"The frame has the column {name!r} more than once: rename all but one."
            )


def _portfolios(holdings: pd.DataFrame, by: Hashable | None) -> tuple[IntArray, pd.Index[Any]]:
    if by is None:
        return np.zeros(len(holdings), dtype=np.int64), pd.Index(["all"])
    # A tuple is a label where columns have levels.
    if pd.api.types.is_list_like(by) and not (isinstance(by, tuple) and by in holdings):
        raise InputError(
            "by must name one column. Where several tell portfolios apart, make one of them first: "
            "holdings['portfolio'] = holdings['client'] + ' ' + holdings['account']."
        )
    if by not in holdings:
        raise InputError(f"The frame has no column {by!r} to tell portfolios apart.")
    codes, labels = factorized(holdings[by])
    if (codes < 0).any():
        problems = [
            Failure(int(row), str(by), None, "is missing") for row in np.flatnonzero(codes < 0)
        ]
        raise InputError("Some rows belong to no portfolio.", problems)
    return codes, pd.Index(labels, name=by)


def _known(holdings: pd.DataFrame, column: str) -> FloatArray:
    values = numbers(holdings[column], column)
    # NaN passes through both ends and is less than nothing.
    if not (values.max(initial=0.0) < _TOO_LARGE and values.min(initial=0.0) > -_TOO_LARGE):
        unknown = np.flatnonzero(~(np.abs(values) < _TOO_LARGE)).tolist()
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


def _percent_notes(weights: FloatArray, layout: Layout, labels: pd.Index[Any]) -> tuple[str, ...]:
    """What is to be doubted about weights that were given."""
    if not len(weights):
        return ()
    gross = np.zeros(len(labels))
    for part in layout:
        sizes = np.abs(weights[layout.rows(part)])
        gross[part] = np.add.reduceat(sizes, layout.groups(part).starts)
    odd = np.flatnonzero(gross > _LIKE_PERCENT)
    if not len(odd):
        return ()
    whose = f" of {labels[odd[0]]!r}" if labels.name is not None else ""
    more = f" (the first of {len(odd)} such portfolios)" if len(odd) > 1 else ""
    return (
        f"the weights{whose}{more} add up to {gross[odd[0]]:.4g} in absolute terms and look like "
        "percent: weights are taken as fractions, 0.3 for 30%",
    )


def _net_values(
    values: FloatArray, layout: Layout, labels: pd.Index[Any]
) -> tuple[FloatArray, FloatArray]:
    """Net value of each portfolio, and the largest absolute weight in it."""
    net, gross, largest = np.zeros((3, len(labels)))
    if not len(values):
        return net, largest
    grid = Grid.of(values, layout.most)
    for part in layout:
        own, groups = values[layout.rows(part)], layout.groups(part)
        net[part] = groups.sums(own, grid)
        sizes = np.abs(own)
        gross[part], largest[part] = np.add.reduceat(sizes, groups.starts), groups.highest(sizes)
    # Long and short that cancel but for rounding leave no net value to divide by.
    empty = np.flatnonzero(net <= 1e-9 * gross)
    if len(empty):
        problems = [
            Failure(None, "value", float(net[code]), f"net value of portfolio {labels[code]!r}")
            for code in empty.tolist()
        ]
        raise InputError("A net value is not above zero, so there are no weights.", problems)
    return net, largest / net


def _exchange_rates(
    holdings: pd.DataFrame, codes: IntArray, labels: pd.Index[Any], fx: Mapping[str, float] | None
) -> tuple[FloatArray | None, tuple[str, ...]]:
    """Factor to the base currency of each row, None where nothing needs to be converted."""
    if "currency" not in holdings:
        return None, ()
    names: list[str] = []
    currencies = recode(
        holdings["currency"], lambda word: _number_of(word, names), _NO_CURRENCY, dtype=np.int16
    )
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
    name = _currency(word)
    if not name:
        return _NO_CURRENCY
    if name not in names:
        if len(names) == _MOST_CURRENCIES:
            raise InputError(f"The column 'currency' names more than {len(names):,} currencies.")
        names.append(name)
    return names.index(name)


def _currency(word: Hashable) -> str:
    """One spelling of a currency. A small last letter (GBp) tells a hundredth from its whole."""
    name = str(word).strip()
    is_minor = len(name) == 3 and name[:2].isupper() and name[2].islower()
    return name if is_minor else _MINOR_UNITS.get(name.upper(), name.upper())


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
            "Give fx={'EUR': 1.08, ...} (on the command line --fx EUR=1.08) to one base currency.",
            problems,
        )


def _table(fx: Mapping[str, float], names: list[str]) -> tuple[FloatArray, str]:
    given: dict[str, float] = {}
    for word, rate in fx.items():
        name = _currency(word)
        if name in given:
            raise InputError(f"fx has two rates for {name}: give one.")
        given[name] = rate
    problems = [
        Failure(None, f"fx[{name!r}]", rate, "must be a number above 0")
        for name, rate in given.items()
        if not (isinstance(rate, int | float | np.number) and 0 < rate < math.inf)
    ]
    if problems:
        raise InputError("The exchange rates cannot be used.", problems)
    rest = sorted(name for name in names if name not in given)
    if len(rest) > 1 or any(name[-1].islower() for name in rest):
        raise InputError(
            f"fx has no rate for {', '.join(rest)}: only the base currency may be left out, "
            "and a hundredth such as GBp is no base."
        )
    return np.array([float(given.get(name, 1.0)) for name in names]), "".join(rest)
