"""The names of a frame's columns: which of them a usual name means, in any case and padding."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from sectypes.errors import InputError

__all__ = ["Headings", "folded", "listed"]

_BETWEEN = re.compile(r"[\s_-]+")
_OUR_TYPES = "security_type"


@lru_cache(maxsize=4096)
def folded(name: str) -> str:
    """A column's name without case, spaces, "-" and "_".

    Only our own column of answers, ``security_type``, keeps its mark: brokers call their words
    "Security Type", and a word of theirs is no answer.

    Examples
    --------
    >>> folded(" Is Cash"), folded("Asset-Type"), folded("providerType")
    ('iscash', 'assettype', 'providertype')
    >>> folded("Security_Type"), folded("Security Type")
    ('security_type', 'securitytype')
    """
    plain = name.strip().casefold()
    return plain if plain == _OUR_TYPES else _BETWEEN.sub("", plain)


class Headings:
    """The names of a frame's columns.

    Examples
    --------
    >>> Headings(["Symbol", "Is Cash"]).find(["is_cash"])
    'Is Cash'
    """

    def __init__(self, names: Iterable[Any]) -> None:
        self.names = list(names)
        self._by_fold: dict[str, list[Any]] = {}
        for name in self.names:
            self._by_fold.setdefault(folded(str(name)), []).append(name)

    def find(self, usual: Sequence[str]) -> Any | None:
        """The column that has one of the usual names; the earlier of them goes before.

        Raises
        ------
        InputError
            Two columns have it.
        """
        for name in usual:
            found = self._by_fold.get(folded(name))
            if found is not None:
                return _only(found)
        return None

    def named(self, name: Any, role: str) -> Any:
        """The column of exactly this name.

        Raises
        ------
        InputError
            There is none, or there are two.
        """
        found = [one for one in self.names if one == name]
        if not found:
            raise InputError(f"no column {name!r} for {role} among {listed(self.names)}")
        return _only(found)


def _only(found: Sequence[Any]) -> Any:
    if len(found) == 1:
        return found[0]
    if len(set(found)) == 1:
        raise InputError(f"{len(found)} columns are called {found[0]!r}; rename all but one")
    raise InputError(f"the columns {listed(found)} read as one name; rename all but one")


def listed(names: Iterable[Any]) -> str:
    """Names of columns for a message, the first twenty.

    Examples
    --------
    >>> listed(["a", "b"]), listed([])
    ("'a', 'b'", 'no columns at all')
    """
    texts = [repr(str(name)) for name in names]
    return ", ".join(texts[:20]) + (", ..." if len(texts) > 20 else "") or "no columns at all"
