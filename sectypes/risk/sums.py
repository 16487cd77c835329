"""Sums of groups that do not depend on the order of the rows, not even in the last digit."""

from __future__ import annotations

import math

import numpy as np

from sectypes.risk.rates import FloatArray, IntArray

__all__ = ["group_sums"]

_DIGITS = 52


def group_sums(values: FloatArray, codes: IntArray, groups: int) -> FloatArray:
    """Sum of the values of each group.

    A plain sum of floats changes in its last digit with the order of the rows, and so would
    weights, losses and ties between positions. Here the values are cut into multiples of a power
    of two that is coarse enough for every partial sum to be exact; what is cut off is summed in
    the same way on a finer grid, and the rest is far below the last digit of the largest value.

    Parameters
    ----------
    values : array of float, shape (n,)
        Below 1e100 in size.
    codes : array of int, shape (n,)
        Group of each value, 0 to `groups` - 1.
    groups : int
        How many groups there are.

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
    exponent = math.frexp(max(float(values.max()), -float(values.min())))[1]
    room = math.ceil(math.log2(np.bincount(codes).max())) + 1
    # Added to this number, a value keeps no digit below 2 ** (exponent + room - 52), and the sum of
    # as many values as the largest group has still fits into the 53 digits of a float.
    shift = math.ldexp(1.5, exponent + room)
    # One array serves all steps: at millions of rows, new ones cost more than the arithmetic.
    part = values + shift
    part -= shift
    sums = np.asarray(np.bincount(codes, part, groups), dtype=np.float64)
    np.subtract(values, part, out=part)
    shift = math.ldexp(1.5, exponent + 2 * room - _DIGITS)
    part += shift
    part -= shift
    sums += np.bincount(codes, part, groups)
    return sums
