"""One question for many waiters: whoever comes second waits for the first one's answer.

Nothing is held while the first one asks. One that fails, or is interrupted, leaves nobody hanging:
its waiters are woken and ask themselves.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from typing import Generic, TypeVar

__all__ = ["Flight", "Flights"]

T = TypeVar("T")

LOOK_S = 0.05
"""How often one who waits looks whether the wait was cancelled."""


class Flight(Generic[T]):
    """A question that somebody is asking."""

    def __init__(self) -> None:
        self._landed = threading.Event()
        self._answer: T | None = None

    def land(self, answer: T | None) -> None:
        """Wake the waiters; None where there is no answer."""
        self._answer = answer
        self._landed.set()

    def wait(self, stop: threading.Event) -> T | None:
        """The answer; None where there is none, or where `stop` is set meanwhile."""
        while not self._landed.wait(LOOK_S):
            if stop.is_set():
                return None
        return self._answer


class Flights(Generic[T]):
    """The questions that are being asked in this process; a forked child has its own.

    Examples
    --------
    >>> flights = Flights[str]()
    >>> flights.claim("DSU"), flights.claim("DSU")
    (True, False)
    >>> [waited] = flights.find(["DSU", "SPY"]).values()
    >>> flights.land("DSU", "mutual_fund")
    >>> waited.wait(threading.Event()), flights.find(["DSU"])
    ('mutual_fund', {})
    """

    def __init__(self) -> None:
        self._by_process: dict[int, dict[str, Flight[T]]] = {}

    # Operations on a dict are atomic, so no lock is needed that a fork could inherit held.

    @property
    def _running(self) -> dict[str, Flight[T]]:
        return self._by_process.setdefault(os.getpid(), {})

    def claim(self, key: str) -> bool:
        """Begin to ask for a key; False where somebody does already."""
        mine = Flight[T]()
        return self._running.setdefault(key, mine) is mine

    def land(self, key: str, answer: T | None) -> None:
        """Give the answer of a claimed key to those who wait; None where there is none."""
        flight = self._running.pop(key, None)
        if flight is not None:
            flight.land(answer)

    def find(self, keys: Iterable[str]) -> dict[str, Flight[T]]:
        """The questions among `keys` that somebody is asking now."""
        running = self._running
        found = {key: running.get(key) for key in keys} if running else {}
        return {key: flight for key, flight in found.items() if flight is not None}
