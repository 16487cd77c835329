"""OpenFIGI over the wire: many securities in one call, by identifier or by ticker."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from sectypes.config import Secret, Settings
from sectypes.sources import refusals
from sectypes.sources.batches import Batch, Tried
from sectypes.sources.calls import Calls, NoReply, Reply
from sectypes.sources.openfigi_rows import COMPOSITE_US, Job, read_result
from sectypes.sources.pacing import Sleep, WindowLimiter, sleep_until_stopped
from sectypes.sources.refusals import decode, read_refusal, retry_after, why_unsendable
from sectypes.sources.wires import Wire, WireSource
from sectypes.taxonomy import Answer, AnswerStatus, Origin
from sectypes.tickers import (
    Shape,
    exchange_suffix,
    is_cusip,
    is_figi,
    is_isin,
    shape,
    to_openfigi,
)

if TYPE_CHECKING:
    from sectypes.sources.http import HttpClient

__all__ = ["Identified", "OpenFigiSource"]

# A hundred jobs by ISIN come back with every venue of the world, some 100 KiB a job.
MOST_BYTES = 32 * 2**20


class Identified(NamedTuple):
    """A holding's ticker with the identifiers that its row carries.

    Attributes
    ----------
    key : str
        The canonical ticker, under which the answer is given.
    isin, cusip, figi : str | None
        As the row has them; one whose check digit is wrong is passed over.
    """

    key: str
    isin: str | None = None
    cusip: str | None = None
    figi: str | None = None


class _Limits(NamedTuple):
    """What OpenFIGI allows: jobs in one request, requests in a window of so many seconds."""

    jobs: int
    requests: int
    window: float


WITHOUT_KEY = _Limits(5, 25, 60.0)
WITH_KEY = _Limits(100, 25, 6.0)


class OpenFigiSource(WireSource):
    """OpenFIGI's mapping endpoint as a source of types.

    Safe to use from several threads and after a fork; close it, or use it as a context manager,
    to close its idle connections.

    Parameters
    ----------
    settings : Settings
        Key and base URL. Without a key OpenFIGI answers as well: 5 securities in a call and 25
        calls a minute, instead of 100 and 25 in 6 seconds.
    workers : int
        Calls in flight at the same time.
    timeout : float
        Seconds for one call, from the request to the last byte.
    clock : Callable[[], float]
        Monotonic seconds, for the rate limit.
    sleep : Sleep
        How to wait: ``sleep(seconds, stop)`` returns early when the event `stop` is set.

    Raises
    ------
    ConfigError
        `workers` is below 1.

    Notes
    -----
    The rate limit is shared by all threads of the process. A call is tried at most 3 times, where
    trying again can help; the waits between the tries take at most 30 s in total. Longer waits
    that OpenFIGI asks for are handed on as `Answer.retry_after`.

    Examples
    --------
    >>> with OpenFigiSource(Settings()) as source:
    ...     [(key, answer.note) for key, answer in source.fetch(["EUR/USD", "VAB.TO"])]
    [('EUR/USD', 'not the form of a listed ticker, and no identifier'), \
('VAB.TO', 'listed outside the US: only an identifier would tell which security it is')]
    """

    name = "openfigi"
    origin = Origin.OPENFIGI

    def __init__(
        self,
        settings: Settings,
        *,
        workers: int = 4,
        timeout: float = 20.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Sleep = sleep_until_stopped,
    ) -> None:
        super().__init__(settings, workers=workers, clock=clock, sleep=sleep)
        self._timeout = timeout
        # An empty key is none: there is nothing that a header could carry.
        self._key = settings.openfigi_api_key or None
        self._limits = WITH_KEY if self._key else WITHOUT_KEY
        self._size = self._limits.jobs

    def fetch(self, keys: Sequence[str]) -> Generator[tuple[str, Answer], None, None]:
        """Ask for each distinct ticker; answers come as they arrive, exactly one for each key.

        Parameters
        ----------
        keys : Sequence[str]
            Canonical tickers; repeated ones are asked once. A CUSIP, ISIN or FIGI in place of a
            ticker is asked for as what it is.

        Yields
        ------
        tuple[str, Answer]
            As in `fetch_identified`.
        """
        return self.fetch_identified([Identified(key) for key in keys])

    def fetch_with(
        self, keys: Sequence[str], identifiers: Mapping[str, str]
    ) -> Generator[tuple[str, Answer], None, None]:
        """As `fetch_identified`; whether an identifier is ISIN, CUSIP or FIGI its form tells."""
        given = ((key, identifiers.get(key)) for key in keys)
        return self.fetch_identified([Identified(key, one, one, one) for key, one in given])

    def fetch_identified(
        self, wanted: Sequence[Identified]
    ) -> Generator[tuple[str, Answer], None, None]:
        """Ask for each distinct ticker by ISIN, else CUSIP, else FIGI, else the ticker in the US.

        Parameters
        ----------
        wanted : Sequence[Identified]
            Of several for one key, the first that carries a valid identifier counts.

        Yields
        ------
        tuple[str, Answer]
            A key and what OpenFIGI said, exactly one for each key. Once OpenFIGI refuses the key,
            or its limit is reached, or it is out of order, what has not been started gets that
            status unasked. What it cannot know is not found, without a call.

        Notes
        -----
        Never raises for the network or for a ticker. Closing the iterator, and Ctrl-C, cut off the
        calls in flight, start no more and leave no thread behind.
        """
        jobs, hopeless = _sort_out(wanted)
        yield from hopeless.items()
        barred = why_unsendable(self._key, refusals.OPENFIGI) if self._key else ""
        if barred:
            for key in jobs:
                yield key, Answer(AnswerStatus.REFUSED, note=barred)
            return
        wire = self._wire()
        desk = _Mapping(wire, jobs, self._key)
        batch = Batch(desk, wire.limiter, self._sleep, size=self._size)
        try:
            yield from batch.run(list(jobs), workers=self._workers, name=self.name)
        finally:
            self._size = min(self._size, batch.size)

    def _limiter(self) -> WindowLimiter:
        requests, window = self._limits.requests, self._limits.window
        return WindowLimiter(requests, window, self._clock, self._sleep)

    def _connect(self) -> HttpClient:
        # Imported here so that naming this source does not load requests.
        from sectypes.sources.http import HttpClient

        return HttpClient(
            self._settings.openfigi_base_url,
            header="X-OPENFIGI-APIKEY",
            key=self._key,
            timeout=self._timeout,
            connections=self._workers,
            most_bytes=MOST_BYTES,
        )


class _Mapping:
    """OpenFIGI's mapping endpoint: a call asks for several tickers."""

    def __init__(self, wire: Wire, jobs: Mapping[str, Job], secret: Secret | None) -> None:
        self._wire = wire
        self._jobs = jobs
        self._secret = secret

    def call(self, keys: Sequence[str], calls: Calls) -> Reply | NoReply:
        payload = [self._jobs[key].to_json() for key in keys]
        return self._wire.client().post("mapping", payload, calls)

    def read(self, keys: Sequence[str], reply: Reply) -> Tried:
        decoded = decode(reply.body)
        # A list is data, one that consists of errors too: they are each about one job.
        if 200 <= reply.status < 300 and isinstance(decoded, list):
            return self._read_results(keys, decoded)
        refusal = read_refusal(reply, decoded, secret=self._secret, service=refusals.OPENFIGI)
        if refusal is None:
            refusal = refusals.Refusal(AnswerStatus.FAILED, "the body is not a list of answers")
        # The window's reset may come with any reply; only a throttled caller has to wait for it.
        is_throttled = refusal.status is AnswerStatus.THROTTLED
        headers = ("Retry-After", "RateLimit-Reset") if is_throttled else ("Retry-After",)
        told = retry_after(reply, *headers)
        answer = Answer(refusal.status, note=refusal.note, retry_after=told)
        return Tried((answer,) * len(keys), refusal.retryable, too_many=reply.status == 413)

    def _read_results(self, keys: Sequence[str], results: Sequence[object]) -> Tried:
        if len(results) != len(keys):
            # Which answer belongs to which job can no longer be told.
            note = f"{len(results)} answers to {len(keys)} jobs"
            return Tried((Answer(AnswerStatus.FAILED, note=note),) * len(keys))
        return Tried(
            tuple(
                read_result(result, key=key, job=self._jobs[key], secret=self._secret)
                for key, result in zip(keys, results, strict=True)
            )
        )


def _is_cins(text: str) -> bool:
    """Whether a CUSIP is one of a security from outside the US and Canada."""
    return is_cusip(text) and text[0].isalpha()


# The first form that fits decides.
_IDENTIFIERS: tuple[tuple[str, Callable[[str], bool]], ...] = (
    ("ID_ISIN", is_isin),
    ("ID_CINS", _is_cins),
    ("ID_CUSIP", is_cusip),
    ("ID_BB_GLOBAL", is_figi),
)


def _by_identifier(candidates: Iterable[str | None]) -> Job | None:
    """The job for the first of these texts that is a valid identifier of any kind."""
    for text in candidates:
        tidy = text.strip().upper() if isinstance(text, str) else ""
        for id_type, fits in _IDENTIFIERS:
            if fits(tidy):
                return Job(id_type, tidy)
    return None


def _sort_out(wanted: Sequence[Identified]) -> tuple[dict[str, Job], dict[str, Answer]]:
    """A job for each distinct key, and the answer for each one that no job could help."""
    jobs: dict[str, Job] = {}
    for one in wanted:
        job = None
        if one.key not in jobs or jobs[one.key].exchange is not None:
            job = _by_identifier([one.isin, one.cusip, one.figi, one.key])
        if job is not None:
            jobs[one.key] = job
        elif one.key not in jobs and not _why_hopeless(one.key):
            jobs[one.key] = Job("TICKER", to_openfigi(one.key), COMPOSITE_US)
    distinct = dict.fromkeys(one.key for one in wanted)
    return jobs, {
        key: Answer(AnswerStatus.NOT_FOUND, note=_why_hopeless(key))
        for key in distinct
        if key not in jobs
    }


def _why_hopeless(key: str) -> str:
    """Say why a ticker alone cannot be asked for; "" where it can."""
    if shape(key) is not Shape.LISTED:
        return "not the form of a listed ticker, and no identifier"
    if exchange_suffix(key):
        return "listed outside the US: only an identifier would tell which security it is"
    return ""
