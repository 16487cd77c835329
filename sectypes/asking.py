"""Asking a source: one call for each ticker, within the budget, however many wait for the answer.

Every fact is stamped here, once, with the time until which it counts as fresh.
"""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sectypes.budget import Budget
from sectypes.config import Settings
from sectypes.memory import Memory
from sectypes.metrics import Metrics
from sectypes.precedence import Known
from sectypes.sources.calls import IdentifyingSource, MeteredSource
from sectypes.taxonomy import (
    Answer,
    AnswerStatus,
    Attempt,
    Classification,
    Miss,
    Outcome,
    ServedBy,
    TypeSource,
)
from sectypes.trails import (
    OUTCOMES,
    Pending,
    as_remembered,
    as_shared,
    describe,
    from_miss,
    unasked,
)
from sectypes.waiting import Flights

if TYPE_CHECKING:
    from sectypes.store import SqlStore

__all__ = ["WRITE_BATCH", "Answered", "Asker", "Keeper", "Order", "Track", "write_answers"]

NOT_FOUND_LIFE = timedelta(days=1)
FAILURE_LIFE = timedelta(minutes=5)
WRITE_BATCH = 100
JITTER = 0.1  # so that one bulk load does not go stale in one hour

_LIVES = {AnswerStatus.NOT_FOUND: NOT_FOUND_LIFE, AnswerStatus.REFUSED_SYMBOL: NOT_FOUND_LIFE}
_Answers = Iterator[tuple[str, Answer]]

Track = Callable[[_Answers, int], Iterable[tuple[str, Answer]]]
"""Wraps the answers of a source as they arrive, given how many there will be: a progress bar."""


def _is_kept_miss(miss: Miss) -> bool:
    """Whether a "no" says something about its ticker; a failure does not."""
    return miss.status in _LIVES


@dataclass(frozen=True, slots=True)
class Answered:
    """What a source's answer means: what is known now, and what of it is to be written."""

    key: str
    known: Known
    status: AnswerStatus
    fact: Classification | None = None
    miss: Miss | None = None
    payload: Mapping[str, Any] | None = None


def write_answers(store: SqlStore, answers: Sequence[Answered]) -> None:
    """Keep the facts of answers, and the "no"s that say something about their tickers."""
    facts = [(one.fact, one.payload) for one in answers if one.fact]
    misses = [one.miss for one in answers if one.miss and _is_kept_miss(one.miss)]
    if facts:
        store.put_facts(facts)
    if misses:
        store.put_misses(misses)


class Keeper:
    """Keeps answers as they arrive: in memory at once, in the database by batches.

    Parameters
    ----------
    memory : Memory
        Where each answer goes at once.
    write : Callable[[Sequence[Answered]], None]
        Writes one batch.
    together : Sequence[str]
        All keys of the call, so that one call cannot sweep memory.
    """

    def __init__(
        self,
        memory: Memory,
        write: Callable[[Sequence[Answered]], None],
        together: Iterable[str],
    ) -> None:
        self._memory = memory
        self._write = write
        self._together = frozenset(together)
        self._unsaved: list[Answered] = []

    def take(self, answered: Answered) -> Known:
        """Keep one answer; what is known of its key from now on."""
        remembered = {answered.key: as_remembered(answered.known)}
        self._memory.put_many(remembered, together=self._together)
        self._unsaved.append(answered)
        if len(self._unsaved) >= WRITE_BATCH:
            self.flush()
        return answered.known

    def flush(self) -> None:
        """Write what is left."""
        batch, self._unsaved = self._unsaved, []
        if batch:
            self._write(batch)


@dataclass(slots=True)
class Order:
    """How to ask.

    Attributes
    ----------
    track : Track
        Wraps the answers: the progress bar.
    keeper : Keeper
        Takes the answers.
    is_settled : Callable[[str], Known | None]
        What has become known of a key since it was found to be open, where that settles it.
    identifiers : Mapping[str, str]
        ISIN, CUSIP or FIGI by key, for a source that can be asked by them.
    most : int | None
        At most so many calls; None for any number.
    stop : threading.Event
        When set, nothing more is started.
    calls : int
        Calls made so far.
    """

    track: Track
    keeper: Keeper
    is_settled: Callable[[str], Known | None]
    identifiers: Mapping[str, str] = field(default_factory=dict)
    most: int | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    calls: int = 0


class _Gate:
    """Lets a ticker through once for all who want it, and a call within budget and order."""

    def __init__(
        self, order: Order, budget: Budget, flights: Flights[Known], metrics: Metrics
    ) -> None:
        self.claimed: set[str] = set()
        self.passed_over: set[str] = set()
        self.is_metered = False
        self.why_not = "not asked: the source ended early"
        self._order = order
        self._budget = budget
        self._flights = flights
        self._metrics = metrics
        self._lock = threading.Lock()

    def claims(self, key: str) -> bool:
        if not self._flights.claim(key):
            self.passed_over.add(key)
            return False
        # Another call may have ended between this one's look into memory and now.
        if self._order.is_settled(key) is not None:
            self._flights.land(key, None)
            self.passed_over.add(key)
            return False
        self.claimed.add(key)
        return True

    def admits(self) -> bool:
        order = self._order
        self.is_metered = True
        if order.stop.is_set():
            self.why_not = "the call was cancelled"
            return False
        with self._lock:
            if order.most is not None and order.calls >= order.most:
                self.why_not = f"budget: the {order.most:,} calls of this run are spent"
                return False
            order.calls += 1
        if self._budget.spend():
            return True
        with self._lock:
            order.calls -= 1
        self.why_not = self._budget.why_not
        return False

    def took(self, seconds: float) -> None:
        self._metrics.took("network", seconds)


class Asker:
    """Asks one source, for the threads and tasks of one service.

    Parameters
    ----------
    source : TypeSource
        Who is asked.
    settings : Settings
        The life of a fact.
    budget : Budget
        Counts the calls.
    metrics : Metrics
        Counts the answers.
    clock : Callable[[], datetime]
        Aware UTC now.
    """

    def __init__(
        self,
        source: TypeSource,
        settings: Settings,
        budget: Budget,
        metrics: Metrics,
        clock: Callable[[], datetime],
    ) -> None:
        self._source = source
        self._settings = settings
        self._budget = budget
        self._metrics = metrics
        self._clock = clock
        self._flights = Flights[Known]()

    def ask(self, pending: Mapping[str, Pending], order: Order) -> dict[str, Known]:
        """Ask for each key that nobody else is asking for, and wait for the others' answers.

        Parameters
        ----------
        pending : Mapping[str, Pending]
            By key.
        order : Order
            How.

        Returns
        -------
        dict[str, Known]
            One for each key.
        """
        known: dict[str, Known] = {}
        todo = dict(pending)
        while todo:
            others = self._flights.find(todo)
            mine = {key: one for key, one in todo.items() if key not in others}
            if mine:
                known |= self._ask_now(mine, order)
            for key, flight in others.items():
                answer = flight.wait(order.stop) or order.is_settled(key)
                if answer is not None:
                    known[key] = as_shared(answer)
            for key in [key for key in mine if key not in known]:
                answer = order.is_settled(key)
                if answer is not None:
                    known[key] = as_shared(answer)
            todo = {key: one for key, one in todo.items() if key not in known}
            if order.stop.is_set():
                why = Attempt(self._source.name, Outcome.SKIPPED, "the call was cancelled")
                known |= {key: unasked(one, why, self._clock()) for key, one in todo.items()}
                break
        return known

    def _ask_now(self, pending: Mapping[str, Pending], order: Order) -> dict[str, Known]:
        """Ask; keys that another call has claimed meanwhile are left out."""
        gate = _Gate(order, self._budget, self._flights, self._metrics)
        known: dict[str, Known] = {}
        hits = 0
        try:
            with closing(self._fetch(list(pending), gate, order.identifiers)) as answers:
                for key, answer in order.track(answers, len(pending)):
                    answered = self._stamp(key, answer, pending[key])
                    known[key] = order.keeper.take(answered)
                    hits += answered.fact is not None
                    if key in gate.claimed:
                        gate.claimed.discard(key)
                        self._flights.land(key, known[key])
                    if order.stop.is_set() and not gate.is_metered:
                        break  # nobody else would end it; calls in flight end by themselves
        finally:
            # Also on an interrupt: what has been paid for is kept, and nobody is left waiting.
            self._metrics.asked("network", len(known), hits=hits)
            try:
                order.keeper.flush()
            finally:
                for key in gate.claimed:
                    self._flights.land(key, known.get(key))
        why = Attempt(self._source.name, Outcome.SKIPPED, gate.why_not)
        left = (key for key in pending if key not in known and key not in gate.passed_over)
        return known | {key: unasked(pending[key], why, self._clock()) for key in left}

    def _fetch(
        self, keys: Sequence[str], gate: _Gate, identifiers: Mapping[str, str]
    ) -> Generator[tuple[str, Answer], None, None]:
        if isinstance(self._source, MeteredSource):
            return self._source.fetch_within(keys, gate)
        # Asking it costs nothing.
        mine = [key for key in keys if gate.claims(key)]
        if isinstance(self._source, IdentifyingSource):
            return self._source.fetch_with(mine, identifiers)
        return self._source.fetch(mine)

    def _stamp(self, key: str, answer: Answer, pending: Pending) -> Answered:
        """Turn a source's answer into what is known from now on, with its life decided here."""
        now = self._clock()
        name = self._source.name
        if answer.status is AnswerStatus.FOUND and answer.classification is not None:
            life = self._settings.cache_ttl * (1 - JITTER * _fraction(key))
            fact = answer.classification.replace(
                observed_at=now, expires_at=now + timedelta(seconds=life)
            )
            attempts = (*pending.attempts, Attempt(name, Outcome.HIT, describe(fact)))
            known = Known(fact, ServedBy.NETWORK, attempts, False, fact.expires_at)
            return Answered(key, pending.add_to(known), answer.status, fact, payload=answer.payload)
        life_of_no = _LIVES.get(answer.status, FAILURE_LIFE)
        if answer.retry_after is not None:
            life_of_no = max(life_of_no, timedelta(seconds=answer.retry_after))
        miss = Miss(key, answer.status, answer.note, now, now + life_of_no)
        attempts = (*pending.attempts, Attempt(name, OUTCOMES[answer.status], answer.note))
        known = pending.add_to(from_miss(pending.fact, miss, attempts))
        return Answered(key, known, answer.status, miss=miss)


def _fraction(key: str) -> float:
    """A number in [0, 1) that is the same for a key in every process."""
    return zlib.crc32(key.encode()) / 2**32
