"""Verifying: the second source is asked about what the first may have wrong."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sectypes import precedence
from sectypes.errors import SourceRefused
from sectypes.lookup import Lookup, Track
from sectypes.opinions import Verdict, weigh, witnesses
from sectypes.second import may_be_known
from sectypes.sorting import sort_rows
from sectypes.taxonomy import (
    Attempt,
    Classification,
    Query,
    Resolution,
    SecurityType,
    Subtype,
)
from sectypes.trails import as_known

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
    found = lookup.look_up(rows, wanted, track=track, stop=stop)
    about: dict[str, list[Query]] = {}
    for number, row in enumerate(rows):
        if number not in aside:
            about.setdefault(row.key, []).append(row)
    first = {key: as_known(found.known[key]).fact for key in about}
    doubtful = [key for key, fact in first.items() if _is_doubtful(fact, about[key])]
    identifiers = {row.key: row.identifier for row in rows if row.identifier}
    unasked = lookup.hear_second(
        found.known, doubtful, identifiers=identifiers, track=track, stop=stop, verifies=True
    )
    lines = [one for key in doubtful for one in about[key][:1]]
    answers = precedence.decide(
        [row for key in doubtful for row in about[key]], overrides={}, **found._asdict()
    )
    by_key = {answer.query.key: answer for answer in reversed(answers)}
    return [
        _line(row, first[row.key], as_known(found.known[row.key]).opinion, about, by_key, unasked)
        for row in lines
    ]


def _is_doubtful(fact: Classification | None, rows: Sequence[Query]) -> bool:
    if fact is None:
        return any(may_be_known(row.key) or row.identifier for row in rows)
    return fact.security_type is SecurityType.EQUITY and bool(witnesses(fact, rows))


def _line(
    row: Query,
    fact: Classification | None,
    opinion: Classification | None,
    about: Mapping[str, Sequence[Query]],
    answers: Mapping[str, Resolution],
    unasked: Mapping[str, Attempt],
) -> Verification:
    answer = answers[row.key]
    made = answer.classification
    verdict: Verdict | None = weigh(fact, opinion, about[row.key])
    return Verification(
        row.ticker,
        fact and fact.security_type,
        opinion and (opinion.raw_label or opinion.security_type.value),
        answer.security_type,
        made and made.subtype,
        verdict is not None and verdict.is_settled,
        verdict.note if verdict is not None and verdict.note else answer.reason,
        str(unasked[row.key]) if row.key in unasked else None,
    )
