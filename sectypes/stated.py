"""What a caller's frame itself states for risk: amounts, multiples, and answers that were saved."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sectypes.columns import ROLES, Columns, as_truths
from sectypes.distinct import as_list, encode, first_rows
from sectypes.errors import Failure, InputError
from sectypes.headings import Headings, folded
from sectypes.taxonomy import SECURITY_TYPES

__all__ = [
    "TYPE_DTYPE",
    "larger_multiples",
    "names_provider_words",
    "risk_names",
    "stated_multiples",
    "stated_types",
    "under_usual_names",
]

FloatArray = npt.NDArray[np.float64]

TYPE_DTYPE = pd.CategoricalDtype(list(SECURITY_TYPES))
"""The dtype of every security type column: all types, always in the same order."""

_RISK_READS = (
    *("portfolio", "account", "value", "weight", "currency", "leverage", "security_type"),
    *("subtype", "origin", "served_by", "as_of", "stale", "reason"),
)


def risk_names(headings: Headings) -> dict[str, Any]:
    """The columns that risk reads by one name only: the caller's name by that name.

    Raises
    ------
    InputError
        Two columns have it.

    Examples
    --------
    >>> risk_names(Headings(["Ticker", " Value "]))
    {'value': ' Value '}
    """
    found = {name: headings.find([name]) for name in _RISK_READS}
    return {name: own for name, own in found.items() if own is not None}


def under_usual_names(columns: Columns) -> pd.DataFrame:
    """The caller's frame, with what was found in it under the names that risk reads.

    The caller's own columns stay where they are: portfolios may be told apart by one of them.

    Examples
    --------
    >>> from sectypes.columns import frame_columns
    >>> held = pd.DataFrame({"Symbol": ["SPY"], "Value": [1.0], "Is Cash": ["FALSE"]})
    >>> under_usual_names(frame_columns(held, {}))[["ticker", "value", "is_cash"]]
      ticker  value  is_cash
    0    SPY    1.0    False
    """
    caller = columns.caller
    names = risk_names(Headings(caller.columns))
    read = {name: caller[own] for name, own in names.items() if own != name}
    read |= {role: found for role in ROLES if (found := getattr(columns, role)) is not None}
    if columns.is_cash is not None:
        read["is_cash"] = as_truths(columns.is_cash)
    return caller.assign(**read)


def names_provider_words(columns: Columns) -> bool:
    """Whether the caller named the column ``security_type`` as the provider's words."""
    kind = columns.provider_type
    return kind is not None and folded(str(kind.name)) == "security_type"


def stated_types(frame: pd.DataFrame) -> pd.Series | None:
    """The answers in a frame's column ``security_type``; None where it holds none.

    Case and padding do not matter, and blank is missing. A column in which no word is a type of
    the package is a provider's, and no answer; so is one without any word.

    Returns
    -------
    Series | None
        Of dtype `TYPE_DTYPE`, on the frame's index.

    Raises
    ------
    InputError
        Some words are types and others are not: a slip of the pen must not discard the rest.

    Examples
    --------
    >>> stated_types(pd.DataFrame({"security_type": ["ETF ", ""]})).tolist()
    ['etf', nan]
    >>> stated_types(pd.DataFrame({"security_type": ["Closed-End Fund"]})) is None
    True
    """
    if "security_type" not in frame:
        return None
    column: pd.Series = frame["security_type"]
    if column.dtype == TYPE_DTYPE and column.notna().any():
        return column
    codes, distinct = encode(column)
    words = [str(value).strip().casefold() for value in as_list(distinct)]
    numbers = [SECURITY_TYPES.index(word) if word in SECURITY_TYPES else -1 for word in words]
    if max(numbers, default=-1) < 0:
        return None
    unknown = [code for code, word in enumerate(words) if word and numbers[code] < 0]
    if unknown:
        rows = first_rows(codes, unknown)
        says = f"use one of {', '.join(SECURITY_TYPES)}"
        raise InputError(
            "the column 'security_type' holds answers and other words; correct these, or name it"
            " with provider_type='security_type' where they are a provider's",
            [Failure(row, "security_type", column.iloc[row], says) for row in rows],
        )
    table = np.array([*numbers, -1], np.int8)
    types = pd.Categorical.from_codes(table[codes], dtype=TYPE_DTYPE)
    return pd.Series(types, index=frame.index, name="security_type")


def stated_multiples(frame: pd.DataFrame) -> FloatArray | None:
    """A frame's column ``leverage`` as numbers, NaN where it is missing; None without one.

    Raises
    ------
    InputError
        A multiple is no number.
    """
    from sectypes.risk.book import numbers  # costs time to load, and only risk needs it

    return numbers(frame["leverage"], "leverage") if "leverage" in frame else None


def larger_multiples(stated: FloatArray, answered: FloatArray) -> FloatArray:
    """Of the caller's multiple and the answer's the one of larger size: no loss may be hidden.

    Parameters
    ----------
    stated, answered : array of float, shape (n,)
        Signed multiples; one that is missing or zero says nothing, and the other counts.

    Examples
    --------
    >>> larger_multiples(np.array([3.0, np.nan, -2.0]), np.array([1.0, 1.0, np.nan])).tolist()
    [3.0, 1.0, -2.0]
    """
    larger = np.abs(stated) > np.abs(np.nan_to_num(answered))
    return np.where(larger, stated, answered)
