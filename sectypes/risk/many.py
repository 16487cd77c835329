"""Before and after for many portfolios at once: arrays from end to end, no loop over portfolios."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
import pandas as pd

from sectypes.errors import InputError
from sectypes.risk.band import NO_ORIGINS, Band, band_of
from sectypes.risk.concentration import Method
from sectypes.risk.curves import (
    CATEGORIES,
    COMPONENT_WEIGHTS,
    LOWEST_CATEGORY,
    PLACES,
    Curve,
    overall_scores,
    score_ratios,
)
from sectypes.risk.losses import Betas, historical_crashes, leverage_gap
from sectypes.risk.positions import Rated
from sectypes.risk.rates import FloatArray
from sectypes.risk.result import RiskScore
from sectypes.risk.score import Exposures, switched_off
from sectypes.risk.sides import Sides
from sectypes.scenarios import FACTORS, CrashScenarios, RiskLimits

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
    sides = Sides(holdings, rated, method, factor)
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
    table |= _bands(sides, table, limits, curve)
    table |= {f"{name}_weight": share for name, share in sides.shares().items()}
    table["reason"] = _reasons({"positions": sides.total, **known}, factor)
    table["note"] = "; ".join((*rated.weighed.notes, *switched_off(rated.scenarios)))
    return pd.DataFrame(table, index=labels)


def _bands(
    sides: Sides, table: Mapping[str, Any], limits: RiskLimits, curve: Curve
) -> dict[str, FloatArray]:
    """What guesses leave open of the concentration loss, its score and the overall score."""
    known = {name: table[f"{name}_score_after"] for name in COMPONENT_WEIGHTS}
    low, high = sides.extremes(table["concentration_loss_after"])
    found = {"concentration_loss_low": low, "concentration_loss_high": high}
    # The high loss is the low score.
    for end, losses in (("low", high), ("high", low)):
        found[f"concentration_score_{end}"], found[f"overall_{end}"] = _scores_at(
            losses, known, limits, curve
        )
    return found


def one_band(sides: Sides, score: RiskScore) -> Band:
    """The band of the only portfolio, around its score."""
    known = {name: np.array([part.score]) for name, part in score.components.items()}
    spans = {"loss": sides.extremes(np.array([score.concentration.loss]))}
    low, high = spans["loss"]
    curve = cast("Curve", score.curve)
    riskiest, safest = (_scores_at(end, known, score.limits, curve) for end in (high, low))
    spans["score"], spans["overall"] = zip(riskiest, safest, strict=True)
    worst = np.array([score.worst_position.loss])
    spans["worst_position"] = sides.extremes(worst, "worst_position")
    spans["whole_book"] = sides.whole_extremes(np.array([score.whole_book_loss]))
    missing = score.concentration.reason
    return band_of(spans, missing or ("" if "origin" in sides.holdings else NO_ORIGINS))


def _scores_at(
    losses: FloatArray, known: Mapping[str, FloatArray], limits: RiskLimits, curve: Curve
) -> tuple[FloatArray, FloatArray]:
    """Concentration score and overall score at a concentration loss."""
    score = score_ratios(np.round(losses / limits.max_loss, PLACES), curve)
    return score, overall_scores({**known, "concentration": score})


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
