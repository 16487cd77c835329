"""The brake of a refresh: types that flip wait until all are counted, and stay out if too many.

Where more known types flip than a market does, something is wrong with the source.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sectypes.asking import Answered, Keeper, write_answers
from sectypes.errors import first_of
from sectypes.lookup import Lookup
from sectypes.precedence import Known
from sectypes.taxonomy import AnswerStatus, Classification, Outcome, SecurityType, ServedBy
from sectypes.trails import as_stale

__all__ = ["BRAKE_FROM", "BRAKE_SHARE", "Brake", "Flip"]

log = logging.getLogger(__name__)

BRAKE_SHARE = 0.02
BRAKE_FROM = 5
"""So many flips, if they are more than `BRAKE_SHARE` of the known types that were asked for, are
held back."""

_COUNTED = {
    AnswerStatus.NOT_FOUND: "not_found",
    AnswerStatus.REFUSED: "failed",
    AnswerStatus.REFUSED_SYMBOL: "refused",
    AnswerStatus.FAILED: "failed",
    AnswerStatus.THROTTLED: "left_over",
}


class Flip(NamedTuple):
    """A known type that a source contradicts."""

    ticker: str
    old_type: SecurityType
    new_type: SecurityType

    def __str__(self) -> str:
        """One line for people."""
        return f"{self.ticker}: {self.old_type.value} -> {self.new_type.value}"


class Brake(Keeper):
    """Keeps answers, but holds flips of known types back until all are counted."""

    def __init__(
        self,
        lookup: Lookup,
        keys: Sequence[str],
        old: Mapping[str, Classification],
        *,
        accept: bool,
    ) -> None:
        super().__init__(lookup.memory, self._write_down, keys)
        self._lookup = lookup
        self._old = old
        self._accept = accept
        self._held: list[tuple[Answered, Classification]] = []
        self._given: dict[str, Classification] = {}
        self._compared = 0
        self.answered: set[str] = set()
        self.counts: Counter[str] = Counter()
        self.flips: list[Flip] = []
        self.notes: dict[str, str] = {}

    def take(self, answered: Answered) -> Known:
        """Keep one answer, or hold the flip back that it is; what is known of its key now."""
        old, fact = self._old.get(answered.key), answered.fact
        self.answered.add(answered.key)
        self.counts["asked"] += 1
        if fact is None:
            self.count(_COUNTED[answered.status], answered.known)
            if old is not None and old.is_fresh(self._lookup.clock()):
                # A fact in its lifetime does not become stale because it was asked for early.
                attempts = answered.known.attempts
                return answered.known._replace(
                    fact=old,
                    served_by=ServedBy.DATABASE,
                    attempts=attempts[:-1],
                    stale=False,
                    fresh_until=old.expires_at,
                )
            return super().take(answered)
        self._compared += old is not None
        if old is None or self._accept or old.security_type is fact.security_type:
            return self._give(answered, fact)
        self._held.append((answered, fact))
        kept = as_stale(old, answered.known.attempts)
        return kept._replace(
            opinion=answered.known.opinion, is_opinion_stale=answered.known.is_opinion_stale
        )

    def count(self, what: str, known: Known) -> None:
        """Count one key, with the words of the first that has no answer."""
        self.counts[what] += 1
        # Behind the source's own words an older fact may be named that stands in.
        said = [one.note for one in known.attempts if one.outcome is not Outcome.STALE]
        if said and what not in self.notes:
            self.notes[what] = said[-1]

    def settle(self) -> bool:
        """Write the flips, unless they are too many, and count; whether they are held back."""
        held, self._held = self._held, []
        is_held_back = len(held) >= BRAKE_FROM and len(held) > BRAKE_SHARE * self._compared
        if is_held_back:
            log.warning("refresh: %d of %d types flip; held back", len(held), self._compared)
            for answered, fact in held:
                self._flip(self._old[answered.key], fact)
        else:
            for answered, fact in held:
                self._give(answered, fact)
            self.flush()
        self._count_written()
        return is_held_back

    def _give(self, answered: Answered, fact: Classification) -> Known:
        self._given[answered.key] = fact
        return super().take(answered)

    def _flip(self, old: Classification, new: Classification) -> None:
        self.flips.append(Flip(old.ticker, old.security_type, new.security_type))

    def _count_written(self) -> None:
        """Count facts by what the database holds now: somebody may have written newer ones."""
        store, given = self._lookup.store, self._given
        found = given if store is None else store.lookup(list(given)).facts
        for key, fact in given.items():
            old, now = self._old.get(key), found.get(key, fact)
            if old is None:
                self.counts["new"] += 1
            elif old.security_type is now.security_type:
                self.counts["unchanged"] += 1
            else:
                self.counts["changed"] += 1
                self._flip(old, now)
        newer = [key for key in given if key in found and _differ(found[key], given[key])]
        if newer:
            self._lookup.forget(newer)
            told = f"not written, because the database has a newer fact: {first_of(newer, 8)}"
            self.notes["not written"] = told

    def _write_down(self, answers: Sequence[Answered]) -> None:
        if self._lookup.store is not None:
            write_answers(self._lookup.store, answers)
        log.info(
            "refresh: kept a batch of %d answers, %d so far", len(answers), self.counts["asked"]
        )


def _differ(one: Classification, other: Classification) -> bool:
    """Whether two facts about one ticker do not come from the same answer."""
    return (one.observed_at, one.security_type) != (other.observed_at, other.security_type)
