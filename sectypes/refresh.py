"""Renewing facts before they are asked for: which ones, within which budget, and when to stop.

Answers are written in batches of 100 as they arrive, so that a run that is killed loses at most
one batch, and the next one finds the rest still to do. Only types that flip wait until the end,
where the brake (`sectypes.brake`) may hold them back.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sectypes.asking import Order, Track
from sectypes.brake import BRAKE_SHARE, Brake, Flip
from sectypes.budget import Bill
from sectypes.errors import InputError, SourceRefused
from sectypes.lookup import Lookup
from sectypes.precedence import Known, is_askable
from sectypes.records import html_table
from sectypes.taxonomy import Attempt, Classification, Outcome
from sectypes.trails import Pending

__all__ = ["Flip", "RefreshSummary", "due_keys", "open_keys", "refresh", "refresh_one"]

log = logging.getLogger(__name__)

_ASKED_ANEW = Attempt("memory", Outcome.SKIPPED, "asked anew")


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshSummary:
    """What a run over many tickers did.

    Attributes
    ----------
    wanted : int
        Distinct tickers that the run was for.
    asked : int
        Those that got an answer of whatever kind in this run.
    new, changed, unchanged : int
        Facts that were not known, whose type is another now, and that were confirmed.
    not_found, refused, failed : int
        No such ticker; outside the plan; no usable answer, or the key or account is refused.
    left_over : int
        Not asked, because the budget or the quota is spent or the run was only planned.
    calls : int
        Calls made, further tries included.
    flips : tuple[Flip, ...]
        The known types that changed, or would.
    is_cut_short : bool
        Whether tickers are left over for another reason than the caller's own number of calls.
    note : str
        Why the first of them failed or was left over, or which answers were not written because
        somebody has written newer ones; empty where nothing went wrong.
    is_held_back : bool
        Whether the brake holds the flips back; they are not written then, and the tickers are
        asked again by the next run.
    dry_run : bool
        Whether nothing was done.
    bill : Bill
        What the run was going to cost.
    """

    wanted: int
    asked: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    not_found: int = 0
    refused: int = 0
    failed: int = 0
    left_over: int = 0
    calls: int = 0
    flips: tuple[Flip, ...] = ()
    is_cut_short: bool = False
    note: str = ""
    is_held_back: bool = False
    dry_run: bool = False
    bill: Bill

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            **{name: getattr(self, name) for name in _NUMBERS},
            "flips": [
                {"ticker": key, "old_type": old.value, "new_type": new.value}
                for key, old, new in self.flips
            ],
            "is_cut_short": self.is_cut_short,
            "note": self.note,
            "is_held_back": self.is_held_back,
            "dry_run": self.dry_run,
            "bill": self.bill.to_dict(),
        }

    def __str__(self) -> str:
        """For people: the numbers on one line, then the flips."""
        if self.dry_run:
            return f"would ask for {self.wanted:,} tickers: {self.bill}"
        numbers = ", ".join(
            f"{getattr(self, name):,} {name.replace('_', ' ')}" for name in _NUMBERS[1:]
        )
        lines = [numbers, *filter(None, [self.note]), *(f"  {flip}" for flip in self.flips)]
        if self.is_held_back:
            lines.append(
                f"{len(self.flips)} known types would change, more than"
                f" {BRAKE_SHARE:.0%}: none of them is written. Look at them, and accept them if"
                " they are right."
            )
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows: dict[str, Any] = {name.replace("_", " "): getattr(self, name) for name in _NUMBERS}
        rows |= {flip.ticker: f"{flip.old_type} -> {flip.new_type}" for flip in self.flips[:50]}
        title = "Refresh (planned)" if self.dry_run else "Refresh"
        return html_table(f"{title}, flips held back" if self.is_held_back else title, rows)


_NUMBERS = (
    *("wanted", "asked", "new", "changed", "unchanged", "not_found", "refused", "failed"),
    *("left_over", "calls"),
)


def due_keys(lookup: Lookup, days: float) -> list[str]:
    """The keys whose facts are expired or older than `days`, the oldest and most used first.

    Age and use count together, as age x (1 + uses): what is used ten times as often comes when it
    is a tenth as old, and what is never used comes in the end, too.
    """
    if not days >= 0:
        raise InputError(f"days must be 0 or more (it is {days})")
    if lookup.store is None:
        return []
    lookup.write_uses()
    now = lookup.clock()

    def rank(seen_s: float, uses: int) -> float:
        return -(now.timestamp() - seen_s) * (1 + uses)

    due = [
        (rank(kept.fact.observed_at.timestamp(), kept.uses), kept.fact.ticker)
        for kept in lookup.store.due(_days_before(now, days))
        if kept.fact.observed_at is not None
    ]
    return [key for _, key in sorted(due)]


def _days_before(now: datetime, days: float) -> datetime:
    try:
        return now - timedelta(days=days)
    except OverflowError:  # nothing is as old as that
        return datetime.min.replace(tzinfo=UTC)


def open_keys(lookup: Lookup, keys: Iterable[str]) -> list[str]:
    """The keys that neither memory nor the database settles."""
    rest = [key for key in dict.fromkeys(keys) if lookup.memory.peek(key) is None]
    return list(lookup.read([key for key in rest if is_askable(key)])[1])


def refresh(
    lookup: Lookup,
    keys: Iterable[str],
    *,
    track: Track,
    most: int | None = None,
    accept: bool = False,
    dry_run: bool = False,
) -> RefreshSummary:
    """Ask for keys anew, whatever is known about them.

    Parameters
    ----------
    lookup : Lookup
        The rooms.
    keys : Iterable[str]
        Canonical tickers, the most important first. What cannot be the ticker of a listed
        security is counted as not found, without a call.
    track : Track
        The progress bar.
    most : int | None
        At most so many calls.
    accept : bool
        Write flips of known types, however many.
    dry_run : bool
        Only tell what it would cost.

    Returns
    -------
    RefreshSummary
        What was done.

    Raises
    ------
    InputError
        `most` is negative.
    SourceRefused
        There is nobody to ask.
    StoreUnavailable
        The database cannot be used; what was answered until then is kept in memory.
    """
    if most is not None and most < 0:
        raise InputError(f"the number of calls must be 0 or more (it is {most})")
    wanted = list(dict.fromkeys(keys))
    askable = [key for key in wanted if is_askable(key)]
    bill = lookup.budget.bill(len(askable) if most is None else min(most, len(askable)))
    if dry_run:
        left = len(askable)
        return RefreshSummary(wanted=len(wanted), left_over=left, dry_run=True, bill=bill)
    before = _known_before(lookup, askable)
    old = {key: one.fact for key, one in before.items() if one.fact is not None}
    brake = Brake(lookup, askable, old, accept=accept)
    order = Order(track, brake, lambda key: None, most=most)
    known = _ask(lookup, before, order)
    is_held_back = brake.settle()
    counts = brake.counts
    for key in askable:
        if key not in brake.answered:
            brake.count(_by_others(old.get(key), known[key].fact), known[key])
    # What the run's own number of calls leaves over is as the caller wanted it.
    is_cut_short = bool(counts["left_over"]) and (most is None or order.calls < most)
    told = ("failed", "left_over", "not written") if is_cut_short else ("failed", "not written")
    log.info("refresh: asked for %d of %d", counts["asked"], len(wanted))
    return RefreshSummary(
        wanted=len(wanted),
        asked=counts["asked"],
        new=counts["new"],
        changed=counts["changed"],
        unchanged=counts["unchanged"],
        not_found=counts["not_found"] + len(wanted) - len(askable),
        refused=counts["refused"],
        failed=counts["failed"],
        left_over=counts["left_over"],
        calls=order.calls,
        flips=tuple(brake.flips),
        is_cut_short=is_cut_short,
        note=next((brake.notes[one] for one in told if one in brake.notes), ""),
        is_held_back=is_held_back,
        bill=bill,
    )


def _by_others(old: Classification | None, fact: Classification | None) -> str:
    """How a key counts for which this run made no call: another call had the answer, or nobody."""
    if fact is None or fact == old:
        return "left_over"
    if old is None:
        return "new"
    return "unchanged" if fact.security_type is old.security_type else "changed"


def refresh_one(lookup: Lookup, key: str, *, track: Track) -> Known:
    """Ask for one key anew; what is known of it now."""
    before = _known_before(lookup, [key])
    fact = before[key].fact
    brake = Brake(lookup, [key], {} if fact is None else {key: fact}, accept=True)
    order = Order(track, brake, lambda key: None)
    return _ask(lookup, before, order)[key]


def _ask(lookup: Lookup, pending: Mapping[str, Pending], order: Order) -> dict[str, Known]:
    if lookup.asker is None:
        why = "offline" if lookup.settings.offline else "no FMP_API_KEY is set"
        raise SourceRefused(f"nobody can be asked: {why}", source="source")
    return lookup.asker.ask(pending, order)


def _known_before(lookup: Lookup, keys: Sequence[str]) -> dict[str, Pending]:
    """What is known about keys; unlike for an answer, a database that fails is an error here."""
    if lookup.store is not None:
        found = lookup.store.lookup(keys)
        facts, opinions = found.facts, found.opinions
    else:
        held = {key: lookup.memory.peek(key) for key in keys} | lookup.memory.stale_many(keys)
        known = {key: one for key, one in held.items() if one is not None}
        facts = {key: one.fact for key, one in known.items() if one.fact is not None}
        opinions = {key: one.opinion for key, one in known.items() if one.opinion is not None}
    now = lookup.clock()
    return {key: Pending.of(facts.get(key), (_ASKED_ANEW,), opinions.get(key), now) for key in keys}
