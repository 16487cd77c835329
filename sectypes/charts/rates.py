"""Which assumption matters: the score with each crash rate moved down and up."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

import numpy as np
import pandas as pd
from matplotlib.patches import Patch

from sectypes.charts.compared import Compared, Rescore
from sectypes.charts.figure import Chart, styled
from sectypes.charts.panel import AFTER, Words, end_text, open_panel
from sectypes.charts.texts import fitted, listed
from sectypes.errors import ConfigError
from sectypes.risk import risk_score
from sectypes.risk.concentration import Method
from sectypes.risk.curves import Curve, overall_scores
from sectypes.risk.result import RiskScore
from sectypes.scenarios import CrashScenarios
from sectypes.taxonomy import SECURITY_TYPES

__all__ = ["sensitivity"]

_LOWER: dict[str, Any] = {"facecolor": AFTER, "linewidth": 0}
# Hatched, because black and white show the two colours as much the same grey.
_HIGHER: dict[str, Any] = {
    "facecolor": "#D55E00",
    "hatch": "///",
    "edgecolor": "white",
    "linewidth": 0,
}
_LOWEST_RATE = 0.01
_OF_POSITIONS = (*SECURITY_TYPES, "single_stock")


def sensitivity(compared: Compared, *, span: float = 0.10, rescore: Rescore | None = None) -> Chart:
    """The score of the true types with each crash rate moved by `span`, one at a time.

    Shows the overall score, or the concentration score where the overall score is missing.

    Parameters
    ----------
    compared : Compared
        A comparison.
    span : float
        How far each rate is moved down and up, in (0, 1): 0.10 takes 35% to 25% and 45%. Moved
        rates stay between 1% (or the rate itself, where it is lower) and 100%.
    rescore : callable CrashScenarios -> RiskScore, or None
        Scores the same book with other rates. None works from the positions, which is exact for
        the rates of the security types; the crashes of factors and industries and the cap on
        volatility need the exposures, and are left out then.

    Returns
    -------
    Chart
        ``data`` has one row a rate, the one that matters most first: rate, rate_low, rate_high,
        score, score_low, score_high (the score at the lower and at the higher rate), swing
        (largest change of the score in either direction, points).

    Raises
    ------
    ConfigError
        `span` is not in (0, 1).

    Examples
    --------
    >>> from sectypes.comparison import compare
    >>> chart = sensitivity(compare(pd.DataFrame(
    ...     {"ticker": ["DSU"], "value": [30.0], "security_type": ["mutual_fund"]})))
    >>> chart.data.loc["mutual_fund", ["score_low", "score", "score_high"]].tolist()
    [65.0, 40.0, 0.0]
    """
    if not 0 < span < 1:
        raise ConfigError(f"span must be a fraction between 0 and 1, such as 0.1 (it is {span!r})")
    known = not math.isnan(compared.after.overall)
    what = "overall score" if known else "concentration score"
    data = _moves(compared, span, rescore)
    words = _words(data, what, compared.after.concentration.reason, span, rescore is not None)
    labels = [f"{name} {rate:.0%}" for name, rate in data["rate"].items()]
    key = [Patch(label="rate lower", **_LOWER), Patch(label="rate higher", **_HIGHER)]
    with styled():
        chart, axes = open_panel(data, words, labels=labels, row=0.27, key=key)
        _draw(axes, data)
    return chart


def _moves(compared: Compared, span: float, rescore: Rescore | None) -> pd.DataFrame:
    scenarios, again = compared.scenarios, rescore or _from_positions(compared)
    rows = {name: _row(compared, again, name, span) for name in _rates(scenarios, rescore)}
    columns = ["rate", "rate_low", "rate_high", "score", "score_low", "score_high"]
    data = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    data.index.name = "crash_rate"
    moved = data[["score_low", "score_high"]].sub(data["score"], axis="index").abs()
    data["swing"] = moved.max(axis="columns")
    return data.sort_values("swing", ascending=False, kind="stable")


def _rates(scenarios: CrashScenarios, rescore: Rescore | None) -> Iterator[str]:
    """Rates that the scenario sets and that the scores at hand answer to."""
    return (name for name in scenarios.sources if rescore is not None or name in _OF_POSITIONS)


def _row(compared: Compared, again: Rescore, name: str, span: float) -> tuple[float, ...]:
    rate: float = getattr(compared.scenarios, name)
    low, high = max(rate - span, min(rate, _LOWEST_RATE)), min(rate + span, 1.0)
    changes: list[dict[str, Any]] = [{name: low}, {name: high}]
    scores = (_measure(compared, again(compared.scenarios.with_rates(**c))) for c in changes)
    return rate, low, high, _measure(compared, compared.after), *scores


def _measure(compared: Compared, score: RiskScore) -> float:
    known = not math.isnan(compared.after.overall)
    return score.overall if known else score.concentration.score


def _from_positions(compared: Compared) -> Rescore:
    """Scores the concentration again; the other components do not answer to rates of types."""
    positions, after = compared.positions(), compared.after
    options: dict[str, Any] = {
        "limits": after.limits,
        "leverage": after.leverage,
        "method": cast("Method", after.method),
        "curve": cast("Curve", after.curve),
        "position_leverage": positions["leverage"].to_numpy() if "leverage" in positions else None,
        "tickers": positions["ticker"].tolist() if "ticker" in positions else None,
    }
    weights, types = positions["weight"].to_numpy(), positions["security_type"].tolist()

    def rescored(scenarios: CrashScenarios) -> RiskScore:
        part = risk_score(weights, types, scenarios=scenarios, **options).concentration
        parts = after.components | {part.name: part}
        scores = {name: np.array([one.score]) for name, one in parts.items()}
        return replace(after, concentration=part, overall=float(overall_scores(scores)[0]))

    return rescored


def _draw(axes: Any, data: pd.DataFrame) -> None:
    base = float(data["score"].iloc[0])
    if math.isnan(base):
        axes.set_xticks([])
        for row in range(len(data)):
            end_text(axes, 0.0, row, "missing")
        return
    ends = [base, *data["score_low"], *data["score_high"]]
    low, high = min(ends), max(ends)
    room = max((high - low) * 0.16, 4.0)
    axes.set_xlim(low - room, high + room)
    lowest, highest = max(low - room, 0.0), min(high + room, 100.0)
    axes.set_xticks([tick for tick in axes.get_xticks() if lowest <= tick <= highest])
    for row, (down, up) in enumerate(zip(data["score_low"], data["score_high"], strict=True)):
        axes.barh(row, down - base, left=base, height=0.55, **_LOWER)
        axes.barh(row, up - base, left=base, height=0.55, **_HIGHER)
        for score in sorted({down, up} - {base}):
            end_text(axes, score, row, f"{score - base:+.1f}", to_left=score < base)
        if down == up == base:
            end_text(axes, base, row, "no effect")
    axes.axvline(base, color="black", linewidth=1.0)


def _words(data: pd.DataFrame, what: str, reason: str, span: float, full: bool) -> Words:
    left_out = "" if full else " Factor, sector and volatility rates need the exposures."
    title = f"How the {what} moves with each crash rate"
    if data["score"].isna().any():
        why = f"There is no score: {fitted(reason, inches=5.0, size=8)}."
        return Words(title=title, note=why, axis=what, alt=why)
    base = float(data["score"].iloc[0])
    told = [
        f"{name} at {row.rate:.0%} (from {row.score_low:.1f} to {row.score_high:.1f})"
        for name, row in data[data["swing"] > 0].head(3).iterrows()
    ]
    moved = f"each crash rate is moved by {span * 100:g} points"
    effect = f"most by {listed(told)}" if told else "by none of them"
    return Words(
        title=title,
        note=f"The score is {base:.1f}; {moved}, one at a time.{left_out}",
        axis=what,
        alt=f"The {what} is {base:.1f}; when {moved}, it is changed {effect}.",
    )
