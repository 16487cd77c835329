"""No command of the command line shows the key or the password, whatever goes wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
import typer

from faults.running import Database, Place
from faults.secrets import (
    file_texts,
    leaks,
    recorded_logs,
)
from faults.table import HEALTHY, KEY, PASSWORD, SICK
from sectypes.cli import app, run

QUOTED = quote(PASSWORD, safe="")


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, place: Place) -> Iterator[Database]:
    """A database of each kind; the URL of one has the password."""
    made = place.make(request.param)
    yield made
    made.drop()


BOOK = f"ticker,type,quantity,price,currency\n{SICK},equity,10,20,USD\n{HEALTHY},etf,5,30,USD\n"

# Each command in turn, in this order, on one database.
COMMANDS = (
    "--help",
    "--version",
    "db current",
    "db upgrade --dry-run",
    "db upgrade --json",
    "db current --json",
    "db sql",
    f"classify {SICK} {HEALTHY} NOPE CUR:USD",
    f"classify --json {SICK} {HEALTHY}",
    f"classify --csv {SICK}",
    "classify --file book.csv --json",
    f"classify {SICK} --as-of 2020-01-01",
    "conflicts book.csv",
    "conflicts book.csv --json",
    "audit book.csv --out out/report.html",
    "audit book.csv --json --out out/report.xlsx",
    "audit book.csv --out out/report.md",
    f"override set {SICK} bond --note checked --author ada",
    f"override set {SICK} cash --note again --author ada --yes --json",
    "override list",
    "override list --json",
    f"override remove {SICK} --yes",
    "cache list",
    "cache list --json",
    f"cache history {SICK} --json",
    "cache stats",
    "cache stats --json",
    "cache health",
    "cache health --json",
    f"cache refresh {SICK} --json",
    "cache refresh-stale --days 0 --accept",
    "cache warm book.csv --json",
    "cache warm book.csv --dry-run",
    "cache export out/cache.yaml",
    "cache export out/cache.json --json",
    "cache export out/cache.parquet",
    "cache import out/cache.yaml --dry-run",
    "cache import out/cache.json --yes --json",
    "demo --out out/demo",
    "lab out/lab --no-open",
)

# The same words while something is wrong: what the environment says instead.
BROKEN: dict[str, dict[str, str]] = {
    "the database is away": {"SECTYPES_DATABASE_URL": "dead"},
    "the database has another form": {
        "SECTYPES_DATABASE_URL": f"postgresql:/ada:{QUOTED}@host:x/cache"
    },
    "FMP is away": {"FMP_BASE_URL": "http://127.0.0.1:1/stable"},
    "the key is refused": {"FMP_API_KEY": f"{KEY} with spaces"},
    "a setting is wrong": {"FMP_TIMEOUT": "soon"},
}
WHILE_BROKEN = (
    f"classify --json {SICK}",
    "audit book.csv --json",
    f"cache refresh {SICK}",
    "cache health --json",
    "cache stats",
    "cache export out/broken.yaml",
    f"override set {SICK} bond --note checked --author ada",
    "override list",
    "db current --json",
    "db upgrade",
)


@pytest.fixture
def shell(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    place: Place,
    dead_url: str,
) -> Callable[..., list[str]]:
    """Run a command here, with both secrets in the environment; all that it shows."""
    place.server.unscript()
    (tmp_path / "book.csv").write_text(BOOK)
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))

    def call(line: str, database_url: str, **changed: str) -> list[str]:
        given = {
            "FMP_API_KEY": KEY,
            "OPENFIGI_API_KEY": KEY,
            "FMP_BASE_URL": place.server.url,
            "FMP_RATE_LIMIT_DELAY": "0",
            "FMP_TIMEOUT": "5",
            "SECTYPES_DATABASE_URL": database_url,
        } | changed
        if given["SECTYPES_DATABASE_URL"] == "dead":
            given["SECTYPES_DATABASE_URL"] = dead_url
        with pytest.MonkeyPatch.context() as environment, recorded_logs() as logs:
            for name, value in given.items():
                environment.setenv(name, value)
            code = run(line.split())
        told = capfd.readouterr()
        return [f"exit code {code}", told.out, told.err, *logs]

    return call


def test_no_command_shows_a_secret(
    shell: Callable[..., list[str]], place: Place, tmp_path: Path
) -> None:
    database = place.healthy["postgresql"]
    database.clear()
    for line in COMMANDS:
        shown = shell(line, database.url)
        assert leaks(shown) == [], line
        assert shown[0] in ("exit code 0", "exit code 1"), (line, shown[:3])
    made = {path.suffix for path in (tmp_path / "out").rglob("*")}
    assert {".html", ".xlsx", ".md", ".yaml", ".json", ".parquet", ".csv", ".png"} <= made
    assert leaks(file_texts(tmp_path / "out")) == []
    assert leaks(database.text()) == []
    assert SICK in database.text()


@pytest.mark.parametrize("trouble", BROKEN)
def test_no_command_shows_a_secret_while_something_is_wrong(
    trouble: str, shell: Callable[..., list[str]], place: Place
) -> None:
    url = place.healthy["postgresql"].url
    codes = []
    for line in WHILE_BROKEN:
        shown = shell(line, url, **BROKEN[trouble])
        assert leaks(shown) == [], (trouble, line)
        codes.append(shown[0])
    assert "exit code 1" in codes


def test_every_command_is_tried() -> None:
    def names(command: object, before: str = "") -> Iterator[str]:
        for name, one in getattr(command, "commands", {}).items():
            below = list(names(one, f"{before}{name} "))
            yield from below or [f"{before}{name}"]

    wanted = list(names(typer.main.get_command(app)))
    assert len(wanted) > 15
    assert [one for one in wanted if not any(line.startswith(one) for line in COMMANDS)] == []


def test_what_a_command_prints_and_keeps_is_searched(
    shell: Callable[..., list[str]], database: Database, tmp_path: Path
) -> None:
    """A control: a note that holds the key is found on the screen, in files and in the dump."""
    shown = shell(f"override set {SICK} bond --note {KEY} --author ada", database.url)
    assert leaks(shown) == []
    assert leaks(shell("override list", database.url))
    assert leaks(database.text())
    for name in ("cache.yaml", "cache.json", "cache.parquet"):
        folder = tmp_path / name.replace(".", "-")
        folder.mkdir()
        shell(f"cache export {folder / name}", database.url)
        assert leaks(file_texts(folder)), name
