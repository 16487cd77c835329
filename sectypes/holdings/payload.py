"""Typed access to parsed JSON that remembers where it is and collects every problem."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sectypes.errors import Failure
from sectypes.holdings.amounts import parse_number

__all__ = ["Record", "as_text"]

_FLAGS = {"true": True, "false": False}


def as_text(value: object) -> str | None:
    """A text or a whole number as trimmed text; None for null and for blanks.

    Raises
    ------
    ValueError
        With the reason, for anything else.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("is not a text")
    text = str(value).strip()
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError("holds half a Unicode character (a lone surrogate)") from error
    return text or None


@dataclass(frozen=True, slots=True)
class Record:
    """One JSON object, with its place in the payload and the list that problems go to.

    Attributes
    ----------
    data : Mapping[str, Any]
        The object.
    problems : list[Failure]
        Shared by all records of one payload.
    path : str
        Dotted name of where the object stands, without list positions.
    row : int | str | None
        Position in the list that the object is an item of, or its key in an object of entries.
    """

    data: Mapping[str, Any]
    problems: list[Failure] = field(default_factory=list)
    path: str = ""
    row: int | str | None = None

    def problem(self, key: str, reason: str) -> None:
        """Note that the field `key` is wrong."""
        self.problems.append(Failure(self.row, self._name(key), self.data.get(key), reason))

    def text(self, key: str) -> str | None:
        """The field as text; None where it is absent, null or blank."""
        try:
            return as_text(self.data.get(key))
        except ValueError as error:
            self.problem(key, str(error))
            return None

    def hint(self, *path: str) -> str | None:
        """A text that helps and is not needed: None where it is absent or is no text."""
        value: object = self.data
        for key in path:
            value = value.get(key) if isinstance(value, Mapping) else None
        return value.strip() or None if isinstance(value, str) else None

    def first_text(self, *keys: str) -> str | None:
        """The first of several fields that has text."""
        return next((text for key in keys if (text := self.text(key)) is not None), None)

    def number(self, key: str) -> float:
        """The field as a float; NaN where it is absent or null."""
        try:
            return parse_number(self.data.get(key))
        except ValueError as error:
            self.problem(key, str(error))
            return float("nan")

    def flag(self, key: str) -> bool | None:
        """The field as a bool, also where it is written as text; None where absent or null."""
        value = self.data.get(key)
        if isinstance(value, str):
            value = _FLAGS.get(value.strip().lower(), value)
        if value is None or isinstance(value, bool):
            return value
        self.problem(key, "is neither true nor false")
        return None

    def child(self, key: str) -> Record:
        """The object in a field; an empty record where it is absent or null."""
        value = self.data.get(key)
        if value is not None and not isinstance(value, Mapping):
            self.problem(key, "is not an object")
        data = value if isinstance(value, Mapping) else {}
        return Record(data, self.problems, self._name(key), self.row)

    def children(self, key: str) -> Iterator[Record]:
        """The objects in a list; none where the list is absent or null."""
        value = self.data.get(key)
        if value is not None and not isinstance(value, list | tuple):
            self.problem(key, "is not a list")
            return
        for row, item in enumerate(value or ()):
            if isinstance(item, Mapping):
                yield Record(item, self.problems, self._name(key), row)
            else:
                reason = "is not an object"
                self.problems.append(Failure(row, self._name(key), item, reason))

    def _name(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key
