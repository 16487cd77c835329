"""The older names: same signatures and result keys, new rates, the old numbers on demand."""

from __future__ import annotations

import inspect
import math
import warnings
from collections.abc import Iterator, Sequence

import pandas as pd
import pytest

from sectypes import compat
from sectypes.compat import (
    SECURITY_TYPE_CRASH_MAPPING,
    WORST_CASE_SCENARIOS,
    calculate_concentration_risk_loss,
    calculate_portfolio_risk_score,
    get_crash_scenario_for_security_type,
)
from sectypes.config import Settings
from sectypes.current import using
from sectypes.errors import ConfigError, InputError
from sectypes.service import SecurityTypeService
from sectypes.taxonomy import Answer, AnswerStatus, Classification, Origin, SecurityType

WEIGHTS = {"VTSAX": 0.30, "CUR:USD": 0.20, "AAPL": 0.25, "MSFT": 0.25}
TYPES = {"VTSAX": "mutual_fund", "CUR:USD": "cash", "AAPL": "equity", "MSFT": "equity"}
LIMITS = (
    {"max_volatility": 0.40, "max_loss": -0.25},
    {"max_single_stock_weight": 0.40},
    {"max_factor_contribution": 0.30},
)


def summary(**changes):
    """An older summary with invented numbers."""
    return {
        "allocations": pd.DataFrame({"Portfolio Weight": WEIGHTS}),
        "portfolio_factor_betas": pd.Series({"market": 0.5, "momentum": 0.1, "value": -0.2}),
        "volatility_annual": 0.2,
        "industry_variance": {"per_industry_group_beta": {"XLK": 0.3}},
        **changes,
    }


class Known:
    """A source that knows the four invented positions."""

    name = "known"
    origin = Origin.SNAPSHOT

    def fetch(self, keys: Sequence[str]) -> Iterator[tuple[str, Answer]]:
        """Answer each key from `TYPES`."""
        for key in keys:
            fact = Classification(key, SecurityType(TYPES[key]), self.origin)
            yield key, Answer(AnswerStatus.FOUND, fact)


@pytest.fixture
def offline():
    """A service that answers without a network or a database."""
    with using(SecurityTypeService(source=Known(), store=None, settings=Settings())) as service:
        yield service


@pytest.fixture
def old_behaviour(monkeypatch):
    """The switch that brings the older numbers back."""
    monkeypatch.setenv("SECTYPES_TYPE_AWARE", "0")


def test_signatures_are_the_older_ones():
    def names(function):
        return list(inspect.signature(function).parameters)

    assert names(calculate_concentration_risk_loss) == [
        "summary", "leverage_ratio", "portfolio_data", "security_types",
    ]  # fmt: skip
    assert names(calculate_portfolio_risk_score) == [
        "summary", "portfolio_limits", "concentration_limits", "variance_limits", "max_betas",
        "max_proxy_betas", "leverage_ratio", "max_single_factor_loss",
    ]  # fmt: skip
    assert inspect.signature(calculate_portfolio_risk_score).parameters[
        "leverage_ratio"
    ].default == 1.0  # fmt: skip


def test_the_older_constants():
    assert dict(WORST_CASE_SCENARIOS) == {
        "market_crash": 0.35,
        "momentum_crash": 0.50,
        "value_crash": 0.40,
        "single_stock_crash": 0.80,
        "sector_crash": 0.50,
        "max_reasonable_volatility": 0.40,
    }
    assert dict(SECURITY_TYPE_CRASH_MAPPING) == {
        "equity": 0.80,
        "etf": 0.35,
        "mutual_fund": 0.40,
        "cash": 0.05,
    }
    with pytest.raises(TypeError, match="does not support item assignment"):
        compat.WORST_CASE_SCENARIOS["market_crash"] = 0.1


@pytest.mark.parametrize(
    ("kind", "rate"),
    [("equity", 0.8), ("etf", 0.35), ("mutual_fund", 0.4), ("cash", 0.05), ("bond", 0.8),
     ("mystery", 0.8), (None, 0.8)],
)  # fmt: skip
def test_crash_scenario_of_a_type(kind, rate, monkeypatch):
    assert get_crash_scenario_for_security_type(kind) == rate
    monkeypatch.setenv("SECTYPES_TYPE_AWARE", "0")
    assert get_crash_scenario_for_security_type(kind) == 0.8


@pytest.mark.parametrize("leverage", [1.0, 1.5])
def test_concentration_with_given_types(leverage):
    loss = calculate_concentration_risk_loss(summary(), leverage, security_types=TYPES)
    assert loss == pytest.approx(0.12 * leverage)


def test_concentration_with_types_of_the_service(offline):
    assert calculate_concentration_risk_loss(summary(), 1.0) == pytest.approx(0.12)


def test_concentration_with_portfolio_data(offline):
    data = {"VTSAX": {"type": "cash"}}
    assert calculate_concentration_risk_loss(summary(), 1.0, data) == pytest.approx(0.015)


def test_given_types_win_over_portfolio_data(offline):
    data = {"VTSAX": {"type": "cash"}}
    loss = calculate_concentration_risk_loss(summary(), 1.0, data, {"VTSAX": "etf"})
    assert loss == pytest.approx(0.105)


def test_a_ticker_without_a_type_takes_the_worst_rate():
    assert calculate_concentration_risk_loss(summary(), 1.0, security_types={}) == 0.24


@pytest.mark.parametrize("leverage", [1.0, 1.7])
def test_the_switch_gives_80_percent_of_the_largest(old_behaviour, leverage):
    for types in (None, TYPES):
        loss = calculate_concentration_risk_loss(summary(), leverage, security_types=types)
        assert loss == pytest.approx(0.30 * 0.80 * leverage, abs=1e-15)


def test_golden_the_whole_score_before_and_after(offline, monkeypatch):
    after = calculate_portfolio_risk_score(summary(), *LIMITS, None)
    monkeypatch.setenv("SECTYPES_TYPE_AWARE", "0")
    before = calculate_portfolio_risk_score(summary(), *LIMITS, None)
    assert before["component_scores"] == {
        "factor_risk": 100.0,
        "concentration_risk": 75.0,
        "volatility_risk": 100.0,
        "sector_risk": 100.0,
    }
    assert (before["score"], before["category"]) == (92.5, "Excellent")
    assert (after["score"], after["category"]) == (100.0, "Excellent")
    assert before["potential_losses"]["concentration_risk_loss"] == pytest.approx(0.24)
    assert after["potential_losses"]["concentration_risk_loss"] == pytest.approx(0.12)


def test_the_older_result_keys(offline):
    result = calculate_portfolio_risk_score(summary(), *LIMITS, None, leverage_ratio=1.2)
    assert list(result) == [
        "score", "category", "component_scores", "risk_factors", "recommendations",
        "potential_losses", "details",
    ]  # fmt: skip
    losses = result["potential_losses"]
    assert losses["factor_risk_loss"] == pytest.approx(0.5 * 0.35 * 1.2)
    assert losses["volatility_risk_loss"] == pytest.approx(0.2 * 1.2)
    assert losses["sector_risk_loss"] == pytest.approx(0.3 * 0.5 * 1.2)
    assert (losses["max_loss_limit"], losses["leverage_ratio"]) == (0.25, 1.2)
    assert result["details"]["excess_ratios"]["volatility_risk"] == 0.96
    assert result["risk_factors"] == [
        "The factor loss of 21.0% is 84% of the limit of 25.0%.",
        "The volatility loss of 24.0% is 96% of the limit of 25.0%.",
    ]
    assert len(result["recommendations"]) == 2


def test_the_worst_position_rides_along(offline):
    details = calculate_portfolio_risk_score(summary(), *LIMITS, None)["details"]
    assert details["worst_position"]["loss"] == pytest.approx(0.20)
    assert details["warnings"] == [
        "largest_position shows a loss of 12.0%, but AAPL alone would lose 20.0%"
    ]


@pytest.mark.parametrize(("aware", "score"), [("1", 100.0), ("0", 75.0)])
def test_only_the_older_numbers_ask_unrounded_ratios(offline, monkeypatch, aware, score):
    # 0.2 * 0.8 / 0.2 is a hair above 0.8 in floats; the older system scored 75 for it.
    monkeypatch.setenv("SECTYPES_TYPE_AWARE", aware)
    weights = {"allocations": {"Portfolio Weight": {"AAPL": 0.2}}}
    limits = ({"max_volatility": 0.4, "max_loss": -0.2}, *LIMITS[1:])
    result = calculate_portfolio_risk_score(summary(**weights), *limits, None)
    assert result["component_scores"]["concentration_risk"] == score


def test_historical_maximum_betas(offline):
    result = calculate_portfolio_risk_score(
        summary(), *LIMITS, {"market": 0.25, "momentum": 1.0, "value": 1.0}, {"XLK": 0.125},
        max_single_factor_loss=-0.08,
    )  # fmt: skip
    assert result["potential_losses"]["factor_risk_loss"] == pytest.approx(0.5 * 0.32)
    assert result["potential_losses"]["sector_risk_loss"] == pytest.approx(0.3 * 0.64)


@pytest.mark.parametrize("aware", ["0", "1"])
@pytest.mark.parametrize(
    ("gap", "name"),
    [
        ({"volatility_annual": None}, "volatility_risk"),
        ({"volatility_annual": math.nan}, "volatility_risk"),
        ({"volatility_annual": pd.NA}, "volatility_risk"),
        ({"portfolio_factor_betas": {"market": pd.NA}}, "factor_risk"),
        ({"portfolio_factor_betas": None}, "factor_risk"),
        ({"portfolio_factor_betas": {"market": 1.0}}, "factor_risk"),
        ({"industry_variance": None}, "sector_risk"),
        ({"industry_variance": {}}, "sector_risk"),
        ({"industry_variance": {"per_industry_group_beta": {"X": math.nan}}}, "sector_risk"),
    ],
)
def test_a_gap_in_the_summary_is_no_score(offline, monkeypatch, aware, gap, name):
    monkeypatch.setenv("SECTYPES_TYPE_AWARE", aware)
    result = calculate_portfolio_risk_score(summary(**gap), *LIMITS, None)
    assert math.isnan(result["component_scores"][name])
    assert math.isnan(result["score"])
    assert result["category"] is None
    assert list(result["details"]["missing"]) == [name]


@pytest.mark.parametrize("label", [None, math.nan])
def test_a_weight_without_a_label_takes_the_worst_rate_and_is_asked_of_nobody(offline, label):
    weights = pd.Series([0.2, 0.3], index=["VTSAX", label])
    held = {"allocations": {"Portfolio Weight": weights}}
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # VTSAX is known by its form; "nan" would be a guess
        assert calculate_concentration_risk_loss(held, 1.0) == pytest.approx(0.24)


@pytest.mark.parametrize("broken", [{}, {"allocations": {}}, {"allocations": None}])
def test_a_summary_without_weights_is_refused(broken):
    with pytest.raises(InputError, match=r'(?s)no weights.*allocations\["Portfolio Weight"\]'):
        calculate_concentration_risk_loss(broken, 1.0, security_types=TYPES)


@pytest.mark.parametrize(
    ("limits", "name"),
    [
        (({"max_volatility": 0.4}, *LIMITS[1:]), "portfolio_limits.max_loss"),
        (({"max_volatility": 0.4, "max_loss": 0}, *LIMITS[1:]), "portfolio_limits.max_loss"),
        ((LIMITS[0], {}, {}), "concentration_limits.max_single_stock_weight"),
    ],
)
def test_limits_are_checked(limits, name):
    with pytest.raises(ConfigError, match=name):
        calculate_portfolio_risk_score(summary(), *limits, None)


def test_a_zero_factor_limit_is_refused(offline):
    with pytest.raises(ConfigError, match="max_single_factor_loss"):
        calculate_portfolio_risk_score(summary(), *LIMITS, None, max_single_factor_loss=0)


def test_the_summary_is_not_changed(offline):
    given = summary()
    calculate_portfolio_risk_score(given, *LIMITS, {"market": 1.0})
    fresh = summary()
    pd.testing.assert_frame_equal(given.pop("allocations"), fresh.pop("allocations"))
    name = "portfolio_factor_betas"
    pd.testing.assert_series_equal(given.pop(name), fresh.pop(name))
    assert given == fresh
