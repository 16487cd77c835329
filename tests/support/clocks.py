"""Clocks for sources that wait: one that only sleeping moves, and one that runs faster."""

from __future__ import annotations

import threading
import time

__all__ = ["FakeTime", "FastTime", "our_threads"]


class FakeTime:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float, stop: threading.Event) -> bool:
        self.slept.append(seconds)
        self.now += seconds
        return stop.is_set()


class FastTime:
    """Real time, but `speed` times as fast: at 100, a minute takes 0.6 s."""

    def __init__(self, speed: float = 100.0) -> None:
        self.speed = speed

    def clock(self) -> float:
        return time.monotonic() * self.speed

    def sleep(self, seconds: float, stop: threading.Event) -> bool:
        return stop.wait(seconds / self.speed)


def our_threads() -> list[str]:
    """The names of the package's threads that are alive."""
    return [one.name for one in threading.enumerate() if one.name.startswith("sectypes")]
