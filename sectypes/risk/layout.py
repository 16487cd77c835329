"""Where the portfolios of a frame lie, and how it is cut so that steps stay in the cache.

Every step of a comparison is a pass over its rows. Over the rows of a whole frame each pass would
wait for memory, and what it makes would need as much again; over one block after the other neither
grows with the frame.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from sectypes.risk.groups import Groups
from sectypes.risk.rates import IntArray

__all__ = ["Layout"]

_ROWS = 1 << 16
"""Rows of a block: some 30 arrays of them fit into a usual processor's cache."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The rows of each portfolio.

    Attributes
    ----------
    edges : array of int, shape (portfolios + 1,)
        Where each portfolio begins and the last one ends, among the rows in their order.
    order : array of int, shape (n,), or None
        The rows portfolio by portfolio; None where they come like that.
    """

    edges: IntArray
    order: IntArray | None

    @classmethod
    def of(cls, codes: IntArray, portfolios: int) -> Layout:
        """The layout of rows whose portfolios are numbered in order of appearance, without gaps."""
        if not len(codes):
            return cls(np.zeros(portfolios + 1, dtype=np.int64), None)
        inner = np.flatnonzero(codes[1:] != codes[:-1]) + 1
        if len(inner) < portfolios:
            return cls(np.concatenate([[0], inner, [len(codes)]]), None)
        ends = np.cumsum(np.bincount(codes, minlength=portfolios))
        return cls(np.concatenate([[0], ends]), np.argsort(codes, kind="stable"))

    @property
    def most(self) -> int:
        """Rows of the portfolio that has most."""
        return int(np.diff(self.edges).max(initial=0))

    @property
    def everything(self) -> slice:
        """All portfolios."""
        return slice(0, len(self.edges) - 1)

    def __iter__(self) -> Iterator[slice]:
        """The portfolios of one block after the other; at least one block."""
        wanted = np.arange(_ROWS, int(self.edges[-1]), _ROWS)
        inner = np.searchsorted(self.edges, wanted, side="right") - 1
        cuts = np.unique([0, *inner, self.everything.stop]).tolist()
        yield from (slice(*ends) for ends in pairwise(cuts if len(cuts) > 1 else [0, 0]))

    def rows(self, portfolios: slice) -> IntArray | slice:
        """The rows of some portfolios, those of one next to each other."""
        found = slice(int(self.edges[portfolios.start]), int(self.edges[portfolios.stop]))
        return found if self.order is None else self.order[found]

    def groups(self, portfolios: slice) -> Groups:
        """Which of these rows belong together."""
        return Groups.between(self.edges[portfolios.start : portfolios.stop + 1])
