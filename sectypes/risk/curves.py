"""From a loss over its limit to a score, and from four scores to one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

import numpy as np

from sectypes.choices import Curve
from sectypes.errors import ConfigError
from sectypes.risk.rates import FloatArray

__all__ = [
    "CATEGORIES",
    "COMPONENT_WEIGHTS",
    "LOWEST_CATEGORY",
    "PLACES",
    "Curve",
    "category_of",
    "overall_scores",
    "score_excess_ratio",
    "score_ratios",
]

PLACES = 9
"""Decimal places that a number is rounded to before a threshold is asked."""

COMPONENT_WEIGHTS: Mapping[str, float] = {
    "factor": 0.35,
    "concentration": 0.30,
    "volatility": 0.20,
    "sector": 0.15,
}
"""Share of each component in the overall score."""

_KNOTS = (0.8, 1.0, 1.5, 2.0)
_SCORES = (100.0, 75.0, 50.0, 0.0)
CATEGORIES = ((90.0, "Excellent"), (80.0, "Good"), (70.0, "Fair"), (60.0, "Poor"))
"""Lowest overall score of each word."""

LOWEST_CATEGORY = "Very Poor"
"""Word for anything less."""


def score_excess_ratio(ratio: float, curve: Curve = "linear") -> float:
    """Score of a loss that is `ratio` times its limit.

    ``step``: at most 0.8 gives 100, at most 1.0 gives 75, at most 1.5 gives 50, more gives 0.
    ``linear``: 100 up to 0.8, 75 at 1.0, 50 at 1.5, 0 from 2.0 on, straight lines between.
    The ratio is rounded to 9 places first, so that 0.2 * 0.8 / 0.2 counts as 0.8 (design 7).

    Parameters
    ----------
    ratio : float
        Loss over limit. NaN and infinity are no ratios.
    curve : {"linear", "step"}
        The form of the curve.

    Returns
    -------
    float
        0 to 100; NaN where the ratio is no finite number, never 0 or 100.

    Raises
    ------
    ConfigError
        The curve has another name.

    Examples
    --------
    >>> score_excess_ratio(0.96), score_excess_ratio(0.96, "step"), score_excess_ratio(0.48)
    (80.0, 75.0, 100.0)
    """
    return float(score_ratios(np.array([ratio], dtype=float), curve)[0])


def score_ratios(ratios: FloatArray, curve: Curve = "linear") -> FloatArray:
    """`score_excess_ratio` of each ratio; NaN where a ratio is no finite number."""
    check_choice("curve", curve, get_args(Curve))
    if curve == "step":
        return step_scores(np.round(ratios, PLACES))
    scores = np.interp(np.round(ratios, PLACES), _KNOTS, _SCORES)
    return np.where(np.isfinite(ratios), np.round(scores, PLACES), np.nan)


def step_scores(ratios: FloatArray) -> FloatArray:
    """Step scores of ratios as they come, without rounding."""
    # The first threshold that is not below the ratio decides; one past the last gives 0.
    scores = np.array(_SCORES)[np.searchsorted(np.array(_KNOTS[:3]), ratios, side="left")]
    return np.where(np.isfinite(ratios), scores, np.nan)


def overall_scores(scores: Mapping[str, FloatArray]) -> FloatArray:
    """Weighted sum of the component scores; NaN where one of them is."""
    parts = [share * scores[name] for name, share in COMPONENT_WEIGHTS.items()]
    return np.round(parts[0] + parts[1] + parts[2] + parts[3], PLACES)


def category_of(overall: float) -> str | None:
    """Word for an overall score; None where it is missing."""
    if np.isnan(overall):
        return None
    return next((word for least, word in CATEGORIES if overall >= least), LOWEST_CATEGORY)


def check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    """Refuse a word that is not among the choices, naming them."""
    if value not in choices:
        raise ConfigError(f"{name} must be one of {', '.join(choices)} (it is {value!r})")
