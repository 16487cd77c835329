"""Memory: what the rooms said about keys, as long as it counts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterable, Mapping
from datetime import datetime

from sectypes.cache import MemoryCache
from sectypes.precedence import Held, Known
from sectypes.taxonomy import Classification
from sectypes.trails import as_known

__all__ = ["Memory"]


class Memory:
    """A `MemoryCache` of what is known; fresh facts are held alone, without words about them.

    Parameters
    ----------
    maxsize : int
        Most keys held.
    clock : Callable[[], datetime]
        Aware UTC now.
    """

    def __init__(self, maxsize: int, *, clock: Callable[[], datetime]) -> None:
        self._cache: MemoryCache[Held] = MemoryCache(maxsize, clock=clock)

    def __len__(self) -> int:
        return len(self._cache)

    def get_many(self, keys: Iterable[str]) -> dict[str, Held]:
        """What still counts among `keys`, as it is held; see `MemoryCache.get_many`."""
        return self._cache.get_many(keys)

    @property
    def changes(self) -> int:
        """See `MemoryCache.changes`."""
        return self._cache.changes

    def used(self, keys: Collection[str], times: int) -> None:
        """Count keys as asked for and answered, `times` more; see `MemoryCache.used`."""
        self._cache.used(keys, times)

    def put_many(
        self, values: Mapping[str, Held], *, together: Container[str] | None = None
    ) -> None:
        """Hold `values`; see `MemoryCache.put_many`.

        A fact that never expires is left out: it would hide what others write about its key.
        """
        together = values if together is None else together
        passing = [
            key
            for key, held in values.items()
            if isinstance(held, Classification) and held.expires_at is None
        ]
        lasting = {**values}
        for key in passing:
            del lasting[key]
        self._cache.put_many(lasting, together=together)

    def peek(self, key: str) -> Known | None:
        """What still counts of `key`; asking so does not count as use."""
        held = self._cache.peek(key)
        return None if held is None else as_known(held)

    def stale_many(self, keys: Iterable[str]) -> dict[str, Known]:
        """What does not count any more among `keys`; asking so does not count as use."""
        return {key: as_known(held) for key, held in self._cache.stale_many(keys).items()}

    def discard(self, key: str) -> None:
        """Hold nothing for `key` any more."""
        self._cache.discard(key)
