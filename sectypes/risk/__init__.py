"""Losses, scores and before/after: pure functions on frames that already have types.

Nothing here asks a service, a database or the network, so a comparison can be worked out again
from a saved frame. The formulas are those of section 7 of the design.
"""

from __future__ import annotations

from sectypes.risk.band import Band, Span
from sectypes.risk.concentration import concentration_loss, whole_book_loss
from sectypes.risk.coverage import Coverage, coverage_of
from sectypes.risk.curves import score_excess_ratio
from sectypes.risk.losses import factor_loss, sector_loss, volatility_loss
from sectypes.risk.many import exposures_frame
from sectypes.risk.positions import Flag, audit
from sectypes.risk.result import Component, RiskScore, WorstPosition
from sectypes.risk.score import Exposures, risk_score
from sectypes.risk.suggest import suggested_limits
from sectypes.risk.weights import position_weights

__all__ = [
    "Band",
    "Component",
    "Coverage",
    "Exposures",
    "Flag",
    "RiskScore",
    "Span",
    "WorstPosition",
    "audit",
    "concentration_loss",
    "coverage_of",
    "exposures_frame",
    "factor_loss",
    "position_weights",
    "risk_score",
    "score_excess_ratio",
    "sector_loss",
    "suggested_limits",
    "volatility_loss",
    "whole_book_loss",
]
