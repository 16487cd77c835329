"""What a call comes to, and how calls are ended from outside; no HTTP library is loaded for it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from sectypes.taxonomy import Answer

__all__ = ["Calls", "Gate", "MeteredSource", "NoReply", "Reply", "tell_socket"]


class Gate(Protocol):
    """Whom a source asks before it calls; from several threads at once."""

    def claims(self, key: str) -> bool:
        """Whether this ticker is to be asked for here; asked once, before its first call."""

    def admits(self) -> bool:
        """Whether one more call may be made; asked right before each one, further tries too."""

    def took(self, seconds: float) -> None:
        """Be told how long a call took."""


@runtime_checkable
class MeteredSource(Protocol):
    """A source whose calls are counted, because they cost something."""

    def fetch_within(
        self, keys: Sequence[str], gate: Gate
    ) -> Generator[tuple[str, Answer], None, None]:
        """As `TypeSource.fetch`, but only what the gate lets through is asked and answered."""


@runtime_checkable
class IdentifyingSource(Protocol):
    """A source that can be asked by ISIN, CUSIP or FIGI as well."""

    def fetch_with(
        self, keys: Sequence[str], identifiers: Mapping[str, str]
    ) -> Generator[tuple[str, Answer], None, None]:
        """As `TypeSource.fetch`; keys that have an identifier are asked by it."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered, whatever its status.

    Attributes
    ----------
    status : int
        HTTP status.
    headers : Mapping[str, str]
        Asked for without regard to case.
    body : bytes
        The whole body, unpacked.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class NoReply:
    """Why there is no complete answer.

    Attributes
    ----------
    note : str
        What happened, in our own words.
    retryable : bool
        Whether the same call may succeed in a moment.
    """

    note: str
    retryable: bool


class _ThisThread(threading.local):
    call: _Call | None = None


_this_thread = _ThisThread()


def tell_socket(connected: socket.socket | None) -> None:
    """Tell the running call of this thread which socket it reads from."""
    if _this_thread.call is not None:
        _this_thread.call.uses(connected)


class _Call:
    """One call in flight. Another thread can cut it off by shutting down its socket.

    A read timeout is no bound: it starts anew with every byte. This is the bound, for headers and
    body alike, and it is how a batch that nobody waits for any more ends at once.
    """

    def __init__(self) -> None:
        self.is_cut = False
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None

    def uses(self, connected: socket.socket | None) -> None:
        with self._lock:
            self._socket = connected
            if self.is_cut:
                self._shut_down()

    def cut(self) -> None:
        with self._lock:
            self.is_cut = True
            self._shut_down()

    def _shut_down(self) -> None:
        if self._socket is None:
            return
        try:
            # The plain method even for TLS: the TLS one would pull the session from under the
            # thread that reads.
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
        except OSError:
            return  # the other side was faster


class Calls:
    """The calls of one batch, to be cut off together."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[_Call] = set()
        self._ended = False

    @contextmanager
    def call(self, seconds: float) -> Iterator[_Call]:
        """Register one call of this thread, and cut it off after `seconds`."""
        call = _Call()
        with self._lock:
            self._running.add(call)
            ended = self._ended
        if ended:
            call.cut()
        timer = threading.Timer(seconds, call.cut)
        timer.daemon = True
        timer.start()
        _this_thread.call = call
        try:
            yield call
        finally:
            _this_thread.call = None
            timer.cancel()
            timer.join()
            call.uses(None)
            with self._lock:
                self._running.discard(call)

    def cut_off(self) -> None:
        """End the running calls at once, and any that starts later."""
        with self._lock:
            self._ended = True
            running = list(self._running)
        for call in running:
            call.cut()
