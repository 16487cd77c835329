"""A small web server on this machine that answers as FMP does, for trying the whole way out."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sectypes.config import Secret, Settings

__all__ = ["SAMPLE_KEY", "SampleFmpServer"]

SAMPLE_KEY = "sample-key"
"""What the header ``apikey`` must carry; it opens nothing but this server."""

_REFUSED = {"Error Message": "Invalid API KEY. (sample server)"}


class SampleFmpServer:
    """Answers ``/stable/profile`` on 127.0.0.1 as long as it is open; made by `sample_fmp_server`.

    Parameters
    ----------
    profiles : Mapping[str, Mapping[str, Any]]
        By symbol; a symbol that is not among them is answered by an empty list, as FMP does.

    Examples
    --------
    >>> with SampleFmpServer({}) as server:
    ...     server.calls, server.settings().fmp_api_key
    ((), Secret('***'))
    """

    def __init__(self, profiles: Mapping[str, Mapping[str, Any]]) -> None:
        self._profiles = {symbol: dict(profile) for symbol, profile in profiles.items()}
        self._calls: list[str] = []
        self._http = _Listener(self)
        self._thread = threading.Thread(
            target=self._http.serve_forever, args=(0.05,), name="sample-fmp", daemon=True
        )
        self._thread.start()

    def __repr__(self) -> str:
        # Without the port, which is another one each time.
        return f"<SampleFmpServer: {len(self._profiles)} profiles, {len(self._calls)} calls>"

    def __enter__(self) -> SampleFmpServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def url(self) -> str:
        """What ``FMP_BASE_URL`` must be to reach it."""
        return f"http://127.0.0.1:{self._http.server_address[1]}/stable"

    @property
    def calls(self) -> tuple[str, ...]:
        """The symbols asked for so far, in order; calls with a wrong key are among them."""
        return tuple(self._calls)

    def settings(self, **changes: Any) -> Settings:
        """Settings that reach it, without a pause between two calls.

        Parameters
        ----------
        **changes
            Other fields of `Settings`, or other values for these.
        """
        given: dict[str, Any] = {
            "fmp_base_url": self.url,
            "fmp_api_key": Secret(SAMPLE_KEY),
            "fmp_rate_limit_delay": 0.0,
        }
        return Settings(**{**given, **changes})

    def close(self) -> None:
        """Stop answering, as in an outage; calling it twice does no harm."""
        if self._thread.is_alive():
            self._http.shutdown()
            self._thread.join()
            self._http.server_close()

    def answer(self, path: str, key: str | None) -> tuple[HTTPStatus, object]:
        """Decide what one request is answered, and count it."""
        parts = urlsplit(path)
        if parts.path != "/stable/profile":
            return HTTPStatus.NOT_FOUND, {"Error Message": "no such path"}
        symbol = parse_qs(parts.query).get("symbol", [""])[0]
        self._calls.append(symbol)
        if key != SAMPLE_KEY:
            return HTTPStatus.UNAUTHORIZED, _REFUSED
        return HTTPStatus.OK, [self._profiles[symbol]] if symbol in self._profiles else []


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    # A connection that the caller keeps open must not hold up the closing.
    block_on_close = False

    def __init__(self, owner: SampleFmpServer) -> None:
        self.owner = owner
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Listener

    def do_GET(self) -> None:
        status, content = self.server.owner.answer(self.path, self.headers.get("apikey"))
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  as in http.server
        """Keep quiet: what is asked is in `SampleFmpServer.calls`."""
