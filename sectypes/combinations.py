"""Combinations: the distinct rows of several numbered columns, whatever their number of values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["Numbers", "combine"]

Numbers = npt.NDArray[np.integer[Any]]
"""The number of each row's value."""
_MOST = np.iinfo(np.int64).max


def combine(
    columns: Sequence[Numbers], widths: Sequence[int]
) -> tuple[Numbers, list[npt.NDArray[np.intp]]]:
    """Number the distinct combinations of several columns.

    Parameters
    ----------
    columns : Sequence[Numbers]
        Numbers from -1 on, a column.
    widths : Sequence[int]
        How many different codes a column may have, -1 among them.

    Returns
    -------
    tuple
        The number of each row's combination; for each column its codes by combination, plus one.
    """
    number: Numbers = np.zeros(len(columns[0]), np.int64)
    places: list[npt.NDArray[np.intp]] = []
    shape = [1]
    for codes, width in zip(columns, widths, strict=True):
        if math.prod(shape) > _MOST // width:
            number, places = _renumber(number, places, shape)
            shape = [max(len(places[0]), 1)]
        number *= width
        number += codes
        number += 1
        shape.append(width)
    return _renumber(number, places, shape)


def _renumber(
    number: Numbers, places: Sequence[npt.NDArray[np.intp]], shape: Sequence[int]
) -> tuple[Numbers, list[npt.NDArray[np.intp]]]:
    """Number what occurs, and take it apart: the first axis is that of what was numbered before."""
    number, found = pd.factorize(number)
    before, *added = np.unravel_index(found, tuple(shape))
    return number, [*(column[before] for column in places), *added]
