"""The two sides of a comparison for many portfolios, and how far guesses could move the second."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sectypes.risk.concentration import ASKS_KIND, Method, concentration_by_group
from sectypes.risk.coverage import coverage_shares, share_bins
from sectypes.risk.curves import PLACES
from sectypes.risk.extremes import Readings, extreme_losses
from sectypes.risk.groups import Groups
from sectypes.risk.lots import find_lots
from sectypes.risk.rates import BoolArray, FloatArray, is_fund, lacks_rate, levered_rates
from sectypes.risk.told import Told

__all__ = ["Sides"]


class _Guesses(NamedTuple):
    """Which portfolios may be something else, and what their rows may be at both ends."""

    moves: BoolArray
    low: Readings
    high: Readings


class Sides:
    """Some portfolios of a frame, their rows next to each other."""

    def __init__(self, told: Told, portfolios: slice, method: Method, leverage: float) -> None:
        self.told, self.method, self.leverage = told, method, leverage
        self.rated, weighed = told.rated, told.rated.weighed
        self.rows, self.grid = weighed.layout.rows(portfolios), weighed.grid
        self.groups = weighed.layout.groups(portfolios)
        self.sizes = np.abs(weighed.weights_of(portfolios))
        self.spellings = told.spellings.codes[self.rows]
        self.lots = find_lots(told.spellings.securities[self.spellings], self.groups, self.grid)
        together = self.lots.together(self.sizes) if self.lots else self.sizes
        self.ranked = np.round(together, PLACES)
        total = self.groups.sums(self.sizes, self.grid)
        # A portfolio whose weights are all zero holds nothing: NaN makes its losses unknown.
        self.total = np.where(total > 0, total, np.nan)
        self.states = told.said.states(self.rows)
        # Few positions are leveraged; NaN is unequal to 1 as well.
        counted = np.ones(1) if self.rated.counted is None else self.rated.counted[self.rows]
        self.odd = np.flatnonzero(counted != 1.0)
        self.steps = np.abs(counted[self.odd])

    def losses(self, when: str) -> tuple[FloatArray, FloatArray, Any, FloatArray]:
        """Concentration, worst position, its ticker and whole book of each portfolio."""
        is_before = when == "before"
        rates = self.rated.rates_before(self.rows) if is_before else self._rates_after
        losses = self.sizes * rates
        whole = self.groups.sums(losses, self.grid)
        funds = None
        if self.method in ASKS_KIND:
            funds = is_fund((self.rated.before if is_before else self.rated.after)[self.rows])
        if self.lots is not None:
            losses = self.lots.together(losses)
            funds = None if funds is None else self.lots.all(funds)
        concentrated = concentration_by_group(self.ranked, losses, funds, self.groups, self.method)
        worst = self.groups.highest(losses)
        ticker = self._tickers_of(losses == worst[self.groups.codes])
        empty = np.isnan(self.total)
        scale, ticker = np.where(empty, np.nan, self.leverage), np.where(empty, "", ticker)
        return concentrated * scale, worst * scale, ticker, whole * scale

    def shares(self) -> dict[str, FloatArray]:
        """Shares of the absolute weight: on a stand-in rate, and those of `Coverage`."""
        told, plausible = self.told, self.told.plausible
        marks = lacks_rate(plausible.types, self.rated.scenarios)[self.states]
        marks[self.odd] |= ~(self.steps > 0)
        marked = self.groups.sums(np.where(marks, self.sizes, 0.0), self.grid)
        covered = coverage_shares(
            share_bins(plausible.origins, plausible.types)[self.states],
            None if told.stale is None else told.stale[self.rows],
            self.sizes,
            self.groups.codes,
            len(self.groups.starts),
            has_origins=told.said.origins is not None,
            grid=self.grid,
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
            return self.groups.sums(losses, self.grid)

        return self._ends(known, loss)

    def _ends(
        self, known: FloatArray, loss: Callable[[Readings], FloatArray]
    ) -> tuple[FloatArray, FloatArray]:
        guesses = self._guesses
        if guesses is None:
            nothing = np.full(len(known), np.nan)
            return nothing, nothing
        if not guesses.moves.any():
            return known, known
        ends = (guesses.low, guesses.high)
        low, high = (np.where(guesses.moves, loss(end) * self.leverage, known) for end in ends)
        # The same number on two ways may differ in its last digit.
        return np.minimum(low, known), np.maximum(high, known)

    @cached_property
    def _guesses(self) -> _Guesses | None:
        """None where nobody tells what is a guess."""
        if self.told.said.origins is None:
            return None
        low, high = self._reading(is_high=False), self._reading(is_high=True)
        lowest, highest = (end.best(end.funds, end.others) for end in (low, high))
        moving = self.told.plausible.open_kind[self.states] | (lowest != highest)
        return _Guesses(self.groups.any(moving), low, high)

    def _reading(self, *, is_high: bool) -> Readings:
        plausible = self.told.plausible
        if self.method not in ASKS_KIND:
            # No matter which is a fund: one array serves for both.
            both = self._levered(plausible.high if is_high else plausible.low, is_high)
            return Readings(both, both, is_high)
        return Readings(
            self._levered(plausible.fund_high if is_high else plausible.fund_low, is_high),
            self._levered(plausible.other_high if is_high else plausible.other_low, is_high),
            is_high,
        )

    @cached_property
    def _rates_after(self) -> FloatArray:
        return self._levered(self.told.plausible.rates, None)

    def _levered(self, table: FloatArray, is_high: bool | None) -> FloatArray:
        """The rates of the rows with their multiples; impossible ones (infinite) stay so.

        A multiple that is told stays what it is. One that is not known gives at least the
        single-stock rate; at the ends of a guess it is anything from 1 upwards, so that the rate
        may stay plain or reach 1.
        """
        rates: FloatArray = table[self.states]
        if not len(self.odd):
            return rates
        states, plain = self.states[self.odd], rates[self.odd]
        unknown = np.maximum(plain, self.rated.scenarios.single_stock)
        if is_high is not None:
            guesses = self.told.plausible.guesses[states]
            unknown = np.where(guesses, 1.0 if is_high else plain, unknown)
        with np.errstate(invalid="ignore"):
            levered = levered_rates(plain, self.steps, unknown)
        rates[self.odd] = np.where(np.isfinite(plain), levered, plain)
        return rates

    def _tickers_of(self, chosen: BoolArray) -> Any:
        """Ticker of the chosen row of each group; among several the first in the alphabet."""
        if self.lots is not None:
            # A security may be spelled in several ways: each of its rows is asked.
            chosen[self.lots.rows] = chosen[self.lots.firsts][self.lots.codes]
        rows, names = np.flatnonzero(chosen), self.told.spellings.names
        if len(rows) > len(self.groups.starts):
            places = pd.factorize(names[self.spellings[rows]], sort=True)[0]
            rows = rows[np.lexsort((places, self.groups.codes[rows]))]
            rows = rows[Groups.of_sorted(self.groups.codes[rows]).starts]
        return names[self.spellings[rows]]
