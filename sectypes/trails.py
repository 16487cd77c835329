"""What each room's word comes to: facts and "no"s as `Known`, with the lines of the trail."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from sectypes.precedence import MEMORY_MISS, Held, Known, cache_trail, describe_fact
from sectypes.taxonomy import (
    AnswerStatus,
    Attempt,
    Classification,
    Miss,
    Outcome,
    ServedBy,
)

__all__ = [
    "FOREVER",
    "MEMORY_MISS",
    "NOT_ASKABLE",
    "OUTCOMES",
    "Pending",
    "as_known",
    "as_remembered",
    "as_shared",
    "as_stale",
    "counts_until",
    "describe",
    "expired",
    "from_cache",
    "from_history",
    "from_miss",
    "remembered_miss",
    "unasked",
    "with_opinion",
]

OUTCOMES = dict.fromkeys(AnswerStatus, Outcome.ERROR) | {
    AnswerStatus.FOUND: Outcome.HIT,
    AnswerStatus.NOT_FOUND: Outcome.MISS,
}
NOT_ASKABLE = Known(
    attempts=(Attempt("source", Outcome.SKIPPED, "not the form of a listed ticker"),)
)
FOREVER = datetime.max.replace(tzinfo=UTC)


class Pending(NamedTuple):
    """A key that memory and database could not settle: an older fact, and what they said."""

    fact: Classification | None
    attempts: tuple[Attempt, ...]
    opinion: Classification | None = None
    is_opinion_stale: bool = False

    @classmethod
    def of(
        cls,
        fact: Classification | None,
        attempts: tuple[Attempt, ...],
        opinion: Classification | None,
        now: datetime,
    ) -> Pending:
        """With the second opinion that there is, whatever its age."""
        return cls(fact, attempts, opinion, opinion is not None and not opinion.is_fresh(now))

    def add_to(self, known: Known) -> Known:
        """What has become known, with the second opinion that there was before."""
        if self.opinion is None:
            return known
        room = ServedBy.DATABASE if known.fact is None else known.served_by
        return known._replace(
            opinion=self.opinion, is_opinion_stale=self.is_opinion_stale, served_by=room
        )


def from_cache(fact: Classification, served_by: ServedBy) -> Known:
    """A fresh fact that was found in memory or in the database."""
    attempts = cache_trail(served_by, fact.origin, fact.raw_label or fact.security_type)
    return Known(fact, served_by, attempts, False, fact.expires_at)


def from_miss(fact: Classification | None, miss: Miss, attempts: tuple[Attempt, ...]) -> Known:
    """A "no"; an older fact, where there is one, outlives it as a stale answer."""
    if fact is None:
        return Known(attempts=attempts, fresh_until=miss.expires_at)
    return as_stale(fact, attempts, miss.expires_at)


def remembered_miss(fact: Classification | None, miss: Miss) -> Known:
    """A "no" that the database remembers."""
    note = f"{miss.note}; asked again after {miss.expires_at:%Y-%m-%d %H:%M} UTC"
    said = Attempt("database", OUTCOMES[miss.status], note)
    return from_miss(fact, miss, (MEMORY_MISS, said))


def as_stale(
    fact: Classification, attempts: tuple[Attempt, ...], until: datetime | None = None
) -> Known:
    """An older fact that could not be renewed."""
    since = f", seen {fact.observed_at:%Y-%m-%d}" if fact.observed_at else ""
    said = Attempt("database", Outcome.STALE, f"{describe(fact)}{since}, out of date")
    return Known(fact, ServedBy.DATABASE, (*attempts, said), stale=True, fresh_until=until)


def unasked(pending: Pending, why: Attempt, now: datetime) -> Known:
    """What there is where nobody was asked."""
    attempts = (*pending.attempts, why)
    if pending.fact is None:
        return pending.add_to(Known(attempts=attempts))
    if pending.fact.is_fresh(now):
        known = from_cache(pending.fact, ServedBy.DATABASE)._replace(attempts=attempts)
        return pending.add_to(known)
    return pending.add_to(as_stale(pending.fact, attempts))


def as_remembered(known: Known) -> Held:
    """The same knowledge as memory will tell it next time."""
    if known.fact is None:
        return known._replace(attempts=_older(known.attempts), served_by=_remembered(known))
    if not known.stale:
        if known.opinion is None:
            return known.fact
        trail = from_cache(known.fact, ServedBy.MEMORY).attempts
        return known._replace(served_by=ServedBy.MEMORY, attempts=trail)
    *before, told = _older(known.attempts)
    attempts = (*before, told._replace(room="memory"))
    return known._replace(served_by=ServedBy.MEMORY, attempts=attempts)


def _older(attempts: tuple[Attempt, ...]) -> tuple[Attempt, ...]:
    """Without the first line, which says how this asking began: what is remembered has none."""
    return attempts[1:] if len(attempts) > 1 and attempts[0].room == "memory" else attempts


def _remembered(known: Known) -> ServedBy:
    return known.served_by if known.opinion is None else ServedBy.MEMORY


def as_known(held: Held) -> Known:
    """What memory tells of one key."""
    return held if isinstance(held, Known) else from_cache(held, ServedBy.MEMORY)


def counts_until(known: Iterable[Held]) -> datetime | None:
    """Until when none of this need be asked again; None where something must be, each time."""
    until = FOREVER
    for one in known:
        fresh_until = one.fresh_until if isinstance(one, Known) else one.expires_at
        if fresh_until is None and one is not NOT_ASKABLE:
            return None
        until = min(until, fresh_until or FOREVER)
    return until


def with_opinion(known: Known, told: Known) -> Known:
    """What is known of a key, with what a second source told about it now."""
    if told.fact is None:
        if known.fact is not None:
            return known  # it did not help; the fact stands as before
        return known._replace(attempts=told.attempts)
    room = known.served_by if known.fact is not None else told.served_by
    attempts = known.attempts if known.fact is not None else told.attempts
    return known._replace(
        opinion=told.fact, is_opinion_stale=False, served_by=room, attempts=attempts
    )


def as_shared(known: Known) -> Known:
    """The same knowledge for one who waited while another call asked for it."""
    *before, told = known.attempts
    note = "; ".join(filter(None, [told.note, "asked by another call at the same time"]))
    return known._replace(attempts=(*before, told._replace(note=note)))


def from_history(fact: Classification | None, at: datetime) -> Known:
    """What was known at a time in the past."""
    day = f"as of {at:%Y-%m-%d %H:%M} UTC"
    if fact is None:
        return Known(attempts=(Attempt("history", Outcome.MISS, f"nothing was known {day}"),))
    if fact.is_fresh(at):
        hit = Attempt("history", Outcome.HIT, f"{describe(fact)}, {day}")
        return Known(fact, ServedBy.DATABASE, (hit,))
    late = Attempt("history", Outcome.STALE, f"{describe(fact)}, out of date {day}")
    return Known(fact, ServedBy.DATABASE, (late,), stale=True)


def describe(fact: Classification) -> str:
    """Whose fact it is and in which words."""
    return describe_fact(fact.origin, fact.raw_label or fact.security_type)


def expired(fact: Classification) -> Attempt:
    """The trail line of a fact that has expired."""
    return Attempt("database", Outcome.EXPIRED, f"{describe(fact)}, expired")
