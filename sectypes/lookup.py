"""Looking up: memory, then database, then the source, each for all keys at once.

What goes wrong becomes a line of the trail and a warning, never an answer.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from time import perf_counter
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from sectypes.asking import Answered, Asker, Keeper, Order, Track, write_answers
from sectypes.budget import Budget
from sectypes.config import Settings
from sectypes.errors import StoreUnavailable
from sectypes.isins import Isins
from sectypes.likeness import is_comparable
from sectypes.memory import Memory
from sectypes.metrics import Metrics
from sectypes.precedence import Held, Known, is_askable
from sectypes.recent import Answers, Kept, Recent, State
from sectypes.records import Stored
from sectypes.resting import RestingStore
from sectypes.second import Second, may_be_known, subject, unproven
from sectypes.taxonomy import (
    Attempt,
    Classification,
    Outcome,
    Query,
    ServedBy,
    TypeSource,
)
from sectypes.trails import (
    MEMORY_MISS,
    NOT_ASKABLE,
    Pending,
    as_known,
    as_remembered,
    counts_until,
    expired,
    from_cache,
    from_history,
    remembered_miss,
    unasked,
    with_opinion,
)

if TYPE_CHECKING:
    from sectypes.store import SqlStore

__all__ = ["Found", "Lookup", "Track"]

log = logging.getLogger(__name__)

USES_EVERY = timedelta(minutes=5)
"""So often the uses of tickers are written down."""
REMEMBERED = 4
"""Questions whose answers are kept as whole lists, for each key that memory may hold."""

_NONE: Mapping[str, str] = MappingProxyType({})
_UNASKED = (Outcome.ERROR, Outcome.SKIPPED)


class Found(NamedTuple):
    """What the rooms know about rows; see `precedence.decide`."""

    known: dict[str, Held]
    read: Container[str]
    isins: Mapping[str, str]


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
    second : TypeSource | None
        Who is asked for a second opinion; by itself only where the settings say so.
    """

    def __init__(
        self,
        source: TypeSource | None,
        store: SqlStore | None,
        settings: Settings,
        clock: Callable[[], datetime],
        *,
        second: TypeSource | None = None,
    ) -> None:
        self.source = source
        self.store = store
        self.settings = settings
        self.clock = clock
        self.memory = Memory(settings.cache_size, clock=clock)
        self.metrics = Metrics()
        self.budget = Budget(store, settings.fmp_daily_limit, clock)
        self.careful = RestingStore(store, clock, self.budget.rest)
        self.asker: Asker | None = None
        if source is not None:
            self.asker = Asker(source, settings, self.budget, self.metrics, clock)
        self.second: Second | None = None
        if second is not None:
            self.second = Second(
                second,
                is_automatic=settings.openfigi,
                settings=settings,
                careful=self.careful,
                metrics=self.metrics,
                clock=clock,
            )
        self.isins = Isins(settings.cache_size, self.careful)
        self.recent = Recent(REMEMBERED * settings.cache_size)
        self._uses_written_at = clock()

    def know(
        self,
        keys: Sequence[str],
        *,
        track: Track,
        stop: threading.Event | None = None,
        unheard: Container[str] = (),
    ) -> tuple[dict[str, Held], Container[str]]:
        """Collect what is known about each distinct key.

        Parameters
        ----------
        keys : Sequence[str]
            Distinct canonical tickers.
        track : Track
            Wraps the answers of the source: the progress bar.
        stop : threading.Event | None
            When set, nothing more is started, and what is open then stays open.
        unheard : Container[str]
            Keys about which the second source is not asked.

        Returns
        -------
        dict[str, Held]
            One for each key.
        Container[str]
            The keys whose facts were read from the database now.
        """
        self._count_uses()
        if self.store is not None:
            self.metrics.used(keys)
        with self.metrics.timed("memory"):
            known = self.memory.get_many(keys)
        self.metrics.asked("memory", len(keys), hits=len(known))
        read: Container[str] = ()
        if len(known) < len(keys):
            rest = [key for key in keys if key not in known]
            stop = stop or threading.Event()
            read = self._beyond_memory(known, rest, track, stop)
            if self.second is not None and self.second.is_automatic:
                heard = [key for key in rest if key not in unheard]
                self.hear_second(known, heard, identifiers=_NONE, track=track, stop=stop)
        self._write_uses_in_time()
        return known, read

    def look_up(
        self,
        rows: Sequence[Query],
        keys: Sequence[str],
        *,
        track: Track,
        stop: threading.Event,
    ) -> Found:
        """What is known about rows: about their keys, and about what carries their identifiers.

        Parameters
        ----------
        rows : Sequence[Query]
            All rows that do not answer themselves.
        keys : Sequence[str]
            The distinct keys of those that are to be looked up.
        track, stop
            As in `know`.
        """
        identified = [row for row in rows if row.identifier]
        # Others may have the ticker: where there is an identifier, that is what is asked about.
        by_identifier = {row.key for row in identified if subject(row, None, None) != row.key}
        known, read = self.know(keys, track=track, stop=stop, unheard=by_identifier)
        if not identified:
            return Found(known, read, _NONE)
        # Of several rows of a ticker each may carry another kind of identifier.
        told = dict.fromkeys(row.key for row in identified if is_comparable(row.identifier))
        isins = self.isins.known(told)
        asked, settled = unproven(identified, known, isins)
        if asked:
            more, _ = self.know(asked, track=track, stop=stop, unheard=settled)
            known |= more
        return Found(known, read, isins)

    def state(self, overrides: Mapping[str, Classification]) -> State:
        """What answers hang on, besides time; to be taken before memory is asked."""
        return State((self.memory.changes, self.isins.changes), overrides)

    def again(self, given: tuple[Query | str, ...], state: State) -> Answers | None:
        """The answers to a list of questions that memory alone answered before, and would again."""
        begun = perf_counter()
        kept = self.recent.find(given, state, self.clock())
        if kept is None:
            return None
        self.metrics.took("memory", perf_counter() - begun)
        self.metrics.asked("memory", len(kept.keys), hits=kept.hits)
        self._write_uses_in_time()
        return kept.answers

    def keep(
        self,
        given: tuple[Query | str, ...],
        state: State,
        known: Mapping[str, Held],
        answers: Answers,
    ) -> None:
        """Remember the answers to a list, where memory alone gave them; see `again`."""
        if state != self.state(state.overrides):
            return
        until = counts_until(known.values())
        if until is not None:
            hits = sum(one is not NOT_ASKABLE for one in known.values())
            self.recent.keep(Kept(given, answers, list(known), hits, state, until))

    def _count_uses(self) -> None:
        """Count the keys of lists that were asked again, before anything makes room for others."""
        for keys, times in self.recent.take_uses():
            self.memory.used(keys, times)
            if self.store is not None:
                self.metrics.used(keys, times)

    def _write_uses_in_time(self) -> None:
        if self.clock() - self._uses_written_at >= USES_EVERY:
            self.write_uses()

    def hear_second(
        self,
        known: dict[str, Held],
        keys: Iterable[str],
        *,
        identifiers: Mapping[str, str],
        track: Track,
        stop: threading.Event,
        verifies: bool = False,
    ) -> dict[str, Attempt]:
        """Add to `known` what the second source says about those of `keys` without an answer.

        Parameters
        ----------
        known : dict[str, Held]
            What is known of each key; changed.
        keys, identifiers, track, stop
            As in `know`.
        verifies : bool
            Whether keys with a fact are asked as well, and outdated opinions renewed.

        Returns
        -------
        dict[str, Attempt]
            Why it could not be asked about a key, for those where that is so.
        """
        if self.second is None:
            return {}
        about = {key: as_known(known.get(key, Known())) for key in keys}
        pending = {
            key: Pending(None, one.attempts)
            for key, one in about.items()
            if (may_be_known(key) or key in identifiers)
            and (one.opinion is None or one.is_opinion_stale)
            and (verifies or one.fact is None)
        }
        told = self.second.ask(pending, identifiers=identifiers, track=track, stop=stop)
        for key, one in told.items():
            known[key] = with_opinion(about[key], one)
        lasting = {key: as_remembered(as_known(known[key])) for key in told}
        self.memory.put_many(lasting, together=frozenset(pending))
        last = {key: one.attempts[-1] for key, one in told.items()}
        return {key: one for key, one in last.items() if one.outcome in _UNASKED}

    def know_past(self, keys: Sequence[str], at: datetime) -> dict[str, Held]:
        """What was known about each key at a time; nobody is asked and nothing is kept."""
        facts = {} if self.store is None else self.store.past(keys, at)
        return {key: from_history(facts.get(key), at) for key in keys}

    def forget(self, keys: Iterable[str]) -> None:
        """Drop what memory holds about keys."""
        for key in keys:
            self.memory.discard(key)
            self.isins.forget(key)

    def _beyond_memory(
        self, known: dict[str, Held], keys: Sequence[str], track: Track, stop: threading.Event
    ) -> Container[str]:
        """Add to `known` what database and source say about keys; the facts of the database."""
        facts, settled, pending = self._read(keys)
        known.update(facts)
        known.update(settled)
        kept = {key: as_remembered(one) for key, one in settled.items()}
        self.memory.put_many(facts | kept)
        for key in [key for key in pending if not is_askable(key)]:
            known[key] = pending.pop(key).add_to(NOT_ASKABLE)
        if pending and self.asker is None:
            why = Attempt("source", Outcome.SKIPPED, _why_no_source(self.settings))
            now = self.clock()
            known.update((key, unasked(one, why, now)) for key, one in pending.items())
        elif pending and self.asker is not None:
            keeper = Keeper(self.memory, self._write, keys)
            order = Order(track, keeper, self.memory.peek, stop=stop)
            known.update(self.asker.ask(pending, order))
        return facts

    # -- database ---------------------------------------------------------------------------

    def read(self, keys: Sequence[str]) -> tuple[dict[str, Held], dict[str, Pending]]:
        """What the database settles among `keys`, and what stays open."""
        facts, settled, pending = self._read(keys)
        return facts | settled, pending

    def _read(
        self, keys: Sequence[str]
    ) -> tuple[dict[str, Held], dict[str, Known], dict[str, Pending]]:
        """Fresh facts of the database, what else settles keys, and what stays open."""
        now = self.clock()
        stored, not_there = self._look_up(keys, now)
        facts, misses, opinions = stored.facts, stored.misses, stored.opinions
        fresh: dict[str, Held] = {**facts}
        for key in stored.late | (opinions.keys() & facts.keys()):
            del fresh[key]
        rest = [key for key in keys if key not in fresh]
        held = self.memory.stale_many(rest)
        settled: dict[str, Known] = {}
        pending: dict[str, Pending] = {}
        for key in rest:
            fact, miss = facts.get(key), misses.get(key)
            opinion = opinions.get(key)
            if key in held:
                fact = fact or held[key].fact
                opinion = opinion or held[key].opinion
            said = not_there if fact is None else expired(fact)
            one = Pending.of(fact, (MEMORY_MISS, said), opinion, now)
            if fact is not None and fact.is_fresh(now):
                settled[key] = one.add_to(from_cache(fact, ServedBy.DATABASE))
            elif miss is not None and miss.is_fresh(now):
                settled[key] = one.add_to(remembered_miss(fact, miss))
            else:
                pending[key] = one
        if self.store is not None:
            self.metrics.asked("database", len(keys), hits=len(fresh) + len(settled))
        return fresh, settled, pending

    def _look_up(self, keys: Sequence[str], now: datetime) -> tuple[Stored, Attempt]:
        """What the database holds for `keys`, and the trail line of a key that it does not."""
        if self.store is None:
            return Stored(), Attempt("database", Outcome.SKIPPED)
        with self.metrics.timed("database"):
            found = self.careful.use("read", lambda store: store.lookup(keys, now=now), None)
        if found is None:
            said = Attempt("database", Outcome.ERROR, "the database could not be read")
            return Stored(), said
        return found, Attempt("database", Outcome.MISS)

    def _write(self, answers: Sequence[Answered]) -> None:
        """Keep answers in the database; one that cannot be written costs no answer."""
        self.isins.learn({one.key: one.payload for one in answers})
        self.careful.use("write", lambda store: write_answers(store, answers), None)

    def write_uses(self) -> None:
        """Write down how often tickers were asked for; what cannot be written is forgotten."""
        self._uses_written_at = self.clock()
        self._count_uses()
        uses = self.metrics.take_uses()
        if self.store is None or not uses:
            return
        try:
            self.store.add_uses(uses)
        except StoreUnavailable as error:
            log.info("the uses of %d tickers are not written: %s", len(uses), error)


def _why_no_source(settings: Settings) -> str:
    return "offline" if settings.offline else "no FMP_API_KEY is set"
