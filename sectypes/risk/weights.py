"""Weights of the rows of a holdings frame: the one place where values become fractions."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sectypes.errors import Failure, InputError, shown
from sectypes.risk.book import numbers
from sectypes.risk.currencies import factors_to_base, unused
from sectypes.risk.layout import Layout
from sectypes.risk.numbering import factorized
from sectypes.risk.rates import BoolArray, FloatArray, IntArray
from sectypes.risk.sums import Grid

__all__ = ["Weighed", "position_weights", "weigh"]

_TOO_LARGE = 1e100
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
_ROUNDING = 0.01
"""How far from 1 weights may add up, because they were rounded."""
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
        Column, or level of the index, that tells the portfolios apart; None takes the frame as one
        book.
    fx : Mapping[str, float] | None
        Value of one unit of a currency in the base currency. The one currency that is not in it
        is the base, which is no hundredth; a rate of exactly 1 names the base, and then none may
        be left out.

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
    if not isinstance(fx, Mapping | pd.Series | None):
        raise InputError(
            "fx must be a mapping of currencies to rates such as {'EUR': 1.08} "
            f"(it is {shown(fx)})"
        )
    _refuse_twice(holdings.columns, by)
    codes, labels = _portfolios(holdings, by)
    layout = Layout.of(codes, len(labels))
    if "weight" in holdings:
        weights = _known(holdings, "weight")
        if by is None:
            _refuse_several(holdings, weights)
        grid = Grid.of(weights, layout.most)
        notes = (
            *unused(fx, "the weights of the frame are given"),
            *_doubts(weights, layout, labels),
        )
        return Weighed(weights, np.ones(len(labels)), grid, layout, labels, notes)
    if "value" not in holdings:
        raise InputError("The frame has neither a column 'weight' nor a column 'value'.")
    values = _known(holdings, "value")
    rates, notes = factors_to_base(holdings, codes, labels, fx)
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
    if by in holdings:
        column: pd.Series = holdings[by]
    elif by in holdings.index.names:
        level: Any = by
        column = holdings.index.get_level_values(level).to_series(index=holdings.index)
    else:
        raise InputError(
            f"The frame has no column {by!r} to tell portfolios apart, and its index no such level."
        )
    codes, labels = factorized(column)
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


def _refuse_several(holdings: pd.DataFrame, weights: FloatArray) -> None:
    """Refuse weights of several portfolios, unless they are shares of all of them together."""
    several = "portfolio" in holdings and holdings["portfolio"].nunique() > 1
    if several and abs(weights.sum() - 1.0) > _ROUNDING:
        raise InputError(
            f"The column 'weight' holds weights of several portfolios, which add up to "
            f"{weights.sum():.4g} and so are not those of one book. Compare with by='portfolio', "
            "or drop the column 'weight' where the frame has values."
        )


def _doubts(weights: FloatArray, layout: Layout, labels: pd.Index[Any]) -> tuple[str, ...]:
    """What is to be doubted about weights that were given."""
    if not len(weights):
        return ()
    net, gross = np.zeros((2, len(labels)))
    for part in layout:
        own, starts = weights[layout.rows(part)], layout.groups(part).starts
        net[part] = np.add.reduceat(own, starts)
        gross[part] = np.add.reduceat(np.abs(own), starts)
    is_percent = gross > _LIKE_PERCENT
    found = [
        (is_percent, gross, " in absolute terms and look like percent: weights are taken as "
         "fractions, 0.3 for 30%"),
    ]  # fmt: skip
    if labels.name is not None:
        is_part = ~is_percent & (np.abs(net - 1.0) > _ROUNDING)
        found += [(is_part, net, ", not to 1, and are taken as they are")]
    return tuple(_doubt(*one, labels) for one in found if one[0].any())


def _doubt(odd: BoolArray, sums: FloatArray, why: str, labels: pd.Index[Any]) -> str:
    first, count = int(np.argmax(odd)), int(odd.sum())
    whose = f" of {labels[first]!r}" if labels.name is not None else ""
    more = f" (the first of {count} such portfolios)" if count > 1 else ""
    return f"the weights{whose}{more} add up to {sums[first]:.4g}{why}"


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
