"""The older system's function names and signatures, as drop-ins.

They take the older ``summary`` dict and give the older result keys, but the crash rate hangs on the
security type. With ``SECTYPES_TYPE_AWARE=0`` they give the older numbers: 80% for the largest
position, whatever it is, and thresholds asked of unrounded ratios. New code calls
`sectypes.risk_score`, which also knows the leverage of single funds and other methods and curves.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from sectypes.checks import number, numbers_by_name
from sectypes.config import Settings
from sectypes.errors import Failure, InputError
from sectypes.risk.concentration import concentration_loss
from sectypes.risk.curves import category_of, overall_scores, step_scores
from sectypes.risk.losses import Betas
from sectypes.risk.result import Component, RiskScore
from sectypes.risk.score import risk_score
from sectypes.scenarios import CrashScenarios, RiskLimits
from sectypes.taxonomy import SECURITY_TYPES, SecurityType

__all__ = [
    "SECURITY_TYPE_CRASH_MAPPING",
    "WORST_CASE_SCENARIOS",
    "calculate_concentration_risk_loss",
    "calculate_portfolio_risk_score",
    "get_crash_scenario_for_security_type",
]

_DESIGN = CrashScenarios()

WORST_CASE_SCENARIOS: Mapping[str, float] = MappingProxyType(
    {
        "market_crash": _DESIGN.market,
        "momentum_crash": _DESIGN.momentum,
        "value_crash": _DESIGN.value,
        "single_stock_crash": _DESIGN.single_stock,
        "sector_crash": _DESIGN.sector,
        "max_reasonable_volatility": _DESIGN.max_volatility,
    }
)
"""The older system's scenarios by their older names. Read-only: `CrashScenarios` takes changes."""

SECURITY_TYPE_CRASH_MAPPING: Mapping[str, float] = MappingProxyType(
    {kind: _DESIGN.rate(kind) for kind in SECURITY_TYPES if _DESIGN.has_own_rate(kind)}
)
"""Crash rate of each type that has one of its own. Read-only."""

_ADVICE = {
    "factor": "Reduce the exposure to the factor that loses most, or hedge it.",
    "concentration": "Reduce the position that loses most in its crash.",
    "volatility": "Reduce volatile positions or leverage.",
    "sector": "Reduce the industry that loses most, or spread over more industries.",
}


class _Summary(dict[str, Any]):
    """The parts of an older summary that stand for exposures."""

    @property
    def volatility_annual(self) -> float:
        return number("volatility_annual", self.get("volatility_annual"))

    @property
    def factor_betas(self) -> dict[str, float]:
        return _betas(self.get("portfolio_factor_betas"), "factor betas")

    @property
    def industry_betas(self) -> dict[str, float]:
        variance = self.get("industry_variance")
        betas = None if variance is None else variance.get("per_industry_group_beta")
        return _betas(betas, "industry betas")

    @property
    def reasons(self) -> dict[str, str]:
        return {}


def get_crash_scenario_for_security_type(security_type: str | None) -> float:
    """Crash rate of a type; a missing or unknown one takes the worst rate.

    With ``SECTYPES_TYPE_AWARE=0`` every type takes 0.80.

    Examples
    --------
    >>> get_crash_scenario_for_security_type("mutual_fund")
    0.4
    """
    if not Settings.from_env().type_aware:
        return _DESIGN.single_stock
    return _DESIGN.rate(security_type)


def calculate_concentration_risk_loss(
    summary: Mapping[str, Any],
    leverage_ratio: float,
    portfolio_data: Any = None,
    security_types: Mapping[str, str] | None = None,
) -> float:
    """Loss when the largest position crashes, as a positive fraction.

    Parameters
    ----------
    summary : Mapping
        ``summary["allocations"]["Portfolio Weight"]``: weights by ticker.
    leverage_ratio : float
        Of the portfolio.
    portfolio_data : Any
        As in `get_security_types`: asked where `security_types` is not given.
    security_types : Mapping[str, str] | None
        Type by ticker; a ticker that is not in it takes the worst rate.

    Returns
    -------
    float
        NaN where a weight or the leverage is NaN. Types say nothing about the leverage of single
        funds; `sectypes.risk_score` takes that as well.

    Raises
    ------
    InputError
        The summary has no weights, or the leverage is not above zero.

    Examples
    --------
    >>> summary = {"allocations": {"Portfolio Weight": {"DSU": 0.3, "AAPL": 0.2}}}
    >>> calculate_concentration_risk_loss(summary, 1.0, security_types={"DSU": "mutual_fund",
    ...                                                                 "AAPL": "equity"})
    0.12
    """
    weights = _weights(summary)
    return concentration_loss(
        weights, _types(weights, portfolio_data, security_types), leverage=leverage_ratio
    )


def calculate_portfolio_risk_score(
    summary: Mapping[str, Any],
    portfolio_limits: Mapping[str, float],
    concentration_limits: Mapping[str, float],
    variance_limits: Mapping[str, float],
    max_betas: Betas | None,
    max_proxy_betas: Betas | None = None,
    leverage_ratio: float = 1.0,
    max_single_factor_loss: float = -0.10,
) -> dict[str, Any]:
    """Score a portfolio with the step curve, in the older result's keys.

    The types are those of the current service (`sectypes.using` chooses it).

    Parameters
    ----------
    summary : Mapping
        ``allocations["Portfolio Weight"]``, ``portfolio_factor_betas``, ``volatility_annual`` and
        ``industry_variance["per_industry_group_beta"]``. A missing part makes its component
        missing.
    portfolio_limits, concentration_limits, variance_limits : Mapping[str, float]
        Sections of the older ``risk_limits.yaml``.
    max_betas, max_proxy_betas : Mapping[str, float] | Series | None
        Historical maximum betas by factor and by industry proxy.
    leverage_ratio : float
        Of the portfolio.
    max_single_factor_loss : float
        The loss that the maximum betas stand for; the older system wrote it as a negative.

    Returns
    -------
    dict
        ``score``, ``category``, ``component_scores`` (factor_risk, concentration_risk,
        volatility_risk, sector_risk), ``risk_factors``, ``recommendations``, ``potential_losses``
        (the same names with ``_loss``, ``max_loss_limit``, ``leverage_ratio``) and ``details``
        (ratios, reasons of what is missing, worst position, warnings, scenario). A missing
        component has the score NaN, and so has the whole; ``category`` is None then.

    Raises
    ------
    ConfigError
        A limit is missing, zero or no fraction.
    InputError
        The summary has no weights, or a maximum beta or the leverage is not above zero.
    """
    limits = RiskLimits.from_dict(
        {
            "portfolio_limits": portfolio_limits,
            "concentration_limits": concentration_limits,
            "variance_limits": variance_limits,
            "max_single_factor_loss": max_single_factor_loss,
        }
    )
    weights = _weights(summary)
    score = risk_score(
        weights,
        _types(weights, None, None),
        exposures=_Summary(summary),
        limits=limits,
        leverage=leverage_ratio,
        curve="step",
        max_betas=max_betas,
        max_industry_betas=max_proxy_betas,
    )
    return _older_result(score)


def _older_result(score: RiskScore) -> dict[str, Any]:
    parts = score.components
    scores = {name: _older_score(part, score.limits) for name, part in parts.items()}
    overall = float(overall_scores({name: np.array([value]) for name, value in scores.items()})[0])
    pressing = [name for name, value in scores.items() if value < 100]
    return {
        "score": overall,
        "category": category_of(overall),
        "component_scores": {f"{name}_risk": value for name, value in scores.items()},
        "risk_factors": [
            f"The {name} loss of {parts[name].loss:.1%} is {parts[name].ratio:.0%} of the limit "
            f"of {score.limits.max_loss:.1%}."
            for name in pressing
        ],
        "recommendations": [_ADVICE[name] for name in pressing],
        "potential_losses": {
            **{f"{name}_risk_loss": part.loss for name, part in parts.items()},
            "max_loss_limit": score.limits.max_loss,
            "leverage_ratio": score.leverage,
        },
        "details": {
            "excess_ratios": {f"{name}_risk": part.ratio for name, part in parts.items()},
            "missing": {f"{name}_risk": p.reason for name, p in parts.items() if p.reason},
            "worst_position": score.worst_position._asdict(),
            "warnings": list(score.warnings),
            "scenario": {"name": score.scenario, "version": score.scenario_version},
        },
    }


def _older_score(part: Component, limits: RiskLimits) -> float:
    if Settings.from_env().type_aware:
        return part.score
    # The older system did not round, so 0.2 * 0.8 / 0.2 scores 75 there.
    return float(step_scores(np.array([part.loss / limits.max_loss]))[0])


def _weights(summary: Mapping[str, Any]) -> pd.Series:
    try:
        weights = summary["allocations"]["Portfolio Weight"]
    except (KeyError, TypeError):
        problem = Failure(None, 'allocations["Portfolio Weight"]', None, "must hold the weights")
        raise InputError("The summary has no weights.", [problem]) from None
    return weights if isinstance(weights, pd.Series) else pd.Series(dict(weights), dtype=object)


def _types(
    weights: pd.Series, portfolio_data: Any, security_types: Mapping[str, str] | None
) -> Mapping[str, str | None]:
    if not Settings.from_env().type_aware:
        return dict.fromkeys(weights.index, SecurityType.EQUITY.value)
    if security_types is not None:
        return security_types
    # Only here, so that the arithmetic stays usable without the service and its libraries.
    from sectypes.current import get_security_types

    named = [str(ticker) for ticker in weights.index if not pd.isna(ticker)]
    return get_security_types(named, portfolio_data)


def _betas(given: Any, what: str) -> dict[str, float]:
    return {} if given is None else numbers_by_name(given, what)
