"""Asking: memory, then database, then the source, each for all keys at once; keeping what is new.

Every fact is stamped here, once, with the time until which it counts as fresh. What goes wrong
becomes a line of the trail and a warning, never an answer.
"""

from __future__ import annotations

import logging
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from sectypes.cache import MemoryCache
from sectypes.config import Settings
from sectypes.errors import StoreUnavailable, StoreWarning, warn
from sectypes.precedence import Known, describe_fact, is_askable
from sectypes.taxonomy import (
    Answer,
    AnswerStatus,
    Attempt,
    Classification,
    Miss,
    Origin,
    Outcome,
    ServedBy,
    TypeSource,
)

if TYPE_CHECKING:
    from sectypes.store import SqlStore

__all__ = ["Lookup", "Track"]

log = logging.getLogger(__name__)

NOT_FOUND_LIFE = timedelta(days=1)
FAILURE_LIFE = timedelta(minutes=5)
DATABASE_REST = timedelta(seconds=30)
WRITE_BATCH = 100
JITTER = 0.1  # so that one bulk load does not go stale in one hour

_LIVES = {AnswerStatus.NOT_FOUND: NOT_FOUND_LIFE, AnswerStatus.REFUSED_SYMBOL: NOT_FOUND_LIFE}
_OUTCOMES = dict.fromkeys(AnswerStatus, Outcome.ERROR) | {
    AnswerStatus.FOUND: Outcome.HIT,
    AnswerStatus.NOT_FOUND: Outcome.MISS,
}
_MEMORY_MISS = Attempt("memory", Outcome.MISS)

T = TypeVar("T")
_Facts = Mapping[str, Classification]
_Misses = Mapping[str, Miss]
_Answers = Iterator[tuple[str, Answer]]

Track = Callable[[_Answers, int], Iterable[tuple[str, Answer]]]
"""Wraps the answers of a source as they arrive, given how many there will be: a progress bar."""


@dataclass(frozen=True, slots=True)
class _Pending:
    """A key that memory and database could not settle: an expired fact, and what they said."""

    fact: Classification | None
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True)
class _Answered:
    """What a source's answer means: what is known now, and what of it is to be written."""

    key: str
    known: Known
    fact: Classification | None
    miss: Miss | None
    payload: Mapping[str, Any] | None


class Lookup:
    """What the rooms know about keys.

    Parameters
    ----------
    source : TypeSource | None
        Who is asked for what is not cached; None for nobody.
    store : SqlStore | None
        The database; None for none.
    settings : Settings
        Lives and limits.
    clock : Callable[[], datetime]
        Aware UTC now.
    """

    def __init__(
        self,
        source: TypeSource | None,
        store: SqlStore | None,
        settings: Settings,
        clock: Callable[[], datetime],
    ) -> None:
        self.source = source
        self.store = store
        self.memory: MemoryCache[Known] = MemoryCache(settings.cache_size, clock=clock)
        self._settings = settings
        self._clock = clock
        self._resting: dict[str, datetime] = {}

    def know(self, keys: Sequence[str], *, track: Track) -> dict[str, Known]:
        """Collect what is known about each distinct key.

        Parameters
        ----------
        keys : Sequence[str]
            Distinct canonical tickers.
        track : Track
            Wraps the answers of the source: the progress bar.

        Returns
        -------
        dict[str, Known]
            One for each key.
        """
        known = self.memory.get_many(keys)
        rest = [key for key in keys if key not in known]
        askable = []
        for key in rest:
            if is_askable(key):
                askable.append(key)
            else:
                known[key] = _NOT_ASKABLE
        if askable:
            known.update(self._beyond_memory(askable, track))
        return known

    def forget(self, key: str) -> None:
        """Drop what memory holds about a key."""
        self.memory.discard(key)

    def _beyond_memory(self, keys: Sequence[str], track: Track) -> dict[str, Known]:
        now = self._clock()
        facts, misses, database_miss = self._read(keys)
        held = self.memory.stale_many(keys)
        known: dict[str, Known] = {}
        pending: dict[str, _Pending] = {}
        for key in keys:
            fact, miss = facts.get(key), misses.get(key)
            if fact is None and key in held:
                fact = held[key].fact
            if fact is not None and fact.is_fresh(now):
                known[key] = _from_cache(fact, ServedBy.DATABASE)
            elif miss is not None and miss.is_fresh(now):
                said = Attempt("database", _OUTCOMES[miss.status], _remembered(miss))
                known[key] = _from_miss(fact, miss, (_MEMORY_MISS, said))
            else:
                said = database_miss if fact is None else _expired(fact)
                pending[key] = _Pending(fact, (_MEMORY_MISS, said))
        self.memory.put_many({key: _as_remembered(one) for key, one in known.items()})
        known.update(self._ask(pending, track))
        return known

    # -- database ---------------------------------------------------------------------------

    def try_store(self, purpose: str, action: Callable[[SqlStore], T], otherwise: T) -> T:
        """Do something with the database; where it fails, warn, go on, and let it rest a while.

        One that cannot be read is not written either; one that cannot be written still answers.
        """
        now = self._clock()
        if self.store is None:
            return otherwise
        rests_until = [self._resting[one] for one in {purpose, "read"} if one in self._resting]
        if rests_until and now < max(rests_until):
            return otherwise
        try:
            return action(self.store)
        except StoreUnavailable as error:
            self._resting[purpose] = now + DATABASE_REST
            log.warning("cache database: cannot %s: %s", purpose, error)
            warn(
                f"the cache database cannot be used to {purpose}: {error}. Answers are not"
                " affected, but will be asked for again.",
                StoreWarning,
            )
            return otherwise

    def _read(self, keys: Sequence[str]) -> tuple[_Facts, _Misses, Attempt]:
        """What the database holds for `keys`, and the trail line of a key that it does not."""
        if self.store is None:
            return {}, {}, Attempt("database", Outcome.SKIPPED, "no database is configured")
        found = self.try_store("read", lambda store: store.lookup(keys), None)
        if found is None:
            return {}, {}, Attempt("database", Outcome.ERROR, "the database could not be read")
        return found.facts, found.misses, Attempt("database", Outcome.MISS)

    def _write(self, answers: list[_Answered]) -> None:
        facts = [(one.fact, one.payload) for one in answers if one.fact]
        misses = [one.miss for one in answers if one.miss and one.miss.status in _LIVES]
        if facts:
            self.try_store("write", lambda store: store.put_facts(facts), None)
        if misses:
            self.try_store("write", lambda store: store.put_misses(misses), None)

    # -- source -----------------------------------------------------------------------------

    def _ask(self, pending: Mapping[str, _Pending], track: Track) -> dict[str, Known]:
        """Ask the source for what is left, keeping the answers in batches as they arrive."""
        if not pending:
            return {}
        if self.source is None:
            why = Attempt("source", Outcome.SKIPPED, _why_no_source(self._settings))
            return {key: _unasked(one, why, self._clock()) for key, one in pending.items()}
        known: dict[str, Known] = {}
        unsaved: list[_Answered] = []
        try:
            with closing(self.source.fetch(list(pending))) as answers:
                for key, answer in track(answers, len(pending)):
                    answered = self._stamp(self.source.name, key, answer, pending[key])
                    known[key] = answered.known
                    unsaved.append(answered)
                    if len(unsaved) >= WRITE_BATCH:
                        self._keep(unsaved)
        finally:
            # Also on an interrupt: what has been paid for is not lost.
            self._keep(unsaved)
        return known

    def _keep(self, unsaved: list[_Answered]) -> None:
        self.memory.put_many({one.key: _as_remembered(one.known) for one in unsaved})
        self._write(unsaved)
        unsaved.clear()

    def _stamp(self, name: str, key: str, answer: Answer, pending: _Pending) -> _Answered:
        """Turn a source's answer into what is known from now on, with its life decided here."""
        now = self._clock()
        if answer.status is AnswerStatus.FOUND and answer.classification is not None:
            life = self._settings.cache_ttl * (1 - JITTER * _fraction(key))
            fact = answer.classification._replace(
                observed_at=now,
                expires_at=now + timedelta(seconds=life),
            )
            attempts = (*pending.attempts, Attempt(name, Outcome.HIT, _describe(fact)))
            known = Known(fact, ServedBy.NETWORK, attempts, False, fact.expires_at)
            return _Answered(key, known, fact, None, answer.payload)
        life_of_no = _LIVES.get(answer.status, FAILURE_LIFE)
        if answer.retry_after is not None:
            life_of_no = max(life_of_no, timedelta(seconds=answer.retry_after))
        miss = Miss(key, answer.status, answer.note, now, now + life_of_no)
        attempts = (*pending.attempts, Attempt(name, _OUTCOMES[answer.status], answer.note))
        return _Answered(key, _from_miss(pending.fact, miss, attempts), None, miss, None)


_NOT_ASKABLE = Known(
    attempts=(Attempt("source", Outcome.SKIPPED, "not the form of a listed ticker"),)
)


def _fraction(key: str) -> float:
    """A number in [0, 1) that is the same for a key in every process."""
    return zlib.crc32(key.encode()) / 2**32


def _from_cache(fact: Classification, served_by: ServedBy) -> Known:
    attempts = _hit(served_by, fact.origin, fact.raw_label or fact.security_type)
    return Known(fact, served_by, attempts, False, fact.expires_at)


@lru_cache(maxsize=1024)
def _hit(served_by: ServedBy, origin: Origin, words: str) -> tuple[Attempt, ...]:
    """The trail of a hit in a cache; thousands of facts share the few that there are."""
    hit = Attempt(served_by.value, Outcome.HIT, describe_fact(origin, words))
    return (hit,) if served_by is ServedBy.MEMORY else (_MEMORY_MISS, hit)


def _from_miss(fact: Classification | None, miss: Miss, attempts: tuple[Attempt, ...]) -> Known:
    """A "no"; an older fact, where there is one, outlives it as a stale answer."""
    if fact is None:
        return Known(attempts=attempts, fresh_until=miss.expires_at)
    return _as_stale(fact, attempts, miss.expires_at)


def _as_stale(fact: Classification, attempts: tuple[Attempt, ...], until: datetime) -> Known:
    since = f", seen {fact.observed_at:%Y-%m-%d}" if fact.observed_at else ""
    said = Attempt("database", Outcome.STALE, f"{_describe(fact)}{since}, out of date")
    return Known(fact, ServedBy.DATABASE, (*attempts, said), stale=True, fresh_until=until)


def _unasked(pending: _Pending, why: Attempt, now: datetime) -> Known:
    attempts = (*pending.attempts, why)
    if pending.fact is None:
        return Known(attempts=attempts)
    return _as_stale(pending.fact, attempts, now)


def _as_remembered(known: Known) -> Known:
    """The same knowledge as memory will tell it next time."""
    if known.fact is None:
        return known._replace(attempts=known.attempts[1:])
    if not known.stale:
        return _from_cache(known.fact, ServedBy.MEMORY)
    *before, told = known.attempts[1:]
    attempts = (*before, told._replace(room="memory"))
    return known._replace(served_by=ServedBy.MEMORY, attempts=attempts)


def _describe(fact: Classification) -> str:
    return describe_fact(fact.origin, fact.raw_label or fact.security_type)


def _expired(fact: Classification) -> Attempt:
    return Attempt("database", Outcome.EXPIRED, f"{_describe(fact)}, expired")


def _remembered(miss: Miss) -> str:
    return f"{miss.note}; asked again after {miss.expires_at:%Y-%m-%d %H:%M} UTC"


def _why_no_source(settings: Settings) -> str:
    return "offline" if settings.offline else "no FMP_API_KEY is set"
