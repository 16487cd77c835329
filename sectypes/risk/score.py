"""From weights, types and exposures to the score of one portfolio."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import pandas as pd

from sectypes.checks import is_missing, numbers_by_name, or_design
from sectypes.errors import InputError, first_of, shown
from sectypes.risk.book import Book, make_book, names_of
from sectypes.risk.concentration import Method, concentration, whole_book
from sectypes.risk.curves import (
    PLACES,
    Curve,
    category_of,
    overall_scores,
    score_excess_ratio,
)
from sectypes.risk.losses import Betas, Loss, factor, leverage_factor, sector, volatility
from sectypes.risk.result import Component, RiskScore, WorstPosition
from sectypes.scenarios import FACTORS, CrashScenarios, RiskLimits

__all__ = ["Exposures", "assumptions", "known_exposures", "risk_score"]


_ASKED = ("volatility_annual", "factor_betas", "industry_betas", "reasons")


class Exposures(Protocol):
    """What the score asks of a portfolio's exposures; `PortfolioExposures` has it all."""

    @property
    def volatility_annual(self) -> float:
        """Annual volatility as a fraction; NaN where unknown."""

    @property
    def factor_betas(self) -> Mapping[str, float]:
        """Beta by factor."""

    @property
    def industry_betas(self) -> Mapping[str, float]:
        """Beta by industry proxy."""

    @property
    def reasons(self) -> Mapping[str, str]:
        """Why something is missing: volatility, factor or sector -> sentence."""


def risk_score(
    weights: Any,
    types: Any,
    *,
    exposures: Exposures | None = None,
    limits: RiskLimits | None = None,
    scenarios: CrashScenarios | None = None,
    leverage: float | None = 1.0,
    method: Method = "largest_position",
    curve: Curve = "linear",
    position_leverage: Any = None,
    max_betas: Betas | None = None,
    max_industry_betas: Betas | None = None,
    tickers: Any = None,
    origins: Any = None,
) -> RiskScore:
    """Score one portfolio (design 7).

    A component whose input is missing is missing, with a reason, and so is the overall score:
    never 0, never 100.

    Parameters
    ----------
    weights, types, scenarios, leverage, position_leverage, method
        As in `concentration_loss`.
    exposures : Exposures | None
        Volatility and betas; without them only the concentration component exists.
    limits : RiskLimits | None
        ``max_loss`` is what each loss is measured against; None for the design's 0.25.
    curve : {"linear", "step"}
        As in `score_excess_ratio`.
    max_betas, max_industry_betas : Mapping[str, float] | Series | None
        Historical maximum betas, as in `factor_loss` and `sector_loss`.
    tickers : sequence of str, shape (n,), or None
        Names of the positions; None for the labels of `weights`.
    origins : sequence of str, shape (n,), or None
        Who asserted each type.

    Returns
    -------
    RiskScore
        Frozen.

    Raises
    ------
    InputError, ConfigError
        As in `concentration_loss`, `factor_loss` and `volatility_loss`.

    Examples
    --------
    >>> score = risk_score({"SGOV": 0.5, "AAPL": 0.3, "SPY": 0.2},
    ...                    {"SGOV": "cash", "AAPL": "equity", "SPY": "etf"})
    >>> score.concentration.loss, score.worst_position.ticker, score.worst_position.loss
    (0.025, 'AAPL', 0.24)
    >>> score.warnings
    ('largest_position shows a loss of 2.5%, but AAPL alone would lose 24.0%',)
    >>> score.reason
    'factor: no factor betas are given; volatility: no volatility is given; \
sector: no industry betas are given'
    """
    scenarios = or_design("scenarios", scenarios, CrashScenarios)
    book = make_book(
        weights, types, scenarios=scenarios, multiples=position_leverage, tickers=tickers
    )
    return score_book(
        book,
        exposures=exposures,
        limits=or_design("limits", limits, RiskLimits),
        scenarios=scenarios,
        leverage=leverage_factor(leverage),
        method=method,
        curve=curve,
        max_betas=max_betas,
        max_industry_betas=max_industry_betas,
        origins=origins,
    )


def score_book(
    book: Book,
    *,
    exposures: Exposures | None,
    limits: RiskLimits,
    scenarios: CrashScenarios,
    leverage: float,
    method: Method,
    curve: Curve,
    max_betas: Betas | None = None,
    max_industry_betas: Betas | None = None,
    origins: Any = None,
    notes: tuple[str, ...] = (),
) -> RiskScore:
    """`risk_score` of a book whose rates are already looked up."""
    losses = component_losses(
        exposures,
        concentration(book, leverage=leverage, method=method),
        limits=limits,
        scenarios=scenarios,
        leverage=leverage,
        max_betas=max_betas,
        max_industry_betas=max_industry_betas,
    )
    parts = {name: _component(name, loss, limits, curve) for name, loss in losses.items()}
    overall = overall_scores({name: np.array([part.score]) for name, part in parts.items()})[0]
    worst = _worst_position(book.by_security(), leverage)
    return RiskScore(
        **parts,
        overall=float(overall),
        category=category_of(overall),
        worst_position=worst,
        whole_book_loss=whole_book(book, leverage=leverage).value,
        warnings=(
            *_book_warnings(book, worst, losses["concentration"].value, leverage, method),
            *assumptions(scenarios, max_betas, notes),
        ),
        substituted=book.substituted,
        origins=_origin_shares(book, origins),
        scenario=scenarios.name,
        scenario_version=scenarios.version,
        limits=limits,
        leverage=leverage,
        method=method,
        curve=curve,
    )


def component_losses(
    exposures: Exposures | None,
    concentrated: Loss,
    *,
    limits: RiskLimits,
    scenarios: CrashScenarios,
    leverage: float,
    max_betas: Betas | None,
    max_industry_betas: Betas | None,
) -> dict[str, Loss]:
    """The four losses by component, each with the reason where it is missing."""
    given = known_exposures(exposures, "exposures")
    shared: dict[str, Any] = {"scenarios": scenarios, "leverage": leverage}
    losses = {
        "factor": factor(
            given.factor_betas if given else None, limits=limits, max_betas=max_betas, **shared
        ),
        "concentration": concentrated,
        "volatility": volatility(given.volatility_annual if given else None, **shared),
        "sector": sector(
            given.industry_betas if given else None,
            limits=limits,
            max_betas=max_industry_betas,
            **shared,
        ),
    }
    # The exposures know better than the formula why a number is missing.
    why = given.reasons if given else {}
    return {
        name: Loss(loss.value, why.get(name, loss.reason) if loss.reason else "")
        for name, loss in losses.items()
    }


def known_exposures(given: Exposures | None, name: str) -> Exposures | None:
    """The exposures as they are; refused where they are none.

    Raises
    ------
    InputError
        They lack what the score asks of them, as a plain mapping of betas does.
    """
    lacking = [part for part in _ASKED if not hasattr(given, part)]
    if not lacking:
        return given
    if is_missing(given):
        return None
    raise InputError(
        f"{name} has no {', '.join(lacking)} (it is {shown(given)}): "
        "give PortfolioExposures, or None where they are unknown."
    )


def assumptions(
    scenarios: CrashScenarios, max_betas: Betas | None, notes: tuple[str, ...]
) -> tuple[str, ...]:
    """What was taken for granted for every portfolio: about betas, leverage and currencies."""
    return (*_beta_warnings(scenarios, max_betas), *_switched_off(scenarios), *notes)


def _component(name: str, loss: Loss, limits: RiskLimits, curve: Curve) -> Component:
    ratio = round(loss.value / limits.max_loss, PLACES)
    return Component(name, loss.value, ratio, score_excess_ratio(ratio, curve), loss.reason)


def _worst_position(book: Book, leverage: float) -> WorstPosition:
    if book.missing:
        return WorstPosition("", math.nan, math.nan, math.nan)
    losses = book.losses
    # Among equals the first in the alphabet, so that the order of the rows does not show.
    equals = np.flatnonzero(losses == losses.max())
    row = min(equals, key=lambda i: (book.tickers[i], book.weights[i]))
    weight, rate = float(book.weights[row]), float(book.rates[row])
    return WorstPosition(book.tickers[row], weight, rate, float(losses[row]) * leverage)


def _book_warnings(
    book: Book, worst: WorstPosition, shown: float, leverage: float, method: str
) -> list[str]:
    found = []
    if round(worst.loss, PLACES) > round(shown, PLACES):
        name = worst.ticker or "another position"
        found.append(
            f"{method} shows a loss of {shown:.1%}, but {name} alone would lose {worst.loss:.1%}"
        )
    if book.substituted:
        found.append(f"the single-stock rate stands in for: {first_of(book.substituted, 5)}")
    return found


def _beta_warnings(scenarios: CrashScenarios, max_betas: Betas | None) -> list[str]:
    if max_betas is None:
        return []
    given = numbers_by_name(max_betas, "maximum betas")
    return [
        f"no historical maximum beta for {name}: "
        f"the scenario's crash of {getattr(scenarios, name):.0%} is used"
        for name in FACTORS
        if not math.isfinite(given.get(name, math.inf))
    ]


def _switched_off(scenarios: CrashScenarios) -> list[str]:
    if scenarios.leveraged_funds:
        return []
    return ["leverage of funds is switched off: a 3x fund takes the plain rate of its type"]


def _origin_shares(book: Book, origins: Any) -> tuple[tuple[str, float], ...]:
    if origins is None:
        return ()
    if len(origins) != len(book.weights):
        raise InputError(f"origins holds {len(origins)} values for {len(book.weights)} weights.")
    total = math.fsum(book.sizes)
    if not total > 0:
        return ()
    codes, words = pd.factorize(np.array([n or "unknown" for n in names_of(origins)], dtype=object))
    ends = np.cumsum(np.bincount(codes))
    parts = np.split(book.sizes[np.argsort(codes, kind="stable")], ends[:-1])
    shares = {word: math.fsum(part) / total for word, part in zip(words, parts, strict=True)}
    return tuple(sorted(shares.items(), key=lambda pair: (-pair[1], pair[0])))
