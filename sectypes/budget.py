"""The budget: how many calls a day may be made, counted for all processes that share a database.

A call is counted before it is made, further tries included, so the limit is never exceeded. The
day is the UTC day; when FMP's own count starts again is not documented.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from sectypes.errors import StoreUnavailable

if TYPE_CHECKING:
    from sectypes.store import SqlStore

__all__ = ["Bill", "Budget"]

log = logging.getLogger(__name__)

REST = timedelta(seconds=30)
"""So long a database that could not count is left alone."""


@dataclass(frozen=True, slots=True)
class Bill:
    """What a run costs, before it begins.

    Attributes
    ----------
    calls : int
        Calls that it needs, one a ticker; a failing call may be tried again.
    left : int | None
        Calls left today; None without a limit.
    limit : int | None
        Calls a day; None without a limit.

    Examples
    --------
    >>> str(Bill(37, 213, 250))
    '37 calls, 213 of 250 left today'
    >>> str(Bill(1, None, None))
    '1 call, no daily limit is set'
    """

    calls: int
    left: int | None
    limit: int | None

    def __str__(self) -> str:
        """One line for people."""
        calls = f"{self.calls:,} call{'' if self.calls == 1 else 's'}"
        if self.limit is None:
            return f"{calls}, no daily limit is set"
        return f"{calls}, {self.left:,} of {self.limit:,} left today"

    def to_dict(self) -> dict[str, int | None]:
        """Plain values."""
        return {"calls": self.calls, "left": self.left, "limit": self.limit}


class Budget:
    """Counts calls, in the database or, where there is none, in this process alone.

    Where a limit is set and the database cannot count, no call is made: otherwise processes that
    do not see each other could exceed it.

    Parameters
    ----------
    store : SqlStore | None
        The database.
    limit : int | None
        Calls a day; None for any number.
    clock : Callable[[], datetime]
        Aware UTC now.

    Examples
    --------
    >>> from sectypes.cache import utc_now
    >>> budget = Budget(None, 1, utc_now)
    >>> budget.spend(), budget.spend(), budget.why_not
    (True, False, 'budget: 1 call a day is spent (counted in this process only: no database)')
    """

    def __init__(
        self, store: SqlStore | None, limit: int | None, clock: Callable[[], datetime]
    ) -> None:
        self.limit = limit
        self.why_not = ""
        self._store = store
        self._clock = clock
        self._counters: dict[int, _Counter] = {}
        self._here: dict[date, int] = {}
        self._rests_until: datetime | None = None

    def spend(self) -> bool:
        """Count one call; whether it may be made. `why_not` tells the last refusal."""
        if self._count():
            return True
        if self.limit is not None and not self._is_resting():
            calls = "1 call a day is" if self.limit == 1 else f"{self.limit:,} calls a day are"
            where = " (counted in this process only: no database)" if self._store is None else ""
            self.why_not = f"budget: {calls} spent{where}"
        return False

    def spent(self) -> int | None:
        """Calls counted today; None where the database cannot tell."""
        if self._store is None:
            return self._here.get(self._today(), 0)
        if self._is_resting():
            return None
        try:
            return self._store.calls_on(self._today())
        except StoreUnavailable as error:
            self.rest(error)
            return None

    def rest(self, error: StoreUnavailable) -> None:
        """Leave the database alone for a while, because it cannot be used."""
        self._rests_until = self._clock() + REST
        self.why_not = f"budget: the calls of today cannot be counted, because {error}"
        log.warning("calls are not counted: %s", error)

    def bill(self, calls: int) -> Bill:
        """What so many calls mean today."""
        if self.limit is None:
            return Bill(calls, None, None)
        spent = self.spent()
        return Bill(calls, 0 if spent is None else max(0, self.limit - spent), self.limit)

    def _today(self) -> date:
        return self._clock().date()

    def _count(self) -> bool:
        # A forked child counts by itself: a thread of its parent may be counting just now.
        return self._counters.setdefault(os.getpid(), _Counter(self._reserve)).one()

    def _reserve(self, wanted: int) -> int:
        """Count up to `wanted` calls at once; how many may be made."""
        today = self._clock().date()
        if self._store is None:
            spent = self._here.get(today, 0)
            granted = wanted if self.limit is None else max(0, min(wanted, self.limit - spent))
            self._here = {today: spent + granted}
            return granted
        uncounted = wanted if self.limit is None else 0
        if self._is_resting():
            return uncounted
        try:
            return self._store.count_calls(today, wanted, self.limit)
        except StoreUnavailable as error:
            self.rest(error)
            return uncounted

    def _is_resting(self) -> bool:
        return self._rests_until is not None and self._clock() < self._rests_until


class _Counter:
    """Lets one thread count for all that wait, so that a busy database is asked once for them."""

    def __init__(self, reserve: Callable[[int], int]) -> None:
        self._reserve = reserve
        self._changing = threading.Lock()
        self._counting = threading.Lock()
        self._waiting = 0
        self._granted = 0
        self._refused = 0

    def one(self) -> bool:
        """Whether this thread may make one call."""
        with self._changing:
            self._waiting += 1
        with self._counting:
            if not self._granted and not self._refused:
                with self._changing:
                    wanted, self._waiting = self._waiting, 0
                try:
                    self._granted = self._reserve(wanted)
                finally:
                    # Each of them comes here for one of these answers; after an error they are
                    # all refused.
                    self._refused = wanted - self._granted
            if self._granted:
                self._granted -= 1
                return True
            self._refused -= 1
            return False
