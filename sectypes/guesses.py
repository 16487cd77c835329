"""Answers without a fact: from the row alone, or about a key of which nobody knows one.

A row that is overridden, or says that it is no listed security, needs nobody else. For the others
rules on the ticker and the names go before the provider's own word, and that before the default.
Only a fund that is told by its name gives way where the provider says bond and the name agrees.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sectypes import heuristics
from sectypes.opinions import RISKIEST_FIRST, safety
from sectypes.sorting import guess_of, label_of, names_multiple, word_of
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

__all__ = ["Told", "from_row", "without_fact"]

Told = tuple[Classification, ServedBy, bool, tuple[Attempt, ...]]
"""An answer without its question: what, where it was found, whether it is stale, and the trail."""


def _from_label(key: str, label: Label, words: str | None) -> Classification:
    """A provider's word as an assertion."""
    return Classification(key, label.security_type, Origin.PROVIDER, label.subtype, raw_label=words)


def from_row(
    query: Query, instead: Classification | Label | None, fact: Classification | None
) -> Resolution:
    """Answer by override, or from the row alone where it says that it is no listed security.

    Parameters
    ----------
    query : Query
        The row.
    instead : Classification | Label | None
        What `sort_rows` found in place of a fact.
    fact : Classification | None
        What is known under its ticker: an override may leave the multiple to it.
    """
    if instead is None:
        note = "no ticker, so nobody can be asked; risk takes the worst rate"
        trail = (Attempt("input", Outcome.MISS, note),)
        return Resolution(query, None, ServedBy.INPUT, False, trail)
    if isinstance(instead, Classification):
        hit = (Attempt("override", Outcome.HIT, _describe_override(instead)),)
        made = instead.replace(leverage=_overridden_leverage(query, instead, fact))
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


def _overridden_leverage(
    query: Query, override: Classification, fact: Classification | None
) -> float:
    """An override of the type keeps the fund's multiple, unless it names one of its own."""
    if names_multiple(override):
        return override.leverage
    if fact is not None:
        return fact.leverage
    guess = guess_of(query.key, query.name)
    return 1.0 if guess is None else guess.leverage


def _describe_override(override: Classification) -> str:
    return f"overridden: {override.raw_label}" if override.raw_label else "overridden"


def without_fact(key: str, queries: Sequence[Query], attempts: Sequence[Attempt]) -> Told:
    """Rules on ticker and names, else what the providers say, else the default."""
    trail = list(attempts)
    said = _distinct((query.name, query.exchange) for query in queries)
    guesses = [guess_of(key, *name_and_venue) for name_and_venue in said]
    made = [guess for guess in guesses if guess is not None]
    if not made:
        trail.append(Attempt("heuristics", Outcome.MISS, "no rule speaks"))
        return _last_resort(key, queries, trail)
    if all(map(_is_fund_by_name, made)) and any(map(_is_debt_by_word, queries)):
        note = "a fund by name, but the name states debt, and the provider says bond"
        trail.append(Attempt("heuristics", Outcome.MISS, note))
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


def _is_fund_by_name(guess: heuristics.Guess) -> bool:
    """Whether a rule on the name says fund; what calls itself exchange-traded stays that."""
    return guess.security_type is SecurityType.MUTUAL_FUND and guess.rule.startswith("name_")


def _is_debt_by_word(query: Query) -> bool:
    """Whether the provider says bond, and the name states a coupon or calls itself a note."""
    label = label_of(query.provider_type, query.provider)
    says_bond = label is not None and label.security_type is SecurityType.BOND
    return says_bond and heuristics.says_debt(query.name)


def _safety(guess: heuristics.Guess) -> tuple[float, int, str, str]:
    return *safety(guess.security_type, guess.leverage), guess.rule, guess.note


def _distinct(
    said: Iterable[tuple[str | None, str | None]],
) -> list[tuple[str | None, str | None]]:
    """Names with venues; nameless rows are left out, so that they never hide another row's name."""
    found = list(dict.fromkeys(said))
    return [one for one in found if one[0]] or found


def _last_resort(key: str, queries: Sequence[Query], trail: list[Attempt]) -> Told:
    said: dict[SecurityType, tuple[Query, Label]] = {}
    for query in queries:
        label = word_of(query)
        if label is not None:
            said.setdefault(label.security_type, (query, label))
    for kind in RISKIEST_FIRST:
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
