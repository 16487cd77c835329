"""Distinct rows of a collection: found in one pass, numbered, and found again in any partition."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import dask
import numpy as np
import numpy.typing as npt
import pandas as pd

from sectypes.errors import InputError

__all__ = ["Facts", "Rows", "find_facts", "in_tree", "placed"]

Rows: TypeAlias = npt.NDArray[np.int64]
"""A number for each row."""

_MERGED_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Facts:
    """The distinct rows of the columns of a frame, in order of appearance.

    Attributes
    ----------
    columns : tuple[str, ...]
        What a row says.
    firsts : dict[tuple, int]
        Each distinct row as plain values (None for missing) and the first row that says it.
    rows : int
        How many rows were looked at.
    """

    columns: tuple[str, ...]
    firsts: dict[tuple[Any, ...], int]
    rows: int

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Facts:
        """The facts of one partition."""
        _, firsts, values = _distinct(frame)
        return cls(
            tuple(frame.columns), dict(zip(values, firsts.tolist(), strict=True)), len(frame)
        )

    @classmethod
    def together(cls, parts: Sequence[Facts]) -> Facts:
        """The facts of partitions that follow each other."""
        firsts: dict[tuple[Any, ...], int] = {}
        rows = 0
        for part in parts:
            for value, first in part.firsts.items():
                firsts.setdefault(value, rows + first)
            rows += part.rows
        return cls(parts[0].columns, firsts, rows)

    def frame(self) -> pd.DataFrame:
        """One row a fact."""
        return pd.DataFrame(list(self.firsts), columns=list(self.columns), dtype=object)

    def first_rows(self) -> Rows:
        """The first row of the collection that says each fact."""
        return np.fromiter(self.firsts.values(), np.int64, len(self.firsts))

    def numbers(self) -> dict[tuple[Any, ...], int]:
        """The position of each fact in `frame`."""
        return {value: number for number, value in enumerate(self.firsts)}


def numbered(frame: pd.DataFrame, numbers: dict[tuple[Any, ...], int]) -> Rows:
    """The number of each row's fact."""
    codes, _, values = _distinct(frame)
    return np.array([numbers[value] for value in values], np.int64)[codes]


def _distinct(frame: pd.DataFrame) -> tuple[Rows, Rows, list[tuple[Any, ...]]]:
    """Number of each row's combination of values, first row of each, and its values."""
    codes = np.zeros(len(frame), np.int64)
    for name in frame:
        try:
            more, values = pd.factorize(frame[name], use_na_sentinel=False)
        except TypeError:
            raise InputError(f"column {name!r} holds values that are no text") from None
        codes = pd.factorize(codes * len(values) + more)[0].astype(np.int64, copy=False)
    firsts = np.zeros(codes.max(initial=-1) + 1, np.int64)
    firsts[codes[::-1]] = np.arange(len(codes))[::-1]  # the first row is written last
    picked = frame.iloc[firsts].astype(object)
    plain = picked.where(picked.notna(), None)
    return codes, firsts, list(plain.itertuples(index=False, name=None))


def find_facts(described: Any) -> Facts:
    """Facts of a Dask DataFrame, in one pass over its columns; the frame itself is not kept."""
    found: Facts = in_tree(described.to_delayed(), Facts.of, Facts.together)
    return found


def in_tree(
    parts: Sequence[Any], look: Callable[[Any], Any], together: Callable[[list[Any]], Any]
) -> Any:
    """Look at every partition and put what was found together, few at a time and in order."""
    found = [dask.delayed(look)(part) for part in parts]
    while len(found) > 1:
        found = [
            dask.delayed(together)(found[start : start + _MERGED_AT_ONCE])
            for start in range(0, len(found), _MERGED_AT_ONCE)
        ]
    return dask.compute(found[0])[0]


@contextmanager
def placed(rows: Rows) -> Iterator[None]:
    """Let an `InputError` name rows of the whole collection, not of the part that was read."""
    try:
        yield
    except InputError as error:
        problems = [
            problem._replace(row=int(rows[problem.row]))
            if isinstance(problem.row, int)
            else problem
            for problem in error.problems
        ]
        raise InputError(error.message, problems) from None
