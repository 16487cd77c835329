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

__all__ = ["Answers", "Recent", "State"]


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
        Those among them that are stale, guessed or missing.
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
class _Kept:
    given: tuple[Query | str, ...]
    keys: Sequence[str]
    answers: Answers
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
        self._kept: Lately[_Kept] = Lately(most)
        self._lock = threading.Lock()
        self._asked: dict[_Kept, int] = {}
        guard_forks().add(self)

    def find(
        self, given: tuple[Query | str, ...], state: State, now: datetime
    ) -> tuple[Answers, int] | None:
        """The answers to the same list, where they still count, and to how many keys they are.

        The keys count as asked for; see `take_uses`.
        """
        kept = self._kept.find(lambda kept: kept.given == given)
        if kept is None:
            return None
        if kept.state != state or now >= kept.until:
            self._kept.drop(kept)
            return None
        with self._lock:
            self._asked[kept] = self._asked.get(kept, 0) + 1
        return kept.answers, len(kept.keys)

    def keep(
        self,
        given: tuple[Query | str, ...],
        keys: Sequence[str],
        answers: Answers,
        state: State,
        until: datetime,
    ) -> None:
        """Remember answers that came from memory.

        Parameters
        ----------
        given : tuple[Query | str, ...]
            The questions.
        keys : Sequence[str]
            The distinct keys that memory was asked for.
        answers : Answers
            The answers.
        state : State
            As it was before memory was asked.
        until : datetime
            When the first of them expires.
        """
        self._kept.keep(_Kept(given, keys, answers, state, until), len(given))

    def take_uses(self) -> list[tuple[Sequence[str], int]]:
        """Keys that were asked for by way of `find`, and how often, since the last call of this."""
        with self._lock:
            asked, self._asked = self._asked, {}
        return [(kept.keys, times) for kept, times in asked.items()]
