"""Backup: out and in again is an identity, and what is no backup changes nothing."""

from __future__ import annotations

import json
import re
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sectypes.backup import export_cache, import_cache, read_backup
from sectypes.backup_records import COLUMNS
from sectypes.config import Settings
from sectypes.errors import InputError, StoreUnavailable
from sectypes.service import SecurityTypeService
from sectypes.store import SqlStore
from sectypes.taxonomy import AnswerStatus, Classification, Miss, Origin, SecurityType, Subtype
from sectypes.tickers import canonical

SEEN = datetime(2026, 3, 2, 12, 0, 0, 123456, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
FORMATS = [".yaml", ".json", ".parquet"]
ODD = [
    "ON", "NO", "NA", "NULL", "TRUE", "YES", "OFF", "N", "Y", "NAN", "0005", "1E5", "0X1F", "1_0",
    "1:20", "007", "-", "~", "😀", "Ä", "=1+1", "#A", "A: B", "- A", "'A", '"A', "\\N", "{A}",
    "[A]", "&A", "*A", "!A", "%A", "@A", "2026-01-01", "W" * 32, "W" * 64, "\u2028",
    "\x85", "\ufeff",
]  # fmt: skip


def fact(ticker: str = "DSU", kind: str = "mutual_fund", **changes) -> Classification:
    """A sample of what FMP asserts."""
    given_ = {"raw_label": "isFund", "observed_at": SEEN, "expires_at": SEEN + 90 * DAY}
    return Classification(ticker, SecurityType(kind), Origin.FMP, **(given_ | changes))


def record(**changes) -> dict[str, object]:
    """A sample record; None takes a field away."""
    made = {
        "ticker": "DSU", "security_type": "mutual_fund", "origin": "fmp",
        "observed_at": "2026-03-02T12:00:00+00:00",
    } | changes  # fmt: skip
    return {name: value for name, value in made.items() if value is not None}


def many(count: int):
    """Sample facts, the odd tickers first, each with its payload."""
    tickers = [*ODD, *(f"T{number:05d}" for number in range(count - len(ODD)))]
    kinds = list(SecurityType)
    return [
        (
            fact(
                ticker,
                kinds[number % 8],
                subtype=None if number % 3 else Subtype.CLOSED_END_FUND,
                leverage=(1.0, -1.5, 3.0)[number % 3],
                name=None if number % 5 == 4 else f"Sample {number} «ünïted» 😀: {ticker}",
                expires_at=SEEN + number * DAY / 100,
            ),
            None if number % 4 == 3 else {"symbol": ticker, "price": number / 7, "a": [None, {}]},
        )
        for number, ticker in enumerate(tickers)
    ]


@pytest.fixture
def open_store(tmp_path, clock):
    """Open databases, by default a new SQLite file; all are closed at the end."""
    made: dict[str, SqlStore] = {}

    def make(url: str | None = None) -> SqlStore:
        place = url or f"sqlite:///{tmp_path}/{len(made)}.db"
        return made.setdefault(place, SqlStore(place, clock=clock))

    yield make
    for one in made.values():
        one.close()


# -- identity -----------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", FORMATS)
def test_10_000_facts_travel_from_sqlite_to_postgresql_and_back(
    open_store, postgres_url, tmp_path, suffix
):
    first, second, third = open_store(), open_store(postgres_url), open_store()
    first.put_facts(many(10_000))
    for key in ("ON", "😀"):
        first.set_override(key, SecurityType.BOND, note="Nö: 1E5", author="ann", leverage=1.5)
    files = [tmp_path / f"{name}{suffix}" for name in "ab"]
    first.put_opinions([one.replace(origin=Origin.OPENFIGI) for one, _ in many(300)])
    assert export_cache(first, files[0]) == 10_302
    summary, keys = import_cache(second, files[0])
    assert (summary.new, summary.overrides_new, len(keys)) == (10_000, 2, 10_000)
    assert (summary.opinions_new, summary.opinions_kept, summary.read) == (300, 0, 10_302)
    export_cache(second, files[1])
    import_cache(third, files[1])
    facts, overrides, opinions = third.dump()
    assert (overrides, opinions) == first.dump()[1:] == second.dump()[1:]
    payloads = [None if one.payload is None else json.loads(one.payload) for one in facts]
    expected = sorted(many(10_000), key=lambda fact: fact[0].ticker)
    assert list(zip((one.fact for one in facts), payloads, strict=True)) == expected


def test_a_yaml_backup_is_a_list_of_records_with_quoted_tickers(open_store, tmp_path):
    store = open_store()
    store.put_facts([(fact("ON"), {"symbol": "ON"}), (fact("1E5"), None)])
    export_cache(store, tmp_path / "a.yaml")
    text = (tmp_path / "a.yaml").read_text(encoding="utf-8")
    assert text.startswith('- ticker: "1E5"\n  security_type: mutual_fund\n')
    assert '- ticker: "ON"\n' in text
    assert "null" not in text


def test_of_two_opinions_the_newer_stands_unless_forced(open_store, tmp_path):
    said = fact("BST").replace(origin=Origin.OPENFIGI)
    older, newer = (said.replace(observed_at=SEEN - number * DAY) for number in (1, 0))
    first, second = open_store(), open_store()
    first.put_opinions([older])
    second.put_opinions([newer])
    export_cache(first, tmp_path / "a.json")
    summary, keys = import_cache(second, tmp_path / "a.json")
    assert (summary.opinions_new, summary.opinions_kept, keys) == (0, 1, ["BST"])
    assert second.dump().opinions == [newer]
    summary, _ = import_cache(second, tmp_path / "a.json", force=True)
    assert (summary.opinions_new, second.dump().opinions) == (1, [older])


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"role": "judge"}, "must be opinion, or left out"),
        ({"role": "opinion", "origin": "fmp"}, "an opinion is openfigi's, not fmp's"),
    ],
    ids=["no such role", "not the second source's"],
)
def test_an_opinion_is_the_second_sources(open_store, tmp_path, changes, why):
    record = {
        "ticker": "BST", "security_type": "mutual_fund", "origin": "openfigi",
        "observed_at": SEEN.isoformat(), **changes,
    }  # fmt: skip
    (tmp_path / "a.json").write_text(json.dumps([record]))
    with pytest.raises(InputError, match=why):
        import_cache(open_store(), tmp_path / "a.json")


def test_only_facts_overrides_and_opinions_travel(open_store, tmp_path):
    store = open_store()
    store.put_misses([Miss("NOPE", AnswerStatus.NOT_FOUND, "n", SEEN, SEEN + DAY)])
    store.add_uses({"DSU": 3})
    assert export_cache(store, tmp_path / "a.json") == 0
    assert json.loads((tmp_path / "a.json").read_text()) == []


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    ticker=st.text(min_size=1, max_size=64), label=st.text(), name=st.text(),
    leverage=st.floats(-100, 100), suffix=st.sampled_from(FORMATS),
)  # fmt: skip
def test_what_is_kept_always_comes_back(
    open_store, tmp_path, ticker, label, name, leverage, suffix
):
    store = open_store("sqlite://")
    store._database.write(lambda db: db.exec_driver_sql("DELETE FROM security_types"))
    one = fact(ticker, raw_label=label, name=name, leverage=leverage)
    try:
        store.put_facts([(one, {label: name})])
    except InputError:
        return  # no key for a database
    export_cache(store, tmp_path / f"any{suffix}")
    store._database.write(lambda db: db.exec_driver_sql("DELETE FROM security_types"))
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 ./-]*", ticker) and canonical(ticker) != ticker:
        with pytest.raises(InputError, match="canonical spelling"):
            import_cache(store, tmp_path / f"any{suffix}")
        return
    import_cache(store, tmp_path / f"any{suffix}")
    export_cache(store, tmp_path / f"again{suffix}")
    assert read_backup(tmp_path / f"any{suffix}") == read_backup(tmp_path / f"again{suffix}")
    found = store.lookup([ticker]).facts[ticker]
    assert (found.leverage, found.observed_at) == (leverage, SEEN)


# -- who wins -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seen", "force", "kind", "counts"),
    [
        (SEEN + HOUR, False, "etf", (0, 1, 0)),
        (SEEN - DAY, False, "mutual_fund", (0, 0, 1)),
        (SEEN, False, "mutual_fund", (0, 0, 1)),
        (SEEN - DAY, True, "etf", (0, 1, 0)),
        (SEEN + HOUR, True, "etf", (0, 1, 0)),
    ],
)
def test_the_newer_fact_wins_unless_forced(store, clock, tmp_path, seen, force, kind, counts):
    store.put_facts([(fact(), None)])
    (tmp_path / "a.json").write_text(
        json.dumps([record(security_type="etf", observed_at=seen.isoformat())])
    )
    planned, _ = import_cache(store, tmp_path / "a.json", force=force, dry_run=True)
    assert store.lookup(["DSU"]).facts["DSU"].security_type == "mutual_fund"
    clock.now = SEEN + 9 * DAY
    done, _ = import_cache(store, tmp_path / "a.json", force=force)
    assert (done.new, done.replaced, done.kept) == counts
    assert planned.to_dict() == done.to_dict() | {"dry_run": True}
    assert store.lookup(["DSU"]).facts["DSU"].security_type == kind
    changes = store.history("DSU")
    assert len(changes) == (kind == "etf")
    if force and seen < SEEN:
        assert changes[0].changed_at == clock.now


def test_an_override_is_never_replaced_by_an_import(store, tmp_path):
    store.set_override("DSU", SecurityType.CASH, note="mine", author="ann")
    made = [
        record(
            origin="override", author="bob", raw_label="theirs", observed_at="2026-03-02T14:29Z"
        ),
        record(origin="override", author="bob", ticker="SPY"),
        record(),
    ]
    (tmp_path / "a.json").write_text(json.dumps(made))
    summary, _ = import_cache(store, tmp_path / "a.json", force=True)
    assert (summary.overrides_new, summary.overrides_kept, summary.new) == (1, 1, 1)
    assert {one.made.ticker: one.author for one in store.override_entries()} == {
        "DSU": "ann",
        "SPY": "bob",
    }


def test_the_service_answers_from_what_it_imported(store, clock, tmp_path):
    service = SecurityTypeService(source=None, store=store, settings=Settings(), clock=clock)
    store.put_facts([(fact(), None)])
    assert service.resolve(["DSU"])[0].security_type == "mutual_fund"
    newer = record(security_type="etf", observed_at=clock.now.isoformat())
    other = record(ticker="SPY", origin="override", author="ann", raw_label="n")
    (tmp_path / "a.json").write_text(json.dumps([newer, other]))
    assert service.import_cache(tmp_path / "a.json", dry_run=True).replaced == 1
    assert service.resolve(["DSU"])[0].security_type == "mutual_fund"
    service.import_cache(tmp_path / "a.json")
    kinds = [one.security_type for one in service.resolve(["DSU", "SPY"])]
    assert kinds == ["etf", "mutual_fund"]
    assert service.export_cache(tmp_path / "b.yaml") == 2


def test_backups_need_a_database(tmp_path):
    alone = SecurityTypeService(source=None, store=None, settings=Settings())
    with pytest.raises(StoreUnavailable, match="backups need a database"):
        alone.export_cache(tmp_path / "a.yaml")
    with pytest.raises(StoreUnavailable, match="backups need a database"):
        alone.import_cache(tmp_path / "a.yaml")


# -- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize("origin", ["fmp", "override"])
@pytest.mark.parametrize(("ahead", "is_taken"), [(9, True), (11, False)])
def test_what_was_seen_in_the_future_is_refused(store, clock, tmp_path, origin, ahead, is_taken):
    seen = (clock.now + ahead * MINUTE).isoformat()
    made = [record(), record(ticker="AHEAD", origin=origin, author="ann", observed_at=seen)]
    (tmp_path / "a.json").write_text(json.dumps(made))
    if is_taken:
        assert import_cache(store, tmp_path / "a.json")[0].read == 2
        return
    with pytest.raises(InputError, match=r"row 2, column 'observed_at', .* in the future"):
        import_cache(store, tmp_path / "a.json")
    assert store.contents().facts == 0


@pytest.mark.parametrize(("life", "is_late"), [(9 * DAY, True), (11 * DAY, False)])
def test_what_does_not_say_when_it_expires_counts_as_long_as_any_fact(
    store, clock, tmp_path, life, is_late
):
    asked = Settings(cache_ttl=int(life.total_seconds()))
    service = SecurityTypeService(source=None, store=store, settings=asked, clock=clock)
    seen = datetime(2026, 2, 20, 14, tzinfo=UTC)  # ten days ago
    said = {"observed_at": seen.isoformat(), "security_type": "etf"}
    opinion = record(role="opinion", **said | {"origin": "openfigi"})
    mine = record(ticker="MINE", author="ann", **said | {"origin": "override"})
    (tmp_path / "a.json").write_text(json.dumps([record(**said), opinion, mine]))
    service.import_cache(tmp_path / "a.json")
    held = store.lookup(["DSU"])
    ends = (held.facts["DSU"].expires_at, held.opinions["DSU"].expires_at)
    assert ends == (seen + life, seen + life)
    assert held.late == ({"DSU"} if is_late else set())
    assert store.overrides()["MINE"].expires_at is None


def test_by_default_a_fact_counts_as_long_as_the_settings_say(store, tmp_path):
    (tmp_path / "a.json").write_text(json.dumps([record()]))
    import_cache(store, tmp_path / "a.json")
    [kept] = store.list_facts()
    assert kept.expires_at == kept.observed_at + timedelta(seconds=Settings().cache_ttl)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"ticker": None}, "row 2, column 'ticker': is missing"),
        ({"ticker": True}, "column 'ticker', value True: must be a ticker.*quote it"),
        ({"ticker": 5}, "column 'ticker', value 5.*as text"),
        ({"ticker": "brk.b"}, "column 'ticker', value 'brk.b'.*canonical"),
        ({"ticker": ""}, "column 'ticker'"),
        ({"ticker": "W" * 65}, "column 'ticker'.*64 characters"),
        ({"ticker": "A\0"}, "column 'ticker'"),
        ({"security_type": "fund"}, "column 'security_type', value 'fund': must be one of"),
        ({"security_type": ["etf"]}, "column 'security_type'"),
        ({"security_type": None}, "column 'security_type': is missing"),
        ({"subtype": "cef"}, "column 'subtype'"),
        ({"leverage": "2"}, "column 'leverage'"),
        ({"leverage": True}, "column 'leverage'"),
        ({"leverage": 10**400}, "column 'leverage'"),
        ({"origin": "heuristic"}, "column 'origin'.*a guess is not imported"),
        ({"origin": "override"}, "column 'author': is missing"),
        ({"raw_label": 5}, "column 'raw_label'.*must be text"),
        ({"name": {}}, "column 'name'.*must be text"),
        ({"observed_at": None}, "column 'observed_at': is missing"),
        ({"observed_at": "2026-03-02T12:00:00"}, "column 'observed_at'.*offset"),
        ({"observed_at": "yesterday"}, "column 'observed_at'"),
        ({"expires_at": 5}, "column 'expires_at'"),
        ({"fmp_data": "{"}, "column 'fmp_data'.*JSON"),
        ({"fmp_data": {}}, "column 'fmp_data'.*JSON as text"),
        ({"price": 5}, "column 'price': is no field"),
        ({"ticker": "GOOD"}, "row 2, column 'ticker', value 'GOOD': comes twice"),
    ],
)
def test_a_wrong_record_is_named_and_nothing_is_written(store, tmp_path, changes, says):
    made = [record(ticker="GOOD"), record(**changes)]
    (tmp_path / "a.json").write_text(json.dumps(made))
    with pytest.raises(InputError, match=f"(?s){says}"):
        import_cache(store, tmp_path / "a.json")
    assert store.contents().facts == 0


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.json", "{", "not valid JSON"),
        ("a.json", "{}", "must be a list of records"),
        ("a.json", "[5]", "row 1.*a record is a mapping"),
        ("a.json", '[{"ticker": "A", "ticker": "B"}]', "occurs twice"),
        ("a.json", "[" * 100_000, "not valid JSON"),
        ("a.json", b"\xff\xfe", "not valid JSON"),
        ("a.yaml", "a: 1\n", "must be a list of records"),
        ("a.yaml", "- {\n", "not valid YAML"),
        ("a.yaml", "- ticker: ON\n", "value True.*quote it"),
        ("a.yaml", "- ticker: 0005\n", "value 5"),
        ("a.yaml", "- &a {ticker: A}\n- *a\n", "line 1: anchors and aliases are refused"),
        ("a.yaml", "- ticker: &a A\n  name: *a\n", "anchors and aliases"),
        ("a.yaml", "- !!python/object/apply:os.system ['true']\n", "tags are refused"),
        ("a.yaml", "- ticker: !!binary QQ==\n", "line 1: tags are refused"),
        ("a.yaml", "- {ticker: A, ticker: B}\n", "'ticker' occurs twice"),
        ("a.yaml", "- ticker: [A]\n", "flat records"),
        ("a.yaml", "- - A\n", "flat records"),
        ("a.yaml", "- {? {a: b} : c}\n", "flat records"),
        ("a.yaml", "[" * 100_000, "flat records"),
        ("a.yaml", "--- []\n--- []\n", "not valid YAML"),
        ("a.yaml", "- observed_at: 2026-99-99\n", "not valid YAML"),
        ("a.yaml", b"\xff\xfe\x00", "not valid YAML"),
        ("a.yaml", "- ticker: \x07\n", "not valid YAML"),
        ("a.yaml", "", "must be a list"),
        ("a.parquet", b"PAR1 no, not really PAR1", "not valid Parquet"),
        ("a.csv", "ticker\nA\n", "ends in one of .yaml, .yml, .json, .parquet"),
        ("a", "", "ends in one of"),
    ],
)
def test_a_file_that_is_no_backup_is_refused(store, tmp_path, name, content, says):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError, match=f"(?s){says}"):
        import_cache(store, path)
    assert store.contents().facts == 0


def test_a_bomb_of_aliases_costs_nothing(tmp_path):
    lines = ["- a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [f"- {b}: &{b} [{', '.join([f'*{a}'] * 9)}]" for a, b in pairwise("abcdefghi")]
    (tmp_path / "bomb.yaml").write_text("\n".join(lines))
    begun = time.monotonic()
    with pytest.raises(InputError, match=r"flat records|anchors"):
        read_backup(tmp_path / "bomb.yaml")
    assert time.monotonic() - begun < 1


def test_a_huge_file_is_refused_before_it_is_read(tmp_path):
    with (tmp_path / "a.yaml").open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(InputError, match=r"a\.yaml is larger than 256 MiB"):
        read_backup(tmp_path / "a.yaml")


def test_a_parquet_file_that_unpacks_without_end_is_refused(tmp_path):
    import pyarrow as pa
    from pyarrow import parquet

    rows = pa.table({"ticker": pa.array(["A"] * 1_000_001).dictionary_encode()})
    parquet.write_table(rows, tmp_path / "a.parquet")
    assert (tmp_path / "a.parquet").stat().st_size < 10_000
    with pytest.raises(InputError, match="unpacks to more than a backup may hold"):
        read_backup(tmp_path / "a.parquet")


def test_a_parquet_file_may_lack_columns_but_not_have_others(tmp_path):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame([record()])
    frame.to_parquet(tmp_path / "a.parquet")
    assert len(read_backup(tmp_path / "a.parquet").facts) == 1
    frame.assign(price=1.0).to_parquet(tmp_path / "b.parquet")
    with pytest.raises(InputError, match="'price': is no field"):
        read_backup(tmp_path / "b.parquet")


def test_all_problems_are_told_at_once(tmp_path):
    made = [record(ticker=number, leverage="x") for number in range(20)]
    (tmp_path / "a.json").write_text(json.dumps(made))
    with pytest.raises(InputError, match="and 35 more") as caught:
        read_backup(tmp_path / "a.json")
    assert caught.value.failures["row"].tolist() == [row for row in range(1, 21) for _ in "ab"]


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_file_that_cannot_be_written_or_read_is_named(open_store, tmp_path, suffix):
    missing = tmp_path / "no" / "folder" / f"a{suffix}"
    with pytest.raises(InputError, match=r"cannot write .*No such file"):
        export_cache(open_store(), missing)
    with pytest.raises(InputError, match=r"cannot read .*No such file"):
        read_backup(missing)


def test_an_export_that_fails_leaves_the_older_file(open_store, tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("older")
    store = SqlStore("sqlite:////no/such/folder/cache.db")
    with pytest.raises(StoreUnavailable, match="cannot be made"):
        export_cache(store, path)
    assert path.read_text() == "older"
    assert [one.name for one in tmp_path.iterdir()] == ["a.yaml"]


def test_a_failing_import_writes_nothing(store, tmp_path):
    """What passes the file's check can still be refused by the database's: all or nothing."""
    made = [record(), record(ticker="\ud800X")]
    (tmp_path / "a.json").write_text(json.dumps(made))
    with pytest.raises(InputError, match="ticker"):
        import_cache(store, tmp_path / "a.json")
    assert store.contents().facts == 0


def test_a_summary_reads_well(store, tmp_path):
    (tmp_path / "a.json").write_text(json.dumps([record()]))
    summary, _ = import_cache(store, tmp_path / "a.json", dry_run=True)
    assert str(summary) == (
        "would be: 1 read, 1 new, 0 replaced, 0 kept, 0 overrides new, 0 overrides kept,"
        " 0 opinions new, 0 opinions kept"
    )
    assert "<td>1</td>" in summary._repr_html_()


def test_the_columns_are_those_of_a_record():
    assert set(record(author="a", subtype="etf")) <= set(COLUMNS)
    assert Path("a.yml").suffix == ".yml"
