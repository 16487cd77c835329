"""Files of anything: read or refused, soon and in bounded memory; backups whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.hostile import (
    ENOUGH,
    TICKERS,
    damaged,
    damaged_bytes,
    held,
    sheet,
    workbook,
)
from support.loads import in_child

from sectypes.backup import export_cache, import_cache
from sectypes.errors import ConfigError, InputError
from sectypes.holdings import read_holdings
from sectypes.scenarios import CrashScenarios, RiskLimits
from sectypes.store import SqlStore

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


# -- tables -------------------------------------------------------------------------------------

TABLE = 'Symbol,Quantity,Price,Name\r\nXYZQ,10,"1,234.50","Sample, ""Q"" Inc"\r\nNA,2,--,\r\n'
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252", "utf-7", "cp037"]


@settings(max_examples=150, **ENOUGH)
@given(st.sampled_from(ENCODINGS), st.data())
def test_a_damaged_table_in_any_encoding_is_read_or_refused(encoding, data):
    content = TABLE.encode(encoding)
    held(content)
    held(data.draw(damaged_bytes(content)))


@settings(max_examples=80, **ENOUGH)
@given(st.lists(st.lists(TICKERS, max_size=6), max_size=5), st.sampled_from([",", ";", "\t"]))
def test_ragged_rows_of_anything_are_read_or_refused(rows, delimiter):
    lines = [delimiter.join(["Symbol", "Quantity", "Value"])]
    lines += [delimiter.join(row) for row in rows]
    held("\n".join(lines).encode("utf-8", "replace"))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(b"Symbol,Qty" + b"," * 10**6 + b"\nA,1\n", "1000002 columns", id="header"),
        pytest.param(b"Symbol,Qty\nA,1" + b"," * 10**6 + b"\n", "1000002 columns", id="row"),
        pytest.param(b'Symbol,Qty\n"' + b"A" * 10**7, "field larger", id="open quote"),
        pytest.param(b"Symbol,Qty\n" + b"\n" * 15_000_000, "rows", id="blank rows"),
        pytest.param(b"portfolio_input:\n" + b"# \n" * 10**6, "larger than 1 MB", id="YAML"),
        pytest.param(workbook(sheet('<row r="999999999"/>')), "rows", id="far row"),
        pytest.param(
            workbook(sheet(*(f'<row r="{n}"><c r="XFD{n}"/></row>' for n in range(2, 3000)))),
            "columns",
            id="far columns",
        ),
    ],
)
def test_what_is_beyond_any_export_is_refused_soon_and_in_bounded_memory(tmp_path, content, says):
    (tmp_path / "held").write_bytes(content)
    told = in_child("read", str(tmp_path / "held"))
    assert says in told["told"]
    assert told["mb"] < 600
    assert told["seconds"] < 15


# -- workbooks ----------------------------------------------------------------------------------

LAUGHS = "".join(
    f'<!ENTITY {new} "{f"&{old};" * 10}">' for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
WORKBOOK = workbook(sheet('<row r="2"><c r="A2" t="inlineStr"><is><t>XYZQ</t></is></c></row>'))


@settings(max_examples=40, **ENOUGH)
@given(damaged_bytes(WORKBOOK))
def test_a_damaged_workbook_is_read_or_refused(content):
    held(content)


@pytest.mark.parametrize(
    "entity", [f'<!ENTITY a "ha">{LAUGHS}', '<!ENTITY i SYSTEM "file:///etc/hostname">']
)
def test_entities_of_a_workbook_are_not_followed(entity):
    row = '<row r="2"><c r="A2" t="inlineStr"><is><t>&i;</t></is></c></row>'
    content = workbook(sheet(row, before=f"<!DOCTYPE x [{entity}]>"))
    with pytest.raises(InputError, match="not an Excel workbook"):
        read_holdings(content)


@pytest.mark.parametrize("content", [b"PK\x03\x04", b"PK\x03\x04" * 99, b"\xd0\xcf\x11\xe0" * 9])
def test_what_only_begins_like_a_workbook_is_refused(content):
    with pytest.raises(InputError, match=r"is damaged|before 2007"):
        read_holdings(content)


# -- YAML ---------------------------------------------------------------------------------------


def bomb(name: str) -> str:
    """Aliases of aliases, under a name: a few lines that unpack to 10^9 texts."""
    steps = zip("abcdefghi", "bcdefghij", strict=True)
    lines = [f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]" for old, new in steps]
    return "\n".join(["a: &a [x, x, x]", *lines, f"{name}: *j", ""])


@settings(max_examples=80, **ENOUGH)
@given(damaged_bytes(b'portfolio_input:\n  "ON": {shares: 5, type: etf}\n  B: {dollars: 1}\n'))
def test_a_damaged_portfolio_is_read_or_refused(content):
    held(content, provider="yaml")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (bomb("portfolio_input"), "aliases"),
        pytest.param("portfolio_input:\n  A: &a {shares: 1}\n  B: *a\n", "aliases", id="alias"),
        ("portfolio_input:\n  A: &a {shares: 1}\n  B: {<<: *a}\n", "aliases"),
        ("portfolio_input:\n  A: &a {shares: 1, type: *a}\n", "aliases"),
        ("portfolio_input:\n  ? [A]\n  : {shares: 1}\n", "unhashable"),
        ("portfolio_input:\n  A: {shares: 1, shares: 2}\n", "occurs twice"),
        ("portfolio_input: !!python/name:os.system\n", "neither a mapping"),
    ],
)
def test_a_portfolio_with_tricks_is_refused(text, says):
    with pytest.raises(InputError, match=says):
        read_holdings(text, provider="yaml")


def test_tickers_of_a_portfolio_are_text_whatever_yaml_makes_of_them():
    odd = ["NO", "ON", "0005", "1E5", "0x1F", "1:20", "~", "null", ".inf", "2026-01-01", "<<", "="]
    text = "portfolio_input:\n" + "".join(f"  {key}: {{shares: 1}}\n" for key in odd)
    assert read_holdings(text)["ticker"].tolist() == odd


TRICKS = {
    "bomb of limits": bomb("portfolio_limits"),
    "bomb of rates": bomb("rates"),
    "nested": "portfolio_limits: " + "[" * 20_000,
    "no date": "name: 2026-99-99\n",
    "6,000 digits": "version: " + "9" * 6000 + "\n",
    "key twice": "rates: {equity: 0.5, equity: 0.1}\n",
    "alias of itself": "name: &a {x: *a}\n",
    "object": "x: !!python/object/apply:os.getcwd []\n",
    "forced type": "name: !!timestamp x\n",
    "merged key": "rates: {<<: {equity: 0.5}, equity: 0.1}\n",
    "10 MB": "name: x # " + "x" * 10**7,
}


@pytest.fixture(scope="module")
def refusals(tmp_path_factory):
    """What one child process says of each trick, read as scenarios and as limits."""
    folder = tmp_path_factory.mktemp("tricks")
    for number, text in enumerate(TRICKS.values()):
        (folder / f"{number}.yaml").write_text(text)
    paths = [str(folder / f"{number}.yaml") for number in range(len(TRICKS))]
    told = in_child("scenarios", *paths, seconds=30, memory_mb=1000)
    return dict(zip(TRICKS, told, strict=True))


@pytest.mark.parametrize("trick", TRICKS)
def test_scenarios_and_limits_with_tricks_are_refused_soon(refusals, trick):
    told = refusals[trick]
    assert all(words.startswith("ConfigError") and len(words) < 2000 for words in told["told"])
    assert told["mb"] < 50
    assert told["seconds"] < 3


@pytest.mark.parametrize("kind", [CrashScenarios, RiskLimits])
def test_a_key_that_comes_twice_is_named_and_a_name_that_is_no_path_is_refused(tmp_path, kind):
    (tmp_path / "s.yaml").write_text("name: a\nname: b\n")
    with pytest.raises(ConfigError, match="'name' occurs twice"):
        kind.from_yaml(tmp_path / "s.yaml")
    with pytest.raises(ConfigError, match="null byte"):
        kind.from_yaml("a\0b")


@settings(max_examples=60, **ENOUGH)
@given(st.data())
def test_damaged_scenarios_are_read_or_refused(data):
    plain = CrashScenarios().to_dict()
    try:
        made = CrashScenarios.from_dict(data.draw(damaged(plain, most=2)))
    except ConfigError:
        return
    assert all(rate is None or 0 <= rate <= 1 for rate in made.to_dict()["rates"].values())


# -- backups ------------------------------------------------------------------------------------

RECORD = {
    "ticker": "DSU",
    "security_type": "mutual_fund",
    "leverage": 1.0,
    "origin": "fmp",
    "observed_at": "2026-03-02T12:00:00+00:00",
    "fmp_data": '{"symbol": "DSU"}',
}
OVERRIDE = RECORD | {"ticker": "ON", "origin": "override", "author": "a", "raw_label": "b"}
OPINION = {**RECORD, "origin": "openfigi", "role": "opinion", "fmp_data": None}
RECORDS = [RECORD, {**RECORD, "ticker": "SPY"}, {**OVERRIDE, "leverage": 3.0}, OPINION]


@pytest.fixture
def backups(tmp_path):
    """A store that knows one fact, and good backup files of each kind."""
    with SqlStore("sqlite://") as full, SqlStore("sqlite://") as store:
        (tmp_path / "start.json").write_text(json.dumps(RECORDS))
        import_cache(full, tmp_path / "start.json")
        for suffix in ("yaml", "json", "parquet"):
            export_cache(full, tmp_path / f"good.{suffix}")
        (tmp_path / "one.json").write_text(json.dumps([RECORD | {"ticker": "KEPT"}]))
        import_cache(store, tmp_path / "one.json")
        yield store, tmp_path


def all_or_nothing(store: SqlStore, path: Path) -> None:
    before = store.dump()
    try:
        done, keys = import_cache(store, path, force=True)
    except InputError:
        assert store.dump() == before
        return
    numbers = done.to_dict()
    assert numbers.pop("read") + numbers.pop("dry_run") == sum(numbers.values())
    kept = store.dump()
    tickers = {fact.ticker for fact, _ in kept.facts} | {one.ticker for one in kept.opinions}
    assert {"KEPT", *keys} <= tickers


@pytest.mark.parametrize("suffix", ["yaml", "json", "parquet"])
@settings(max_examples=60, **ENOUGH)
@given(data=st.data())
def test_a_damaged_backup_is_imported_whole_or_not_at_all(backups, suffix, data):
    store, folder = backups
    content = data.draw(damaged_bytes((folder / f"good.{suffix}").read_bytes()))
    (folder / f"bad.{suffix}").write_bytes(content)
    all_or_nothing(store, folder / f"bad.{suffix}")


@settings(max_examples=120, **ENOUGH)
@given(bad=damaged(RECORDS))
@example(bad=[{**RECORD, "fmp_data": "[" * 100_000}])
@example(bad=[{**RECORD, "fmp_data": '{"a": NaN}'}])
@example(bad=[{**RECORD, "observed_at": "0001-01-01T00:00:00+23:59"}])
@example(bad=[{**RECORD, "observed_at": "9999-12-31T23:59:59-23:59"}])
@example(bad=[{**RECORD, "leverage": 10**400}])
@example(bad=[{**RECORD, "leverage": None}])
def test_records_of_anything_are_imported_whole_or_not_at_all(backups, bad):
    store, folder = backups
    (folder / "bad.json").write_text(json.dumps(bad, skipkeys=True))
    all_or_nothing(store, folder / "bad.json")
