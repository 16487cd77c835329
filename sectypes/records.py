"""Records that the database tells: what it holds of keys, and what its keepers ask for.

Nothing here does I/O, and nobody needs a database's library to read them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from typing import Any, NamedTuple

from sectypes.taxonomy import Classification, Miss, Origin, SecurityType

__all__ = ["Change", "Contents", "Dump", "Kept", "Listed", "OverrideEntry", "Stored", "html_table"]


class Change(NamedTuple):
    """One change of a fact.

    Attributes
    ----------
    ticker : str
        The key.
    old_type, new_type : SecurityType
        Before and after; the same where only subtype or leverage changed.
    origin : Origin
        Who asserted the new one.
    raw_label : str | None
        In which words.
    changed_at : datetime
        When; aware UTC.
    """

    ticker: str
    old_type: SecurityType
    new_type: SecurityType
    origin: Origin
    raw_label: str | None
    changed_at: datetime


class Kept(NamedTuple):
    """A fact with how often its ticker was asked for."""

    fact: Classification
    uses: int


class Listed(NamedTuple):
    """A fact together with what its source sent, as JSON text; None where nothing was kept."""

    fact: Classification
    payload: str | None


class OverrideEntry(NamedTuple):
    """An override with its author; its note is the classification's `raw_label`."""

    made: Classification
    author: str


@dataclass(frozen=True, slots=True)
class Stored:
    """What the database holds about some keys.

    Attributes
    ----------
    facts : dict[str, Classification]
        By key; fresh or expired, which their `expires_at` tells.
    misses : dict[str, Miss]
        By key, for keys without a fresh fact; fresh or expired.
    opinions : dict[str, Classification]
        What the second source said, by key; fresh or expired.
    late : set[str]
        The keys whose facts are expired.
    """

    facts: dict[str, Classification] = field(default_factory=dict)
    misses: dict[str, Miss] = field(default_factory=dict)
    opinions: dict[str, Classification] = field(default_factory=dict)
    late: set[str] = field(default_factory=set)


class Dump(NamedTuple):
    """All that a backup holds, each in the order of its keys."""

    facts: list[Listed]
    overrides: list[OverrideEntry]
    opinions: list[Classification]


@dataclass(frozen=True, slots=True)
class Contents:
    """How much the database holds.

    Attributes
    ----------
    facts, stale : int
        Facts, and those among them that are expired.
    by_type : Mapping[str, int]
        Facts by security type.
    negative : int
        Remembered "no"s that still count.
    opinions : int
        What the second source said.
    overrides : int
        Overrides, expired ones included.
    changes : int
        Changes of facts that are remembered.
    """

    facts: int
    stale: int
    by_type: Mapping[str, int]
    negative: int
    opinions: int
    overrides: int
    changes: int


def html_table(title: str, rows: Mapping[str, Any]) -> str:
    """A small table of names and values for a notebook; every text is escaped.

    Examples
    --------
    >>> html_table("Cache", {"a<b": 1})
    '<table><caption>Cache</caption><tr><th scope="row">a&lt;b</th><td>1</td></tr></table>'
    """
    body = "".join(
        f'<tr><th scope="row">{escape(str(name))}</th><td>{escape(str(value))}</td></tr>'
        for name, value in rows.items()
    )
    return f"<table><caption>{escape(title)}</caption>{body}</table>"
