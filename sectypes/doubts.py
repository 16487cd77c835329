"""Answers to be careful with: stale, guessed or missing ones, and the warnings about them."""

from __future__ import annotations

from collections.abc import Iterable

from sectypes.errors import StaleAnswerWarning, UnresolvedWarning, first_of, warn
from sectypes.taxonomy import Origin, Resolution

__all__ = ["doubtful", "warn_about"]


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


def warn_about(answers: Iterable[Resolution]) -> None:
    """Warn, once for each kind, about the missing and the stale among doubtful answers."""
    unresolved: dict[str, None] = {}
    stale: dict[str, None] = {}
    for answer in answers:
        if answer.classification is None or answer.classification.origin is Origin.DEFAULT:
            unresolved[answer.query.ticker or "(blank)"] = None
        elif answer.stale:
            stale[answer.query.ticker] = None
    if unresolved:
        warn(
            f"{len(unresolved)} without a known type, counted at the single-stock rate:"
            f" {_sample(unresolved)}. See explain().",
            UnresolvedWarning,
        )
    if stale:
        warn(f"{len(stale)} answered from out-of-date facts: {_sample(stale)}", StaleAnswerWarning)


def _sample(names: Iterable[str]) -> str:
    return first_of([name if len(name) <= 40 else name[:39] + "…" for name in names], 8)
