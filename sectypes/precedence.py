"""Who is believed: the order of origins, as pure functions.

The service collects what the rooms know; this module decides. Nothing here does I/O, so the whole
precedence can be read and tested as a table:

1. an override, 2. a row that is not a listed security (cash above all), 3. a fresh fact,
4. a stale fact where its source could not be asked, 5. named rules on ticker and name,
6. the provider's own word, 7. equity, the conservative default.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from sectypes import heuristics, tickers, vocab
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
    Subtype,
)

__all__ = ["Known", "answers_itself", "decide", "describe_fact", "is_askable"]

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


def is_askable(key: str) -> bool:
    """Whether a listed-securities source can know this key (options, CUSIPs, pairs it cannot)."""
    return tickers.shape(key) is tickers.Shape.LISTED


def answers_itself(query: Query, override: Classification | None = None) -> bool:
    """Whether nobody else is needed: the row is blank, overridden, or says that it is not listed.

    An override that only says "fund" still needs the fund's multiple.
    """
    if override is not None:
        return override.leverage != 1.0 or override.security_type not in _FUNDS
    return not query.key or _own_label(query) is not None


def decide(
    queries: Sequence[Query],
    *,
    overrides: Mapping[str, Classification],
    known: Mapping[str, Known],
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
    known : Mapping[str, Known]
        What memory, database and sources said, by key.

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
    answers: list[Resolution] = []
    undecided: dict[str, list[int]] = {}
    for number, query in enumerate(queries):
        key = query.key
        about = known.get(key, NOTHING_KNOWN)
        answer = _decide_row(query, overrides.get(key), about)
        if answer is None:
            answer = Resolution(query, about.fact, about.served_by, about.stale, about.attempts)
            if about.fact is None:
                undecided.setdefault(key, []).append(number)
        answers.append(answer)
    for key, numbers in undecided.items():
        rows = [queries[number] for number in numbers]
        shared = _decide_without_fact(key, rows, known.get(key, NOTHING_KNOWN))
        for number, row in zip(numbers, rows, strict=True):
            answers[number] = Resolution(row, *shared)
    return answers


def _decide_row(query: Query, override: Classification | None, known: Known) -> Resolution | None:
    """Answer by override, or from the row alone where it says that it is no listed security."""
    if override is not None:
        hit = (Attempt("override", Outcome.HIT, _describe_override(override)),)
        made = override._replace(leverage=_overridden_leverage(query, override, known))
        return Resolution(query, made, ServedBy.DATABASE, False, hit)
    label = _own_label(query)
    if label is None:
        return None if query.key else _blank(query)
    if label.subtype is None:
        guess = _guess(query.key, query.name)
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


def _own_label(query: Query) -> Label | None:
    """What the row says of itself, where it says that it is not a listed security.

    The provider's word decides; where it says nothing or cash, a name that is a coin's and nothing
    else ("Bitcoin") says that BTC is the coin. A cash flag alone does not make a coin cash: Plaid
    sets it on coins, and older payloads call CUR:BTC cash.
    """
    word = _word(query.provider_type, query.provider)
    says_cash = query.is_cash or (word is not None and word.security_type is SecurityType.CASH)
    if word is not None and not says_cash:
        return None if word.listed else word
    if word is not None and not word.listed and word.security_type is not SecurityType.CASH:
        return word
    rule = _guess(query.key, query.name) if query.name else None
    if rule is not None and rule.rule == "name_coin":
        return _COIN
    if says_cash:
        return None if tickers.shape(query.key) is tickers.Shape.CRYPTO else _CASH
    return _CASH if rule is not None and rule.rule == "name_cash" else None


_CASH = Label(SecurityType.CASH, listed=False)
_COIN = Label(SecurityType.CRYPTO, Subtype.CRYPTOCURRENCY, listed=False)


@lru_cache(maxsize=4096)
def _word(provider_type: str | None, provider: str | None) -> Label | None:
    return vocab.provider_label(provider_type, provider) if provider_type else None


@lru_cache(maxsize=16_384)
def _guess(key: str, name: str | None) -> heuristics.Guess | None:
    """The rules' guess; a book that is classified again is not read again."""
    return heuristics.guess(key, name=name)


def _overridden_leverage(query: Query, override: Classification, known: Known) -> float:
    """An override of the type keeps the fund's multiple, unless it names one of its own."""
    if override.leverage != 1.0 or override.security_type not in _FUNDS:
        return override.leverage
    if known.fact is not None:
        return known.fact.leverage
    guess = _guess(query.key, query.name)
    return 1.0 if guess is None else guess.leverage


_FUNDS = (SecurityType.ETF, SecurityType.MUTUAL_FUND)


def _from_label(key: str, label: Label, words: str | None) -> Classification:
    return Classification(key, label.security_type, Origin.PROVIDER, label.subtype, raw_label=words)


_Shared = tuple[Classification, ServedBy, bool, tuple[Attempt, ...]]


def _decide_without_fact(key: str, queries: Sequence[Query], known: Known) -> _Shared:
    """Rules on ticker and names, else what the providers say, else the default."""
    trail = list(known.attempts)
    guesses = [_guess(key, name) for name in _distinct(query.name for query in queries)]
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
        label = _word(query.provider_type, query.provider)
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
