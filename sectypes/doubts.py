"""Answers to be careful with: stale, guessed or missing ones, and the warnings about them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType

from sectypes.errors import StaleAnswerWarning, UnresolvedWarning, first_of, warn
from sectypes.taxonomy import NOT_ANY_MORE, Origin, Outcome, Resolution

__all__ = ["doubtful", "warn_about"]

_UNANSWERED = (Outcome.ERROR, Outcome.SKIPPED)
_NOBODY: Mapping[str, str] = MappingProxyType({})


def doubtful(answers: Iterable[Resolution]) -> list[Resolution]:
    """Those that are stale, guessed, missing, or a provider's word in place of a fact."""
    guessed, default, word = Origin.HEURISTIC, Origin.DEFAULT, Origin.PROVIDER
    return [
        answer
        for answer in answers
        if (made := answer.classification) is None
        or answer.stale
        or (origin := made.origin) is guessed
        or origin is default
        # A row that says that it is no listed security is no matter of doubt.
        or (origin is word and len(answer.trail) > 1)
    ]


def warn_about(answers: Iterable[Resolution], sources: Mapping[str, str] = _NOBODY) -> None:
    """Warn, once for each kind, about the missing and the stale among doubtful answers.

    Parameters
    ----------
    answers : Iterable[Resolution]
        The doubtful ones.
    sources : Mapping[str, str]
        Those who are asked, as people write their names, by the name in trails. Where one of them
        could not be asked or failed, that is said too, with the reason.
    """
    unresolved: dict[str, None] = {}
    stale: dict[str, None] = {}
    silent: dict[str, dict[str, None]] = {}
    outdated: dict[str, dict[str, None]] = {}
    for answer in answers:
        ticker = answer.query.ticker or "(blank)"
        if answer.classification is None or answer.classification.origin is Origin.DEFAULT:
            unresolved[ticker] = None
        elif answer.stale:
            stale[ticker] = None
        for said in answer.trail:
            if said.outcome in _UNANSWERED and said.room in sources:
                about = outdated if answer.stale else silent
                # One cause, however many of the calls had begun when it was found.
                why = said.note.removeprefix(NOT_ANY_MORE)
                reason = f"{sources[said.room]} gave no answer: {why}"
                about.setdefault(reason, {})[ticker] = None
    if unresolved or silent:
        parts = [_told(silent)] if silent else []
        if unresolved:
            parts.insert(
                0,
                f"{len(unresolved)} without a known type, counted at the single-stock rate:"
                f" {_sample(unresolved)}. See explain().",
            )
        warn(" ".join(parts), UnresolvedWarning)
    if stale:
        told = f"{len(stale)} answered from out-of-date facts: {_sample(stale)}"
        warn(". ".join(filter(None, [told, _told(outdated)])), StaleAnswerWarning)


def _told(reasons: Mapping[str, Collection[str]]) -> str:
    """Who gave no answer, why, and about what."""
    told = [f"{reason} ({len(them)}: {_sample(them)})" for reason, them in reasons.items()]
    return first_of(told, 3)


def _sample(names: Iterable[str]) -> str:
    return first_of([name if len(name) <= 40 else name[:39] + "…" for name in names], 8)
