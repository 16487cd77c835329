"""The reverse of the score: how much of each thing keeps its loss within the limit."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd

from sectypes.checks import numbers_by_name, or_design
from sectypes.risk.losses import Betas, historical_crashes, leverage_gap
from sectypes.risk.result import RiskScore
from sectypes.scenarios import FACTORS, CrashScenarios, RiskLimits
from sectypes.taxonomy import SECURITY_TYPES

__all__ = ["suggested_limits"]

_Row = tuple[str, str, float, str]


def suggested_limits(
    score: RiskScore | None = None,
    *,
    limits: RiskLimits | None = None,
    scenarios: CrashScenarios | None = None,
    leverage: float | None = None,
    max_betas: Betas | None = None,
    max_industry_betas: Betas | None = None,
) -> pd.DataFrame:
    """Largest weight per type, volatility, betas and leverage that keep each loss within the limit.

    Parameters
    ----------
    score : RiskScore | None
        A book: its limits and leverage are taken, and the leverage that it bears is suggested.
    limits, scenarios : RiskLimits | None, CrashScenarios | None
        None for those of `score`, or the design's. A score carries the name of its scenario only,
        so pass the scenario again where it is not the design's.
    leverage : float | None
        Of the portfolio; None for that of `score`, or 1.0. NaN where it is unknown.
    max_betas, max_industry_betas : Mapping[str, float] | Series | None
        Historical maximum betas, as in `factor_loss`.

    Returns
    -------
    DataFrame
        Columns ``quantity`` (weight, volatility, beta, industry_beta, leverage), ``of`` (which
        one), ``limit`` and ``rule``. Weights are fractions and at most 1. An infinite limit means
        that no value can break it. NaN: the leverage is unknown, or the score misses the component.

    Raises
    ------
    InputError
        The leverage or a maximum beta is not above zero.
    ConfigError
        Limits or scenarios are something else.

    Examples
    --------
    >>> table = suggested_limits().set_index(["quantity", "of"])["limit"]
    >>> table[[("weight", "equity"), ("weight", "mutual_fund"), ("volatility", "annual")]].tolist()
    [0.3125, 0.625, 0.25]
    """
    scenarios = or_design("scenarios", scenarios, CrashScenarios)
    limits = score.limits if limits is None and score else or_design("limits", limits, RiskLimits)
    leverage = leverage if leverage is not None else (score.leverage if score else 1.0)
    allowed = math.nan if leverage_gap(leverage) else limits.max_loss / leverage
    rows = [
        *_weights(allowed, scenarios),
        *_volatility(allowed, scenarios),
        *_betas(allowed, limits, scenarios, max_betas, max_industry_betas),
        *(_leverage(score, limits) if score else ()),
    ]
    return pd.DataFrame(rows, columns=["quantity", "of", "limit", "rule"])


def _weights(allowed: float, scenarios: CrashScenarios) -> Iterator[_Row]:
    for kind in SECURITY_TYPES:
        rate = scenarios.rate(kind)
        note = "" if scenarios.has_own_rate(kind) else ", the single-stock rate"
        # Unlike min(), which may drop a NaN.
        limit = float(np.minimum(1.0, allowed / rate))
        yield "weight", kind, limit, f"crash rate {rate:.0%}{note}"


def _volatility(allowed: float, scenarios: CrashScenarios) -> Iterator[_Row]:
    cap = scenarios.max_volatility
    capped = cap <= allowed
    rule = f"counted up to {cap:.0%}" + (", which stays within the limit" if capped else "")
    yield "volatility", "annual", math.inf if capped else allowed, rule


def _betas(
    allowed: float,
    limits: RiskLimits,
    scenarios: CrashScenarios,
    max_betas: Betas | None,
    max_industry_betas: Betas | None,
) -> Iterator[_Row]:
    crashes = {name: getattr(scenarios, name) for name in FACTORS}
    for name, crash in historical_crashes(crashes, limits, max_betas).items():
        yield "beta", name, allowed / crash, f"crash {crash:.0%}"
    known = (
        []
        if max_industry_betas is None
        else list(numbers_by_name(max_industry_betas, "maximum betas"))
    )
    crashes = dict.fromkeys(["any other" if known else "any"], scenarios.sector)
    crashes |= dict.fromkeys(known, scenarios.sector)
    for name, crash in historical_crashes(crashes, limits, max_industry_betas).items():
        yield "industry_beta", name, allowed / crash, f"crash {crash:.0%}"


def _leverage(score: RiskScore, limits: RiskLimits) -> Iterator[_Row]:
    # Every loss grows in proportion to the leverage.
    bearable = {}
    for name, part in score.components.items():
        bearable[name] = score.leverage * limits.max_loss / part.loss if part.loss else math.inf
        rule = part.reason or f"loss {part.loss:.1%} at leverage {score.leverage:g}"
        yield "leverage", name, bearable[name], rule
    unknown = any(math.isnan(value) for value in bearable.values())
    lowest = math.nan if unknown else min(bearable.values())
    yield "leverage", "all", lowest, score.reason or "the lowest of the four"
