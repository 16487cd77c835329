"""Before and after on frames: weights, position table, one book, and many at once."""

from __future__ import annotations

import math
import pickle
import subprocess
import sys
from dataclasses import FrozenInstanceError

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sectypes.comparison import compare
from sectypes.errors import ConfigError, InputError
from sectypes.exposures import PortfolioExposures
from sectypes.risk import audit, exposures_frame, position_weights, risk_score
from sectypes.scenarios import CrashScenarios, RiskLimits
from sectypes.taxonomy import SECURITY_TYPES

METHODS = ("largest_position", "worst_position", "single_issuer", "top_n")
KNOWN = PortfolioExposures(
    volatility_annual=0.2,
    factor_betas={"market": 0.5, "momentum": 0.1, "value": 0.1},
    industry_betas={"TECH": 0.3},
)


def household() -> pd.DataFrame:
    """An invented household, typed as its providers type it and as it is."""
    rows = [
        ("A", "plaid", "DSU", "mutual fund", False, 30.0, "mutual_fund", 1.0, "fmp", False),
        ("A", "snaptrade", "SPY", "cs", False, 20.0, "etf", 1.0, "fmp", True),
        ("A", "plaid", "TQQQ", "etf", False, 10.0, "etf", 3.0, "heuristic", False),
        ("A", "plaid", "SGOV", "etf", True, 45.0, "cash", 1.0, "provider", False),
        ("A", "plaid", "MARGIN", None, True, -5.0, "cash", 1.0, "provider", False),
        ("B", "csv", "AAPL", "Stock", False, 60.0, "equity", 1.0, "fmp", False),
        ("B", "csv", "BTC", "gizmo", False, 25.0, "crypto", 1.0, "default", False),
        ("B", "csv", None, None, None, 15.0, None, math.nan, None, None),
    ]
    columns = ["portfolio", "provider", "ticker", "provider_type", "is_cash", "value"]
    columns += ["security_type", "leverage", "origin", "stale"]
    frame = pd.DataFrame(rows, columns=columns)
    frame["security_type"] = pd.Categorical(frame["security_type"], list(SECURITY_TYPES))
    frame["currency"] = "USD"
    return frame


def random_books(seed: int, portfolios: int = 40) -> pd.DataFrame:
    """Invented books of 1 to 9 positions with ties, shorts, gaps and shared tickers."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 10, portfolios)
    rows = int(sizes.sum())
    values = rng.choice([10.0, 20.0, 30.0, -2.0, 0.0, 55.5], rows) + rng.choice(
        [0, 0.1, 1 / 3], rows
    )
    frame = pd.DataFrame(
        {
            "portfolio": np.repeat([f"P{i}" for i in range(portfolios)], sizes),
            "ticker": rng.choice(["AA", "BB", "CC", "DD", None], rows),
            "value": values,
            "security_type": rng.choice([*SECURITY_TYPES, None], rows),
            "leverage": rng.choice([1.0, 1.0, 3.0, -2.0, math.nan], rows),
            "origin": rng.choice(["fmp", "heuristic", "default", None], rows),
        }
    )
    net = frame.groupby("portfolio")["value"].transform("sum")
    return frame[net > 1].reset_index(drop=True)


# --- weights ----------------------------------------------------------------------------------


def test_weights_are_value_over_net_value():
    frame = household()
    assert position_weights(frame).tolist() == pytest.approx((frame["value"] / 200).tolist())
    by = position_weights(frame, by="portfolio")
    assert by.tolist() == [0.3, 0.2, 0.1, 0.45, -0.05, 0.6, 0.25, 0.15]
    assert (by.name, by.index.equals(frame.index)) == ("weight", True)


def test_given_weights_are_taken_as_they_are():
    frame = pd.DataFrame({"weight": [0.9, 0.9], "value": [math.nan, 1.0]})
    assert position_weights(frame).tolist() == [0.9, 0.9]


def test_given_weights_of_several_portfolios_are_not_one_book():
    frame = household().assign(weight=0.1)
    with pytest.raises(
        InputError, match=r"weights of several portfolios, which add up to 0\.8 and"
    ):
        position_weights(frame)
    assert position_weights(frame, by="portfolio").tolist() == [0.1] * 8


def test_a_level_of_the_index_tells_portfolios_apart_as_a_column_does():
    frame = household()
    indexed = frame.set_index(["portfolio", frame.index.rename("line")])
    assert (
        position_weights(indexed, by="portfolio").tolist()
        == position_weights(frame, by="portfolio").tolist()
    )
    pd.testing.assert_frame_equal(
        compare(indexed, by="portfolio"), compare(frame, by="portfolio"), check_names=True
    )
    with pytest.raises(InputError, match=r"no column 'account' .* its index no such level"):
        compare(indexed, by="account")


def test_a_saved_comparison_of_several_portfolios_can_be_computed_again():
    compared = compare(household())
    again = compare(compared.positions())
    pd.testing.assert_frame_equal(again.table(), compared.table())
    alone = compare(compared.positions(), by="portfolio")
    doubt = "the weights of 'A' (the first of 2 such portfolios) add up to 0.5, not to 1, and are"
    assert alone["note"].str.startswith(doubt).all()
    assert (
        not compare(household().assign(weight=0.2), by="portfolio")["note"]
        .str.contains("'A'")
        .any()
    )


def test_several_currencies_need_fx():
    frame = pd.DataFrame({"value": [100.0, 100.0], "currency": ["USD", "eur "]})
    with pytest.raises(InputError, match=r"cannot be added up: EUR, USD\. Give fx"):
        position_weights(frame)
    weights = position_weights(frame, fx={"EUR": 1.5})
    assert weights.tolist() == [0.4, 0.6]
    assert position_weights(frame, fx={"usd": 1.0, "EUR": 1.5}).tolist() == [0.4, 0.6]


@pytest.mark.parametrize("pence", ["GBp", "GBX", "gbx ", " GBp"])
def test_pence_are_no_pounds(pence):
    frame = pd.DataFrame({"value": [5000.0, 50.0], "currency": [pence, "GBP"]})
    with pytest.raises(InputError, match=r"cannot be added up: GBP, GBp\."):
        position_weights(frame)
    assert position_weights(frame, fx={"GBP": 1.25, "GBp": 0.0125}).tolist() == [0.5, 0.5]
    assert position_weights(frame, fx={"GBX": 0.01}).tolist() == [0.5, 0.5]
    with pytest.raises(InputError, match=r"no rate for GBp: .*a hundredth such as GBp is no base"):
        position_weights(frame, fx={"GBP": 1.25})


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["ZAc", "ZAR"], "ZAR, ZAc"),
        (["ILa", "ILS"], "ILS, ILa"),
        (["ZAc", "ZAC", "zac"], None),
        (["ILa", "ILA"], None),
        (["GBp", "GBX"], None),
        (["Gbp", "gbp", "GBP"], None),
    ],
)
def test_a_hundredth_has_two_names_and_is_a_currency_of_its_own(words, names):
    frame = pd.DataFrame({"value": 1.0, "currency": words})
    if names is None:
        assert position_weights(frame).tolist() == [1 / len(words)] * len(words)
        return
    with pytest.raises(InputError, match=rf"added up: {names}\."):
        position_weights(frame)


@pytest.mark.parametrize("fx", [{"GBX": 0.01, "GBp": 0.01}, {"eur": 1.1, "EUR ": 1.2}])
def test_a_currency_has_one_rate(fx):
    frame = pd.DataFrame({"value": [1.0, 1.0], "currency": ["USD", "EUR"]})
    with pytest.raises(InputError, match=r"fx has two rates for (GBp|EUR): give one"):
        position_weights(frame, fx=fx)


def test_weights_that_look_like_percent_are_doubted():
    frame = household().assign(weight=[30.0, 20, 10, 45, -5, 0.6, 0.25, 0.15])
    compared = compare(frame, by="portfolio")
    doubt = "the weights of 'A' add up to 110 in absolute terms and look like percent"
    assert all(note.startswith(doubt) for note in compared["note"])
    both = compare(frame.assign(weight=[30.0, 20, 10, 45, -5, 60, 25, 15]), by="portfolio")
    assert "of 'A' (the first of 2 such portfolios) add up to 110" in both["note"].iloc[0]
    one = compare(frame.iloc[:5].drop(columns="portfolio"))
    assert "the weights add up to 110 in absolute terms" in " ".join(one.after.warnings)
    most = pd.DataFrame({"security_type": ["etf", "cash"], "weight": [5.5, -4.5]})
    assert not any("percent" in text for text in compare(most).after.warnings)
    assert compare(most.iloc[:0]).after.warnings == ()


@pytest.mark.parametrize("by", [["portfolio", "provider"], ("portfolio", "provider")])
def test_portfolios_are_told_apart_by_one_column(by):
    with pytest.raises(InputError, match=r"by must name one column\. .*make one of them first"):
        compare(household(), by=by)
    with pytest.raises(InputError, match="by must name one column"):
        position_weights(household(), by=household()["portfolio"])
    named = household().rename(columns={"portfolio": ("x", "portfolio")})
    weights = position_weights(named, by=("x", "portfolio"))
    assert weights.tolist() == position_weights(household(), by="portfolio").tolist()


def test_each_portfolio_may_have_its_own_currency():
    frame = pd.DataFrame(
        {"portfolio": ["A", "A", "B"], "value": [1.0, 3.0, 9.0], "currency": ["USD", "USD", "EUR"]}
    )
    assert position_weights(frame, by="portfolio").tolist() == [0.25, 0.75, 1.0]
    frame.loc[1, "currency"] = "GBP"
    with pytest.raises(InputError, match=r"added up: GBP, USD\."):
        position_weights(frame, by="portfolio")


@pytest.mark.parametrize(
    ("fx", "message"),
    [
        ({"JPY": 0.01}, "fx has no rate for EUR, USD"),
        ({"CHF": 1, "EUR": 1.1}, "no rate for USD: with the rate 1 CHF is the base currency"),
        ({"EUR": True}, "must be a number above 0"),
        (1.08, r"fx must be a mapping of currencies to rates .*\(it is 1\.08\)"),
        ({"EUR": 0.0}, r"fx\['EUR'\].*must be a number above 0"),
        ({"EUR": math.nan}, "must be a number above 0"),
        ({"EUR": "1.1"}, "must be a number above 0"),
    ],
)
def test_exchange_rates_that_cannot_be_used(fx, message):
    frame = pd.DataFrame({"value": [1.0, 1.0], "currency": ["USD", "EUR"]})
    with pytest.raises(InputError, match=message):
        position_weights(frame, fx=fx)


def test_what_is_taken_for_granted_about_currencies_is_said():
    frame = household()
    frame.loc[[0, 3], "currency"] = None
    assert "2 rows name no currency and are taken as USD" in compare(frame).after.warnings
    frame.loc[5, "currency"] = "EUR"
    with pytest.raises(InputError, match=r"several currencies\.\n  row 0, column 'currency'"):
        compare(frame, fx={"EUR": 1.1})
    two = frame.fillna({"currency": "USD"})
    note = "values in USD are taken as values in the base currency of fx"
    assert note in compare(two, fx={"EUR": 1.1}).after.warnings
    assert set(compare(two, fx={"EUR": 1.1}, by="portfolio")["note"]) == {note}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"currency": None}, "the column 'currency' names none"),
        ({"weight": [*[0.2] * 5, 0.5, 0.3, 0.2]}, "the weights of the frame are given"),
    ],
)
def test_rates_that_nothing_can_use_are_noted(change, why):
    frame, note = household().assign(**change), f"fx is not used: {why}"
    one = compare(frame.drop(columns="portfolio"), fx={"EUR": 1.1})
    assert one.after.warnings.count(note) == one.before.warnings.count(note) == 1
    assert set(compare(frame, by="portfolio", fx={"EUR": 1.1})["note"]) == {note}
    assert set(compare(frame, by="portfolio", fx={})["note"]) == {""}
    bare = compare(frame.drop(columns=["currency", *change]), fx={"EUR": 1.1}, by="portfolio")
    assert set(bare["note"]) == {"fx is not used: the frame has no column 'currency'"}


@pytest.mark.parametrize("value", [math.nan, None, math.inf, 1e200])
@pytest.mark.parametrize("column", ["value", "weight"])
def test_an_unknown_value_is_refused_with_its_row(column, value):
    frame = household()
    frame[column] = frame["value"].astype(object)
    frame.loc[1, column] = value
    with pytest.raises(InputError, match=f"(?s){column} is missing.*row 1, column .*SPY: give"):
        position_weights(frame, by="portfolio")


@pytest.mark.parametrize(("debt", "net"), [(-100.0, 0.0), (-150.0, -50.0), (-100 + 1e-12, 0.0)])
def test_a_net_value_must_be_above_zero(debt, net):
    frame = pd.DataFrame({"portfolio": ["A", "A", "B"], "value": [100.0, debt, 5.0]})
    with pytest.raises(InputError, match="net value of portfolio 'A'") as error:
        position_weights(frame, by="portfolio")
    assert error.value.failures["value"].tolist() == pytest.approx([net], abs=1e-9)


@pytest.mark.parametrize(
    ("frame", "options", "message"),
    [
        (pd.DataFrame({"x": [1.0]}), {}, "neither a column 'weight' nor a column 'value'"),
        (household(), {"by": "account"}, "no column 'account'"),
        (household().replace({"portfolio": {"B": None}}), {"by": "portfolio"}, "row 5.*missing"),
        (household().assign(value="x"), {}, "value must be numbers"),
    ],
)
def test_frames_that_cannot_be_weighed(frame, options, message):
    with pytest.raises(InputError, match=message):
        position_weights(frame, **options)


@pytest.mark.parametrize(
    "twice", ["portfolio", "ticker", "value", "security_type", "currency", "origin", "stale"]
)
def test_a_column_that_is_there_twice_is_refused_where_it_is_read(twice):
    frame = household().assign(currency="USD", note="")
    doubled = pd.concat([frame, frame[[twice]]], axis="columns")
    with pytest.raises(InputError, match=f"the column '{twice}' more than once: rename"):
        compare(doubled, by="portfolio")
    other = pd.concat([frame, frame[["note"]]], axis="columns")
    pd.testing.assert_series_equal(
        position_weights(other, by="portfolio"), position_weights(frame, by="portfolio")
    )


# --- positions --------------------------------------------------------------------------------


def test_the_position_table_before_and_after():
    table = audit(household(), by="portfolio")
    assert table["rate_before"].tolist() == [0.8] * 8
    assert table["rate_after"].tolist() == [0.4, 0.35, 1.0, 0.05, 0.05, 0.8, 0.8, 0.8]
    assert table["loss_before"].tolist() == pytest.approx(
        [0.24, 0.16, 0.08, 0.36, 0.04, 0.48, 0.2, 0.12]
    )
    assert table["effect"].tolist() == pytest.approx(
        [-0.12, -0.09, 0.02, -0.3375, -0.0375, 0, 0, 0]
    )
    assert table["flags"].tolist() == [
        "",
        "provider differs, stale",
        "leveraged, guess",
        "",
        "short",
        "",
        "single-stock rate, guess",
        "no type, single-stock rate",
    ]


def test_the_provider_baseline_takes_the_provider_at_its_word():
    table = audit(household(), baseline="provider", by="portfolio")
    assert table["type_before"].astype(object).where(lambda s: s.notna(), None).tolist() == [
        "mutual_fund", "equity", "etf", "cash", "cash", "equity", None, None,
    ]  # fmt: skip
    assert table["rate_before"].tolist() == [0.4, 0.8, 0.35, 0.05, 0.05, 0.8, 0.8, 0.8]
    assert table["effect"].tolist() == pytest.approx([0, -0.09, 0.065, 0, 0, 0, 0, 0])


@pytest.mark.parametrize("by", ["portfolio", "client"])
def test_a_saved_table_gives_the_same_table_again(by):
    frame = household().rename(columns={"portfolio": by})
    table = audit(frame, baseline="provider", by=by)
    pd.testing.assert_frame_equal(audit(table, baseline="provider", by=by), table)
    compared = compare(frame, baseline="provider", by=by)
    pd.testing.assert_frame_equal(compare(table, baseline="provider", by=by), compared)
    one = compare(frame[frame[by] == "A"], baseline="provider")
    again = compare(one.positions(), baseline="provider")
    assert (again.before, again.after) == (one.before, one.after)
    assert again == one


def test_the_provider_baseline_needs_the_providers_words():
    with pytest.raises(InputError, match="provider baseline needs the column 'provider_type'"):
        audit(household().drop(columns="provider_type"), baseline="provider")


def test_an_unknown_multiple_is_flagged():
    frame = household().assign(leverage=[math.nan] * 8)
    table = audit(frame, by="portfolio")
    assert table["rate_after"].tolist() == [0.8] * 8
    assert table.loc[0, "flags"] == "leverage unknown"


@pytest.mark.parametrize("columns", [["security_type", "value"], ["security_type", "weight"]])
def test_the_smallest_frame_is_enough(columns):
    frame = pd.DataFrame({"security_type": ["etf", "cash"], "value": [1.0, 3.0]})
    frame["weight"] = [0.25, 0.75]
    table = audit(frame[columns].set_axis([7, 7]))
    assert table["rate_after"].tolist() == [0.35, 0.05]
    assert table.index.tolist() == [7, 7]
    assert compare(frame[columns]).after.whole_book_loss == pytest.approx(0.125)


@pytest.mark.parametrize(
    ("change", "options", "error", "message"),
    [
        ({"security_type": None}, {}, InputError, "no column 'security_type': add the answers"),
        ({}, {"baseline": "old"}, ConfigError, "baseline must be one of generic, provider"),
        ({}, {"method": "largest"}, ConfigError, "method must be one of"),
        ({}, {"curve": "flat"}, ConfigError, "curve must be one of"),
        ({}, {"leverage": -1}, InputError, "must be above 0"),
        ({}, {"limits": {"max_loss": 0.2}}, ConfigError, "limits must be RiskLimits"),
        ({}, {"scenarios": {"etf": 0.2}}, ConfigError, "scenarios must be CrashScenarios"),
        ({}, {"max_betas": {"market": pd.NA}}, InputError, "maximum beta must be above 0"),
        ({}, {"max_betas": {"market": "1.2"}}, InputError, "'market', value '1.2'"),
    ],
)
@pytest.mark.parametrize("by", [None, "portfolio"])
def test_comparisons_that_cannot_be_made(change, options, error, message, by):
    frame = household().drop(columns=list(change))
    with pytest.raises(error, match=message):
        compare(frame, by=by, **options)


@pytest.mark.parametrize("leverage", [None, math.nan, pd.NA])
def test_an_unknown_leverage_makes_the_losses_unknown(leverage):
    known = {"leverage": leverage, "exposures": KNOWN}
    one = compare(household(), **known)
    reasons = [part.reason for part in one.after.components.values()]
    assert reasons == ["the leverage of the portfolio is unknown"] * 4
    assert math.isnan(one.after.whole_book_loss)
    assert math.isnan(one.after.worst_position.loss)
    assert one == compare(household(), **known)
    assert one.rescored(one.scenarios) == one.after
    assert one.suggested_limits()["limit"].isna().all()
    assert audit(household(), leverage=leverage)["loss_after"].isna().all()
    many = compare(household(), by="portfolio", leverage=leverage)
    assert set(many["reason"]) == {"the leverage of the portfolios is unknown"}


@pytest.mark.parametrize("leverage", ["2", [1.0], 0, math.inf])
@pytest.mark.parametrize("by", [None, "portfolio"])
def test_a_leverage_is_a_number_above_zero(leverage, by):
    for function in (compare, audit):
        with pytest.raises(InputError, match=r"column 'leverage', value .*must be above 0"):
            function(household(), leverage=leverage, by=by)


@pytest.mark.parametrize("column", ["is_cash", "stale"])
def test_a_column_of_yes_and_no_must_be_one(column):
    frame = household()
    frame[column] = "perhaps"
    with pytest.raises(InputError, match=f"column '{column}'.*'perhaps'.*must be True or False"):
        audit(frame)


# --- one book ---------------------------------------------------------------------------------


def test_golden_dsu_before_and_after():
    frame = pd.DataFrame(
        {
            "ticker": ["DSU", "AGG", "BND", "SGOV"],
            "value": [30.0, 25.0, 25.0, 20.0],
            "security_type": ["mutual_fund", "etf", "etf", "cash"],
        }
    )
    limits = RiskLimits(max_loss=0.25)
    table = compare(frame, limits=limits, curve="step").table()
    assert table.loc["concentration", ["loss_before", "loss_after"]].tolist() == [0.24, 0.12]
    assert table.loc["concentration", ["score_before", "score_after"]].tolist() == [75, 100]
    table = compare(frame, limits=limits).table()
    assert table.loc["concentration", ["score_before", "score_after"]].tolist() == [80, 100]
    assert table.loc["concentration", "score_change"] == 20


def test_golden_spy_at_its_own_rate_and_aapl_unchanged():
    frame = pd.DataFrame({"value": [35.0], "security_type": ["etf"]})
    assert compare(frame).table().loc["concentration", "loss_before"] == 0.80
    assert compare(frame).table().loc["concentration", "loss_after"] == 0.35
    stock = compare(frame.assign(security_type="equity"))
    assert stock.before.concentration == stock.after.concentration


@pytest.mark.parametrize("baseline", ["generic", "provider"])
@pytest.mark.parametrize("leverage", [1.0, 1.6])
def test_effects_add_up_to_the_change_of_the_whole_book(baseline, leverage):
    compared = compare(household(), baseline=baseline, leverage=leverage)
    change = compared.after.whole_book_loss - compared.before.whole_book_loss
    assert compared.positions()["effect"].sum() == pytest.approx(change, abs=1e-9)
    assert compared.table().loc["whole_book", "loss_change"] == pytest.approx(change, abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["generic", "provider"]))
def test_effects_add_up_on_any_book(seed, baseline):
    frame = random_books(seed, 3).assign(provider_type="etf")
    if len(frame):
        compared = compare(frame, baseline=baseline)
        change = compared.after.whole_book_loss - compared.before.whole_book_loss
        assert compared.positions()["effect"].sum() == pytest.approx(change, abs=1e-9)


def test_the_scores_are_those_of_the_scalar_function():
    frame = household()
    options = {"exposures": KNOWN, "leverage": 1.3, "method": "top_n", "curve": "step"}
    compared = compare(frame, **options)
    expected = risk_score(
        (frame["value"] / 200).to_numpy(),
        frame["security_type"],
        position_leverage=frame["leverage"].to_numpy(),
        tickers=frame["ticker"],
        origins=frame["origin"],
        **options,
    )
    assert compared.after == expected
    assert compared.after.origin_shares["fmp"] == pytest.approx(110 / 210)
    assert compared.before.substituted == ()


def test_a_comparison_is_frozen_and_hands_out_copies():
    compared = compare(household())
    with pytest.raises(FrozenInstanceError, match="cannot assign"):
        compared.baseline = "provider"
    handed_out = compared.positions()
    handed_out["weight"] = 0.0
    assert compared.positions()["weight"].sum() == pytest.approx(1.0)
    assert pickle.loads(pickle.dumps(compared)) == compared
    assert compared != compare(household(), baseline="provider")
    assert compared == compare(household())
    assert hash(compared) == hash(compare(household()))


def test_a_comparison_shows_itself_escaped():
    frame = household()
    frame.loc[0, "ticker"] = "<script>"
    shown = compare(frame)._repr_html_()
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown
    assert shown.count("<table") == 2


def test_suggested_limits_of_a_comparison():
    scenarios = CrashScenarios().with_rates(etf=0.5)
    table = compare(household(), scenarios=scenarios, exposures=KNOWN).suggested_limits()
    found = table.set_index(["quantity", "of"])["limit"]
    assert found["weight", "etf"] == 0.5
    assert math.isfinite(found["leverage", "all"])


def test_suggested_limits_take_the_historical_betas_of_the_comparison():
    given = {"max_betas": {"market": 0.15}, "max_industry_betas": {"TECH": 0.2}}
    compared = compare(household(), exposures=KNOWN, **given)
    found = compared.suggested_limits().set_index(["quantity", "of"])["limit"]
    losses = compared.after
    limit = losses.limits.max_loss
    assert losses.factor.loss / 0.5 * found["beta", "market"] == pytest.approx(limit)
    assert losses.sector.loss / 0.3 * found["industry_beta", "TECH"] == pytest.approx(limit)
    assert found["beta", "market"] == pytest.approx(0.375)


def test_exposures_must_fit_what_is_compared():
    with pytest.raises(InputError, match="need by='portfolio'"):
        compare(household(), exposures={"A": KNOWN})
    with pytest.raises(InputError, match="cannot stand for many"):
        compare(household(), by="portfolio", exposures=KNOWN)
    twice = pd.concat([exposures_frame({"A": KNOWN})] * 2)
    with pytest.raises(InputError, match="more than once"):
        compare(household(), by="portfolio", exposures=twice)
    broken = exposures_frame({"A": KNOWN}).assign(volatility_annual=-0.1)
    with pytest.raises(InputError, match="must not be negative"):
        compare(household(), by="portfolio", exposures=broken)


def test_exposures_that_are_none_are_refused_with_their_portfolio():
    with pytest.raises(
        InputError, match=r"exposures\['A'\] has no volatility_annual, .*give Portf"
    ):
        compare(household(), by="portfolio", exposures={"A": {"market": 1.0}})
    with pytest.raises(InputError, match=r"exposures has no .*\(it is 3\.0\)"):
        compare(household(), exposures=3.0)


@pytest.mark.parametrize("unknown", [None, math.nan, pd.NA])
def test_a_portfolio_may_have_unknown_exposures(unknown):
    many = compare(household(), by="portfolio", exposures={"A": KNOWN, "B": unknown})
    without = compare(household(), by="portfolio", exposures={"A": KNOWN})
    pd.testing.assert_frame_equal(many, without)
    assert many["reason"].tolist() == ["", "no factor, no volatility, no sector"]


@pytest.mark.parametrize(
    ("labels", "exposures", "told"),
    [
        (["A", "B"], {"X": KNOWN}, "'portfolio', such as 'A'; it holds 'X'"),
        ([1, 2], {"1": KNOWN}, "'portfolio', such as 1; it holds '1'"),
        (["1", "2"], exposures_frame({1: KNOWN}), "'portfolio', such as '1'; it holds 1"),
    ],
)
def test_exposures_that_name_no_portfolio_are_refused(labels, exposures, told):
    frame = household()
    frame["portfolio"] = frame["portfolio"].map(dict(zip("AB", labels, strict=True)))
    with pytest.raises(InputError, match=f"name none of the portfolios: .*column {told}"):
        compare(frame, by="portfolio", exposures=exposures)
    compare(frame, by="portfolio", exposures={})
    compare(frame.iloc[:0], by="portfolio", exposures=exposures)


@pytest.mark.parametrize("leveraged_funds", [True, False])
def test_the_note_says_what_the_single_comparison_warns_of(leveraged_funds):
    frame = household().assign(currency=None)
    options = {
        "fx": {"EUR": 1.1},
        "max_betas": pd.Series({"market": 1.2, "value": math.inf}),
        "scenarios": CrashScenarios(leveraged_funds=leveraged_funds),
    }
    note = compare(frame, by="portfolio", **options)["note"]
    assert note.str.startswith("no historical maximum beta for momentum: the scenario's").all()
    assert "no historical maximum beta for value" in note["A"]
    for name, rows in frame.groupby("portfolio"):
        assert "; ".join(compare(rows, **options).after.warnings).endswith(note[name])


@pytest.mark.parametrize("by", [None, "portfolio"])
@pytest.mark.parametrize("baseline", ["generic", "provider"])
def test_the_frame_is_not_changed(by, baseline):
    frame = household()
    compare(frame, by=by, baseline=baseline)
    audit(frame, by=by, baseline=baseline)
    pd.testing.assert_frame_equal(frame, household())


def test_an_empty_frame_is_an_empty_book():
    frame = household().iloc[:0]
    compared = compare(frame, baseline="provider")
    assert compared.positions().empty
    assert compared.after.concentration.reason == "there are no positions"
    assert compare(frame, by="portfolio").empty


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.randoms(), st.sampled_from(METHODS))
def test_permuting_the_frame_changes_nothing(seed, random, method):
    frame = random_books(seed, 4)
    order = list(range(len(frame)))
    random.shuffle(order)
    mixed = frame.iloc[order]
    if len(frame):
        one, other = compare(frame, method=method), compare(mixed, method=method)
        assert (one.before, one.after) == (other.before, other.after)
        many = compare(frame, method=method, by="portfolio")
        again = compare(mixed, method=method, by="portfolio").loc[many.index]
        pd.testing.assert_frame_equal(many, again, check_exact=True)


# --- saved and computed again -----------------------------------------------------------------


def test_a_saved_frame_gives_the_same_comparison(tmp_path):
    path = tmp_path / "answers.parquet"
    household().to_parquet(path)
    saved = pd.read_parquet(path)
    for baseline in ("generic", "provider"):
        live = compare(household(), exposures=KNOWN, baseline=baseline)
        assert compare(saved, exposures=KNOWN, baseline=baseline) == live
    many = compare(saved, by="portfolio")
    pd.testing.assert_frame_equal(many, compare(household(), by="portfolio"), check_dtype=False)


def test_a_saved_frame_needs_no_service_and_no_network(tmp_path):
    path = tmp_path / "answers.parquet"
    household().to_parquet(path)
    code = (
        "import sys, socket, pandas as pd\n"
        "from sectypes.comparison import compare\n"
        f"frame = pd.read_parquet({str(path)!r})\n"
        "socket.socket = None\n"
        "print(repr(compare(frame).after.whole_book_loss))\n"
        "print([m for m in ('requests', 'sqlalchemy') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loss = compare(household()).after.whole_book_loss
    assert run.stdout.split("\n")[:2] == [repr(loss), "[]"]


# --- many portfolios --------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("curve", ["linear", "step"])
@pytest.mark.parametrize("seed", [1, 2])
def test_many_agree_with_the_scalar_functions(method, curve, seed):
    frame = random_books(seed).sample(frac=1.0, random_state=seed)
    names = frame["portfolio"].unique()
    rng = np.random.default_rng(seed)
    exposures = {
        name: PortfolioExposures(
            volatility_annual=float(rng.choice([0.1, 0.3, 0.9, math.nan])),
            factor_betas={"market": rng.normal(), "momentum": rng.normal(), "value": 0.2},
            industry_betas={"TECH": rng.normal()} if rng.random() < 0.8 else {},
        )
        for name in names
    }
    options = {"method": method, "curve": curve, "leverage": 1.2, "max_betas": {"market": 0.5}}
    many = compare(frame, by="portfolio", exposures=exposures, **options)
    assert many.index.tolist() == names.tolist()
    for name, rows in frame.groupby("portfolio"):
        one = compare(rows, exposures=exposures[name], **options)
        for when, score in (("before", one.before), ("after", one.after)):
            _assert_same(many.loc[name], when, score)


def _assert_same(row: pd.Series, when: str, score) -> None:
    close = {"abs": 1e-12, "nan_ok": True}
    for part in score.components.values():
        assert row[f"{part.name}_loss_{when}"] == pytest.approx(part.loss, **close)
        assert row[f"{part.name}_ratio_{when}"] == pytest.approx(part.ratio, **close)
        assert row[f"{part.name}_score_{when}"] == pytest.approx(part.score, abs=1e-9, nan_ok=True)
    assert row[f"overall_{when}"] == pytest.approx(score.overall, abs=1e-9, nan_ok=True)
    category = row[f"category_{when}"]
    assert (None if pd.isna(category) else category) == score.category
    assert row[f"worst_loss_{when}"] == pytest.approx(score.worst_position.loss, **close)
    assert row[f"worst_ticker_{when}"] == score.worst_position.ticker
    assert row[f"whole_book_loss_{when}"] == pytest.approx(score.whole_book_loss, **close)
    hides = any("alone would lose" in text for text in score.warnings)
    assert row[f"hides_worst_{when}"] == hides


def test_many_tell_shares_and_reasons():
    many = compare(household(), by="portfolio", exposures={"A": KNOWN})
    assert many["positions"].tolist() == [5, 3]
    assert many["stand_in_weight"].tolist() == pytest.approx([0.0, 0.4])
    assert many["guessed_weight"].tolist() == pytest.approx([0.1 / 1.1, 0.25])
    assert many["reason"].tolist() == [
        "",
        "no factor, no volatility, no sector",
    ]
    assert many["category_after"].tolist()[0] == "Excellent"
    assert math.isnan(many["overall_after"].iloc[1])
    unknown = compare(household(), by="portfolio", leverage=math.nan)
    assert unknown["concentration_score_after"].isna().all()
    assert set(unknown["reason"]) == {"the leverage of the portfolios is unknown"}


def test_a_portfolio_without_positions_of_any_size_has_no_concentration():
    frame = pd.DataFrame(
        {"portfolio": ["A", "B"], "weight": [0.0, 1.0], "security_type": ["etf", "etf"]}
    )
    many = compare(frame, by="portfolio")
    assert math.isnan(many.loc["A", "concentration_score_after"])
    assert many.loc["A", "reason"].startswith("no positions")
    assert many.loc["B", "concentration_loss_after"] == 0.35


def test_many_can_be_told_apart_by_any_column():
    frame = household().assign(account=[1, 1, 2, 2, 2, 3, 3, 3])
    many = compare(frame.drop(columns="ticker"), by="account")
    assert many.index.tolist() == [1, 2, 3]
    assert many["worst_ticker_after"].tolist() == ["", "", ""]


def test_exposures_of_others_count_as_none_only_where_some_are_known():
    table = exposures_frame(
        {
            "A": KNOWN,
            "B": PortfolioExposures(industry_betas={"OIL": 0.2}),
            "C": PortfolioExposures(),
        }
    )
    assert table.loc["A", "industry:OIL"] == 0.0
    assert table.loc["B", "industry:TECH"] == 0.0
    assert table.loc["C"].isna().all()
