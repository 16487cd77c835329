"""Sums of groups that do not depend on the order of the rows, not even in the last digit."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from sectypes.risk.rates import FloatArray, IntArray

__all__ = ["Grid", "group_sums"]

_DIGITS = 52


class Grid(NamedTuple):
    """How values are cut so that sums of them are exact.

    A plain sum of floats changes in its last digit with the order of the rows, and so would
    weights, losses and ties between positions. Here the values are cut into multiples of a power
    of two that is coarse enough for every partial sum to be exact; what is cut off is summed in
    the same way on a finer grid, and the rest is far below the last digit of the largest value.

    Attributes
    ----------
    exponent : int
        No value is larger than 2 to this power.
    room : int
        No group has more values than 2 to one less than this power.
    """

    exponent: int
    room: int

    @classmethod
    def of(cls, values: FloatArray, most: int) -> Grid:
        """The grid for these values, or smaller ones, in groups of at most `most`."""
        largest = max(float(values.max(initial=0.0)), -float(values.min(initial=0.0)))
        return cls(math.frexp(largest)[1], math.ceil(math.log2(max(most, 1))) + 1)

    def parts(self, values: FloatArray) -> Iterator[FloatArray]:
        """The coarse part of the values and then the fine one, in the same array."""
        # Added to this number, a value keeps no digit below 2 ** (exponent + room - 52), and the
        # sum of as many values as the largest group has still fits into the 53 digits of a float.
        shift = math.ldexp(1.5, self.exponent + self.room)
        # One array serves all steps: at millions of rows, new ones cost more than the arithmetic.
        part = values + shift
        part -= shift
        yield part
        np.subtract(values, part, out=part)
        shift = math.ldexp(1.5, self.exponent + 2 * self.room - _DIGITS)
        part += shift
        part -= shift
        yield part


def group_sums(
    values: FloatArray, codes: IntArray, groups: int, grid: Grid | None = None
) -> FloatArray:
    """Sum of the values of each group; see `Grid`.

    Parameters
    ----------
    values : array of float, shape (n,)
        Below 1e100 in size.
    codes : array of int, shape (n,)
        Group of each value, 0 to `groups` - 1.
    groups : int
        How many groups there are.
    grid : Grid | None
        None for that of the values.

    Returns
    -------
    array of float, shape (groups,)
        0 for a group without rows.

    Examples
    --------
    >>> group_sums(np.array([0.1, 0.2, 0.3, 1.0]), np.array([0, 0, 0, 1]), 2).tolist()
    [0.6, 1.0]
    """
    if not len(values):
        return np.zeros(groups)
    grid = grid or Grid.of(values, int(np.bincount(codes).max()))
    coarse, fine = (np.bincount(codes, part, groups) for part in grid.parts(values))
    return np.asarray(coarse + fine, dtype=np.float64)
