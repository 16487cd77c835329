"""Records to rows and back: what may be kept, and how a row becomes a record again."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any, NamedTuple

import msgspec

from sectypes.errors import Failure, InputError, StoreUnavailable
from sectypes.records import Change
from sectypes.store.tables import FACT_ORIGINS, KEPT_MISSES, TICKER_WIDTH
from sectypes.taxonomy import AnswerStatus, Classification, Miss, Origin, SecurityType, Subtype

__all__ = [
    "FACT_COLUMNS",
    "Row",
    "as_change",
    "as_facts",
    "as_miss",
    "as_override",
    "as_replaced",
    "fact_rows",
    "facts_of_rows",
    "is_key",
    "miss_rows",
    "override_row",
    "read_column",
    "usable_keys",
]

Row = dict[str, Any]

_WIDTHS = frozenset(range(1, TICKER_WIDTH + 1))
_TYPES = {kind.value: kind for kind in SecurityType}
_SUBTYPES = {kind.value: kind for kind in Subtype}
_ORIGINS = {origin.value: origin for origin in Origin}

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


def is_key(ticker: str) -> bool:
    """Whether the ticker fits into the tables: not blank, not too wide, text for any database."""
    return 0 < len(ticker) <= TICKER_WIDTH and _storable(ticker) == ticker


def usable_keys(tickers: Iterable[str]) -> list[str]:
    """The distinct tickers that `is_key` admits, in order."""
    distinct = list(dict.fromkeys(tickers))
    every = "".join(distinct)
    if every.isascii() and "\0" not in every:
        # Text for any database, all of it: only the widths are left to look at.
        if {*map(len, distinct)} <= _WIDTHS:
            return distinct
        return [ticker for ticker in distinct if 0 < len(ticker) <= TICKER_WIDTH]
    return [ticker for ticker in distinct if is_key(ticker)]


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


def as_change(row: Any) -> Change:
    """A change of a fact from its row."""
    return Change(
        row.ticker,
        _TYPES[row.old_type],
        _TYPES[row.new_type],
        _ORIGINS[row.origin],
        row.raw_label,
        row.changed_at,
    )


def as_replaced(row: Any) -> Classification:
    """What the fact said before the change in this row."""
    return Classification(
        row.ticker,
        _TYPES[row.old_type],
        # Changes kept before schema 0002 do not tell whose the former fact was.
        _ORIGINS[row.old_origin or row.origin],
        _SUBTYPES.get(row.old_subtype),
        1.0 if row.old_leverage is None else row.old_leverage,
        row.old_label,
        observed_at=row.old_seen,
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


def read_column(name: str, kind: Any, given: str | Sequence[Any]) -> list[Any]:
    """The values of a column from their JSON array, or from those of rows.

    Raises
    ------
    StoreUnavailable
        One of them is something else: somebody wrote it by hand, or a newer version did.
    """
    try:
        return _in_utc(_times(given)) if kind is datetime else _read_as(kind, given)
    except (msgspec.ValidationError, ValueError) as error:
        problem = f"the cache database holds a {name} that cannot be read: {error}"
    raise StoreUnavailable(problem, source="database", retryable=False)


def _times(given: str | Sequence[Any]) -> list[datetime | None]:
    try:
        return _read_as(datetime, given)
    except msgspec.ValidationError:  # a day alone, which somebody wrote by hand
        return [said and datetime.fromisoformat(said) for said in _read_as(str, given)]


def _read_as(kind: Any, given: str | Sequence[Any]) -> list[Any]:
    """Values as what they mean, None where there is none."""
    read = _readers(kind)
    return read.decode(given) if isinstance(given, str) else read.convert(given)


class _Readers(NamedTuple):
    decode: Callable[[str], list[Any]]
    convert: Callable[[Sequence[Any]], list[Any]]


@cache
def _readers(kind: Any) -> _Readers:
    many, is_strict = list[kind | None], kind is not float  # which may come as its text
    decode = msgspec.json.Decoder(many, strict=is_strict).decode
    return _Readers(decode, partial(msgspec.convert, type=many, strict=is_strict))


def _in_utc(times: list[datetime | None]) -> list[datetime | None]:
    """The times in UTC; one without a zone, which somebody wrote by hand, is taken as UTC."""
    if {time.tzinfo for time in times if time is not None} <= {UTC}:
        return times
    return [
        time and (time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC))
        for time in times
    ]


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


def facts_of_rows(rows: Sequence[Sequence[Any]]) -> list[Classification]:
    """Classifications from rows that begin with the columns of `FACT_COLUMNS`, times as text."""
    if not rows:
        return []
    columns = zip(FACT_COLUMNS.items(), zip(*rows, strict=True), strict=False)
    return as_facts(read_column(name, kind, values) for (name, kind), values in columns)


def as_miss(row: Any) -> Miss:
    """A miss from its row."""
    status = AnswerStatus(row.status)
    return Miss(row.ticker, status, row.note, row.observed_at, row.expires_at)


def as_override(row: Any) -> Classification:
    """An override from its row."""
    return Classification(
        row.ticker,
        _TYPES[row.security_type],
        Origin.OVERRIDE,
        subtype=_SUBTYPES.get(row.subtype),
        leverage=row.leverage,
        raw_label=row.note,
        observed_at=row.created_at,
        expires_at=row.expires_at,
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
