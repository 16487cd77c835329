"""Columns of words as numbers, piece by piece: tables stay small, and no column is copied whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["factorized", "recode"]

_ROWS = 1 << 18
"""Rows of a piece: many enough that the words which come again in each cost nothing."""


def factorized(values: pd.Series) -> tuple[npt.NDArray[np.integer[Any]], pd.Index[Any]]:
    """`pd.factorize`: the distinct values in order of appearance and each row's; -1 is missing.

    Examples
    --------
    >>> codes, labels = factorized(pd.Series(["B", None, "A", "B"]))
    >>> codes.tolist(), labels.tolist()
    ([0, -1, 1, 0], ['B', 'A'])
    """
    codes: npt.NDArray[np.integer[Any]]
    if len(values) <= _ROWS:
        codes, labels = pd.factorize(values)
        return codes, labels
    codes = np.empty(len(values), dtype=np.int32 if len(values) < 1 << 31 else np.int64)
    found = []
    for piece, own in _pieces(values):
        codes[piece], distinct = pd.factorize(own)
        found.append(pd.Series(distinct, dtype=values.dtype))
    numbers, labels = pd.factorize(pd.concat(found, ignore_index=True))
    first = 0
    for (piece, _), distinct in zip(_pieces(values), found, strict=True):
        table = np.append(numbers[first : first + len(distinct)], -1)
        codes[piece] = table[codes[piece]]
        first += len(distinct)
    return codes, labels


def recode(
    values: Any,
    code: Callable[[Any], int],
    missing: int,
    *,
    dtype: type[np.integer[Any]] = np.int64,
) -> npt.NDArray[np.integer[Any]]:
    """Translate each distinct value once; missing values get `missing`."""
    known: dict[Any, int] = {}

    def once(value: Any) -> int:
        if value not in known:
            known[value] = code(value)
        return known[value]

    is_series = isinstance(values, pd.Series)
    is_category = is_series and isinstance(values.dtype, pd.CategoricalDtype)
    found = np.empty(len(values), dtype=dtype)
    for piece, own in _pieces(values if is_series else np.asarray(values, dtype=object)):
        codes, distinct = (
            (own.cat.codes.to_numpy(), own.cat.categories) if is_category else pd.factorize(own)
        )
        # Code -1, a missing value, reads the last entry of the table.
        table = np.array([*(once(value) for value in distinct), missing], dtype=dtype)
        found[piece] = table[codes]
    return found


def _pieces(values: Any) -> Iterator[tuple[slice, Any]]:
    """Where a piece lies and the piece itself, one after the other; at least one."""
    if len(values) <= _ROWS:
        yield slice(None), values
        return
    for at in range(0, len(values), _ROWS):
        piece = slice(at, at + _ROWS)
        yield piece, values.iloc[piece] if isinstance(values, pd.Series) else values[piece]
