"""No fork in the middle of what a child could not finish.

Of all threads only the one that forks lives on in the child. A lock that another thread held at
that moment, inside SQLite or of a module that was being imported, is never released there, and the
child hangs as soon as it needs it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

__all__ = ["ForkGate", "fork_gate"]

LONGEST_S = 10.0
"""A fork waits at most so long for the other threads, and they for it."""


class ForkGate:
    """Counts the threads that are inside; a fork waits until none is, and nobody enters meanwhile.

    Examples
    --------
    >>> gate = ForkGate()
    >>> with gate.entered(), gate.entered():
    ...     gate.inside
    1
    >>> gate.inside
    0
    """

    def __init__(self) -> None:
        self._changed = threading.Condition(threading.Lock())
        self._mine = threading.local()
        self._forking = False
        self.inside = 0

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Do something that a fork must not cut in two; the same thread may enter again."""
        depth = self._depth
        if not depth:
            with self._changed:
                self._changed.wait_for(lambda: not self._forking, LONGEST_S)
                self.inside += 1
        self._mine.depth = depth + 1
        try:
            yield
        finally:
            self._mine.depth = depth
            if not depth:
                with self._changed:
                    self.inside -= 1
                    self._changed.notify_all()

    @property
    def _depth(self) -> int:
        return getattr(self._mine, "depth", 0)

    def before_fork(self) -> None:
        """Wait for the others, and keep the gate shut until the fork is done."""
        self._changed.acquire()
        self._forking = True
        self._changed.wait_for(lambda: self.inside <= (self._depth > 0), LONGEST_S)

    def after_in_parent(self) -> None:
        """Let the others go on."""
        self._forking = False
        self._changed.notify_all()
        self._changed.release()

    def after_in_child(self) -> None:
        """Begin anew: those who waited or were inside are not here."""
        self._changed = threading.Condition(threading.Lock())
        self._forking = False
        self.inside = int(self._depth > 0)


@cache
def fork_gate() -> ForkGate:
    """The gate of this process; forks mind it from its first use on."""
    gate = ForkGate()
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(
            before=gate.before_fork,
            after_in_parent=gate.after_in_parent,
            after_in_child=gate.after_in_child,
        )
    return gate
