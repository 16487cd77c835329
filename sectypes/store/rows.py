"""Records to rows and back: what may be kept, and how a row becomes a record again."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sectypes.errors import Failure, InputError
from sectypes.records import Change, OverrideEntry
from sectypes.store.tables import FACT_ORIGINS, KEPT_MISSES, TICKER_WIDTH
from sectypes.taxonomy import AnswerStatus, Classification, Miss, Origin, SecurityType, Subtype

__all__ = [
    "FACT_COLUMNS",
    "HISTORY_COLUMNS",
    "MISS_COLUMNS",
    "OVERRIDE_COLUMNS",
    "Replaced",
    "Row",
    "as_facts",
    "as_misses",
    "as_overrides",
    "fact_rows",
    "is_key",
    "miss_rows",
    "override_row",
    "usable_keys",
]

Row = dict[str, Any]

_WIDTHS = frozenset(range(1, TICKER_WIDTH + 1))
_SUBTYPES = {kind.value: kind for kind in Subtype}

FACT_COLUMNS: Mapping[str, Any] = {
    "ticker": str,
    "security_type": SecurityType,
    "origin": Origin,
    "subtype": str,
    "leverage": float,
    "raw_label": str,
    "name": str,
    "last_updated": datetime,
    "expires_at": datetime,
}
"""The columns of a fact in the order of a classification's fields, and what each is read as."""

MISS_COLUMNS: Mapping[str, Any] = {
    "ticker": str,
    "status": AnswerStatus,
    "note": str,
    "observed_at": datetime,
    "expires_at": datetime,
}

OVERRIDE_COLUMNS: Mapping[str, Any] = {
    "ticker": str,
    "security_type": SecurityType,
    "subtype": str,
    "leverage": float,
    "note": str,
    "created_at": datetime,
    "expires_at": datetime,
    "author": str,
}

HISTORY_COLUMNS: Mapping[str, Any] = {
    "ticker": str,
    "old_type": SecurityType,
    "new_type": SecurityType,
    "origin": Origin,
    "raw_label": str,
    "changed_at": datetime,
    "old_subtype": str,
    "old_leverage": float,
    "old_origin": Origin,
    "old_label": str,
    "old_seen": datetime,
}


def is_key(ticker: str) -> bool:
    """Whether the ticker fits into the tables: not blank, not too wide, text for any database."""
    return 0 < len(ticker) <= TICKER_WIDTH and _storable(ticker) == ticker


def usable_keys(tickers: Iterable[str]) -> list[str]:
    """The tickers that `is_key` admits, in order."""
    given = list(tickers)
    every = "".join(given)
    if every.isascii() and "\0" not in every:
        # Text for any database, all of it: only the widths are left to look at.
        if {*map(len, given)} <= _WIDTHS:
            return given
        return [ticker for ticker in given if 0 < len(ticker) <= TICKER_WIDTH]
    return [ticker for ticker in given if is_key(ticker)]


def fact_rows(
    facts: Iterable[tuple[Classification, Any | None]], created_at: datetime
) -> list[Row]:
    """Rows for facts in the order of their keys, the newest where a key comes twice.

    Raises
    ------
    InputError
        Something among them is no fact; nothing is to be written then.
    """
    rows: dict[str, Row] = {}
    problems: list[Failure] = []
    for position, (fact, payload) in enumerate(facts):
        found = list(_fact_problems(position, fact))
        problems += found
        if found or fact.observed_at is None:
            continue
        known = rows.get(fact.ticker)
        if known is None or known["last_updated"] < fact.observed_at:
            rows[fact.ticker] = _fact_row(fact, payload, created_at)
    if problems:
        raise InputError("only facts with their time can be kept", problems)
    return [rows[key] for key in sorted(rows)]


def _fact_row(fact: Classification, payload: Any | None, created_at: datetime) -> Row:
    return {
        "ticker": fact.ticker,
        "security_type": fact.security_type.value,
        "subtype": fact.subtype and fact.subtype.value,
        "leverage": float(fact.leverage),
        "origin": fact.origin.value,
        "raw_label": fact.raw_label and _storable(fact.raw_label),
        "name": fact.name and _storable(fact.name),
        "last_updated": fact.observed_at,
        "expires_at": fact.expires_at,
        "created_at": created_at,
        "fmp_data": None if payload is None else _as_json(payload),
    }


def _fact_problems(position: int, fact: Classification) -> Iterable[Failure]:
    if fact.origin.value not in FACT_ORIGINS:
        why = "a guess is not kept" if fact.origin.is_guess else "an override has its own place"
        yield Failure(position, "origin", fact.origin.value, why)
    yield from _key_problems(position, fact.ticker)
    if not math.isfinite(fact.leverage):
        yield Failure(position, "leverage", fact.leverage, "must be a finite number")
    if fact.observed_at is None:
        yield Failure(position, "observed_at", None, f"when {fact.ticker} was seen must be known")
    yield from _time_problems(position, "observed_at", fact.observed_at)
    yield from _time_problems(position, "expires_at", fact.expires_at)


def _key_problems(position: int | None, ticker: str) -> Iterable[Failure]:
    if not is_key(ticker):
        why = f"a key has 1 to {TICKER_WIDTH} characters, none of them NUL"
        yield Failure(position, "ticker", ticker, why)


def _time_problems(position: int | None, column: str, time: datetime | None) -> Iterable[Failure]:
    if time is not None and time.tzinfo is None:
        yield Failure(position, column, time, "a time needs its zone, best UTC")


def miss_rows(misses: Iterable[Miss]) -> list[Row]:
    """Rows for misses in the order of their keys; of one key the newest.

    A ticker that cannot be a key is left out: it is never looked up in the database either.

    Raises
    ------
    InputError
        A failure is among them; it says nothing about the ticker, so it is not kept.
    """
    rows: dict[str, Row] = {}
    problems: list[Failure] = []
    for position, miss in enumerate(misses):
        if miss.status.value not in KEPT_MISSES:
            why = f"only {' and '.join(KEPT_MISSES)} are kept, a failure is not"
            problems.append(Failure(position, "status", miss.status.value, why))
        problems += _time_problems(position, "observed_at", miss.observed_at)
        problems += _time_problems(position, "expires_at", miss.expires_at)
        known = rows.get(miss.ticker)
        if problems or not is_key(miss.ticker):
            continue
        if known is None or known["observed_at"] < miss.observed_at:
            rows[miss.ticker] = {
                "ticker": miss.ticker,
                "status": miss.status.value,
                "note": _storable(miss.note),
                "observed_at": miss.observed_at,
                "expires_at": miss.expires_at,
            }
    if problems:
        raise InputError("these misses cannot be kept", problems)
    return [rows[key] for key in sorted(rows)]


class Replaced(NamedTuple):
    """A row of the history: the new fact, and what it took the place of."""

    ticker: str
    old_type: SecurityType
    new_type: SecurityType
    origin: Origin
    raw_label: str | None
    changed_at: datetime
    old_subtype: str | None
    old_leverage: float | None
    old_origin: Origin | None
    old_label: str | None
    old_seen: datetime | None

    @property
    def change(self) -> Change:
        """What changed."""
        given = self._asdict()
        return Change(**{name: given[name] for name in Change._fields})

    @property
    def old_fact(self) -> Classification:
        """What the fact said before."""
        return Classification(
            self.ticker,
            self.old_type,
            # Changes kept before schema 0002 do not tell whose the former fact was.
            self.old_origin or self.origin,
            _SUBTYPES.get(self.old_subtype or ""),
            1.0 if self.old_leverage is None else self.old_leverage,
            self.old_label,
            observed_at=self.old_seen,
        )


def override_row(made: Classification, *, author: str) -> Row:
    """Row for an override, whose note is its raw label.

    Raises
    ------
    InputError
        The ticker, the leverage or the expiry cannot be kept.
    """
    problems = [
        *_key_problems(None, made.ticker),
        *_time_problems(None, "expires_at", made.expires_at),
    ]
    if not math.isfinite(made.leverage):
        problems.append(Failure(None, "leverage", made.leverage, "must be a finite number"))
    if problems:
        raise InputError("the override cannot be kept", problems)
    return {
        "ticker": made.ticker,
        "security_type": made.security_type.value,
        "subtype": made.subtype and made.subtype.value,
        "leverage": float(made.leverage),
        "author": _storable(author),
        "note": _storable(made.raw_label or ""),
        "created_at": made.observed_at,
        "expires_at": made.expires_at,
    }


def as_facts(columns: Iterable[Sequence[Any]]) -> list[Classification]:
    """Classifications from the columns of `FACT_COLUMNS`: ten thousand pass here at once."""
    tickers, kinds, origins, subtypes, leverages, labels, *rest = columns
    # A subtype that only a newer version knows is left out: it is optional.
    known = map(_SUBTYPES.get, subtypes)
    shared = map(_shared(labels).get, labels)
    return list(map(Classification, tickers, kinds, origins, known, leverages, shared, *rest))


def _shared(labels: Iterable[str | None]) -> dict[str | None, str]:
    """One text for each label: thousands of facts share a few."""
    return {label: sys.intern(label) for label in set(labels) if label is not None}


def as_misses(columns: Iterable[Sequence[Any]]) -> list[Miss]:
    """Misses from the columns of `MISS_COLUMNS`."""
    return list(map(Miss, *columns))


def as_overrides(columns: Iterable[Sequence[Any]]) -> list[OverrideEntry]:
    """Overrides with their authors from the columns of `OVERRIDE_COLUMNS`."""
    tickers, kinds, subtypes, *rest, authors = columns
    known = map(_SUBTYPES.get, subtypes)
    made = map(_as_override, tickers, kinds, known, *rest)
    return list(map(OverrideEntry, made, authors))


def _as_override(
    ticker: str, kind: SecurityType, subtype: Subtype | None, *rest: Any
) -> Classification:
    leverage, note, made_at, expires_at = rest
    return Classification(
        ticker, kind, Origin.OVERRIDE, subtype, leverage, note, None, made_at, expires_at
    )


def _as_json(payload: Any) -> str:
    """JSON text that both databases take: what is no number there, or no text, is replaced."""
    try:
        text = _encode(payload)
    except (TypeError, ValueError):  # another mapping than dict, or NaN
        text = ""
    if text and "\\u0000" not in text and _storable(text) == text:
        return text
    return _encode(_plain(payload))


_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return _storable(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {_storable(str(key)): _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value


def _storable(text: str) -> str:
    """The text with U+FFFD in place of NUL and lone surrogates, which no database keeps."""
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
