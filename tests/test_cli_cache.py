"""The commands for those who look after the cache: real processes, real server, real databases."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.fmp_server import invalid_key, profile, rate_limit

from sectypes.cli import run
from sectypes.current import using
from sectypes.service import SecurityTypeService
from sectypes.sources import FmpSource
from sectypes.store import SqlStore
from sectypes.store.tables import REVISION
from sectypes.taxonomy import Classification, Origin, SecurityType

DAY = timedelta(days=1)
NOW = datetime.now(UTC)


@pytest.fixture
def database(tmp_path, sqlite_template):
    """The path of a database with the tables of this version."""
    path = tmp_path / "cache.db"
    path.write_bytes(sqlite_template.read_bytes())
    return path


@pytest.fixture
def call(database, fmp_server, capsys):
    """Run a command in this process, against the database and the server."""

    def run_it(*arguments: str, limit: int | None = None) -> tuple[int, str, str]:
        settings = fmp_server.settings(fmp_daily_limit=limit)
        with (
            SqlStore(f"sqlite:///{database}") as store,
            SecurityTypeService(
                source=FmpSource(settings), store=store, settings=settings
            ) as service,
            using(service),
        ):
            code = run(list(arguments))
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run_it


@pytest.fixture
def environment(database, fmp_server):
    """What a process needs to reach the same database and server."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(database.parent),
        "FMP_API_KEY": fmp_server.key,
        "FMP_BASE_URL": fmp_server.url,
        "FMP_RATE_LIMIT_DELAY": "0",
        "SECTYPES_DATABASE_URL": f"sqlite:///{database}",
    }


def sectypes(environment, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the installed command in a process of its own."""
    return subprocess.run(
        [str(Path(sys.executable).parent / "sectypes"), *arguments],
        env={**environment, **more},
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def put(database: Path, *keys: str, kind: str = "mutual_fund", days: float = 100) -> None:
    seen = NOW - days * DAY
    with SqlStore(f"sqlite:///{database}") as store:
        store.put_facts(
            [
                (
                    Classification(
                        key, SecurityType(kind), Origin.FMP, observed_at=seen,
                        expires_at=seen + 90 * DAY,
                    ),
                    None,
                )
                for key in keys
            ]
        )  # fmt: skip


# -- reading ------------------------------------------------------------------------------------


def test_list_shows_pages_of_facts(call, database):
    put(database, "AAA", "BBB", kind="etf", days=1)
    put(database, "CCC")
    code, out, _ = call("cache", "list", "--json")
    rows = json.loads(out)
    assert code == 0
    assert [(row["ticker"], row["stale"]) for row in rows] == [
        ("AAA", False), ("BBB", False), ("CCC", True),
    ]  # fmt: skip
    assert rows[0]["as_of"].startswith("20")
    assert [row["ticker"] for row in json.loads(call("cache", "list", "--stale", "--json")[1])] == [
        "CCC"
    ]
    _, out, _ = call("cache", "list", "--type", "etf", "--limit", "1", "--offset", "1", "--csv")
    assert [line.partition(",")[0] for line in out.splitlines()] == ["ticker", "BBB"]
    assert call("cache", "list", "--type", "bond")[1] == "none\n"


def test_stats_for_people_and_machines(call, database):
    put(database, "AAA")
    assert "stale facts" in call("cache", "stats")[1]
    told = json.loads(call("cache", "stats", "--json", limit=9)[1])
    assert (told["entries"]["database"], told["stale"], told["daily_limit"]) == (1, 1, 9)


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["people", "machines"])
def test_stats_of_a_damaged_database_are_a_failure(environment, database, form):
    database.write_bytes(b"this is no database " * 200)
    done = sectypes(environment, "cache", "stats", *form)
    assert done.returncode == 1
    assert "is damaged or no SQLite database: move the file away" in done.stderr
    if form:
        assert json.loads(done.stdout)["is_complete"] is False
    else:
        assert "cannot be read; `sectypes cache health` says why" in done.stdout


def test_health_is_the_exit_code(call, fmp_server):
    code, out, _ = call("cache", "health")
    assert (code, len(fmp_server.calls)) == (0, 1)
    assert "accepts the key" in out
    fmp_server.script(None, invalid_key(), forever=True)
    code, out, _ = call("cache", "health", "--json")
    assert (code, json.loads(out)["is_healthy"]) == (1, False)


def test_history_lists_changes(call, database, fmp_server):
    put(database, "DSU", kind="equity")
    call("cache", "refresh", "DSU")
    [row] = json.loads(call("cache", "history", "dsu", "--json")[1])
    assert (row["old_type"], row["new_type"], row["origin"]) == ("equity", "mutual_fund", "fmp")
    yesterday = f"{NOW - DAY:%Y-%m-%d}"
    [then] = json.loads(call("classify", "DSU", "--as-of", yesterday, "--json")[1])
    assert then["security_type"] == "equity"


# -- refresh ------------------------------------------------------------------------------------


def test_refresh_shows_the_bill_first(call, fmp_server):
    code, out, err = call("cache", "refresh", "DSU", "SPY", limit=250)
    assert code == 0
    assert "2 calls, 250 of 250 left today" in err
    assert "2 asked, 2 new" in out
    told = json.loads(call("cache", "refresh", "DSU", "--json", limit=250)[1])
    assert (told["unchanged"], told["bill"]["left"]) == (1, 248)
    assert sorted(fmp_server.calls) == ["DSU", "DSU", "SPY"]


@pytest.mark.parametrize(
    ("reply", "limit", "options", "code", "says"),
    [
        (invalid_key(), None, [], 1, "FMP_API_KEY is missing or not accepted"),
        (rate_limit(retry_after=3600), None, [], 1, "limit"),
        (None, 0, [], 1, "budget: 0 calls a day are spent"),
        (None, None, ["--max-calls", "1"], 0, ""),
    ],
)
def test_a_refresh_that_does_nothing_says_why_and_fails(
    call, database, fmp_server, reply, limit, options, code, says
):
    put(database, "DSU", "SPY")
    if reply is not None:
        fmp_server.script(None, reply, forever=True)
    asked = ["cache", "refresh", "DSU", "SPY", *options]
    got, out, _ = call(*asked, limit=limit)
    assert (got, says in out) == (code, True)
    assert says in json.loads(call(*asked, "--json", limit=limit)[1])["note"]


def test_refresh_stale_dry_run_and_max_calls(call, database, fmp_server):
    keys = [f"T{number}" for number in range(6)]
    put(database, *keys)
    fmp_server.profiles = {key: profile(key, is_fund=True) for key in keys}
    code, out, _ = call("cache", "refresh-stale", "--dry-run")
    assert (code, fmp_server.calls) == (0, [])
    assert "would ask for 6 tickers: 6 calls" in out
    told = json.loads(call("cache", "refresh-stale", "--max-calls", "4", "--json")[1])
    assert (told["unchanged"], told["left_over"], len(fmp_server.calls)) == (4, 2, 4)
    told = json.loads(call("cache", "refresh-stale", "--days", "90", "--json")[1])
    assert (told["unchanged"], told["left_over"]) == (2, 0)


def test_the_brake_is_told_and_can_be_released(call, database, fmp_server):
    keys = [f"T{number}" for number in range(6)]
    put(database, *keys, kind="bond")
    fmp_server.profiles = {key: profile(key, is_fund=True) for key in keys}
    code, out, err = call("cache", "refresh-stale")
    assert code == 1
    assert "T3: bond -> mutual_fund" in out
    assert "--accept" in err
    code, out, _ = call("cache", "refresh-stale", "--accept", "--json")
    assert (code, json.loads(out)["changed"]) == (0, 6)


def test_warm_fills_the_cache_from_holdings(call, tmp_path, fmp_server):
    book = tmp_path / "book.csv"
    book.write_text("Symbol,Quantity,Price\nDSU,1,10\nSPY,2,500\nSPY,1,500\nNOPE,1,1\n")
    code, _, err = call("cache", "warm", str(book), "--dry-run")
    assert (code, fmp_server.calls) == (0, [])
    code, out, err = call("cache", "warm", str(book), "--json", limit=50)
    told = json.loads(out)
    assert (code, told["new"], told["not_found"]) == (0, 2, 1)
    assert "3 calls, 50 of 50 left today" in err
    assert json.loads(call("cache", "warm", str(book), "--json")[1])["wanted"] == 0


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_every_goes_on_until_it_is_stopped(environment, database, fmp_server, stop):
    put(database, "DSU")
    watch = subprocess.Popen(
        [str(Path(sys.executable).parent / "sectypes"), "cache", "refresh-stale", "--every", "1s"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 30
        while len(fmp_server.calls) < 1 and time.monotonic() < deadline:
            time.sleep(0.02)
        put(database, "SPY", kind="etf")
        while len(fmp_server.calls) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.3)
        watch.send_signal(stop)
        out, err = watch.communicate(timeout=20)
    finally:
        watch.kill()
    assert fmp_server.calls == ["DSU", "SPY"]
    assert watch.returncode == 0, err
    assert "stopped; what was answered is kept" in err
    assert "Traceback" not in err
    assert out.count("1 asked") == 2


def test_uses_are_counted_across_commands(environment, database, fmp_server):
    put(database, "DSU", "SPY", days=80)
    sectypes(environment, "classify", "SPY")
    with SqlStore(f"sqlite:///{database}") as store:
        assert {one.fact.ticker: one.uses for one in store.due(NOW)} == {"DSU": 0, "SPY": 1}


# -- backup -------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["yaml", "json", "parquet"])
def test_export_and_import(call, database, tmp_path, suffix):
    put(database, "DSU", "ON")
    path = str(tmp_path / f"backup.{suffix}")
    assert call("cache", "export", path)[1] == f"2 records written to {path}\n"
    with closing(sqlite3.connect(database)) as emptied, emptied:
        emptied.execute("DELETE FROM security_types")
    told = json.loads(call("cache", "import", path, "--dry-run", "--json")[1])
    assert (told["new"], told["dry_run"]) == (2, True)
    assert call("cache", "list")[1] == "none\n"
    assert "2 new" in call("cache", "import", path)[1]
    assert "2 kept" in call("cache", "import", path)[1]


def test_one_row_that_cannot_be_read_costs_no_answer_and_is_no_whole_backup(call, database):
    put(database, "AAA", "BBB", days=1)
    with closing(sqlite3.connect(database)) as direct, direct:
        direct.execute("UPDATE security_types SET expires_at = 'soon' WHERE ticker = 'AAA'")
    code, out, err = call("classify", "AAA", "BBB", "--json")
    assert code == 0
    assert [row["served_by"] for row in json.loads(out)][1] == "database"
    assert "'AAA' in security_types (expires_at is 'soon')" in err
    put(database, "AAA", days=0)
    with closing(sqlite3.connect(database)) as direct, direct:
        direct.execute("UPDATE security_types SET expires_at = 'soon' WHERE ticker = 'AAA'")
    backup = database.parent / "backup.json"
    code, out, err = call("cache", "export", str(backup))
    assert (code, out) == (1, f"1 records written to {backup}\n")
    assert "'AAA' in security_types" in err
    code, out, _ = call("cache", "health")
    assert (code, "'AAA' in security_types" in out) == (1, True)


def test_what_is_lost_is_asked_for(call, database, tmp_path, monkeypatch):
    import io

    put(database, "DSU")
    path = tmp_path / "backup.json"
    assert call("cache", "export", str(path))[0] == 0
    for answer, code in (("n\n", 1), ("", 1), ("y\n", 0)):
        monkeypatch.setattr("sys.stdin", io.StringIO(answer))
        got, out, err = call("cache", "export", str(path))
        assert (got, "Replace it?" in err) == (code, True)
        assert (out.strip() == "") is (code == 1)
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert call("cache", "import", str(path), "--force")[0] == 1
    code, out, _ = call("cache", "import", str(path), "--force", "--yes", "--json")
    assert (code, json.loads(out)["replaced"]) == (0, 1)
    assert call("cache", "export", str(path), "--yes", "--json")[0] == 0


# -- overrides ----------------------------------------------------------------------------------


def test_overrides_are_set_listed_and_removed(call, monkeypatch):
    import io

    code, out, _ = call(
        "override", "set", "brk.b", "bond", "--note", "n", "--author", "ann",
        "--expires", "2100-01-01",
    )  # fmt: skip
    assert (code, out) == (0, "BRK-B is bond from now on, until 2100-01-02T00:00:00.000Z\n")
    [row] = json.loads(call("override", "list", "--json")[1])
    assert (row["ticker"], row["author"], row["in_force"]) == ("BRK-B", "ann", True)
    assert row["expires"].startswith("2100-01-02T00:00:00")
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert call("override", "set", "BRK-B", "etf", "--note", "n")[0] == 1
    assert call("override", "set", "BRK-B", "etf", "--note", "n", "--yes", "--json")[0] == 0
    [row] = json.loads(call("classify", "BRK/B", "--json")[1])
    assert (row["security_type"], row["origin"]) == ("etf", "override")
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert call("override", "remove", "BRK.B")[0] == 1
    assert call("override", "remove", "BRK.B", "--yes")[1].endswith("no longer overridden\n")
    assert call("override", "list")[1] == "none\n"


def test_an_override_counts_on_its_last_day(call):
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    call("override", "set", "AAPL", "etf", "--note", "audit", "--expires", today)
    [row] = json.loads(call("classify", "AAPL", "--as-of", today, "--json")[1])
    assert (row["security_type"], row["origin"]) == ("etf", "override")


@pytest.mark.parametrize(
    ("given", "means"),
    [
        ("2100-01-02", "2100-01-03T00:00:00.000Z"),
        ("21000102", "2100-01-03T00:00:00.000Z"),
        ("9999-12-31", "9999-12-31T23:59:59.999Z"),
        ("2100-01-02T00:00:00+02:00", "2100-01-01T22:00:00.000Z"),
        ("2100-01-01T22:00-05:00", "2100-01-02T03:00:00.000Z"),
        ("2100-01-02T10:14:00Z", "2100-01-02T10:14:00.000Z"),
    ],
)
def test_a_time_on_the_command_line_means_what_it_says(call, given, means):
    asked = ["override", "set", "E2", "cash", "--note", "n", "--expires", given]
    code, out, _ = call(*asked, "--json")
    assert (code, json.loads(out)["expires"]) == (0, means)
    assert f"until {means}" in call(*asked, "--yes")[1]
    [row] = json.loads(call("override", "list", "--json")[1])
    assert row["expires"] == means


@pytest.mark.parametrize(
    ("as_of", "kind"),
    [
        ("2026-03-02", "mutual_fund"),
        ("20260302", "mutual_fund"),
        ("2026-03-02T10:13:59Z", "etf"),
        ("2026-03-02T10:14:00Z", "mutual_fund"),
        ("2026-03-02T05:14:00-05:00", "mutual_fund"),
        ("2026-03-01", "etf"),
        ("2026-03-01T23:00:00-12:00", "mutual_fund"),
    ],
)
def test_as_of_counts_the_time_of_day_and_its_zone(call, database, as_of, kind):
    seen = datetime(2026, 3, 1, tzinfo=UTC)
    changed = datetime(2026, 3, 2, 10, 14, tzinfo=UTC)
    with SqlStore(f"sqlite:///{database}", clock=lambda: seen) as store:
        for one, time in (("etf", seen), ("mutual_fund", changed)):
            made = Classification("DSU", SecurityType(one), Origin.FMP, observed_at=time)
            store.put_facts([(made, None)])
    [row] = json.loads(call("classify", "DSU", "--as-of", as_of, "--json")[1])
    assert row["security_type"] == kind


# -- database -----------------------------------------------------------------------------------


def test_db_commands_on_a_new_postgresql(database_url, monkeypatch, capsys):
    monkeypatch.setenv("SECTYPES_DATABASE_URL", database_url)

    def at(*arguments: str) -> tuple[int, str, str]:
        code = run(list(arguments))
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    assert at("db", "current")[:2] == (1, f"schema none, this version needs {REVISION}\n")
    assert at("db", "upgrade", "--dry-run")[1] == f"schema would go from none to {REVISION}\n"
    code, _, err = at("cache", "list")
    assert code == 1
    assert f"schema none, this version of sectypes needs {REVISION}" in err
    assert "sectypes db upgrade" in err
    done = json.loads(at("db", "upgrade", "--json")[1])
    assert done == {"found": None, "needed": REVISION, "dry_run": False}
    assert at("db", "upgrade")[1] == f"schema {REVISION}: nothing to do\n"
    code, out, _ = at("db", "current", "--json")
    assert (code, json.loads(out)["found"]) == (0, REVISION)
    assert at("cache", "list")[:2] == (0, "none\n")


@pytest.mark.parametrize(
    ("arguments", "says"), [([], "sqlite"), (["--dialect", "postgresql"], "postgresql")]
)
def test_db_sql_prints_the_committed_statements(call, monkeypatch, arguments, says):
    monkeypatch.setenv("SECTYPES_DATABASE_URL", "sqlite:///x.db")
    root = Path(__file__).parent.parent
    assert call("db", "sql", *arguments)[1] == (root / "schema" / f"{says}.sql").read_text()


# -- errors -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["cache", "import", "missing.yaml"], 1, "cannot read missing.yaml"),
        (["cache", "export", "backup.txt"], 1, "ends in one of"),
        (["cache", "refresh-stale", "--every", "soon"], 2, "24h"),
        (["cache", "refresh-stale", "--every", "0s"], 2, "24h"),
        (["cache", "refresh-stale", "--max-calls", "-1"], 2, "max-calls"),
        (["cache", "list", "--type", "fund"], 2, "fund"),
        (["cache", "warm", "missing.csv"], 1, "missing.csv"),
        (["override", "set", "DSU", "fund", "--note", "n"], 2, "fund"),
        (["override", "set", "DSU", "bond"], 2, "note"),
        (["override", "set", "DSU", "bond", "--note", " "], 2, "must say why"),
        (["override", "set", "P", "cash", "--note", "n", "--expires", "2020-01-01"], 1, "is past"),
        (["override", "set", "P", "cash", "--note", "n", "--expires", "2027"], 2, "such as 2026"),
        (["classify", "DSU", "--as-of", "2026"], 2, "such as 2026"),
        (["classify", "DSU", "--as-of", "20260230"], 2, "such as 2026"),
        (["classify", "DSU", "--as-of", "1793000000"], 2, "such as 2026"),
        (["classify", "DSU", "--as-of", "2026-01-31T10:00"], 2, "needs its zone"),
        (["classify", "DSU", "--as-of", "0001-01-01T00:00+14:00"], 2, "no time in UTC"),
        (["classify", "DSU", "--column", "Symbol"], 2, "are for a file"),
        (["classify", "DSU", "--provider", "csv"], 2, "are for a file"),
        (["override", "remove", "DSU", "--yes"], 1, "DSU has no override"),
        (["db", "sql", "--dialect", "mysql"], 2, "mysql"),
    ],
)
def test_what_goes_wrong_is_said_on_standard_error(call, arguments, code, says):
    got, out, err = call(*arguments)
    assert (got, out) == (code, "")
    assert says in err


def test_without_a_key_a_refresh_is_an_error(environment):
    environment.pop("FMP_API_KEY")
    ran = sectypes(environment, "cache", "refresh", "DSU")
    assert ran.returncode == 1
    assert "nobody can be asked: no FMP_API_KEY is set" in ran.stderr
