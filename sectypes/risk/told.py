"""What a frame tells about its rows, as numbers: read once, for all portfolios and both sides."""

from __future__ import annotations

import pandas as pd

from sectypes.risk.lots import Spellings
from sectypes.risk.plausible import Plausible, Said
from sectypes.risk.positions import Rated, flag_column
from sectypes.risk.rates import BoolArray

__all__ = ["Told"]


class Told:
    """What `Sides` read of a frame, in the order of its rows.

    Attributes
    ----------
    rated : Rated
        Weights and types.
    said : Said
        Types, origins and rules.
    spellings : Spellings
        Tickers.
    stale : array of bool, shape (n,), or None
        None where the frame does not tell.
    plausible : Plausible
        What each row may be.
    """

    def __init__(self, holdings: pd.DataFrame, rated: Rated) -> None:
        self.rated, self.said = rated, Said.by(holdings, rated.after)
        self.spellings = (
            Spellings.of(holdings["ticker"])
            if "ticker" in holdings
            else Spellings.blank(len(holdings))
        )
        has_stale = "stale" in holdings
        self.stale: BoolArray | None = flag_column(holdings, "stale") if has_stale else None
        self.plausible = Plausible.under(rated.scenarios)
