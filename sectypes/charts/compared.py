"""What a chart or a report asks of a comparison; `sectypes.comparison.Comparison` has it all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

import pandas as pd

from sectypes.risk.band import Band
from sectypes.risk.coverage import Coverage
from sectypes.risk.result import RiskScore
from sectypes.scenarios import CrashScenarios

__all__ = ["Compared", "Rescore"]

Rescore: TypeAlias = Callable[[CrashScenarios], RiskScore]
"""Scores the same book again with other rates."""


class Compared(Protocol):
    """One book scored twice: with the baseline's types and with the true ones."""

    @property
    def before(self) -> RiskScore:
        """The score with the baseline's types."""

    @property
    def after(self) -> RiskScore:
        """The score with the true types."""

    @property
    def baseline(self) -> str:
        """What "before" means: generic or provider."""

    @property
    def scenarios(self) -> CrashScenarios:
        """The rates used on both sides."""

    @property
    def coverage(self) -> Coverage:
        """Share of the gross value by who asserted the true types."""

    @property
    def band(self) -> Band:
        """What the numbers after would be at the ends of what is plausible for the guesses."""

    def table(self) -> pd.DataFrame:
        """Loss, ratio and score of each component, before and after, and the ends of the band."""

    def positions(self) -> pd.DataFrame:
        """One row a position, as `sectypes.risk.audit` describes."""

    def suggested_limits(self) -> pd.DataFrame:
        """What keeps each loss within its limit."""
