"""Anything at all, from outside: the package answers or refuses, soon and in bounded memory."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.fmp_server import profile
from support.hostile import (
    ATTACKS,
    ENOUGH,
    TICKERS,
    damaged,
    damaged_bytes,
    held,
    nested,
)
from support.loads import in_child

from sectypes.cli import run
from sectypes.config import Settings
from sectypes.current import using
from sectypes.errors import SectypesError
from sectypes.heuristics import guess
from sectypes.service import SecurityTypeService
from sectypes.sources import read_profile
from sectypes.store import SqlStore
from sectypes.taxonomy import AnswerStatus, Origin, SecurityType
from sectypes.tickers import canonical, shape
from sectypes.vocab import tri_state

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

DATA = Path(__file__).parent / "data"
PLAID = json.loads((DATA / "holdings_plaid.json").read_text())
SNAPTRADE = json.loads((DATA / "holdings_snaptrade.json").read_text())
OLD = {
    "account": {"id": "a", "sync_status": {"holdings": {"holdings_unavailable": False}}},
    "positions": [{"symbol": {"symbol": {"symbol": "X", "type": {"code": "cs"}}}, "units": 1}],
    "balances": [{"currency": {"code": "USD", "name": "US Dollar"}, "cash": 5}],
}
PORTFOLIO = {"portfolio_input": {"XYZQ": {"shares": 1, "type": "equity", "price": 2}}}


@pytest.fixture
def service(tmp_path):
    """A service with a real database and nobody to ask."""
    store = SqlStore(f"sqlite:///{tmp_path}/cache.db")
    made = SecurityTypeService(source=None, store=store, settings=Settings(offline=True))
    with made:
        yield made


# -- tickers ------------------------------------------------------------------------------------


@settings(max_examples=200, **ENOUGH)
@given(TICKERS)
def test_any_text_has_a_key_a_shape_and_at_most_a_named_guess(text):
    key = canonical(text)
    assert canonical(key) == key
    assert len(key) <= 64 or shape(key) is shape("A" * 10_000)
    found = guess(key, name=text, exchange=text)
    assert found is None or found.rule


@settings(max_examples=120, **ENOUGH)
@given(st.lists(TICKERS, max_size=4))
@example(list(ATTACKS))
def test_any_text_gets_an_answer_that_says_who_gave_it(service, texts):
    answers = service.resolve(texts)
    assert [one.query.ticker for one in answers] == texts
    for one in answers:
        fact = one.classification
        assert one.reason
        assert fact is None or fact.security_type in SecurityType
        assert fact is None or fact.origin.is_guess
    assert service.list_facts() == []


@settings(max_examples=60, **ENOUGH)
@given(st.sampled_from(ATTACKS) | TICKERS)
def test_any_text_can_be_overridden_or_is_refused(service, text):
    before = set(service.overrides())
    try:
        service.override(text, "etf", note=text or "n", author="fuzz")
    except SectypesError:
        assert set(service.overrides()) == before
        return
    assert service.resolve([text])[0].security_type == "etf"
    assert service.remove_override(text)
    assert service.history(text) == []


@settings(max_examples=40, **ENOUGH)
@given(st.lists(TICKERS | st.none(), min_size=1, max_size=4))
def test_any_column_is_explained_row_by_row(service, texts):
    series = pd.Series(texts, dtype=object)
    told = series.sectype.explain(service=service)
    assert len(told) == len(series)
    assert told["reason"].notna().all()
    assert series.tolist() == texts


@settings(max_examples=40, **ENOUGH)
@given(st.sampled_from(ATTACKS) | TICKERS, st.sampled_from(["--json", "--csv", ""]))
def test_the_command_line_answers_or_refuses_any_ticker(service, capsys, text, form):
    asked = ["classify", *([form] if form else []), "--", text]
    with using(service):
        code = run(asked)
    out, err = capsys.readouterr()
    assert code in (0, 1)
    assert "Traceback" not in err
    assert out if code == 0 else err
    if form == "--json" and code == 0:
        assert len(json.loads(out)) == 1


@pytest.mark.parametrize("with_database", [True, False])
def test_random_tickers_cost_no_memory_and_no_more_time_each(tmp_path, with_database):
    # The whole million is `python tests/soak.py --tickers 1000000`: 40 s of a core.
    database = f"sqlite:///{tmp_path}/cache.db" if with_database else ""
    told = in_child("random_tickers", "60000", database)
    assert (told["answers"], told["stored"]) == (60_000, 0)
    assert told["growth_mb"] < 40
    assert told["slowing"] < 3


# -- payloads -----------------------------------------------------------------------------------


@pytest.mark.parametrize("good", [PLAID, SNAPTRADE, OLD, PORTFOLIO], ids=["p", "s", "o", "y"])
@settings(max_examples=60, **ENOUGH)
@given(data=st.data())
def test_a_damaged_payload_is_read_or_refused(good, data):
    bad = data.draw(damaged(good))
    before = repr(bad)
    held(bad)
    assert repr(bad) == before
    held(json.dumps(bad, skipkeys=True))


@settings(max_examples=60, **ENOUGH)
@given(st.sampled_from([PLAID, SNAPTRADE, OLD]), st.data())
def test_a_damaged_file_is_read_or_refused(good, data):
    held(data.draw(damaged_bytes(json.dumps(good).encode())))


@pytest.mark.parametrize("depth", [400, 5000, 200_000])
@pytest.mark.parametrize("place", ["holdings", "results", "portfolio_input"])
def test_what_is_nested_without_end_is_refused(place, depth):
    text = f'{{"{place}": {"[" * depth}1{"]" * depth}}}'
    assert not held(text)
    assert not held({place: nested(min(depth, 5000))})


@settings(max_examples=150, **ENOUGH)
@given(st.data())
def test_a_damaged_profile_never_becomes_a_type_without_its_flags(data):
    body = data.draw(damaged([profile("SPY", is_etf=True)]))
    answer = read_profile(body, key="SPY", origin=Origin.FMP)
    assert (answer.classification is not None) == (answer.status is AnswerStatus.FOUND)
    if answer.classification is not None:
        [one] = [row for row in body if isinstance(row, dict)][:1]
        flags = [tri_state(one.get(name)) for name in ("isEtf", "isFund")]
        assert answer.classification.ticker == "SPY"
        assert True in flags or flags == [False, False]
        assert -100 <= answer.classification.leverage <= 100
