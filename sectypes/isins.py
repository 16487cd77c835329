"""ISINs that came with facts: which security a fact is about, for holdings that carry one too."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from sectypes.tickers import is_isin

if TYPE_CHECKING:
    from sectypes.store import SqlStore

__all__ = ["Isins", "TryStore"]

T = TypeVar("T")


class TryStore(Protocol):
    """Does something with the database, or nothing where it cannot be used."""

    def __call__(self, purpose: str, action: Callable[[SqlStore], T], otherwise: T) -> T:
        """See `Lookup.try_store`."""


class Isins:
    """ISINs by key, read from the database only for keys whose holdings carry an identifier.

    Parameters
    ----------
    most : int
        Keys remembered at a time.
    try_store : TryStore
        Access to the database.
    """

    def __init__(self, most: int, try_store: TryStore) -> None:
        self._most = most
        self._try_store = try_store
        self._known: dict[str, str | None] = {}

    def known(self, keys: Iterable[str]) -> dict[str, str]:
        """The ISINs of those keys that have one."""
        wanted = list(keys)
        rest = [key for key in wanted if key not in self._known]
        found: dict[str, str] = {}
        if rest:
            found = self._try_store("read", lambda store: store.isins(rest), found)
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

    def forget(self, key: str) -> None:
        """Read the ISIN of a key anew next time."""
        self._known.pop(key, None)

    def _remember(self, isins: Mapping[str, str | None]) -> None:
        if len(self._known) + len(isins) > self._most:
            self._known = {}  # one reference, so that no other thread sees half of it
        self._known.update(isins)
