"""What the tables hold, read as what it means: by whole columns, and by row where one fails.

SQLite lets anybody write anything into any column. A row that cannot be read counts as not known,
and is told with its ticker; the other rows are not touched by it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache, partial
from itertools import compress
from typing import Any, NamedTuple

import msgspec

from sectypes.errors import StoreUnavailable, StoreWarning, first_of, shown, warn

__all__ = ["Columns", "Flaw", "count_of", "listed_flaws", "read_columns", "tell"]

_NAMED = 3
"""So many unreadable rows are named in one message."""
_FAILURES = (msgspec.ValidationError, ValueError, OverflowError)  # the last: no such year in UTC


class Flaw(NamedTuple):
    """A row that cannot be read, with the first of its columns that shows it."""

    table: str
    ticker: object
    column: str
    value: object

    def __str__(self) -> str:
        """One row for people."""
        return f"{shown(self.ticker)} in {self.table} ({self.column} is {shown(self.value)})"


class Columns(NamedTuple):
    """The columns of the rows that can be read, and the rows that cannot."""

    values: list[list[Any]]
    flaws: list[Flaw]


def read_columns(
    table: str, kinds: Mapping[str, Any], given: Sequence[str | Sequence[Any]]
) -> Columns:
    """Columns as what they mean.

    Parameters
    ----------
    table : str
        Where they come from, for messages.
    kinds : Mapping[str, Any]
        By name, what each column is to be read as; the first is the ticker. None is always read.
    given : Sequence[str | Sequence[Any]]
        Each column's JSON array, or its values in rows.

    Returns
    -------
    Columns
        The values in the order of the rows, and the rows that were left out.
    """
    try:
        pairs = zip(kinds.values(), given, strict=True)
        return Columns([_read(kind, values) for kind, values in pairs], [])
    except _FAILURES:
        return _read_by_row(table, kinds, [_plain(values) for values in given])


def _read_by_row(table: str, kinds: Mapping[str, Any], given: Sequence[Sequence[Any]]) -> Columns:
    flaws: dict[int, Flaw] = {}
    read: list[list[Any]] = []
    for (name, kind), values in zip(kinds.items(), given, strict=True):
        if found := _read_alone(kind, values):
            read.append(found)
            continue
        each = [_read_alone(kind, [value]) for value in values]
        for place, one in enumerate(each):
            if not one:
                flaws.setdefault(place, Flaw(table, given[0][place], name, values[place]))
        read.append([one[0] if one else None for one in each])
    is_whole = [place not in flaws for place in range(len(given[0]))]
    return Columns([list(compress(values, is_whole)) for values in read], list(flaws.values()))


def _read_alone(kind: Any, values: Sequence[Any]) -> list[Any]:
    """The values; none at all where one of them cannot be read."""
    try:
        return _read(kind, values)
    except _FAILURES:
        return []


def tell(flaws: Sequence[Flaw]) -> None:
    """Warn of the rows that cannot be read, if there are any."""
    if flaws:
        warn(
            f"the cache database holds {listed_flaws(flaws)}: what cannot be read counts as not"
            " known. Mend it, or replace it: `sectypes cache refresh TICKER` for a fact,"
            " `sectypes override set TICKER` for one in overrides.",
            StoreWarning,
        )


def listed_flaws(flaws: Sequence[Flaw]) -> str:
    """How many rows there are, and the first of them."""
    rows = "1 row" if len(flaws) == 1 else f"{len(flaws):,} rows"
    return f"{rows} that cannot be read: {first_of(list(map(str, flaws)), _NAMED)}"


def count_of(table: str, value: Any) -> int:
    """A number that something is counted with; it cannot be left out as a row can.

    Raises
    ------
    StoreUnavailable
        It is no whole number.
    """
    found = _read_alone(int, [value])
    if not found or found[0] is None:
        problem = f"the cache database holds a count in {table} that is no number: {shown(value)}"
        raise StoreUnavailable(problem, source="database", retryable=False)
    return int(found[0])


# -- values ---------------------------------------------------------------------------------


def _read(kind: Any, given: str | Sequence[Any]) -> list[Any]:
    """Values as what they mean, None where there is none."""
    if kind is not datetime:
        return _read_as(kind, given)
    times = _times(given)
    return times if _says_utc(given) else _in_utc(times)


def _says_utc(given: str | Sequence[Any]) -> bool:
    """Whether each text of a JSON array of times ends with the offset of UTC, as ours do."""
    return isinstance(given, str) and 2 * given.count('+00:00"') == given.count('"')


def _times(given: str | Sequence[Any]) -> list[datetime | None]:
    try:
        return _read_as(datetime, given)
    except msgspec.ValidationError:  # a day alone, which somebody wrote by hand
        texts = _read_as(str, given)
        return [None if said is None else datetime.fromisoformat(said) for said in texts]


def _in_utc(times: list[datetime | None]) -> list[datetime | None]:
    """The times in UTC; one without a zone, which somebody wrote by hand, is taken as UTC."""
    if {time.tzinfo for time in times if time is not None} <= {UTC}:
        return times
    return [
        time and (time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC))
        for time in times
    ]


def _read_as(kind: Any, given: str | Sequence[Any]) -> list[Any]:
    read = _readers(kind)
    return read.decode(given) if isinstance(given, str) else read.convert(given)


def _plain(given: str | Sequence[Any]) -> Sequence[Any]:
    """The values as they came."""
    return _read_as(Any, given)


class _Readers(NamedTuple):
    decode: Callable[[str], list[Any]]
    convert: Callable[[Sequence[Any]], list[Any]]


@cache
def _readers(kind: Any) -> _Readers:
    # A number may come as its text.
    many, is_strict = list[kind | None], kind not in (float, int)
    decode = msgspec.json.Decoder(many, strict=is_strict).decode
    return _Readers(decode, partial(msgspec.convert, type=many, strict=is_strict))
