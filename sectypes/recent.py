"""Lists of questions that were answered lately: the same list again costs one comparison.

An answer is given again only as long as it would be found again: all of it came from memory, memory
has not changed since, the same overrides are in force, and nothing of it has expired.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sectypes.cache import guard_forks
from sectypes.doubts import doubtful
from sectypes.lately import Lately
from sectypes.taxonomy import Classification, Query, Resolution

__all__ = ["Answers", "Kept", "Recent", "State"]


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Answers:
    """The answers to a list of questions.

    The same list has the same object for its answers as long as they count, so that what is made
    of them can be kept beside them.

    Attributes
    ----------
    resolutions : tuple[Resolution, ...]
        One for each question, in order.
    doubtful : tuple[Resolution, ...]
        Those among them that are stale, guessed, missing, or a provider's word in place of a fact.
    """

    resolutions: tuple[Resolution, ...]
    doubtful: tuple[Resolution, ...]

    @classmethod
    def of(cls, resolutions: Sequence[Resolution]) -> Answers:
        """With the doubtful ones picked out."""
        return cls(tuple(resolutions), tuple(doubtful(resolutions)))

    def __len__(self) -> int:
        return len(self.resolutions)


@dataclass(frozen=True, slots=True)
class State:
    """What answers from memory hang on.

    Attributes
    ----------
    changes : tuple[int, ...]
        How often memory, and whatever else answers by itself, has changed.
    overrides : Mapping[str, Classification]
        Those in force, by key.
    """

    changes: tuple[int, ...]
    overrides: Mapping[str, Classification]


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """The answers to a list that came from memory, and as long as they count.

    Attributes
    ----------
    given : tuple[Query | str, ...]
        The questions.
    answers : Answers
        Their answers.
    keys : Sequence[str]
        The distinct keys that memory was asked for.
    hits : int
        Those of them that it knew.
    state : State
        As it was before memory was asked.
    until : datetime
        When the first of the answers expires.
    """

    given: tuple[Query | str, ...]
    answers: Answers
    keys: Sequence[str]
    hits: int
    state: State
    until: datetime


class Recent:
    """Answers to whole lists, and how often these were asked again.

    Parameters
    ----------
    most : int
        Questions of all kept lists together.
    """

    def __init__(self, most: int) -> None:
        self._kept: Lately[Kept] = Lately(most)
        self._lock = threading.Lock()
        self._asked: dict[Kept, int] = {}
        guard_forks().add(self)

    def find(self, given: tuple[Query | str, ...], state: State, now: datetime) -> Kept | None:
        """What is kept of the same list, where it still counts; its keys count as asked for."""
        kept = self._kept.find(lambda kept: kept.given == given)
        if kept is None:
            return None
        if kept.state != state or now >= kept.until:
            self._kept.drop(kept)
            return None
        with self._lock:
            self._asked[kept] = self._asked.get(kept, 0) + 1
        return kept

    def keep(self, kept: Kept) -> None:
        """Remember answers that came from memory."""
        self._kept.keep(kept, len(kept.given))

    def take_uses(self) -> list[tuple[Sequence[str], int]]:
        """Keys that were asked for by way of `find`, and how often, since the last call of this."""
        with self._lock:
            asked, self._asked = self._asked, {}
        return [(kept.keys, times) for kept, times in asked.items()]
