"""Asking for many tickers: several calls in flight, tries, and when to stop; for every wire source.

A source brings a `Desk`, which makes one call and reads what came back. All the rest is here once:
how often a call is tried, how long is waited, what ends a batch early.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from typing import NamedTuple, Protocol

from sectypes.sources.calls import Calls, Gate, NoReply, Reply
from sectypes.sources.pacing import Limiter, Sleep, backoff
from sectypes.taxonomy import NOT_ANY_MORE, Answer, AnswerStatus

__all__ = ["OPEN", "Batch", "Desk", "Tried"]

TRIES = 3
LONGEST_WAIT_S = 30.0
OUTAGE_CALLS = 8
"""So many calls in a row without any usable answer, each tried three times, are an outage."""

_CONCERN_ALL = (AnswerStatus.REFUSED, AnswerStatus.THROTTLED)


class Tried(NamedTuple):
    """What one call came to.

    Attributes
    ----------
    answers : tuple[Answer, ...]
        One for each ticker of the call, in order; all the same where the call as a whole failed.
    retryable : bool
        Whether the same call may succeed in a moment.
    too_many : bool
        Whether the call was refused only because it asked for too many tickers at once.
    """

    answers: tuple[Answer, ...]
    retryable: bool = False
    too_many: bool = False


class Desk(Protocol):
    """What differs between services: one call, and what its reply says."""

    def call(self, keys: Sequence[str], calls: Calls) -> Reply | NoReply:
        """Ask for these tickers, once."""

    def read(self, keys: Sequence[str], reply: Reply) -> Tried:
        """Say what a reply means for each of them."""


class _Open:
    """Lets everything through."""

    def claims(self, key: str) -> bool:
        return True

    def admits(self) -> bool:
        return True

    def took(self, seconds: float) -> None:
        """Nobody wants to know."""


OPEN: Gate = _Open()
"""The gate of a source whose calls nobody counts."""


class Batch:
    """One run over distinct tickers: the calls in flight, and the answer that concerns them all.

    Parameters
    ----------
    desk : Desk
        Who calls and reads.
    limiter : Limiter
        When to call.
    sleep : Sleep
        How to wait between two tries.
    gate : Gate
        Asked before each ticker and before each call.
    size : int
        Tickers in one call, at most. It shrinks when the service says that they are too many.
    """

    def __init__(
        self, desk: Desk, limiter: Limiter, sleep: Sleep, *, gate: Gate = OPEN, size: int = 1
    ) -> None:
        self.size = size
        self._desk = desk
        self._limiter = limiter
        self._sleep = sleep
        self._gate = gate
        self._calls = Calls()
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._failed_in_a_row = 0
        self._for_the_rest: Answer | None = None

    def run(self, keys: Sequence[str], *, workers: int, name: str) -> Iterator[tuple[str, Answer]]:
        """Keep `workers` calls in flight; yield answers as they arrive."""
        # Handed over call by call, so that a refusal stops what has not been started.
        waiting = deque(keys)
        arrived: list[tuple[str, Answer]] = []
        running: set[Future[list[tuple[str, Answer]]]] = set()
        pool = ThreadPoolExecutor(workers, thread_name_prefix=f"sectypes-{name}")
        try:
            while True:
                while waiting and len(running) < workers and not self._stop.is_set():
                    group = [waiting.popleft() for _ in range(min(self.size, len(waiting)))]
                    running.add(pool.submit(self._ask, group))
                yield from arrived
                if not running:
                    break
                done, running = wait(running, return_when=FIRST_COMPLETED)
                arrived = [answer for future in done for answer in future.result()]
            if self._for_the_rest is not None:
                for key in waiting:
                    yield key, self._for_the_rest
        finally:
            self._stop.set()
            self._calls.cut_off()
            pool.shutdown(wait=True, cancel_futures=True)

    def _ask(self, group: Sequence[str]) -> list[tuple[str, Answer]]:
        """Ask for a few tickers at once; those that the gate does not claim have no answer."""
        claimed = [key for key in group if self._gate.claims(key)]
        return self._ask_claimed(claimed) if claimed else []

    def _ask_claimed(self, keys: Sequence[str]) -> list[tuple[str, Answer]]:
        """Ask, again where that can help, and in smaller parts where these are too many."""
        tried = self._keep_trying(keys)
        if tried is None:
            rest = self._for_the_rest
            return [] if rest is None else [(key, rest) for key in keys]
        if tried.too_many and len(keys) > 1:
            with self._lock:
                self.size = size = min(self.size, len(keys) // 2)
            parts = [keys[start : start + size] for start in range(0, len(keys), size)]
            return [answer for part in parts for answer in self._ask_claimed(part)]
        return list(zip(keys, tried.answers, strict=True))

    def _keep_trying(self, keys: Sequence[str]) -> Tried | None:
        """Call, and call again where that can help; note what concerns all others."""
        waited = 0.0
        tried: Tried | None = None
        for tries in range(1, TRIES + 1):
            if not self._limiter.wait(self._stop):
                break
            latest = self._try(keys)
            if latest is None:
                break
            tried, told = latest, latest.answers[0].retry_after
            pause = backoff(tries) if told is None else told
            waited += pause
            if not tried.retryable or tries == TRIES or waited > LONGEST_WAIT_S:
                tried = _with_tries(tried, tries)
                self._judge(tried)
                break
            if tried.answers[0].status is AnswerStatus.THROTTLED:
                self._limiter.hold(pause)
            if self._sleep(pause, self._stop):
                break
        return tried

    def _try(self, keys: Sequence[str]) -> Tried | None:
        """Call once, in a turn that the limiter has given; None where the gate admits no more."""
        try:
            if not self._gate.admits():
                self._stop.set()
                return None
            begun = time.perf_counter()
            reply = self._desk.call(keys, self._calls)
            self._gate.took(time.perf_counter() - begun)
        finally:
            self._limiter.ended()
        if isinstance(reply, NoReply):
            failed = Answer(AnswerStatus.FAILED, note=reply.note)
            return Tried((failed,) * len(keys), reply.retryable)
        return self._desk.read(keys, reply)

    def _judge(self, tried: Tried) -> None:
        """Stop the batch where this call says that the other tickers fare no better."""
        answer = tried.answers[0]
        with self._lock:
            is_trouble = answer.status is AnswerStatus.FAILED and tried.retryable
            self._failed_in_a_row = self._failed_in_a_row + 1 if is_trouble else 0
            is_outage = self._failed_in_a_row >= OUTAGE_CALLS
            if self._for_the_rest is None and (answer.status in _CONCERN_ALL or is_outage):
                self._for_the_rest = replace(answer, note=f"{NOT_ANY_MORE}{answer.note}")
                self._stop.set()


def _with_tries(tried: Tried, tries: int) -> Tried:
    """Say in the notes how often was tried, where that was more than once."""
    if tries == 1:
        return tried
    how_often = f"tried {tries} times"
    noted = (
        replace(one, note="; ".join(filter(None, [one.note, how_often]))) for one in tried.answers
    )
    return tried._replace(answers=tuple(noted))
