"""The records of a backup: their fields, what each may hold, and the way to facts and back."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sectypes.errors import Failure, InputError, StoreWarning, first_of, warn
from sectypes.records import Dump, OverrideEntry
from sectypes.taxonomy import SECURITY_TYPES, Classification, Origin, SecurityType, Subtype
from sectypes.tickers import canonical

__all__ = ["COLUMNS", "Backup", "from_records", "to_records"]

COLUMNS = (
    *("ticker", "security_type", "subtype", "leverage", "origin", "raw_label", "name"),
    *("observed_at", "expires_at", "author", "role", "fmp_data"),
)
_NEEDED = ("ticker", "security_type", "origin", "observed_at")
_ORIGINS = tuple(one.value for one in Origin if not one.is_guess)
_SUBTYPES = tuple(one.value for one in Subtype)
MOST_PROBLEMS = 1000
OPINION = "opinion"
"""The role of a record that the second source made."""
_TICKER = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ./-]*")


class Backup(NamedTuple):
    """What a file holds: facts with their payloads, overrides, and second opinions."""

    facts: list[tuple[Classification, Any | None]]
    overrides: list[OverrideEntry]
    opinions: list[Classification]


def to_records(dump: Dump) -> list[dict[str, Any]]:
    """Facts, then overrides, then opinions, as flat records; what is missing is left out.

    Examples
    --------
    >>> from datetime import UTC
    >>> from sectypes.records import Listed
    >>> seen = datetime(2026, 1, 1, tzinfo=UTC)
    >>> fact = Classification("ON", SecurityType.EQUITY, Origin.FMP, observed_at=seen)
    >>> to_records(Dump([Listed(fact, None)], [], []))
    [{'ticker': 'ON', 'security_type': 'equity', 'leverage': 1.0, 'origin': 'fmp', \
'observed_at': '2026-01-01T00:00:00+00:00'}]
    """
    unread: list[str] = []
    facts = [
        _record(fact, fmp_data=_sorted_json(payload, fact.ticker, unread))
        for fact, payload in dump.facts
    ]
    if unread:
        left_out = "what the source sent is no JSON, and is left out of the backup"
        warn(f"{left_out}: {first_of(unread, 3)}", StoreWarning)
    return [
        *facts,
        *(_record(made, author=author) for made, author in dump.overrides),
        *(_record(opinion, role=OPINION) for opinion in dump.opinions),
    ]


def _record(fact: Classification, **more: str | None) -> dict[str, Any]:
    given = {
        "ticker": fact.ticker,
        "security_type": fact.security_type.value,
        "subtype": fact.subtype and fact.subtype.value,
        "leverage": fact.leverage,
        "origin": fact.origin.value,
        "raw_label": fact.raw_label,
        "name": fact.name,
        "observed_at": fact.observed_at and fact.observed_at.isoformat(),
        "expires_at": fact.expires_at and fact.expires_at.isoformat(),
        **more,
    }
    return {name: value for name, value in given.items() if value is not None}


def _sorted_json(payload: str | None, ticker: str, unread: list[str]) -> str | None:
    """The same text whichever database it comes from: PostgreSQL does not keep the order."""
    if payload is None:
        return None
    try:
        return json.dumps(json.loads(payload), sort_keys=True, ensure_ascii=False)
    except (ValueError, RecursionError):  # somebody wrote it by hand
        unread.append(ticker)
        return None


def from_records(
    records: Sequence[object], label: str, *, latest: datetime | None = None
) -> Backup:
    """Facts, overrides and opinions from records, all of which are checked first.

    Parameters
    ----------
    records : Sequence[object]
        As `to_records` makes them.
    label : str
        What the file is called in messages.
    latest : datetime | None
        Nothing may have been seen after this; None where that does not matter.

    Raises
    ------
    InputError
        A field is unknown, missing or not as it must be, or a ticker comes twice; all problems
        are collected, with the record's number (from 1), the field and the value.
    """
    problems: list[Failure] = []
    backup = Backup([], [], [])
    seen: set[tuple[str, bool, bool]] = set()
    for number, record in enumerate(records, 1):
        found = _problems(number, record, latest)
        if not found and isinstance(record, Mapping):
            is_override = record["origin"] == Origin.OVERRIDE.value
            place = (record["ticker"], is_override, record.get("role") == OPINION)
            if place in seen:
                why = "comes twice; keep one of the records"
                found.append(Failure(number, "ticker", record["ticker"], why))
            else:
                seen.add(place)
                _add(backup, record)
        problems += found
        if len(problems) >= MOST_PROBLEMS:
            break
    if problems:
        raise InputError(f"{label} is no backup that can be imported; nothing was", problems)
    return backup


def _add(backup: Backup, record: Mapping[str, Any]) -> None:
    fact = Classification(
        record["ticker"],
        SecurityType(record["security_type"]),
        Origin(record["origin"]),
        Subtype(record["subtype"]) if record.get("subtype") else None,
        1.0 if record.get("leverage") is None else float(record["leverage"]),
        record.get("raw_label"),
        record.get("name"),
        datetime.fromisoformat(record["observed_at"]),
        datetime.fromisoformat(record["expires_at"]) if record.get("expires_at") else None,
    )
    if fact.origin is Origin.OVERRIDE:
        backup.overrides.append(OverrideEntry(fact, record["author"]))
    elif record.get("role") == OPINION:
        backup.opinions.append(fact)
    else:
        payload = record.get("fmp_data")
        backup.facts.append((fact, None if payload is None else json.loads(payload)))


def _problems(number: int, record: object, latest: datetime | None) -> list[Failure]:
    if not isinstance(record, Mapping):
        return [Failure(number, None, record, "a record is a mapping of fields")]
    found = [
        Failure(number, str(name)[:40], None, "is no field of a record")
        for name in record
        if name not in COLUMNS
    ]
    needed: tuple[str, ...] = _NEEDED
    if record.get("origin") == Origin.OVERRIDE.value:
        needed = (*_NEEDED, "author")
    found += [
        Failure(number, name, None, "is missing") for name in needed if record.get(name) is None
    ]
    for name, (fits, why) in _RULES.items():
        value = record.get(name)
        if value is not None and not fits(value):
            found.append(Failure(number, name, value, why))
    seen = record.get("observed_at")
    if latest is not None and _is_time(seen) and datetime.fromisoformat(str(seen)) > latest:
        why = "is in the future: the clock that told it was wrong"
        found.append(Failure(number, "observed_at", seen, why))
    if record.get("role") == OPINION and record.get("origin") != Origin.OPENFIGI.value:
        why = f"an opinion is {Origin.OPENFIGI.value}'s, not {record.get('origin')}'s"
        found.append(Failure(number, "role", OPINION, why))
    return found


def _is_ticker(value: object) -> bool:
    """Any text is a key, but one in another spelling than the canonical would never be found."""
    if not isinstance(value, str) or not value:
        return False
    return canonical(value) == value or _TICKER.fullmatch(value) is None


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and type(value) is not bool and abs(value) < 1e9


def _is_time(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        moment = datetime.fromisoformat(value)
        return moment.tzinfo is not None and moment.astimezone(UTC) is not None
    except (ValueError, OverflowError):  # the latter: no such year in UTC
        return False


def _is_json(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        json.loads(value)
    except (ValueError, RecursionError):
        return False
    return True


_RULES: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "ticker": (
        _is_ticker,
        'must be a ticker in canonical spelling, as text: quote it, like "ON" or "0005"',
    ),
    "security_type": (
        lambda value: isinstance(value, str) and value in SECURITY_TYPES,
        f"must be one of {', '.join(SECURITY_TYPES)}",
    ),
    "subtype": (
        lambda value: isinstance(value, str) and value in _SUBTYPES,
        f"must be one of {', '.join(_SUBTYPES)}",
    ),
    "leverage": (_is_number, "must be a number"),
    "origin": (
        lambda value: isinstance(value, str) and value in _ORIGINS,
        f"must be one of {', '.join(_ORIGINS)}; a guess is not imported",
    ),
    "raw_label": (_is_text, "must be text"),
    "name": (_is_text, "must be text"),
    "author": (_is_text, "must be text"),
    "role": (lambda value: value == OPINION, f"must be {OPINION}, or left out"),
    "observed_at": (_is_time, "must be a time in ISO 8601 with its offset, as text"),
    "expires_at": (_is_time, "must be a time in ISO 8601 with its offset, as text"),
    "fmp_data": (_is_json, "must be JSON as text"),
}
