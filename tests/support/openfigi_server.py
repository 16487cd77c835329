"""A local HTTP server that speaks OpenFIGI's contract: jobs, limits, warnings, errors, refusals.

It listens on loopback only and shares the wire of `fmp_server` (scripts, delays, resets)::

    with OpenFigiServer() as server:
        server.add(row("DSU", "Closed-End Fund"), isin="US0000000000")
        source = OpenFigiSource(server.settings())

All rows are samples in the documented shape: the identifiers in them are invented.
"""

from __future__ import annotations

import json
import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle
from typing import Any
from urllib.parse import urlsplit

from sectypes.config import Secret, Settings
from support.fmp_server import FmpServer, Received, Reply, _Handler

__all__ = ["BAD_VALUE", "NOT_FOUND", "OpenFigiServer", "Posted", "row", "sample_rows"]

SAMPLE_KEY = "sample-key-of-the-local-figi"
NOT_FOUND = {"warning": "No identifier found."}
BAD_VALUE = {"error": "Invalid idValue format."}
ID_FIELDS = {
    "isin": "ID_ISIN",
    "cusip": "ID_CUSIP",
    "cins": "ID_CINS",
    "figi": "ID_BB_GLOBAL",
}


def row(ticker: str, kind: str = "Common Stock", **changes: object) -> dict[str, Any]:
    """A sample composite row of the US; `changes` replaces or adds any key."""
    return {
        "figi": f"BBG0SAMPLE-{ticker}",
        "name": f"{ticker} SAMPLE",
        "ticker": ticker,
        "exchCode": "US",
        "compositeFIGI": f"BBG0SAMPLE-{ticker}",
        "shareClassFIGI": f"BBG1SAMPLE-{ticker}",
        "securityType": kind,
        "securityType2": "Common Stock" if kind == "Common Stock" else "Mutual Fund",
        "marketSector": "Equity",
        "securityDescription": ticker,
        **changes,
    }


def sample_rows() -> list[dict[str, Any]]:
    """One sample for each kind of security that a portfolio holds."""
    return [
        row("AAPL", name="APPLE INC"),
        row("BRK/B", name="BERKSHIRE HATHAWAY INC-CL B"),
        row("SPY", "ETP", name="SPDR S&P 500 ETF TRUST"),
        row("TQQQ", "ETP", name="PROSHARES ULTRAPRO QQQ"),
        row("DSU", "Closed-End Fund", name="BLACKROCK DEBT STRATEGIES FD"),
        row("VFIAX", "Open-End Fund", name="VANGUARD 500 INDEX FUND-ADM"),
        row("VMFXX", "Open-End Fund", name="VANGUARD FEDERAL MONEY MKT-I"),
    ]


@dataclass(frozen=True)
class Posted(Received):
    """One request with its body."""

    body: bytes = b""


class OpenFigiServer(FmpServer):
    """The server; use it as a context manager, or call `close`.

    Parameters
    ----------
    key
        The only key that is accepted; a request without one is served too, under smaller limits.
    clock
        Seconds for the rate limit; a faster clock makes the windows shorter.

    Attributes
    ----------
    jobs_without_key, jobs_with_key
        Jobs in one request, at most; more are answered with 413.
    requests_a_window, window_without_key, window_with_key
        Requests in any window of so many seconds; more are answered with 429.
    late
        Every other request is counted so many seconds after it came, as if the network held it up.
    reset_header
        The header of a 429 that says how long to wait.
    requests
        Every request with its headers, body and time of arrival.
    batches
        The jobs of every request that was answered with data, in the order of arrival.
    statuses
        The status of every answer.
    most_in_a_window
        How many requests arrived within one window, at most.
    """

    def __init__(
        self, *, key: str = SAMPLE_KEY, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__({}, key=key)
        self._http.RequestHandlerClass = _PostHandler
        self.clock = clock
        self.jobs_without_key, self.jobs_with_key = 5, 100
        self.requests_a_window = 25
        self.window_without_key, self.window_with_key = 60.0, 6.0
        self.late = 0.0
        self.reset_header = "ratelimit-reset"
        self.batches: list[list[dict[str, Any]]] = []
        self.statuses: list[int] = []
        self.most_in_a_window = 0
        self._results: dict[tuple[str, str], list[Any] | dict[str, Any]] = {}
        self._arrivals: deque[float] = deque()
        self._is_late = cycle([True, False])
        for sample in sample_rows():
            self.add(sample)

    @property
    def url(self) -> str:
        """What OPENFIGI_BASE_URL must be to reach this server."""
        return f"http://127.0.0.1:{self.port}/v3"

    @property
    def jobs(self) -> list[dict[str, Any]]:
        """All jobs that were answered."""
        return [job for batch in self.batches for job in batch]

    @property
    def asked(self) -> list[str]:
        """The values of all jobs that were answered."""
        return [job["idValue"] for job in self.jobs]

    def settings(self, **changes: Any) -> Settings:
        """Settings that reach this server, with its key."""
        given = {"openfigi_base_url": self.url, "openfigi_api_key": Secret(self.key)}
        return Settings(**{**given, **changes})

    def add(self, *rows: dict[str, Any], **identifiers: str) -> None:
        """Answer with these rows for the first one's ticker, or for the identifiers given."""
        names = [(ID_FIELDS[field], value) for field, value in identifiers.items()]
        for name in names or [("TICKER", rows[0]["ticker"])]:
            self._results[name] = list(rows)

    def answer(self, value: str, result: dict[str, Any], id_type: str = "TICKER") -> None:
        """Answer a job with exactly this, whatever its filters."""
        self._results[id_type, value] = result

    def reply_to(self, received: Received) -> Reply:
        """Record a request and decide what is answered."""
        if self.late and next(self._is_late):
            self.closing.wait(self.late)
        with self._lock:
            self.requests.append(received)
            scripted = self._scripted("")
            reply = scripted if scripted is not None else self._decide(received)
            self.statuses.append(reply.status)
            return reply

    def _decide(self, received: Received) -> Reply:
        key = {name.lower(): value for name, value in received.headers.items()}.get(
            "x-openfigi-apikey"
        )
        most, window = (
            (self.jobs_without_key, self.window_without_key)
            if key is None
            else (self.jobs_with_key, self.window_with_key)
        )
        wait = self._seconds_to_wait(window)
        if urlsplit(received.path).path != "/v3/mapping" or received.method != "POST":
            return Reply(404, {"error": "no such path"})
        if key not in {None, self.key}:
            return Reply(401, {"error": f"Invalid API key {key}"})
        if wait:
            return Reply(429, "Too many requests.", self._limit_headers(wait, window))
        jobs = _read_jobs(received)
        if jobs is None:
            return Reply(400, {"error": "Request body must be an array of jobs."})
        if len(jobs) > most:
            return Reply(413, {"error": "Payload Too Large: too many mapping jobs in request."})
        self.batches.append(jobs)
        return Reply(200, [self._result(job) for job in jobs], delay=self.delay)

    def _seconds_to_wait(self, window: float) -> float:
        """Count a request; how long it should have waited, 0 for one within the limit."""
        now = self.clock()
        self._arrivals.append(now)
        while self._arrivals[0] <= now - window:
            self._arrivals.popleft()
        self.most_in_a_window = max(self.most_in_a_window, len(self._arrivals))
        if len(self._arrivals) <= self.requests_a_window:
            return 0.0
        return self._arrivals[-1 - self.requests_a_window] + window - now

    def _limit_headers(self, wait: float, window: float) -> dict[str, str]:
        policy = f"{self.requests_a_window};w={window:g}"
        return {"ratelimit-policy": policy, self.reset_header: str(math.ceil(wait))}

    def _result(self, job: dict[str, Any]) -> Any:
        if not isinstance(job.get("idValue"), str) or not job["idValue"]:
            return BAD_VALUE
        found = self._results.get((job["idType"], job["idValue"]), [])
        if isinstance(found, dict):
            return found
        exchange = job.get("exchCode")
        rows = [one for one in found if exchange in {None, one["exchCode"]}]
        return {"data": rows} if rows else NOT_FOUND


def _read_jobs(received: Received) -> list[dict[str, Any]] | None:
    """The jobs of a request; None for a body that is not a list of jobs."""
    assert isinstance(received, Posted)
    try:
        jobs = json.loads(received.body)
    except ValueError:
        return None
    is_good = isinstance(jobs, list) and all(
        isinstance(job, dict) and {"idType", "idValue"} <= job.keys() for job in jobs
    )
    is_json = received.headers.get("Content-Type") == "application/json"
    return jobs if is_good and is_json else None


class _PostHandler(_Handler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(Posted(self.command, self.path, dict(self.headers.items()), body=body))

    def _answer(self, received: Received) -> None:
        owner = self.server.owner
        with owner.counted():
            reply = owner.reply_to(received)
            if reply.delay:
                owner.closing.wait(reply.delay)
            try:
                self._send(reply)
            except OSError:  # the caller has had enough
                self.close_connection = True
