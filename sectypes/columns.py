"""Columns in: from a caller's Series or frame to distinct questions.

A column is read once, by Arrow or `pandas.factorize`; everything after that costs by distinct row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypedDict, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from sectypes.combinations import combine
from sectypes.distinct import Codes, Distinct, as_list, encode, first_rows, is_text
from sectypes.errors import Failure, InputError
from sectypes.headings import Headings, folded, listed
from sectypes.lately import Lately
from sectypes.taxonomy import EVIDENCE, Query, questions_of
from sectypes.tickers import canonical_many
from sectypes.vocab import is_account_type_column, tri_state

__all__ = [
    "ROLES",
    "ColumnNames",
    "Columns",
    "as_truths",
    "frame_columns",
    "named_columns",
    "questions",
    "series_columns",
    "usual_names",
]


class ColumnNames(TypedDict, total=False):
    """Keywords that name the columns of a frame, where they are not found by themselves."""

    ticker: str
    provider_type: str
    name: str
    provider: str
    is_cash: str
    identifier: str
    exchange: str


_USUAL_NAMES: Mapping[str, tuple[str, ...]] = {
    "ticker": ("ticker", "symbol", "ticker_symbol"),
    "provider_type": ("provider_type", "security type", "type", "asset_type", "asset_class"),
    "name": ("name", "security_name", "description"),
    "provider": ("provider",),
    "is_cash": ("is_cash",),
    "identifier": ("identifier", "isin", "cusip", "figi"),
    "exchange": ("exchange", "exchange_code", "mic"),
}


ROLES = tuple(_USUAL_NAMES)
"""What a column can be for a row: the keywords that name columns."""

_REMEMBERED = 1 << 16
"""Distinct rows whose questions are remembered, of all columns that were read lately together."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns that are read, all on one index, beside the object that they came from."""

    caller: pd.Series | pd.DataFrame
    ticker: pd.Series
    provider_type: pd.Series | None = None
    name: pd.Series | None = None
    provider: pd.Series | None = None
    is_cash: pd.Series | None = None
    identifier: pd.Series | None = None
    exchange: pd.Series | None = None


def frame_columns(frame: pd.DataFrame, named: ColumnNames) -> Columns:
    """Find the columns of a frame of holdings.

    Parameters
    ----------
    frame : DataFrame
        One row a position.
    named : ColumnNames
        Columns named by the caller; the others are found by their usual names, in any case and
        with spaces or "-" for "_".

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
    headings = Headings(frame.columns)
    found = {role: _find(frame, headings, role, named.get(role)) for role in _USUAL_NAMES}
    ticker = found.pop("ticker")
    if ticker is None:
        raise InputError(
            f"no ticker column: looked for {', '.join(_USUAL_NAMES['ticker'])} among"
            f" {listed(headings.names)}; name it with ticker='...'"
        )
    return Columns(frame, ticker, **found)


def usual_names(columns: Columns) -> dict[str, Any]:
    """The names of the columns that were found, by names under which they are found again alike."""
    found = {role: column for role in ROLES if (column := getattr(columns, role)) is not None}
    kind = found.get("provider_type")
    if kind is not None and _is_called_type(kind):
        found["type"] = found.pop("provider_type")
    return {name: column.name for name, column in found.items()}


def named_columns(options: Mapping[str, Any]) -> tuple[ColumnNames, dict[str, Any]]:
    """Tell the keywords that name columns from all others.

    Examples
    --------
    >>> named_columns({"ticker": "Sym", "baseline": "provider"})
    ({'ticker': 'Sym'}, {'baseline': 'provider'})
    """
    named = {role: options[role] for role in ROLES if role in options}
    rest = {name: value for name, value in options.items() if name not in named}
    return cast("ColumnNames", named), rest


def _find(frame: pd.DataFrame, headings: Headings, role: str, named: Any) -> pd.Series | None:
    if named is None:
        named = headings.find(_USUAL_NAMES[role])
        if named is None:
            return None
    column: pd.Series = frame[headings.named(named, role)]
    return column


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


def _text_only(column: pd.Series, codes: Codes, distinct: Distinct) -> None:
    """Refuse numbers and the like: 5 may have been 0005, True may have been the ticker TRUE."""
    if not isinstance(distinct, list) and is_text(distinct.type):
        return
    values = as_list(distinct)
    if all(issubclass(kind, str) for kind in set(map(type, values))):
        return
    wrong = [code for code, value in enumerate(values) if not isinstance(value, str)]
    rows = first_rows(codes, wrong)
    problems = [
        Failure(row, str(column.name), column.iloc[row], "is no text; read the column as text")
        for row in rows
    ]
    raise InputError("tickers must be text", problems)


def questions(columns: Columns) -> tuple[Codes, tuple[Query, ...]]:
    """Distinct rows as queries, and for each row of the frame the number of its query.

    The same distinct rows have the same queries, the objects themselves.
    """
    codes, tickers = encode(columns.ticker)
    _text_only(columns.ticker, codes, tickers)
    evidence = {
        role: encode(column) for role in EVIDENCE if (column := getattr(columns, role)) is not None
    }
    if columns.is_cash is not None:
        _truths(columns.is_cash, *evidence["is_cash"])
    _, kinds = evidence.get("provider_type", (codes, []))
    if _tells_accounts(columns.provider_type, kinds):
        del evidence["provider_type"]
    values = {"ticker": tickers} | {role: said for role, (_, said) in evidence.items()}
    if not evidence:
        is_blank = len(codes) > 0 and bool(codes.min() < 0)
        if is_blank:
            codes = np.where(codes < 0, len(tickers), codes)
        return codes, _made(_Distinct(values, [], is_blank))
    coded = [codes, *(codes for codes, _ in evidence.values())]
    numbers, places = combine(coded, [1 + len(one) for one in values.values()])
    return numbers, _made(_Distinct(values, places))


def _tells_accounts(column: pd.Series | None, said: Distinct) -> bool:
    """Whether a column "type" tells the account's kind (cash, margin), not the security's."""
    return column is not None and _is_called_type(column) and is_account_type_column(as_list(said))


def _is_called_type(column: pd.Series) -> bool:
    return folded(str(column.name)) == "type"


def as_truths(column: pd.Series) -> pd.Series:
    """A column of yes and no as booleans; missing and blank count as no.

    Raises
    ------
    InputError
        A value is neither.

    Examples
    --------
    >>> as_truths(pd.Series(["TRUE", "false", None])).tolist()
    [True, False, False]
    """
    if column.dtype == np.bool_:
        return column
    codes, distinct = encode(column)
    table = np.array([*_truths(column, codes, distinct), False])
    return pd.Series(table[codes], index=column.index, name=column.name)


def _truths(column: pd.Series, codes: Codes, distinct: Distinct) -> list[bool]:
    """What each distinct value says."""
    said = [(value, tri_state(value)) for value in as_list(distinct)]
    wrong = [
        code for code, (value, truth) in enumerate(said) if truth is None and str(value).strip()
    ]
    if wrong:
        rows = first_rows(codes, wrong)
        name = str(column.name)
        raise InputError(
            f"the column {name!r} cannot be read",
            [Failure(row, name, column.iloc[row], "must be True or False") for row in rows],
        )
    return [truth is True for _, truth in said]


@dataclass(frozen=True, slots=True)
class _Distinct:
    """Distinct rows, as far as they need not be read to be recognized.

    Attributes
    ----------
    values : Mapping[str, Distinct]
        The distinct values of each column, by role.
    places : Sequence[Array]
        For each column and row 1 + the number of its value, 0 for a missing one; empty where
        there is but one column and its values are the rows.
    is_blank : bool
        Whether another row without a ticker comes last.
    """

    values: Mapping[str, Distinct]
    places: Sequence[npt.NDArray[np.intp]]
    is_blank: bool = False

    def is_same(self, other: _Distinct) -> bool:
        """Whether the rows are the same; told without reading texts one by one."""
        return (
            self.is_blank == other.is_blank
            and self.values.keys() == other.values.keys()
            and all(_are_same(self.values[role], other.values[role]) for role in self.values)
            and all(map(np.array_equal, self.places, other.places))
        )

    def queries(self) -> list[Query]:
        """The rows as questions."""
        texts = {role: as_list(values) for role, values in self.values.items()}
        tickers = texts.pop("ticker")
        keys = canonical_many(tickers)
        if not self.places:
            return questions_of([*tickers, ""], [*keys, ""])[: len(keys) + self.is_blank]
        place, *rest = (places.tolist() for places in self.places)
        said = {
            role: _at(places, [_as_evidence(role, value) for value in (None, *values)])
            for (role, values), places in zip(texts.items(), rest, strict=True)
        }
        return questions_of(_at(place, ["", *tickers]), _at(place, ["", *keys]), said)


def _are_same(one: Distinct, other: Distinct) -> bool:
    if type(one) is not type(other):
        return False
    return one == other if isinstance(one, list) else bool(one.equals(other))


@cache
def _lately() -> Lately[tuple[_Distinct, tuple[Query, ...]]]:
    return Lately(_REMEMBERED)


def _made(distinct: _Distinct) -> tuple[Query, ...]:
    """The questions of distinct rows; a column that is read again is not spelled out again."""
    found = _lately().find(lambda kept: kept[0].is_same(distinct))
    if found is None:
        found = distinct, tuple(distinct.queries())
        _lately().keep(found, len(found[1]))
    return found[1]


def _at(places: Sequence[int], values: Sequence[Any]) -> list[Any]:
    return [values[place] for place in places]


def _as_evidence(role: str, value: Any) -> Any:
    if role == "is_cash":
        return tri_state(value) is True
    if not isinstance(value, str) or not value.strip():
        return None
    return value.strip().upper() if role == "identifier" else value
