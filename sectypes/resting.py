"""A database that fails is left alone for a while, with a warning: it may cost no answer."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from sectypes.errors import StoreUnavailable, StoreWarning, warn

if TYPE_CHECKING:
    from sectypes.store import SqlStore

__all__ = ["REST", "RestingStore"]

log = logging.getLogger(__name__)

REST = timedelta(seconds=30)
"""So long a database that failed is not tried again."""

_COST = {
    "read": "Its facts and overrides are not known now, so answers may be others than usual.",
    "write": "Answers are not affected, but will be asked for again.",
}

T = TypeVar("T")


class RestingStore:
    """The database, where it can be used.

    Parameters
    ----------
    store : SqlStore | None
        None for none.
    clock : Callable[[], datetime]
        Aware UTC now.
    on_unreadable : Callable[[StoreUnavailable], None]
        Told when it cannot be read.
    """

    def __init__(
        self,
        store: SqlStore | None,
        clock: Callable[[], datetime],
        on_unreadable: Callable[[StoreUnavailable], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._on_unreadable = on_unreadable
        # Until when it rests and what was said about it, in one: other threads may look any time.
        self._until: dict[str, tuple[datetime, str]] = {}

    def use(self, purpose: str, action: Callable[[SqlStore], T], otherwise: T) -> T:
        """Do something with the database; where it fails, warn, go on, and let it rest a while.

        One that cannot be read is not written either; one that cannot be written still answers.
        """
        now = self._clock()
        if self._store is None:
            return otherwise
        rests_until = [self._until[one][0] for one in {purpose, "read"} if one in self._until]
        if rests_until and now < max(rests_until):
            return otherwise
        try:
            return action(self._store)
        except StoreUnavailable as error:
            told = f"the cache database cannot be used to {purpose}: {error}. {_COST[purpose]}"
            self._until[purpose] = (now + REST, told)
            if purpose == "read":
                self._on_unreadable(error)
            log.warning("cache database: cannot %s: %s", purpose, error)
            warn(told, StoreWarning)
            return otherwise

    def warn_while_unreadable(self) -> None:
        """Say again that it cannot be read, as long as it is not tried again."""
        until, told = self._until.get("read", (None, ""))
        if until is not None and self._clock() < until:
            warn(told, StoreWarning)
