"""What cannot be scripted on a server that works: a closed port, an unknown name, a broken TLS."""

from __future__ import annotations

import socket
import ssl
import subprocess
from contextlib import closing
from pathlib import Path

from support.fmp_server import FmpServer

__all__ = ["NO_SUCH_HOST", "TlsServer", "closed_port", "self_signed"]

NO_SUCH_HOST = "https://no-such-host.invalid/stable"
"""A name that no name server ever knows (RFC 2606)."""


def closed_port() -> int:
    """A port on loopback where nobody listens."""
    with closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def self_signed(folder: Path) -> Path:
    """A certificate that nobody vouches for, with its key, in one file."""
    made, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", str(key)),
            *("-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-out", str(made)),
        ],
        check=True,
        capture_output=True,
        timeout=60,
    )
    made.write_bytes(made.read_bytes() + key.read_bytes())
    return made


class TlsServer(FmpServer):
    """FMP over TLS, with a certificate of its own making."""

    def __init__(self, certificate: Path, *, key: str) -> None:
        super().__init__(key=key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        # The same listening socket from now on; the handshake is part of `accept`.
        self._http.socket = context.wrap_socket(self._http.socket, server_side=True)

    @property
    def url(self) -> str:
        """What FMP_BASE_URL must be to reach this server."""
        return f"https://127.0.0.1:{self.port}/stable"
