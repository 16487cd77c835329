"""Losses and scores: the golden table worked by hand, the thresholds, and what must always hold."""

from __future__ import annotations

import json
import math
import pickle
from decimal import Decimal
from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sectypes.comparison import compare
from sectypes.errors import ConfigError, InputError
from sectypes.exposures import PortfolioExposures
from sectypes.risk import (
    concentration_loss,
    factor_loss,
    risk_score,
    score_excess_ratio,
    sector_loss,
    suggested_limits,
    volatility_loss,
    whole_book_loss,
)
from sectypes.risk.book import names_of
from sectypes.risk.rates import NO_TYPE, unknown_leverage
from sectypes.risk.sums import group_sums
from sectypes.scenarios import CrashScenarios, RiskLimits
from sectypes.taxonomy import SECURITY_TYPES

METHODS = ("largest_position", "worst_position", "single_issuer", "top_n")
SAFE_BOOK = ([0.5, 0.3, 0.2], ["cash", "equity", "etf"])  # SGOV, AAPL, SPY
KNOWN = PortfolioExposures(
    volatility_annual=0.2,
    factor_betas={"market": 0.5, "momentum": 0.1, "value": 0.1},
    industry_betas={"TECH": 0.3},
)
properties = settings(max_examples=60, deadline=None)

weights_st = st.floats(-1.5, 1.5).map(lambda w: round(w, 6))
types_st = st.sampled_from([*SECURITY_TYPES, None, "mystery"])
curves_st = st.sampled_from(["step", "linear"])
position_st = st.tuples(weights_st, types_st)
book_st = st.lists(position_st, min_size=1, max_size=8).filter(lambda b: any(w for w, _ in b))


def by_hand(weights, types, method, multiples=None):
    """The formulas of the design once more, in plain Python."""
    scenarios = CrashScenarios()
    multiples = multiples or [1.0] * len(weights)
    rows = [
        (round(abs(w), 9), abs(w) * min(1.0, abs(m) * scenarios.rate(t)), t)
        for w, t, m in zip(weights, types, multiples, strict=True)
    ]
    if method == "worst_position":
        return max(loss for _, loss, _ in rows)
    if method != "largest_position":
        stocks = [row for row in rows if row[2] not in {"etf", "mutual_fund"} and row[0] > 0]
        rows = stocks or rows
    ranked = sorted(((size, loss) for size, loss, _ in rows), reverse=True)
    return ranked[0][1] if method != "top_n" else max(
        ranked[0][1], 0.5 * sum(loss for _, loss in ranked[:3])
    )  # fmt: skip


# --- the golden table -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "loss", "step", "linear"),
    [("equity", 0.24, 75.0, 80.0), ("mutual_fund", 0.12, 100.0, 100.0), ("etf", 0.105, 100, 100)],
)
def test_golden_dsu_at_30_percent(kind, loss, step, linear):
    book = pd.Series({"DSU": 0.30, "A": 0.25, "B": 0.25, "C": 0.20})
    types = {"DSU": kind, "A": "etf", "B": "etf", "C": "cash"}
    for curve, expected in (("step", step), ("linear", linear)):
        score = risk_score(book, types, limits=RiskLimits(max_loss=0.25), curve=curve)
        assert score.concentration.loss == pytest.approx(loss, abs=1e-12)
        assert score.concentration.score == expected


@pytest.mark.parametrize(
    ("ticker", "kind", "loss"),
    [
        ("DSU", "mutual_fund", 0.40),
        ("SPY", "etf", 0.35),
        ("AAPL", "equity", 0.80),
        ("SGOV", "cash", 0.05),
        ("BTC", "crypto", 0.80),
        ("", None, 0.80),
    ],
)
def test_golden_one_position_loses_its_rate(ticker, kind, loss):
    for method in METHODS:
        assert concentration_loss(pd.Series({ticker: 1.0}), [kind], method=method) == loss


@pytest.mark.parametrize(
    ("method", "loss"),
    [
        ("largest_position", 0.025),
        ("worst_position", 0.24),
        ("single_issuer", 0.025),
        ("top_n", 0.1325),
    ],
)
def test_golden_a_safe_giant_hides_the_stock(method, loss):
    weights, types = SAFE_BOOK
    score = risk_score(weights, types, method=method, tickers=["SGOV", "AAPL", "SPY"])
    assert score.concentration.loss == pytest.approx(loss, abs=1e-12)
    assert score.worst_position == ("AAPL", 0.3, 0.8, 0.24)
    assert score.whole_book_loss == pytest.approx(0.335, abs=1e-12)
    hidden = [w for w in score.warnings if "AAPL alone would lose 24.0%" in w]
    assert len(hidden) == (method != "worst_position")


def test_golden_overall_score():
    score = risk_score(*SAFE_BOOK, exposures=KNOWN, method="worst_position")
    # factor 0.5 x 0.35 / 0.25 = 0.7; volatility 0.2 / 0.25 = 0.8; sector 0.3 x 0.5 / 0.25 = 0.6
    assert [c.ratio for c in score.components.values()] == [0.7, 0.96, 0.8, 0.6]
    assert [c.score for c in score.components.values()] == [100, 80, 100, 100]
    assert (score.overall, score.category, score.reason) == (94.0, "Excellent", "")


# --- curves -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ratio", "step", "linear"),
    [
        (0.0, 100, 100),
        (0.8, 100, 100),
        (0.2 * 0.8 / 0.2, 100, 100),
        (0.8000001, 75, 99.9999875),
        (0.96, 75, 80),
        (1.0, 75, 75),
        (0.1 * 3 / 0.3, 75, 75),
        (1.0000001, 50, 74.999995),
        (1.25, 50, 62.5),
        (1.5, 50, 50),
        (0.3 * 1.5 / 0.3, 50, 50),
        (1.5000001, 0, 49.99999),
        (1.75, 0, 25),
        (2.0, 0, 0),
        (17.0, 0, 0),
    ],
)
def test_curves_on_both_sides_of_each_threshold(ratio, step, linear):
    assert score_excess_ratio(ratio, "step") == step
    assert score_excess_ratio(ratio) == score_excess_ratio(ratio, "linear") == linear


@pytest.mark.parametrize("limit", [n / 100 for n in range(1, 100)])
def test_a_position_at_the_limit_scores_100(limit):
    loss = concentration_loss([limit, limit / 2], ["equity", "cash"])
    assert score_excess_ratio(loss / limit, "step") == 100


@pytest.mark.parametrize("ratio", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("curve", ["step", "linear"])
def test_no_ratio_is_no_score(ratio, curve):
    assert math.isnan(score_excess_ratio(ratio, curve))


@properties
@given(st.floats(0, 5), st.floats(0, 5), curves_st)
def test_more_loss_never_scores_higher(one, other, curve):
    low, high = sorted([one, other])
    assert score_excess_ratio(low, curve) >= score_excess_ratio(high, curve)
    assert 0 <= score_excess_ratio(high, curve) <= 100


@pytest.mark.parametrize(
    ("overall_of", "category"),
    [(100, "Excellent"), (75, "Fair"), (50, "Very Poor"), (0, "Very Poor")],
)
def test_categories(overall_of, category):
    ratio = {100: 0.5, 75: 1.0, 50: 1.5, 0: 2.5}[overall_of]
    loss = 0.1 * ratio
    exposures = PortfolioExposures(
        volatility_annual=loss,
        factor_betas={"market": loss / 0.35, "momentum": 0, "value": 0},
        industry_betas={"X": loss / 0.5},
    )
    score = risk_score(
        [loss / 0.8], ["equity"], exposures=exposures, limits=RiskLimits(max_loss=0.1)
    )
    assert (score.overall, score.category) == (pytest.approx(overall_of), category)


# --- concentration ----------------------------------------------------------------------------


@properties
@given(book_st, st.sampled_from(METHODS), st.floats(0.5, 3))
def test_concentration_agrees_with_the_formula_by_hand(book, method, leverage):
    weights, types = [w for w, _ in book], [t for _, t in book]
    found = concentration_loss(weights, types, method=method, leverage=leverage)
    assert found == pytest.approx(by_hand(weights, types, method) * leverage, abs=1e-12)


@pytest.mark.parametrize(
    ("multiple", "rate"),
    [(1.0, 0.35), (2.0, 0.70), (3.0, 1.0), (-1.0, 0.35), (-3.0, 1.0), (0.5, 0.175), (9e9, 1.0)],
)
def test_a_leveraged_fund_takes_the_multiple_up_to_everything(multiple, rate):
    assert concentration_loss([0.4], ["etf"], position_leverage=[multiple]) == 0.4 * rate


@pytest.mark.parametrize("multiple", [math.nan, 0.0, None])
def test_an_unknown_multiple_takes_the_single_stock_rate_and_is_listed(multiple):
    score = risk_score({"FUND": 1.0}, {"FUND": "etf"}, position_leverage={"FUND": multiple})
    assert score.concentration.loss == 0.8
    assert score.substituted == ("FUND (etf of unknown leverage)",)


def test_types_without_a_rate_are_listed():
    book = {"A": 0.2, "B": 0.2, "C": 0.2, "D": 0.4}
    score = risk_score(book, {"A": "bond", "B": "mystery", "D": "equity"})
    assert score.substituted == ("A (bond)", "B (no type)", "C (no type)")
    assert "the single-stock rate stands in for: A (bond), B (no type), C (no type)" in (
        score.warnings
    )


def test_many_substitutes_are_counted():
    book = {f"T{i}": 0.1 for i in range(8)}
    warnings = risk_score(book, {}).warnings
    assert any(text.endswith("T4 (no type) and 3 more") for text in warnings)


def test_among_equally_large_positions_the_riskiest_counts():
    for types in (["cash", "equity"], ["equity", "cash"]):
        assert concentration_loss([0.5, 0.5], types) == 0.4
        assert concentration_loss([0.5 + 1e-12, 0.5], types) == pytest.approx(0.4)


def test_top_n_takes_the_riskier_of_equals():
    for types in (["cash", *["equity"] * 3], [*["equity"] * 3, "cash"]):
        loss = concentration_loss([0.25] * 4, types, method="top_n")
        assert loss == pytest.approx(0.5 * 3 * 0.25 * 0.8)


def test_a_long_and_a_short_of_one_security_count_together():
    one = risk_score([0.5, -0.5, 1.0], ["etf", "etf", "cash"], tickers=["A", "A", "B"])
    other = risk_score([-0.5, 0.5, 1.0], ["etf", "etf", "cash"], tickers=["A", "A", "B"])
    assert one == other
    assert one.worst_position == ("A", 1.0, 0.35, 0.35)


def test_a_weight_of_zero_is_no_position():
    assert concentration_loss([0.9, 0.0], ["etf", "equity"], method="single_issuer") == (
        pytest.approx(0.9 * 0.35)
    )


def test_single_issuer_ignores_funds_while_a_stock_is_left():
    weights, types = [0.6, 0.3, 0.1], ["etf", "mutual_fund", "equity"]
    assert concentration_loss(weights, types, method="single_issuer") == pytest.approx(0.08)
    assert concentration_loss([0.6, 0.4], types[:2], method="single_issuer") == (
        pytest.approx(0.21)
    )


@pytest.mark.parametrize("method", METHODS)
def test_shorts_count_by_absolute_weight(method):
    types = ["equity", "etf", "cash"]
    assert concentration_loss([-0.6, 0.9, 0.7], types, method=method) == concentration_loss(
        [0.6, 0.9, 0.7], types, method=method
    )


@properties
@given(book_st, st.sampled_from(METHODS), st.randoms())
def test_permuting_rows_changes_nothing(book, method, random):
    names = [f"T{i % 3}" for i in range(len(book))]
    rows = [(name, *position) for name, position in zip(names, book, strict=True)]
    mixed = rows.copy()
    random.shuffle(mixed)
    one, other = (
        risk_score(
            [w for _, w, _ in part],
            [t for _, _, t in part],
            tickers=[n for n, _, _ in part],
            origins=["fmp" if t == "etf" else None for _, _, t in part],
            method=method,
        )
        for part in (rows, mixed)
    )
    assert one == other


@pytest.mark.parametrize("method", METHODS)
def test_ties_do_not_depend_on_the_order(method):
    weights, types = [0.25, 0.25, 0.25, 0.25], ["cash", "equity", "etf", "mutual_fund"]
    expected = concentration_loss(weights, types, method=method)
    for turn in range(4):
        turned = types[turn:] + types[:turn]
        assert concentration_loss(weights, turned, method=method) == expected


@properties
@given(book_st, st.integers(0, 7), st.floats(0, 1), st.floats(1, 3), st.floats(1, 3))
def test_worst_position_and_whole_book_never_fall_with_more(book, row, more, leverage, multiple):
    weights, types = [w for w, _ in book], [t for _, t in book]
    row %= len(book)
    larger = weights.copy()
    larger[row] = math.copysign(abs(weights[row]) + more, weights[row] or 1.0)
    multiples = [1.0] * len(book)
    multiples[row] = multiple
    for loss in (_worst, whole_book_loss):
        least = loss(weights, types)
        assert loss(larger, types) >= least
        assert loss(weights, types, leverage=leverage) >= least
        assert loss(weights, types, position_leverage=multiples) >= least


@properties
@given(book_st, st.integers(0, 7), types_st)
def test_a_riskier_or_unknown_type_never_lowers_the_worst_position(book, row, other):
    scenarios = CrashScenarios(etf=0.9, crypto=0.95)
    weights, types = [w for w, _ in book], [t for _, t in book]
    row %= len(book)
    changed = types.copy()
    changed[row] = other if scenarios.rate(other) >= scenarios.rate(types[row]) else None
    for loss in (_worst, whole_book_loss):
        assert loss(weights, changed, scenarios=scenarios) >= loss(
            weights, types, scenarios=scenarios
        )


def _worst(weights, types, **options):
    return concentration_loss(weights, types, method="worst_position", **options)


@pytest.mark.parametrize("method", ["largest_position", "single_issuer", "top_n"])
def test_where_more_weight_can_lower_the_loss_the_result_warns(method):
    # A growing cash position takes over as the largest: this can fail by design.
    types = ["equity", "cash", "cash", "cash"]
    small = risk_score([0.30, 0.29, 0.29, 0.28], types, method=method)
    grown = risk_score([0.30, 0.31, 0.31, 0.31], types, method=method)
    assert grown.concentration.loss < small.concentration.loss
    assert grown.concentration.loss < grown.worst_position.loss
    assert any("alone would lose 24.0%" in text for text in grown.warnings)


@properties
@given(book_st, st.sampled_from(METHODS))
def test_a_loss_below_the_worst_position_always_warns(book, method):
    score = risk_score([w for w, _ in book], [t for _, t in book], method=method)
    hides = round(score.worst_position.loss, 9) > round(score.concentration.loss, 9)
    assert any("alone would lose" in text for text in score.warnings) == hides


@pytest.mark.parametrize("method", ["largest_position", "worst_position", "single_issuer", "top_n"])
def test_a_position_split_over_accounts_and_spellings_is_one(method):
    split = ["BRK.B", "BRK-B", "brk/b", "AGG", "", ""]
    types = ["equity", "equity", "equity", "etf", "cash", "cash"]
    weights = [0.2, 0.1, 0.1, 0.35, 0.15, 0.1]
    score = risk_score(weights, types, tickers=split, method=method)
    whole = risk_score([0.4, 0.35, 0.15, 0.1], types[2:], tickers=split[2:], method=method)
    assert score.concentration.loss == pytest.approx(0.32)
    assert score.concentration == whole.concentration
    assert score.worst_position.ticker == "BRK-B"
    assert score.whole_book_loss == pytest.approx(whole.whole_book_loss)


def test_lots_of_two_portfolios_stay_apart():
    frame = pd.DataFrame(
        {
            "portfolio": ["P", "Q", "P", "Q", "P"],
            "ticker": ["DSU", "DSU", "dsu", "SPY", None],
            "value": [20.0, 30.0, 20.0, 70.0, 60.0],
            "security_type": ["mutual_fund", "mutual_fund", "mutual_fund", "etf", "cash"],
        }
    )
    many = compare(frame, by="portfolio")
    assert many["worst_loss_after"].to_dict() == pytest.approx({"P": 0.16, "Q": 0.245})
    assert many["concentration_loss_before"].to_dict() == pytest.approx({"P": 0.48, "Q": 0.56})


@given(st.lists(st.sampled_from(["A", "B", "C", ""]), min_size=1, max_size=12), st.randoms())
def test_rows_of_one_security_may_come_in_any_order_and_number(tickers, random):
    sizes = [random.randint(1, 9) / 10 for _ in tickers]
    rows = list(zip(sizes, ["etf"] * len(sizes), tickers, strict=True))
    random.shuffle(rows)
    one = risk_score(sizes, ["etf"] * len(sizes), tickers=tickers, method="worst_position")
    weights, types, names = zip(*rows, strict=True)
    assert one == risk_score(weights, types, tickers=names, method="worst_position")
    named = {
        name: sum(s for s, t in zip(sizes, tickers, strict=True) if t == name)
        for name in set(tickers) - {""}
    }
    alone = [s for s, t in zip(sizes, tickers, strict=True) if t == ""]
    assert one.worst_position.loss == pytest.approx(0.35 * max([*named.values(), *alone]))


@properties
@given(book_st, st.integers(0, 7), st.floats(0, 1), st.floats(1, 3), curves_st)
def test_more_weight_or_leverage_never_raises_the_score(book, row, more, leverage, curve):
    weights, types = [w for w, _ in book], [t for _, t in book]
    row %= len(book)
    larger = weights.copy()
    larger[row] = math.copysign(abs(weights[row]) + more, weights[row] or 1.0)
    unknown = types.copy()
    unknown[row] = None
    options = {"exposures": KNOWN, "method": "worst_position", "curve": curve}
    best = risk_score(weights, types, **options).overall
    assert risk_score(larger, types, **options).overall <= best
    assert risk_score(weights, unknown, **options).overall <= best
    assert risk_score(weights, types, leverage=leverage, **options).overall <= best


# --- missing inputs ---------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("weight", [math.nan, None, math.inf, pd.NA])
def test_an_unknown_weight_gives_no_number(method, weight):
    weights = pd.Series([0.5, weight], index=["A", "B"], dtype=object)
    assert math.isnan(concentration_loss(weights, ["cash", "cash"], method=method))
    assert math.isnan(whole_book_loss(weights, ["cash", "cash"]))
    score = risk_score(weights, ["cash", "cash"], exposures=KNOWN, method=method)
    assert math.isnan(score.concentration.score)
    assert math.isnan(score.overall)
    assert score.category is None
    assert score.reason == "concentration: the weight of B is unknown"


@pytest.mark.parametrize("weights", [[], [0.0, 0.0]])
def test_no_positions_give_no_number(weights):
    score = risk_score(weights, ["equity"] * len(weights))
    assert math.isnan(score.concentration.loss)
    assert score.concentration.reason == "there are no positions"


def test_without_exposures_only_concentration_is_scored():
    score = risk_score(*SAFE_BOOK)
    assert score.concentration.score == 100
    reasons = {
        "factor": "no factor betas are given",
        "volatility": "no volatility is given",
        "sector": "no industry betas are given",
    }
    for name, reason in reasons.items():
        assert math.isnan(score.components[name].score)
        assert score.components[name].reason == reason
    assert math.isnan(score.overall)


def test_a_gap_among_the_exposures_is_named():
    gaps = PortfolioExposures(
        factor_betas={"market": 1.0, "value": math.nan}, industry_betas={"XLK": 0.4, "XLE": None}
    )
    score = risk_score(*SAFE_BOOK, exposures=gaps)
    assert score.factor.reason == "no factor beta is known for momentum, value"
    assert score.sector.reason == "no industry beta is known for XLE"


@pytest.mark.parametrize(
    ("call", "column", "value", "told"),
    [
        (lambda: volatility_loss(-0.1), "volatility_annual", -0.1, "must not be negative"),
        (
            lambda: sector_loss({"XLK": 1.0}, max_betas={"XLK": 0.0}),
            "XLK",
            0.0,
            "a maximum beta must be above 0",
        ),
        (
            lambda: sector_loss({"XLK": 10**400}),
            "XLK",
            10**400,
            "is not a number",
        ),
        (
            lambda: whole_book_loss([1.0], ["cash"], leverage=0.0),
            "leverage",
            0.0,
            "must be above 0, 1.0 for none",
        ),
    ],
)
def test_what_cannot_be_used_is_told_with_its_value(call, column, value, told):
    with pytest.raises(InputError) as refused:
        call()
    assert refused.value.problems == ((None, column, value, told),)


def test_an_unknown_leverage_makes_everything_unknown():
    score = risk_score(*SAFE_BOOK, exposures=KNOWN, leverage=math.nan)
    assert all(math.isnan(part.score) for part in score.components.values())
    assert score.reason.count("the leverage of the portfolio is unknown") == 4


@pytest.mark.parametrize("leverage", [0, -1.0, math.inf])
@pytest.mark.parametrize(
    "loss",
    [
        lambda x: concentration_loss([1.0], ["cash"], leverage=x),
        lambda x: factor_loss(KNOWN.factor_betas, leverage=x),
        lambda x: volatility_loss(0.2, leverage=x),
        lambda x: sector_loss({"X": 0.2}, leverage=x),
        lambda x: whole_book_loss([1.0], ["cash"], leverage=x),
        lambda x: suggested_limits(leverage=x),
    ],
)
def test_a_leverage_must_be_above_zero(loss, leverage):
    with pytest.raises(InputError, match=r"leverage.*must be above 0"):
        loss(leverage)


def test_the_reason_of_the_exposures_wins():
    gaps = PortfolioExposures(reasons={"factor": "no returns for NEW"}, volatility_annual=0.1)
    score = risk_score(*SAFE_BOOK, exposures=gaps)
    assert score.factor.reason == "no returns for NEW"
    assert score.volatility.reason == ""


# --- factor, volatility, sector ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("betas", "loss"),
    [
        ((1.0, 0.0, 0.0), 0.35),
        ((1.0, 0.8, 0.0), 0.40),
        ((0.1, 0.1, 0.9), 0.36),
        ((-1.0, -0.5, -2.0), 0.0),
        ((2.0, 0.0, 0.0), 0.70),
        ((math.nan, 1.0, 1.0), math.nan),
        ((1.0, None, 1.0), math.nan),
        ((1.0, 1.0, math.inf), math.nan),
    ],
)
def test_factor_loss(betas, loss):
    given_betas = dict(zip(("market", "momentum", "value"), betas, strict=True))
    for form in (given_betas, pd.Series(given_betas, dtype=object)):
        assert factor_loss(form) == pytest.approx(loss, nan_ok=True)
        assert factor_loss(form, leverage=2.0) == pytest.approx(2 * loss, nan_ok=True)


@pytest.mark.parametrize(
    ("multiple", "is_unknown"),
    [(1.0, False), (0.5, False), (-1e-6, False), (0.0, True), (math.nan, True)],
)
def test_a_multiple_is_unknown_where_it_is_missing_or_zero(multiple, is_unknown):
    codes = np.array([SECURITY_TYPES.index("etf"), NO_TYPE])
    assert unknown_leverage(codes, np.full(2, multiple)).tolist() == [is_unknown, False]


def test_the_loss_of_the_whole_book_counts_multiples():
    book = [0.5, 0.5], ["etf", "cash"]
    assert whole_book_loss(*book) == pytest.approx(0.2)
    assert whole_book_loss(*book, position_leverage=[2.0, 1.0]) == pytest.approx(0.375)
    assert whole_book_loss(*book, position_leverage=[-1.0, 1.0], leverage=2.0) == pytest.approx(0.4)


def test_a_factor_left_out_does_not_lower_the_loss():
    assert math.isnan(factor_loss({"market": 1.0}))
    score = risk_score(*SAFE_BOOK, exposures=PortfolioExposures(factor_betas={"market": 1.0}))
    assert score.factor.reason == "no factor beta is known for momentum, value"


def test_historical_maximum_betas_replace_the_crash():
    betas = {"market": 1.0, "momentum": 0.0, "value": 0.0, "other": 9.0}
    limits = RiskLimits(max_single_factor_loss=0.08)
    assert factor_loss(betas, limits=limits, max_betas={"market": 0.4}) == pytest.approx(0.2)
    assert factor_loss(betas, max_betas={"market": math.inf}) == pytest.approx(0.35)
    assert factor_loss(betas, max_betas={"unheard": 0.1}) == pytest.approx(0.35)
    assert sector_loss({"X": 0.5, "Y": 0.5}, max_betas={"X": 0.125}) == pytest.approx(0.4)
    score = risk_score(*SAFE_BOOK, exposures=KNOWN, max_betas={"market": 0.4, "value": 1.0})
    assert "no historical maximum beta for momentum: the scenario's crash of 50% is used" in (
        score.warnings
    )


@pytest.mark.parametrize("worst", [0, -1.0, math.nan, None, pd.NA])
def test_a_maximum_beta_must_be_above_zero(worst):
    with pytest.raises(InputError, match=r"column 'market'.*maximum beta must be above 0"):
        factor_loss(KNOWN.factor_betas, max_betas={"market": worst})
    with pytest.raises(InputError, match=r"column 'X'.*maximum beta must be above 0"):
        sector_loss({"X": 1.0}, max_betas={"X": worst})


@pytest.mark.parametrize(
    ("volatility", "loss"),
    [
        (0.18, 0.18),
        (0.40, 0.40),
        (0.9, 0.40),
        (0.0, 0.0),
        (Decimal("0.2"), 0.2),
        *((missing, math.nan) for missing in (math.nan, None, pd.NA)),
    ],
)
def test_volatility_loss(volatility, loss):
    assert volatility_loss(volatility) == pytest.approx(loss, nan_ok=True)
    assert volatility_loss(volatility, leverage=1.5) == pytest.approx(1.5 * loss, nan_ok=True)


def test_a_negative_volatility_is_refused():
    with pytest.raises(InputError, match=r"volatility_annual.*must not be negative"):
        volatility_loss(-0.1)


@pytest.mark.parametrize(
    ("betas", "loss"),
    [
        ({"TECH": 0.4, "OIL": 0.1}, 0.2),
        ({"TECH": -0.4}, 0.0),
        ({"TECH": 0.4, "OIL": math.nan}, math.nan),
        ({}, math.nan),
    ],
)
def test_sector_loss(betas, loss):
    assert sector_loss(betas) == pytest.approx(loss, nan_ok=True)


@properties
@given(st.floats(-3, 3), st.floats(0, 2), st.floats(1, 3))
def test_more_beta_volatility_or_leverage_never_lowers_a_loss(beta, more, leverage):
    rest = {"momentum": 0.1, "value": -0.2}
    least = factor_loss({"market": beta, **rest})
    assert factor_loss({"market": beta + more, **rest}) >= least
    assert factor_loss({"market": beta, **rest}, leverage=leverage) >= least
    assert sector_loss({"X": beta + more}) >= sector_loss({"X": beta})
    assert sector_loss({"X": beta}, leverage=leverage) >= sector_loss({"X": beta})
    assert volatility_loss(abs(beta) + more) >= volatility_loss(abs(beta))
    assert volatility_loss(abs(beta), leverage=leverage) >= volatility_loss(abs(beta))


# --- inputs -----------------------------------------------------------------------------------


def test_series_are_matched_by_their_labels():
    weights = pd.Series({"SGOV": 0.5, "AAPL": 0.3, "SPY": 0.2})
    types = pd.Series({"SPY": "etf", "AAPL": "equity", "SGOV": "cash", "OTHER": "bond"})
    assert concentration_loss(weights, types[:3]) == 0.025
    assert concentration_loss(weights, types.to_dict()) == 0.025
    assert concentration_loss(weights.to_dict(), types.to_dict()) == 0.025


@pytest.mark.parametrize(
    ("weights", "types", "message"),
    [
        ([0.5, 0.5], ["cash"], "types holds 1 values for 2 weights"),
        ([0.5], "cash", "types must hold one value for each weight"),
        ([0.5], None, "types must hold one value for each weight"),
        ([0.5, 0.5], {"cash", "etf"}, "types must hold one value for each weight"),
        ({0.5, 0.4}, ["cash"] * 2, "weights must be numbers"),
        (object(), ["cash"], "weights must be numbers"),
        ([pd.NA, "much"], ["cash"] * 2, r"weights must be numbers\.\n  row 1, .*'much': is not"),
        ([0.5, [0.5]], ["cash"] * 2, r"row 1, column 'weights', value \[0\.5\]"),
        ([0.5, 10**400], ["cash"] * 2, "row 1, column 'weights'"),
        ([0.5], {"A": "cash"}, "types by ticker need weights by ticker"),
        (["much"], ["cash"], r"weights must be numbers\.\n  row 0, column 'weights'.*'much'"),
        ([[0.5]], ["cash"], "flat list"),
        (pd.Series({"A": 1.0}), pd.Series({"B": "cash"}), "different labels"),
        (pd.Series({"A": "x"}), ["cash"], r"weights must be numbers\.\n  row 0"),
    ],
)
def test_inputs_that_do_not_fit(weights, types, message):
    with pytest.raises(InputError, match=message):
        concentration_loss(weights, types)


def test_the_values_of_a_dict_are_a_list_and_a_missing_one_in_a_list_is_missing():
    weights, types = {"SGOV": 0.5, "SPY": 0.5}, ["cash", "etf"]
    assert concentration_loss(weights.values(), types) == concentration_loss(weights, types)
    for missing in (None, pd.NA):
        score = risk_score([0.5, missing], types)
        assert score.concentration.reason == "the weight of row 1 is unknown"
        score = risk_score([0.5, 0.5], types, position_leverage=[1, missing])
        assert score.substituted == ("a position without ticker (etf of unknown leverage)",)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: factor_loss({"market": "1"}),
            InputError,
            "factor betas .*\n.*'market', value '1'",
        ),
        (lambda: factor_loss([1.0]), InputError, r"factor betas must be a mapping.*\[1\.0\]"),
        (lambda: sector_loss({"X": True}), InputError, "industry betas .*\n.*'X', value True"),
        (lambda: volatility_loss("0.2"), InputError, "column 'volatility_annual', value '0.2'"),
        (
            lambda: risk_score(*SAFE_BOOK, max_betas={"market": "1.2"}),
            InputError,
            "maximum betas cannot be used.\n.*'market', value '1.2': is not a number",
        ),
        (
            lambda: suggested_limits(max_industry_betas=0.5),
            InputError,
            "maximum betas must be a mapping",
        ),
        (
            lambda: risk_score(*SAFE_BOOK, exposures={"market": 1.0}),
            InputError,
            r"exposures has no volatility_annual, .*\(it is {'market': 1\.0}\): give Portf",
        ),
        *(
            (lambda call=call: call(scenarios={"etf": 0.2}), ConfigError, "scenarios must be Crash")
            for call in (
                suggested_limits,
                partial(risk_score, *SAFE_BOOK),
                partial(concentration_loss, *SAFE_BOOK),
                partial(whole_book_loss, *SAFE_BOOK),
                partial(factor_loss, {"market": 1.0}),
                partial(volatility_loss, 0.2),
                partial(sector_loss, {"X": 1.0}),
            )
        ),
        *(
            (
                lambda call=call: call(limits={}),
                ConfigError,
                r"limits must be RiskLimits \(it is {}",
            )
            for call in (
                suggested_limits,
                partial(risk_score, *SAFE_BOOK),
                partial(factor_loss, {"market": 1.0}),
                partial(sector_loss, {"X": 1.0}),
            )
        ),
    ],
)
def test_what_is_of_another_kind_is_refused_by_name(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(
    ("tickers", "names"),
    [
        (["A", None, math.nan, pd.NA, "", "nan"], ("A", "", "", "", "", "nan")),
        ([1, 1.0, True, "1"], ("1", "1.0", "True", "1")),
        (pd.Series(["A", None], dtype="str"), ("A", "")),
        (pd.Series(["A", None], dtype="category"), ("A", "")),
        (pd.Series([1, None], dtype="Int64"), ("1", "")),
        (pd.MultiIndex.from_tuples([("x", "A")]), ("('x', 'A')",)),
        ({"A": 1, "B": 2}, ("A", "B")),
        ([], ()),
    ],
)
def test_names_are_texts_whatever_they_are_given_as(tickers, names):
    assert names_of(tickers) == names


def test_one_text_is_no_list_of_tickers():
    with pytest.raises(InputError, match=r"tickers must hold one value .*it is 'SPY'"):
        risk_score([0.5, 0.3, 0.2], ["etf"] * 3, tickers="SPY")


@pytest.mark.parametrize("name", ["tickers", "origins"])
def test_names_and_origins_must_fit(name):
    with pytest.raises(InputError, match=f"{name} holds 1 values for 3 weights"):
        risk_score(*SAFE_BOOK, **{name: ["x"]})


@pytest.mark.parametrize(
    ("option", "message"),
    [({"method": "largest"}, "method must be one of largest_position"),
     ({"curve": "steps"}, "curve must be one of linear, step")],
)  # fmt: skip
def test_a_wrong_choice_names_the_choices(option, message):
    with pytest.raises(ConfigError, match=message):
        risk_score(*SAFE_BOOK, **option)


@pytest.mark.parametrize(
    "types",
    [
        pd.Series(["cash", "equity", "etf"], dtype="category"),
        pd.Series(["cash", "equity", "etf"], dtype="string"),
        np.array(["cash", "equity", "etf"]),
        ("CASH", " Equity ", "ETF"),
        {"SGOV": "cash", "AAPL": "equity", "SPY": "etf"}.values(),
    ],
)
def test_types_in_any_form(types):
    assert concentration_loss([0.5, 0.3, 0.2], types, method="worst_position") == 0.24


def test_the_input_is_not_changed():
    weights, types = pd.Series({"A": -0.5, "B": 1.5}), pd.Series({"B": "etf", "A": None})
    multiples = pd.Series({"A": 1.0, "B": 3.0})
    kept = [part.copy() for part in (weights, types, multiples)]
    risk_score(weights, types, position_leverage=multiples, origins=types)
    for part, before in zip((weights, types, multiples), kept, strict=True):
        pd.testing.assert_series_equal(part, before)


# --- the result -------------------------------------------------------------------------------


def test_a_score_carries_what_it_was_made_with():
    scenarios = CrashScenarios().with_rates(etf=0.5)
    limits = RiskLimits(max_loss=0.2)
    score = risk_score(
        *SAFE_BOOK, scenarios=scenarios, limits=limits, leverage=1.2, curve="step",
        origins=["provider", "fmp", None],
    )  # fmt: skip
    assert (score.scenario, score.scenario_version) == ("design", "1+etf=0.5")
    assert (score.limits, score.leverage, score.curve) == (limits, 1.2, "step")
    assert score.origin_shares == {"provider": 0.5, "fmp": 0.3, "unknown": 0.2}


def test_a_score_is_shown_saved_and_compared():
    score = risk_score({"<b>": 0.3, "SGOV": 0.7}, {"<b>": "equity", "SGOV": "cash"})
    assert pickle.loads(pickle.dumps(score)) == score
    assert hash(pickle.loads(pickle.dumps(score))) == hash(score)
    assert score != risk_score({"<b>": 0.4, "SGOV": 0.6}, {"<b>": "equity", "SGOV": "cash"})
    shown = score._repr_html_()
    assert "&lt;b&gt; alone would lose" in shown
    assert "<b> alone" not in shown
    plain = json.loads(json.dumps(score.to_dict(), allow_nan=False))
    assert plain["overall"] is None
    assert plain["components"]["factor"]["loss"] is None
    assert plain["components"]["concentration"]["loss"] == pytest.approx(0.035)


def test_the_table_of_a_score():
    table = risk_score(*SAFE_BOOK, exposures=KNOWN).table()
    components = ["factor", "concentration", "volatility", "sector"]
    assert list(table.index) == [*components, "overall", "worst_position", "whole_book"]
    assert table.loc["overall", "score"] == 100.0
    assert table.loc["worst_position", "loss"] == 0.24


@properties
@given(
    st.lists(st.tuples(st.integers(0, 3), st.floats(-1e12, 1e12)), min_size=1, max_size=30),
    st.randoms(),
)
def test_group_sums_are_exact_and_blind_to_order(rows, random):
    def sums(part):
        codes, values = np.array([c for c, _ in part]), np.array([v for _, v in part])
        return group_sums(values, codes, 4)

    mixed = rows.copy()
    random.shuffle(mixed)
    assert sums(rows).tolist() == sums(mixed).tolist()
    expected = [math.fsum(v for c, v in rows if c == code) for code in range(4)]
    assert sums(rows) == pytest.approx(expected, rel=1e-15, abs=1e-12)


# --- the reverse ------------------------------------------------------------------------------


@pytest.mark.parametrize("leverage", [0.5, 1.0, 1.7])
def test_suggested_limits_just_keep_each_loss_within_the_limit(leverage):
    limits, scenarios = RiskLimits(max_loss=0.2), CrashScenarios(crypto=0.9)
    table = suggested_limits(limits=limits, scenarios=scenarios, leverage=leverage)
    found = table.set_index(["quantity", "of"])["limit"]
    for kind in SECURITY_TYPES:
        weight = found["weight", kind]
        loss = concentration_loss([weight], [kind], scenarios=scenarios, leverage=leverage)
        assert loss == pytest.approx(0.2) or (weight == 1.0 and loss < 0.2)
    betas = {name: found["beta", name] for name in ("market", "momentum", "value")}
    assert factor_loss(betas, leverage=leverage) == pytest.approx(0.2)
    assert sector_loss({"X": found["industry_beta", "any"]}, leverage=leverage) == (
        pytest.approx(0.2)
    )
    volatility = found["volatility", "annual"]
    assert volatility_loss(min(volatility, 9.9), leverage=leverage) == pytest.approx(0.2)


@pytest.mark.parametrize("leverage", [math.nan, pd.NA])
def test_an_unknown_leverage_leaves_no_limit(leverage):
    assert suggested_limits(leverage=leverage)["limit"].isna().all()
    score = risk_score(*SAFE_BOOK, exposures=KNOWN, leverage=leverage)
    assert suggested_limits(score)["limit"].isna().all()


def test_a_limit_above_the_cap_of_volatility_never_binds():
    table = suggested_limits(limits=RiskLimits(max_loss=0.5)).set_index("quantity")
    assert table.loc["volatility", "limit"] == math.inf
    assert "stays within the limit" in table.loc["volatility", "rule"]


def test_suggested_leverage_of_a_book():
    score = risk_score(*SAFE_BOOK, exposures=KNOWN, method="worst_position", leverage=1.1)
    found = suggested_limits(score).set_index(["quantity", "of"])["limit"]
    for name, part in score.components.items():
        assert part.loss / 1.1 * found["leverage", name] == pytest.approx(0.25)
    again = risk_score(
        *SAFE_BOOK, exposures=KNOWN, method="worst_position", leverage=found["leverage", "all"]
    )
    assert max(part.ratio for part in again.components.values()) == pytest.approx(1.0)


def test_suggested_leverage_is_unknown_where_a_component_is():
    table = suggested_limits(risk_score(*SAFE_BOOK)).set_index(["quantity", "of"])
    assert math.isnan(table.loc[("leverage", "all"), "limit"])
    assert "no factor betas are given" in table.loc[("leverage", "all"), "rule"]


def test_suggested_limits_take_historical_betas():
    table = suggested_limits(max_betas={"market": 0.5}, max_industry_betas={"TECH": 0.4})
    found = table.set_index(["quantity", "of"])["limit"]
    assert found["beta", "market"] == pytest.approx(0.25 / 0.2)
    assert found["industry_beta", "TECH"] == pytest.approx(1.0)
    assert found["industry_beta", "any other"] == pytest.approx(0.5)


def test_no_leverage_is_an_unknown_one():
    score = risk_score(*SAFE_BOOK, exposures=KNOWN, leverage=None)
    assert score.reason == risk_score(*SAFE_BOOK, exposures=KNOWN, leverage=math.nan).reason
    assert math.isnan(score.overall)
