"""Memory: a bounded cache that keeps what is asked for often, and forgets what no longer is.

Written here because no library passes both traces of tests/test_cache.py (a new book takes over, a
huge one-off call does not): theine 2.0 ended at 74-89% hits on the first and needed 24 ms for
10,000 warm keys, cachetools 8.0 and cachebox 6.2 have plain LFU (25% hits on the first) or LRU (0%
kept on the second). None of them reads an expired value on request or takes a clock for expiry
per entry.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Collection, Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

__all__ = ["CacheStats", "Expiring", "MemoryCache", "guard_forks", "utc_now"]

TOP = 4
"""Calls after which a key counts as often asked; a small number lets a new book catch up soon."""
AGEING = 10
"""All counts are halved each time this many times `maxsize` keys were asked for."""
GHOSTS = 4
"""Counts are kept for up to this many times `maxsize` keys that are not held."""


class Expiring(Protocol):
    """What a cache can hold: an immutable value that knows until when it counts."""

    def is_fresh(self, now: datetime) -> bool:
        """Whether the value still counts at `now`."""


V = TypeVar("V", bound=Expiring)


def utc_now() -> datetime:
    """The time now, aware UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class CacheStats:
    """What a cache has done since it was made.

    Attributes
    ----------
    hits, misses : int
        Keys that were asked for and answered with a fresh value, or not.
    entries : int
        Values held now, expired ones included.
    evictions : int
        Values that had to make room for others.
    """

    hits: int
    misses: int
    entries: int
    evictions: int


class _Asked(NamedTuple):
    """Keys that one call asked for, and how many of them were answered."""

    keys: tuple[str, ...]
    hits: int


class _Put(NamedTuple):
    """Values that one call put, and the keys of the whole call."""

    values: Mapping[str, Any]
    together: Container[str]


class MemoryCache(Generic[V]):
    """Keep up to `maxsize` values; the least asked for makes room, of several the longest unused.

    A key's use is the number of recent *calls* that asked for it, counted up to `TOP` and halved
    now and then, so that yesterday's favourites give way. A value put into a full cache replaces
    one that is asked for less or, among equals, one that was not put by the same call; where there
    is none it is not admitted. So a call of any size cannot sweep the cache.

    A call only notes what it asked for and put; the next one enters that, before it looks at
    anything. So nobody waits for the counting of thousands of keys that came for the first time.

    Safe for threads and forks. Values are handed out as they are: they must be immutable.

    Parameters
    ----------
    maxsize : int
        Most values held, at least 1.
    clock : Callable[[], datetime]
        Aware UTC now, against which values are fresh.

    Examples
    --------
    >>> from sectypes.taxonomy import Classification, Origin, SecurityType
    >>> cache = MemoryCache(maxsize=2)
    >>> cache.put_many({"DSU": Classification("DSU", SecurityType.MUTUAL_FUND, Origin.FMP)})
    >>> list(cache.get_many(["DSU", "SPY"]))
    ['DSU']
    >>> cache.stats
    CacheStats(hits=1, misses=1, entries=1, evictions=0)
    """

    def __init__(self, maxsize: int = 10_000, *, clock: Callable[[], datetime] = utc_now) -> None:
        if maxsize < 1:
            raise ValueError(f"maxsize must be at least 1 (it is {maxsize})")
        self._maxsize = maxsize
        self._clock = clock
        self._lock = threading.Lock()
        self._hits = self._misses = self._evictions = self._changes = 0
        self._forget_all()
        guard_forks().add(self)

    def get_many(self, keys: Iterable[str]) -> dict[str, V]:
        """The fresh values among `keys`; each distinct key counts as asked for once."""
        asked = tuple(keys)
        now = self._clock()
        with self._lock:
            self._enter_notes()
            held = self._held
            found = {
                key: value
                for key in asked
                if (value := held.get(key)) is not None and value.is_fresh(now)
            }
            self._note(_Asked(asked, len(found)), is_small=len(asked) <= self._maxsize)
        return found

    def used(self, keys: Collection[str], times: int) -> None:
        """Count distinct keys as asked for `times` more, and as answered with what is held.

        For one who still has the values that `get_many` gave him, while `changes` is the same.
        """
        with self._lock:
            self._enter_notes()
            hits = sum(key in self._held for key in keys)
            self._count(keys, times, hits)

    def stale_many(self, keys: Iterable[str]) -> dict[str, V]:
        """The expired values among `keys` that are still held; asking so does not count as use."""
        wanted, now = list(keys), self._clock()
        if not wanted:
            return {}
        with self._lock:
            self._enter_notes()
            known = {key: self._held[key] for key in wanted if key in self._held}
        return {key: value for key, value in known.items() if not value.is_fresh(now)}

    def peek(self, key: str) -> V | None:
        """The fresh value of `key`, if one is held; asking so does not count as use."""
        with self._lock:
            self._enter_notes()
            value = self._held.get(key)
        return value if value is not None and value.is_fresh(self._clock()) else None

    def put_many(self, values: Mapping[str, V], *, together: Container[str] | None = None) -> None:
        """Hold `values`, newer ones in place of older ones; a full cache may decline some.

        Parameters
        ----------
        values : Mapping[str, V]
            By key.
        together : Container[str] | None
            All keys of the call that these are a part of; None where these are all.
        """
        with self._lock:
            self._changes += bool(values)
            self._waiting += len(values)
            put = dict(values)
            room = self._maxsize - len(self._held)
            self._note(
                _Put(put, put if together is None else together), is_small=self._waiting <= room
            )

    def discard(self, key: str) -> None:
        """Hold nothing for `key` any more, if anything was held."""
        with self._lock:
            self._enter_notes()
            if key in self._held:
                self._remove(key)
                self._changes += 1

    def clear(self) -> None:
        """Hold nothing; the statistics go on."""
        with self._lock:
            self._enter_notes()
            self._forget_all()
            self._changes += 1

    def __len__(self) -> int:
        return self.stats.entries

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self)} of {self._maxsize})"

    @property
    def changes(self) -> int:
        """A number that grows whenever what is held may have changed, other than by expiry."""
        return self._changes

    @property
    def stats(self) -> CacheStats:
        """What happened so far."""
        with self._lock:
            self._enter_notes()
            return CacheStats(self._hits, self._misses, len(self._held), self._evictions)

    def _forget_all(self) -> None:
        self._notes: list[_Asked | _Put] = []  # of the calls since the last look, in order
        self._waiting = 0  # values in the notes
        self._held: dict[str, V] = {}
        self._uses: dict[str, int] = {}  # of the keys held
        self._ghosts: dict[str, int] = {}  # of keys asked for and not held
        # The keys held, by their use; the longest unused first.
        self._levels = tuple(OrderedDict[str, None]() for _ in range(TOP + 1))
        self._asked = 0

    def _note(self, note: _Asked | _Put, *, is_small: bool) -> None:
        """Leave for the next call to enter what is small enough to be kept until then."""
        self._notes.append(note)
        if not is_small:
            self._enter_notes()

    def _enter_notes(self) -> None:
        """Do what the calls since the last look left to be done."""
        notes, self._notes, self._waiting = self._notes, [], 0
        for note in notes:
            if isinstance(note, _Asked):
                self._count(dict.fromkeys(note.keys), 1, note.hits)
            else:
                self._take(note.values, note.together)

    def _take(self, values: Mapping[str, V], together: Container[str]) -> None:
        held, uses, ghosts, levels = self._held, self._uses, self._ghosts, self._levels
        for key, value in values.items():
            if key in held:
                held[key] = value
            elif len(held) < self._maxsize or self._makes_room(key, together):
                count = ghosts.pop(key, 0)
                held[key] = value
                uses[key] = count
                levels[count][key] = None

    def _remove(self, key: str) -> None:
        del self._held[key]
        del self._levels[self._uses.pop(key)][key]

    def _makes_room(self, key: str, together: Container[str]) -> bool:
        """Whether `key` may come into a full cache, after the one that it replaces went out."""
        lowest = next(count for count, level in enumerate(self._levels) if level)
        victim = next(iter(self._levels[lowest]))
        use = self._ghosts.get(key, 0)
        if lowest > use or (lowest == use and victim in together):
            return False
        self._remove(victim)
        self._ghosts[victim] = lowest
        self._evictions += 1
        return True

    def _count(self, asked: Collection[str], times: int, hits: int) -> None:
        """Count distinct keys as asked for, by so many calls that asked for all of them."""
        self._hits += hits * times
        self._misses += (len(asked) - hits) * times
        self._age(min(len(asked), self._maxsize) * times)
        uses, ghosts, levels = self._uses, self._ghosts, self._levels
        renew = levels[TOP].move_to_end
        for key in asked:
            count = uses.get(key)
            if count == TOP:
                renew(key)
            elif count is None:
                absent = ghosts.get(key, 0) + times
                ghosts[key] = absent if absent < TOP else TOP
            else:
                del levels[count][key]
                count = count + times if count + times < TOP else TOP
                uses[key] = count
                levels[count][key] = None
        while len(self._ghosts) > GHOSTS * self._maxsize:
            self._ghosts = _halved(self._ghosts)

    def _age(self, asked: int) -> None:
        """Halve all counts when it is time; however many keys are asked for at once, only once."""
        self._asked += asked
        if self._asked < AGEING * self._maxsize:
            return
        self._asked = 0
        self._ghosts = _halved(self._ghosts)
        self._uses = {key: count // 2 for key, count in self._uses.items()}
        older = self._levels
        self._levels = tuple(OrderedDict[str, None]() for _ in older)
        for count, level in enumerate(older):
            self._levels[count // 2].update(level)


def _halved(counts: Mapping[str, int]) -> dict[str, int]:
    return {key: count // 2 for key, count in counts.items() if count > 1}


@cache
def guard_forks() -> weakref.WeakSet[Any]:
    """All objects with a `_lock` that is held for moments, caches above all.

    A fork waits until no thread is inside one, so that the child's are whole.
    """
    guarded: weakref.WeakSet[Any] = weakref.WeakSet()
    held: list[threading.Lock] = []

    def acquire() -> None:
        held.extend(one._lock for one in guarded)
        for lock in held:
            lock.acquire()

    def release() -> None:
        while held:
            held.pop().release()

    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=acquire, after_in_parent=release, after_in_child=release)
    return guarded
