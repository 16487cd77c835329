"""The command line as a user runs it: its own process, real server, real files."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pandas as pd
import pytest
import typer
from support import openfigi_server
from support.fmp_server import invalid_key, profile

import sectypes
from sectypes.cli import app, common, run
from sectypes.config import Settings
from sectypes.current import using
from sectypes.service import SecurityTypeService
from sectypes.sources import FmpSource, OpenFigiSource

CANARY = "canary-key-7391"


@pytest.fixture
def shell(tmp_path):
    """Run the installed command with a clean environment of its own."""

    def call(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        return subprocess.run(
            [str(Path(sys.executable).parent / "sectypes"), *arguments],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**kept, "HOME": str(tmp_path), **environment},
            timeout=60,
            check=False,
        )

    return call


@pytest.fixture
def sample(capsys):
    """Run a command in this process against the sample answers."""

    def call(*arguments: str) -> tuple[int, str, str]:
        with using(sectypes.datasets.sample_service()):
            code = run(list(arguments))
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


def test_fmp_once_then_the_cache_then_stale(shell, fmp_server, tmp_path):
    fmp_server.key = CANARY
    here = {
        "FMP_BASE_URL": fmp_server.url,
        "FMP_API_KEY": CANARY,
        "FMP_RATE_LIMIT_DELAY": "0.01",
        "SECTYPES_DATABASE_URL": f"sqlite:///{tmp_path}/cache.sqlite",
    }
    asked = ["classify", "--json", "AAPL", "SPY", "VTSAX", "BRK.B", "NOPE"]
    first = shell(*asked, **here)
    assert first.returncode == 0, first.stderr
    rows = {row["ticker"]: row for row in json.loads(first.stdout)}
    assert list(rows) == asked[2:]
    got = {t: (r["security_type"], r["origin"], r["served_by"]) for t, r in rows.items()}
    assert got == {
        "AAPL": ("equity", "fmp", "network"),
        "SPY": ("etf", "fmp", "network"),
        "VTSAX": ("mutual_fund", "fmp", "network"),
        "BRK.B": ("equity", "fmp", "network"),
        "NOPE": ("equity", "default", "rules"),
    }
    assert rows["VTSAX"]["subtype"] == "open_end_fund"
    assert rows["AAPL"]["as_of"].startswith("20")
    assert rows["NOPE"]["as_of"] is None
    assert all(row["reason"] and row["stale"] is False for row in rows.values())
    assert "NOPE" in first.stderr
    calls = len(fmp_server.calls)

    second = json.loads(shell(*asked, **here).stdout)
    assert len(fmp_server.calls) == calls == 5
    assert {row["served_by"] for row in second} == {"database", "rules"}

    fmp_server.close()
    with closing(sqlite3.connect(tmp_path / "cache.sqlite")) as database, database:
        long_ago = "2020-01-01 00:00:00.000000+00:00"
        for table in ("security_types", "lookup_misses"):
            database.execute(f"UPDATE {table} SET expires_at = ?", [long_ago])
    third = shell(*asked, **here)
    stale = {
        row["ticker"]: (row["security_type"], row["stale"]) for row in json.loads(third.stdout)
    }
    assert stale["VTSAX"] == ("mutual_fund", True)
    assert stale["SPY"] == ("etf", True)
    assert stale["NOPE"] == ("equity", False)
    assert "out-of-date" in third.stderr
    assert CANARY not in "".join([first.stdout, first.stderr, third.stdout, third.stderr])


def test_demo_needs_nothing_and_shows_the_misread_fund(shell, tmp_path):
    shown = shell("demo", "--out", "tables", HTTPS_PROXY="http://127.0.0.1:1")
    assert shown.returncode == 0, shown.stderr
    fund = next(line for line in shown.stdout.splitlines() if line.startswith("snaptrade  DSU"))
    assert fund.split()[-2:] == ["mutual_fund", "snapshot"]
    assert " equity " in fund
    assert "total" in shown.stdout
    files = {path.name for path in (tmp_path / "tables").iterdir()}
    assert {"misread.csv", "positions.csv", "totals.csv", "report.html"} <= files
    pictures = [path for path in (tmp_path / "tables").iterdir() if path.suffix == ".png"]
    assert len(pictures) == 7
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in pictures)
    assert not (tmp_path / ".local").exists()


def test_demo_as_json_is_the_whole_household(sample):
    code, out, _ = sample("demo", "--json")
    rows = json.loads(out)
    assert code == 0
    assert len(rows) == len(sectypes.datasets.sample_holdings())
    assert {row["security_type"] for row in rows if row["ticker"] == "DSU"} == {"mutual_fund"}


def test_classify_a_file(sample):
    broker = str(sectypes.datasets.sample_path("broker"))
    code, out, _ = sample("classify", "--file", broker, "--csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 0
    assert {row["provider"] for row in rows} == {"csv"}
    assert "mutual_fund" in {row["security_type"] for row in rows if row["ticker"] == "DSU"}


def test_classify_one_column_of_any_table(sample, tmp_path):
    table = tmp_path / "watch.csv"
    table.write_text("what;note\nSPY;x\nNA;\nTRUE;\n1E5;\n0005;\n")
    code, out, err = sample("classify", "-f", str(table), "-c", "what", "--json")
    assert code == 0, err
    assert [row["ticker"] for row in json.loads(out)] == ["SPY", "NA", "TRUE", "1E5", "0005"]


def test_conflicts_of_a_file(sample):
    code, out, _ = sample("conflicts", str(sectypes.datasets.sample_path("snaptrade")), "--json")
    found = {row["ticker"]: row for row in json.loads(out)}
    assert code == 0
    assert found["DSU"]["provider_says"] == "equity"
    assert found["DSU"]["security_type"] == "mutual_fund"


def test_a_table_for_people_lines_up(sample):
    code, out, _ = sample("classify", "SPY", "DSU")
    lines = out.splitlines()
    assert code == 0
    assert len(lines) == 3
    column = lines[0].index("security_type")
    assert [line[column:].split()[0] for line in lines[1:]] == ["etf", "mutual_fund"]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["classify"], 2, "give tickers, or a file"),
        (["classify", "SPY", "--file", "x.csv"], 2, "give tickers, or a file"),
        (["classify", "SPY", "--json", "--csv"], 2, "choose one"),
        (["classify", "--file", "missing.csv"], 1, "missing.csv"),
        (["conflicts", "missing.json"], 1, "missing.json"),
        (["no-such-command"], 2, "No such command"),
        (["clasify", "SPY"], 2, "Did you mean 'classify'?"),
    ],
)
def test_what_goes_wrong_is_said_on_standard_error(sample, arguments, code, says):
    got, out, err = sample(*arguments)
    assert got == code
    assert out == ""
    assert says in err


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("broken.json", '{"accounts": [', "line 1"),
        ("page.json", "<!DOCTYPE html><html><body>log in</body></html>", "HTML"),
        ("no_ticker.csv", "Quantity,Price\n1,2\n", "ticker"),
        (
            "error.json",
            '{"error_type": "ITEM_ERROR", "error_code": "ITEM_LOGIN_REQUIRED",'
            ' "error_message": "x", "request_id": "r"}',
            "ITEM_LOGIN_REQUIRED",
        ),
        ("amount.csv", "Symbol,Quantity\nSPY,many\n", "'Quantity'"),
    ],
)
def test_bad_files_are_refused_with_their_place(shell, tmp_path, name, content, says):
    (tmp_path / name).write_text(content)
    ran = shell("classify", "--file", name)
    assert ran.returncode == 1
    assert ran.stdout == ""
    assert says in ran.stderr
    assert "Traceback" not in ran.stderr


def test_an_unreadable_database_costs_a_warning(shell, tmp_path):
    (tmp_path / "cache.sqlite").write_text("no database")
    ran = shell(
        "classify", "VTSAX", "--json", SECTYPES_DATABASE_URL=f"sqlite:///{tmp_path}/cache.sqlite"
    )
    assert ran.returncode == 0
    assert json.loads(ran.stdout)[0]["security_type"] == "mutual_fund"
    assert "cache.sqlite" in ran.stderr
    assert (tmp_path / "cache.sqlite").read_text() == "no database"


def test_a_bad_setting_is_an_error_with_its_name(shell):
    ran = shell("classify", "SPY", FMP_TIMEOUT="soon", FMP_API_KEY=CANARY)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "FMP_TIMEOUT must be a number" in ran.stderr
    assert CANARY not in ran.stderr


def test_version_and_help(shell):
    assert shell("--version").stdout == f"sectypes {sectypes.__version__}\n"
    helped = shell("--help").stdout
    assert all(command in helped for command in ("demo", "classify", "conflicts"))


COMMANDS = ("cache", "db", "demo", "classify", "conflicts", "audit", "lab", "override")


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_is_found_in_a_process_of_its_own(shell, command):
    helped = shell(command, "--help")
    assert (helped.returncode, helped.stderr) == (0, "")
    assert f"Usage: sectypes {command} " in helped.stdout


def test_no_command_is_missing():
    assert set(typer.main.get_command(app).commands) == set(COMMANDS)


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("sectypes c", ["classify", "conflicts", "cache"]),
        ("sectypes cache refresh", ["refresh", "refresh-stale"]),
        ("sectypes audit --m", ["--method"]),
    ],
)
def test_the_shell_completes_commands_and_options(shell, typed, offered):
    at = {"COMP_WORDS": typed, "COMP_CWORD": str(typed.count(" "))}
    ran = shell(_SECTYPES_COMPLETE="complete_bash", **at)
    assert sorted(ran.stdout.split()) == sorted(offered), ran.stderr


SHOWN = {
    "name": ["=A,1", None, "ÅÄÖ"],
    "amount": [-1234.5, math.nan, 0.1 + 0.2],
    "count": [1, None, 20],
    "when": [datetime(2026, 1, 2, 3, 4, 5, 678900, UTC), None, None],
    "there": [
        datetime(2026, 1, 1, 23, tzinfo=timezone(-timedelta(hours=5))),
        datetime(2026, 1, 2),
        None,
    ],
    "sure": [True, False, True],
    "empty": [None, None, None],
}


def test_a_table_is_laid_out_by_what_its_columns_hold():
    shown = {**SHOWN, "amount": [-1234.5, None, 0]}
    assert common.table_text(shown).split("\n") == [
        "name  amount  count  when        there       sure  empty",
        "=A,1  -1,234      1  2026-01-02  2026-01-02  yes",
        "                                 2026-01-02  no",
        "ÅÄÖ        0     20                          yes",
    ]


def test_the_same_columns_as_json_and_csv(capsys):
    common.show(SHOWN, as_json=True, as_csv=False)
    rows = json.loads(capsys.readouterr().out)
    assert [list(row) for row in rows] == [list(SHOWN)] * 3
    assert [row["amount"] for row in rows] == [-1234.5, None, 0.3]
    assert [row["when"] for row in rows] == ["2026-01-02T03:04:05.678Z", None, None]
    assert [row["there"] for row in rows][:2] == [
        "2026-01-02T04:00:00.000Z",
        "2026-01-02T00:00:00.000",
    ]
    common.show(SHOWN | {"amount": [-0.5, None, 1e-7]}, as_json=False, as_csv=True)
    assert capsys.readouterr().out.split("\n")[:3] == [
        "name,amount,count,when,there,sure,empty",
        '"\'=A,1",-0.5,1,2026-01-02T03:04:05Z,2026-01-02T04:00:00Z,True,',
        ",,,,2026-01-02T00:00:00Z,False,",
    ]


def test_a_frame_is_shown_by_its_values():
    day = datetime(2026, 1, 2, tzinfo=UTC)
    frame = pd.DataFrame({"text": ["a", None], "number": [1.5, math.nan], 3: [True, False]})
    frame["kind"] = frame["text"].astype("category")
    frame["day"] = pd.Series([day, None], dtype="datetime64[us, UTC]")
    assert common.plain(frame) == {
        "text": ["a", None],
        "number": [1.5, None],
        "3": [True, False],
        "kind": ["a", None],
        "day": [day, None],
    }


@pytest.mark.parametrize(("as_csv", "text"), [(False, "none\n"), (True, "a,b\n")])
def test_no_rows_are_said_to_be_none(capsys, as_csv, text):
    common.show({"a": [], "b": []}, as_json=False, as_csv=as_csv)
    assert capsys.readouterr().out == text


def test_tickers_and_a_file_of_them_are_answered_alike(sample, tmp_path):
    tickers = ["SPY", "DSU", "brk/b", "SPY", "spy", "ÅÄÖ", "日本", "SQQQ", "nan", "1E5"]
    (tmp_path / "watch.csv").write_text("\n".join(["what", *tickers]), "utf-8")
    as_file = ["-f", str(tmp_path / "watch.csv"), "-c", "what"]
    rows, positions = (
        json.loads(sample("classify", *asked, "--json")[1]) for asked in (tickers, as_file)
    )
    assert [row["ticker"] for row in rows] == tickers
    for row in [*rows, *positions]:
        row["as_of"] = row["as_of"] is None  # when it was asked
    place = ["portfolio", "account", "provider"]
    assert {tuple(row.pop(name) for name in place) for row in positions} == {("watch", None, "csv")}
    assert rows == positions
    assert list(rows[0]) == list(positions[0])


def test_a_blank_ticker_has_no_type(sample):
    [row] = json.loads(sample("classify", "", "--json")[1])
    assert (row["ticker"], row["served_by"], row["stale"]) == ("", "input", False)
    assert {row[name] for name in ("security_type", "leverage", "origin", "as_of")} == {None}


def test_audit_shows_what_the_wrong_type_did(sample):
    snaptrade = str(sectypes.datasets.sample_path("snaptrade"))
    code, out, _ = sample("audit", snaptrade, "--curve", "step")
    line = next(line for line in out.splitlines() if line.startswith("concentration"))
    assert code == 0
    assert line.split() == ["concentration", "24.0%", "12.0%", "75", "100"]
    assert "No overall score: factor: no factor betas" in out
    assert "snapshot 87.2%, heuristic 5.3%; guessed 5.3%, stale 0.0%\nBand: no guess " in out
    assert "\nRests on: provider 7.5%, " in out


def test_audit_takes_limits_and_scenarios_and_gives_json_and_csv(sample, tmp_path):
    (tmp_path / "limits.yaml").write_text(
        "portfolio_limits: {max_volatility: 0.4, max_loss: -0.15}\n"
        "concentration_limits: {max_single_stock_weight: 0.4}\n"
    )
    (tmp_path / "rates.yaml").write_text(
        sectypes.CrashScenarios().with_rates(mutual_fund=0.5).to_yaml()
    )
    asked = ["audit", str(sectypes.datasets.sample_path("snaptrade"))]
    given = ["--limits", str(tmp_path / "limits.yaml"), "--scenarios", str(tmp_path / "rates.yaml")]
    code, out, err = sample(*asked, *given, "--baseline", "provider", "--json")
    found = json.loads(out)
    assert code == 0, err
    assert found["after"]["components"]["concentration"]["loss"] == pytest.approx(0.15)
    assert found["after"]["max_loss"] == 0.15
    assert len(found["positions"]) == 14
    told = found["coverage"]
    assert told.pop("guessed") == pytest.approx(told["heuristic"] + told["default"])
    assert told.pop("stale") == 0
    assert sum(told.values()) == pytest.approx(1)
    band = {row["number"]: (row["low"], row["high"]) for row in found["band"]}
    assert band["loss"][0] <= found["after"]["components"]["concentration"]["loss"]
    assert band["overall"] == (None, None)
    code, out, _ = sample(*asked, "--csv")
    assert next(row["ticker"] for row in csv.DictReader(io.StringIO(out))) == "DSU"


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (["--method", "average"], 2, "largest_position"),
        (["--leverage", "0"], 1, "leverage"),
        (["--limits", "missing.yaml"], 1, "missing.yaml"),
        (["--json", "--csv"], 2, "choose one"),
        (["--out", "report.pdf"], 2, ".html"),
        (["--fx", "EUR"], 2, "EUR=1.08"),
        (["--fx", "=1"], 2, "EUR=1.08"),
        (["--fx", "EUR=-1"], 2, "EUR=1.08"),
        (["--fx", "EUR=nan"], 2, "EUR=1.08"),
        (["--fx", "EUR=1.08", "--fx", "EUR=2"], 2, "--fx has two rates for EUR: give one"),
        (["--fx", "EUR=1.08", "--fx", "eur=2"], 2, "--fx has two rates for EUR: give one"),
        (["--fx", "GBp=0.01", "--fx", "GBX=2"], 2, "--fx has two rates for GBp: give one"),
        (["--out", "no/such/folder/report.html"], 1, "no/such/folder"),
    ],
)
def test_audit_refuses_what_makes_no_sense(sample, options, code, says):
    got, out, err = sample("audit", str(sectypes.datasets.sample_path("snaptrade")), *options)
    assert (got, out) == (code, "")
    assert says in err


@pytest.mark.parametrize("suffix", [".html", ".xlsx", ".md"])
def test_audit_writes_a_report(sample, tmp_path, suffix):
    target = tmp_path / f"report{suffix}"
    asked = ["audit", str(sectypes.datasets.sample_path("snaptrade")), "--out", str(target)]
    code, out, err = sample(*asked)
    assert code == 0, err
    assert "concentration" in out
    content = target.read_bytes()
    assert content.startswith(b"PK") if suffix == ".xlsx" else b"DSU" in content


def test_no_cell_of_a_csv_is_a_formula(sample):
    code, out, _ = sample("classify", "@SPY", "--csv")
    assert code == 0
    assert next(csv.DictReader(io.StringIO(out)))["ticker"] == "'@SPY"


def test_pence_have_a_rate_of_their_own(sample, tmp_path):
    lines = ["symbol,value,currency", "AAPL,1000,GBp", "SPY,30,GBP"]
    (tmp_path / "pence.csv").write_text("\n".join(lines))
    rates = ["--fx", "GBP=1", "--fx", "GBp=0.01"]
    code, out, err = sample("audit", str(tmp_path / "pence.csv"), *rates, "--json")
    assert (code, err) == (0, "")
    weights = [row["weight"] for row in json.loads(out)["positions"]]
    assert sorted(weights) == pytest.approx([0.25, 0.75])


def test_audit_takes_exchange_rates(sample, tmp_path):
    (tmp_path / "two.csv").write_text(
        "Symbol,Quantity,Value,Currency\nSPY,1,70,USD\nDSU,1,20,EUR\n"
    )
    code, _, err = sample("audit", str(tmp_path / "two.csv"))
    assert (code, "EUR" in err) == (1, True)
    code, out, err = sample("audit", str(tmp_path / "two.csv"), "--fx", "eur=1.5", "--json")
    assert code == 0, err
    assert [row["weight"] for row in json.loads(out)["positions"]] == pytest.approx([0.7, 0.3])


def test_a_name_outside_the_output_s_characters_is_no_end(shell, tmp_path):
    (tmp_path / "jp.csv").write_text("Symbol,Description,Value\nSPY,\u30c8\u30e8\u30bf,1\n")
    ran = shell("audit", "jp.csv", "--csv", PYTHONIOENCODING="cp1252", SECTYPES_OFFLINE="1")
    assert (ran.returncode, "Traceback" in ran.stderr) == (0, False)
    assert r"\u30c8\u30e8\u30bf" in ran.stdout


def test_a_folder_named_like_a_notebook_is_told_by_its_path(tmp_path, capsys):
    in_the_way = tmp_path / "01_quickstart.ipynb"
    in_the_way.mkdir()
    assert run(["lab", str(tmp_path), "--no-open"]) == 1
    assert capsys.readouterr().err == f"sectypes: cannot read {in_the_way}: Is a directory\n"


def test_a_closed_output_is_an_error_without_a_traceback(tmp_path):
    command = [str(Path(sys.executable).parent / "sectypes"), "--version"]
    ran = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" >&-', "sh", *command],
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 1
    assert ran.stderr == "sectypes: cannot write the output: standard output is closed\n"


def test_each_line_about_a_database_says_who_speaks_and_says_it_once(shell):
    ran = shell("classify", "SPY", SECTYPES_DATABASE_URL="sqlite:////no/such/folder/x.db")
    lines = ran.stderr.splitlines()
    assert all(line.startswith("sectypes: ") for line in lines)
    assert len(lines) == len(set(lines))
    assert sum("cannot be used to read" in line for line in lines) == 1


def test_only_the_command_that_can_read_a_pattern_promises_it(capsys):
    told = {}
    for command in ("conflicts", "audit"):
        run([command, "--help"])
        told[command] = "pattern of" in " ".join(capsys.readouterr().out.split())
    assert told == {"conflicts": False, "audit": True}


def test_a_full_disk_behind_the_pipe_is_an_error_without_a_traceback(tmp_path):
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            [str(Path(sys.executable).parent / "sectypes"), "demo"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert ran.returncode == 1
    assert "Traceback" not in ran.stderr
    assert "No space left" in ran.stderr


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_audit_takes_a_pattern_of_files_as_one_book(sample, tmp_path, suffix):
    held = sectypes.datasets.sample_holdings("snaptrade")
    folder = tmp_path / "holdings"
    folder.mkdir()
    held = held[["portfolio", "ticker", "name", "provider_type", "value", "currency"]]
    for name, rows in {"a": held.iloc[:5], "b": held.iloc[5:], "whole": held}.items():
        target = (tmp_path if name == "whole" else folder) / f"{name}.{suffix}"
        rows.to_parquet(target) if suffix == "parquet" else rows.to_csv(target, index=False)
    code, out, err = sample("audit", str(folder / f"*.{suffix}"), "--json")
    assert code == 0, err
    found, expected = json.loads(out), json.loads(sample("audit", str(target), "--json")[1])
    assert found["positions"][0]["ticker"] == "DSU"
    for row in [*found["positions"], *expected["positions"]]:
        del row["as_of"]  # when it was asked
    assert found == expected
    code, out, _ = sample("audit", str(folder / f"*.{suffix}"))
    assert (code, "concentration" in out) == (0, True)


@pytest.mark.parametrize(
    ("asked", "options", "code", "says"),
    [
        ("*.parquet", [], 1, "no file matches"),
        ("", [], 1, "no file matches"),
        ("*.csv", ["--provider", "csv"], 2, "one file"),
        ("none.parquet", [], 1, "no file matches"),
    ],
)
def test_audit_of_no_files_says_so(sample, tmp_path, asked, options, code, says):
    got, out, err = sample("audit", str(tmp_path / asked), *options)
    assert (got, out) == (code, "")
    assert says in err


def test_audit_of_many_files_without_dask_says_what_to_install(tmp_path):
    code = (
        "import sys; sys.modules['dask'] = None\n"
        "from sectypes.cli import run\n"
        "sys.exit(run(['audit', '*.parquet']))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "pip install 'sectypes[dask]'" in ran.stderr


def test_audit_verifies_what_fmp_may_have_wrong(capsys, fmp_server, tmp_path):
    fmp_server.profiles["BSTQ"] = profile("BSTQ", companyName="Sample Science Corp")
    held = "Symbol,Quantity,Price,Type\nBSTQ,1,10,mutual fund\nSPY,1,10,etf\n"
    (tmp_path / "held.csv").write_text(held)
    with openfigi_server.OpenFigiServer() as figi:
        figi.add(openfigi_server.row("BSTQ", "Closed-End Fund"))
        settings = fmp_server.settings()
        second = OpenFigiSource(figi.settings())
        service = SecurityTypeService(
            source=FmpSource(settings), second=second, store=None, settings=settings
        )
        with service, using(service):
            audit = ["audit", str(tmp_path / "held.csv"), "--json"]
            assert run(audit) == 0
            before = json.loads(capsys.readouterr().out)
            assert run([*audit, "--verify"]) == 0
            after = json.loads(capsys.readouterr().out)
            assert run([*audit[:2], "--verify"]) == 0
            shown = capsys.readouterr().out
    assert "verified" not in before
    types = [
        {p["ticker"]: p["security_type"] for p in told["positions"]} for told in (before, after)
    ]
    assert types == [{"BSTQ": "equity", "SPY": "etf"}, {"BSTQ": "mutual_fund", "SPY": "etf"}]
    [line] = after["verified"]
    assert (line["ticker"], line["second"], line["is_settled"]) == ("BSTQ", "Closed-End Fund", True)
    assert shown.startswith("ticker")  # what came of it stands before the audit
    assert "openfigi 50.0%" in shown


def test_audit_ends_with_1_where_the_second_source_cannot_be_asked(capsys, fmp_server, tmp_path):
    fmp_server.profiles["BSTQ"] = profile("BSTQ", companyName="Sample Science Corp")
    (tmp_path / "held.csv").write_text("Symbol,Quantity,Price,Type\nBSTQ,1,10,mutual fund\n")
    with openfigi_server.OpenFigiServer() as figi:
        second = OpenFigiSource(figi.settings())
    settings = fmp_server.settings()
    service = SecurityTypeService(
        source=FmpSource(settings), second=second, store=None, settings=settings
    )
    with service, using(service):
        assert run(["audit", str(tmp_path / "held.csv"), "--verify", "--json"]) == 1
    told = capsys.readouterr()
    [line] = json.loads(told.out)["verified"]
    assert line["failure"].startswith("openfigi: error")
    assert f"sectypes: 1 not verified: {line['failure']}\n" in told.err


def test_audit_without_a_second_source_says_so(tmp_path, capsys):
    (tmp_path / "held.csv").write_text("Symbol,Quantity,Price\nBSTQ,1,10\n")
    offline = SecurityTypeService(source=None, second=None, store=None, settings=Settings())
    with using(offline):
        assert run(["audit", str(tmp_path / "held.csv"), "--verify"]) == 1
    assert "no second source" in capsys.readouterr().err


def test_a_fund_s_multiple_counts_unless_it_is_switched_off(capsys, fmp_server, tmp_path):
    names = {"TQQQ": "ProShares UltraPro QQQ", "SPY": "Sample S&P 500 ETF"}
    for symbol, name in names.items():
        fmp_server.profiles[symbol] = profile(symbol, is_etf=True, companyName=name)
    (tmp_path / "held.csv").write_text("Symbol,Quantity,Price\nTQQQ,1,10\nSPY,1,10\n")
    settings = fmp_server.settings()
    service = SecurityTypeService(source=FmpSource(settings), store=None, settings=settings)
    with service, using(service):
        rates = []
        for option in ("--fund-leverage", "--no-fund-leverage"):
            assert run(["audit", str(tmp_path / "held.csv"), "--json", option]) == 0
            told = json.loads(capsys.readouterr().out)["positions"]
            rates.append({position["ticker"]: position["rate_after"] for position in told})
    assert rates == [{"TQQQ": 1.0, "SPY": 0.35}, {"TQQQ": 0.35, "SPY": 0.35}]


def test_a_refused_key_is_said_on_standard_error_once(tmp_path, capsys, fmp_server):
    (tmp_path / "held.csv").write_text("Symbol,Type,Quantity,Price\nNEWQ,cs,1,10\nVTSAX,,1,10\n")
    fmp_server.script(None, invalid_key(), forever=True)
    settings = fmp_server.settings()
    service = SecurityTypeService(source=FmpSource(settings), store=None, settings=settings)
    with service, using(service):
        assert run(["audit", str(tmp_path / "held.csv")]) == 0
    assert capsys.readouterr().err.count("FMP_API_KEY is missing or not accepted") == 1
