"""Who is believed: the order of origins, as pure functions.

The service collects what the rooms know; this module decides. Nothing here does I/O, so the whole
precedence can be read and tested as a table:

1. an override, 2. a row that is not a listed security (cash above all), 3. a fresh fact,
4. a stale fact where its source could not be asked, 5. named rules on ticker and name,
6. the provider's own word, 7. equity, the conservative default.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from sectypes import heuristics, tickers
from sectypes.sorting import Aside, answers_itself, guess_of, label_of, names_multiple, sort_rows
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
    "answers_itself",
    "cache_trail",
    "decide",
    "describe_fact",
    "doubtful",
    "is_askable",
]

# The type with the higher crash rate first: where two providers contradict each other and nothing
# else is known, the riskier word stands.
_RISKIEST_FIRST = (
    SecurityType.EQUITY,
    SecurityType.DERIVATIVE,
    SecurityType.CRYPTO,
    SecurityType.OTHER,
    SecurityType.BOND,
    SecurityType.MUTUAL_FUND,
    SecurityType.ETF,
    SecurityType.CASH,
)


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
    """

    fact: Classification | None = None
    served_by: ServedBy = ServedBy.RULES
    attempts: tuple[Attempt, ...] = ()
    stale: bool = False
    fresh_until: datetime | None = None

    def is_fresh(self, now: datetime) -> bool:
        """Whether this need not be asked again at `now`."""
        return self.fresh_until is not None and now < self.fresh_until


NOTHING_KNOWN = Known()

Held = Classification | Known
"""What is known about a key: a fact alone, where a cache holds it and it is fresh, or all that
there is to tell. Of thousands of facts each object less saves the garbage collector's walks."""


def is_askable(key: str) -> bool:
    """Whether a listed-securities source can know this key (options, CUSIPs, pairs it cannot)."""
    return tickers.shape(key) is tickers.Shape.LISTED


def doubtful(answers: Iterable[Resolution]) -> list[Resolution]:
    """Those that are stale, guessed or missing."""
    guessed, default = Origin.HEURISTIC, Origin.DEFAULT
    return [
        answer
        for answer in answers
        if (made := answer.classification) is None
        or answer.stale
        or (origin := made.origin) is guessed
        or origin is default
    ]


def decide(
    queries: Sequence[Query],
    *,
    overrides: Mapping[str, Classification],
    known: Mapping[str, Held],
    read: Container[str] = (),
    aside: Aside | None = None,
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
    answers, without_fact = _tell(queries, known, read)
    for number, instead in aside.items():
        query = queries[number]
        answers[number] = _decide_row(query, instead, known.get(query.key))
    undecided: dict[str, list[int]] = {}
    for number in without_fact:
        if number not in aside:
            undecided.setdefault(queries[number].key, []).append(number)
    for key, numbers in undecided.items():
        rows = [queries[number] for number in numbers]
        shared = _decide_without_fact(key, rows, answers[numbers[0]].trail)
        for number, row in zip(numbers, rows, strict=True):
            answers[number] = Resolution(row, *shared)
    return answers


def _tell(
    queries: Sequence[Query], known: Mapping[str, Held], read: Container[str]
) -> tuple[list[Resolution], list[int]]:
    """Answer each row as the facts do; also the positions of those that no fact answers."""
    make = tuple.__new__  # a named tuple's own constructor takes twice the time
    answers: list[Resolution] = []
    without_fact: list[int] = []
    for number, row in enumerate(queries):
        key = row.key
        about = known.get(key, NOTHING_KNOWN)
        if isinstance(about, Known):
            told = (row, about.fact, about.served_by, about.stale, about.attempts)
            if about.fact is None:
                without_fact.append(number)
        else:
            room = _DATABASE if key in read else _MEMORY
            trail = cache_trail(room, about.origin, about.raw_label or about.security_type)
            told = (row, about, room, False, trail)
        answers.append(make(Resolution, told))
    return answers, without_fact


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
        made = instead._replace(leverage=_overridden_leverage(query, instead, known))
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
    answer = _from_label(query.key, label, words)
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


def _from_label(key: str, label: Label, words: str | None) -> Classification:
    return Classification(key, label.security_type, Origin.PROVIDER, label.subtype, raw_label=words)


_Shared = tuple[Classification, ServedBy, bool, tuple[Attempt, ...]]


def _decide_without_fact(
    key: str, queries: Sequence[Query], attempts: Sequence[Attempt]
) -> _Shared:
    """Rules on ticker and names, else what the providers say, else the default."""
    trail = list(attempts)
    guesses = [guess_of(key, name) for name in _distinct(query.name for query in queries)]
    made = [guess for guess in guesses if guess is not None]
    if not made:
        trail.append(Attempt("heuristics", Outcome.MISS, "no rule speaks"))
        return _last_resort(key, queries, trail)
    # Of several names' guesses the riskiest stands, so that the order of the rows does not show.
    guess = min(made, key=_safety)
    trail.append(Attempt("heuristics", Outcome.HIT, f"rule {guess.rule}: {guess.note}"))
    answer = Classification(
        key,
        guess.security_type,
        Origin.HEURISTIC,
        guess.subtype,
        guess.leverage,
        raw_label=guess.rule,
    )
    return answer, ServedBy.RULES, False, tuple(trail)


def _safety(guess: heuristics.Guess) -> tuple[float, int, str, str]:
    """Sorts guesses from the riskiest to the safest; an unknown multiple is the largest."""
    multiple = abs(guess.leverage)
    size = math.inf if math.isnan(multiple) else max(multiple, 1.0)
    return -size, _RISKIEST_FIRST.index(guess.security_type), guess.rule, guess.note


def _distinct(values: Iterable[str | None]) -> list[str | None]:
    """Present values first, so that a nameless row never hides another row's name."""
    found = list(dict.fromkeys(value for value in values if value))
    return [*found] or [None]


def _last_resort(key: str, queries: Sequence[Query], trail: list[Attempt]) -> _Shared:
    said: dict[SecurityType, tuple[Query, Label]] = {}
    for query in queries:
        label = label_of(query.provider_type, query.provider)
        if label is not None:
            said.setdefault(label.security_type, (query, label))
    for kind in _RISKIEST_FIRST:
        if kind in said:
            query, label = said[kind]
            note = f"{query.provider or 'the provider'} says {query.provider_type!r}"
            if len(said) > 1:
                note += "; providers disagree, the riskier word stands"
            trail.append(Attempt("provider", Outcome.HIT, note))
            answer = _from_label(key, label, query.provider_type)
            return answer, ServedBy.INPUT, False, tuple(trail)
    trail.append(Attempt("default", Outcome.HIT, "nobody knows it: equity, the conservative guess"))
    answer = Classification(key, SecurityType.EQUITY, Origin.DEFAULT)
    return answer, ServedBy.RULES, False, tuple(trail)


def _describe_override(override: Classification) -> str:
    return f"overridden: {override.raw_label}" if override.raw_label else "overridden"


def describe_fact(origin: Origin, words: str) -> str:
    """Say whose fact it is and in which words, for a trail."""
    return f"{_SPOKEN.get(origin, origin)}: {words}"


_SPOKEN = {Origin.FMP: "FMP", Origin.OPENFIGI: "OpenFIGI"}
