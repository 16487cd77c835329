"""The last few of something, found again by comparing: for what is asked in the same words again.

An analyst runs a cell twice, or classifies, explains and compares one and the same column. What was
worked out for its distinct values is then found by one comparison of the whole list, which stops
at the first difference.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from sectypes.cache import guard_forks

__all__ = ["LISTS", "Lately"]

LISTS = 8
"""Values kept at a time: few enough to compare with each."""
LEAST = 10
"""Entries from which on a value is kept: a loop over single tickers must not drive out a column."""

T = TypeVar("T")


class Lately(Generic[T]):
    """Keeps up to `LISTS` values of `LEAST` entries or more, of at most `most` entries in all.

    Those that were used least lately make room.

    Safe for threads and forks.

    Parameters
    ----------
    most : int
        Entries of all kept values together; a value with more is not kept.

    Examples
    --------
    >>> lately = Lately(100)
    >>> lately.keep("first", 40)
    >>> lately.keep("second", 50)
    >>> lately.find(lambda word: word.startswith("f"))
    'first'
    >>> lately.keep("third", 50)
    >>> lately.find(lambda word: word.startswith("s")) is None
    True
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._kept: tuple[tuple[T, int], ...] = ()
        guard_forks().add(self)

    def find(self, fits: Callable[[T], bool]) -> T | None:
        """The value last used of those that fit; None where none does."""
        for value, size in self._kept:
            if fits(value):
                self.keep(value, size)
                return value
        return None

    def keep(self, value: T, size: int) -> None:
        """Keep a value of `size` entries."""
        if size < LEAST or (self._kept and self._kept[0][0] is value):
            return
        with self._lock:
            room = self._most
            kept: list[tuple[T, int]] = []
            for one in ((value, size), *(one for one in self._kept if one[0] is not value)):
                room -= one[1]
                if room < 0 or len(kept) == LISTS:
                    break
                kept.append(one)
            if kept:
                self._kept = tuple(kept)

    def drop(self, value: T) -> None:
        """Keep a value no longer."""
        with self._lock:
            self._kept = tuple(one for one in self._kept if one[0] is not value)
