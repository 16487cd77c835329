"""Verifying: the second source is asked about what the first may have wrong."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sectypes import precedence
from sectypes.errors import SourceRefused
from sectypes.lookup import Found, Lookup, Track
from sectypes.opinions import weigh, witnesses
from sectypes.second import may_be_known, subject
from sectypes.sorting import sort_rows
from sectypes.taxonomy import (
    Attempt,
    Classification,
    Query,
    Resolution,
    SecurityType,
    Subtype,
)

__all__ = ["Verification", "verify"]


@dataclass(frozen=True, slots=True)
class Verification:
    """What came of asking a second source about one ticker.

    Attributes
    ----------
    ticker : str
        As the caller spells it.
    before : SecurityType | None
        What the first source says; None where it has no answer.
    second : str | None
        What the second source says, in its own words; None where it has no answer.
    security_type : SecurityType | None
        The answer from now on.
    subtype : Subtype | None
        Its finer kind.
    is_settled : bool
        Whether a rule decides; otherwise the riskier type stands, and a person may decide.
    note : str
        Who says what, and what follows.
    failure : str | None
        Why the second source could not be asked; None where it was, whatever it knows.
    """

    ticker: str
    before: SecurityType | None
    second: str | None
    security_type: SecurityType | None
    subtype: Subtype | None
    is_settled: bool
    note: str
    failure: str | None = None


def verify(
    lookup: Lookup,
    rows: Sequence[Query],
    overrides: Mapping[str, Classification],
    *,
    track: Track,
) -> list[Verification]:
    """Ask the second source about the doubtful among rows; see `SecurityTypeService.verify`."""
    if lookup.second is None:
        raise SourceRefused("there is no second source to ask", source="second source")
    stop = threading.Event()
    aside, wanted = sort_rows(rows, overrides)
    listed = [row for number, row in enumerate(rows) if number not in aside]
    found = lookup.look_up(listed, wanted, track=track, stop=stop)
    known, isins = found.known, found.isins
    doubtful: list[Query] = []
    subjects: dict[str, None] = {}
    identifiers: dict[str, str] = {}
    for (key, why), numbers in precedence.by_security(listed, known, isins).items():
        group = [listed[number] for number in numbers]
        fact = None if why is not None else precedence.fact_of(known[key])
        asked = _subjects(group, fact, isins.get(key))
        if why is not None:
            asked.pop(key, None)  # its ticker is about another security
        if _is_doubtful(fact, group):
            doubtful += group
            subjects |= dict.fromkeys(asked)
            identifiers |= {one: given for one, given in asked.items() if given}
    unasked = lookup.hear_second(
        known, subjects, identifiers=identifiers, track=track, stop=stop, verifies=True
    )
    answers = precedence.decide(doubtful, overrides={}, **found._asdict())
    return [
        _line([doubtful[number] for number in numbers], why, answers[numbers[0]], found, unasked)
        for (_, why), numbers in precedence.by_security(doubtful, known, isins).items()
    ]


def _subjects(
    rows: Sequence[Query], fact: Classification | None, isin: str | None
) -> dict[str, str | None]:
    """Under what the second source is asked about one security, and by which identifier.

    Where a row carries an identifier, the ticker alone is not asked about.
    """
    carrying = [row for row in rows if row.identifier] or rows[:1]
    return {subject(row, fact, isin): row.identifier for row in carrying}


def _is_doubtful(fact: Classification | None, rows: Sequence[Query]) -> bool:
    if fact is None:
        return any(may_be_known(row.key) or row.identifier for row in rows)
    return fact.security_type is SecurityType.EQUITY and bool(witnesses(fact, rows))


def _line(
    rows: Sequence[Query],
    why: str | None,
    answer: Resolution,
    found: Found,
    unasked: Mapping[str, Attempt],
) -> Verification:
    fact, opinion, _, said = precedence.hear(rows, why, found.known)
    made = answer.classification
    verdict = weigh(fact, opinion, rows)
    is_whole = verdict is not None and verdict.note and not said
    asked = _subjects(rows, fact, found.isins.get(rows[0].key))
    failures = [str(unasked[one]) for one in asked if one in unasked]
    return Verification(
        rows[0].ticker,
        fact and fact.security_type,
        opinion and (opinion.raw_label or opinion.security_type.value),
        answer.security_type,
        made and made.subtype,
        verdict is not None and verdict.is_settled,
        verdict.note if verdict is not None and is_whole else answer.reason,
        failures[0] if failures else None,
    )
