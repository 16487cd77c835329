"""The lowest and the highest concentration loss that the guesses of many portfolios allow.

Exact for every method, and in time that grows with the rows, though a book of n guesses has
exponentially many readings:

``largest_position``, ``worst_position``
    Sizes do not depend on types, so which positions count is settled; each takes its own lowest or
    highest rate.
``single_issuer``, ``top_n``
    Being a fund takes a position out, so a guess may uncover a smaller and riskier one. Positions
    that can only be issuers are always in, the others are in or out. From the largest downwards
    a reading is a walk that takes or skips a free position and must take a bound one, and at most
    three steps matter; the best walk is found from its end. The reading in which nothing is an
    issuer, so that all positions count, is looked at by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sectypes.risk.concentration import ASKS_KIND, Method, concentration_by_group
from sectypes.risk.groups import Groups
from sectypes.risk.lots import Lots
from sectypes.risk.rates import BoolArray, FloatArray, IntArray

__all__ = ["Readings", "extreme_losses"]

_COUNTED = 3


@dataclass(frozen=True, slots=True)
class Readings:
    """Rates that each row may have, at one end: all lowest, or all highest. Shape (n,) each.

    Attributes
    ----------
    funds : array of float
        As an etf or a mutual fund; infinite where it can be neither.
    others : array of float
        As anything else; infinite where it can be nothing else.
    is_high : bool
        Which end it is; "infinite" is inf at the low end and -inf at the high end.
    """

    funds: FloatArray
    others: FloatArray
    is_high: bool

    def best(self, one: FloatArray, other: FloatArray) -> FloatArray:
        """The one of two that is further towards this end."""
        found: FloatArray = (np.maximum if self.is_high else np.minimum)(one, other)
        return found

    @property
    def never(self) -> float:
        """What stands for a reading that is impossible."""
        return -np.inf if self.is_high else np.inf


def extreme_losses(
    sizes: FloatArray,
    ranked: FloatArray,
    readings: Readings,
    groups: Groups,
    lots: Lots | None,
    method: Method,
) -> FloatArray:
    """Lowest or highest concentration loss of each group before leverage, shape (groups,).

    Parameters
    ----------
    sizes : array of float, shape (n,)
        Absolute weights of the rows.
    ranked : array of float, shape (n,)
        The same of each security on its first row and 0 on its others, rounded to 9 places.
    readings : Readings
        What each row may be.
    groups, lots, method
        As in `concentration_by_group` and `find_lots`.
    """
    if method not in ASKS_KIND:
        losses = sizes * readings.best(readings.funds, readings.others)
        losses = losses if lots is None else lots.together(losses)
        return concentration_by_group(ranked, losses, None, groups, method)
    funds, others = _of_securities(sizes, readings, lots)
    bound = ~np.isfinite(funds) & (ranked > 0)
    walked = _walks(ranked, others, bound, readings, groups, method)
    # Nothing is an issuer: all positions count, and those of no size as whatever they are.
    rows = np.flatnonzero(~groups.any(bound)[groups.codes])
    if len(rows):
        codes, sized = groups.codes[rows], ranked[rows]
        chosen, places = np.unique(codes, return_inverse=True)
        inner = Groups.of_sorted(places)
        losses = np.where(sized > 0, funds[rows], readings.best(funds[rows], others[rows]))
        alone = concentration_by_group(sized, losses, losses >= 0, inner, method)
        walked[chosen] = readings.best(walked[chosen], alone)
    return walked


def _of_securities(
    sizes: FloatArray, readings: Readings, lots: Lots | None
) -> tuple[FloatArray, FloatArray]:
    """Loss of each security as a fund (all its rows are) and as an issuer (one row at least is)."""
    funds, others, never = readings.funds, readings.others, readings.never
    can_fund, can_other = np.isfinite(funds), np.isfinite(others)
    of_fund = sizes * np.where(can_fund, funds, 0.0)
    of_other = sizes * np.where(can_other, others, 0.0)
    if lots is None:
        return np.where(can_fund, of_fund, never), np.where(can_other, of_other, never)
    free = sizes * readings.best(funds, others)
    # What it costs that one row must be no fund: the least of what the rows would give up.
    given_up = np.where(can_other, np.abs(of_other - free), np.inf)
    cost = lots.least(given_up)
    as_other = lots.together(free) + (-cost if readings.is_high else cost)
    return (
        np.where(lots.all(can_fund), lots.together(of_fund), never),
        np.where(np.isfinite(cost), as_other, never),
    )


def _walks(
    ranked: FloatArray,
    others: FloatArray,
    bound: BoolArray,
    readings: Readings,
    groups: Groups,
    method: Method,
) -> FloatArray:
    """The best reading of each group in which at least one position is an issuer."""
    best = np.full(len(groups.starts), readings.never)
    within = ranked >= _smallest_that_matters(ranked, bound, groups, method)[groups.codes]
    rows = np.flatnonzero(within & np.isfinite(others) & (ranked > 0))
    # As in the loss itself: the larger first, of equals the riskier.
    rows = rows[np.lexsort((-others[rows], -ranked[rows], groups.codes[rows]))]
    codes, losses, must = groups.codes[rows], others[rows], bound[rows]
    inner = Groups.of_sorted(codes)
    if not len(rows):
        return best
    passed: IntArray = np.cumsum(must) - must
    lengths = np.diff(np.append(inner.starts, len(rows)))
    passed = passed - np.repeat(passed[inner.starts], lengths)
    if method == "top_n":
        kept = passed < _COUNTED
        codes, losses, must, passed = codes[kept], losses[kept], must[kept], passed[kept]
        inner = Groups.of_sorted(codes)
        losses = np.maximum(losses, 0.5 * (losses + _next_two(losses, must, inner, readings)))
    # A walk begins at a free position or at the first bound one.
    losses = np.where(passed == 0, losses, readings.never)
    ufunc = np.maximum if readings.is_high else np.minimum
    best[codes[inner.starts]] = ufunc.reduceat(losses, inner.starts)
    return best


def _smallest_that_matters(
    ranked: FloatArray, bound: BoolArray, groups: Groups, method: Method
) -> FloatArray:
    """Size of the first bound position of each group, for `top_n` of the third at most."""
    sizes = np.where(bound, ranked, 0.0)
    largest = groups.highest(sizes)
    for _ in range(_COUNTED - 1 if method == "top_n" else 0):
        sizes = np.where(sizes < largest[groups.codes], sizes, 0.0)
        largest = groups.highest(sizes)
    return largest


def _next_two(
    losses: FloatArray, must: BoolArray, groups: Groups, readings: Readings
) -> FloatArray:
    """Best sum of at most two further losses behind each row of its group, shape (n,).

    All groups walk at once, each from its last row upwards.
    """
    ends = np.append(groups.starts[1:], len(losses))
    lengths = ends - groups.starts
    by_length = np.argsort(-lengths, kind="stable")
    ends, left = ends[by_length], np.sort(-lengths)
    one, two = np.zeros(len(ends)), np.zeros(len(ends))
    found = np.empty(len(losses))
    for step in range(1, -int(left[0]) + 1):
        # Groups that are long enough come first.
        count = int(np.searchsorted(left, -step, side="right"))
        rows: IntArray = ends[:count] - step
        found[rows] = two[:count]
        loss, bound = losses[rows], must[rows]
        both = loss + one[:count]
        two[:count] = np.where(bound, both, readings.best(two[:count], both))
        one[:count] = np.where(bound, loss, readings.best(one[:count], loss))
    return found
