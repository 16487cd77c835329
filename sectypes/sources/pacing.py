"""When to call: the pause between two calls, the wait before another try, and what the server asks.

No wait here can hang a caller: each one ends at once when its `stop` event is set.
"""

from __future__ import annotations

import math
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Protocol

__all__ = [
    "Limiter",
    "RateLimiter",
    "Sleep",
    "WindowLimiter",
    "backoff",
    "parse_http_date",
    "parse_retry_after",
    "sleep_until_stopped",
]

Sleep = Callable[[float, threading.Event], bool]
"""Wait so many seconds or until the event is set; the answer says whether it is set."""

BACKOFF_START_S = 0.5
LONGEST_RETRY_AFTER_S = 24 * 3600.0


def sleep_until_stopped(seconds: float, stop: threading.Event) -> bool:
    """Wait `seconds`, or less if `stop` is set meanwhile; return whether it is set."""
    return stop.wait(seconds)


class Limiter(Protocol):
    """Who says when the next call may start, to all threads that share it."""

    def wait(self, stop: threading.Event) -> bool:
        """Wait for a turn. True: call now. False: `stop` was set, do not call."""

    def ended(self) -> None:
        """Be told that the call of one turn is over."""

    def hold(self, seconds: float) -> None:
        """Let nobody start for `seconds`: the limit counts for the key, not for one ticker."""


class RateLimiter:
    """Keeps the starts of calls apart, across all threads that share it.

    Parameters
    ----------
    delay : float
        Seconds between two starts.
    clock : Callable[[], float]
        Monotonic seconds.
    sleep : Sleep
        How to wait.

    Examples
    --------
    >>> limiter = RateLimiter(0.01)
    >>> stop = threading.Event()
    >>> limiter.wait(stop), limiter.wait(stop)
    (True, True)
    >>> stop.set()
    >>> limiter.wait(stop)
    False
    """

    def __init__(
        self,
        delay: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Sleep = sleep_until_stopped,
    ) -> None:
        self._delay = delay
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._next_start = -math.inf

    def wait(self, stop: threading.Event) -> bool:
        """Wait for a turn. True: call now. False: `stop` was set, do not call."""
        while not stop.is_set():
            # A turn is taken when it is used, not reserved ahead: whoever is stopped while waiting
            # leaves no gap behind, and `hold` reaches those who wait already.
            with self._lock:
                now = self._clock()
                if now >= self._next_start:
                    self._next_start = now + self._delay
                    return True
                pause = self._next_start - now
            self._sleep(pause, stop)
        return False

    def ended(self) -> None:
        """Only starts count here."""

    def hold(self, seconds: float) -> None:
        """Let nobody start for `seconds`: the limit counts for the key, not for one ticker."""
        with self._lock:
            self._next_start = max(self._next_start, self._clock() + seconds)


class WindowLimiter:
    """Lets at most so many calls reach the server in any window of time; the first ones at once.

    Parameters
    ----------
    calls : int
        Calls in one window.
    window : float
        Its length in seconds.
    clock : Callable[[], float]
        Monotonic seconds.
    sleep : Sleep
        How to wait.

    Notes
    -----
    A call arrives at some time between its start and its end, which only the server knows. So a
    place is free again one window after the call's *end*: whatever the network delays, no window
    on the server's side sees more.

    Examples
    --------
    >>> limiter = WindowLimiter(2, 0.01)
    >>> stop = threading.Event()
    >>> [(limiter.wait(stop), limiter.ended())[0] for _ in range(3)]
    [True, True, True]
    """

    def __init__(
        self,
        calls: int,
        window: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Sleep = sleep_until_stopped,
    ) -> None:
        self._places = calls
        self._window = window
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._ends: deque[float] = deque()
        self._in_flight = 0
        self._held_until = -math.inf

    def wait(self, stop: threading.Event) -> bool:
        """Wait for a turn. True: call now, and say `ended` after. False: `stop` was set."""
        while not stop.is_set():
            with self._lock:
                now = self._clock()
                pause = self._free_at(now) - now
                if pause <= 0:
                    self._in_flight += 1
                    return True
            self._sleep(pause, stop)
        return False

    def ended(self) -> None:
        """Be told that the call of one turn is over."""
        with self._lock:
            self._in_flight -= 1
            self._ends.append(self._clock())

    def hold(self, seconds: float) -> None:
        """Let nobody start for `seconds`."""
        with self._lock:
            self._held_until = max(self._held_until, self._clock() + seconds)

    def _free_at(self, now: float) -> float:
        """When the next place is free, as far as that is known at `now`."""
        while self._ends and self._ends[0] + self._window <= now:
            self._ends.popleft()
        if self._in_flight + len(self._ends) < self._places:
            return max(now, self._held_until)
        # Where all places are in flight, each is taken for at least one window more.
        freed = (self._ends[0] if self._ends else now) + self._window
        return max(freed, self._held_until)


def backoff(failures: int) -> float:
    """Seconds to wait after so many failed tries: doubling, with jitter so that callers spread out.

    Examples
    --------
    >>> 0.25 <= backoff(1) <= 0.5 and 0.5 <= backoff(2) <= 1.0
    True
    """
    longest = BACKOFF_START_S * float(2 ** (failures - 1))
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads calls, keeps no secret


def parse_retry_after(value: str | None, *, now: datetime | None = None) -> float | None:
    """Seconds that a ``Retry-After`` header asks for, at most a day; None where it says nothing.

    Parameters
    ----------
    value : str | None
        Whole seconds, or an HTTP date (RFC 9110, 10.2.3).
    now : datetime | None
        The time that a date is measured from; best the server's own, from its ``Date`` header.

    Examples
    --------
    >>> parse_retry_after("120"), parse_retry_after("soon")
    (120.0, None)
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        # Ten digits are 300 years: the cap decides, and no number is too long to convert.
        return min(float(text[:10]), LONGEST_RETRY_AFTER_S)
    date = parse_http_date(text)
    if date is None:
        return None
    seconds = (date - (now or datetime.now(UTC))).total_seconds()
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER_S)


def parse_http_date(text: str) -> datetime | None:
    """An HTTP date as aware UTC; None for anything else."""
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return date.replace(tzinfo=UTC) if date.tzinfo is None else date
