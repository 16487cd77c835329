"""FMP over the wire: one call for each ticker, several at a time, under one rate limit."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from itertools import islice
from types import TracebackType
from typing import TYPE_CHECKING, Self

from sectypes.config import Secret, Settings
from sectypes.errors import ConfigError
from sectypes.sources.calls import Calls, Gate, NoReply, Reply
from sectypes.sources.pacing import (
    RateLimiter,
    Sleep,
    backoff,
    parse_http_date,
    parse_retry_after,
    sleep_until_stopped,
)
from sectypes.sources.profiles import read_profile
from sectypes.sources.refusals import NOT_JSON, decode, read_refusal
from sectypes.taxonomy import Answer, AnswerStatus, Origin
from sectypes.tickers import Shape, shape, to_fmp

if TYPE_CHECKING:
    from sectypes.sources.http import HttpClient

__all__ = ["FmpSource"]

TRIES = 3
LONGEST_WAIT_S = 30.0
OUTAGE_TICKERS = 8
"""So many tickers in a row without any usable answer, each tried three times, are an outage."""

_CONCERN_ALL = (AnswerStatus.REFUSED, AnswerStatus.THROTTLED)


class FmpSource:
    """Financial Modeling Prep's profile endpoint as a source of types.

    Safe to use from several threads and after a fork; close it, or use it as a context manager,
    to close its idle connections.

    Parameters
    ----------
    settings : Settings
        Key, base URL, timeout, and the pause between the starts of two calls. Without a key every
        ticker is refused and no call is made.
    workers : int
        Calls in flight at the same time.
    clock : Callable[[], float]
        Monotonic seconds, for the pause between calls.
    sleep : Sleep
        How to wait: ``sleep(seconds, stop)`` returns early when the event `stop` is set.

    Raises
    ------
    ConfigError
        `workers` is below 1.

    Notes
    -----
    A ticker is tried at most 3 times, where trying again can help; the waits between the tries
    take at most 30 s in total. One try takes at most ``fmp_timeout`` from the request to the last
    byte, besides the look-up of the host's name, which the system bounds. Longer waits that
    FMP asks for are handed on as `Answer.retry_after`.

    Examples
    --------
    >>> with FmpSource(Settings()) as source:
    ...     [(key, answer.status.value, answer.note) for key, answer in source.fetch(["SPY"])]
    [('SPY', 'refused', 'no FMP_API_KEY')]
    """

    name = "fmp"
    origin = Origin.FMP

    def __init__(
        self,
        settings: Settings,
        *,
        workers: int = 8,
        clock: Callable[[], float] = time.monotonic,
        sleep: Sleep = sleep_until_stopped,
    ) -> None:
        if workers < 1:
            raise ConfigError(f"workers must be at least 1 (it is {workers})")
        self._settings = settings
        self._workers = workers
        self._clock = clock
        self._sleep = sleep
        # Sockets and locks belong to the process that made them; a forked child makes its own.
        self._by_process: dict[int, _Wire] = {}

    def fetch(self, keys: Sequence[str]) -> Generator[tuple[str, Answer], None, None]:
        """Ask for each distinct key; answers come as they arrive, exactly one for each key.

        Parameters
        ----------
        keys : Sequence[str]
            Canonical tickers; repeated ones are asked once.

        Yields
        ------
        tuple[str, Answer]
            A key and what FMP said. Once FMP refuses the key or the endpoint, or its quota is
            spent, or it is out of order, what has not been started gets that status unasked.

        Notes
        -----
        Never raises for the network or for a ticker. Closing the iterator, and Ctrl-C, cut off the
        calls in flight, start no more and leave no thread behind.
        """
        return self.fetch_within(keys, _OPEN)

    def fetch_within(
        self, keys: Sequence[str], gate: Gate
    ) -> Generator[tuple[str, Answer], None, None]:
        """As `fetch`, for the tickers and calls that `gate` lets through.

        Parameters
        ----------
        keys : Sequence[str]
            Canonical tickers; repeated ones are asked once.
        gate : Gate
            Asked before each ticker and before each call, further tries included.

        Yields
        ------
        tuple[str, Answer]
            As in `fetch`. A ticker that the gate does not claim, and one without any call because
            the gate admits no more, has no answer.
        """
        distinct = list(dict.fromkeys(keys))
        key = self._settings.fmp_api_key
        barred = _why_barred(key)
        if key is None or barred:
            for one in distinct:
                yield one, Answer(AnswerStatus.REFUSED, note=barred)
            return
        askable = [one for one in distinct if shape(one) is Shape.LISTED]
        batch = _Batch(self._wire(key), key, self._sleep, gate)
        yield from batch.run(askable, workers=self._workers)
        for one in distinct:
            if shape(one) is not Shape.LISTED:
                yield one, Answer(AnswerStatus.NOT_FOUND, note="not the form of a listed ticker")

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

    def _wire(self, key: Secret) -> _Wire:
        pid = os.getpid()
        if pid not in self._by_process:
            limiter = RateLimiter(self._settings.fmp_rate_limit_delay, self._clock, self._sleep)
            # setdefault is atomic: two threads that come first at the same time share one limiter.
            self._by_process.setdefault(pid, _Wire(self._settings, key, limiter, self._workers))
        return self._by_process[pid]


def _why_barred(key: Secret | None) -> str:
    """Say why no call can be made with this key; "" where one can."""
    if not key:
        return "no FMP_API_KEY"
    if not (key.reveal().isascii() and key.reveal().isprintable()) or " " in key.reveal():
        # A header cannot carry it, and the error about that would show it.
        return "FMP_API_KEY holds spaces or characters that no key has"
    return ""


class _Wire:
    """What one process needs to call: the rate limit, and a session made at the first call."""

    def __init__(self, settings: Settings, key: Secret, limiter: RateLimiter, workers: int) -> None:
        self.limiter = limiter
        self._settings = settings
        self._key = key
        self._workers = workers
        self._lock = threading.Lock()
        self._client: HttpClient | None = None

    def client(self) -> HttpClient:
        with self._lock:
            if self._client is None:
                # Imported here so that naming this source does not load requests.
                from sectypes.sources.http import HttpClient

                self._client = HttpClient(
                    self._settings.fmp_base_url,
                    header="apikey",
                    key=self._key,
                    timeout=self._settings.fmp_timeout,
                    connections=self._workers,
                )
            return self._client

    def close(self) -> None:
        with self._lock:
            if self._client is not None:
                self._client.close()
                self._client = None


class _Batch:
    """One run over distinct tickers: the calls in flight, and the answer that concerns them all."""

    def __init__(self, wire: _Wire, key: Secret, sleep: Sleep, gate: Gate) -> None:
        self._gate = gate
        self._wire = wire
        self._key = key
        self._sleep = sleep
        self._calls = Calls()
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._failed_in_a_row = 0
        self._for_the_rest: Answer | None = None

    def run(self, keys: Sequence[str], *, workers: int) -> Iterator[tuple[str, Answer]]:
        """Keep `workers` calls in flight; yield answers as they arrive."""
        # Handed over one by one, so that a refusal stops what has not been started.
        waiting = iter(keys)
        running: dict[Future[Answer | None], str] = {}
        pool = ThreadPoolExecutor(workers, thread_name_prefix="sectypes-fmp")
        try:
            for key in islice(waiting, workers):
                running[pool.submit(self._ask, key)] = key
            while running:
                done = wait(running, return_when=FIRST_COMPLETED).done
                arrived = [(running.pop(future), future.result()) for future in done]
                if not self._stop.is_set():
                    for key in islice(waiting, len(arrived)):
                        running[pool.submit(self._ask, key)] = key
                yield from ((key, answer) for key, answer in arrived if answer is not None)
            if self._for_the_rest is not None:
                for key in waiting:
                    yield key, self._for_the_rest
        finally:
            self._stop.set()
            self._calls.cut_off()
            pool.shutdown(wait=True, cancel_futures=True)

    def _ask(self, key: str) -> Answer | None:
        """Ask for one ticker, again where that can help, and note what concerns all others."""
        if not self._gate.claims(key):
            return None
        waited = 0.0
        answer: Answer | None = None
        for tries in range(1, TRIES + 1):
            if not self._wire.limiter.wait(self._stop):
                break
            if not self._gate.admits():
                self._stop.set()
                break
            answer, retryable = self._try(key)
            pause = backoff(tries) if answer.retry_after is None else answer.retry_after
            waited += pause
            if not retryable or tries == TRIES or waited > LONGEST_WAIT_S:
                if tries > 1:
                    note = "; ".join(filter(None, [answer.note, f"tried {tries} times"]))
                    answer = replace(answer, note=note)
                self._judge(answer, retryable)
                break
            if answer.status is AnswerStatus.THROTTLED:
                self._wire.limiter.hold(pause)
            if self._sleep(pause, self._stop):
                break
        return answer or self._for_the_rest

    def _try(self, key: str) -> tuple[Answer, bool]:
        """Call once; the answer, and whether another try may give a better one."""
        begun = time.perf_counter()
        reply = self._wire.client().get("profile", {"symbol": to_fmp(key)}, self._calls)
        self._gate.took(time.perf_counter() - begun)
        if isinstance(reply, NoReply):
            return Answer(AnswerStatus.FAILED, note=reply.note), reply.retryable
        decoded = decode(reply.body)
        refusal = read_refusal(reply, decoded, secret=self._key)
        if refusal is not None:
            told = _retry_after(reply)
            answer = Answer(refusal.status, note=refusal.note, retry_after=told)
            return answer, refusal.retryable
        if decoded is NOT_JSON:
            return Answer(AnswerStatus.FAILED, note="the body is not JSON"), False
        return read_profile(decoded, key=key, origin=FmpSource.origin), False

    def _judge(self, answer: Answer, retryable: bool) -> None:
        """Stop the batch where this answer says that the other tickers fare no better."""
        with self._lock:
            is_trouble = answer.status is AnswerStatus.FAILED and retryable
            self._failed_in_a_row = self._failed_in_a_row + 1 if is_trouble else 0
            is_outage = self._failed_in_a_row >= OUTAGE_TICKERS
            if self._for_the_rest is None and (answer.status in _CONCERN_ALL or is_outage):
                self._for_the_rest = replace(answer, note=f"not asked any more: {answer.note}")
                self._stop.set()


class _Open:
    """Lets everything through."""

    def claims(self, key: str) -> bool:
        return True

    def admits(self) -> bool:
        return True

    def took(self, seconds: float) -> None:
        """Nobody wants to know."""


_OPEN = _Open()


def _retry_after(reply: Reply) -> float | None:
    # A date is measured from the server's own clock, where it tells that.
    now = parse_http_date(reply.headers.get("Date", ""))
    return parse_retry_after(reply.headers.get("Retry-After"), now=now)
