"""How the cache is: what it holds and has done, and whether all its parts work.

`statistics` counts, `check` tries each part out and spends at most one call, `report` puts both
into words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter
from typing import TYPE_CHECKING, Any

from sectypes.errors import SourceError, StoreSchemaError
from sectypes.lookup import Lookup
from sectypes.metrics import Layer
from sectypes.records import Contents, html_table
from sectypes.sources.calls import MeteredSource
from sectypes.taxonomy import Answer, AnswerStatus

if TYPE_CHECKING:
    from sectypes.store import SqlStore

__all__ = ["CacheStatistics", "Check", "Health", "check", "report", "statistics"]

LEAST_FREE_BYTES = 50 * 2**20
PROBE = "AAPL"
"""The ticker that is asked for to see whether the key is accepted; every plan has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheStatistics:
    """What the cache holds, and what the service has done since it was made.

    Attributes
    ----------
    entries : Mapping[str, int]
        Tickers held in memory and facts in the database.
    layers : tuple[Layer, ...]
        Hits and times of memory, database and network.
    contents : Contents | None
        What the database holds; None without one, or where it cannot be used.
    answers, guesses, stale_answers : int
        Answers given; those that were guesses, and those from out-of-date facts.
    calls_today : int | None
        Calls counted today, of all processes that share the database; None where it cannot tell.
    daily_limit : int | None
        Calls a day; None for no limit.
    since : datetime
        When the service was made; aware UTC.
    is_complete : bool
        Whether the database could be counted, or there is none to count.
    """

    entries: Mapping[str, int]
    layers: tuple[Layer, ...]
    contents: Contents | None
    answers: int
    guesses: int
    stale_answers: int
    calls_today: int | None
    daily_limit: int | None
    since: datetime
    is_complete: bool = True

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        held = self.contents
        return {
            "entries": dict(self.entries),
            "layers": [layer.to_dict() for layer in self.layers],
            "facts_by_type": dict(held.by_type) if held else {},
            "stale": held.stale if held else None,
            "negative": held.negative if held else None,
            "opinions": held.opinions if held else None,
            "overrides": held.overrides if held else None,
            "changes": held.changes if held else None,
            "answers": self.answers,
            "guesses": self.guesses,
            "stale_answers": self.stale_answers,
            "calls_today": self.calls_today,
            "daily_limit": self.daily_limit,
            "since": self.since.isoformat(),
            "is_complete": self.is_complete,
        }

    def rows(self) -> dict[str, str]:
        """Names and values for people."""
        shown = {f"entries in {name}": f"{count:,}" for name, count in self.entries.items()}
        for layer in self.layers:
            if layer.hit_rate is None:  # it was not asked
                continue
            rate = f"{layer.hit_rate:.1%} hits"
            times = "" if layer.p50_ms is None else f", {layer.p50_ms:g} / {layer.p95_ms:g} ms"
            shown[f"{layer.name} (median / 95%)"] = rate + times
        if not self.is_complete:
            shown["database"] = "cannot be read; `sectypes cache health` says why"
        if self.contents is not None:
            kinds = ", ".join(f"{kind} {n:,}" for kind, n in sorted(self.contents.by_type.items()))
            shown |= {
                "facts by type": kinds or "none",
                "stale facts": f"{self.contents.stale:,}",
                "remembered noes": f"{self.contents.negative:,}",
                "second opinions": f"{self.contents.opinions:,}",
                "overrides": f"{self.contents.overrides:,}",
                "changes of facts": f"{self.contents.changes:,}",
            }
        if self.answers:
            shown["answers"] = (
                f"{self.answers:,}, {self.guesses:,} guessed, {self.stale_answers:,} stale"
            )
        of = "no limit" if self.daily_limit is None else f"limit {self.daily_limit:,}"
        told = "unknown" if self.calls_today is None else f"{self.calls_today:,}"
        return shown | {"calls today": f"{told}, {of}"}

    def __str__(self) -> str:
        """One line a number."""
        return _lines(self.rows())

    def _repr_html_(self) -> str:
        return html_table("Cache", self.rows())


@dataclass(frozen=True, slots=True)
class Check:
    """How one part is.

    Attributes
    ----------
    name : str
        database, schema, disk or the source's name.
    status : str
        ok, failed, or skipped where there is nothing to try or nothing may be spent.
    note : str
        What was found.
    seconds : float
        How long that took.
    """

    name: str
    status: str
    note: str
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Health:
    """How all parts are; healthy where none has failed."""

    checks: tuple[Check, ...]

    @property
    def is_healthy(self) -> bool:
        """Whether no part has failed."""
        return all(one.status != "failed" for one in self.checks)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        checks = [
            {"name": one.name, "status": one.status, "note": one.note, "seconds": one.seconds}
            for one in self.checks
        ]
        return {"is_healthy": self.is_healthy, "checks": checks}

    def __str__(self) -> str:
        """One line a part."""
        return _lines({one.name: f"{one.status}: {one.note}" for one in self.checks})

    def _repr_html_(self) -> str:
        title = "Healthy" if self.is_healthy else "Not healthy"
        return html_table(title, {one.name: f"{one.status}: {one.note}" for one in self.checks})


def statistics(lookup: Lookup, since: datetime) -> CacheStatistics:
    """Count what there is."""
    contents = lookup.careful.use("read", lambda store: store.contents(), None)
    entries = {"memory": len(lookup.memory)}
    if contents is not None:
        entries["database"] = contents.facts
    counts = lookup.metrics.counts()
    return CacheStatistics(
        entries=entries,
        layers=lookup.metrics.layers(),
        contents=contents,
        answers=counts["answers"],
        guesses=counts["guesses"],
        stale_answers=counts["stale"],
        calls_today=lookup.budget.spent(),
        daily_limit=lookup.budget.limit,
        since=since,
        is_complete=contents is not None or lookup.store is None,
    )


def check(lookup: Lookup) -> Health:
    """Try each part out; at most one call is spent."""
    checks = []
    if lookup.store is None:
        checks.append(Check("database", "skipped", "none is configured"))
    else:
        store = lookup.store
        for name, look in (("schema", _schema), ("database", _database), ("disk", _disk)):
            checks.append(_tried(name, lambda look=look: look(store, lookup)))  # type: ignore[misc]
    checks.append(_tried(_source_name(lookup), lambda: _source(lookup)))
    return Health(tuple(checks))


def report(lookup: Lookup, since: datetime) -> str:
    """Health and numbers, for people."""
    health = check(lookup)
    verdict = "The cache is healthy." if health.is_healthy else "The cache is NOT healthy."
    return f"{verdict}\n\n{health}\n\n{statistics(lookup, since)}"


def _tried(name: str, look: Callable[[], tuple[str, str]]) -> Check:
    begun = perf_counter()
    try:
        status, note = look()
    except (SourceError, StoreSchemaError, OSError) as error:
        status, note = "failed", str(error)
    return Check(name, status, note, round(perf_counter() - begun, 3))


def _schema(store: SqlStore, lookup: Lookup) -> tuple[str, str]:
    # The first use of an SQLite file makes or upgrades its tables.
    store.contents()
    return "ok", f"{store.revision()}, as this version needs"


def _database(store: SqlStore, lookup: Lookup) -> tuple[str, str]:
    store.count_calls(lookup.clock().date(), 0, None)
    unreadable = store.unreadable()
    if unreadable is not None:
        return "failed", f"{store.label} holds {unreadable}"
    return "ok", f"{store.label} can be read and written, {store.contents().facts:,} facts"


def _disk(store: SqlStore, lookup: Lookup) -> tuple[str, str]:
    free = store.free_bytes()
    if free is None:
        return "skipped", "the database is no file here"
    note = f"{free / 2**20:,.0f} MiB are free"
    return ("ok" if free >= LEAST_FREE_BYTES else "failed"), note


def _source_name(lookup: Lookup) -> str:
    return "source" if lookup.source is None else lookup.source.name


class _OneCall:
    """Lets a single call through, and counts it."""

    def __init__(self, lookup: Lookup) -> None:
        self.why_not = "not asked"
        self._lookup = lookup
        self._is_spent = False

    def claims(self, key: str) -> bool:
        return True

    def admits(self) -> bool:
        if self._is_spent:
            return False
        self._is_spent = True
        try:
            is_counted = self._lookup.budget.spend()
        except StoreSchemaError:  # which the check of the database tells
            self.why_not = "the database cannot count the call"
            return False
        if not is_counted:
            self.why_not = self._lookup.budget.why_not
        return is_counted

    def took(self, seconds: float) -> None:
        self._lookup.metrics.took("network", seconds)


def _source(lookup: Lookup) -> tuple[str, str]:
    if lookup.source is None:
        return "skipped", "offline" if lookup.settings.offline else "no FMP_API_KEY is set"
    if not isinstance(lookup.source, MeteredSource):
        return "skipped", "needs no network"
    gate = _OneCall(lookup)
    with closing(lookup.source.fetch_within([PROBE], gate)) as answers:
        answer = _only(answers)
    if answer is None:
        return "skipped", gate.why_not
    if answer.status in (AnswerStatus.FOUND, AnswerStatus.NOT_FOUND, AnswerStatus.REFUSED_SYMBOL):
        return "ok", "reachable, and accepts the key"
    return "failed", answer.note


def _only(answers: Iterator[tuple[str, Answer]]) -> Answer | None:
    return next((answer for _, answer in answers), None)


def _lines(rows: Mapping[str, str]) -> str:
    width = max(map(len, rows), default=0)
    return "\n".join(f"{name:{width}}  {value}" for name, value in rows.items())
