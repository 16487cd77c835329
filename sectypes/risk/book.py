"""One portfolio as arrays: weights beside the rates that its types and multiples lead to."""

from __future__ import annotations

from collections.abc import KeysView, Mapping, Sequence, ValuesView
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from sectypes.checks import is_missing
from sectypes.errors import Failure, InputError
from sectypes.risk.groups import Groups
from sectypes.risk.lots import Spellings, find_lots
from sectypes.risk.rates import (
    NO_TYPE,
    BoolArray,
    FloatArray,
    IntArray,
    is_fund,
    lacks_rate,
    position_rates,
    type_codes,
    unknown_leverage,
)
from sectypes.scenarios import CrashScenarios
from sectypes.taxonomy import SECURITY_TYPES

__all__ = ["Book", "book_at_one_rate", "book_of", "make_book", "names_of", "numbers"]


@dataclass(frozen=True, slots=True)
class Book:
    """Positions of one portfolio. All arrays have the shape (n,).

    Attributes
    ----------
    weights : array of float
        Signed fractions of the net value.
    rates : array of float
        Crash rate of each position.
    funds : array of bool
        Whether the position is an etf or a mutual fund.
    tickers : tuple[str, ...]
        For people; "" where unknown.
    substituted : tuple[str, ...]
        Positions that take another rate for want of their own, each with the reason.
    missing : str
        Why no loss can be worked out; empty where it can.
    """

    weights: FloatArray
    rates: FloatArray
    funds: BoolArray
    tickers: tuple[str, ...]
    substituted: tuple[str, ...]
    missing: str = ""

    @property
    def sizes(self) -> FloatArray:
        """Absolute weights: a short counts by its size."""
        return np.abs(self.weights)

    @property
    def losses(self) -> FloatArray:
        """Absolute weight x rate, before the portfolio's leverage."""
        return self.sizes * self.rates

    def by_security(self) -> Book:
        """The same book with all rows of one ticker as one position, by absolute weight.

        It counts as short where all its rows are, and as a fund where all its rows do.
        """
        spelled = Spellings.of(self.tickers)
        lots = find_lots(spelled.securities[spelled.codes], Groups.one(len(self.weights)))
        if lots is None:
            return self
        sizes, losses = lots.together(self.sizes), lots.together(self.losses)
        # Of the spellings the first in the alphabet: the order of the rows must not show.
        order = np.argsort(spelled.names)
        ranks = np.argsort(order).astype(np.float64)
        tickers = spelled.names[order][lots.least(ranks[spelled.codes]).astype(np.int64)]
        kept = np.ones(len(sizes), dtype=bool)
        kept[lots.rows] = False
        kept[lots.firsts] = True
        return replace(
            self,
            weights=np.where(lots.all(self.weights < 0), -sizes, sizes)[kept],
            rates=np.divide(losses, sizes, out=self.rates.copy(), where=sizes > 0)[kept],
            funds=lots.all(self.funds)[kept],
            tickers=tuple(tickers[kept]),
        )


def make_book(
    weights: Any,
    types: Any,
    *,
    scenarios: CrashScenarios,
    multiples: Any = None,
    tickers: Any = None,
) -> Book:
    """Match weights, types and multiples, and look the rates up.

    Raises
    ------
    InputError
        Lengths or labels do not match, or a number cannot be read.
    """
    if isinstance(weights, Mapping):
        weights = pd.Series(dict(weights), dtype=object)
    weights = _listed(weights)
    values = numbers(weights, "weights")
    codes = type_codes(_matched(types, weights, "types"))
    steps = None
    if multiples is not None and scenarios.leveraged_funds:
        steps = numbers(_matched(multiples, weights, "position_leverage"), "position_leverage")
    return book_of(
        values, codes, steps, names=_names(tickers, weights, len(values)), scenarios=scenarios
    )


def book_of(
    weights: FloatArray,
    codes: IntArray,
    multiples: FloatArray | None,
    *,
    names: tuple[str, ...],
    scenarios: CrashScenarios,
) -> Book:
    """The book of positions whose types are codes already."""
    return Book(
        weights=weights,
        rates=position_rates(codes, multiples, scenarios),
        funds=is_fund(codes),
        tickers=names,
        substituted=_substituted(codes, multiples, names, scenarios),
        missing=_gap(weights, names),
    )


def book_at_one_rate(weights: FloatArray, rate: float, *, names: tuple[str, ...]) -> Book:
    """The book as the older system saw it: every position a single stock."""
    return Book(
        weights=weights,
        rates=np.full(len(weights), rate),
        funds=np.zeros(len(weights), dtype=bool),
        tickers=names,
        substituted=(),
        missing=_gap(weights, names),
    )


def numbers(values: Any, column: str) -> FloatArray:
    """Values as floats; missing ones become NaN, in a list as in a Series.

    Raises
    ------
    InputError
        A value is no number, or the values are not a flat list.
    """
    try:
        if isinstance(values, pd.Series) and values.dtype != np.float64:
            found = values.to_numpy(dtype=np.float64, na_value=np.nan)
        else:
            found = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        found = _one_by_one(values, column)
    if found.ndim != 1:
        raise InputError(f"{column} must be a flat list of numbers, one for each position.")
    return found


def _one_by_one(values: Any, column: str) -> FloatArray:
    found: list[float] = []
    problems = []
    is_ordered = isinstance(values, np.ndarray | pd.Series | Sequence)
    for row, value in enumerate(values if is_ordered else ()):
        try:
            found.append(np.nan if is_missing(value) else float(value))
        except (TypeError, ValueError, OverflowError):
            problems.append(Failure(row, column, value, "is not a number"))
    if problems or not found:
        raise InputError(f"{column} must be numbers.", problems)
    return np.array(found)


def _matched(given: Any, weights: Any, name: str) -> Any:
    """`given` in the order of the weights: by label where both have labels, else by position."""
    _refuse_text(given, name)
    given = _listed(given)
    labels = weights.index if isinstance(weights, pd.Series) else None
    if isinstance(given, Mapping):
        if labels is None:
            raise InputError(f"{name} by ticker need weights by ticker (a Series or a mapping).")
        return pd.Series([given.get(label) for label in labels], index=labels, dtype=object)
    if len(given) != len(weights):
        raise InputError(f"{name} holds {len(given)} values for {len(weights)} weights.")
    if labels is None or not isinstance(given, pd.Series) or given.index.equals(labels):
        return given
    if not (labels.is_unique and given.index.is_unique and labels.isin(given.index).all()):
        raise InputError(
            f"{name} and the weights carry different labels; give both the same index."
        )
    return given.reindex(labels)


def _refuse_text(given: Any, name: str) -> None:
    # A text has a length too, and would be read letter by letter; a set has no order.
    if isinstance(given, str | set | frozenset) or not hasattr(given, "__len__"):
        raise InputError(f"{name} must hold one value for each weight (it is {given!r}).")


def _listed(given: Any) -> Any:
    # numpy takes the view of a dict for one value.
    return list(given) if isinstance(given, KeysView | ValuesView) else given


def _names(tickers: Any, weights: Any, rows: int) -> tuple[str, ...]:
    if tickers is None:
        if not isinstance(weights, pd.Series) or isinstance(weights.index, pd.RangeIndex):
            return ("",) * rows
        tickers = weights.index
    _refuse_text(tickers, "tickers")
    if len(tickers) != rows:
        raise InputError(f"tickers holds {len(tickers)} values for {rows} weights.")
    return names_of(tickers)


def names_of(tickers: Any) -> tuple[str, ...]:
    """Tickers as texts, "" where there is none."""
    is_pandas = isinstance(tickers, pd.Series | pd.Index)
    values = tickers if is_pandas else pd.Series(list(tickers), dtype=object)
    # Arrow hands over a whole column far faster than its values one by one.
    texts = values.to_numpy(dtype=object)
    return tuple(map(str, np.where(pd.isna(texts), "", texts).tolist()))


def _substituted(
    codes: IntArray,
    multiples: FloatArray | None,
    names: Sequence[str],
    scenarios: CrashScenarios,
) -> tuple[str, ...]:
    lacking = lacks_rate(codes, scenarios)
    unknown = np.zeros(len(codes), dtype=bool)
    if multiples is not None:
        unknown = unknown_leverage(codes, multiples)
    rows = np.flatnonzero(lacking | unknown)
    found = zip((names[row] for row in rows.tolist()), codes[rows], lacking[rows], strict=True)
    listed = set()
    for name, code, lacks in set(found):
        kind = "no type" if code == NO_TYPE else SECURITY_TYPES[code]
        why = kind if lacks else f"{kind} of unknown leverage"
        listed.add(f"{name or 'a position without ticker'} ({why})")
    # Sorted, so that the order of the rows does not show.
    return tuple(sorted(listed))


def _gap(weights: FloatArray, names: Sequence[str]) -> str:
    if not np.isfinite(weights).all():
        rows = np.flatnonzero(~np.isfinite(weights)).tolist()
        listed = sorted({names[row] or f"row {row}" for row in rows})
        return f"the weight of {', '.join(listed[:5])} is unknown"
    return "" if (weights != 0).any() else "there are no positions"
