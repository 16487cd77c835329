"""FMP over the wire: one call for each ticker, several at a time, under one rate limit."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING

from sectypes.config import Secret, Settings
from sectypes.sources import refusals
from sectypes.sources.batches import OPEN, Batch, Tried
from sectypes.sources.calls import Calls, Gate, NoReply, Reply
from sectypes.sources.pacing import RateLimiter, Sleep, sleep_until_stopped
from sectypes.sources.profiles import read_profile
from sectypes.sources.refusals import NOT_JSON, decode, read_refusal, retry_after, why_unsendable
from sectypes.sources.wires import Wire, WireSource
from sectypes.taxonomy import Answer, AnswerStatus, Origin
from sectypes.tickers import Shape, shape, to_fmp

if TYPE_CHECKING:
    from sectypes.sources.http import HttpClient

__all__ = ["FmpSource"]


class FmpSource(WireSource):
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
        super().__init__(settings, workers=workers, clock=clock, sleep=sleep)

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
        return self.fetch_within(keys, OPEN)

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
        wire = self._wire()
        batch = Batch(_Profiles(wire, key), wire.limiter, self._sleep, gate=gate)
        yield from batch.run(askable, workers=self._workers, name=self.name)
        for one in distinct:
            if shape(one) is not Shape.LISTED:
                yield one, Answer(AnswerStatus.NOT_FOUND, note="not the form of a listed ticker")

    def _limiter(self) -> RateLimiter:
        return RateLimiter(self._settings.fmp_rate_limit_delay, self._clock, self._sleep)

    def _connect(self) -> HttpClient:
        # Imported here so that naming this source does not load requests.
        from sectypes.sources.http import HttpClient

        return HttpClient(
            self._settings.fmp_base_url,
            header="apikey",
            key=self._settings.fmp_api_key,
            timeout=self._settings.fmp_timeout,
            connections=self._workers,
        )


class _Profiles:
    """FMP's profile endpoint: a call asks for one ticker."""

    def __init__(self, wire: Wire, key: Secret) -> None:
        self._wire = wire
        self._key = key

    def call(self, keys: Sequence[str], calls: Calls) -> Reply | NoReply:
        [key] = keys
        return self._wire.client().get("profile", {"symbol": to_fmp(key)}, calls)

    def read(self, keys: Sequence[str], reply: Reply) -> Tried:
        [key] = keys
        decoded = decode(reply.body)
        refusal = read_refusal(reply, decoded, secret=self._key, service=refusals.FMP)
        if refusal is not None:
            told = retry_after(reply, "Retry-After")
            answer = Answer(refusal.status, note=refusal.note, retry_after=told)
            return Tried((answer,), refusal.retryable)
        if decoded is NOT_JSON:
            return Tried((Answer(AnswerStatus.FAILED, note="the body is not JSON"),))
        return Tried((read_profile(decoded, key=key, origin=FmpSource.origin),))


def _why_barred(key: Secret | None) -> str:
    """Say why no call can be made with this key; "" where one can."""
    return why_unsendable(key, refusals.FMP) if key else "no FMP_API_KEY"
