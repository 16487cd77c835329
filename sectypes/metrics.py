"""What the service has done since it was made: hits and times by layer, guesses, uses of tickers.

Counting costs microseconds; nothing here does I/O.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter

from sectypes.cache import guard_forks
from sectypes.taxonomy import Resolution

__all__ = ["LAYERS", "Layer", "Metrics"]

LAYERS = ("memory", "database", "network")
SAMPLES = 1000
"""Times kept of each layer: the last ones."""
CALLS = 100
"""After so many calls the uses of their tickers are counted, if nobody has asked for them."""


@dataclass(frozen=True, slots=True)
class Layer:
    """What one layer has done.

    Attributes
    ----------
    name : str
        memory, database or network.
    asked, hits : int
        Tickers that it was asked for, and those that it settled.
    p50_ms, p95_ms : float | None
        Median and 95th percentile of the milliseconds of its last 1,000 calls; None before the
        first. A call to memory or database is for any number of tickers, one over the network for
        one.
    """

    name: str
    asked: int
    hits: int
    p50_ms: float | None
    p95_ms: float | None

    @property
    def hit_rate(self) -> float | None:
        """Fraction of the tickers that it settled; None where it was not asked."""
        return self.hits / self.asked if self.asked else None

    def to_dict(self) -> dict[str, str | int | float | None]:
        """Plain values."""
        return {
            "name": self.name,
            "asked": self.asked,
            "hits": self.hits,
            "hit_rate": self.hit_rate,
            "p50_ms": self.p50_ms,
            "p95_ms": self.p95_ms,
        }


class Metrics:
    """Counters for the threads of one service.

    Examples
    --------
    >>> metrics = Metrics()
    >>> metrics.asked("memory", 4, hits=3)
    >>> metrics.took("memory", 0.002)
    >>> metrics.layers()[0]
    Layer(name='memory', asked=4, hits=3, p50_ms=2.0, p95_ms=2.0)
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked: Counter[str] = Counter()
        self._hits: Counter[str] = Counter()
        self._seconds = {name: deque[float](maxlen=SAMPLES) for name in LAYERS}
        self._served: Counter[str] = Counter()
        self._uses: Counter[str] = Counter()
        self._calls: list[tuple[Sequence[str], int]] = []  # whose uses are yet to be counted
        guard_forks().add(self)

    def asked(self, layer: str, asked: int, *, hits: int) -> None:
        """Count tickers that a layer was asked for, and settled."""
        with self._lock:
            self._asked[layer] += asked
            self._hits[layer] += hits

    def took(self, layer: str, seconds: float) -> None:
        """Keep how long a call to a layer took."""
        with self._lock:
            self._seconds[layer].append(seconds)

    @contextmanager
    def timed(self, layer: str) -> Iterator[None]:
        """Measure one call to a layer."""
        begun = perf_counter()
        try:
            yield
        finally:
            self.took(layer, perf_counter() - begun)

    def served(self, answers: int, doubtful: Iterable[Resolution]) -> None:
        """Count answers, and guesses and stale ones among the doubtful of them."""
        guesses = stale = 0
        for answer in doubtful:
            fact = answer.classification
            guesses += fact is not None and fact.origin.is_guess
            stale += answer.stale
        with self._lock:
            self._served.update(answers=answers, guesses=guesses, stale=stale)

    def counts(self) -> dict[str, int]:
        """Answers, guesses and stale answers given so far."""
        with self._lock:
            return {name: self._served[name] for name in ("answers", "guesses", "stale")}

    def layers(self) -> tuple[Layer, ...]:
        """What each layer has done so far."""
        with self._lock:
            return tuple(
                Layer(
                    name,
                    self._asked[name],
                    self._hits[name],
                    _percentile(self._seconds[name], 50),
                    _percentile(self._seconds[name], 95),
                )
                for name in LAYERS
            )

    # -- uses of tickers --------------------------------------------------------------------

    def used(self, keys: Sequence[str], times: int = 1) -> None:
        """Count each key as asked for `times` more; it is only noted, and counted later."""
        with self._lock:
            self._calls.append((keys, times))
            if len(self._calls) >= CALLS:
                self._count_uses()

    def take_uses(self) -> dict[str, int]:
        """The uses counted since the last call of this."""
        with self._lock:
            self._count_uses()
            taken, self._uses = self._uses, Counter()
        return dict(taken)

    def _count_uses(self) -> None:
        calls, self._calls = self._calls, []
        for keys, times in calls:
            self._uses.update(keys if times == 1 else dict.fromkeys(keys, times))


def _percentile(seconds: Iterable[float], percent: int) -> float | None:
    """The nearest-rank percentile in milliseconds."""
    ranked = sorted(seconds)
    if not ranked:
        return None
    return round(ranked[max(0, -(-len(ranked) * percent // 100) - 1)] * 1000, 3)
