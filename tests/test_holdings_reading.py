"""What an input is: detection by content, forms of input, lists, limits, and anything at all."""

from __future__ import annotations

import io
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from sectypes.errors import InputError
from sectypes.holdings import COLUMNS, read_holdings
from sectypes.holdings import inputs as room
from sectypes.holdings.frame import (
    NUMBER_COLUMNS,
    TEXT_COLUMNS,
    Position,
    holdings_frame,
    text_dtype,
)
from sectypes.holdings.inputs import parse_json

DATA = Path(__file__).parent / "data"
CSV = "Symbol,Shares\nXYZQ,1\n"
YAML = "portfolio_input:\n  XYZQ: {shares: 1}\n"
PLAID: dict[str, Any] = {
    "holdings": [{"security_id": "s", "quantity": 1}],
    "securities": [{"security_id": "s", "ticker_symbol": "XYZQ"}],
}
SNAPTRADE: dict[str, Any] = {
    "results": [{"instrument": {"kind": "stock", "symbol": "XYZQ"}, "units": "1"}]
}
CONTENT = {
    "csv": CSV,
    "yaml": YAML,
    "plaid": json.dumps(PLAID),
    "snaptrade": json.dumps(SNAPTRADE),
}


@pytest.mark.parametrize("provider", CONTENT)
@pytest.mark.parametrize("suffix", [".csv", ".json", ".yaml", ".txt", ""])
def test_the_content_decides_not_the_suffix(provider: str, suffix: str, tmp_path: Path) -> None:
    if suffix == ".yaml" and provider == "csv":
        suffix = ".dat"  # a suffix is a hint where the content could be anything
    path = tmp_path / f"book{suffix}"
    path.write_text(CONTENT[provider])
    frame = read_holdings(path)
    assert frame[["provider", "ticker", "units"]].to_numpy().tolist() == [[provider, "XYZQ", 1.0]]


@pytest.mark.parametrize("provider", CONTENT)
def test_the_right_provider_may_be_said(provider: str) -> None:
    frame = read_holdings(CONTENT[provider], provider=provider.upper())
    assert frame["provider"].tolist() == [provider]


@pytest.mark.parametrize(
    ("provider", "content", "reason"),
    [
        ("plaid", "snaptrade", "read as plaid, but it looks like snaptrade"),
        ("snaptrade", "plaid", "read as snaptrade, but it looks like plaid"),
        ("csv", "plaid", "read as table, but it looks like plaid"),
        ("yaml", "snaptrade", "read as yaml, but it looks like snaptrade"),
        ("plaid", "csv", "not valid JSON.* line 1, column 1"),
        ("snaptrade", "yaml", "not valid JSON"),
        ("csv", "yaml", "no ticker column"),
        ("yaml", "csv", "no portfolio"),
    ],
)
def test_the_wrong_provider_is_refused(provider: str, content: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        read_holdings(CONTENT[content], provider=provider)


def test_frames_and_workbooks_are_tables() -> None:
    frame = pd.DataFrame({"ticker": ["XYZQ"], "shares": [1]})
    assert len(read_holdings(frame, provider="csv")) == 1
    with pytest.raises(InputError, match="read as plaid, but it looks like table"):
        read_holdings(frame, provider="plaid")
    with pytest.raises(InputError, match="read as yaml, but it looks like table"):
        read_holdings(b"PK\x03\x04", provider="yaml")


def test_a_provider_that_does_not_exist() -> None:
    with pytest.raises(InputError, match="no provider 'planet'; choose one of plaid, snaptrade"):
        read_holdings(CSV, provider="planet")


@pytest.mark.parametrize(
    "form", ["path", "str", "text", "bytes", "bytearray", "StringIO", "BytesIO"]
)
@pytest.mark.parametrize("provider", CONTENT)
def test_forms_of_input(form: str, provider: str, tmp_path: Path) -> None:
    text = CONTENT[provider]
    path = tmp_path / "book"
    path.write_text(text)
    sources = {
        "path": path,
        "str": str(path),
        "text": text,
        "bytes": text.encode(),
        "bytearray": bytearray(text.encode()),
        "StringIO": io.StringIO(text),
        "BytesIO": io.BytesIO(text.encode()),
    }
    assert read_holdings(sources[form])["ticker"].tolist() == ["XYZQ"]


def test_an_open_file_is_read_from_where_it_stands_and_left_open(tmp_path: Path) -> None:
    path = tmp_path / "book.csv"
    path.write_text(CSV)
    with path.open("rb") as file:
        assert read_holdings(file)["portfolio"].tolist() == ["book"]
        assert not file.closed


def test_the_frame_has_fixed_columns_and_dtypes() -> None:
    for frame in (holdings_frame([]), holdings_frame([Position()]), read_holdings(CSV)):
        assert tuple(frame.columns) == COLUMNS
        assert isinstance(frame.index, pd.RangeIndex)
        assert frame["is_cash"].dtype == bool
        assert {frame[name].dtype for name in NUMBER_COLUMNS} == {np.dtype("float64")}
        assert all(frame[name].dtype == text_dtype() for name in TEXT_COLUMNS)


def test_missing_values_are_missing() -> None:
    row = holdings_frame([Position()]).iloc[0]
    assert row.drop("is_cash").isna().all()
    assert not row["is_cash"]


# -- lists --------------------------------------------------------------------------------------


def test_a_list_is_read_one_by_one() -> None:
    frame = read_holdings([CSV, PLAID, pd.DataFrame({"ticker": ["A"]}), SNAPTRADE, YAML])
    assert frame["provider"].tolist() == ["csv", "plaid", "csv", "snaptrade", "yaml"]
    assert frame.index.tolist() == list(range(5))
    assert set(read_holdings((CSV, YAML), portfolio="all")["portfolio"]) == {"all"}


def test_a_list_collects_the_problems_of_all_inputs() -> None:
    bad = "Symbol,Shares\nX,many\n"
    with pytest.raises(
        InputError, match=r"3 of 4 inputs cannot be read: input 0: .*input 2"
    ) as caught:
        read_holdings([bad, CSV, bad, "/no/such/file.csv"])
    assert caught.value.failures["row"].tolist() == [2, 2]


@pytest.mark.parametrize("empty", [[], ()])
def test_an_empty_list_is_nothing_unless_the_provider_is_known(empty: Any) -> None:
    with pytest.raises(InputError, match="nothing to read"):
        read_holdings(empty)
    assert read_holdings(empty, provider="snaptrade").empty


# -- what cannot be read ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("", "is empty"),
        ("  \n ", "is empty"),
        (b"", "is empty"),
        ("/no/such/file.csv", "No such file"),
        (Path("/"), "directory"),
        ("bad\0name", "cannot read"),
        ("x" * 5000, "too long"),
        (5, "cannot read holdings from int"),
        (None, "cannot read holdings from NoneType"),
        ("<!DOCTYPE html>\n<html>Sign in</html>", "looks like an HTML page"),
        (b"\xef\xbb\xbf<html>", "looks like an HTML page"),
        ('{"holdings": [1,\n  }', "not valid JSON.* at line 2, column 3"),
        ('[{"a": 1}', "not valid JSON"),
        ('{"a": NaN}', "NaN is not a JSON number"),
        ('{"a": 1, "a": 2}', "'a' occurs twice"),
        ('{"a": ' + "9" * 5000 + "}", "not valid JSON"),
        ("[" * 100_000, "nested too deeply"),
        ({}, "neither Plaid's nor SnapTrade's"),
        ({"message": "Forbidden"}, r"found: \['message'\]"),
        ("[1, 2]", "found: list"),
        (["[]"], "found: list"),
        (object(), "cannot read holdings from object"),
        ("\ud800,\n", "not valid Unicode"),
    ],
)
def test_what_cannot_be_read(source: Any, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        read_holdings(source)


def test_malformed_json_names_line_column_and_value() -> None:
    with pytest.raises(InputError, match="Expecting value") as caught:
        parse_json('{"a": 1,\n "b": oops}', label="x.json")
    assert caught.value.problems[0][:3] == (2, "7", "oops}")


def test_what_is_too_large_is_refused() -> None:
    endless = io.BytesIO(b"x" * (room.MAX_BYTES + 10))
    with pytest.raises(InputError, match="larger than 50 MB"):
        read_holdings(endless)
    assert endless.tell() == room.MAX_BYTES + 1


def test_errors_survive_pickling() -> None:
    with pytest.raises(InputError, match="cannot be read") as caught:
        read_holdings("Symbol,Shares\nX,many\n")
    again = pickle.loads(pickle.dumps(caught.value))
    assert again.problems == caught.value.problems


# -- anything at all ----------------------------------------------------------------------------

ROOM = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


def outcome(source: Any, **keywords: Any) -> str:
    """ "read", or the package's own error; any other exception fails the test."""
    try:
        frame = read_holdings(source, **keywords)
    except InputError:
        return "refused"
    assert tuple(frame.columns) == COLUMNS
    assert np.isfinite(frame["units"].dropna()).all()
    return "read"


def damaged(built: Any, junk: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A payload in which some values are missing or are anything else."""
    if isinstance(built, dict):
        fields = {key: damaged(value, junk) for key, value in built.items()}
        return st.fixed_dictionaries({}, optional=fields) | junk
    if isinstance(built, list):
        return st.tuples(*(damaged(item, junk) for item in built)).map(list) | junk
    return st.just(built) | junk


SAMPLES = {
    "plaid": json.loads((DATA / "holdings_plaid.json").read_text())
    | {"holdings": PLAID["holdings"], "securities": PLAID["securities"], "accounts": []},
    "snaptrade": SNAPTRADE | {"balances": [{"currency": {"code": "USD"}, "cash": 5}]},
    "old": {
        "account": {"id": "a", "sync_status": {"holdings": {"holdings_unavailable": False}}},
        "positions": [{"symbol": {"symbol": {"symbol": "X", "type": {"code": "cs"}}}, "units": 1}],
        "balances": [{"currency": {"code": "USD", "name": "US Dollar"}, "cash": 5}],
    },
    "yaml": {"portfolio_input": {"XYZQ": {"shares": 1, "type": "equity"}}},
}


@pytest.mark.filterwarnings("ignore::sectypes.errors.HoldingsWarning")
@pytest.mark.parametrize("shape", SAMPLES)
@ROOM
@given(data=st.data())
def test_damaged_payloads_are_read_or_refused(shape: str, data: st.DataObject) -> None:
    payload = data.draw(damaged(SAMPLES[shape], JSON))
    assert outcome(payload) in ("read", "refused")


@pytest.mark.filterwarnings("ignore::sectypes.errors.HoldingsWarning")
@ROOM
@given(JSON, st.sampled_from([None, "plaid", "snaptrade", "yaml", "csv"]))
def test_any_object_is_read_or_refused(payload: Any, provider: str | None) -> None:
    if not isinstance(payload, str):
        assert outcome(payload, provider=provider) in ("read", "refused")


@pytest.mark.filterwarnings("ignore::sectypes.errors.HoldingsWarning")
@ROOM
@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    assert outcome(content) in ("read", "refused")
    assert outcome(b"Symbol,Shares\n" + content) in ("read", "refused")


@pytest.mark.filterwarnings("ignore::sectypes.errors.HoldingsWarning")
@ROOM
@given(st.text(alphabet='Symbol,Qty"\n\r;\t |=+-$()%.019AZÉ\u2028', max_size=60))
def test_any_table_is_read_or_refused(text: str) -> None:
    assert outcome(f"{text}\nSymbol,Qty,Value\n{text}\nNA,1,2\n") in ("read", "refused")


@ROOM
@given(st.lists(st.tuples(SCALARS, SCALARS | st.dates() | st.lists(st.integers())), max_size=4))
@pytest.mark.filterwarnings("ignore::sectypes.errors.HoldingsWarning")
def test_any_frame_is_read_or_refused(rows: list[tuple[Any, Any]]) -> None:
    frame = pd.DataFrame(
        {
            "ticker": pd.Series([row[0] for row in rows], dtype=object),
            "value": pd.Series([row[1] for row in rows], dtype=object),
        }
    )
    before = frame.copy(deep=True)
    assert outcome(frame) in ("read", "refused")
    pd.testing.assert_frame_equal(frame, before)


@given(st.from_regex(r"[A-Z0-9][A-Z0-9 .$/^=+*-]{0,20}", fullmatch=True))
def test_a_ticker_comes_out_as_it_went_in(ticker: str) -> None:
    assume("TOTAL" not in ticker and ticker != "N/A")
    frame = read_holdings(f"Symbol,Shares\n{ticker},1\n")
    assert frame["ticker"].tolist() == [ticker.strip()]
