"""Tickers as a caller gives them: one or many, and missing ones among them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from sectypes.checks import is_missing
from sectypes.errors import Failure, InputError
from sectypes.taxonomy import Query

__all__ = ["all_of", "readable"]

T = TypeVar("T")


def all_of(given: Iterable[T]) -> tuple[T, ...]:
    """What was given, one by one; a text is one ticker, not its letters.

    Examples
    --------
    >>> all_of("SPY"), all_of(["SPY", "DSU"])
    (('SPY',), ('SPY', 'DSU'))
    """
    one: Any = given
    return (one,) if isinstance(given, str) else tuple(given)


def readable(given: Sequence[Any]) -> Sequence[Query | str]:
    """Questions and tickers as they are, and a missing one as a blank ticker.

    Raises
    ------
    InputError
        Something is no text: 5 may have been 0005.

    Examples
    --------
    >>> readable(["SPY", None, float("nan")])
    ['SPY', '', '']
    """
    if set(map(type, given)) <= {str, Query}:
        return given
    wrong = []
    read: list[Query | str] = []
    for number, one in enumerate(given):
        is_blank = is_missing(one)
        if not is_blank and not isinstance(one, str | Query):
            wrong.append(Failure(number, None, one, "is no text; give the ticker as text"))
        read.append("" if is_blank else one)
    if wrong:
        raise InputError("tickers must be text", wrong)
    return read
