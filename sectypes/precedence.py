"""Who is believed: the order of origins, as pure functions.

The service collects what the rooms know; this module decides. Nothing here does I/O, so the whole
precedence can be read and tested as a table:

1. an override, 2. a row that is not a listed security (cash above all), 3. a fresh fact,
4. a stale fact where its source could not be asked, 5. a second opinion, 6. named rules on ticker
and name, 7. the provider's own word, 8. equity, the conservative default.

A fact counts for its own security only: a row whose identifier or name is another security's is
answered without it. Where a fact is one that FMP may have wrong, `opinions` weighs it.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from sectypes import tickers
from sectypes.guesses import Told, from_label, without_fact
from sectypes.likeness import contradiction
from sectypes.opinions import is_doubtful, spoken, weigh
from sectypes.sorting import Aside, guess_of, names_multiple, sort_rows
from sectypes.taxonomy import (
    Attempt,
    Classification,
    Label,
    Origin,
    Outcome,
    Query,
    Resolution,
    SecurityType,
    ServedBy,
)

__all__ = [
    "MEMORY_MISS",
    "Held",
    "Known",
    "cache_trail",
    "decide",
    "describe_fact",
    "is_askable",
]


class Known(NamedTuple):
    """What memory, database and sources know about one key.

    Attributes
    ----------
    fact : Classification | None
        The source's assertion; None where nobody made one.
    served_by : ServedBy
        Where `fact` was found.
    attempts : tuple[Attempt, ...]
        What each asked room said.
    stale : bool
        Whether `fact` has expired and could not be renewed.
    fresh_until : datetime | None
        Until when all this need not be asked again; None for "ask again next time".
    opinion : Classification | None
        What the second source says, where it was asked.
    is_opinion_stale : bool
        Whether `opinion` has expired and could not be renewed.
    """

    fact: Classification | None = None
    served_by: ServedBy = ServedBy.RULES
    attempts: tuple[Attempt, ...] = ()
    stale: bool = False
    fresh_until: datetime | None = None
    opinion: Classification | None = None
    is_opinion_stale: bool = False

    def is_fresh(self, now: datetime) -> bool:
        """Whether this need not be asked again at `now`."""
        return self.fresh_until is not None and now < self.fresh_until


NOTHING_KNOWN = Known()
_NONE: Mapping[str, str] = {}

Held = Classification | Known
"""What is known about a key: a fact alone, where a cache holds it and it is fresh, or all that
there is to tell. Of thousands of facts each object less saves the garbage collector's walks."""


def is_askable(key: str) -> bool:
    """Whether a listed-securities source can know this key (options, CUSIPs, pairs it cannot)."""
    return tickers.shape(key) is tickers.Shape.LISTED


def decide(
    queries: Sequence[Query],
    *,
    overrides: Mapping[str, Classification],
    known: Mapping[str, Held],
    read: Container[str] = (),
    aside: Aside | None = None,
    isins: Mapping[str, str] = _NONE,
) -> list[Resolution]:
    """Answer each row from what is known about its key and, failing that, from all its rows.

    Rows that are not the listed security (cash, a coin, an option under the letters of its
    underlying) are answered from the row. All others of a key are one and the same security and
    get one and the same answer, for which the names and words of all these rows are evidence.

    Parameters
    ----------
    queries : Sequence[Query]
        Rows, in any order.
    overrides : Mapping[str, Classification]
        The analyst's own decisions, by key.
    known : Mapping[str, Held]
        What memory, database and sources said, by key.
    read : Container[str]
        The keys whose facts alone come from the database; all others' come from memory.
    aside : Aside | None
        What `sort_rows` set aside of these rows; None to find it here.
    isins : Mapping[str, str]
        The ISINs that FMP has, by key, for keys whose rows carry an identifier.

    Returns
    -------
    list[Resolution]
        One for each query, in order.

    Examples
    --------
    >>> row = Query("DSU", "DSU", name="BlackRock Debt Strategies Fund", provider_type="cs")
    >>> [answer] = decide([row], overrides={}, known={})
    >>> answer.security_type.value, answer.classification.origin.value
    ('mutual_fund', 'heuristic')
    """
    if aside is None:
        aside = sort_rows(queries, overrides).aside
    told = _tell(queries, known, read, isins)
    answers = told.answers
    for number, instead in aside.items():
        query = queries[number]
        answers[number] = _decide_row(query, instead, known.get(query.key))
    groups: dict[tuple[str, str | None], list[int]] = {}
    if told.open or told.others:
        for number, query in enumerate(queries):
            why = told.others.get(number)
            if (why is not None or query.key in told.open) and number not in aside:
                groups.setdefault((query.key, why), []).append(number)
    for (key, why), numbers in groups.items():
        rows = [queries[number] for number in numbers]
        shared = _weighed(rows, why, answers[numbers[0]], known.get(key, NOTHING_KNOWN), known)
        for number, row in zip(numbers, rows, strict=True):
            answers[number] = Resolution(row, *shared)
    return answers


class _Told(NamedTuple):
    """What the facts say of each row, and where that is not the last word.

    Attributes
    ----------
    answers : list[Resolution]
        One for each row.
    open : set[str]
        Keys that no fact answers, or whose fact is to be weighed.
    others : dict[int, str]
        Why a row is another security than the fact under its ticker, by position.
    """

    answers: list[Resolution]
    open: set[str]
    others: dict[int, str]


def _tell(
    queries: Sequence[Query],
    known: Mapping[str, Held],
    read: Container[str],
    isins: Mapping[str, str],
) -> _Told:
    told = _Told([], set(), {})
    add = told.answers.append
    for number, row in enumerate(queries):
        key = row.key
        about = known.get(key, NOTHING_KNOWN)
        if isinstance(about, Classification):
            fact = about
            room = _DATABASE if key in read else _MEMORY
            trail = cache_trail(room, fact.origin, fact.raw_label or fact.security_type)
            add(Resolution(row, fact, room, False, trail))
        else:
            add(Resolution(row, about.fact, about.served_by, about.stale, about.attempts))
            if about.fact is None or about.opinion is not None:
                told.open.add(key)
            if about.fact is None:
                continue
            fact = about.fact
        if (row.name or row.identifier) and (why := contradiction(row, fact, isins.get(key))):
            told.others[number] = why
        elif fact.security_type is _EQUITY and is_doubtful(fact, row):
            told.open.add(key)
    return told


def _weighed(
    rows: Sequence[Query],
    why: str | None,
    answer: Resolution,
    about: Held,
    known: Mapping[str, Held],
) -> Told:
    """The answer to all rows of one security."""
    key, fact, trail = answer.query.key, answer.classification, answer.trail
    if why is not None:
        # Others have the ticker: what is known of the row's own identifier counts.
        trail = (*trail, Attempt("likeness", Outcome.ERROR, why))
        fact, about = None, known.get(rows[0].identifier or "", NOTHING_KNOWN)
    opinion = about.opinion if isinstance(about, Known) else None
    verdict = weigh(fact, opinion, rows)
    if verdict is None:
        return without_fact(key, rows, trail)
    made = verdict.classification.replace(ticker=key)
    room, stale = answer.served_by, answer.stale
    if made.origin is Origin.HEURISTIC:
        room, stale = ServedBy.RULES, False
    elif opinion is not None and made.origin is opinion.origin and isinstance(about, Known):
        room, stale = about.served_by, about.is_opinion_stale
    if verdict.note and (not trail or trail[-1].note != verdict.note):
        outcome = Outcome.HIT if verdict.is_settled else Outcome.MISS
        trail = (*trail, Attempt("opinions", outcome, verdict.note))
    return made, room, stale, trail


_EQUITY = SecurityType.EQUITY
_DATABASE, _MEMORY = ServedBy.DATABASE, ServedBy.MEMORY
MEMORY_MISS = Attempt("memory", Outcome.MISS)
"""The trail line of a key that memory does not hold."""


@lru_cache(maxsize=1024)
def cache_trail(room: ServedBy, origin: Origin, words: str) -> tuple[Attempt, ...]:
    """The trail of a fresh fact in a cache; thousands of facts share the few that there are."""
    hit = Attempt(room.value, Outcome.HIT, describe_fact(origin, words))
    return (hit,) if room is ServedBy.MEMORY else (MEMORY_MISS, hit)


def _decide_row(
    query: Query, instead: Classification | Label | None, known: Held | None
) -> Resolution:
    """Answer by override, or from the row alone where it says that it is no listed security."""
    if instead is None:
        return _blank(query)
    if isinstance(instead, Classification):
        hit = (Attempt("override", Outcome.HIT, _describe_override(instead)),)
        made = instead.replace(leverage=_overridden_leverage(query, instead, known))
        return Resolution(query, made, ServedBy.DATABASE, False, hit)
    label = instead
    if label.subtype is None:
        guess = guess_of(query.key, query.name)
        if guess is not None and guess.security_type is label.security_type:
            label = replace(label, subtype=guess.subtype)
    words = query.provider_type or query.name or "cash"
    note = f"{query.provider or 'the row'} says {words!r}: not the listed security of that name"
    if label.security_type is SecurityType.CASH:
        note = f"{query.provider or 'the row'} says that this position is cash"
    answer = from_label(query.key, label, words)
    hit = (Attempt("provider", Outcome.HIT, note),)
    return Resolution(query, answer, ServedBy.INPUT, False, hit)


def _blank(query: Query) -> Resolution:
    note = "no ticker, so nobody can be asked; risk takes the worst rate"
    trail = (Attempt("input", Outcome.MISS, note),)
    return Resolution(query, None, ServedBy.INPUT, False, trail)


def _overridden_leverage(query: Query, override: Classification, known: Held | None) -> float:
    """An override of the type keeps the fund's multiple, unless it names one of its own."""
    if names_multiple(override):
        return override.leverage
    fact = known.fact if isinstance(known, Known) else known
    if fact is not None:
        return fact.leverage
    guess = guess_of(query.key, query.name)
    return 1.0 if guess is None else guess.leverage


def _describe_override(override: Classification) -> str:
    return f"overridden: {override.raw_label}" if override.raw_label else "overridden"


def describe_fact(origin: Origin, words: str) -> str:
    """Say whose fact it is and in which words, for a trail."""
    return f"{spoken(origin)}: {words}"
