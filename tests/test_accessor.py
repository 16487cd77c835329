"""`.sectype` on Series and frames: every dtype, any index, missing values, nothing changed."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from datetime import UTC, date, datetime
from itertools import islice

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sectypes
from sectypes.columns import frame_columns, questions, series_columns
from sectypes.config import Settings
from sectypes.errors import InputError, UnresolvedWarning
from sectypes.frames import TYPE_DTYPE
from sectypes.service import SecurityTypeService
from sectypes.store import SqlStore
from sectypes.taxonomy import Query

EXPLAINED = [
    *("ticker", "security_type", "subtype", "leverage", "origin", "served_by"),
    *("as_of", "stale", "reason"),
]
TICKERS = ["DSU", "SPY", None, "brk.b", "DSU"]
TYPES = ["mutual_fund", "etf", np.nan, "equity", "mutual_fund"]
DTYPES = ["str", "object", "string[python]", "string[pyarrow]", "category"]


@pytest.fixture
def service():
    return sectypes.datasets.sample_service()


def same(left, right):
    return [x if isinstance(x, str) else None for x in left] == [
        x if isinstance(x, str) else None for x in right
    ]


@pytest.mark.filterwarnings("ignore::sectypes.errors.UnresolvedWarning")
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_text_dtype_is_read(service, dtype):
    tickers = pd.Series(TICKERS, dtype=dtype)
    types = tickers.sectype.classify(service)
    assert types.dtype == TYPE_DTYPE
    assert types.name == "security_type"
    assert same(types, TYPES)


@pytest.mark.filterwarnings("ignore::sectypes.errors.UnresolvedWarning")
@pytest.mark.parametrize(
    "index",
    [
        pd.Index([7, 7, 7, 1, 0]),
        pd.Index(list("abcde"), name="lot"),
        pd.MultiIndex.from_product([["x"], range(5)]),
        pd.date_range("2026-01-01", periods=5),
    ],
    ids=["repeated", "named", "multi", "dates"],
)
def test_answers_stand_on_the_callers_index(service, index):
    tickers = pd.Series(TICKERS, index=index, dtype="str")
    pd.testing.assert_index_equal(tickers.sectype.classify(service).index, index)
    pd.testing.assert_index_equal(tickers.sectype.explain(service).index, index)
    frame = tickers.to_frame("ticker").assign(provider_type="cs")
    pd.testing.assert_index_equal(frame.sectype.classify(service).index, index)
    pd.testing.assert_index_equal(frame.sectype.explain(service).index, index)


@pytest.mark.parametrize("dtype", DTYPES)
def test_nothing_in_nothing_out(service, dtype):
    empty = pd.Series([], dtype=dtype)
    assert empty.sectype.classify(service).dtype == TYPE_DTYPE
    assert empty.sectype.explain(service).columns.tolist() == EXPLAINED
    frame = pd.DataFrame({"ticker": empty, "provider_type": empty})
    assert frame.sectype.classify(service).empty
    assert frame.sectype.explain(service).columns.tolist() == EXPLAINED
    assert frame.sectype.conflicts(service).empty


def test_only_missing_tickers(service):
    nothing = pd.Series([None, np.nan, "  "], dtype=object)
    with pytest.warns(UnresolvedWarning, match="blank"):
        answers = nothing.sectype.explain(service)
    assert answers["security_type"].isna().all()
    assert answers["reason"].str.contains("no ticker").all()


@pytest.mark.filterwarnings("ignore::sectypes.errors.UnresolvedWarning")
def test_the_callers_objects_are_never_changed(service):
    frame = sectypes.datasets.sample_holdings()
    frame.attrs["mine"] = 1
    before = frame.copy(deep=True)
    series = frame["ticker"].copy(deep=True)
    for call in ("classify", "explain", "conflicts"):
        getattr(frame.sectype, call)(service)
    pd.testing.assert_frame_equal(frame, before)
    pd.testing.assert_series_equal(frame["ticker"], series)
    assert frame.attrs == {"mine": 1}


def test_a_result_can_be_changed_without_touching_the_next(service):
    tickers = pd.Series(["SPY", "SPY"])
    first = tickers.sectype.classify(service)
    first.iloc[0] = "other"
    assert tickers.sectype.classify(service).tolist() == ["etf", "etf"]


def test_the_households_fund_is_a_fund_for_all_three_providers(service):
    holdings = sectypes.datasets.sample_holdings()
    rows = holdings["ticker"] == "DSU"
    assert holdings.loc[rows, "provider"].nunique() == 3
    assert set(holdings.sectype.classify(service)[rows]) == {"mutual_fund"}
    answers = holdings.sectype.explain(service)[rows]
    assert set(answers["origin"]) == {"snapshot"}
    assert set(answers["subtype"]) == {"closed_end_fund"}
    found = holdings.sectype.conflicts(service)
    said = found[found["ticker"] == "DSU"].set_index("provider")["provider_says"]
    assert said["snaptrade"] == "equity"


def test_columns_are_found_by_their_usual_names_or_by_keyword(service):
    usual = pd.DataFrame({"Symbol": ["SPY"], "Description": ["x"], "Type": ["cs"]})
    assert usual.sectype.classify(service).tolist() == ["etf"]
    odd = pd.DataFrame({"what": ["SGOV"], "kind": ["cash"]})
    assert odd.sectype.classify(service, ticker="what", provider_type="kind").tolist() == ["cash"]


def test_columns_that_cannot_be_found_are_named(service):
    frame = pd.DataFrame({"a": ["SPY"]})
    with pytest.raises(InputError, match=r"no ticker column: looked for ticker.*'a'"):
        frame.sectype.classify(service)
    with pytest.raises(InputError, match="no column 'b' for ticker"):
        frame.sectype.classify(service, ticker="b")
    with pytest.raises(TypeError, match="no such keyword: 'tickers'"):
        frame.sectype.classify(service, tickers="a")
    with pytest.raises(InputError, match="conflicts need"):
        frame.sectype.conflicts(service, ticker="a")
    twice = pd.DataFrame([["SPY", "DSU"]], columns=["ticker", "ticker"])
    with pytest.raises(InputError, match="2 columns are called 'ticker'"):
        twice.sectype.classify(service)


@pytest.mark.parametrize(
    ("values", "value"),
    [([5, 10], "5"), (["SPY", True], "True"), (["SPY", 5.0], "5.0"), (["SPY", ["DSU"]], None)],
)
def test_tickers_that_are_no_text_are_refused_with_their_row(service, values, value):
    with pytest.raises(InputError, match="text") as caught:
        pd.Series(values, dtype=None if value == "5" else object).sectype.classify(service)
    if value is not None:
        last = caught.value.failures.iloc[-1 if len(values) == 2 and value != "5" else 0]
        assert str(last["value"]) == value


def test_what_stands_beside_a_series_must_fit(service):
    tickers = pd.Series(["SGOV", "SPY"], index=[3, 4])
    beside = tickers.sectype.classify(service, provider_types=["cash", None])
    assert beside.tolist() == ["cash", "etf"]
    with pytest.raises(InputError, match="index of the tickers"):
        tickers.sectype.classify(service, provider_types=pd.Series(["cash", "cs"]))
    with pytest.raises(InputError, match="1 entries for 2"):
        tickers.sectype.classify(service, names=["x"])


def test_conflicts_of_a_series(service):
    tickers = pd.Series(["DSU", "SPY"], name="ticker")
    found = tickers.sectype.conflicts(service, provider_types=["cs", "et"])
    assert found["ticker"].tolist() == ["DSU"]
    assert found["conflict"].tolist() == ["provider says equity, snapshot says mutual_fund"]


def test_providers_that_contradict_each_other_are_all_shown():
    alone = SecurityTypeService(source=None, store=None, settings=Settings())
    frame = pd.DataFrame(
        {
            "ticker": ["QQZZ", "QQ.ZZ", "QQZZ"],
            "provider": ["plaid", "plaid", "snaptrade"],
            "provider_type": ["mutual fund", "equity", "cs"],
        }
    )
    found = frame.sectype.conflicts(alone)
    assert found.index.tolist() == [0, 2]
    assert found["conflict"].str.contains("providers disagree: mutual_fund \\(plaid\\)").all()


def test_is_cash_counts_only_where_it_is_true(service):
    frame = pd.DataFrame({"ticker": ["SGOV"] * 4, "is_cash": [True, False, None, "False"]})
    assert frame.sectype.classify(service).tolist() == ["cash", "etf", "etf", "etf"]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["DSU", "SPY", "SGOV", "dsu", None]),
            st.sampled_from(["cs", "cash", "et", None]),
            st.sampled_from(["DSU SPY SGOV fund", "DSU SPY SGOV ETF", None]),
        ),
        min_size=1,
        max_size=30,
    )
)
@pytest.mark.filterwarnings("ignore::sectypes.errors.UnresolvedWarning")
def test_order_and_company_change_no_answer(rows):
    service = sectypes.datasets.sample_service()
    frame = pd.DataFrame(rows, columns=["ticker", "provider_type", "name"], dtype=object)
    types = frame.sectype.classify(service)
    backwards = frame.iloc[::-1].sectype.classify(service).sort_index()
    pd.testing.assert_series_equal(types, backwards)
    for row in range(len(frame)):
        alone = frame.iloc[[row]].sectype.classify(service)
        assert same(alone, types.iloc[[row]])


def test_many_categories_are_read_without_overflow(service):
    for count in (126, 127, 128, 129, 300):
        tickers = pd.Series([*(f"Q{n:04d}X" for n in range(count)), None], dtype="category")
        with pytest.warns(UnresolvedWarning):
            answers = tickers.sectype.explain(service)
        assert answers["ticker"].isna().tolist() == [False] * count + [True]
        assert answers["security_type"].isna().tolist() == [False] * count + [True]


@pytest.mark.parametrize("rows", [3, 70_000])
def test_categories_without_a_row_are_not_asked(rows):
    tickers = pd.Series(["SPY", "DSU", "SGOV", None] * rows, dtype="category")
    few = tickers[tickers != "DSU"]
    codes, queries = questions(series_columns(few))
    assert [query.ticker for query in queries] == ["SGOV", "SPY", ""]
    assert codes[:3].tolist() == [1, 0, 2]
    assert np.array_equal(codes[-3:], codes[:3])


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["SPY", None, "SPY"], pa.string()),
        (["SPY", None, "SPY"], pa.dictionary(pa.int8(), pa.string())),
        ([None, None, None], pa.null()),
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore::sectypes.errors.UnresolvedWarning")
def test_arrow_columns_are_read(service, values, kind):
    tickers = pd.Series(pd.array(values, dtype=pd.ArrowDtype(kind)))
    types = [value and "etf" for value in values]
    assert same(tickers.sectype.classify(service), types)
    assert same(pd.concat([tickers, tickers]).sectype.classify(service), types * 2)


@pytest.mark.parametrize("kind", [pa.int64(), pa.list_(pa.int64())], ids=str)
def test_arrow_columns_without_text_are_refused(service, kind):
    values = [1, 2] if kind == pa.int64() else [[1], [2]]
    tickers = pd.Series(pd.array(values, dtype=pd.ArrowDtype(kind)))
    with pytest.raises(InputError, match="text"):
        tickers.sectype.classify(service)


def test_combinations_beyond_64_bits_are_told_apart():
    # 70,000 different values in each of four columns: 2.4e19 combinations, of which 70,001 occur.
    numbers = pd.Series(range(70_000)).astype("str")
    frame = pd.DataFrame(
        {"ticker": "T" + numbers, "name": numbers, "provider": numbers, "provider_type": numbers}
    )
    frame = pd.concat([frame, frame.iloc[[0, 5]].assign(provider_type=None), frame.iloc[[5]]])
    codes, queries = questions(frame_columns(frame, {}))
    assert codes[-3:].tolist() == [70_000, 70_001, 5]
    assert queries[-1] == Query("T5", "T5", name="5", provider="5")
    said = ((query.ticker, query.name, query.provider, query.provider_type) for query in queries)
    assert all(rest == [ticker[1:]] * 3 for ticker, *rest in islice(said, 70_000))


@pytest.mark.parametrize("order", ["pandas, sectypes", "sectypes, pandas", "sectypes.frames"])
def test_the_accessor_is_there_whoever_comes_first(order):
    code = (
        f"import {order}; import pandas\n"
        "print(pandas.Series.sectype.__name__, pandas.DataFrame.sectype.__name__,"
        " type(pandas.__spec__.loader).__name__)"
    )
    command = [sys.executable, "-W", "error", "-c", code]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["SeriesAccessor", "FrameAccessor", "SourceFileLoader"]


def test_importing_waits_for_nobody():
    code = "import sectypes, sys; print('pandas' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["False"]


def test_compare_asks_once_and_a_saved_frame_asks_nobody(service, tmp_path):
    holdings = sectypes.datasets.sample_holdings()
    live = holdings.sectype.compare(service, method="worst_position")
    assert live.after.worst_position.ticker == "DSU"
    assert live.table().loc["concentration", "loss_before"] == pytest.approx(0.24)
    assert live.table().loc["concentration", "loss_after"] == pytest.approx(0.12)
    answers = holdings.sectype.explain(service).drop(columns="ticker")
    pd.concat([holdings, answers], axis="columns").to_parquet(tmp_path / "book.parquet")
    nobody = SecurityTypeService(source=None, store=None, settings=Settings())
    saved = pd.read_parquet(tmp_path / "book.parquet")
    assert saved.sectype.compare(nobody, method="worst_position") == live


def test_audit_has_one_row_a_position_and_effects_that_add_up(service):
    holdings = sectypes.datasets.sample_holdings()
    before = holdings.copy(deep=True)
    audited = holdings.sectype.audit(service, baseline="provider")
    pd.testing.assert_frame_equal(holdings, before)
    pd.testing.assert_index_equal(audited.index, holdings.index)
    change = audited["loss_after"].sum() - audited["loss_before"].sum()
    assert audited["effect"].sum() == pytest.approx(change, abs=1e-9)
    misread = audited[audited["flags"].str.contains("provider differs")]
    assert "DSU" in set(misread["ticker"])


def test_many_portfolios_are_one_row_each(service):
    found = sectypes.datasets.sample_holdings().sectype.compare(service, by="portfolio")
    assert found.index.tolist() == ["plaid", "snaptrade", "broker"]
    assert found.loc["snaptrade", "concentration_score_before"] == pytest.approx(80)
    assert found.loc["snaptrade", "concentration_score_after"] == 100


def test_odd_column_names_can_be_compared(service):
    odd = pd.DataFrame({"Symbol": ["DSU", "SPY"], "Type": ["cs", "et"], "value": [30.0, 70.0]})
    compared = odd.sectype.compare(service, baseline="provider")
    assert compared.positions()["type_before"].tolist() == ["equity", "etf"]
    assert compared.positions()["security_type"].tolist() == ["mutual_fund", "etf"]


def test_a_providers_column_of_types_is_no_answer(service):
    words = pd.DataFrame({"ticker": ["DSU"], "value": [30.0], "security_type": ["Closed-End Fund"]})
    assert words.sectype.audit(service)["security_type"].tolist() == ["mutual_fund"]
    answers = words.assign(security_type="bond")
    assert answers.sectype.audit(service)["security_type"].tolist() == ["bond"]


def test_a_running_loop_can_classify(service):
    frame = pd.DataFrame({"ticker": ["DSU", "SPY"]})

    async def both():
        return await asyncio.gather(
            frame.sectype.classify_async(service), frame["ticker"].sectype.classify_async(service)
        )

    for types in asyncio.run(both()):
        pd.testing.assert_series_equal(types, frame.sectype.classify(service))


def test_a_past_day_is_answered_from_the_database(tmp_path):
    settings = Settings()
    with SqlStore(f"sqlite:///{tmp_path}/cache.sqlite") as store:
        service = SecurityTypeService(source=None, store=store, settings=settings)
        service.override("DSU", "bond", note="bonds inside", author="ann")
        tickers = pd.Series(["DSU"])
        now = tickers.sectype.explain(service, as_of=datetime.now(UTC).date())
        with pytest.warns(UnresolvedWarning, match="DSU"):
            before = tickers.sectype.explain(service, as_of=date(2020, 1, 1))
    assert now["security_type"].tolist() == ["bond"]
    assert before["origin"].tolist() == ["default"]


@pytest.mark.parametrize("name", ["Type", " type "])
def test_a_column_of_account_types_says_nothing_about_the_securities(name, service):
    held = pd.DataFrame({"Symbol": ["AAPL", "SPY", "AAPL"], name: ["Cash", "Margin", None]})
    plain = held["Symbol"].sectype.classify(service)
    assert held.sectype.classify(service).equals(plain)
    assert "cash" in set(held.assign(**{name: ["Cash", "ETF", None]}).sectype.classify(service))


# -- names of columns, in any case and padding --------------------------------------------------


def book(**columns):
    """Two invented holdings, the first of which nobody knows."""
    return pd.DataFrame({"ticker": ["ZZZL", "SPY"], "value": [70.0, 30.0], **columns})


@pytest.mark.parametrize("rename", [str.title, str.upper, " {} ".format], ids=["Aa", "AA", "pad"])
def test_what_risk_reads_is_found_in_any_case_and_padding(service, rename):
    usual = book(
        security_type=["etf", "etf"], leverage=[3.0, 1.0], currency=["EUR", "USD"],
        origin=["default", "fmp"], stale=[True, False], portfolio=["a", "b"],
    )  # fmt: skip
    options = {"fx": {"EUR": 1.1, "USD": 1.0}}
    renamed = usual.rename(columns=rename)
    assert renamed.sectype.compare(service, **options) == usual.sectype.compare(service, **options)
    by = {"by": "portfolio", **options}
    pd.testing.assert_frame_equal(
        renamed.sectype.compare(service, **by), usual.sectype.compare(service, **by)
    )
    named = renamed.sectype.compare(service, by=rename("portfolio"), **options)
    assert named.index.name == rename("portfolio")


@pytest.mark.filterwarnings("ignore::sectypes.errors.UnresolvedWarning")
def test_currencies_and_weights_are_never_overlooked(service):
    with pytest.raises(InputError, match="cannot be added up: EUR, JPY"):
        book(Currency=["EUR", "JPY"]).sectype.compare(service)
    weighed = book(Weight=[0.25, 0.75]).sectype.audit(service)
    assert weighed["weight"].tolist() == [0.25, 0.75]


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (["Value", "value"], "the columns 'Value', 'value' read as one name; rename all but one"),
        (["Ticker ", "ticker"], "the columns 'Ticker ', 'ticker' read as one name"),
        (["Is Cash", "is_cash"], "the columns 'Is Cash', 'is_cash' read as one name"),
        *(
            ([name, name], f"2 columns are called '{name}'; rename all but one")
            for name in ("currency", "security_type", "leverage", "weight", "portfolio", "reason")
        ),
    ],
)
def test_two_columns_of_one_name_are_refused(service, names, says):
    twice = pd.DataFrame([["SPY", 1.0, "x", "x"]], columns=["symbol", "dollars", *names])
    with pytest.raises(InputError, match=says):
        twice.sectype.audit(service, ticker="symbol" if "ticker" not in names else None)


@pytest.mark.filterwarnings("ignore::sectypes.errors.UnresolvedWarning")
@pytest.mark.parametrize(
    ("column", "values", "wanted"),
    [
        ("Is Cash", [True, False], ["cash", "etf"]),
        ("is-cash", ["True", ""], ["cash", "etf"]),
        ("isCash", ["true ", "FALSE"], ["cash", "etf"]),
        ("IS_CASH", [1, 0], ["cash", "etf"]),
        ("Asset Type", ["ETF", None], ["etf", "etf"]),
        ("Security Type", ["ETF", None], ["etf", "etf"]),
        ("provider-type", ["mutual fund", None], ["mutual_fund", "etf"]),
        ("Security_Type", ["mutual fund", None], ["equity", "etf"]),
    ],
)
def test_usual_names_are_read_as_brokers_write_them(service, column, values, wanted):
    held = book(**{column: values})
    assert held.sectype.classify(service).tolist() == wanted
    assert held.sectype.audit(service)["security_type"].tolist() == wanted


@pytest.mark.parametrize("value", ["perhaps", 2, "yes"])
def test_other_words_for_cash_are_refused_with_their_row(service, value):
    held = book(is_cash=pd.Series([False, value], dtype=object))
    for call in (held.sectype.classify, held.assign(security_type="etf").sectype.compare):
        with pytest.raises(InputError, match=r"row 1, column 'is_cash', value .*: must be True or"):
            call(service)


@pytest.mark.filterwarnings("ignore::sectypes.errors.UnresolvedWarning")
@pytest.mark.parametrize("method", ["audit", "compare", "explore"])
def test_columns_can_be_named_for_risk_as_well(service, method):
    odd = book().rename(columns={"ticker": "Sym"})
    with pytest.raises(InputError, match=r"name it with ticker='\.\.\.'"):
        getattr(odd.sectype, method)(service)
    assert getattr(odd.sectype, method)(service, ticker="Sym") is not None
    with pytest.raises(InputError, match="no column 'Simbol' for ticker"):
        getattr(odd.sectype, method)(service, ticker="Simbol")


# -- multiples and answers that the frame states ------------------------------------------------


@pytest.mark.filterwarnings("ignore::sectypes.errors.UnresolvedWarning")
@pytest.mark.parametrize(
    ("ticker", "stated", "counts"),
    [
        ("ZZZL", 3.0, 3.0), ("ZZZL", -2.0, -2.0), ("ZZZL", None, 1.0), ("ZZZL", 0.0, 1.0),
        ("ZZZL", 0.5, 1.0), ("TQQQ", 1.0, 3.0), ("TQQQ", -3.0, 3.0), ("TQQQ", -4.0, -4.0),
        ("", 2.0, 2.0),
    ],
)  # fmt: skip
def test_of_two_multiples_the_larger_counts(service, ticker, stated, counts):
    held = pd.DataFrame({"ticker": [ticker], "type": ["ETF"], "value": 1.0, "leverage": [stated]})
    assert held.sectype.audit(service)["leverage"].tolist() == [counts]


@pytest.mark.filterwarnings("ignore::sectypes.errors.UnresolvedWarning")
def test_a_stated_multiple_must_be_a_number(service):
    held = book(leverage=[1.0, "3x"])
    with pytest.raises(InputError, match="row 1, column 'leverage', value '3x': is not a number"):
        held.sectype.compare(service)
    assert service.cache_stats().answers == 0  # refused before anybody is asked
    assert held.sectype.classify(service).tolist() == ["equity", "etf"]


@pytest.mark.filterwarnings("ignore::sectypes.errors.UnresolvedWarning")
@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["etf", "Equity"], ["etf", "equity"]),
        (["etf ", "ETF"], ["etf", "etf"]),
        (["", "bond"], [None, "bond"]),
        ([None, "Mutual_Fund"], [None, "mutual_fund"]),
        ([None, np.nan], ["equity", "etf"]),
        (["", " "], ["equity", "etf"]),
        (["Closed-End Fund", "Common Stock"], ["equity", "etf"]),
    ],
)
@pytest.mark.parametrize("dtype", ["object", "category"])
def test_answers_in_a_frame_are_read_with_a_light_hand(service, words, wanted, dtype):
    held = book(security_type=pd.Series(words, dtype=dtype))
    types = held.sectype.audit(service)["security_type"]
    assert types.dtype == TYPE_DTYPE
    assert same(types, wanted)


def test_one_slip_of_the_pen_does_not_discard_all_answers(service):
    words = ["etf", "eqity", "Closed-End Fund", "eqity"]
    held = pd.DataFrame({"ticker": ["DSU"] * 4, "value": 1.0, "security_type": words})
    with pytest.raises(InputError, match="row 1, column 'security_type', value 'eqity'") as caught:
        held.sectype.compare(service)
    assert caught.value.failures["row"].tolist() == [1, 2]
    asked = held.sectype.audit(service, provider_type="security_type")
    assert set(asked["security_type"]) == {"mutual_fund"}
