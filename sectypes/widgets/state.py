"""What the panel of scenarios is set to, and what that makes of a book. No widget is known here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import pandas as pd

from sectypes.charts import Compared
from sectypes.errors import Failure, InputError
from sectypes.risk.book import numbers
from sectypes.risk.concentration import Method
from sectypes.risk.curves import Curve
from sectypes.risk.positions import Baseline
from sectypes.scenarios import CrashScenarios, RiskLimits
from sectypes.taxonomy import SECURITY_TYPES, Origin

__all__ = ["Compare", "State", "with_types"]


class Compare(Protocol):
    """Scores a book before and after; `sectypes.comparison.compare` with its exposures filled in.

    The panel asks it again for every move, so it must not ask a service or the network.
    """

    def __call__(
        self,
        holdings: pd.DataFrame,
        *,
        limits: RiskLimits,
        scenarios: CrashScenarios,
        baseline: Baseline,
        method: Method,
        curve: Curve,
        leverage: float,
    ) -> Compared:
        """Both scores of `holdings`, which carry their answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Everything that a panel can be set to.

    Parameters
    ----------
    scenarios : CrashScenarios
        The crash rates.
    limits : RiskLimits
        ``max_loss`` is what the losses are measured against.
    leverage : float
        Of the portfolio.
    baseline, method, curve : str
        As in `sectypes.comparison.compare`.
    types : tuple[tuple[int, str], ...]
        Types set by hand: number of the row (from 0) and security type.

    Raises
    ------
    InputError
        The leverage is not a number above zero.

    Examples
    --------
    >>> start = State()
    >>> moved = start.with_rates({"etf": 0.5, "cash": 0.05})
    >>> moved.scenarios.etf, moved.scenarios.version, moved.scenarios.sources["etf"]
    (0.5, '1+etf=0.5', 'set in the panel')
    >>> moved.with_rates({"etf": 0.35}) == start, start.with_rates({"etf": 0.35}) == start
    (False, True)
    """

    scenarios: CrashScenarios = field(default_factory=CrashScenarios)
    limits: RiskLimits = field(default_factory=RiskLimits)
    leverage: float = 1.0
    baseline: Baseline = "generic"
    method: Method = "largest_position"
    curve: Curve = "linear"
    types: tuple[tuple[int, str], ...] = ()

    def __post_init__(self) -> None:
        if not 0 < self.leverage < math.inf:
            raise InputError(f"leverage must be a number above 0 (it is {self.leverage!r})")

    def with_rates(self, rates: Mapping[str, float]) -> State:
        """A copy with those rates changed that differ; the scenario's version names them."""
        changed: dict[str, Any] = {
            rate: value for rate, value in rates.items() if value != getattr(self.scenarios, rate)
        }
        if not changed:
            return self
        told = dict.fromkeys(changed, "set in the panel")
        return replace(self, scenarios=self.scenarios.with_rates(**changed, sources=told))

    def compared(self, holdings: pd.DataFrame, *, compare: Compare) -> Compared:
        """The comparison that belongs to this state; the same state gives the same numbers.

        Parameters
        ----------
        holdings : DataFrame
            The holdings frame with the answers of ``.sectype.explain()``.
        compare : Compare
            Who works it out.

        Raises
        ------
        SectypesError
            Whatever `compare` refuses, or a type set by hand that does not fit `holdings`.
        """
        return compare(
            with_types(holdings, self.types),
            limits=self.limits,
            scenarios=self.scenarios,
            baseline=self.baseline,
            method=self.method,
            curve=self.curve,
            leverage=self.leverage,
        )


def with_types(holdings: pd.DataFrame, types: Sequence[tuple[int, str]]) -> pd.DataFrame:
    """A frame in which some rows have the type that a person gave them.

    Their origin becomes ``override``. The leverage of a row stays as it is known; only a row that
    had no type at all, and so no leverage, counts as an ordinary security.

    Parameters
    ----------
    holdings : DataFrame
        Needs ``security_type``; it is not changed.
    types : sequence of (int, str)
        Number of the row and its type.

    Raises
    ------
    InputError
        There is no such row or type.

    Examples
    --------
    >>> book = pd.DataFrame({"ticker": ["DSU", "AAPL"], "security_type": ["equity", "equity"]})
    >>> with_types(book, [(0, "mutual_fund")])["security_type"].tolist()
    ['mutual_fund', 'equity']
    """
    wrong = [
        Failure(row, "security_type", kind, f"use a row below {len(holdings)} and a security type")
        for row, kind in types
        if not 0 <= row < len(holdings) or kind not in SECURITY_TYPES
    ]
    if wrong:
        raise InputError("types set by hand do not fit the holdings", wrong)
    if not types:
        return holdings
    rows = [row for row, _ in types]
    untyped = [row for row in rows if holdings["security_type"].isna().iloc[row]]
    # As objects, because a categorical column may lack the type that is put in.
    changed = {"security_type": _put(holdings["security_type"], rows, [kind for _, kind in types])}
    for name, value in (("origin", Origin.OVERRIDE.value), ("stale", False)):
        if name in holdings:
            changed[name] = _put(holdings[name], rows, [value] * len(rows))
    if "leverage" in holdings:
        steps = numbers(holdings["leverage"], "leverage").copy()
        steps[[row for row in untyped if math.isnan(steps[row])]] = 1.0
        changed["leverage"] = pd.Series(steps, index=holdings.index)
    return holdings.assign(**changed)


def _put(column: pd.Series, rows: list[int], values: list[Any]) -> pd.Series:
    filled = column.astype(object).copy()
    filled.iloc[rows] = values
    return filled
