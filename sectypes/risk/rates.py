"""From types and leverage to one crash rate a position."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from sectypes.checks import type_named
from sectypes.risk.numbering import recode
from sectypes.scenarios import CrashScenarios
from sectypes.taxonomy import SECURITY_TYPES, SecurityType

__all__ = [
    "NO_TYPE",
    "as_categorical",
    "is_fund",
    "lacks_rate",
    "levered_rates",
    "position_rates",
    "type_codes",
    "unknown_leverage",
]

FloatArray: TypeAlias = npt.NDArray[np.float64]
IntArray: TypeAlias = npt.NDArray[np.integer[Any]]
BoolArray: TypeAlias = npt.NDArray[np.bool_]

NO_TYPE = len(SECURITY_TYPES)
"""Code of a position without a type, one past the codes of the types."""

_CODES: dict[str | None, int] = {name: code for code, name in enumerate(SECURITY_TYPES)}
_CODES[None] = NO_TYPE
_TYPE_DTYPE = pd.CategoricalDtype(list(SECURITY_TYPES))
_FUNDS = (SecurityType.ETF, SecurityType.MUTUAL_FUND)
_IS_FUND = np.array([*(kind in _FUNDS for kind in SECURITY_TYPES), False])


def type_codes(types: pd.Series | Sequence[Any] | npt.NDArray[Any]) -> IntArray:
    """Code of each type in the order of `SECURITY_TYPES`; `NO_TYPE` where there is none.

    Missing values and words that are no type get `NO_TYPE`: risk gives them the worst rate.

    Examples
    --------
    >>> type_codes(["equity", "etf", None, "mystery"]).tolist()
    [0, 1, 8, 8]
    """
    return recode(types, lambda word: _CODES[type_named(word)], NO_TYPE, dtype=np.int8)


def position_rates(
    codes: IntArray, multiples: FloatArray | None, scenarios: CrashScenarios
) -> FloatArray:
    """Crash rate of each position.

    Parameters
    ----------
    codes : array of int, shape (n,)
        As `type_codes` makes them.
    multiples : array of float, shape (n,), or None
        Signed leverage of each position; None where all are ordinary securities. A multiple that
        is missing or zero is unknown: its position takes at least the single-stock rate.
    scenarios : CrashScenarios
        The rates.

    Returns
    -------
    array of float, shape (n,)
        min(1, abs(multiple) x rate of the type), fractions.

    Examples
    --------
    >>> position_rates(type_codes(["etf", "etf"]), np.array([1.0, -3.0]), CrashScenarios()).tolist()
    [0.35, 1.0]
    """
    table = np.array([*map(scenarios.rate, SECURITY_TYPES), scenarios.worst_rate])
    rates: FloatArray = table[codes]
    if multiples is not None:
        # Few positions are leveraged; NaN is unequal to 1 as well.
        rows = np.flatnonzero(multiples != 1.0)
        plain = rates[rows]
        unknown = np.maximum(plain, scenarios.single_stock)
        rates[rows] = levered_rates(plain, np.abs(multiples[rows]), unknown)
    return rates


def levered_rates(plain: FloatArray, steps: FloatArray, unknown: FloatArray) -> FloatArray:
    """The rates of positions with a multiple.

    Parameters
    ----------
    plain : array of float, shape (n,)
        Rates of their types.
    steps : array of float, shape (n,)
        Multiples without their signs; NaN or 0 where they are unknown.
    unknown : array of float, shape (n,)
        Rates where the multiple is unknown.

    Returns
    -------
    array of float, shape (n,)
        min(1, multiple x rate), fractions.

    Examples
    --------
    >>> levered_rates(np.array([0.2, 0.2]), np.array([2.0, 0.0]), np.array([0.8, 0.8])).tolist()
    [0.4, 0.8]
    """
    levered: FloatArray = np.where(steps > 0, np.minimum(1.0, steps * plain), unknown)
    return levered


def lacks_rate(codes: IntArray, scenarios: CrashScenarios) -> BoolArray:
    """Whether a position has no type, or one without a rate of its own."""
    table = np.array([*(not scenarios.has_own_rate(kind) for kind in SECURITY_TYPES), True])
    lacking: BoolArray = table[codes]
    return lacking


def as_categorical(codes: IntArray) -> pd.Categorical:
    """Type codes as the categorical that every type column of the package is."""
    return pd.Categorical.from_codes(
        np.where(codes == NO_TYPE, -1, codes).tolist(), dtype=_TYPE_DTYPE
    )


def unknown_leverage(codes: IntArray, multiples: FloatArray) -> BoolArray:
    """Whether a position has a type but no usable multiple: missing, or zero."""
    unknown: BoolArray = ~(np.abs(multiples) > 0) & (codes != NO_TYPE)
    return unknown


def is_fund(codes: IntArray) -> BoolArray:
    """Whether a position is an etf or a mutual fund."""
    funds: BoolArray = _IS_FUND[codes]
    return funds
