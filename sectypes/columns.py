"""Columns in: from a caller's Series or frame to distinct questions.

A column is read once, by `pandas.factorize`; everything after that costs by distinct row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

import numpy as np
import numpy.typing as npt
import pandas as pd

from sectypes.errors import Failure, InputError
from sectypes.taxonomy import Query
from sectypes.tickers import canonical_many

__all__ = [
    "ROLES",
    "Codes",
    "ColumnNames",
    "Columns",
    "frame_columns",
    "questions",
    "series_columns",
]

Codes = npt.NDArray[np.integer[Any]]
"""Number of each row's distinct value; -1 stands for the last."""


class ColumnNames(TypedDict, total=False):
    """Keywords that name the columns of a frame, where they are not found by themselves."""

    ticker: str
    provider_type: str
    name: str
    provider: str
    is_cash: str


_USUAL_NAMES: Mapping[str, tuple[str, ...]] = {
    "ticker": ("ticker", "symbol", "ticker_symbol"),
    "provider_type": ("provider_type", "type", "asset_type", "asset_class"),
    "name": ("name", "security_name", "description"),
    "provider": ("provider",),
    "is_cash": ("is_cash",),
}


ROLES = tuple(_USUAL_NAMES)
"""What a column can be for a row: the keywords that name columns."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns that are read, all on one index, beside the object that they came from."""

    caller: pd.Series | pd.DataFrame
    ticker: pd.Series
    provider_type: pd.Series | None = None
    name: pd.Series | None = None
    provider: pd.Series | None = None
    is_cash: pd.Series | None = None


def frame_columns(frame: pd.DataFrame, named: ColumnNames) -> Columns:
    """Find the columns of a frame of holdings.

    Parameters
    ----------
    frame : DataFrame
        One row a position.
    named : ColumnNames
        Columns named by the caller; the others are found by their usual names, in any case.

    Raises
    ------
    InputError
        No ticker column, a named column that does not exist, or two columns of one name.
    TypeError
        A keyword that names nothing.
    """
    unknown = sorted(set(named) - set(_USUAL_NAMES))
    if unknown:
        raise TypeError(f"no such keyword: {unknown[0]!r}; columns are {', '.join(_USUAL_NAMES)}")
    found = {role: _find(frame, role, named.get(role)) for role in _USUAL_NAMES}
    ticker = found.pop("ticker")
    if ticker is None:
        raise InputError(
            f"no ticker column: looked for {', '.join(_USUAL_NAMES['ticker'])} among"
            f" {_listed(frame.columns)}; name it with ticker='...'"
        )
    return Columns(frame, ticker, **found)


def _find(frame: pd.DataFrame, role: str, named: Any) -> pd.Series | None:
    if named is None:
        lowered = {str(column).strip().lower(): column for column in reversed(frame.columns)}
        named = next((lowered[name] for name in _USUAL_NAMES[role] if name in lowered), None)
        if named is None:
            return None
    if named not in frame.columns:
        raise InputError(f"no column {named!r} for {role} among {_listed(frame.columns)}")
    times = list(frame.columns).count(named)
    if times > 1:
        raise InputError(f"{times} columns are called {named!r}; rename all but one")
    column: pd.Series = frame[named]
    return column


def _listed(columns: Any) -> str:
    names = [repr(str(column)) for column in columns]
    return ", ".join(names[:20]) + (", ..." if len(names) > 20 else "") or "no columns at all"


def series_columns(
    tickers: pd.Series,
    provider_types: pd.Series | Sequence[str | None] | None = None,
    names: pd.Series | Sequence[str | None] | None = None,
) -> Columns:
    """Put a Series of tickers and what belongs to it side by side.

    Raises
    ------
    InputError
        `provider_types` or `names` has another index or another length.
    """
    return Columns(
        tickers,
        tickers,
        _beside(tickers, provider_types, "provider_types"),
        _beside(tickers, names, "names"),
    )


def _beside(tickers: pd.Series, other: Any, role: str) -> pd.Series | None:
    if other is None:
        return None
    if isinstance(other, pd.Series):
        if not other.index.equals(tickers.index):
            raise InputError(f"{role} must have the index of the tickers")
        return other
    values = list(other)
    if len(values) != len(tickers):
        raise InputError(f"{role} has {len(values)} entries for {len(tickers)} tickers")
    return pd.Series(values, index=tickers.index, dtype=object)


def _encode(column: pd.Series) -> tuple[Codes, list[Any]]:
    """Codes and distinct values; missing values have the code -1."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy(), column.cat.categories.tolist()
    try:
        codes, uniques = pd.factorize(column)
    except TypeError:
        raise InputError(f"column {column.name!r} holds values that are no text") from None
    return codes, uniques.tolist()


def _text_only(column: pd.Series, codes: Codes, values: list[Any]) -> None:
    """Refuse numbers and the like: 5 may have been 0005, True may have been the ticker TRUE."""
    wrong = [code for code, value in enumerate(values) if not isinstance(value, str)]
    if not wrong:
        return
    rows = [int(np.flatnonzero(codes == code)[0]) for code in wrong[:50] if (codes == code).any()]
    problems = [
        Failure(row, str(column.name), column.iloc[row], "is no text; read the column as text")
        for row in rows
    ]
    if problems:
        raise InputError("tickers must be text", problems)


def questions(columns: Columns) -> tuple[Codes, list[Query]]:
    """Distinct rows as queries, and for each row of the frame the number of its query.

    The number -1 stands for the last query: a row without a ticker.
    """
    codes, tickers = _encode(columns.ticker)
    _text_only(columns.ticker, codes, tickers)
    keys = canonical_many([ticker if isinstance(ticker, str) else "" for ticker in tickers])
    spelled = [*zip(tickers, keys, strict=True), ("", "")]
    evidence = {
        role: column
        for role in ("name", "provider", "provider_type", "is_cash")
        if (column := getattr(columns, role)) is not None
    }
    if not evidence:
        blank_rows = len(codes) > 0 and codes.min() < 0
        return codes, [Query(*pair) for pair in (spelled if blank_rows else spelled[:-1])]
    codes, distinct, values = _combine(codes, len(spelled), evidence)
    queries = [
        Query(
            *spelled[ticker],
            **{role: values[role][code] for role, code in zip(values, rest, strict=True)},
        )
        for ticker, *rest in distinct.tolist()
    ]
    return codes, queries


def _combine(
    codes: Codes, size: int, evidence: Mapping[str, pd.Series]
) -> tuple[Codes, npt.NDArray[np.int64], dict[str, list[Any]]]:
    """Number the distinct combinations of ticker and evidence.

    Returns the number of each row's combination, the combinations as a table of codes (ticker
    first), and for each kind of evidence its values by code.
    """
    number = codes.astype(np.int64) % size
    distinct = np.arange(size, dtype=np.int64)[:, None]
    values: dict[str, list[Any]] = {}
    for role, column in evidence.items():
        more, found = _encode(column.eq(True)) if role == "is_cash" else _encode(column)
        values[role] = [_as_evidence(role, value) for value in found] + [_as_evidence(role, None)]
        width = len(values[role])
        number, pairs = pd.factorize(number * width + more.astype(np.int64) % width)
        distinct = np.column_stack([distinct[pairs // width], pairs % width])
    return number, distinct, values


def _as_evidence(role: str, value: Any) -> Any:
    if role == "is_cash":
        return bool(value)
    return value if isinstance(value, str) and value.strip() else None
