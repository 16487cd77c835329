"""One HTTP session: who may read the key, how long a call may take, how much it may send.

A call ends in a `Reply` or in a `NoReply`. It never raises for what the network does: the
exceptions of the HTTP libraries carry URLs and, in their tracebacks, the header with the key, so
none of them leaves this module, and the notes are written here in our own words.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Iterator, Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from sectypes.config import Secret
from sectypes.sources.calls import Calls, NoReply, Reply, tell_socket

if TYPE_CHECKING:
    from urllib3.poolmanager import PoolManager
    from urllib3.response import HTTPResponse

__all__ = ["HttpClient"]

MAX_BODY_BYTES = 2 * 2**20
_CHUNK_BYTES = 64 * 2**10


class HttpClient:
    """Requests to one service, with its key in a header; safe to share between threads.

    Parameters
    ----------
    base_url : str
        Where the paths start.
    header : str
        Name of the header that carries the key.
    key : Secret | None
        The key; None for a service that answers without one.
    timeout : float
        Seconds for one call: for the connection, for each wait, and for the whole answer.
    connections : int
        How many connections are kept open.
    most_bytes : int
        The longest body that is read.
    """

    def __init__(
        self,
        base_url: str,
        *,
        header: str,
        key: Secret | None,
        timeout: float,
        connections: int,
        most_bytes: int = MAX_BODY_BYTES,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._host = urlsplit(base_url).hostname or ""
        self._timeout = timeout
        self._most_bytes = most_bytes
        self._session = requests.Session()
        self._session.auth = _KeyHeader(header, key)
        self._session.headers["Accept"] = "application/json"
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        # Plain http is allowed for this machine only. A proxy from the environment would carry the
        # key off it, unencrypted.
        self._session.trust_env = urlsplit(base_url).scheme == "https"
        for scheme in ("http://", "https://"):
            # urllib3's Retry would not replace our own loop: it does not share the rate limit
            # between threads, cannot be stopped while it waits, has no cap for Retry-After, and
            # cannot read in a body that the quota of the day is spent.
            self._session.mount(scheme, _Adapter(pool_maxsize=connections, max_retries=0))

    def get(self, path: str, params: Mapping[str, str], calls: Calls) -> Reply | NoReply:
        """Ask once. Redirects are not followed, so that the key goes to no other host."""
        return self._ask("GET", path, calls, params=dict(params))

    def post(self, path: str, payload: object, calls: Calls) -> Reply | NoReply:
        """Ask once, with `payload` as a body of JSON; otherwise as `get`."""
        return self._ask("POST", path, calls, json=payload)

    def _ask(self, method: str, path: str, calls: Calls, **content: Any) -> Reply | NoReply:
        with calls.call(self._timeout) as call:
            try:
                reply = self._exchange(method, path, content)
            # ValueError: what the libraries raise for a URL or header they cannot write or read.
            except (
                requests.RequestException,
                urllib3.exceptions.HTTPError,
                http.client.HTTPException,
                OSError,
                ValueError,
            ) as error:
                reply = self._explain(error)
            # An answer without a length ends where it is cut, and looks complete.
            return self._too_slow() if call.is_cut else reply

    def close(self) -> None:
        """Close the idle connections; a later call opens new ones."""
        self._session.close()

    def _exchange(self, method: str, path: str, content: Mapping[str, Any]) -> Reply | NoReply:
        with self._session.request(
            method,
            f"{self._base_url}/{path}",
            timeout=self._timeout,
            allow_redirects=False,
            stream=True,
            **content,
        ) as response:
            body = bytearray()
            for chunk in response.iter_content(_CHUNK_BYTES):
                body += chunk
                if len(body) > self._most_bytes:
                    size = self._most_bytes // 2**20
                    return NoReply(f"{self._host} sent more than {size} MiB", retryable=False)
            return Reply(response.status_code, response.headers, bytes(body))

    def _too_slow(self) -> NoReply:
        return NoReply(
            f"{self._host} gave no complete answer within {self._timeout:g} s", retryable=True
        )

    def _explain(self, error: BaseException) -> NoReply:
        causes = list(_causes(error))
        for kinds, words, retryable in _TROUBLES:
            if any(isinstance(cause, kinds) for cause in causes):
                return NoReply(words.format(host=self._host, seconds=self._timeout), retryable)
        return NoReply(f"no usable answer from {self._host}", retryable=False)


# The first row with a matching exception anywhere in the chain decides: the specific before the
# general. The words are ours, because the exceptions' own texts hold URLs.
_TROUBLES: tuple[tuple[tuple[type[BaseException], ...], str, bool], ...] = (
    ((ssl.SSLError, requests.exceptions.SSLError), "TLS error with {host}", False),
    ((requests.exceptions.ProxyError,), "the proxy to {host} failed", True),
    ((socket.gaierror,), "the name {host} could not be looked up", True),
    ((ConnectionRefusedError,), "{host} refused the connection", True),
    (
        (TimeoutError, requests.Timeout),
        "{host} gave no complete answer within {seconds:g} s",
        True,
    ),
    (
        (ConnectionError, http.client.IncompleteRead, http.client.RemoteDisconnected),
        "{host} broke off the connection",
        True,
    ),
    ((requests.exceptions.ContentDecodingError,), "{host} sent a body that cannot be read", False),
    (
        (requests.ConnectionError, requests.exceptions.ChunkedEncodingError, OSError),
        "no connection to {host}",
        True,
    ),
)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Each exception that led to `error`: chained ones, and those wrapped as an argument."""
    seen: set[int] = set()
    todo: list[object] = [error]
    while todo:
        one = todo.pop()
        if isinstance(one, BaseException) and id(one) not in seen:
            seen.add(id(one))
            yield one
            todo += [*one.args, getattr(one, "reason", None), one.__cause__, one.__context__]


class _KeyHeader(AuthBase):
    """Puts the key on a request at the last moment, so that no session or settings carry it.

    Without a key it stands there all the same: it keeps requests from taking a password for this
    host out of the user's netrc file.
    """

    def __init__(self, header: str, key: Secret | None) -> None:
        self._header = header
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._key is not None:
            request.headers[self._header] = self._key.reveal()
        return request


class _WatchedHTTP(HTTPConnection):
    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as in urllib3 itself
        tell_socket(self.sock)
        return super().getresponse()


class _WatchedHTTPS(HTTPSConnection):
    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as in urllib3 itself
        tell_socket(self.sock)
        return super().getresponse()


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _WatchedHTTP


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedHTTPS


class _Adapter(HTTPAdapter):
    """Opens connections that can be cut off, directly and through a proxy."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        _watch(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> PoolManager:
        manager: PoolManager = super().proxy_manager_for(*args, **kwargs)
        _watch(manager)
        return manager


def _watch(manager: PoolManager) -> None:
    manager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}
