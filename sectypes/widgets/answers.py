"""Which answers are looked for, and how one answer is told. No widget is known here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sectypes.taxonomy import Resolution
from sectypes.widgets import pages

__all__ = ["Search", "answer_page", "answer_table", "label"]

_MOST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What the panel of answers is asked for.

    Parameters
    ----------
    text : str
        Part of a ticker, name or provider, in any case; "" for all.
    origin : str
        Who asserts the answer; "" for anybody.

    Examples
    --------
    >>> from sectypes.taxonomy import Classification, Origin, Query, SecurityType, ServedBy
    >>> told = [Resolution(Query(t, t), Classification(t, SecurityType.ETF, who), ServedBy.MEMORY)
    ...         for t, who in (("SPY", Origin.FMP), ("IVV", Origin.OVERRIDE))]
    >>> Search(text="sp").among(told), Search(origin="override").among(told)
    ([0], [1])
    """

    text: str = ""
    origin: str = ""

    def among(self, answers: Sequence[Resolution]) -> list[int]:
        """Numbers of the answers that fit, in their order."""
        return [number for number, answer in enumerate(answers) if self._fits(answer)]

    def _fits(self, answer: Resolution) -> bool:
        if self.origin and self.origin != _origin(answer):
            return False
        fact, query = answer.classification, answer.query
        told = (query.ticker, query.key, query.name, query.provider, fact.name if fact else None)
        wanted = self.text.strip().casefold()
        return any(wanted in (text or "").casefold() for text in told)


def label(answer: Resolution) -> str:
    """An answer on one line, as text and not as HTML."""
    name = pages.plain(answer.query.ticker) or "no ticker"
    provider = f" ({pages.plain(answer.query.provider)})" if answer.query.provider else ""
    stale = ", out of date" if answer.stale else ""
    return f"{name}{provider}: {answer.security_type or 'no type'}, {_origin(answer)}{stale}"


def answer_page(answer: Resolution) -> str:
    """Everything about one answer: the fact, what the row says, and who was asked."""
    query, fact = answer.query, answer.classification
    rows: list[tuple[str, object]] = [("reason", answer.reason), ("served by", answer.served_by)]
    if fact is not None:
        rows = [
            ("type", fact.security_type),
            ("subtype", fact.subtype or ""),
            ("leverage", f"{fact.leverage:g}"),
            ("asserted by", fact.origin),
            ("in its own words", fact.raw_label or ""),
            ("name", fact.name or ""),
            ("as of", _time(fact.observed_at)),
            ("out of date", "yes" if answer.stale else "no"),
            *rows,
        ]
    rows += [
        ("the row's ticker", query.ticker),
        ("the row's name", query.name or ""),
        ("the row's provider", query.provider or ""),
        ("the provider's type", query.provider_type or ""),
        ("the row says cash", "yes" if query.is_cash else "no"),
    ]
    trail = [(asked.room, asked.outcome.value, asked.note) for asked in answer.trail]
    return pages.table(f"Answer for {label(answer)}", ["what", "answer"], rows) + pages.table(
        "Who was asked, in order", ["room", "outcome", "note"], trail
    )


def answer_table(answers: Sequence[Resolution]) -> str:
    """The first answers as one table; its caption counts all."""
    columns = ["ticker", "provider", "type", "asserted by", "reason"]
    return pages.table(
        f"{len(answers)} answers" + (f", {_MOST} of them shown" if len(answers) > _MOST else ""),
        columns,
        [
            (
                answer.query.ticker or "no ticker",
                answer.query.provider or "",
                answer.security_type or "no type",
                _origin(answer),
                answer.reason,
            )
            for answer in answers[:_MOST]
        ],
    )


def _origin(answer: Resolution) -> str:
    return answer.classification.origin.value if answer.classification else "nobody"


def _time(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else ""
