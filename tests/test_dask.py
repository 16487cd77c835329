"""`.sectype` on Dask collections: pandas' results, one lookup, and more data than memory."""

from __future__ import annotations

import itertools
import subprocess
import sys
from uuid import uuid4

import dask
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from distributed import Client, LocalCluster

from sectypes.config import Settings
from sectypes.dask import read_files
from sectypes.errors import InputError
from sectypes.frames import TYPE_DTYPE
from sectypes.service import SecurityTypeService

pytestmark = pytest.mark.filterwarnings("ignore::sectypes.errors.UnresolvedWarning")

TICKERS = ["DSU", "SPY", None, "brk.b", "DSU", "  ", "BRK-B", "QQ1X", "SPY", "DSU"]
HELD = pd.DataFrame(
    {
        "portfolio": list("BABABACCBA"),
        "ticker": pd.Series(TICKERS, dtype=object),
        "provider_type": pd.Series(["equity", None, "cash", *["etf"] * 7], dtype=object),
        "provider": pd.Series(["plaid"] * 5 + ["csv"] * 5, dtype=object),
        "is_cash": [False] * 2 + [True] + [False] * 7,
        "value": [1.5, 2.25, 3.125, 4.7, 5.3, 6.1, 7.9, 8.4, 9.2, 1.1],
        "unused": range(10),
    },
    index=[7, 7, 1, 0, 3, 3, 2, 9, 9, 9],
)


class Counted(SecurityTypeService):
    """A service without a network that remembers how often it was asked, and how much."""

    def __init__(self):
        super().__init__(source=None, store=None, settings=Settings())
        self.asked = []

    def answer(self, queries, **options):
        queries = list(queries)
        self.asked.append(len(queries))
        return super().answer(queries, **options)


@pytest.fixture(autouse=True)
def _in_this_thread():
    with dask.config.set({"scheduler": "synchronous", "dataframe.convert-string": False}):
        yield


@pytest.fixture
def service():
    return Counted()


def split(frame, *cuts):
    """A collection of unknown divisions: one partition for each piece of the frame."""
    edges = [0, *cuts, len(frame)]
    pieces = [frame.iloc[a:b] for a, b in itertools.pairwise(edges)]
    # Dask gives pieces that differ in their string dtype only the same name: make them differ.
    return dd.from_map(as_it_is, pieces, unique=uuid4().hex, meta=frame.iloc[:0])


def as_it_is(piece, unique):
    return piece


@pytest.mark.parametrize("cuts", [(), (5,), (0, 3, 3, 9), (10,)], ids=str)
@pytest.mark.parametrize("dtype", ["str", "object", "string[pyarrow]", "category"])
def test_answers_are_those_of_pandas(service, dtype, cuts):
    held = HELD.astype({"ticker": dtype, "provider_type": dtype})
    holdings = split(held, *cuts)
    types = holdings.sectype.classify(service)
    assert (types.dtype, types.name, types.npartitions) == (
        TYPE_DTYPE,
        "security_type",
        len(cuts) + 1,
    )
    pd.testing.assert_series_equal(types.compute(), held.sectype.classify(service))
    explained = holdings.sectype.explain(service)
    pd.testing.assert_frame_equal(explained._meta, explained.compute().iloc[:0])
    expected = held.sectype.explain(service)
    pd.testing.assert_frame_equal(explained.compute(), expected)


def test_known_divisions_are_kept_and_the_answer_can_be_assigned(service):
    held = HELD.reset_index(drop=True)
    holdings = dd.from_pandas(held, npartitions=3)
    types = holdings.sectype.classify(service)
    assert types.divisions == holdings.divisions
    seen = holdings.assign(found=types).compute()["found"]
    pd.testing.assert_series_equal(seen, held.sectype.classify(service), check_names=False)


def test_a_partition_may_have_other_categories(service):
    pieces = [pd.Series(["DSU", "SPY"], dtype="category"), pd.Series(["VTSAX"], dtype="category")]
    tickers = dd.from_map(lambda piece: piece, pieces, meta=pieces[0].iloc[:0])
    plain = pd.concat([piece.astype(object) for piece in pieces])
    pd.testing.assert_series_equal(
        tickers.sectype.classify(service).compute(), plain.sectype.classify(service)
    )


def test_a_series_with_what_stands_beside_it(service):
    holdings = split(HELD, 4)
    beside = {"provider_types": "provider_type", "names": "provider"}
    lazily = {keyword: holdings[column] for keyword, column in beside.items()}
    at_once = {keyword: HELD[column] for keyword, column in beside.items()}
    pd.testing.assert_frame_equal(
        holdings["ticker"].sectype.explain(service, **lazily).compute(),
        HELD["ticker"].sectype.explain(service, **at_once),
    )
    with pytest.raises(InputError, match="provider_types must be a Dask Series"):
        holdings["ticker"].sectype.classify(service, provider_types=["etf"] * 10)
    moved = split(HELD.reset_index(), 4)["provider"]
    with pytest.raises(InputError, match="names must have the index"):
        holdings["ticker"].sectype.classify(service, names=moved)


@pytest.mark.parametrize("method", ["classify", "explain", "compare"])
def test_one_lookup_for_the_whole_collection(service, method):
    options = {"by": "portfolio"} if method == "compare" else {}
    result = getattr(split(HELD, 2, 5, 8).sectype, method)(service, **options)
    dask.compute(result)
    distinct = HELD[["ticker", "provider_type", "provider", "is_cash"]].drop_duplicates()
    assert service.asked == [len(distinct)]


def test_columns_are_named_and_refused_as_in_pandas(service):
    holdings = split(HELD.rename(columns={"ticker": "Sym", "value": "7"}), 4)
    named = holdings.sectype.classify(service, ticker="Sym").compute()
    pd.testing.assert_series_equal(named, HELD.sectype.classify(service))
    with pytest.raises(InputError, match="no ticker column"):
        holdings.sectype.classify(service)
    with pytest.raises(InputError, match="neither a column 'weight' nor"):
        split(HELD.drop(columns="value"), 4).sectype.compare(service, by="portfolio")
    with pytest.raises(TypeError, match="unexpected keyword"):
        split(HELD, 4).sectype.compare(service, bye="portfolio")


@pytest.mark.parametrize(
    ("column", "value", "options", "says"),
    [
        ("ticker", 5, {}, r"row 6, column 'ticker', value 5"),
        ("value", None, {"by": "portfolio"}, r"row 6, column 'value'"),
        ("value", "much", {"by": "portfolio"}, r"row 6, column 'value', value 'much'"),
        ("portfolio", None, {"by": "portfolio"}, r"row 6, column 'portfolio'"),
    ],
)
def test_errors_name_the_row_of_the_whole_collection(service, column, value, options, says):
    held = HELD.astype({column: object}).reset_index(drop=True)
    held.loc[6, column] = value
    method = "compare" if options else "classify"
    with pytest.raises(InputError, match=says):
        getattr(split(held, 4, 5).sectype, method)(service, **options)


# -- portfolios ---------------------------------------------------------------------------------


def test_a_column_of_account_types_is_told_from_all_partitions(service):
    held = pd.DataFrame({"Symbol": ["AAPL", "SPY"] * 3, "Type": ["Cash"] * 4 + ["Margin"] * 2})
    held["value"], held["book"] = 10.0, "one"
    for types in (held["Type"], held["Type"].where(held.index < 5, "ETF")):
        book = held.assign(Type=types)
        asked = split(book, 4).sectype
        assert asked.classify(service).compute().equals(book.sectype.classify(service))
        by_book = asked.compare(service, by="book")["concentration_loss_after"]
        wanted = book.sectype.compare(service, by="book")["concentration_loss_after"]
        assert by_book.tolist() == wanted.tolist()


def books(rows=400, seed=1):
    """Invented holdings of 30 portfolios, whose rows lie anywhere."""
    rng = np.random.default_rng(seed)
    tickers = np.array(["DSU", "SPY", "BRK.B", "BRK-B", "QQ1X", None, "VTSAX", "AGG"], object)
    words = np.array(["etf", "equity", "mutual fund", None], object)
    return pd.DataFrame(
        {
            "portfolio": rng.integers(0, 30, rows),
            "Symbol": tickers[rng.integers(0, 8, rows)],
            "provider_type": words[rng.integers(0, 4, rows)],
            "value": rng.uniform(1, 100, rows) * np.where(rng.uniform(size=rows) < 0.05, -1, 1),
        }
    )


@pytest.mark.parametrize(
    "options",
    [
        {"baseline": "provider", "method": "top_n"},
        {"leverage": 1.3, "curve": "step", "method": "worst_position"},
        {"exposures": pd.DataFrame({"volatility_annual": 0.2}, index=range(30))},
    ],
    ids=["provider", "leverage", "exposures"],
)
@pytest.mark.parametrize("cuts", [(), (50, 50, 180, 300)], ids=["one", "five"])
def test_portfolios_across_partitions_are_compared_as_in_pandas(service, options, cuts):
    held = books()
    found = split(held, *cuts).sectype.compare(service, by="portfolio", **options)
    expected = held.sectype.compare(service, by="portfolio", **options)
    pd.testing.assert_frame_equal(found, expected, rtol=1e-12, atol=0)


@pytest.mark.parametrize(
    "labels",
    [
        lambda held: held["portfolio"].astype(str),
        lambda held: held["portfolio"].astype(str).astype("category"),
        lambda held: pd.Timestamp("2026-01-01") + pd.to_timedelta(held["portfolio"], unit="D"),
    ],
    ids=["text", "category", "date"],
)
def test_any_label_tells_portfolios_apart(service, labels):
    held = books().assign(book=labels, weight=0.1).drop(columns=["portfolio", "value"])
    found = split(held, 70, 300).sectype.compare(service, by="book")
    pd.testing.assert_frame_equal(found, held.sectype.compare(service, by="book"), rtol=1e-12)


@pytest.mark.parametrize(
    ("currencies", "fx"),
    [(["usd", None, "USD "], None), (["USD", "EUR", "usd"], {"EUR": 1.1}), ([None], None)],
    ids=["blank", "rates", "none"],
)
def test_currencies_and_the_notes_on_them_are_those_of_the_whole(service, currencies, fx):
    held = books().assign(currency=lambda h: pd.Series(currencies * len(h), dtype=object))
    found = split(held, 70, 300).sectype.compare(service, by="portfolio", fx=fx)
    expected = held.sectype.compare(service, by="portfolio", fx=fx)
    pd.testing.assert_frame_equal(found, expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("currencies", "says"),
    [(["USD", "EUR"], "cannot be added up"), (["USD", "EUR", None], "Rows without a currency")],
)
def test_currencies_that_cannot_be_added_are_refused(service, currencies, says):
    held = books().assign(currency=lambda h: pd.Series(currencies * len(h), dtype=object))
    with pytest.raises(InputError, match=says):
        split(held, 70, 300).sectype.compare(service, by="portfolio")


def test_weights_like_percent_are_noted_whatever_their_partition(service):
    held = pd.DataFrame(
        {"ticker": ["AAPL", "SPY"] * 2, "weight": [30.0, 70.0, 0.3, 0.7], "book": list("aabb")}
    )
    [noted] = split(held, 2).sectype.compare(service, by="book")["note"].unique()
    assert [noted] == held.sectype.compare(service, by="book")["note"].unique().tolist()
    assert "look like percent" in noted


def test_answers_that_the_frame_carries_are_kept_and_nobody_is_asked(service):
    held = books()
    held = held.assign(security_type=held.sectype.classify(service), leverage=2.0)
    service.asked.clear()
    found = split(held, 70, 300).sectype.compare(service, by="portfolio")
    assert service.asked == []
    expected = held.sectype.compare(service, by="portfolio")
    pd.testing.assert_frame_equal(found, expected, rtol=1e-12)
    said = held.assign(security_type="a provider's word")
    found = split(said, 70, 300).sectype.compare(service, by="portfolio")
    pd.testing.assert_frame_equal(found, said.sectype.compare(service, by="portfolio"), rtol=1e-12)
    mixed = held.assign(security_type=["ETF "] * 399 + ["a provider's word"])
    with pytest.raises(InputError, match=r"answers and other words.*\n.*row 399, column"):
        split(mixed, 70, 300).sectype.compare(service, by="portfolio")
    words = {"by": "portfolio", "provider_type": "security_type"}
    found = split(mixed, 70, 300).sectype.compare(service, **words)
    pd.testing.assert_frame_equal(found, mixed.sectype.compare(service, **words), rtol=1e-12)


@pytest.mark.parametrize("by", [None, "Portfolio"])
def test_columns_are_found_in_any_case_and_named_for_risk_as_well(service, by):
    held = books().assign(**{"Is Cash": "False", "LEVERAGE": 2.0, "Currency": "usd"})
    held.loc[[3, 350], "Is Cash"] = "True"
    odd = held.rename(columns={"Symbol": "Sym", "value": "Value ", "portfolio": "Portfolio"})
    found = split(odd, 70, 300).sectype.compare(service, by=by, ticker="Sym")
    wanted = odd.sectype.compare(service, by=by, ticker="Sym")
    if by is None:
        assert found == wanted
        assert set(found.positions()["leverage"]) == {2.0}
    else:
        pd.testing.assert_frame_equal(found, wanted, rtol=1e-12)
    odd.insert(0, "value", 1.0)
    with pytest.raises(InputError, match="the columns 'value', 'Value ' read as one name"):
        split(odd, 70, 300).sectype.compare(service, by=by, ticker="Sym")


def test_one_book_is_a_comparison_equal_to_pandas(service):
    held = books().drop(columns="portfolio")
    assert split(held, 70, 300).sectype.compare(service) == held.sectype.compare(service)


def test_a_collection_without_rows(service):
    nothing = split(books().iloc[:0], 0)
    assert nothing.sectype.classify(service).compute().dtype == TYPE_DTYPE
    assert len(nothing.sectype.explain(service).compute()) == 0


# -- files --------------------------------------------------------------------------------------


def test_files_are_read_in_the_order_of_their_names(service, tmp_path):
    held = books()
    held.iloc[200:].to_parquet(tmp_path / "b.parquet")
    held.iloc[:200].to_parquet(tmp_path / "a.parquet")
    (tmp_path / ".hidden.parquet").write_bytes(b"no holdings")
    expected = held.sectype.compare(service, by="portfolio")
    for asked in (tmp_path, tmp_path / "*.parquet", str(tmp_path / "[ab].parquet")):
        found = read_files(asked).sectype.compare(service, by="portfolio")
        pd.testing.assert_frame_equal(found, expected, rtol=1e-12)


def test_files_that_cannot_be_read_together_are_refused(tmp_path):
    with pytest.raises(InputError, match="no file matches"):
        read_files(tmp_path)
    (tmp_path / "a.csv").write_text("Symbol,Value\nSPY,1\n")
    (tmp_path / "b.parquet").write_bytes(b"no holdings")
    with pytest.raises(InputError, match=r"one kind .* matches \.csv, \.parquet"):
        read_files(tmp_path / "*")
    with pytest.raises(InputError, match=r"b\.parquet' as Parquet"):
        read_files(tmp_path)
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "c.csv").symlink_to(tmp_path / "a.csv")
    with pytest.raises(InputError, match="leads out of"):
        read_files(inner / "*.csv")


def test_without_dask_the_line_that_installs_it_is_named():
    code = (
        "import sys; sys.modules['dask'] = None\n"
        "from sectypes.errors import MissingExtraError\n"
        "try:\n    import sectypes.dask\n"
        "except MissingExtraError as error:\n    print(error)\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'sectypes[dask]'" in ran.stdout


# -- more than memory ---------------------------------------------------------------------------

LIMIT = 400 * 2**20
FILES, ROWS, DISTINCT = 84, 30_000, 500
POOL = {
    "portfolio": [f"P{number}" for number in range(3000)],
    "ticker": [f"QQ{number}" for number in range(DISTINCT - 1)] + ["DSU"],
    "name": [f"Invented fund {number} {'of a long name ' * 20}" for number in range(DISTINCT)],
    "provider_type": ["equity", "etf", "mutual fund"],
}


def coded(number):
    """One file's rows as positions in `POOL`, and values."""
    rng = np.random.default_rng(number)
    security = rng.integers(0, DISTINCT, ROWS)
    codes = {"portfolio": rng.integers(0, 3000, ROWS), "ticker": security, "name": security}
    return {**codes, "provider_type": security % 3}, rng.uniform(1, 100, ROWS)


def write(folder):
    """Write the files; returns how many bytes their columns take in memory."""
    pool = {name: pa.array(words) for name, words in POOL.items()}
    size = 0
    for number in range(FILES):
        codes, values = coded(number)
        columns = {name: pool[name].take(pa.array(code)) for name, code in codes.items()}
        table = pa.table({**columns, "value": values})
        pq.write_table(table, folder / f"{number:03d}.parquet")
        size += table.nbytes
    return size


def in_pandas(files):
    """The rows of the first files in one frame, with categories in place of texts."""
    parts = [coded(number) for number in range(files)]
    columns = {
        name: pd.Categorical.from_codes(np.concatenate([codes[name] for codes, _ in parts]), words)
        for name, words in POOL.items()
    }
    return pd.DataFrame({**columns, "value": np.concatenate([values for _, values in parts])})


@pytest.fixture
def cluster(tmp_path):
    # Memory that pyarrow keeps for itself would count against the limit.
    environment = {"ARROW_DEFAULT_MEMORY_POOL": "system", "MALLOC_TRIM_THRESHOLD_": 0}
    settings = {
        "distributed.nanny.pre-spawn-environ": environment,
        "distributed.worker.memory.pause": False,
    }
    with (
        dask.config.set(settings),
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            memory_limit=LIMIT,
            dashboard_address=None,
            local_directory=str(tmp_path / "spilled"),
        ) as made,
        Client(made) as client,
        dask.config.set(scheduler=client),
    ):
        yield client


def test_more_than_the_workers_memory_gives_the_result_of_pandas(cluster, service, tmp_path):
    folder = tmp_path / "holdings"
    folder.mkdir()
    assert write(folder) > 2 * LIMIT
    workers = {worker: one["pid"] for worker, one in cluster.run(process).items()}
    holdings = read_files(folder)
    counted = holdings.partitions[:8].sectype.classify(service).value_counts().compute()
    compared = holdings.sectype.compare(service, by="portfolio")
    assert service.asked == [DISTINCT, DISTINCT]
    after = cluster.run(process)
    assert {worker: one["pid"] for worker, one in after.items()} == workers, "a worker was ended"
    assert {name for one in after.values() for name in one["loaded"]} == set()
    expected = in_pandas(8).sectype.classify(service).value_counts()
    assert counted[counted > 0].to_dict() == expected[expected > 0].to_dict()
    expected = in_pandas(FILES).sectype.compare(service, by="portfolio")
    expected.index = expected.index.astype(compared.index.dtype)
    pd.testing.assert_frame_equal(compared, expected, check_names=False, rtol=1e-12, atol=0)


def process():
    """What a worker says of itself; databases and networks would need these libraries."""
    import os

    return {
        "pid": os.getpid(),
        "loaded": [n for n in ("sqlalchemy", "requests") if n in sys.modules],
    }
