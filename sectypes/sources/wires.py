"""What every source over the wire needs in each process: a rate limit and a session, and an end."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from sectypes.config import Settings
from sectypes.errors import ConfigError
from sectypes.forks import fork_gate
from sectypes.sources.pacing import Limiter, Sleep

if TYPE_CHECKING:
    from sectypes.sources.http import HttpClient

__all__ = ["Wire", "WireSource"]


class Wire:
    """What one process needs to call: the rate limit, and a session made at the first call."""

    def __init__(self, limiter: Limiter, connect: Callable[[], HttpClient]) -> None:
        self.limiter = limiter
        self._connect = connect
        self._lock = threading.Lock()
        self._client: HttpClient | None = None

    def client(self) -> HttpClient:
        """The session."""
        with self._lock:
            if self._client is None:
                # It imports: a child would wait forever for a module that was half imported.
                with fork_gate().entered():
                    self._client = self._connect()
            return self._client

    def close(self) -> None:
        """Close the session; a later call opens a new one."""
        with self._lock:
            if self._client is not None:
                self._client.close()
                self._client = None


class WireSource:
    """The part of a source that opens and closes its connections.

    Raises
    ------
    ConfigError
        `workers` is below 1.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        workers: int,
        clock: Callable[[], float],
        sleep: Sleep,
    ) -> None:
        if workers < 1:
            raise ConfigError(f"workers must be at least 1 (it is {workers})")
        self._settings = settings
        self._workers = workers
        self._clock = clock
        self._sleep = sleep
        # Sockets and locks belong to the process that made them; a forked child makes its own.
        self._by_process: dict[int, Wire] = {}

    def close(self) -> None:
        """Close the idle connections; a later `fetch` opens new ones."""
        wire = self._by_process.get(os.getpid())
        if wire is not None:
            wire.close()

    def __enter__(self) -> Self:
        """Use as a context manager."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()

    def _wire(self) -> Wire:
        pid = os.getpid()
        if pid not in self._by_process:
            # setdefault is atomic: two threads that come first at the same time share one limiter.
            self._by_process.setdefault(pid, Wire(self._limiter(), self._connect))
        return self._by_process[pid]

    def _limiter(self) -> Limiter:
        raise NotImplementedError

    def _connect(self) -> HttpClient:
        raise NotImplementedError
