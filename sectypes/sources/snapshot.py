"""Answers from profiles that are already here: no key, no network, no time."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from typing import Any

from sectypes.errors import Failure, InputError
from sectypes.sources.profiles import read_profile
from sectypes.taxonomy import Answer, AnswerStatus, Origin
from sectypes.tickers import canonical

__all__ = ["SnapshotSource"]


class SnapshotSource:
    """A source over bundled FMP-shaped profiles.

    Parameters
    ----------
    profiles : Mapping[str, Mapping[str, Any]] | Iterable[Mapping[str, Any]]
        Profiles, or a mapping whose values are profiles. Each carries its `symbol` (or the older
        `ticker`); of two for the same symbol the last one counts. Not changed.
    name : str
        For trails and statistics.

    Raises
    ------
    InputError
        Profiles without a symbol; the error names each one's place.

    Examples
    --------
    >>> source = SnapshotSource([{"symbol": "DSU", "isEtf": False, "isFund": True}])
    >>> [(key, answer.status.value) for key, answer in source.fetch(["DSU", "NOPE"])]
    [('DSU', 'found'), ('NOPE', 'not_found')]
    """

    origin = Origin.SNAPSHOT

    def __init__(
        self,
        profiles: Mapping[str, Mapping[str, Any]] | Iterable[Mapping[str, Any]],
        *,
        name: str = "snapshot",
    ) -> None:
        self.name = name
        given = list(profiles.values() if isinstance(profiles, Mapping) else profiles)
        symbols = [canonical(one.get("symbol") or one.get("ticker")) for one in given]
        nameless = [
            Failure(row, "symbol", None, "a profile needs its symbol")
            for row, symbol in enumerate(symbols)
            if not symbol
        ]
        if nameless:
            raise InputError("the snapshot has profiles without a symbol", nameless)
        self._profiles = dict(zip(symbols, given, strict=True))

    def __len__(self) -> int:
        """How many securities the snapshot knows."""
        return len(self._profiles)

    def fetch(self, keys: Sequence[str]) -> Generator[tuple[str, Answer], None, None]:
        """Answer each distinct key at once; see `TypeSource.fetch`."""
        for key in dict.fromkeys(keys):
            profile = self._profiles.get(canonical(key))
            if profile is None:
                yield key, Answer(AnswerStatus.NOT_FOUND, note=f"not in the {self.name}")
            else:
                yield key, read_profile(profile, key=key, origin=self.origin)
