"""One security in several rows: lots, accounts and providers count together as one position.

Concentration is about a single security. Counted row by row, a fund that is held in three accounts
would look three times safer than the same money in one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sectypes.risk.groups import Groups
from sectypes.risk.numbering import factorized
from sectypes.risk.rates import BoolArray, FloatArray, IntArray
from sectypes.risk.sums import Grid, group_sums
from sectypes.tickers import canonical_many

__all__ = ["Lots", "Spellings", "find_lots", "security_codes"]


@dataclass(frozen=True, slots=True)
class Lots:
    """The rows that share their security with another row of the same portfolio.

    Attributes
    ----------
    rows : array of int, shape (m,)
        These rows, those of one security next to each other.
    codes : array of int, shape (m,)
        Which security each belongs to, from 0 upwards.
    firsts : array of int, shape (securities,)
        The row that stands for the security: its first.
    grid : Grid | None
        How values are cut to be summed; None for what suits them.
    """

    rows: IntArray
    codes: IntArray
    firsts: IntArray
    grid: Grid | None = None

    def together(self, values: FloatArray) -> FloatArray:
        """The values with each security's sum on its first row and 0 on its others."""
        merged = np.array(values)
        merged[self.rows] = 0.0
        merged[self.firsts] = group_sums(values[self.rows], self.codes, len(self.firsts), self.grid)
        return merged

    def all(self, flags: BoolArray) -> BoolArray:
        """The flags with "all of them" on each security's first row."""
        merged = np.array(flags)
        no = np.bincount(self.codes, ~flags[self.rows], len(self.firsts))
        merged[self.firsts] = no == 0
        return merged

    def least(self, values: FloatArray) -> FloatArray:
        """The values with the least of each security's rows on its first row."""
        merged = np.array(values)
        begins = np.searchsorted(self.codes, np.arange(len(self.firsts)))
        merged[self.firsts] = np.minimum.reduceat(values[self.rows], begins)
        return merged


@dataclass(frozen=True, slots=True)
class Spellings:
    """Tickers as numbers, so that each text is read once.

    Attributes
    ----------
    codes : array of int, shape (n,)
        Which spelling each row has; -1 for a missing one.
    names : array of object, shape (spellings + 1,)
        The spellings, and "" at the end, where -1 finds it.
    securities : array of int, shape (spellings + 1,)
        A number for each security, the same for all its spellings; -1 for a blank one.
    """

    codes: IntArray
    names: npt.NDArray[Any]
    securities: IntArray

    @classmethod
    def of(cls, tickers: Any) -> Spellings:
        """The spellings of a Series or a sequence."""
        codes, spelled = (
            factorized(tickers)
            if isinstance(tickers, pd.Series)
            else pd.factorize(np.array(tickers, dtype=object))
        )
        keys = np.array(canonical_many([str(one) for one in spelled]), dtype=object)
        keys[keys == ""] = None
        names = np.append(np.asarray(spelled, dtype=object), "")
        return cls(codes, names, np.append(pd.factorize(keys)[0], -1))

    @classmethod
    def blank(cls, rows: int) -> Spellings:
        """No row has a ticker."""
        nothing = np.full(1, -1)
        return cls(np.broadcast_to(nothing, rows), np.array([""], dtype=object), nothing)


def security_codes(tickers: Any) -> IntArray:
    """A number for each security, the same for all spellings of its ticker; -1 for a blank one.

    Parameters
    ----------
    tickers : Series or sequence of str, shape (n,)
        In any spelling.

    Examples
    --------
    >>> security_codes(["BRK.B", "DSU", "BRK-B", ""]).tolist()
    [0, 1, 0, -1]
    """
    found = Spellings.of(tickers)
    return found.securities[found.codes]


def find_lots(securities: IntArray, groups: Groups, grid: Grid | None = None) -> Lots | None:
    """The rows whose security occurs again in their portfolio; None where there are none.

    Parameters
    ----------
    securities : array of int, shape (n,)
        As `security_codes` numbers them; rows with -1 stand for themselves.
    groups : Groups
        The portfolio of each row.
    grid : Grid | None
        See `Lots`.
    """
    # numpy sorts 16-bit numbers in linear time, and few frames hold more securities than that.
    narrow = securities.max(initial=-1) < np.iinfo(np.int16).max
    order = np.argsort(securities.astype(np.int16) if narrow else securities, kind="stable")
    sorted_, portfolio = securities[order], groups.codes[order]
    again = (sorted_[1:] == sorted_[:-1]) & (portfolio[1:] == portfolio[:-1]) & (sorted_[1:] >= 0)
    if not again.any():
        return None
    begins = np.concatenate([[True], ~again])
    shared = ~begins
    shared[:-1] |= again
    firsts = begins & shared
    codes = np.cumsum(firsts)[shared] - 1
    return Lots(order[shared], codes, order[firsts], grid)
