"""Before and after, position by position."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from sectypes.checks import or_design
from sectypes.choices import Baseline
from sectypes.errors import Failure, InputError
from sectypes.risk.book import Book, book_at_one_rate, book_of, names_of, numbers
from sectypes.risk.curves import check_choice
from sectypes.risk.losses import leverage_factor
from sectypes.risk.numbering import recode
from sectypes.risk.rates import (
    NO_TYPE,
    BoolArray,
    FloatArray,
    IntArray,
    as_categorical,
    lacks_rate,
    position_rates,
    type_codes,
    unknown_leverage,
)
from sectypes.risk.weights import Weighed, weigh
from sectypes.scenarios import CrashScenarios
from sectypes.taxonomy import SECURITY_TYPES, Origin, SecurityType
from sectypes.vocab import provider_label

__all__ = ["Baseline", "Flag", "Rated", "audit", "flag_column", "position_table", "rate_frame"]

_CASH = SECURITY_TYPES.index(SecurityType.CASH)
_STOCK = SECURITY_TYPES.index(SecurityType.EQUITY)
_CARRIED = (
    *("portfolio", "account", "provider", "ticker", "name", "provider_type", "is_cash"),
    *("security_type", "subtype", "leverage", "origin"),
)
"""What describes a position, and all that its numbers depend on, so that a table counts alike."""
HOW_FOUND = ("served_by", "as_of", "stale", "reason")
"""Columns that tell how an answer was found this time; no number depends on them."""


class Flag(StrEnum):
    """What is remarkable about a position."""

    PROVIDER_DIFFERS = "provider differs"
    NO_TYPE = "no type"
    STAND_IN_RATE = "single-stock rate"
    LEVERAGED = "leveraged"
    LEVERAGE_UNKNOWN = "leverage unknown"
    SHORT = "short"
    GUESS = "guess"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class Rated:
    """A frame as arrays of shape (n,): weights, and types before and after.

    `before` and `after` are type codes; `multiples` is the leverage of each position or None.
    """

    weighed: Weighed
    before: IntArray
    after: IntArray
    multiples: FloatArray | None
    baseline: str
    scenarios: CrashScenarios

    @property
    def counted(self) -> FloatArray | None:
        """The multiples that rates take; None where the scenario switches them off."""
        return self.multiples if self.scenarios.leveraged_funds else None

    def rates_before(self, rows: IntArray | slice = slice(None)) -> FloatArray:
        """Crash rate of some rows, or all, with the baseline's type."""
        if self.baseline == "generic":
            rate = np.float64(self.scenarios.single_stock)
            return np.broadcast_to(rate, self.before[rows].shape)
        return position_rates(self.before[rows], None, self.scenarios)

    def rates_after(self) -> FloatArray:
        """Crash rate of each row with the true type."""
        return position_rates(self.after, self.counted, self.scenarios)

    def books(self, tickers: Any) -> tuple[Book, Book]:
        """The frame as one book before and after."""
        names = ("",) * len(self.before) if tickers is None else names_of(tickers)
        weights, scenarios = self.weighed.weights, self.scenarios
        after = book_of(weights, self.after, self.counted, names=names, scenarios=scenarios)
        if self.baseline == "generic":
            return book_at_one_rate(weights, scenarios.single_stock, names=names), after
        return book_of(weights, self.before, None, names=names, scenarios=scenarios), after


def audit(
    holdings: pd.DataFrame,
    *,
    scenarios: CrashScenarios | None = None,
    baseline: Baseline = "generic",
    leverage: float | None = 1.0,
    by: str | None = None,
    fx: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """One row a position: what its type does to the loss, before and after.

    Parameters
    ----------
    holdings : DataFrame
        The holdings frame with the answer columns: ``security_type`` is needed; ``leverage``,
        ``origin`` and ``stale`` are used where they exist. Needs ``weight`` or ``value``, and
        ``provider_type`` for the provider baseline.
    scenarios : CrashScenarios | None
        The rates; None for the design's.
    baseline : {"generic", "provider"}
        The "before": 80% for everything (the older system), or the provider's own type.
    leverage : float | None
        Of the portfolio; None or NaN where it is unknown, and with it the losses.
    by, fx
        As in `position_weights`.

    Returns
    -------
    DataFrame
        On the index of `holdings`: the describing columns that it has, ``type_before``,
        ``weight``, ``rate_before``, ``rate_after``, ``loss_before``, ``loss_after``, ``effect``
        (after minus before, of the whole-book loss, to which the effects add up), ``flags``, and
        where the answers were found, how old they are and why, as far as `holdings` tells.
        Losses are positive fractions of the portfolio's net value.

    Raises
    ------
    InputError
        A column is missing, or the weights cannot be worked out.
    ConfigError
        The baseline has another name.

    Examples
    --------
    >>> book = pd.DataFrame({"ticker": ["DSU", "AAPL"], "value": [30.0, 70.0],
    ...                      "security_type": ["mutual_fund", "equity"]})
    >>> audit(book)[["ticker", "weight", "rate_before", "rate_after", "effect"]]
      ticker  weight  rate_before  rate_after  effect
    0    DSU     0.3          0.8         0.4   -0.12
    1   AAPL     0.7          0.8         0.8    0.00
    """
    rated = rate_frame(
        holdings,
        scenarios=or_design("scenarios", scenarios, CrashScenarios),
        baseline=baseline,
        by=by,
        fx=fx,
    )
    return position_table(holdings, rated, leverage=leverage)


def rate_frame(
    holdings: pd.DataFrame,
    *,
    scenarios: CrashScenarios,
    baseline: Baseline,
    by: str | None,
    fx: Mapping[str, float] | None,
) -> Rated:
    """Weights and rates of every row, before and after."""
    check_choice("baseline", baseline, get_args(Baseline))
    if "security_type" not in holdings:
        raise InputError(
            "The frame has no column 'security_type': add the answers of .sectype.explain() first."
        )
    weighed = weigh(holdings, by=by, fx=fx)
    after = type_codes(holdings["security_type"])
    multiples = numbers(holdings["leverage"], "leverage") if "leverage" in holdings else None
    before = (
        np.broadcast_to(np.int8(_STOCK), len(holdings))
        if baseline == "generic"
        else provider_codes(holdings)
    )
    return Rated(weighed, before, after, multiples, baseline, scenarios)


def provider_codes(holdings: pd.DataFrame) -> IntArray:
    """Type code that the provider's own row says; `NO_TYPE` for a missing or unknown word."""
    if "provider_type" not in holdings:
        raise InputError("The provider baseline needs the column 'provider_type'.")
    words, word_codes = _distinct(holdings["provider_type"])
    providers, provider_codes = (
        _distinct(holdings["provider"])
        if "provider" in holdings
        else ([None], np.zeros(len(holdings), dtype=np.int64))
    )
    table = np.array(
        [[_code_of(word, provider) for word in words] for provider in providers], dtype=np.int64
    )
    codes = table[provider_codes, word_codes] if len(holdings) else np.zeros(0, dtype=np.int64)
    return np.where(flag_column(holdings, "is_cash"), _CASH, codes)


def position_table(holdings: pd.DataFrame, rated: Rated, *, leverage: float | None) -> pd.DataFrame:
    """The table of `audit` for a frame that is rated already."""
    weights = rated.weighed.weights
    sizes = np.abs(weights) * leverage_factor(leverage)
    rates_before, rates_after = rated.rates_before(), rated.rates_after()
    before, after = sizes * rates_before, sizes * rates_after
    by = rated.weighed.labels.name
    carried = [name for name in dict.fromkeys((*_CARRIED, by)) if name in holdings]
    table = holdings[carried].copy()
    table["type_before"] = as_categorical(rated.before)
    table["weight"] = weights
    table["rate_before"], table["rate_after"] = rates_before, rates_after
    table["loss_before"], table["loss_after"] = before, after
    table["effect"] = after - before
    table["flags"] = _flags(holdings, rated, weights)
    return table.assign(**{name: holdings[name] for name in HOW_FOUND if name in holdings})


def _flags(holdings: pd.DataFrame, rated: Rated, weights: FloatArray) -> npt.NDArray[Any]:
    rows = len(holdings)
    after, multiples = rated.after, rated.multiples
    no_type = after == NO_TYPE
    says = provider_codes(holdings) if "provider_type" in holdings else np.full(rows, NO_TYPE)
    found: dict[Flag, BoolArray] = {
        Flag.PROVIDER_DIFFERS: (says != NO_TYPE) & ~no_type & (says != after),
        Flag.NO_TYPE: no_type,
        Flag.STAND_IN_RATE: lacks_rate(after, rated.scenarios),
        Flag.SHORT: weights < 0,
        Flag.STALE: flag_column(holdings, "stale"),
    }
    if multiples is not None:
        known = np.abs(multiples) > 0
        found[Flag.LEVERAGED] = known & (multiples != 1.0)
        found[Flag.LEVERAGE_UNKNOWN] = unknown_leverage(after, multiples)
    if "origin" in holdings:
        guesses = [origin.value for origin in Origin if origin.is_guess]
        found[Flag.GUESS] = holdings["origin"].isin(guesses).to_numpy(dtype=bool)
    # One text for each combination of flags that occurs, not one for each row.
    marks = np.zeros(rows, dtype=np.int64)
    for bit, flag in enumerate(Flag):
        marks |= np.where(found.get(flag, False), 1 << bit, 0)
    distinct, codes = np.unique(marks, return_inverse=True)
    texts = [
        ", ".join(flag for bit, flag in enumerate(Flag) if mark >> bit & 1) for mark in distinct
    ]
    return np.array(texts, dtype=object)[codes]


def flag_column(holdings: pd.DataFrame, column: str) -> BoolArray:
    """A column of yes and no as booleans; missing counts as no."""
    if column not in holdings:
        return np.zeros(len(holdings), dtype=bool)
    if holdings[column].dtype == np.bool_:
        plain: BoolArray = holdings[column].to_numpy()
        return plain
    try:
        return holdings[column].astype("boolean").to_numpy(dtype=bool, na_value=False)
    except (TypeError, ValueError):
        wrong = [value for value in holdings[column] if value not in (True, False, None)]
        problem = Failure(None, column, wrong[0] if wrong else None, "must be True or False")
        raise InputError(f"The column {column!r} cannot be read.", [problem]) from None


def _distinct(values: pd.Series) -> tuple[list[Any], IntArray]:
    """Distinct values, None last for the missing ones, and the position of each row's value."""
    found: list[Any] = []

    def number(value: Any) -> int:
        found.append(value)
        return len(found) - 1

    codes = recode(values, number, -1)
    return [*found, None], np.where(codes < 0, len(found), codes)


def _code_of(word: Any, provider: Any) -> int:
    label = provider_label(word, provider)
    return NO_TYPE if label is None else SECURITY_TYPES.index(label.security_type)
