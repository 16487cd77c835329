"""The multiple of a fund, as every source reads it from the fund's name."""

from __future__ import annotations

import math

from sectypes import heuristics

__all__ = ["fund_multiple"]


def fund_multiple(name: str | None) -> float:
    """Multiple from the fund's name; 0.0 where it says "leveraged" but not how much.

    A database keeps no NaN; risk gives a multiple of 0 the single-stock rate, as an unknown one.

    Examples
    --------
    >>> fund_multiple("ProShares UltraPro QQQ"), fund_multiple("Direxion Daily Energy Bull")
    (3.0, 0.0)
    """
    multiple = heuristics.leverage_from_name(name)
    return 0.0 if math.isnan(multiple) else multiple
