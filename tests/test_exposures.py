"""Volatility and betas against an independent computation, and the rule for gaps."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pandas as pd
import pytest

from sectypes.errors import InputError
from sectypes.exposures import PortfolioExposures

MONTHS = pd.period_range("2021-01", periods=48, freq="M")
WEIGHTS = {"AAA": 0.5, "BBB": 0.4, "CCC": -0.2, "DDD": 0.3}


@pytest.fixture
def market_data() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Invented returns: positions, factor proxies, industry proxies."""
    rng = np.random.default_rng(11)
    factors = pd.DataFrame(
        rng.normal(0.006, 0.04, (48, 3)), index=MONTHS, columns=["market", "momentum", "value"]
    )
    industries = pd.DataFrame(
        rng.normal(0.005, 0.05, (48, 2)), index=MONTHS, columns=["TECH", "OIL"]
    )
    noise = rng.normal(0, 0.03, (48, 4))
    returns = pd.DataFrame(noise, index=MONTHS, columns=list(WEIGHTS))
    returns = returns.add(factors["market"] * 0.9, axis=0)
    return returns, factors, industries


def _slope(y: pd.Series, x: pd.Series) -> float:
    """An independent slope: least squares on the months that both have."""
    both = pd.concat([y, x], axis=1).dropna().to_numpy()
    design = np.column_stack([np.ones(len(both)), both[:, 1]])
    return float(np.linalg.lstsq(design, both[:, 0], rcond=None)[0][1])


def test_volatility_agrees_with_the_returns_of_the_portfolio(market_data):
    returns, _, _ = market_data
    found = PortfolioExposures.from_returns(WEIGHTS, returns)
    book = returns.mul(pd.Series(WEIGHTS)).sum(axis=1)
    assert found.volatility_annual == pytest.approx(book.std(ddof=1) * math.sqrt(12), abs=1e-9)
    assert found.months == 48


def test_betas_agree_with_least_squares(market_data):
    returns, factors, industries = market_data
    found = PortfolioExposures.from_returns(
        WEIGHTS, returns, factors=factors, industries=industries
    )
    series = {
        "market": factors["market"],
        "momentum": factors["momentum"] - factors["market"],
        "value": factors["value"] - factors["market"],
    }
    for name, factor in series.items():
        expected = sum(w * _slope(returns[ticker], factor) for ticker, w in WEIGHTS.items())
        assert found.factor_betas[name] == pytest.approx(expected, abs=1e-9)
    for name in industries:
        expected = sum(w * _slope(returns[t], industries[name]) for t, w in WEIGHTS.items())
        assert found.industry_betas[name] == pytest.approx(expected, abs=1e-9)
    assert dict(found.reasons) == {}


def test_gaps_leave_out_the_month_of_the_pair_only(market_data):
    returns, factors, _ = market_data
    returns.iloc[:20, 0] = np.nan
    returns.iloc[30:34, 1] = np.nan
    factors.iloc[40, 0] = np.nan
    found = PortfolioExposures.from_returns(WEIGHTS, returns, factors=factors)
    expected = sum(w * _slope(returns[t], factors["market"]) for t, w in WEIGHTS.items())
    assert found.factor_betas["market"] == pytest.approx(expected, abs=1e-9)
    complete = returns.dropna()
    book = complete.mul(pd.Series(WEIGHTS)).sum(axis=1)
    assert found.volatility_annual == pytest.approx(book.std(ddof=1) * math.sqrt(12), abs=1e-9)
    assert found.months == len(complete) == 24


def test_a_short_history_makes_the_portfolio_unknown_not_zero(market_data):
    returns, factors, industries = market_data
    returns.iloc[:40, 3] = np.nan
    found = PortfolioExposures.from_returns(
        WEIGHTS, returns, factors=factors, industries=industries
    )
    assert math.isnan(found.volatility_annual)
    assert found.reasons["volatility"] == "8 complete months, 12 are needed"
    assert math.isnan(found.factor_betas["market"])
    assert "market: no beta for DDD (8 common months)" in found.reasons["factor"]
    assert "OIL: no beta for DDD (8 common months)" in found.reasons["sector"]
    enough = PortfolioExposures.from_returns(WEIGHTS, returns, factors=factors, min_months=8)
    assert math.isfinite(enough.factor_betas["market"])


def test_a_held_position_without_returns_makes_all_unknown(market_data):
    returns, factors, industries = market_data
    found = PortfolioExposures.from_returns(
        {**WEIGHTS, "NEW": 0.01}, returns, factors=factors, industries=industries
    )
    assert math.isnan(found.volatility_annual)
    assert all(math.isnan(beta) for beta in found.factor_betas.values())
    assert all(math.isnan(beta) for beta in found.industry_betas.values())
    assert found.reasons["volatility"] == "no returns for NEW"
    assert "market: no returns for NEW" in found.reasons["factor"]


@pytest.mark.parametrize("extra", [{"weights": {"NEW": 0.0}}, {"weights": {"USD": 0.2}}])
def test_what_is_not_held_or_stated_as_cash_needs_no_returns(market_data, extra):
    returns, factors, _ = market_data
    plain = PortfolioExposures.from_returns(WEIGHTS, returns, factors=factors)
    found = PortfolioExposures.from_returns(
        {**WEIGHTS, **extra["weights"]}, returns, factors=factors, cash=["USD"]
    )
    assert found == plain


def test_a_book_of_cash_does_not_move(market_data):
    returns, factors, industries = market_data
    found = PortfolioExposures.from_returns(
        {"USD": 1.0}, returns, factors=factors, industries=industries, cash={"USD"}
    )
    assert found.volatility_annual == 0.0
    assert set(found.factor_betas.values()) == {0.0}
    assert dict(found.industry_betas) == {"TECH": 0.0, "OIL": 0.0}


def test_industry_of_counts_each_position_to_its_own_proxy(market_data):
    returns, _, industries = market_data
    home = {"AAA": "TECH", "BBB": "OIL", "CCC": "TECH", "DDD": None}
    found = PortfolioExposures.from_returns(
        WEIGHTS, returns, industries=industries, industry_of=home
    )
    tech = 0.5 * _slope(returns["AAA"], industries["TECH"])
    tech += -0.2 * _slope(returns["CCC"], industries["TECH"])
    assert found.industry_betas["TECH"] == pytest.approx(tech, abs=1e-9)
    oil = 0.4 * _slope(returns["BBB"], industries["OIL"])
    assert found.industry_betas["OIL"] == pytest.approx(oil, abs=1e-9)


@pytest.mark.parametrize(
    ("home", "reason"),
    [
        ({"AAA": "TECH", "BBB": "OIL", "CCC": "TECH"}, "no industry for DDD"),
        (dict.fromkeys(WEIGHTS, "GOLD"), "no returns for the industry GOLD"),
        *(
            ({**dict.fromkeys(WEIGHTS, "TECH"), "DDD": missing}, "no industry for DDD")
            for missing in (math.nan, pd.NA)
        ),
        *(
            (
                pd.Series({**dict.fromkeys(WEIGHTS, "TECH"), "DDD": missing}, dtype=dtype),
                "no industry for DDD",
            )
            for missing in (None, math.nan, pd.NA)
            for dtype in (object, "str", "string", "category")
        ),
    ],
)
def test_a_position_without_an_industry_makes_the_sector_unknown(market_data, home, reason):
    returns, _, industries = market_data
    found = PortfolioExposures.from_returns(
        WEIGHTS, returns, industries=industries, industry_of=home
    )
    assert dict(found.industry_betas) == {}
    assert found.reasons["sector"] == reason


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        (["market", "value"], "factors has no column momentum"),
        (["momentum", "value"], "momentum: its excess needs the market"),
    ],
)
def test_a_missing_factor_is_a_reason(market_data, columns, reason):
    returns, factors, _ = market_data
    found = PortfolioExposures.from_returns(WEIGHTS, returns, factors=factors[columns])
    assert reason in found.reasons["factor"]
    assert set(found.factor_betas) <= set(columns)


def test_nothing_given_is_nothing_known(market_data):
    returns, _, _ = market_data
    found = PortfolioExposures.from_returns(WEIGHTS, returns)
    assert found.reasons["factor"] == "no factor returns are given"
    assert found.reasons["sector"] == "no industry returns are given"


def test_a_factor_that_stands_still_has_no_slope(market_data):
    returns, factors, _ = market_data
    factors["market"] = 0.01
    found = PortfolioExposures.from_returns(WEIGHTS, returns, factors=factors)
    assert math.isnan(found.factor_betas["market"])
    assert "a moving factor" in found.reasons["factor"]


@pytest.mark.parametrize("zone", [None, "UTC", "America/New_York"])
def test_dates_are_matched_by_month(market_data, zone):
    returns, factors, _ = market_data
    plain = PortfolioExposures.from_returns(WEIGHTS, returns, factors=factors)
    returns.index = MONTHS.to_timestamp(how="end").normalize().tz_localize(zone)
    factors.index = MONTHS.to_timestamp(how="start").tz_localize(zone)
    assert PortfolioExposures.from_returns(WEIGHTS, returns, factors=factors) == plain


def test_order_of_rows_and_columns_does_not_matter(market_data):
    returns, factors, _ = market_data
    plain = PortfolioExposures.from_returns(WEIGHTS, returns, factors=factors)
    turned = PortfolioExposures.from_returns(
        pd.Series(WEIGHTS)[::-1], returns.iloc[::-1, ::-1], factors=factors.iloc[::-1]
    )
    assert turned.volatility_annual == pytest.approx(plain.volatility_annual, abs=1e-12)
    assert turned.factor_betas["value"] == pytest.approx(plain.factor_betas["value"], abs=1e-12)


def test_rows_of_one_ticker_are_added_up(market_data):
    returns, factors, _ = market_data
    split = pd.Series([0.2, 0.3, 0.4, -0.2, 0.3], index=["AAA", "AAA", "BBB", "CCC", "DDD"])
    plain = PortfolioExposures.from_returns(WEIGHTS, returns, factors=factors)
    found = PortfolioExposures.from_returns(split, returns, factors=factors)
    assert found.volatility_annual == pytest.approx(plain.volatility_annual, abs=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r, f: (r.set_axis([MONTHS[0]] * 48), f), "returns has 2021-01 more than once"),
        (lambda r, f: (r, f.rename(columns={"value": "Value"})), "there is no Value"),
        (lambda r, f: (r.mask(r > r.max().min(), np.inf), f), "infinite return"),
        (lambda r, f: (r.astype(object).mask(r > 0, "x"), f), "returns must hold numbers"),
        (lambda r, f: (r.set_axis(["AAA", "AAA", "CCC", "DDD"], axis=1), f), "'AAA' twice"),
    ],
)
def test_returns_that_cannot_be_used(market_data, change, message):
    returns, factors, _ = market_data
    returns, factors = change(returns, factors)
    with pytest.raises(InputError, match=message):
        PortfolioExposures.from_returns(WEIGHTS, returns, factors=factors)


DAYS = pd.date_range("2024-01-01", periods=48)
OFTENER = {
    "days": DAYS,
    "days as periods": DAYS.to_period("D"),
    "dates": DAYS.date,
    "texts, as a CSV file gives them": DAYS.astype(str),
    "times of a place as texts": [str(day) for day in DAYS.tz_localize("America/New_York")],
    "weeks": pd.period_range("2024-01-01", periods=48, freq="W"),
}
RARER = {
    "quarters": pd.period_range("2000Q1", periods=48, freq="Q"),
    "ends of quarters": pd.date_range("2000-01-01", periods=48, freq="QE"),
    "years": [str(year) for year in range(1970, 2018)],
}
NO_MONTHS = {
    "rows": range(48),
    "months as numbers": range(202101, 202149),
    "days before months": [f"01/{i % 12 + 1:02}/20{i // 12 + 10}" for i in range(48)],
    "a gap": [None, *MONTHS[1:].astype(str)],
    "no time": [pd.NaT, *MONTHS[1:].to_timestamp()],
}


@pytest.mark.parametrize(
    ("index", "message"),
    [
        *((index, "more than once: give one return a month") for index in OFTENER.values()),
        *((index, "not one a quarter or a year") for index in RARER.values()),
        *((index, r"tell the months\.\n  row 0, column 'index'") for index in NO_MONTHS.values()),
    ],
    ids=[*OFTENER, *RARER, *NO_MONTHS],
)
def test_returns_that_are_not_monthly_are_refused(market_data, index, message):
    returns, factors, _ = market_data
    with pytest.raises(InputError, match=f"(?s)returns.*{message}"):
        PortfolioExposures.from_returns(WEIGHTS, returns.set_axis(index))
    with pytest.raises(InputError, match=f"(?s)factors.*{message}"):
        PortfolioExposures.from_returns(WEIGHTS, returns, factors=factors.set_axis(index))


@pytest.mark.parametrize(
    "index",
    [
        MONTHS.astype(str),
        MONTHS.to_timestamp(how="end").astype(str),
        MONTHS.to_timestamp().strftime("%Y%m%d"),
        MONTHS.to_timestamp(how="end").date,
        # Their offset is that of the winter or of the summer.
        [str(time) for time in MONTHS.to_timestamp().tz_localize("Europe/Berlin")],
        MONTHS.asfreq("D"),
        MONTHS.astype(object),
    ],
)
def test_a_month_is_the_same_however_it_is_written(market_data, index):
    returns, factors, _ = market_data
    plain = PortfolioExposures.from_returns(WEIGHTS, returns, factors=factors)
    found = PortfolioExposures.from_returns(WEIGHTS, returns.set_axis(index), factors=factors)
    assert found == plain
    found = PortfolioExposures.from_returns(WEIGHTS, returns, factors=factors.set_axis(index))
    assert found == plain


def test_some_months_may_be_left_out(market_data):
    returns, _, _ = market_data
    kept = returns.iloc[[*range(20), 30, *range(35, 48)]]
    assert PortfolioExposures.from_returns(WEIGHTS, kept).months == 34
    empty = PortfolioExposures.from_returns(WEIGHTS, pd.DataFrame())
    assert empty.reasons["volatility"] == "no returns for AAA, BBB, CCC, DDD"


@pytest.mark.parametrize("label", [None, math.nan, pd.NA, ""])
def test_a_held_position_without_a_ticker_makes_all_unknown(market_data, label):
    returns, factors, industries = market_data
    weights = pd.Series([0.5, 0.5], index=["AAA", label])
    found = PortfolioExposures.from_returns(
        weights, returns, factors=factors, industries=industries
    )
    assert math.isnan(found.volatility_annual)
    assert all(math.isnan(beta) for beta in found.factor_betas.values())
    assert found.reasons["volatility"] == "no returns for a position without ticker"
    home = {"AAA": "TECH"}
    found = PortfolioExposures.from_returns(
        weights, returns, industries=industries, industry_of=home
    )
    assert found.reasons["sector"] == "no industry for a position without ticker"


def test_one_ticker_of_cash_is_not_read_letter_by_letter(market_data):
    returns, _, _ = market_data
    returns = returns.set_axis(["U", "S", "D", "V"], axis=1)
    weights = {"U": 0.5, "S": 0.2, "USD": 0.3}
    found = PortfolioExposures.from_returns(weights, returns, cash="USD")
    assert found == PortfolioExposures.from_returns(weights, returns, cash=["USD"])
    assert found == PortfolioExposures.from_returns({"U": 0.5, "S": 0.2}, returns)


@pytest.mark.parametrize("weight", [math.nan, None, math.inf])
def test_an_unknown_weight_is_refused_with_its_row(market_data, weight):
    returns, _, _ = market_data
    with pytest.raises(InputError, match=r"row 1, column 'weight'.*BBB"):
        PortfolioExposures.from_returns({**WEIGHTS, "BBB": weight}, returns)


def test_a_weight_that_is_no_number_is_refused(market_data):
    with pytest.raises(InputError, match="weights must be numbers"):
        PortfolioExposures.from_returns({**WEIGHTS, "BBB": "much"}, market_data[0])


def test_too_few_months_cannot_be_asked_for(market_data):
    with pytest.raises(InputError, match=r"min_months.*at least 3"):
        PortfolioExposures.from_returns(WEIGHTS, market_data[0], min_months=2)


def test_the_input_is_not_changed(market_data):
    returns, factors, industries = market_data
    weights = pd.Series(WEIGHTS)
    copies = [frame.copy() for frame in (returns, factors, industries)]
    PortfolioExposures.from_returns(weights, returns, factors=factors, industries=industries)
    for frame, kept in zip((returns, factors, industries), copies, strict=True):
        pd.testing.assert_frame_equal(frame, kept)
    pd.testing.assert_series_equal(weights, pd.Series(WEIGHTS))


def test_given_exposures_are_read_only_and_survive_pickling():
    betas = {"market": 1.0}
    given = PortfolioExposures(volatility_annual=0.2, factor_betas=betas)
    betas["market"] = 5.0
    assert given.factor_betas["market"] == 1.0
    with pytest.raises(TypeError, match="does not support item assignment"):
        given.factor_betas["market"] = 2.0
    assert pickle.loads(pickle.dumps(given)) == given


def test_betas_may_be_given_as_series():
    factors, industries = {"market": 1.0, "value": 0.2}, {"TECH": 0.3}
    given = PortfolioExposures(
        factor_betas=pd.Series(factors), industry_betas=pd.Series(industries)
    )
    assert given == PortfolioExposures(factor_betas=factors, industry_betas=industries)
    with pytest.raises(InputError, match="there is no size"):
        PortfolioExposures(factor_betas=pd.Series({"size": 1.0}))


def test_a_proxy_has_one_name_whatever_it_is_given_as(market_data):
    returns, _, industries = market_data
    found, expected = (
        PortfolioExposures.from_returns(
            WEIGHTS, returns, industries=industries.set_axis([10, 20], axis=1), industry_of=home
        )
        for home in (dict.fromkeys(WEIGHTS, 10), dict.fromkeys(WEIGHTS, "10"))
    )
    assert found == expected
    assert found.industry_betas["10"] != 0


@pytest.mark.parametrize("missing", [None, math.nan, pd.NA])
def test_a_missing_number_is_unknown(missing):
    given = PortfolioExposures(
        volatility_annual=missing, factor_betas={"market": missing}, industry_betas={"T": missing}
    )
    assert math.isnan(given.volatility_annual)
    assert math.isnan(given.factor_betas["market"])
    assert math.isnan(given.industry_betas["T"])
    assert given == PortfolioExposures(factor_betas={"market": None}, industry_betas={"T": None})


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"volatility_annual": "0.2"}, "volatility_annual cannot be used.*\n.*value '0.2'"),
        ({"factor_betas": {"market": "1"}}, "factor betas cannot be used.*\n.*value '1'"),
        ({"industry_betas": {"TECH": []}}, r"industry betas cannot be used.*\n.*value \[\]"),
        ({"factor_betas": 1.0}, r"factor betas must be a mapping .*\(it is 1\.0\)"),
    ],
)
def test_what_is_no_number_is_refused_by_name(wrong, message):
    with pytest.raises(InputError, match=message):
        PortfolioExposures(**wrong)


@pytest.mark.parametrize("volatility", [-0.1, math.inf])
def test_a_volatility_is_a_positive_number(volatility):
    with pytest.raises(InputError, match="volatility_annual"):
        PortfolioExposures(volatility_annual=volatility)


def test_a_factor_has_a_known_name():
    with pytest.raises(InputError, match="there is no size"):
        PortfolioExposures(factor_betas={"size": 1.0})
