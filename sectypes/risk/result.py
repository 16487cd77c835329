"""What a score is made of: frozen records that can be compared, shown and saved."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import pandas as pd

from sectypes.risk.curves import COMPONENT_WEIGHTS
from sectypes.scenarios import RiskLimits

__all__ = ["Component", "RiskScore", "WorstPosition", "same_fields"]


@dataclass(frozen=True, slots=True, eq=False)
class Component:
    """One component of a score; loss, ratio and score are NaN where it is missing.

    Attributes
    ----------
    name : str
        factor, concentration, volatility or sector.
    loss : float
        Positive fraction of the net value.
    ratio : float
        Loss over ``limits.max_loss``, rounded to 9 places.
    score : float
        0 to 100.
    reason : str
        Why it is missing; empty otherwise.
    """

    name: str
    loss: float
    ratio: float
    score: float
    reason: str = ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Component) and same_fields(self, other)

    def __hash__(self) -> int:
        return hash((self.name, self.reason))


class WorstPosition(NamedTuple):
    """The position that loses most in its own crash; NaN and "" where that is unknown."""

    ticker: str
    weight: float
    rate: float
    loss: float


@dataclass(frozen=True, slots=True, eq=False)
class RiskScore:
    """A score with everything that it was made with.

    Attributes
    ----------
    factor, concentration, volatility, sector : Component
        The components; `components` has them by name.
    overall : float
        0.35 factor + 0.30 concentration + 0.20 volatility + 0.15 sector; NaN where one is missing.
    category : str | None
        Excellent, Good, Fair, Poor or Very Poor; None where the overall score is missing.
    worst_position : WorstPosition
        Rides along with every method, because ``largest_position`` can hide it.
    whole_book_loss : float
        Loss when every position crashes at once.
    warnings : tuple[str, ...]
        What a reader must know before trusting the numbers.
    substituted : tuple[str, ...]
        Positions that take another rate for want of their own, each with the reason.
    origins : tuple[tuple[str, float], ...]
        Share of the absolute weight by who asserted the types; empty where origins were not given.
    scenario, scenario_version : str
        The crash rates used.
    limits : RiskLimits
        The limits used.
    leverage : float
        Of the portfolio.
    method, curve : str
        How the concentration loss and the scores were made.
    """

    factor: Component
    concentration: Component
    volatility: Component
    sector: Component
    overall: float
    category: str | None
    worst_position: WorstPosition
    whole_book_loss: float
    warnings: tuple[str, ...]
    substituted: tuple[str, ...]
    origins: tuple[tuple[str, float], ...]
    scenario: str
    scenario_version: str
    limits: RiskLimits
    leverage: float
    method: str
    curve: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RiskScore) and same_fields(self, other)

    def __hash__(self) -> int:
        return hash((self.category, self.scenario, self.scenario_version, self.method, self.curve))

    @property
    def components(self) -> dict[str, Component]:
        """The four components by name, in the order of their weights."""
        return {name: getattr(self, name) for name in COMPONENT_WEIGHTS}

    @property
    def origin_shares(self) -> dict[str, float]:
        """Share of the absolute weight by origin."""
        return dict(self.origins)

    @property
    def reason(self) -> str:
        """Why the overall score is missing; empty where it is not."""
        return "; ".join(f"{c.name}: {c.reason}" for c in self.components.values() if c.reason)

    def table(self) -> pd.DataFrame:
        """One row a component, the overall score, the worst position and the whole book.

        Returns
        -------
        DataFrame
            Index ``component``; columns loss, ratio, score (float, NaN where there is none) and
            reason (str).
        """
        rows = [(c.name, c.loss, c.ratio, c.score, c.reason) for c in self.components.values()]
        rows.append(("overall", math.nan, math.nan, self.overall, self.reason))
        rows.append(("worst_position", self.worst_position.loss, math.nan, math.nan, ""))
        rows.append(("whole_book", self.whole_book_loss, math.nan, math.nan, ""))
        columns = ["component", "loss", "ratio", "score", "reason"]
        return pd.DataFrame(rows, columns=columns).set_index("component")

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; None stands for NaN."""
        parts = {
            c.name: {"loss": c.loss, "ratio": c.ratio, "score": c.score, "reason": c.reason}
            for c in self.components.values()
        }
        plain: dict[str, Any] = {
            "overall": self.overall,
            "category": self.category,
            "components": parts,
            "worst_position": self.worst_position._asdict(),
            "whole_book_loss": self.whole_book_loss,
            "warnings": list(self.warnings),
            "substituted": list(self.substituted),
            "origin_shares": self.origin_shares,
            "scenario": {"name": self.scenario, "version": self.scenario_version},
            "max_loss": self.limits.max_loss,
            "leverage": self.leverage,
            "method": self.method,
            "curve": self.curve,
        }
        return {key: _without_nan(value) for key, value in plain.items()}

    def _repr_html_(self) -> str:
        title = f"Risk score {_shown(self.overall)} ({self.category or 'incomplete'})"
        notes = "".join(f"<li>{html.escape(note)}</li>" for note in self.warnings)
        table = self.table().to_html(float_format=lambda x: f"{x:.4g}", na_rep="", border=0)
        return f"<p><b>{html.escape(title)}</b></p>{table}<ul>{notes}</ul>"


def same_fields(one: Any, other: Any) -> bool:
    """Whether two records of one class hold the same; NaN equals NaN."""
    return all(_same(getattr(one, f.name), getattr(other, f.name)) for f in fields(one))


def _same(one: Any, other: Any) -> bool:
    """Equality in which NaN equals NaN: two scores that miss the same number are equal."""
    if isinstance(one, tuple) and isinstance(other, tuple) and len(one) == len(other):
        return all(map(_same, one, other))
    return bool(one == other) or (_is_nan(one) and _is_nan(other))


def _without_nan(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_nan(part) for key, part in value.items()}
    return None if _is_nan(value) else value


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _shown(number: float) -> str:
    return "missing" if math.isnan(number) else f"{number:.4g}"
