"""A real browser and a real JupyterLab, for tests that must see what a person sees.

Chromium is the system's: Playwright comes from pip and downloads nothing. Where there is none the
test is skipped, unless SECTYPES_NEEDS_BROWSER says that there must be one.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.notebooks import kernel_environment

if TYPE_CHECKING:
    from playwright.sync_api import Page

__all__ = ["browser_page", "jupyterlab"]

_FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
_PATIENCE_S = 90


def _chromium() -> str:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    if found is None:
        told = "there is no Chromium here: apt-get install chromium"
        if os.environ.get("SECTYPES_NEEDS_BROWSER"):
            pytest.fail(told, pytrace=False)
        pytest.skip(told)
    return found


@pytest.fixture(scope="module")
def browser_page() -> Iterator[Page]:
    """An empty page in the system's Chromium, as wide as a laptop's."""
    chromium = _chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=_FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        page.set_default_timeout(_PATIENCE_S * 1000)
        yield page
        browser.close()


@contextmanager
def jupyterlab(folder: Path, own: Path) -> Iterator[tuple[str, str]]:
    """JupyterLab on `folder`: its address and token.

    All that it writes lies in `own`; nothing of the person at this machine is read.
    """
    token = secrets.token_hex(16)
    places = {f"JUPYTER_{n.upper()}_DIR": own / n for n in ("config", "data", "runtime")}
    quiet = places["JUPYTER_CONFIG_DIR"] / "labconfig" / "page_config.json"
    quiet.parent.mkdir(parents=True)
    # It would ask on the first start whether news may be fetched.
    quiet.write_text(
        '{"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": true}}'
    )
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", f"--ServerApp.root_dir={folder}"),
        *("--ServerApp.ip=127.0.0.1", "--ServerApp.port=0", "--ServerApp.allow_root=True"),
    ]
    with kernel_environment(), (own / "log").open("w") as log:
        changed = {**{name: str(place) for name, place in places.items()}, "JUPYTER_TOKEN": token}
        server = subprocess.Popen(
            command, env=os.environ | changed, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            yield _address(server, own), token
        finally:
            server.terminate()
            server.wait(timeout=30)


def _address(server: subprocess.Popen[bytes], own: Path) -> str:
    """Where the server listens, as soon as it says so in its own file."""
    end = time.monotonic() + _PATIENCE_S
    while server.poll() is None and time.monotonic() < end:
        for info in (own / "runtime").glob("jpserver-*.json"):
            with suppress(ValueError):  # it is being written
                return f"http://127.0.0.1:{json.loads(info.read_text())['port']}"
        time.sleep(0.1)
    raise RuntimeError(f"JupyterLab did not start:\n{(own / 'log').read_text()}")
