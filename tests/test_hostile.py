"""Inputs that attack: SQL, HTML, formulas, paths, and rights of files.

The rule for paths: what a person names on the command line or in a call is taken as it is written,
`..` and links to folders included, because it is that person's own choice. No name of a file comes
from data, and what is written never goes through a link that stands in a file's place: the link is
replaced, and what it leads to stays as it was.

Held elsewhere: the size of an answer (test_sources.py, test_sources_openfigi.py), redirects
(tests/faults), the report's page (test_report.py), panels (test_widgets.py), folders of files
(test_dask.py), YAML and backups (test_fuzz_files.py).
"""

from __future__ import annotations

import ast
import csv
import io
import json
import os
import stat
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from sqlalchemy import Engine, event
from support import compared as books
from support.fmp_server import profile
from support.hostile import FORMULA_STARTS
from support.notebooks import NOTEBOOKS

import sectypes
from sectypes.backup import ImportSummary
from sectypes.cli import run
from sectypes.cli.common import write_tables
from sectypes.comparison import compare
from sectypes.config import Settings
from sectypes.current import using
from sectypes.errors import InputError, StoreUnavailable
from sectypes.service import SecurityTypeService
from sectypes.sources import FmpSource
from sectypes.store import SqlStore
from sectypes.taxonomy import AnswerStatus, Miss

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
PACKAGE = Path(sectypes.__file__).parent
MARK = "Q7Z"
INJECTIONS = [f"{MARK}'; DROP TABLE overrides;--", f'{MARK}" OR 1=1', f"{MARK}%s:x)(?", f"{MARK}\\"]
MARKUP = [
    "<script>alert(1)</script>",
    '" onload="alert(1)',
    "'><img src=x onerror=alert(1)>",
    "&lt;",
]


@pytest.fixture
def service(store, fmp_server, clock):
    """A service on each kind of database, with a source."""
    given = fmp_server.settings()
    made = SecurityTypeService(source=FmpSource(given), store=store, settings=given, clock=clock)
    with made:
        yield made


@pytest.fixture
def one_service(fmp_server, clock):
    """A service for what does not depend on the kind of database."""
    given, store = fmp_server.settings(), SqlStore("sqlite://", clock=clock)
    made = SecurityTypeService(source=FmpSource(given), store=store, settings=given, clock=clock)
    with made:
        yield made


# -- SQL ----------------------------------------------------------------------------------------


@pytest.fixture
def statements():
    """Every statement that is sent to a database, with its parameters."""
    seen: list[tuple[str, str]] = []

    def listen(connection, cursor, statement, parameters, context, executemany):
        seen.append((statement, repr(parameters)))

    event.listen(Engine, "before_cursor_execute", listen)
    yield seen
    event.remove(Engine, "before_cursor_execute", listen)


def test_no_text_from_outside_is_ever_part_of_a_statement(
    service, store, fmp_server, statements, tmp_path, clock
):
    name = f"{MARK}'); DELETE FROM security_types;--"
    fmp_server.profiles |= {MARK: profile(MARK, is_etf=True, companyName=name)}
    service.resolve([MARK, *INJECTIONS])
    for text in INJECTIONS:
        service.override(text, "crypto", note=text, author=text)
        assert service.resolve([text])[0].security_type == "crypto"
        assert service.history(text) == []
        service.resolve([text], as_of=clock.now)
        store.put_misses(
            [Miss(MARK, AnswerStatus.NOT_FOUND, text, clock.now, clock.advance(days=1))]
        )
    service.bulk_refresh([MARK], accept=True, progress=False)
    service.force_refresh(MARK)
    service.export_cache(tmp_path / "a.json")
    service.import_cache(tmp_path / "a.json", force=True)
    assert all(service.remove_override(text) for text in INJECTIONS)
    assert not [statement for statement, _ in statements if MARK in statement]
    assert len([values for _, values in statements if MARK in values]) > 10
    assert service.list_facts()[0].name == name


# -- HTML ---------------------------------------------------------------------------------------


class Tags(HTMLParser):
    """The elements and attributes that a browser would make of a page, and its words."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.made: set[str] = set()
        self.words = ""
        self.alts: list[str | None] = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.made |= {tag, *(f"{tag}.{name}" for name, _ in attributes)}
        self.alts += [value for name, value in attributes if name == "alt"]

    def handle_data(self, data):
        self.words += data


def hostile_results(service: SecurityTypeService, text: str) -> dict[str, object]:
    """One of each class that shows itself as HTML, with `text` wherever a text can stand."""
    held = pd.DataFrame(
        {
            "ticker": [text, f"{text}2"],
            "name": [text, text],
            "provider": [text, text],
            "provider_type": [text, "etf"],
            "value": [70.0, 30.0],
            "security_type": ["equity", "etf"],
            "origin": [text, "fmp"],
            "reason": [text, text],
        }
    )
    made = compare(held)
    health = service.health_check()
    numbers = dict.fromkeys(["read", "new", "replaced", "kept"], 1)
    panel = made.explore()
    return {
        "Comparison": made,
        "RiskScore": made.after,
        "Coverage": made.coverage,
        "RiskBand": made.band,
        "StaticPage": panel.static(),
        "ImportSummary": ImportSummary(
            **numbers,
            overrides_new=text,
            overrides_kept=0,
            opinions_new=text,
            opinions_kept=0,
            dry_run=False,
        ),
        "CacheStatistics": service.cache_stats(),
        "Health": replace(health, checks=tuple(replace(one, note=text) for one in health.checks)),
        "RefreshSummary": service.bulk_refresh([text], progress=False),
    }


def test_every_class_with_html_is_looked_at(one_service):
    shown = {
        one.name
        for file in PACKAGE.rglob("*.py")
        for one in ast.walk(ast.parse(file.read_text()))
        if isinstance(one, ast.ClassDef)
        and any(getattr(inner, "name", "") == "_repr_html_" for inner in one.body)
    }
    made = hostile_results(one_service, "plain")
    assert {type(one).__name__ for one in made.values()} == shown


@pytest.mark.parametrize("text", MARKUP)
def test_no_result_makes_an_element_or_attribute_of_a_text(one_service, text):
    plain, hostile = (hostile_results(one_service, one) for one in ("plain", text))
    for name, result in hostile.items():
        made = Tags(result._repr_html_())
        assert made.made <= Tags(plain[name]._repr_html_()).made | {"bdi"}, name
    assert text in Tags(hostile["Health"]._repr_html_()).words


@pytest.mark.parametrize("text", MARKUP[1:3])
def test_the_words_of_a_chart_are_escaped_where_they_become_an_attribute(text):
    held = books.book(ticker=[text, "B"], value=[7.0, 3.0], security_type=["equity", "etf"])
    plain = compare(held.assign(ticker=["A", "B"])).to_html()
    made = compare(held)
    page = Tags(made.to_html())
    assert made.plot().alt in page.alts
    assert text[:8] in made.plot().alt
    assert page.made <= Tags(plain).made | {"bdi"}


# -- formulas -----------------------------------------------------------------------------------


def cells(text: str) -> list[str]:
    """The cells as a spreadsheet sees them: a bare carriage return ends a row as well."""
    return [cell for row in csv.reader(io.StringIO(text, newline=None)) for cell in row]


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet would take it for a formula; numbers are none."""
    try:
        float(cell)
    except ValueError:
        return cell.startswith(FORMULA_STARTS)
    return False


@pytest.fixture
def command(tmp_path, clock, capsys):
    """Run a command on a database that holds a fact and overrides with formulas in every text."""
    store = SqlStore(f"sqlite:///{tmp_path}/cache.db", clock=clock)
    made = SecurityTypeService(source=None, store=store, settings=Settings(offline=True))
    fact = {"ticker": "XYZQ", "security_type": "etf", "origin": "fmp", "raw_label": "=1+1"}
    seen = {"observed_at": "2026-03-01T00:00:00+00:00", "name": "@SUM(A1)"}
    (tmp_path / "facts.json").write_text(json.dumps([fact | seen]))
    made.import_cache(tmp_path / "facts.json")
    for number, start in enumerate(FORMULA_STARTS):
        made.override(f"{start}F{number}", "etf", note=f"{start}1", author=f"{start}me")

    def call(*arguments: str) -> str:
        with using(made):
            code = run([str(one) for one in arguments])
        out, err = capsys.readouterr()
        assert code == 0, err
        return out

    yield call
    made.close()


def holdings(folder: Path) -> Path:
    rows = [f"{start}F{n}" for n, start in enumerate(FORMULA_STARTS)]
    frame = pd.DataFrame({"Symbol": rows, "Description": rows, "Type": rows, "Quantity": 5})
    frame.assign(Value=range(1, 1 + len(rows)), Account=rows).to_csv(
        folder / "h.csv", index=False, quoting=csv.QUOTE_ALL
    )
    return folder / "h.csv"


@pytest.mark.parametrize(
    "asked",
    [
        ["classify", "--csv", "--", "=A", "+A", "-A", "@A", "\t=A", "\r=A"],
        ["classify", "--csv", "--file", "HOLDINGS"],
        ["conflicts", "--csv", "HOLDINGS"],
        ["audit", "--csv", "HOLDINGS"],
        ["cache", "list", "--csv"],
        ["override", "list", "--csv"],
    ],
    ids=lambda asked: " ".join(asked[:3]),
)
def test_no_command_prints_a_formula_as_csv(command, tmp_path, asked):
    file = str(holdings(tmp_path))
    printed = command(*[file if one == "HOLDINGS" else one for one in asked])
    assert len(cells(printed)) > 5
    assert not [cell for cell in cells(printed) if is_formula(cell)]


@pytest.mark.parametrize("start", FORMULA_STARTS)
def test_no_exporter_writes_a_formula(tmp_path, start):
    text = f"{start}cmd|' /C calc'!A0"
    inside = f"a\r{text}"
    held = books.book(ticker=[text, "B"], value=[7.0, 3.0], security_type=["equity", "etf"])
    held = held.assign(name=text, provider=inside, origin=text, reason=text)
    table = held.to_dict("list")
    named = {f"{start}{name}": column for name, column in table.items()}
    write_tables(tmp_path / "out", {"a": table, "b": named})
    for name in "ab":
        written = (tmp_path / "out" / f"{name}.csv").read_bytes().decode()
        assert "cmd|" in written
        assert not [cell for cell in cells(written) if is_formula(cell)]
    compare(held).to_excel(tmp_path / "a.xlsx")
    found = openpyxl.load_workbook(tmp_path / "a.xlsx")
    texts = [c for sheet in found for row in sheet for c in row if isinstance(c.value, str)]
    assert not [cell for cell in texts if cell.data_type == "f"]
    hostile = [cell for cell in texts if cell.value.startswith(FORMULA_STARTS)]
    assert [cell for cell in texts if "cmd|" in cell.value]
    assert all(cell.quotePrefix for cell in hostile)


# -- paths --------------------------------------------------------------------------------------


def names(folder: Path) -> set[str]:
    return {str(one.relative_to(folder)) for one in folder.rglob("*")}


def test_what_is_written_replaces_a_link_and_leaves_alone_where_it_leads(tmp_path):
    kept, absent, folder = tmp_path / "kept", tmp_path / "absent", tmp_path / "out"
    kept.write_text("mine")
    folder.mkdir()
    written = ["lab.ipynb", "report.html", "positions.csv", "concentration.png", "a.json", "a.xlsx"]
    notebooks = [one.name for one in NOTEBOOKS]
    for number, name in enumerate([*written, *notebooks]):
        (folder / name).symlink_to(kept if number % 2 else absent)
    assert run(["lab", str(folder), "--no-open", "--force"]) == 0
    assert run(["demo", "--out", str(folder)]) == 0
    books.sample().to_excel(folder / "a.xlsx")
    with SqlStore("sqlite://") as store:
        SecurityTypeService(source=None, store=store, settings=Settings()).export_cache(
            folder / "a.json"
        )
    assert kept.read_text() == "mine"
    assert not absent.exists()
    links = {one.name for one in folder.iterdir() if one.is_symlink()}
    assert links == {"lab.ipynb"}  # a name that nothing writes


def test_a_notebook_that_is_a_link_is_somebody_s_own_and_kept(tmp_path, capsys):
    notebook = NOTEBOOKS[0].name
    (tmp_path / "out").mkdir()
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "out" / notebook).symlink_to(tmp_path / "mine")
    assert run(["lab", str(tmp_path / "out"), "--no-open"]) == 0
    assert f"{notebook} was changed and is kept" in capsys.readouterr().err
    assert (tmp_path / "out" / notebook).is_symlink()


@pytest.mark.parametrize("way", ["a/../out", "link"])
def test_the_folder_that_a_person_names_is_taken_and_nothing_beside_it(tmp_path, way):
    (tmp_path / "a").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "out")
    assert run(["lab", str(tmp_path / way), "--no-open"]) == 0
    assert {one.partition("/")[0] for one in names(tmp_path)} == {"a", "out", "link"}
    assert {one for one in names(tmp_path) if one.startswith("a/")} == set()
    assert any(one.startswith("out/") for one in names(tmp_path))


def test_no_file_is_named_by_what_the_data_say(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    evil = "../../evil"
    held = books.book(ticker=[evil, "B"], value=[7.0, 3.0], security_type=["equity", "etf"])
    held = held.assign(name=evil, portfolio=evil, account=f"{tmp_path}/evil", provider=evil)
    (tmp_path / "out").mkdir()
    made = compare(held)
    made.to_html("out/a.html")
    made.to_excel("out/a.xlsx")
    held.to_csv("out/h.csv", index=False)
    assert run(["audit", "out/h.csv", "--out", "out/b.md"]) == 0
    assert names(tmp_path) == {"out", *(f"out/{n}" for n in ("a.html", "a.xlsx", "b.md", "h.csv"))}


@pytest.mark.parametrize("path", ["/dev/zero", "/proc/self/mem", "/etc", "a\0b", "x" * 5000])
def test_a_path_that_is_no_file_is_refused_soon(path):
    with pytest.raises(InputError, match=r"cannot read|larger than"):
        sectypes.read_holdings(path)


# -- rights of files ----------------------------------------------------------------------------


def modes(folder: Path) -> dict[str, int]:
    return {one.name: stat.S_IMODE(one.stat().st_mode) for one in folder.iterdir()}


@pytest.mark.parametrize("url", ["sqlite:///{}/c.db", "sqlite:///file:{}/c.db?uri=true"])
def test_a_database_is_private_whatever_the_umask_and_however_it_is_named(tmp_path, url):
    before = os.umask(0)
    try:
        with SqlStore(url.format(tmp_path)) as store:
            store.overrides()
            assert modes(tmp_path) == dict.fromkeys(["c.db", "c.db-wal", "c.db-shm"], 0o600)
    finally:
        os.umask(before)


@pytest.mark.parametrize("mode", ["ro", "rw"])
def test_a_database_that_may_not_be_made_is_not_made(tmp_path, mode):
    store = SqlStore(f"sqlite:///file:{tmp_path}/c.db?uri=true&mode={mode}")
    with store, pytest.raises(StoreUnavailable, match="cache database"):
        store.overrides()
    assert modes(tmp_path) == {}
