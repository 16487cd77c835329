"""Is it the same security? Names and identifiers of holdings against those of facts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sectypes.likeness import (
    contradiction,
    is_comparable,
    is_other_identifier,
    is_other_name,
)
from sectypes.taxonomy import Classification, Origin, Query, SecurityType

# Sample identifiers with right check digits.
ISIN, CUSIP, OTHER_ISIN = "US0378331005", "037833100", "US5949181045"
FIGI, GERMAN = "BBG000B9XRY4", "DE0007164600"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("BLACKROCK DEBT STRAT FD", "BlackRock Debt Strategies Fund, Inc."),
        ("VANGUARD TTL STK MKT IDX ADM", "Vanguard Total Stock Market Index Fund Admiral Shares"),
        ("IBM", "International Business Machines Corporation"),
        ("FirstEnergy Corp", "First Energy Corporation"),
        ("PowerShares QQQ", "Invesco QQQ Trust"),
        ("3M CO", "3M Company"),
        ("GE AEROSPACE", "General Electric Company"),
        ("Sample Cat Fund", "Caterpillar Sample Two"),
        ("Old MSFT", "New Microsoft"),
        ("AT&T INC", "AT&T Inc."),
        ("Fund", "BlackRock Debt Strategies Fund"),  # nothing of its own
        ("", "Apple Inc."),
        ("\u682a\u5f0f\u4f1a\u793e", "Toyota Motor Corporation"),  # not comparable
    ],
)
def test_names_that_may_be_the_same(one: str, other: str) -> None:
    assert not is_other_name(one, other)
    assert not is_other_name(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Facebook Inc", "Meta Platforms, Inc."),
        ("Old Rail Lines Inc", "Sunny Bakeries Inc"),
        ("BlackRock Debt Strategies Fund", "Dynamic Surgical Unlimited Inc"),
        ("Bitcoin", "Grayscale Mini Trust"),
        ("Go Figure", "Gold Mines"),  # two letters abbreviate nothing
        ("Ram Ag", "Tram Lines"),  # nor do letters from the middle
        ("Lot", "Dealt Rates"),
        ("X Yard", "X Zinc"),  # nor does one letter in common
    ],
)
def test_names_that_are_certainly_two(one: str, other: str) -> None:
    assert is_other_name(one, other)
    assert is_other_name(other, one)


@given(st.text(max_size=60), st.text(max_size=60))
def test_likeness_of_names_is_mutual_and_a_name_is_like_itself(one: str, other: str) -> None:
    assert not is_other_name(one, one)
    assert is_other_name(one, other) == is_other_name(other, one)


@given(st.text("ABCDEFGHIJ KLMNOP", min_size=8, max_size=60), st.integers(6, 30))
def test_a_name_cut_short_is_the_same_name(name: str, length: int) -> None:
    assert not is_other_name(name, name[:length])


@pytest.mark.parametrize(
    ("identifier", "isin", "is_other"),
    [
        (ISIN, ISIN, False),
        (CUSIP, ISIN, False),
        (OTHER_ISIN, ISIN, True),
        (OTHER_ISIN[2:11], ISIN, True),
        (CUSIP, GERMAN, None),  # no CUSIP is in a German ISIN
        (CUSIP, "CA0378331005", False),  # but in a Canadian one
        (FIGI, ISIN, None),
        ("no identifier", ISIN, None),
    ],
)
def test_identifiers(identifier: str, isin: str, is_other: bool | None) -> None:
    assert is_other_identifier(identifier, isin) is is_other


@pytest.mark.parametrize(
    ("name", "identifier", "fact_name", "fact_isin", "why"),
    [
        ("Facebook", None, "Meta Platforms", None, "'Meta Platforms', not 'Facebook'"),
        ("Facebook", ISIN, "Meta Platforms", ISIN, None),  # the identifier outranks the name
        ("Meta", OTHER_ISIN, "Meta Platforms", ISIN, f"{ISIN}, not {OTHER_ISIN}"),
        ("Facebook", FIGI, "Meta Platforms", ISIN, "'Meta Platforms', not 'Facebook'"),
        ("XYZQ US Equity", None, "Meta Platforms", None, None),  # names the ticker
        ("xyzq", None, "Meta Platforms", None, None),
        (None, None, "Meta Platforms", ISIN, None),
        ("Facebook", CUSIP, None, None, None),
    ],
)
def test_what_speaks_against_a_fact(
    name: str | None, identifier: str | None, fact_name: str | None, fact_isin: str | None, why: str
) -> None:
    held = Query("XYZQ", "XYZQ", name=name, identifier=identifier)
    fact = Classification("XYZQ", SecurityType.EQUITY, Origin.FMP, name=fact_name)
    said = contradiction(held, fact, fact_isin)
    assert said == (why and f"another security under this ticker: {why}")


def test_what_can_be_held_against_an_isin() -> None:
    given = (ISIN, CUSIP, FIGI, "no identifier", "", None)
    assert [is_comparable(one) for one in given] == [True, True, False, False, False, False]
