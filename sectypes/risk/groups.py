"""Many portfolios in one array: rows of one portfolio lie next to each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sectypes.risk.rates import BoolArray, FloatArray, IntArray
from sectypes.risk.sums import Grid

__all__ = ["Groups"]


@dataclass(frozen=True, slots=True)
class Groups:
    """Which rows belong to which portfolio: `codes` does not decrease, `starts` are first rows."""

    codes: IntArray
    starts: IntArray

    @classmethod
    def of_sorted(cls, codes: IntArray) -> Groups:
        """The groups of codes that do not decrease."""
        starts = np.flatnonzero(codes[1:] != codes[:-1]) + 1
        return cls(codes, np.concatenate([np.zeros(min(len(codes), 1), dtype=np.int64), starts]))

    @classmethod
    def between(cls, edges: IntArray) -> Groups:
        """The groups that begin and end at these rows; no rows at all are no group."""
        counts = np.diff(edges)
        codes = np.repeat(np.arange(len(counts)), counts)
        return cls(codes, edges[:-1] - edges[0] if len(codes) else codes)

    @classmethod
    def one(cls, rows: int) -> Groups:
        """All rows in one group."""
        return cls(np.zeros(rows, dtype=np.int64), np.zeros(1, dtype=np.int64))

    def highest(self, values: FloatArray) -> FloatArray:
        """Highest value of each group."""
        highest: FloatArray = np.maximum.reduceat(values, self.starts)
        return highest

    def any(self, values: BoolArray) -> BoolArray:
        """Whether any row of each group says so."""
        found: BoolArray = np.logical_or.reduceat(values, self.starts)
        return found

    def sums(self, values: FloatArray, grid: Grid) -> FloatArray:
        """Sum of each group, as `group_sums` has it."""
        coarse, fine = (np.add.reduceat(part, self.starts) for part in grid.parts(values))
        summed: FloatArray = coarse + fine
        return summed
