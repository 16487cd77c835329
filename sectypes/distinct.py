"""A column as codes and distinct values: read once, by Arrow or `pandas.factorize`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from sectypes.errors import InputError

__all__ = ["Codes", "Distinct", "as_list", "encode", "first_rows", "is_text"]

Codes = npt.NDArray[np.integer[Any]]
"""Number of each row's distinct value; -1 for a missing one, where values may be missing."""
Distinct: TypeAlias = "pa.Array | list[Any]"
"""Distinct values; those that stand in Arrow stay there until they must be read."""

_STEP = 1 << 16
_TOLD = 50


def encode(column: pd.Series) -> tuple[Codes, Distinct]:
    """Codes and the distinct values that occur; missing values have the code -1.

    Raises
    ------
    InputError
        Values that cannot be told apart, such as lists.

    Examples
    --------
    >>> codes, values = encode(pd.Series(["SPY", None, "SPY"], dtype=object))
    >>> codes.tolist(), as_list(values)
    ([0, -1, 0], ['SPY'])
    """
    values = column.array
    if isinstance(values, pd.Categorical):
        return _used(values.codes, _distinct(values.categories.array))
    try:
        if isinstance(values, pd.arrays.ArrowExtensionArray):
            return _encode_arrow(values)
        codes, uniques = pd.factorize(column)
    except (TypeError, NotImplementedError):  # lists and the like
        raise InputError(f"column {column.name!r} holds values that are no text") from None
    return codes, _distinct(uniques)


def _encode_arrow(values: pd.arrays.ArrowExtensionArray) -> tuple[Codes, Distinct]:
    """As `encode`; codes of 32 bits, where `pandas.factorize` would copy them to 64."""
    data = pa.array(values)
    if pa.types.is_dictionary(data.type):  # which may have missing and unused values
        data = data.cast(data.type.value_type)
    elif pa.types.is_null(data.type):
        data = data.cast(pa.string())
    encoded = _in_one_piece(data.dictionary_encode())
    codes = encoded.indices
    if codes.null_count:
        codes = codes.fill_null(-1)
    return codes.to_numpy(), encoded.dictionary


def _distinct(values: Any) -> Distinct:
    """Distinct values as they stand in Arrow, or else in a list."""
    if isinstance(values, pd.arrays.ArrowExtensionArray):
        return _in_one_piece(pa.array(values))
    return values.tolist()


def _in_one_piece(data: Any) -> pa.Array:
    return data.combine_chunks() if isinstance(data, pa.ChunkedArray) else data


def as_list(values: Distinct) -> list[Any]:
    """Distinct values as Python's own, None for missing ones."""
    return values if isinstance(values, list) else values.to_pylist()


def first_rows(codes: Codes, wrong: Sequence[int]) -> list[int]:
    """The first row of each of the distinct values that are wrong, by their codes.

    Examples
    --------
    >>> first_rows(np.array([0, 1, 0, 2]), [0, 2])
    [0, 3]
    """
    return [int(np.flatnonzero(codes == code)[0]) for code in wrong[:_TOLD]]


def _used(codes: Codes, values: Distinct) -> tuple[Codes, Distinct]:
    """Leave out categories without a row: a filtered column keeps them, and nobody is asked."""
    seen = np.zeros(len(values) + 1, bool)  # the last stands for missing values
    for start in range(0, len(codes), _STEP):
        seen[codes[start : start + _STEP]] = True
        if seen[:-1].all():
            return codes, values
    numbers = np.flatnonzero(seen[:-1])
    renumbered = np.full(len(seen), -1, np.int32)
    renumbered[numbers] = np.arange(len(numbers))
    listed = as_list(values)
    return renumbered[codes], [listed[number] for number in numbers]


def is_text(kind: pa.DataType) -> bool:
    """Whether an Arrow type is text."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))
