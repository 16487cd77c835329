"""How much of a score hangs on guesses: the losses if every guess were its safest or its riskiest.

What is plausible for a guess is written in `sectypes.risk.plausible`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import pandas as pd

from sectypes.risk.result import same_fields

__all__ = ["NO_ORIGINS", "Band", "Span", "band_of"]

NO_ORIGINS = "the frame does not tell who asserted the types (no column 'origin')"


class Span(NamedTuple):
    """The lowest and the highest that a number can be; NaN where that is unknown."""

    low: float
    high: float

    @property
    def width(self) -> float:
        """High minus low."""
        return self.high - self.low


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """What a book's numbers could be, as far as its guesses leave it open.

    A guess is an answer of a rule or the default, a row whose origin is not told, or a row without
    a type. Facts and overrides do not move, stale facts do not either. Each end is exact: the
    lowest and the highest over all readings of the guesses.

    Attributes
    ----------
    loss : Span
        Of the concentration loss, positive fractions of the net value.
    score, overall : Span
        Of the concentration score and of the overall score, 0 to 100: the low end belongs to the
        high loss. NaN where the score is missing.
    worst_position, whole_book : Span
        Of the loss of the worst position, and of the loss when every position crashes.
    reason : str
        Why the band is unknown; empty where it is known.

    Examples
    --------
    >>> from sectypes.comparison import compare
    >>> band = compare(pd.DataFrame(
    ...     {"ticker": ["DSU", "XYZ"], "value": [30.0, 70.0], "security_type": ["etf", "equity"],
    ...      "origin": ["fmp", "default"]})).band
    >>> round(band.low, 4), round(band.high, 4)
    (0.035, 0.56)
    """

    loss: Span
    score: Span
    overall: Span
    worst_position: Span
    whole_book: Span
    reason: str = ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Band) and same_fields(self, other)

    def __hash__(self) -> int:
        return hash(self.reason)

    @property
    def low(self) -> float:
        """Concentration loss if every guess were its safest plausible type."""
        return self.loss.low

    @property
    def high(self) -> float:
        """Concentration loss if every guess were its riskiest plausible type."""
        return self.loss.high

    def table(self) -> pd.DataFrame:
        """One row a number: low and high.

        Returns
        -------
        DataFrame
            Index ``number`` (loss, score, overall, worst_position, whole_book), columns low and
            high; NaN where unknown.
        """
        rows = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "reason"}
        table = pd.DataFrame.from_dict(rows, orient="index", columns=["low", "high"], dtype=float)
        return table.rename_axis("number")

    def __str__(self) -> str:
        """One sentence for people."""
        if math.isnan(self.low):
            why = f": {self.reason}" if self.reason else ""
            return f"how far guesses could move the concentration loss is unknown{why}"
        if f"{self.low:.1%}" == f"{self.high:.1%}":
            return f"no guess can move the concentration loss from {self.low:.1%}"
        return (
            f"the concentration loss would be {self.low:.1%} if every guess were its safest "
            f"plausible type, {self.high:.1%} if its riskiest"
        )

    def _repr_html_(self) -> str:
        table = self.table().to_html(float_format=lambda x: f"{x:.4g}", na_rep="", border=0)
        return f"<p>{self}</p>{table}"


def band_of(spans: Mapping[str, tuple[Any, Any]], reason: str) -> Band:
    """The band of the only portfolio, from arrays of low and high ends by the names of `Band`."""
    names = [field.name for field in fields(Band) if field.name != "reason"]
    unknown = Span(math.nan, math.nan)
    found = {
        name: Span(float(spans[name][0][0]), float(spans[name][1][0]))
        if name in spans and len(spans[name][0])
        else unknown
        for name in names
    }
    return Band(**found, reason=reason)
