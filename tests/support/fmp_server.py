"""A local HTTP server that speaks FMP's contract: profiles, `[]`, every refusal, every trouble.

It listens on loopback only, on a port of its own, and needs nothing but the standard library, so
benchmarks use it as well::

    with FmpServer() as server:
        server.profiles["SPY"] = profile("SPY", is_etf=True)
        server.script("AAPL", server_error(), rate_limit(retry_after=1))   # then as usual
        source = FmpSource(server.settings())

All profiles are samples in the documented shape: the numbers in them are invented.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from sectypes.config import Secret, Settings

__all__ = ["FmpServer", "Reply", "fmp_server"]

SAMPLE_KEY = "sample-key-of-the-local-server"
SYMBOL_OUTSIDE_PLAN = (
    "Premium Query Parameter: 'Special Endpoint : This value set for 'symbol' is not available "
    "under your current subscription please visit our subscription page to upgrade your plan'"
)


def profile(
    symbol: str,
    *,
    is_etf: object = False,
    is_fund: object = False,
    is_adr: object = False,
    **changes: object,
) -> dict[str, Any]:
    """A sample profile with all 36 documented keys; `changes` replaces or adds any of them."""
    return {
        "symbol": symbol,
        "price": 100.0,
        "marketCap": 1_000_000_000,
        "beta": 1.0,
        "lastDividend": 1.0,
        "range": "80.0-120.0",
        "change": 0.5,
        "changePercentage": 0.5,
        "volume": 10_000,
        "averageVolume": 10_000,
        "companyName": f"{symbol} Sample Inc.",
        "currency": "USD",
        "cik": "0000000000",
        "isin": None,
        "cusip": None,
        "exchangeFullName": "New York Stock Exchange",
        "exchange": "NYSE",
        "industry": "",
        "website": None,
        "description": "A sample, not a real company.",
        "ceo": "",
        "sector": None,
        "country": "US",
        "fullTimeEmployees": "100",
        "phone": None,
        "address": None,
        "city": None,
        "state": None,
        "zip": None,
        "image": "",
        "ipoDate": "2000-01-03",
        "defaultImage": True,
        "isEtf": is_etf,
        "isActivelyTrading": True,
        "isAdr": is_adr,
        "isFund": is_fund,
        **changes,
    }


def sample_profiles() -> dict[str, dict[str, Any]]:
    """Seven sample profiles, one for each way that FMP flags a security."""
    arca = {"exchange": "AMEX", "exchangeFullName": "New York Stock Exchange Arca"}
    nasdaq = {"exchange": "NASDAQ", "exchangeFullName": "NASDAQ"}
    samples = [
        profile("AAPL", companyName="Apple Inc.", **nasdaq),
        profile("SPY", is_etf=True, companyName="SPDR S&P 500 ETF Trust", **arca),
        profile(
            "VTSAX",
            is_fund=True,
            companyName="Vanguard Total Stock Market Index Fund Admiral Shares",
            **nasdaq,
        ),
        profile("VMFXX", is_fund=True, companyName="Vanguard Federal Money Market Fund", **nasdaq),
        profile("BRK-B", companyName="Berkshire Hathaway Inc."),
        profile("DSU", is_fund=True, companyName="BlackRock Debt Strategies Fund, Inc."),
        # FMP's known error: a closed-end fund with no flag at all.
        profile("BST", companyName="BlackRock Science and Technology Trust"),
    ]
    return {sample["symbol"]: sample for sample in samples}


@dataclass(frozen=True)
class Reply:
    """One scripted answer.

    Attributes
    ----------
    status, headers
        As on the wire; the length is added.
    body
        Text or bytes as they are, anything else as JSON.
    delay
        Seconds before the first byte.
    times
        The body is sent so many times over (a large body without holding it in memory).
    drip
        Seconds between two bytes of the body.
    drip_headers
        Seconds between two bytes of the status line and headers.
    cut_after
        The connection is closed after so many bytes of the body.
    reset
        The connection is reset instead of an answer.
    chunked
        Sent in chunks, without a length.
    """

    status: int = 200
    body: object = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    times: int = 1
    drip: float = 0.0
    drip_headers: float = 0.0
    cut_after: int | None = None
    reset: bool = False
    chunked: bool = False

    @property
    def payload(self) -> bytes:
        """The body as bytes, once."""
        if isinstance(self.body, bytes):
            return self.body
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()


def error_message(text: str, *, status: int = 200, retry_after: object = None) -> Reply:
    """FMP's JSON error form under any status."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return Reply(status, {"Error Message": text}, headers)


def rate_limit(*, retry_after: object = None, status: int = 429) -> Reply:
    """The calls of this minute, or of the day, are spent."""
    text = "Limit Reach . Please upgrade your plan or visit our documentation for more details"
    return error_message(text, status=status, retry_after=retry_after)


def daily_limit(*, status: int = 429) -> Reply:
    """The calls of the day are spent, in words that say so."""
    return error_message("Daily Limit Reach . Please upgrade your plan", status=status)


def bandwidth_limit(*, retry_after: object = None, status: int = 429) -> Reply:
    """The bytes of 30 days are spent."""
    text = "Bandwidth Limit Reach . Please upgrade your plan or visit our documentation"
    return error_message(text, status=status, retry_after=retry_after)


def invalid_key(*, status: int = 401) -> Reply:
    """The key is missing or wrong."""
    text = "Invalid API KEY. Feel free to create a Free API Key or visit our documentation"
    return error_message(text, status=status)


def premium_symbol(*, status: int = 402) -> Reply:
    """This symbol is outside the plan (plain text)."""
    return Reply(status, SYMBOL_OUTSIDE_PLAN, {"Content-Type": "text/plain"})


def special_endpoint(word: str = "Special", *, status: int = 402) -> Reply:
    """This endpoint is outside the plan: Special, Exclusive, Restricted or Premium."""
    text = f"{word} Endpoint : This endpoint is not available under your current subscription"
    return Reply(status, text, {"Content-Type": "text/plain"})


def legacy_endpoint() -> Reply:
    """A legacy path with a new account."""
    text = "Legacy Endpoint : only for legacy users with subscriptions prior August 31, 2025"
    return error_message(text, status=403)


def exclusive_endpoint() -> Reply:
    """The plan has no such endpoint (403)."""
    return error_message("Exclusive Endpoint : not available under your plan", status=403)


def suspended() -> Reply:
    """The account is suspended."""
    return error_message("Your account has been suspended", status=403)


def server_error(status: int = 500, *, retry_after: object = None) -> Reply:
    """Trouble on their side."""
    headers = {"Content-Type": "text/html"}
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    return Reply(status, "<html><body>Something broke</body></html>", headers)


def html_page(status: int = 200) -> Reply:
    """A page for people where data was expected."""
    return Reply(
        status, "<!DOCTYPE html><html>Log in, this symbol</html>", {"Content-Type": "text/html"}
    )


def truncated_json(symbol: str) -> Reply:
    """Half a profile, with a length that agrees."""
    return Reply(200, json.dumps([profile(symbol)])[:200])


def cut_mid_body(symbol: str) -> Reply:
    """Half a profile, because the connection is closed in the middle of it."""
    return Reply(200, [profile(symbol)], cut_after=200)


def foreign_profile(other: str = "MSFT") -> Reply:
    """The profile of another symbol than the one asked for."""
    return Reply(200, [profile(other, is_etf=True)])


def both_flags(symbol: str) -> Reply:
    """isEtf and isFund both true."""
    return Reply(200, [profile(symbol, is_etf=True, is_fund=True)])


def string_flags(symbol: str) -> Reply:
    """Flags as text, as FMP's CSV exports have them."""
    return Reply(200, [profile(symbol, is_etf="false", is_fund="True", is_adr="FALSE")])


def missing_flags(symbol: str) -> Reply:
    """A profile without any type flag."""
    bare = profile(symbol)
    for flag in ("isEtf", "isFund", "isAdr"):
        del bare[flag]
    return Reply(200, [bare])


def empty_list() -> Reply:
    """FMP does not know the symbol."""
    return Reply(200, [])


def empty_object() -> Reply:
    """An object without anything in it."""
    return Reply(200, {})


def null_body() -> Reply:
    """JSON null."""
    return Reply(200, None)


def huge_body(megabytes: int = 50, *, chunked: bool = False) -> Reply:
    """Far more than any profile needs."""
    return Reply(200, b" " * 2**20, times=megabytes, chunked=chunked)


def endless_body(gap: float = 0.02, *, chunked: bool = False) -> Reply:
    """A byte now and then, for hours; each one in time for a plain read timeout."""
    return Reply(200, b" " * 2**20, drip=gap, chunked=chunked)


def endless_headers(gap: float = 0.02) -> Reply:
    """Headers that never come to an end."""
    return Reply(200, [], {"X-Padding": "x" * 60_000}, drip_headers=gap)


def slow(seconds: float, body: object = b"[]") -> Reply:
    """A complete answer, late."""
    return Reply(200, body, delay=seconds)


def connection_reset() -> Reply:
    """The connection is torn down instead of an answer."""
    return Reply(reset=True)


def redirect(url: str, status: int = 302) -> Reply:
    """Send the caller elsewhere."""
    return Reply(status, b"", {"Location": url})


@dataclass(frozen=True)
class Received:
    """One request as it came in; `at` is in monotonic seconds."""

    method: str
    path: str
    headers: Mapping[str, str]
    at: float = field(default_factory=time.monotonic)


class FmpServer:
    """The server; use it as a context manager, or call `close`.

    Attributes
    ----------
    url
        What FMP_BASE_URL must be.
    key
        The key that the header `apikey` must carry.
    profiles
        Symbol -> profile; change it at will.
    calls
        The symbols asked for, in the order of arrival.
    requests
        Every request with its path, headers and time of arrival.
    delay
        Seconds before every profile answer.
    most_in_flight
        How many requests were being answered at the same time, at most.
    connections
        How many connections were opened so far.
    """

    def __init__(
        self, profiles: Mapping[str, Mapping[str, Any]] | None = None, *, key: str = SAMPLE_KEY
    ) -> None:
        self.key = key
        self.profiles = dict(sample_profiles() if profiles is None else profiles)
        self.calls: list[str] = []
        self.requests: list[Received] = []
        self.delay = 0.0
        self.most_in_flight = 0
        self.connections = 0
        self.closing = threading.Event()
        self._in_flight = 0
        self._lock = threading.Lock()
        self._scripts: dict[str | None, deque[Reply]] = {}
        self._forever: dict[str | None, Reply] = {}
        self._http = _Listener(self)
        self._thread = threading.Thread(
            target=self._http.serve_forever, args=(0.01,), name="fmp-server", daemon=True
        )
        self._thread.start()

    @property
    def port(self) -> int:
        """The port on 127.0.0.1."""
        return int(self._http.server_address[1])

    @property
    def url(self) -> str:
        """What FMP_BASE_URL must be to reach this server."""
        return f"http://127.0.0.1:{self.port}/stable"

    def settings(self, **changes: Any) -> Settings:
        """Settings that reach this server, without a pause between calls."""
        given = {
            "fmp_base_url": self.url,
            "fmp_api_key": Secret(self.key),
            "fmp_rate_limit_delay": 0.0,
        }
        return Settings(**{**given, **changes})

    def script(self, symbol: str | None, *replies: Reply, forever: bool = False) -> None:
        """Answer the next calls for `symbol` (None: for any) with `replies`, then as usual.

        With `forever` the last reply stays. A symbol's own script goes before the one for any.
        """
        with self._lock:
            self._scripts.setdefault(symbol, deque()).extend(replies)
            if forever:
                self._forever[symbol] = replies[-1]

    def unscript(self) -> None:
        """Answer everything as usual again."""
        with self._lock:
            self._scripts.clear()
            self._forever.clear()

    def close(self) -> None:
        """Stop listening and end every connection; calling it twice does no harm."""
        if not self.closing.is_set():
            self.closing.set()
            self._http.shutdown()
            self._thread.join()
            self._http.end_connections()
            self._http.server_close()

    def __enter__(self) -> FmpServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def reply_to(self, received: Received) -> Reply:
        """Record a request and decide what is answered."""
        parts = urlsplit(received.path)
        symbol = parse_qs(parts.query).get("symbol", [""])[0]
        with self._lock:
            self.requests.append(received)
            if parts.path != "/stable/profile":
                return Reply(404, "no such path")
            self.calls.append(symbol)
            scripted = self._scripted(symbol)
        if scripted is not None:
            return scripted
        if received.headers.get("apikey") != self.key:
            return invalid_key()
        found = self.profiles.get(symbol)
        return Reply(200, [] if found is None else [found], delay=self.delay)

    def _scripted(self, symbol: str) -> Reply | None:
        for who in (symbol, None):
            if self._scripts.get(who):
                return self._scripts[who].popleft()
            if who in self._forever:
                return self._forever[who]
        return None

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count the requests that are being answered."""
        with self._lock:
            self._in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self._in_flight)
        try:
            yield
        finally:
            with self._lock:
                self._in_flight -= 1


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, owner: FmpServer) -> None:
        self.owner = owner
        self._open: set[socket.socket] = set()
        self._changed = threading.Condition()
        super().__init__(("127.0.0.1", 0), _Handler)

    def server_bind(self) -> None:
        # The standard library looks up the host's full name here, which may ask a name server.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._changed:
            self._open.add(request)
            self.owner.connections += 1
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        with self._changed:
            self._open.discard(request)
            self._changed.notify_all()

    def end_connections(self) -> None:
        with self._changed:
            for connection in self._open:
                _end(connection)
            self._changed.wait_for(lambda: not self._open, timeout=5)


def _end(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the other side was faster


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Listener

    def do_GET(self) -> None:
        owner = self.server.owner
        with owner.counted():
            reply = owner.reply_to(Received(self.command, self.path, dict(self.headers.items())))
            if reply.delay:
                owner.closing.wait(reply.delay)
            try:
                self._send(reply)
            except OSError:  # the caller has had enough
                self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Keep quiet."""

    def _send(self, reply: Reply) -> None:
        if reply.reset:
            # Closing with a zero linger time sends a reset; the handler's files share the socket.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
            return
        head = self._head(reply)
        self._write(head, reply.drip_headers)
        body = reply.payload
        if reply.cut_after is not None:
            self.wfile.write(body[: reply.cut_after])
            self.close_connection = True
            return
        for _ in range(reply.times):
            self._write(body, reply.drip, chunked=reply.chunked)
        if reply.chunked:
            self.wfile.write(b"0\r\n\r\n")

    def _head(self, reply: Reply) -> bytes:
        length = len(reply.payload) * reply.times
        size = (
            {"Transfer-Encoding": "chunked"} if reply.chunked else {"Content-Length": str(length)}
        )
        lines = {
            "Date": self.date_time_string(),
            "Content-Type": "application/json",
            **size,
            **reply.headers,
        }
        text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return f"HTTP/1.1 {reply.status} Sample\r\n{text}\r\n".encode("latin-1")

    def _write(self, data: bytes, gap: float, *, chunked: bool = False) -> None:
        step = 1 if gap else len(data)
        for start in range(0, len(data), max(step, 1)):
            piece = data[start : start + step]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
            if gap and self.server.owner.closing.wait(gap):
                raise ConnectionAbortedError("the server is closing")


@pytest.fixture
def fmp_server() -> Iterator[FmpServer]:
    """A local FMP with seven sample profiles."""
    with FmpServer() as server:
        yield server
