"""The losses that come from betas and volatility: factor, sector, volatility."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Real
from typing import NamedTuple, TypeAlias

import pandas as pd

from sectypes.checks import is_missing, number, numbers_by_name, or_design
from sectypes.errors import Failure, InputError
from sectypes.scenarios import FACTORS, CrashScenarios, RiskLimits

__all__ = ["Loss", "factor_loss", "sector_loss", "volatility_loss"]

Betas: TypeAlias = Mapping[str, float] | pd.Series


class Loss(NamedTuple):
    """A loss as a positive fraction of the book's value, or NaN and the reason why."""

    value: float
    reason: str = ""


def factor_loss(
    betas: Betas,
    *,
    scenarios: CrashScenarios | None = None,
    limits: RiskLimits | None = None,
    leverage: float = 1.0,
    max_betas: Betas | None = None,
) -> float:
    """Highest loss of the factor crashes: beta x crash x leverage, only where that is a loss.

    The crash of a factor is the scenario's, or ``limits.max_single_factor_loss / max beta`` where
    a historical maximum beta is given for it. A maximum beta of infinity means that the factor
    never lost in its history; the scenario's crash is kept then.

    Parameters
    ----------
    betas : Mapping[str, float] | Series
        Betas of the portfolio to market, momentum and value. Other names are not scored.
    scenarios, limits : CrashScenarios | None, RiskLimits | None
        None for the design's.
    leverage : float
        Of the portfolio.
    max_betas : Mapping[str, float] | Series | None
        Historical maximum betas by factor.

    Returns
    -------
    float
        Positive fraction; NaN where one of the three betas is missing, because a factor that is
        left out must not lower the loss.

    Raises
    ------
    InputError
        A maximum beta is not above zero, or the leverage is not.

    Examples
    --------
    >>> factor_loss({"market": 1.0, "momentum": 0.1, "value": -0.2})
    0.35
    """
    return factor(
        betas,
        scenarios=or_design("scenarios", scenarios, CrashScenarios),
        limits=or_design("limits", limits, RiskLimits),
        leverage=leverage,
        max_betas=max_betas,
    ).value


def volatility_loss(
    volatility_annual: float,
    *,
    scenarios: CrashScenarios | None = None,
    leverage: float = 1.0,
) -> float:
    """A year's volatility as a loss: min(volatility, cap of the scenario) x leverage.

    Parameters
    ----------
    volatility_annual : float
        Fraction a year.
    scenarios : CrashScenarios | None
        Gives the cap; None for the design's 0.40.
    leverage : float
        Of the portfolio.

    Returns
    -------
    float
        Positive fraction; NaN where the volatility is missing.

    Raises
    ------
    InputError
        The volatility is negative, or the leverage is not above zero.

    Examples
    --------
    >>> volatility_loss(0.18), volatility_loss(0.55)
    (0.18, 0.4)
    """
    scenarios = or_design("scenarios", scenarios, CrashScenarios)
    return volatility(volatility_annual, scenarios=scenarios, leverage=leverage).value


def sector_loss(
    industry_betas: Betas,
    *,
    scenarios: CrashScenarios | None = None,
    limits: RiskLimits | None = None,
    leverage: float = 1.0,
    max_betas: Betas | None = None,
) -> float:
    """Highest loss of the industry crashes: beta x crash x leverage, only where that is a loss.

    Parameters
    ----------
    industry_betas : Mapping[str, float] | Series
        Betas of the portfolio by industry proxy. Exposure to none is said by a beta of 0, not by
        leaving all out.
    scenarios, limits, leverage, max_betas
        As in `factor_loss`; the crash is the scenario's ``sector``.

    Returns
    -------
    float
        Positive fraction; NaN where a beta is missing or none is given.

    Raises
    ------
    InputError
        As in `factor_loss`.

    Examples
    --------
    >>> sector_loss({"XLK": 0.4, "XLE": -0.1})
    0.2
    """
    return sector(
        industry_betas,
        scenarios=or_design("scenarios", scenarios, CrashScenarios),
        limits=or_design("limits", limits, RiskLimits),
        leverage=leverage,
        max_betas=max_betas,
    ).value


def factor(
    betas: Betas | None,
    *,
    scenarios: CrashScenarios,
    limits: RiskLimits,
    leverage: float,
    max_betas: Betas | None,
) -> Loss:
    """`factor_loss` with the reason where it is missing."""
    crashes = {name: getattr(scenarios, name) for name in FACTORS}
    crashes = historical_crashes(crashes, limits, max_betas)
    if betas is None:
        return Loss(math.nan, "no factor betas are given")
    return _worst_beta(betas, crashes, leverage, "factor beta")


def sector(
    industry_betas: Betas | None,
    *,
    scenarios: CrashScenarios,
    limits: RiskLimits,
    leverage: float,
    max_betas: Betas | None,
) -> Loss:
    """`sector_loss` with the reason where it is missing."""
    if industry_betas is None or len(industry_betas) == 0:
        return Loss(math.nan, "no industry betas are given")
    crashes = dict.fromkeys(map(str, industry_betas.keys()), scenarios.sector)
    crashes = historical_crashes(crashes, limits, max_betas)
    return _worst_beta(industry_betas, crashes, leverage, "industry beta")


def volatility(
    volatility_annual: float | None, *, scenarios: CrashScenarios, leverage: float
) -> Loss:
    """`volatility_loss` with the reason where it is missing."""
    volatility_annual = number("volatility_annual", volatility_annual)
    if not math.isfinite(volatility_annual):
        return Loss(math.nan, "no volatility is given")
    if volatility_annual < 0:
        problem = Failure(None, "volatility_annual", volatility_annual, "must not be negative")
        raise InputError("The volatility cannot be used.", [problem])
    if reason := leverage_gap(leverage):
        return Loss(math.nan, reason)
    return Loss(min(volatility_annual, scenarios.max_volatility) * leverage)


def historical_crashes(
    crashes: Mapping[str, float], limits: RiskLimits, max_betas: Betas | None
) -> dict[str, float]:
    """The crashes, replaced by limit / max beta where a finite maximum beta is given."""
    found = dict(crashes)
    problems = []
    given = {} if max_betas is None else numbers_by_name(max_betas, "maximum betas")
    for name, max_beta in given.items():
        if name not in crashes or max_beta == math.inf:
            continue
        if not max_beta > 0:
            problems.append(Failure(None, name, max_beta, "a maximum beta must be above 0"))
        else:
            found[name] = limits.max_single_factor_loss / max_beta
    if problems:
        raise InputError("The maximum betas cannot be used.", problems)
    return found


def leverage_factor(leverage: float | None) -> float:
    """The leverage as a number to multiply by: NaN where it is unknown."""
    return math.nan if leverage is None or leverage_gap(leverage) else leverage


def leverage_gap(leverage: float | None) -> str:
    """Why nothing can be multiplied by this leverage; empty where it can."""
    is_real = isinstance(leverage, Real)
    if leverage is None or is_missing(leverage):
        return "the leverage of the portfolio is unknown"
    if not (is_real and 0 < leverage < math.inf):
        problem = Failure(None, "leverage", leverage, "must be above 0, 1.0 for none")
        raise InputError("The leverage of the portfolio cannot be used.", [problem])
    return ""


def _worst_beta(betas: Betas, crashes: Mapping[str, float], leverage: float, what: str) -> Loss:
    given = numbers_by_name(betas, f"{what}s")
    unknown = [name for name in crashes if not math.isfinite(given.get(name, math.nan))]
    if unknown:
        return Loss(math.nan, f"no {what} is known for {', '.join(unknown)}")
    if reason := leverage_gap(leverage):
        return Loss(math.nan, reason)
    return Loss(max(0.0, *(given[name] * crash for name, crash in crashes.items())) * leverage)
