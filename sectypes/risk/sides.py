"""The two sides of a comparison for many portfolios, and how far guesses could move the second."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sectypes.risk.concentration import Method, concentration_by_group
from sectypes.risk.coverage import coverage_shares
from sectypes.risk.curves import PLACES
from sectypes.risk.extremes import Readings, extreme_losses
from sectypes.risk.groups import Groups
from sectypes.risk.lots import find_lots, security_codes
from sectypes.risk.plausible import Plausible, origin_codes, plausible_rates
from sectypes.risk.positions import Rated
from sectypes.risk.rates import BoolArray, FloatArray, IntArray, lacks_rate, unknown_leverage
from sectypes.risk.sums import group_sums

__all__ = ["Sides"]


class _Guesses(NamedTuple):
    """Which rows may be something else, and what all rows may be at both ends."""

    moving: BoolArray
    low: Readings
    high: Readings


class Sides:
    """The rows of the frame, put in the order of their portfolios once for both sides."""

    def __init__(
        self, holdings: pd.DataFrame, rated: Rated, method: Method, leverage: float
    ) -> None:
        codes = rated.weighed.codes
        is_sorted = bool((codes[1:] >= codes[:-1]).all())
        self.order = None if is_sorted else np.argsort(codes, kind="stable")
        self.groups = Groups.of_sorted(self._ordered(codes))
        self.sizes = np.abs(self._ordered(rated.weighed.weights))
        self.tickers = holdings.get("ticker", pd.Series("", index=holdings.index))
        self.lots = find_lots(self._ordered(security_codes(self.tickers)), self.groups)
        together = self.lots.together(self.sizes) if self.lots else self.sizes
        self.ranked = np.round(together, PLACES)
        total = group_sums(self.sizes, self.groups.codes, len(self.groups.starts))
        # A portfolio whose weights are all zero holds nothing: NaN makes its losses unknown.
        self.total = np.where(total > 0, total, np.nan)
        self.holdings, self.rated, self.origins = holdings, rated, origin_codes(holdings)
        self.method, self.leverage = method, leverage

    def losses(self, when: str) -> tuple[FloatArray, FloatArray, Any, FloatArray]:
        """Concentration, worst position, its ticker and whole book of each portfolio."""
        is_before = when == "before"
        rates = self._ordered(self.rated.rates_before if is_before else self.rated.rates_after)
        funds = self._ordered(self.rated.funds_before if is_before else self.rated.funds_after)
        losses = self.sizes * rates
        whole = group_sums(losses, self.groups.codes, len(self.groups.starts))
        if self.lots is not None:
            losses, funds = self.lots.together(losses), self.lots.all(funds)
        concentrated = concentration_by_group(self.ranked, losses, funds, self.groups, self.method)
        worst = self.groups.highest(losses)
        ticker = self._tickers_of(losses == worst[self.groups.codes])
        empty = np.isnan(self.total)
        scale, ticker = np.where(empty, np.nan, self.leverage), np.where(empty, "", ticker)
        return concentrated * scale, worst * scale, ticker, whole * scale

    def shares(self) -> dict[str, FloatArray]:
        """Shares of the absolute weight: on a stand-in rate, and those of `Coverage`."""
        marks = lacks_rate(self.rated.after, self.rated.scenarios)
        if self.rated.counted is not None:
            marks = marks | unknown_leverage(self.rated.after, self.rated.counted)
        codes, count = self.groups.codes, len(self.groups.starts)
        marked = group_sums(np.where(self._ordered(marks), self.sizes, 0.0), codes, count)
        sizes, portfolios = np.abs(self.rated.weighed.weights), self.rated.weighed.codes
        covered = coverage_shares(
            self.holdings, self.origins, self.rated.after, sizes, portfolios, count
        )
        return {"stand_in": marked / self.total, **covered}

    def extremes(
        self, known: FloatArray, method: Method | None = None
    ) -> tuple[FloatArray, FloatArray]:
        """Lowest and highest concentration loss, as far as the guesses leave it open.

        Parameters
        ----------
        known : array of float, shape (groups,)
            The loss with the guesses as they are.
        method : str | None
            None for the method of the sides.
        """

        def loss(end: Readings) -> FloatArray:
            chosen = method or self.method
            return extreme_losses(self.sizes, self.ranked, end, self.groups, self.lots, chosen)

        return self._ends(known, loss)

    def whole_extremes(self, known: FloatArray) -> tuple[FloatArray, FloatArray]:
        """As `extremes`, of the loss when every position crashes at once."""

        def loss(end: Readings) -> FloatArray:
            losses = self.sizes * end.best(end.funds, end.others)
            return group_sums(losses, self.groups.codes, len(self.groups.starts))

        return self._ends(known, loss)

    def _ends(
        self, known: FloatArray, loss: Callable[[Readings], FloatArray]
    ) -> tuple[FloatArray, FloatArray]:
        if self._guesses is None:
            nothing = np.full(len(known), np.nan)
            return nothing, nothing
        if not self._guesses.moving.any():
            return known, known
        moves = self.groups.any(self._guesses.moving)
        ends = (self._guesses.low, self._guesses.high)
        low, high = (np.where(moves, loss(end) * self.leverage, known) for end in ends)
        # The same number on two ways may differ in its last digit.
        return np.minimum(low, known), np.maximum(high, known)

    @cached_property
    def _guesses(self) -> _Guesses | None:
        """What the rows may be in their order; None where nobody tells what is a guess."""
        rated, origins = self.rated, self.origins
        if origins is None:
            return None
        found = plausible_rates(self.holdings, origins, rated.after, rated.counted, rated.scenarios)
        moving = np.zeros(len(origins), dtype=bool)
        open_kind = np.isfinite(found.fund_low) & np.isfinite(found.other_low)
        moving[found.rows] = open_kind | (found.low != found.high)
        low, high = (self._reading(found, is_high) for is_high in (False, True))
        return _Guesses(self._ordered(moving), low, high)

    def _reading(self, found: Plausible, is_high: bool) -> Readings:
        rates, is_fund = self.rated.rates_after, self.rated.funds_after

        def put(values: FloatArray, guessed: FloatArray) -> FloatArray:
            changed = np.array(values)
            changed[found.rows] = guessed
            ordered: FloatArray = self._ordered(changed)
            return ordered

        if self.method in ("largest_position", "worst_position"):
            # No matter which is a fund: one array serves for both.
            both = put(rates, found.high if is_high else found.low)
            return Readings(both, both, is_high)
        never = -np.inf if is_high else np.inf
        return Readings(
            put(np.where(is_fund, rates, never), found.fund_high if is_high else found.fund_low),
            put(np.where(is_fund, never, rates), found.other_high if is_high else found.other_low),
            is_high,
        )

    def _tickers_of(self, chosen: BoolArray) -> Any:
        """Ticker of the chosen row of each group; among several the first in the alphabet."""
        rows = np.flatnonzero(chosen)
        if len(rows) > len(self.groups.starts):
            names = pd.factorize(self._names(rows), sort=True)[0]
            rows = rows[np.lexsort((names, self.groups.codes[rows]))]
            rows = rows[Groups.of_sorted(self.groups.codes[rows]).starts]
        return self._names(rows)

    def _names(self, rows: IntArray) -> Any:
        """Tickers of some of the ordered rows, "" where there is none."""
        chosen = rows if self.order is None else self.order[rows]
        return self.tickers.iloc[chosen].astype(object).fillna("").to_numpy()

    def _ordered(self, values: Any) -> Any:
        return values if self.order is None else values[self.order]
