"""On whom a book rests, and the band that its guesses leave open."""

from __future__ import annotations

import itertools
import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sectypes.comparison import compare
from sectypes.errors import InputError
from sectypes.heuristics import RULES
from sectypes.risk import Coverage, concentration_loss, coverage_of, whole_book_loss
from sectypes.risk.plausible import ANY, BY_RULE, BY_TYPE
from sectypes.scenarios import CrashScenarios
from sectypes.taxonomy import SECURITY_TYPES, Origin

METHODS = ("largest_position", "worst_position", "single_issuer", "top_n")
FACTS = ("override", "provider", "fmp", "openfigi", "snapshot")
CLOSE = 1e-12

# One position: ticker, value, type, origin.
positions = st.tuples(
    st.sampled_from(["AA", "BB", "CC", "DD", None]),
    st.sampled_from([0.0, 10.0, 20.0, 20.0, 35.0, 60.0, -5.0]),
    st.sampled_from(SECURITY_TYPES),
    st.sampled_from([*FACTS, "fmp", "heuristic", "default", "heuristic"]),
)
books = st.lists(positions, min_size=1, max_size=5).map(
    lambda rows: [*rows, ("BASE", 30.0, "etf", "fmp")]
)
multiples = st.lists(st.sampled_from([1.0, 1.0, 3.0, -2.0]), min_size=6, max_size=6)


def frame_of(rows: list[tuple[str | None, float, str | None, str]]) -> pd.DataFrame:
    """A book of ticker, value, security type and origin."""
    return pd.DataFrame(rows, columns=["ticker", "value", "security_type", "origin"])


def kinds_of(row: pd.Series) -> tuple[str, ...]:
    """What a position may be, read from the tables."""
    if row["origin"] == "heuristic":
        line = BY_TYPE[row["security_type"]]
    elif row["origin"] == "default":
        line = ANY
    else:
        return (row["security_type"],)
    return tuple({row["security_type"], *line.kinds})


def all_losses(frame: pd.DataFrame, method: str) -> list[float]:
    """The loss of each reading of the guesses, one by one."""
    weights = frame["value"] / frame["value"].sum()
    steps = frame["leverage"].tolist() if "leverage" in frame else None
    readings = itertools.product(*(kinds_of(row) for _, row in frame.iterrows()))
    distinct = {tuple(_alike(kind) for kind in reading) for reading in readings}
    shared = pd.Series(weights.to_numpy(), index=frame["ticker"])
    return [
        concentration_loss(shared, list(reading), position_leverage=steps, method=method)
        for reading in distinct
    ]


def _alike(kind: str) -> str:
    """One kind for all that share rate and treatment, so that there are fewer readings."""
    return kind if kind in ("etf", "mutual_fund", "cash") else "equity"


# --- the band ---------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
@given(books, multiples)
@settings(max_examples=12, deadline=None)
def test_the_ends_are_those_of_all_readings_looked_at_one_by_one(method, rows, steps):
    frame = frame_of(rows).assign(leverage=steps[: len(rows)])
    guesses = frame["origin"].isin(["heuristic", "default"])
    frame.loc[guesses & (guesses.cumsum() > 4), "origin"] = "fmp"
    losses = all_losses(frame, method)
    band = compare(frame, method=method).band
    assert band.low == pytest.approx(min(losses), abs=CLOSE)
    assert band.high == pytest.approx(max(losses), abs=CLOSE)


@pytest.mark.parametrize("method", METHODS)
@given(books)
@settings(max_examples=12, deadline=None)
def test_the_loss_lies_within_the_band(method, rows):
    compared = compare(frame_of(rows), method=method)
    band, after = compared.band, compared.after
    assert band.low <= after.concentration.loss <= band.high
    assert band.worst_position.low <= after.worst_position.loss <= band.worst_position.high
    assert band.whole_book.low <= after.whole_book_loss <= band.whole_book.high
    assert band.score.low <= after.concentration.score <= band.score.high


@pytest.mark.parametrize("method", METHODS)
@given(books)
@settings(max_examples=12, deadline=None)
def test_without_guesses_the_band_has_no_width(method, rows):
    frame = frame_of(rows).assign(origin="fmp")
    compared = compare(frame, method=method)
    loss = compared.after.concentration.loss
    assert (compared.band.low, compared.band.high) == (loss, loss)
    assert compared.band.whole_book.width == 0


@pytest.mark.parametrize("method", METHODS)
@given(books, st.data())
@settings(max_examples=12, deadline=None)
def test_a_fact_narrows_the_band_where_it_is_plausible(method, rows, data):
    frame = frame_of(rows)
    wide = compare(frame, method=method).band
    row = data.draw(st.integers(0, len(frame) - 1))
    frame.loc[row, "security_type"] = data.draw(st.sampled_from(kinds_of(frame.loc[row])))
    frame.loc[row, "origin"] = "fmp"
    told = compare(frame, method=method).band
    assert told.low >= wide.low - CLOSE
    assert told.high <= wide.high + CLOSE


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("column", ["security_type", "origin", "leverage", "reason"])
@given(books, multiples, st.data())
@settings(max_examples=12, deadline=None)
def test_no_omission_lowers_the_high_end_or_narrows_the_band(method, column, rows, steps, data):
    frame = frame_of(rows).assign(leverage=steps[: len(rows)], reason="rule fund_suffix_x: form")
    guesses = np.flatnonzero(frame["origin"].isin(["heuristic", "default"]))
    told = compare(frame, method=method).band
    if len(guesses):
        frame.loc[data.draw(st.sampled_from(guesses.tolist())), column] = None
    silent = compare(frame, method=method).band
    assert silent.high >= told.high - CLOSE
    assert silent.low <= told.low + CLOSE


@pytest.mark.parametrize("method", METHODS)
@given(st.lists(books, min_size=1, max_size=4))
@settings(max_examples=12, deadline=None)
def test_many_portfolios_have_the_bands_of_each(method, many):
    frames = [frame_of(rows).assign(portfolio=f"P{i}") for i, rows in enumerate(many)]
    mixed = pd.concat(frames).sort_values("value", kind="stable")
    table = compare(mixed, by="portfolio", method=method)
    for i, frame in enumerate(frames):
        alone = compare(frame, method=method)
        row = table.loc[f"P{i}"]
        ends = [row["concentration_loss_low"], row["concentration_loss_high"]]
        assert ends == pytest.approx(list(alone.band.loss), abs=CLOSE)
        scores = [row["concentration_score_low"], row["concentration_score_high"]]
        assert scores == pytest.approx(list(alone.band.score), abs=1e-6)
        assert row["guessed_weight"] == pytest.approx(alone.coverage.guessed)


def test_a_safe_guess_that_may_be_an_issuer_can_hide_a_riskier_one_and_the_reverse():
    rows = [("BIG", 50.0, "etf", "heuristic"), ("MID", 30.0, "equity", "fmp")]
    rows += [("CASH", 20.0, "cash", "provider")]
    band = compare(frame_of(rows), method="single_issuer").band
    assert tuple(band.loss) == pytest.approx((0.3 * 0.8, 0.5 * 0.8))
    rows[1] = ("MID", 30.0, "etf", "fmp")
    band = compare(frame_of(rows), method="single_issuer").band
    assert tuple(band.loss) == pytest.approx((0.2 * 0.05, 0.5 * 0.8))


def test_the_ends_of_a_long_book_are_found_at_once():
    rng = np.random.default_rng(8)
    rows = [(f"T{i}", float(v), "etf", "default") for i, v in enumerate(rng.uniform(1, 9, 5000))]
    for method in METHODS:
        band = compare(frame_of(rows), method=method).band
        assert 0 < band.low < band.high < 0.01


def test_a_guess_of_unknown_multiple_may_lose_everything():
    frame = frame_of([("LEV", 1.0, "etf", "heuristic")]).assign(leverage=math.nan)
    assert tuple(compare(frame).band.loss) == (0.35, 1.0)
    frame = frame_of([(None, 1.0, None, "default")]).assign(leverage=math.nan)
    assert tuple(compare(frame).band.loss) == (0.05, 1.0)


def test_a_multiple_that_is_told_stays_what_it_is():
    frame = frame_of([("LEV", 1.0, "etf", "heuristic")]).assign(leverage=2.0)
    assert tuple(compare(frame).band.loss) == (0.7, 1.0)
    plain = CrashScenarios(leveraged_funds=False)
    assert tuple(compare(frame, scenarios=plain).band.loss) == (0.35, 0.8)


@pytest.mark.parametrize(
    ("rule", "low", "high"),
    [
        ("fund_suffix_x", 0.4, 0.4),
        ("fund_suffix_long", 0.4, 0.4),
        ("name_fund", 0.35, 0.8),
        ("occ_option", 0.35, 0.8),
        ("no_such_rule", 0.35, 0.8),
    ],
)
@pytest.mark.parametrize("column", ["reason", "raw_label"])
def test_the_rule_says_what_is_plausible_where_the_frame_names_it(column, rule, low, high):
    frame = frame_of([("AAAAX", 1.0, "mutual_fund", "heuristic")])
    frame[column] = f"rule {rule}: form; memory: miss" if column == "reason" else rule
    assert tuple(compare(frame).band.loss) == (low, high)


def test_a_form_that_leaves_nothing_open_has_no_width():
    frame = frame_of([("XYZ301220C00100000", 1.0, "derivative", "heuristic")])
    compared = compare(frame.assign(reason="rule fund_suffix_x: form"))
    assert tuple(compared.band.loss) == (0.8, 0.8)
    assert str(compared.band) == "no guess can move the concentration loss from 80.0%"


def test_stale_facts_and_overrides_do_not_move_and_stale_facts_are_counted():
    rows = [("A", 60.0, "equity", "fmp"), ("B", 40.0, "etf", "override")]
    compared = compare(frame_of(rows).assign(stale=[True, False]))
    assert compared.band.loss.width == 0
    assert compared.coverage.stale == 0.6


def test_a_frame_that_tells_no_origins_has_no_band():
    compared = compare(frame_of([("A", 60.0, "equity", "fmp")]).drop(columns="origin"))
    assert all(math.isnan(end) for end in compared.band.table().to_numpy().ravel())
    assert "no column 'origin'" in compared.band.reason
    assert "is unknown" in str(compared.band)
    assert compared.coverage.unknown == 1.0


def test_a_row_whose_origin_is_not_told_moves_like_any_other_guess():
    rows = [("A", 50.0, "etf", "fmp"), ("B", 50.0, "etf", None)]
    compared = compare(frame_of(rows))
    assert tuple(compared.band.loss) == pytest.approx((0.175, 0.4))
    assert compared.coverage.unknown == 0.5


def test_the_leverage_of_the_portfolio_counts_in_the_band():
    frame = frame_of([("A", 1.0, "equity", "default")])
    assert tuple(compare(frame, leverage=1.5).band.loss) == pytest.approx((0.075, 1.2))


def test_a_book_without_positions_has_no_band():
    band = compare(frame_of([("A", 1.0, "equity", "default")]).assign(weight=0.0)).band
    assert math.isnan(band.low)
    assert band.reason == "there are no positions"


def test_the_overall_score_has_a_band_where_there_is_one(sample_comparison):
    compared = sample_comparison
    ends = compared.band.overall
    assert ends.low <= compared.after.overall <= ends.high
    moved = 0.30 * (compared.band.score.high - compared.band.score.low)
    assert ends.width == pytest.approx(moved)


@pytest.fixture
def sample_comparison():
    from support import compared as sample_books

    held = sample_books.household()
    held["origin"] = held["origin"].astype(object).where(held["ticker"] != "DSU", "heuristic")
    return compare(held, exposures=sample_books.exposures(), method="worst_position")


def test_every_rule_of_the_table_exists_and_every_type_has_a_line():
    assert set(BY_RULE) <= set(RULES)
    assert set(BY_TYPE) == set(SECURITY_TYPES)
    for kind, line in BY_TYPE.items():
        assert kind in line.kinds
        assert line.reason
    for line in BY_RULE.values():
        assert set(line.kinds) <= set(BY_TYPE[line.kinds[0]].kinds)


def test_the_table_of_a_comparison_has_the_ends():
    compared = compare(frame_of([("A", 60.0, "equity", "fmp"), ("B", 40.0, "etf", "default")]))
    table = compared.table()
    ends = table.loc["whole_book", ["loss_low", "loss_high"]].tolist()
    assert ends == pytest.approx([0.6 * 0.8 + 0.4 * 0.05, 0.8])
    assert table.loc["concentration", "loss_high"] == compared.band.high
    assert table.loc["concentration", "score_low"] == compared.band.score.low


def test_a_comparison_shows_what_it_rests_on():
    shown = compare(frame_of([("A", 60.0, "equity", "fmp"), ("B", 40.0, "etf", "default")]))
    page = shown._repr_html_()
    assert "rests on fmp 60.0%, default 40.0%; guessed 40.0%, stale unknown" in page
    assert "no guess can move the concentration loss from 48.0%" in page
    moved = compare(frame_of([("A", 1.0, "equity", "default")]))
    told = "would be 5.0% if every guess were its safest plausible type, 80.0% if its riskiest"
    assert told in moved._repr_html_()
    assert told in moved.band._repr_html_()


# --- coverage ---------------------------------------------------------------------------------


@given(books, st.booleans())
@settings(max_examples=12, deadline=None)
def test_shares_add_up_to_one(rows, with_gap):
    frame = frame_of(rows)
    if with_gap:
        frame.loc[0, "security_type"] = None
    shares = coverage_of(frame.assign(stale=False)).to_dict()
    parts = [*(origin.value for origin in Origin), "missing", "unknown"]
    assert math.fsum(shares[part] for part in parts) == pytest.approx(1.0)
    assert shares["stale"] == 0.0


def test_shares_are_of_the_gross_value():
    rows = [
        ("A", 60.0, "equity", "fmp"),
        ("B", -20.0, "etf", "heuristic"),
        (None, 60.0, None, None),
    ]
    found = coverage_of(frame_of(rows).assign(stale=[False, True, None]))
    assert (found.fmp, found.heuristic, found.missing) == pytest.approx((3 / 7, 1 / 7, 3 / 7))
    assert (found.guessed, found.stale) == pytest.approx((1 / 7, 1 / 7))


def test_portfolios_have_their_own_coverage():
    rows = [("A", 60.0, "equity", "fmp"), ("B", 40.0, "etf", "default"), ("C", 5.0, "etf", "fmp")]
    frame = frame_of(rows).assign(portfolio=["P", "P", "Q"], stale=[True, False, False])
    table = coverage_of(frame, by="portfolio")
    assert table.loc["P", ["fmp", "default", "stale", "guessed"]].tolist() == [0.6, 0.4, 0.6, 0.4]
    assert table.loc["Q", ["fmp", "default", "stale", "guessed"]].tolist() == [1.0, 0.0, 0.0, 0.0]


def test_what_the_frame_does_not_tell_is_unknown_and_not_nothing():
    frame = frame_of([("A", 60.0, "equity", "fmp"), (None, 40.0, None, "fmp")])
    found = coverage_of(frame.drop(columns="origin"))
    assert (found.unknown, found.missing) == (0.6, 0.4)
    assert math.isnan(found.fmp)
    assert str(found) == "no type 40.0%, origin not told 60.0%; guessed unknown, stale unknown"
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["guessed"] is None
    assert "unknown" in found._repr_html_()


def test_coverages_are_equal_where_they_say_the_same():
    frame = frame_of([("A", 60.0, "equity", "fmp")])
    assert coverage_of(frame) == coverage_of(frame)
    assert hash(coverage_of(frame)) == hash(coverage_of(frame))
    assert coverage_of(frame) != Coverage(fmp=1.0)


def test_every_origin_has_a_share():
    for origin in Origin:
        assert getattr(Coverage(**{origin.value: 1.0}), origin.value) == 1.0


def test_a_stale_column_must_be_yes_and_no():
    with pytest.raises(InputError, match="column 'stale' cannot be read"):
        coverage_of(frame_of([("A", 1.0, "etf", "fmp")]).assign(stale="perhaps"))


def test_nothing_held_has_no_shares():
    found = coverage_of(frame_of([("A", 1.0, "etf", "fmp")]).assign(weight=0.0))
    assert math.isnan(found.fmp)
    assert math.isnan(coverage_of(frame_of([]).assign(weight=[])).fmp)


# --- the leverage rule can be switched off ----------------------------------------------------


def test_without_the_leverage_rule_a_fund_takes_its_plain_rate_and_the_score_says_so():
    frame = frame_of([("TRIPLE", 1.0, "etf", "fmp")]).assign(leverage=3.0)
    counted = compare(frame)
    assert counted.positions()["rate_after"].tolist() == [1.0]
    plain = compare(frame, scenarios=CrashScenarios(leveraged_funds=False))
    assert plain.positions()["rate_after"].tolist() == [0.35]
    assert plain.positions()["flags"].tolist() == ["leveraged"]
    assert plain.after.concentration.loss == 0.35
    assert any("leverage of funds is switched off" in text for text in plain.after.warnings)
    assert not any("switched off" in text for text in counted.after.warnings)
    many = compare(frame.assign(p="A"), by="p", scenarios=CrashScenarios(leveraged_funds=False))
    assert many["concentration_loss_after"].tolist() == [0.35]
    assert "switched off" in many["note"].iloc[0]


def test_the_functions_on_weights_follow_the_switch():
    plain = CrashScenarios(leveraged_funds=False)
    options = {"position_leverage": [3.0], "scenarios": plain}
    assert concentration_loss([1.0], ["etf"], **options) == 0.35
    assert whole_book_loss([1.0], ["etf"], **options) == 0.35
