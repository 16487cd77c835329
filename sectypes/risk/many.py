"""Before and after for many portfolios at once: arrays from end to end, no loop over portfolios."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from sectypes.errors import InputError
from sectypes.risk.concentration import Method, concentration_by_group
from sectypes.risk.curves import (
    CATEGORIES,
    COMPONENT_WEIGHTS,
    LOWEST_CATEGORY,
    PLACES,
    Curve,
    overall_scores,
    score_ratios,
)
from sectypes.risk.groups import Groups
from sectypes.risk.losses import Betas, historical_crashes, leverage_gap
from sectypes.risk.lots import find_lots, security_codes
from sectypes.risk.positions import Rated
from sectypes.risk.rates import BoolArray, FloatArray, IntArray, lacks_rate, unknown_leverage
from sectypes.risk.score import Exposures
from sectypes.risk.sums import group_sums
from sectypes.scenarios import FACTORS, CrashScenarios, RiskLimits
from sectypes.taxonomy import Origin

__all__ = ["INDUSTRY_PREFIX", "compare_groups", "exposures_frame"]

_CATEGORY_DTYPE = pd.CategoricalDtype([word for _, word in CATEGORIES] + [LOWEST_CATEGORY])

INDUSTRY_PREFIX = "industry:"
"""What the columns of industry betas begin with in an exposures frame."""


def exposures_frame(exposures: Mapping[Any, Exposures]) -> pd.DataFrame:
    """Exposures of many portfolios as one frame.

    Parameters
    ----------
    exposures : Mapping[label, Exposures]
        By portfolio.

    Returns
    -------
    DataFrame
        One row a portfolio: ``volatility_annual``, ``market``, ``momentum``, ``value`` and
        ``industry:<proxy>`` for every proxy. NaN is unknown. A portfolio whose industry betas are
        known has 0 for the proxies of the others.

    Examples
    --------
    >>> from sectypes.exposures import PortfolioExposures
    >>> known = PortfolioExposures(volatility_annual=0.2, factor_betas={"market": 1.0},
    ...                            industry_betas={"XLK": 0.4})
    >>> exposures_frame({"A": known}).columns.tolist()
    ['volatility_annual', 'market', 'momentum', 'value', 'industry:XLK']
    """
    proxies = sorted({str(name) for item in exposures.values() for name in item.industry_betas})
    rows = []
    for item in exposures.values():
        betas = {str(name): beta for name, beta in item.industry_betas.items()}
        absent = 0.0 if betas else np.nan
        row = {"volatility_annual": item.volatility_annual}
        row |= {name: item.factor_betas.get(name, np.nan) for name in FACTORS}
        row |= {INDUSTRY_PREFIX + name: betas.get(name, absent) for name in proxies}
        rows.append(row)
    columns = ["volatility_annual", *FACTORS, *(INDUSTRY_PREFIX + name for name in proxies)]
    return pd.DataFrame(rows, index=pd.Index(list(exposures)), columns=columns, dtype=float)


def compare_groups(
    holdings: pd.DataFrame,
    rated: Rated,
    *,
    exposures: pd.DataFrame | Mapping[Any, Exposures] | None,
    limits: RiskLimits,
    leverage: float,
    method: Method,
    curve: Curve,
    max_betas: Betas | None,
    max_industry_betas: Betas | None,
) -> pd.DataFrame:
    """One row a portfolio; the columns are described at `sectypes.comparison.compare`."""
    labels = rated.weighed.labels
    factor = np.nan if leverage_gap(leverage) else leverage
    known = _exposure_losses(
        exposures, labels, rated.scenarios, limits, max_betas, max_industry_betas
    )
    known = {name: loss * factor for name, loss in known.items()}
    table: dict[str, Any] = {"positions": np.bincount(rated.weighed.codes, minlength=len(labels))}
    sides = _Sides(holdings, rated, method, factor)
    for when in ("before", "after"):
        concentrated, worst, ticker, whole = sides.losses(when)
        losses = {**known, "concentration": concentrated}
        scores = {}
        for name in COMPONENT_WEIGHTS:
            ratios = np.round(losses[name] / limits.max_loss, PLACES)
            scores[name] = score_ratios(ratios, curve)
            table[f"{name}_loss_{when}"] = losses[name]
            table[f"{name}_ratio_{when}"] = ratios
            table[f"{name}_score_{when}"] = scores[name]
        table[f"overall_{when}"] = overall_scores(scores)
        table[f"category_{when}"] = _categories(table[f"overall_{when}"])
        table[f"worst_ticker_{when}"] = ticker
        table[f"worst_loss_{when}"] = worst
        table[f"hides_worst_{when}"] = np.round(worst, PLACES) > np.round(concentrated, PLACES)
        table[f"whole_book_loss_{when}"] = whole
    table["overall_change"] = table["overall_after"] - table["overall_before"]
    table |= sides.shares(holdings)
    table["reason"] = _reasons({"positions": sides.total, **known}, factor)
    table["note"] = "; ".join(rated.weighed.notes)
    return pd.DataFrame(table, index=labels)


class _Sides:
    """The rows of the frame, put in the order of their portfolios once for both sides."""

    def __init__(
        self, holdings: pd.DataFrame, rated: Rated, method: Method, leverage: float
    ) -> None:
        codes = rated.weighed.codes
        is_sorted = bool((codes[1:] >= codes[:-1]).all())
        self.order = None if is_sorted else np.argsort(codes, kind="stable")
        self.groups = Groups.of_sorted(self._ordered(codes))
        self.sizes = np.abs(self._ordered(rated.weighed.weights))
        self.tickers = holdings.get("ticker", pd.Series("", index=holdings.index))
        self.lots = find_lots(self._ordered(security_codes(self.tickers)), self.groups)
        together = self.lots.together(self.sizes) if self.lots else self.sizes
        self.ranked = np.round(together, PLACES)
        total = group_sums(self.sizes, self.groups.codes, len(self.groups.starts))
        # A portfolio whose weights are all zero holds nothing: NaN makes its losses unknown.
        self.total = np.where(total > 0, total, np.nan)
        self.rated, self.method, self.leverage = rated, method, leverage

    def losses(self, when: str) -> tuple[FloatArray, FloatArray, Any, FloatArray]:
        """Concentration, worst position, its ticker and whole book of each portfolio."""
        is_before = when == "before"
        rates = self._ordered(self.rated.rates_before if is_before else self.rated.rates_after)
        funds = self._ordered(self.rated.funds_before if is_before else self.rated.funds_after)
        losses = self.sizes * rates
        whole = group_sums(losses, self.groups.codes, len(self.groups.starts))
        if self.lots is not None:
            losses, funds = self.lots.together(losses), self.lots.all(funds)
        concentrated = concentration_by_group(self.ranked, losses, funds, self.groups, self.method)
        worst = self.groups.highest(losses)
        ticker = self._tickers_of(losses == worst[self.groups.codes])
        empty = np.isnan(self.total)
        scale, ticker = np.where(empty, np.nan, self.leverage), np.where(empty, "", ticker)
        return concentrated * scale, worst * scale, ticker, whole * scale

    def shares(self, holdings: pd.DataFrame) -> dict[str, FloatArray]:
        """Share of the absolute weight that stands on a stand-in rate or on a guess."""
        marks = lacks_rate(self.rated.after, self.rated.scenarios)
        if self.rated.multiples is not None:
            marks = marks | unknown_leverage(self.rated.after, self.rated.multiples)
        found = {"stand_in_weight": self._share(marks)}
        if "origin" in holdings:
            guesses = [origin.value for origin in Origin if origin.is_guess]
            found["guessed_weight"] = self._share(holdings["origin"].isin(guesses).to_numpy())
        return found

    def _share(self, marks: BoolArray) -> FloatArray:
        codes, count = self.groups.codes, len(self.groups.starts)
        marked = group_sums(np.where(self._ordered(marks), self.sizes, 0.0), codes, count)
        return marked / self.total

    def _tickers_of(self, chosen: BoolArray) -> Any:
        """Ticker of the chosen row of each group; among several the first in the alphabet."""
        rows = np.flatnonzero(chosen)
        if len(rows) > len(self.groups.starts):
            names = pd.factorize(self._names(rows), sort=True)[0]
            rows = rows[np.lexsort((names, self.groups.codes[rows]))]
            rows = rows[Groups.of_sorted(self.groups.codes[rows]).starts]
        return self._names(rows)

    def _names(self, rows: IntArray) -> Any:
        """Tickers of some of the ordered rows, "" where there is none."""
        chosen = rows if self.order is None else self.order[rows]
        return self.tickers.iloc[chosen].astype(object).fillna("").to_numpy()

    def _ordered(self, values: Any) -> Any:
        return values if self.order is None else values[self.order]


def _exposure_losses(
    exposures: pd.DataFrame | Mapping[Any, Exposures] | None,
    labels: pd.Index[Any],
    scenarios: CrashScenarios,
    limits: RiskLimits,
    max_betas: Betas | None,
    max_industry_betas: Betas | None,
) -> dict[str, FloatArray]:
    """Factor, volatility and sector loss of each portfolio before leverage; NaN where unknown."""
    frame = _aligned(exposures, labels)
    industries = [name for name in frame if str(name).startswith(INDUSTRY_PREFIX)]
    factor_crashes = historical_crashes(
        {name: getattr(scenarios, name) for name in FACTORS}, limits, max_betas
    )
    proxies = [str(name).removeprefix(INDUSTRY_PREFIX) for name in industries]
    sector_crashes = historical_crashes(
        dict.fromkeys(proxies, scenarios.sector), limits, max_industry_betas
    )
    volatility = frame["volatility_annual"].to_numpy()
    if (volatility < 0).any():
        raise InputError("The volatility of a portfolio must not be negative.")
    return {
        "factor": _worst_betas(frame[list(FACTORS)], list(factor_crashes.values())),
        "volatility": np.minimum(volatility, scenarios.max_volatility),
        "sector": _worst_betas(frame[industries], list(sector_crashes.values())),
    }


def _aligned(
    exposures: pd.DataFrame | Mapping[Any, Exposures] | None, labels: pd.Index[Any]
) -> pd.DataFrame:
    columns = ["volatility_annual", *FACTORS]
    if exposures is None:
        return pd.DataFrame(np.nan, index=labels, columns=columns)
    if not isinstance(exposures, pd.DataFrame | Mapping):
        raise InputError(
            "Exposures of one portfolio cannot stand for many: give a mapping or a frame by "
            "portfolio (see exposures_frame)."
        )
    frame = exposures if isinstance(exposures, pd.DataFrame) else exposures_frame(exposures)
    if not frame.index.is_unique:
        raise InputError("The exposures name a portfolio more than once.")
    extra = [name for name in frame if str(name).startswith(INDUSTRY_PREFIX)]
    wanted = frame.reindex(index=labels, columns=[*columns, *extra]).astype(float)
    return wanted.where(np.isfinite(wanted))


def _worst_betas(betas: pd.DataFrame, crashes: list[float]) -> FloatArray:
    if betas.shape[1] == 0:
        return np.full(len(betas), np.nan)
    # NaN passes through both maxima: an unknown beta makes the loss unknown.
    losses = np.maximum(betas.to_numpy() * np.array(crashes), 0.0)
    worst: FloatArray = losses.max(axis=1)
    return worst


def _categories(overall: FloatArray) -> pd.Categorical:
    lowest = -np.array([least for least, _ in CATEGORIES])
    codes = np.where(np.isnan(overall), -1, np.searchsorted(lowest, -overall, side="left"))
    return pd.Categorical.from_codes(codes, dtype=_CATEGORY_DTYPE)


def _reasons(needed: Mapping[str, FloatArray], leverage: float) -> Any:
    """Why the overall score is missing, one text for each combination of NaN in what is needed."""
    if np.isnan(leverage):
        return "the leverage of the portfolios is unknown"
    marks = np.array(
        [np.where(np.isnan(values), 1 << bit, 0) for bit, values in enumerate(needed.values())]
    ).sum(axis=0)
    texts = [
        ", ".join(f"no {name}" for bit, name in enumerate(needed) if mark >> bit & 1)
        for mark in range(1 << len(needed))
    ]
    return np.array(texts, dtype=object)[marks]
