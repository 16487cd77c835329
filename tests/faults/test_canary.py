"""The key and the database's password stand nowhere: each channel is searched, and can be found in.

The fault matrix searches its own cells (`test_matrix.test_the_secrets_are_not_shown`).
"""

from __future__ import annotations

import logging
import os
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import nbformat
import pytest
from nbclient import NotebookClient
from support.fmp_server import invalid_key
from support.notebooks import kernel_environment

from faults.running import Place
from faults.secrets import (
    error_texts,
    file_texts,
    forms,
    found_in,
    leaks,
    object_texts,
    recorded_logs,
)
from faults.table import HEALTHY, KEY, PASSWORD, SICK
from sectypes.config import Secret, Settings
from sectypes.errors import StoreUnavailable
from sectypes.service import SecurityTypeService
from sectypes.sources import FmpSource
from sectypes.store import SqlStore

QUOTED = quote(PASSWORD, safe="")


@pytest.fixture
def settings(place: Place, dead_url: str) -> Settings:
    """Both secrets in one."""
    place.server.unscript()
    return place.server.settings(database_url=Secret(dead_url), openfigi_api_key=Secret(KEY))


# -- the search itself --------------------------------------------------------------------------


@pytest.mark.parametrize("secret", [KEY, PASSWORD])
@pytest.mark.parametrize("before", ["", "a", "ab", "abc"])
def test_each_form_of_a_secret_is_found(secret: str, before: str) -> None:
    import base64

    whole = f"{before}{secret}:after"
    for text in (
        whole,
        f"postgresql://ada:{quote(secret, safe='')}@host",
        base64.b64encode(whole.encode()).decode(),
        base64.urlsafe_b64encode(whole.encode()).decode(),
        whole.encode().hex(),
        repr({"key": whole}),
    ):
        assert found_in([f"... {text} ..."], secret), text
    assert not found_in(["canary", "k3y", base64.b64encode(b"another").decode()], secret)
    assert all(len(form) > 8 for form in forms(secret))


# -- objects ------------------------------------------------------------------------------------


def objects(settings: Settings) -> Iterator[object]:
    """Everything that is made with a secret, and parts of it that a debugger would show."""
    source, store = FmpSource(settings), SqlStore(settings.database_url)
    yield from (settings, settings.fmp_api_key, settings.database_url, source, store)
    yield SecurityTypeService(settings=settings)
    yield from vars(source).values()
    yield from vars(store).values()
    yield list(source.fetch([SICK, HEALTHY]))  # it has a session now
    yield from (source, *vars(source).values())
    for thing in (settings.fmp_api_key, store):
        yield {"kept": thing}
    source.close()


def test_no_object_shows_a_secret(settings: Settings) -> None:
    shown = [text for thing in objects(settings) for text in object_texts(thing)]
    assert len(shown) > 50
    assert leaks(shown) == []


class Planted:
    def __init__(self) -> None:
        self.key = KEY


def test_an_object_that_shows_one_is_found() -> None:
    assert leaks(object_texts(Planted()))
    assert leaks(object_texts({"password": PASSWORD}))
    assert leaks(object_texts(StoreUnavailable(f"at {QUOTED}", source="database")))


# -- errors -------------------------------------------------------------------------------------


class Scene(NamedTuple):
    """What an error may come from; the environment is as it was only after the error was read."""

    settings: Settings
    place: Place
    environment: pytest.MonkeyPatch


def broken_sleep(seconds: float, stop: threading.Event) -> bool:
    raise RuntimeError("an error inside a call")


def ask_and_break(scene: Scene) -> None:
    scene.place.server.script(SICK, invalid_key(status=503), forever=True)
    with FmpSource(scene.settings, sleep=broken_sleep) as source:
        list(source.fetch([SICK]))


def read_environment(name: str) -> Callable[[Scene], None]:
    def read(scene: Scene) -> None:
        scene.environment.setenv("FMP_API_KEY", KEY)
        scene.environment.setenv("SECTYPES_DATABASE_URL", scene.settings.database_url.reveal())
        scene.environment.setenv(name, "nonsense")
        Settings.from_env()

    return read


def refuse_url(scene: Scene) -> None:
    SqlStore(Secret(f"postgresql+none://ada:{QUOTED}@host/cache"))


def read_unreachable(scene: Scene) -> None:
    SqlStore(scene.settings.database_url).lookup([SICK])


def read_with_wrong_password(scene: Scene) -> None:
    SqlStore(Secret(scene.place.healthy["postgresql"].url_for("locked_out"))).lookup([SICK])


def ask_the_past(scene: Scene) -> None:
    from datetime import date

    SecurityTypeService(settings=scene.settings).resolve([SICK], as_of=date(2026, 1, 1))


def refresh_refused(scene: Scene) -> None:
    with SecurityTypeService(settings=scene.settings.replace(offline=True), store=None) as service:
        service.force_refresh(SICK)


def upgrade_unreachable(scene: Scene) -> None:
    from sectypes.store import migrate

    migrate.upgrade(scene.settings.database_url)


def pickled(thing: Callable[[Settings], object]) -> Callable[[Scene], None]:
    import pickle

    return lambda scene: pickle.dumps(thing(scene.settings)) and None


ERRORS: dict[str, Callable[[Scene], None]] = {
    "a number that is none": read_environment("FMP_TIMEOUT"),
    "an address that is none": read_environment("FMP_BASE_URL"),
    "a flag that is none": read_environment("SECTYPES_OFFLINE"),
    "an URL of another database": refuse_url,
    "a database that cannot be reached": read_unreachable,
    "a wrong password": read_with_wrong_password,
    "the past without a database": ask_the_past,
    "a refresh with nobody to ask": refresh_refused,
    "an upgrade that cannot begin": upgrade_unreachable,
    "an error inside a call": ask_and_break,
    "settings, pickled": pickled(lambda settings: settings),
    "a store, pickled": pickled(lambda settings: SqlStore(settings.database_url)),
    "a service, pickled": pickled(lambda settings: SecurityTypeService(settings=settings)),
    "a source, pickled": pickled(FmpSource),
}


@pytest.mark.parametrize("name", ERRORS)
def test_no_error_shows_a_secret(
    name: str, settings: Settings, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In its texts, its pickle, and tracebacks with all local variables."""
    with recorded_logs() as logs, pytest.raises(Exception, match=r"\w") as caught:
        ERRORS[name](Scene(settings, place, monkeypatch))
    assert leaks([*error_texts(caught.value), *logs, "."]) == []


def test_a_local_variable_that_shows_one_is_found(settings: Settings) -> None:
    code = compile("def work(secret):\n    raise ValueError('no')", "planted.py", "exec")
    planted: dict[str, Callable[[str], None]] = {}
    exec(code, planted)
    with pytest.raises(ValueError, match="no") as caught:
        planted["work"](KEY)
    found = leaks(error_texts(caught.value))
    assert len(found) >= 2, "the standard traceback and IPython's must both be searched"


# -- logs and warnings --------------------------------------------------------------------------


def test_logs_and_warnings_that_show_one_are_found() -> None:
    for name in ("urllib3.connectionpool", "sqlalchemy.engine", "sectypes.lookup", "any"):
        with recorded_logs() as logs:
            logging.getLogger(name).debug("header %s", KEY)
        assert leaks(logs), name
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.warn(f"asked with {KEY}", UserWarning, stacklevel=1)
    assert leaks(str(one.message) for one in caught)


def test_packed_files_are_searched(tmp_path: Path) -> None:
    import pandas as pd

    pd.DataFrame({"note": [KEY]}).to_excel(tmp_path / "planted.xlsx")
    assert leaks(file_texts(tmp_path))


# -- a notebook ---------------------------------------------------------------------------------

CELLS = (
    "import os\nimport sectypes\n%xmode Verbose",
    "settings = sectypes.Settings.from_env()\nsettings",
    "service = sectypes.get_service()\nprint(service, vars(service))\nservice",
    f"import pandas as pd\nheld = pd.DataFrame({{'ticker': ['{SICK}', '{HEALTHY}']}})",
    "held.sectype.classify()",
    "held.sectype.explain()",
    "service.resolve(held['ticker'])",
    "service.overrides()",  # the database is away: a traceback with all variables
    "service.history('ZQA')",
    "import pickle\npickle.dumps(service)",
    "print(os.environ['FMP_API_KEY'])",  # the control
)


def test_no_output_of_a_notebook_shows_a_secret(place: Place, dead_url: str) -> None:
    place.server.unscript()
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(one) for one in CELLS])
    with kernel_environment(), pytest.MonkeyPatch.context() as environment:
        environment.setenv("FMP_API_KEY", KEY)
        environment.setenv("FMP_BASE_URL", place.server.url)
        environment.setenv("SECTYPES_DATABASE_URL", dead_url)
        assert "FMP_API_KEY" in os.environ
        NotebookClient(notebook, timeout=120, kernel_name="python3", allow_errors=True).execute()
    *outputs, control = [str(cell.outputs) for cell in notebook.cells]
    assert leaks(control)
    assert leaks(outputs) == []
    assert "StoreUnavailable" in outputs[-3]
    assert "mutual_fund" in outputs[-5]
    assert "StoreWarning" in "".join(outputs)


def test_the_environment_of_this_module_has_no_secret_left() -> None:
    assert leaks([*os.environ.values(), "."]) == []
