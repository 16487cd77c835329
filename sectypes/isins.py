"""ISINs that came with facts: which security a fact is about, for holdings that carry one too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sectypes.resting import RestingStore
from sectypes.tickers import is_isin

__all__ = ["Isins"]


class Isins:
    """ISINs by key, read from the database only for keys whose holdings carry an identifier.

    Parameters
    ----------
    most : int
        Keys remembered at a time.
    careful : RestingStore
        Access to the database.
    """

    def __init__(self, most: int, careful: RestingStore) -> None:
        self._most = most
        self._careful = careful
        self._known: dict[str, str | None] = {}
        self.changes = 0
        """Grows whenever an ISIN may have become another."""

    def known(self, keys: Iterable[str]) -> dict[str, str]:
        """The ISINs of those keys that have one."""
        wanted = list(keys)
        rest = [key for key in wanted if key not in self._known]
        found: dict[str, str] = {}
        if rest:
            found = self._careful.use("read", lambda store: store.isins(rest), found)
        told = {key: self._known.get(key) for key in wanted} | found
        self._remember({key: told[key] for key in rest})
        return {key: isin for key, isin in told.items() if isin is not None}

    def learn(self, payloads: Mapping[str, Mapping[str, Any] | None]) -> None:
        """Take ISINs from what the source sent, by key."""
        isins = {key: payload and payload.get("isin") for key, payload in payloads.items()}
        self._remember(
            {
                key: isin if isinstance(isin, str) and is_isin(isin) else None
                for key, isin in isins.items()
            }
        )
        self.changes += 1

    def forget(self, key: str) -> None:
        """Read the ISIN of a key anew next time."""
        self._known.pop(key, None)
        self.changes += 1

    def _remember(self, isins: Mapping[str, str | None]) -> None:
        if len(self._known) + len(isins) > self._most:
            self._known = {}  # one reference, so that no other thread sees half of it
        self._known.update(isins)
