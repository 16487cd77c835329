"""Rows sorted in bulk: as each of them would be by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sectypes.precedence import Known, decide
from sectypes.sorting import answers_itself, sort_rows
from sectypes.taxonomy import Classification, Origin, Query, SecurityType, ServedBy
from sectypes.trails import from_cache

SEEN = datetime(2026, 3, 2, tzinfo=UTC)
FUND = Classification(
    "DSU",
    SecurityType.MUTUAL_FUND,
    Origin.FMP,
    raw_label="isFund",
    observed_at=SEEN,
    expires_at=SEEN + timedelta(days=90),
)
OVERRIDES = {
    "USD": Classification("USD", SecurityType.ETF, Origin.OVERRIDE),
    "CASH": Classification("CASH", SecurityType.CASH, Origin.OVERRIDE),
}
ROWS = st.builds(
    lambda key, **words: Query(key, key, **words),
    st.sampled_from(["", "DSU", "USD", "CASH", "BTC", "CUR:BTC"]),
    name=st.sampled_from([None, "", "Bitcoin", "US DOLLAR", "Sample Growth Fund"]),
    provider=st.sampled_from([None, "plaid", "snaptrade"]),
    provider_type=st.sampled_from([None, "cash", "cs", "cryptocurrency", "option", "no word"]),
    is_cash=st.booleans(),
)


@given(st.lists(ROWS, max_size=30))
def test_many_rows_are_sorted_as_each_alone(rows):
    aside, keys = sort_rows(rows, OVERRIDES)
    alone = [answers_itself(row, OVERRIDES.get(row.key)) for row in rows]
    asked = dict.fromkeys(row.key for row, is_told in zip(rows, alone, strict=True) if not is_told)
    overridden = {number for number, row in enumerate(rows) if row.key in OVERRIDES}
    assert keys == list(asked)
    assert set(aside) == {number for number, told in enumerate(alone) if told} | overridden
    assert all(aside[number] is OVERRIDES[rows[number].key] for number in overridden)


@given(st.lists(ROWS, max_size=30))
def test_the_rows_that_stand_aside_can_be_given_or_found(rows):
    aside, _ = sort_rows(rows, OVERRIDES)
    given_them = decide(rows, overrides=OVERRIDES, known={"DSU": FUND}, aside=aside)
    assert given_them == decide(rows, overrides=OVERRIDES, known={"DSU": FUND})


@pytest.mark.parametrize("room", [ServedBy.MEMORY, ServedBy.DATABASE])
def test_a_fact_alone_is_told_as_the_room_would_tell_it(room):
    read = {"DSU"} if room is ServedBy.DATABASE else set()
    [alone] = decide([Query("DSU", "DSU")], overrides={}, known={"DSU": FUND}, read=read)
    [told] = decide([Query("DSU", "DSU")], overrides={}, known={"DSU": from_cache(FUND, room)})
    assert alone == told
    assert alone.served_by is room


@pytest.mark.parametrize("known", [FUND.replace(leverage=3.0), Known(FUND.replace(leverage=3.0))])
def test_an_overridden_fund_keeps_the_multiple_of_its_fact(known):
    made = Classification("DSU", SecurityType.ETF, Origin.OVERRIDE)
    [answer] = decide([Query("DSU", "DSU")], overrides={"DSU": made}, known={"DSU": known})
    assert (answer.security_type, answer.classification.leverage) == (SecurityType.ETF, 3.0)


def test_a_row_answers_itself_only_when_blank_or_not_listed():
    assert answers_itself(Query("", ""))
    assert answers_itself(Query("USD", "USD", is_cash=True))
    assert not answers_itself(Query("USD", "USD"))
    assert not answers_itself(Query("AGG", "AGG", provider_type="fixed income"))


def test_an_asset_class_of_cash_answers_nothing():
    row = Query("BILQ", "BILQ", name="Sample Bill ETF", provider_type="Cash Equivalents")
    assert not answers_itself(row)
    assert answers_itself(row.replace(is_cash=True))
    assert answers_itself(row.replace(provider="plaid", provider_type="cash"))
