"""Who is believed: the order of origins, as pure functions.

The service collects what the rooms know; this module decides. Nothing here does I/O, so the whole
precedence can be read and tested as a table:

1. an override, 2. a row that is not a listed security (cash above all), 3. a fresh fact,
4. a stale fact where its source could not be asked, 5. a second opinion, 6. named rules on ticker
and name, 7. the provider's own word, 8. equity, the conservative default.

A fact counts for its own security only: a row whose identifier or name is another security's is
answered without it. Where a fact is one that FMP may have wrong, `opinions` weighs it. So with
opinions: one about an identifier counts for the rows that carry it, one about a ticker for rows of
that name, and either beside a fact only where it is about the same security.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from sectypes import tickers
from sectypes.guesses import Told, from_row, without_fact
from sectypes.likeness import contradiction
from sectypes.opinions import is_doubtful, riskiest, spoken, weigh
from sectypes.sorting import Aside, sort_rows
from sectypes.taxonomy import (
    Attempt,
    Classification,
    Origin,
    Outcome,
    Query,
    Resolution,
    SecurityType,
    ServedBy,
)
from sectypes.tickers import is_isin

__all__ = [
    "MEMORY_MISS",
    "Heard",
    "Held",
    "Known",
    "by_security",
    "cache_trail",
    "decide",
    "describe_fact",
    "fact_of",
    "hear",
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
        fact = fact_of(known.get(query.key))
        answers[number] = from_row(query, instead, fact)
    groups: dict[tuple[str, str | None], list[int]] = {}
    if told.open or told.others:
        for number, query in enumerate(queries):
            why = told.others.get(number)
            if (why is not None or query.key in told.open) and number not in aside:
                groups.setdefault((query.key, why), []).append(number)
    for (_, why), numbers in groups.items():
        rows = [queries[number] for number in numbers]
        shared = _weighed(rows, why, answers[numbers[0]], known)
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
    without: list[int] = []
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
                without.append(number)
                continue
            fact = about.fact
        if (row.name or row.identifier) and (why := contradiction(row, fact, isins.get(key))):
            told.others[number] = why
        elif (fact.security_type is _EQUITY and is_doubtful(fact, row)) or (
            row.identifier and _opinion_on(known.get(row.identifier))
        ):
            told.open.add(key)
    _find_others(told, queries, known, without)
    return told


def by_security(
    queries: Sequence[Query], known: Mapping[str, Held], isins: Mapping[str, str]
) -> dict[tuple[str, str | None], list[int]]:
    """Which rows are about one security.

    Parameters
    ----------
    queries, known, isins
        As in `decide`; of rows that are listed securities.

    Returns
    -------
    dict[tuple[str, str | None], list[int]]
        Positions of rows by their key, and by why they are another security than what is known
        under it; None where they are not.
    """
    others = _tell(queries, known, (), isins).others
    groups: dict[tuple[str, str | None], list[int]] = {}
    for number, row in enumerate(queries):
        groups.setdefault((row.key, others.get(number)), []).append(number)
    return groups


def _find_others(
    told: _Told, queries: Sequence[Query], known: Mapping[str, Held], numbers: Sequence[int]
) -> None:
    """Add to `told` which rows without a fact are others than the opinions of their ticker.

    The ticker's own opinion, and those on the identifiers of the other rows.
    """
    opinions: dict[str, dict[str, Classification]] = {}
    for number in numbers:
        row = queries[number]
        for one in (row.key, row.identifier):
            if one is not None and (opinion := _opinion_on(known.get(one))) is not None:
                opinions.setdefault(row.key, {})[one] = opinion
    for number in numbers if opinions else ():
        row = queries[number]
        for one, opinion in opinions.get(row.key, {}).items():
            isin = one if is_isin(one) else None
            if one != row.identifier and (why := contradiction(row, opinion, isin)):
                told.others[number] = why
                break


def fact_of(held: Held | None) -> Classification | None:
    """The fact in what is known about a key."""
    return held.fact if isinstance(held, Known) else held


def _opinion_on(held: Held | None) -> Classification | None:
    return held.opinion if isinstance(held, Known) else None


class Heard(NamedTuple):
    """What is to be weighed for the rows of one security.

    Attributes
    ----------
    fact : Classification | None
        What the first source says about it.
    opinion : Classification | None
        What the second source says about it.
    about : Known
        Where the opinion is from.
    attempts : tuple[Attempt, ...]
        What the second source said besides, and what was left out because it is about others.
    """

    fact: Classification | None
    opinion: Classification | None
    about: Known
    attempts: tuple[Attempt, ...]


def hear(rows: Sequence[Query], why: str | None, known: Mapping[str, Held]) -> Heard:
    """Fact and opinion that are about the security of rows, and not about another one.

    Parameters
    ----------
    rows : Sequence[Query]
        All rows about one security; see `by_security`.
    why : str | None
        Why what is known under their ticker is about another one.
    known : Mapping[str, Held]
        As in `decide`.
    """
    key = rows[0].key
    held = known.get(key, NOTHING_KNOWN)
    about = Known(held) if isinstance(held, Classification) else held
    fact = None
    said: list[Attempt] = []
    if why is None:
        fact = about.fact
    else:
        said.append(_other(why))
    names = [Query(key, key, name=fact.name)] if fact is not None else []
    found: list[tuple[Classification, Known]] = []
    for identifier in dict.fromkeys(row.identifier for row in rows if row.identifier):
        told = known.get(identifier)
        if not isinstance(told, Known):
            continue
        if told.opinion is None:
            said += [one for one in told.attempts if one.room not in _OWN_ROOMS]
        elif other := _first_contradiction(
            [*names, *(row for row in rows if row.identifier != identifier)], told.opinion
        ):
            said.append(_other(other))
        else:
            found.append((told.opinion, told))
    if not found and why is None and about.opinion is not None:
        if other := _first_contradiction([*names, *rows], about.opinion):
            said.append(_other(other))
        else:
            found.append((about.opinion, about))
    if not found:
        return Heard(fact, None, NOTHING_KNOWN, tuple(said))
    # Two identifiers under one ticker: neither may make the other look safer than it is.
    believed = riskiest([opinion for opinion, _ in found])
    return Heard(fact, *next(one for one in found if one[0] is believed), tuple(said))


def _first_contradiction(rows: Iterable[Query], opinion: Classification) -> str | None:
    return next(filter(None, (contradiction(row, opinion, None) for row in rows)), None)


def _other(why: str) -> Attempt:
    return Attempt("likeness", Outcome.ERROR, why)


_OWN_ROOMS = ("memory", "database", "source")
"""Rooms whose lines about an identifier say nothing that the ticker's own do not say."""


def _weighed(
    rows: Sequence[Query],
    why: str | None,
    answer: Resolution,
    known: Mapping[str, Held],
) -> Told:
    """The answer to all rows of one security."""
    key = answer.query.key
    fact, opinion, about, said = hear(rows, why, known)
    trail = (*answer.trail, *said)
    verdict = weigh(fact, opinion, rows)
    if verdict is None:
        return without_fact(key, rows, trail)
    made = verdict.classification.replace(ticker=key)
    room, stale = answer.served_by, answer.stale
    if made.origin is Origin.HEURISTIC:
        room, stale = ServedBy.RULES, False
    elif opinion is not None and made.origin is opinion.origin:
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


def describe_fact(origin: Origin, words: str) -> str:
    """Say whose fact it is and in which words, for a trail."""
    return f"{spoken(origin)}: {words}"
