"""What a caller may give as a time: an aware time, a day, or either as ISO text."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TypeAlias

from sectypes.errors import InputError, shown

__all__ = ["CLOCK_SLACK", "Moment", "end_of", "moment"]

CLOCK_SLACK = timedelta(minutes=10)
"""How far ahead of ours the clock of another computer may be; a later time is a mistake."""

Moment: TypeAlias = "date | datetime | str"
"""An aware time, a day, or either as ISO 8601 text; see `moment`."""


def moment(value: Moment, *, name: str) -> datetime:
    """Turn what a caller gives as a time into an aware time in UTC.

    Parameters
    ----------
    value : Moment
        An aware time; a day, which stands for its last moment in UTC; or either as ISO 8601 text.
    name : str
        What the caller calls it; for the error.

    Raises
    ------
    InputError
        A time without its zone, other text, or no time at all.

    Examples
    --------
    >>> moment("2026-01-31", name="as_of").isoformat()
    '2026-01-31T23:59:59.999999+00:00'
    >>> moment("2026-01-31T09:30+01:00", name="as_of").isoformat()
    '2026-01-31T08:30:00+00:00'
    """
    given = _read(value) if isinstance(value, str) else value
    if isinstance(given, datetime):
        if given.tzinfo is None:
            raise InputError(f"{name} needs its zone, best UTC: {given.isoformat()} is naive")
        try:
            return given.astimezone(UTC)
        except OverflowError:
            raise InputError(f"{name} is no time in UTC: {given.isoformat()}") from None
    if isinstance(given, date):
        return datetime.combine(given, time.max, UTC)
    raise InputError(
        f"{name} must be a day, such as 2026-01-31, or a time with its zone, such as"
        f" 2026-01-31T09:30Z; it is {shown(value)}"
    )


def end_of(value: Moment, *, name: str) -> datetime:
    """Turn what a caller gives as the end of something into the time from which it is over.

    Parameters
    ----------
    value : Moment
        As for `moment`, but that a day is the last one on which it lasts: over at the next
        midnight, so that it still lasts at the day's last moment. The last day of the calendar,
        which no midnight follows, ends at its last moment.
    name : str
        What the caller calls it; for the error.

    Raises
    ------
    InputError
        As for `moment`.

    Examples
    --------
    >>> end_of("2026-01-31", name="expires").isoformat()
    '2026-02-01T00:00:00+00:00'
    >>> end_of("2026-01-31T09:30+01:00", name="expires").isoformat()
    '2026-01-31T08:30:00+00:00'
    """
    last = moment(value, name=name)
    given = _read(value) if isinstance(value, str) else value
    if isinstance(given, datetime) or given == date.max:
        return last
    return last + datetime.resolution


def _read(text: str) -> date | datetime | None:
    for kind in (date, datetime):  # a day first: as a time it would be its midnight
        try:
            return kind.fromisoformat(text.strip())
        except ValueError:
            continue
    return None
