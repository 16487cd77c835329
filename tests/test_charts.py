"""Charts: the numbers drawn, the words beside them, and that nothing is left behind."""

from __future__ import annotations

import copy
import itertools
import math
import pickle
import struct
import subprocess
import sys

import matplotlib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from IPython.core.formatters import DisplayFormatter
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from support import compared as books

from sectypes import charts
from sectypes.charts import Chart
from sectypes.charts.panel import AFTER, BEFORE, QUIET
from sectypes.charts.texts import drawable, fitted, listed, width_of, wrapped
from sectypes.comparison import compare
from sectypes.errors import ConfigError, InputError
from sectypes.risk.curves import COMPONENT_WEIGHTS
from sectypes.scenarios import CrashScenarios, RiskLimits
from sectypes.taxonomy import SECURITY_TYPES

OF_A_COMPARISON = {
    "concentration_by_position": charts.concentration_by_position,
    "component_losses": charts.component_losses,
    "component_scores": charts.component_scores,
    "weight_by_type": charts.weight_by_type,
    "weight_by_origin": charts.weight_by_origin,
    "sensitivity": charts.sensitivity,
}
COMPARISONS = {
    "sample": books.sample,
    "hostile": lambda: compare(books.hostile_book()),
    "empty": books.empty,
    "one": lambda: compare(books.hostile_book().iloc[:1]),
    "provider": lambda: compare(books.household(), baseline="provider"),
}
EVERY = [
    pytest.param(draw, make, id=f"{name}-{of}")
    for (name, draw), (of, make) in itertools.product(OF_A_COMPARISON.items(), COMPARISONS.items())
]
DRAWN = [*EVERY, pytest.param(charts.disagreement, books.hostile_book, id="disagreement-hostile")]


def bars(chart: Chart, colour: str) -> list[float]:
    """Lengths of the bars of one colour, from the top."""
    found = [
        bar
        for container in chart.axes[0].containers
        for bar in container
        if np.allclose(bar.get_facecolor()[:3], to_rgb(colour))
    ]
    return [bar.get_width() for bar in sorted(found, key=lambda bar: bar.get_y())]


def texts(chart: Chart) -> list[str]:
    """All texts of the axes."""
    return [text.get_text() for text in chart.axes[0].texts]


def boxes(chart: Chart) -> list[tuple[str, object]]:
    """Every text of the chart that is shown, with the rectangle it takes, in pixels."""
    chart.canvas.draw()
    renderer = chart.canvas.get_renderer()
    axes = chart.axes[0]
    inside = [*axes.texts, *axes.get_xticklabels(), *axes.get_yticklabels(), axes.xaxis.label]
    legends = [text for legend in chart.legends for text in legend.get_texts()]
    shown = [text for text in (*chart.texts, *inside, *legends) if text.get_text()]
    return [(text.get_text(), text.get_window_extent(renderer)) for text in shown]


def limits(chart: Chart) -> list[float]:
    """Where the limit lines stand, in pixels."""
    axes = chart.axes[0]
    dashed = [line for line in axes.lines if line.get_linestyle() == "--"]
    return [axes.transData.transform((line.get_xdata()[0], 0))[0] for line in dashed]


def size_of(png: bytes) -> tuple[int, int]:
    """Width and height as the file's header says."""
    return struct.unpack(">II", png[16:24])


# --- every chart ------------------------------------------------------------------------------


@pytest.mark.parametrize(("draw", "make"), DRAWN)
def test_every_chart_has_a_table_a_sentence_and_texts_that_can_be_read(draw, make):
    chart = draw(make())
    assert isinstance(chart, Figure)
    assert isinstance(chart.data, pd.DataFrame)
    assert chart.alt.endswith(".")
    assert "\n" not in chart.alt
    assert "nan" not in chart.alt.split()
    found = boxes(chart)
    width, height = chart.get_size_inches() * chart.dpi
    for text, box in found:
        assert min(box.x0, box.y0, width - box.x1, height - box.y1) >= 0, text
    for (text, box), (other, beside) in itertools.combinations(found, 2):
        between = (box.x0 - beside.x1, beside.x0 - box.x1, box.y0 - beside.y1, beside.y0 - box.y1)
        assert max(between) >= -1, (text, other)
    for x in limits(chart):
        bottom, top = chart.axes[0].bbox.intervaly
        for text, box in found:
            inside = box.y0 >= bottom and box.y1 <= top
            assert not (inside and box.x0 < x < box.x1), text


@pytest.mark.parametrize("draw", OF_A_COMPARISON.values(), ids=list(OF_A_COMPARISON))
def test_drawing_leaves_no_state_and_changes_no_input(draw):
    import matplotlib.pyplot as plt

    compared = compare(books.hostile_book())
    before, rc = copy.deepcopy(compared.positions()), dict(matplotlib.rcParams)
    with matplotlib.rc_context({"font.size": 30, "axes.grid": False, "text.usetex": True}):
        strange = draw(compared).to_png()
    assert strange == draw(compared).to_png()
    assert plt.get_fignums() == []
    assert dict(matplotlib.rcParams) == rc
    pd.testing.assert_frame_equal(compared.positions(), before)


@pytest.mark.parametrize("draw", OF_A_COMPARISON.values(), ids=list(OF_A_COMPARISON))
def test_frames_that_were_put_together_repeat_their_labels(draw):
    held = books.hostile_book()
    repeated = held.set_axis([0] * len(held))
    pd.testing.assert_frame_equal(draw(compare(repeated)).data, draw(compare(held)).data)


def test_pyplot_is_never_loaded():
    code = (
        "import sys, pandas as pd\n"
        "from sectypes import charts\n"
        "from sectypes.comparison import compare\n"
        "b = pd.DataFrame({'ticker': ['A'], 'value': [1.0], 'security_type': ['etf']})\n"
        "charts.concentration_by_position(compare(b)).to_png()\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.parametrize("width", [200, 700, 997, 1400, 2333])
def test_pictures_are_as_wide_as_asked(width):
    chart = charts.component_losses(books.sample())
    wide, high = size_of(chart.to_png(width=width))
    assert wide == width
    assert high == pytest.approx(width * chart.get_figheight() / chart.get_figwidth(), abs=1)


def test_the_same_chart_gives_the_same_bytes_and_no_date(tmp_path):
    path = tmp_path / "chart.png"
    one = charts.concentration_by_position(books.sample()).to_png(path)
    assert one == charts.concentration_by_position(books.sample()).to_png() == path.read_bytes()
    assert b"tEXt" not in one
    assert b"tIME" not in one


@pytest.mark.parametrize("width", [0, -1, 199, 10_001])
def test_widths_that_cannot_be_drawn_are_refused(width):
    with pytest.raises(ConfigError, match="width must be 200 to 10000 pixels"):
        charts.component_losses(books.sample()).to_png(width=width)


def test_a_picture_that_cannot_be_written_names_its_path(tmp_path):
    with pytest.raises(InputError, match=r"cannot write .*nowhere.chart\.png"):
        charts.component_losses(books.sample()).to_png(tmp_path / "nowhere" / "chart.png")


def test_the_table_of_a_chart_cannot_be_changed_from_outside():
    chart = charts.component_losses(books.sample())
    data = chart.data
    data.iloc[:, :2] = 0.0
    assert chart.data["loss_after"].min() > 0


def test_a_chart_survives_pickling():
    chart = charts.component_scores(books.sample())
    again = pickle.loads(pickle.dumps(chart))
    assert (again.alt, again.to_png(width=700)) == (chart.alt, chart.to_png(width=700))
    pd.testing.assert_frame_equal(again.data, chart.data)


# --- in a notebook ----------------------------------------------------------------------------


@pytest.mark.parametrize("inline", [False, True])
def test_a_notebook_shows_one_picture_with_alternative_text(inline):
    chart = charts.concentration_by_position(books.sample())
    formatter = DisplayFormatter()
    formatter.active_types = list(formatter.format_types)
    if inline:
        # What `%matplotlib inline` does for every Figure.
        formatter.formatters["image/png"].for_type(Figure, lambda figure: b"\x89PNG of pyplot")
    data, metadata = formatter.format(chart)
    assert [kind for kind in data if kind.startswith("image/")] == ["image/png"]
    assert set(data) == {"text/plain", "image/png"}
    assert data["text/plain"] == chart.alt
    assert metadata["image/png"]["alt"] == chart.alt
    assert metadata["image/png"]["width"] == 700
    wide, high = size_of(chart.to_png())
    assert metadata["image/png"]["height"] == pytest.approx(high * 700 / wide, abs=1)


# --- loss by position -------------------------------------------------------------------------


def test_bars_are_the_numbers_of_the_table():
    chart = charts.concentration_by_position(books.sample())
    assert bars(chart, BEFORE) == chart.data["loss_before"].tolist()
    assert bars(chart, AFTER) == chart.data["loss_after"].tolist()
    assert len(chart.data) == 15


def test_the_position_that_decides_stands_on_top_as_in_the_score():
    chart, after = charts.concentration_by_position(books.sample()), books.sample().after
    top = chart.data.iloc[0]
    assert (top["ticker"], top["rows"]) == ("DSU", 3)
    assert top["loss_after"] == pytest.approx(after.worst_position.loss)
    assert top["loss_before"] == pytest.approx(books.sample().before.concentration.loss)
    assert chart.data[["loss_before", "loss_after"]].max(axis="columns").is_monotonic_decreasing


def test_rows_of_one_security_are_one_bar_and_rows_without_ticker_are_not():
    held = books.book(
        ticker=["BRK.B", "BRK-B", None, None],
        name=["", "", "Bar of gold", "Bar of gold"],
        value=[10.0, 20.0, 30.0, 40.0],
        security_type=["equity", "equity", "other", "other"],
    )
    data = charts.concentration_by_position(compare(held)).data
    assert data["label"].tolist() == ["Bar of gold", "BRK-B (2 rows)", "Bar of gold"]
    assert data["loss_after"].tolist() == pytest.approx([0.32, 0.24, 0.24])


@pytest.mark.parametrize("max_loss", [0.01, 0.1, 0.25, 0.6, 1.0])
def test_the_line_stands_at_the_limit_and_says_so(max_loss):
    compared = compare(books.household(), limits=RiskLimits(max_loss=max_loss))
    for chart in (charts.concentration_by_position(compared), charts.component_losses(compared)):
        (line,) = chart.axes[0].lines
        assert list(line.get_xdata()) == [max_loss, max_loss]
        assert f"max loss {max_loss:.1%}" in texts(chart)
        low, high = chart.axes[0].get_xlim()
        assert low <= max_loss <= high


def test_misclassified_positions_are_marked_by_more_than_colour():
    chart = charts.concentration_by_position(books.sample())
    marked = chart.data.loc[chart.data["misclassified"], "label"].tolist()
    assert marked == ["DSU (3 rows)", "VMFXX (3 rows)", "SCHD", "BST"]
    bold = [t.get_text() for t in chart.axes[0].texts if t.get_text().startswith("\u25c6")]
    assert bold == [f"\u25c6 {label}" for label in marked]
    key = [text.get_text() for text in chart.legends[0].get_texts()]
    assert key[-1] == "a provider says another type"
    assert "4 of 24 positions have another type than a provider says" in chart.alt


def test_what_is_left_out_is_counted():
    chart = charts.concentration_by_position(books.sample(), most=2)
    assert len(chart.data) == 2
    note = " ".join(text.get_text() for text in chart.texts)
    assert "22 with smaller losses are not shown, 3 of them marked." in note


def test_a_hundred_positions_can_all_be_shown():
    held = books.book(
        ticker=[f"T{n}" for n in range(100)],
        value=[float(n + 1) for n in range(100)],
        security_type=["etf", "equity"] * 50,
    )
    chart = charts.concentration_by_position(compare(held), most=100)
    assert len(bars(chart, AFTER)) == 100
    assert chart.data["label"].tolist()[:2] == ["T99", "T98"]


@pytest.mark.parametrize("most", [0, -3])
def test_at_least_one_position_is_shown(most):
    with pytest.raises(ConfigError, match="most must be at least 1"):
        charts.concentration_by_position(books.sample(), most=most)


def test_a_short_counts_by_its_size_and_keeps_its_sign():
    data = charts.concentration_by_position(compare(books.hostile_book())).data
    short = data.set_index("ticker").loc["SHORT"]
    assert short["weight"] < 0 < short["loss_after"]


@given(st.permutations(range(9)))
@settings(max_examples=5, deadline=None)
def test_the_order_of_the_rows_does_not_show(order):
    held = books.hostile_book()
    one = charts.concentration_by_position(compare(held))
    other = charts.concentration_by_position(compare(held.iloc[list(order)]))
    pd.testing.assert_frame_equal(one.data, other.data)


# --- components -------------------------------------------------------------------------------


def test_component_bars_are_the_losses_of_the_scores():
    compared = books.sample()
    chart = charts.component_losses(compared)
    assert chart.data.index.tolist() == list(COMPONENT_WEIGHTS)
    for colour, score in ((BEFORE, compared.before), (AFTER, compared.after)):
        assert bars(chart, colour) == [part.loss for part in score.components.values()]
    assert chart.data["max_loss"].unique().tolist() == [0.25]


def test_missing_components_are_missing_and_say_why():
    chart = charts.component_losses(compare(books.household()))
    assert [math.isnan(width) for width in bars(chart, AFTER)] == [True, False, True, True]
    assert "missing: no volatility is given" in texts(chart)
    assert chart.data.loc["factor", "reason"] == "no factor betas are given"
    assert "factor is missing" in chart.alt
    scores = charts.component_scores(compare(books.household()))
    assert "missing: without factor, volatility and sector" in texts(scores)
    assert math.isnan(scores.data.loc["overall", "score_after"])


def test_score_bars_are_the_scores():
    compared = books.sample()
    chart = charts.component_scores(compared)
    expected = [*(part.score for part in compared.after.components.values())]
    assert bars(chart, AFTER) == [*expected, compared.after.overall]
    note = " ".join(text.get_text() for text in chart.texts)
    assert f"Overall: {compared.before.category} before, {compared.after.category} after." in note


def test_losses_beyond_the_whole_book_keep_their_ticks():
    held = books.book(ticker=["A"], value=[1.0], security_type=["equity"])
    chart = charts.component_losses(compare(held, leverage=6.0))
    assert bars(chart, AFTER)[1] == pytest.approx(4.8)
    ticks = [label.get_text() for label in chart.axes[0].get_xticklabels()]
    assert ticks[-1] == "600%"


# --- weights ----------------------------------------------------------------------------------


def test_weights_by_type_add_up_on_both_sides():
    compared = compare(books.hostile_book(), baseline="provider")
    chart = charts.weight_by_type(compared)
    assert chart.data[["share_before", "share_after"]].sum().tolist() == pytest.approx([1.0, 1.0])
    assert chart.data["net_after"].sum() == pytest.approx(1.0)
    assert bars(chart, AFTER) == chart.data["share_after"].tolist()
    order = [kind for kind in (*SECURITY_TYPES, "no type") if kind in chart.data.index]
    assert chart.data.index.tolist() == order
    assert chart.data.loc["no type", "share_after"] == pytest.approx(5 / 123)


def test_weight_by_origin_tells_guesses_and_stale_answers():
    chart = charts.weight_by_origin(compare(books.hostile_book()))
    data = chart.data
    assert data["share"].tolist() == pytest.approx((data["fresh"] + data["stale"]).tolist())
    assert data.index[data["guess"]].tolist() == ["default", "heuristic"]
    assert data.loc["fmp", "stale"] == pytest.approx(39 / 123)
    assert data.loc["no type", "share"] == pytest.approx(5 / 123)
    assert "28.5% rests on guesses and 31.7% is stale" in chart.alt
    assert bars(chart, BEFORE) == data.loc[data["guess"], "fresh"].tolist()


def test_shares_by_origin_are_those_of_the_score():
    shares = charts.weight_by_origin(books.sample()).data["share"].to_dict()
    assert shares == pytest.approx(books.sample().after.origin_shares)


def test_without_origins_nobody_is_named():
    held = books.book(ticker=["A"], value=[1.0], security_type=["etf"])
    chart = charts.weight_by_origin(compare(held))
    assert chart.data["share"].to_dict() == {"origin not told": 1.0}
    assert "an unknown part rests on guesses and an unknown part is stale" in chart.alt
    assert bars(chart, QUIET) == [1.0]


def test_one_provider_in_two_spellings_is_one():
    frame = pd.DataFrame(
        {
            "provider": ["Plaid", " plaid"],
            "ticker": ["DSU", "DSU"],
            "provider_says": ["etf", "equity"],
        }
    )
    data = charts.disagreement(frame).data
    assert data[["provider", "other", "differ"]].to_numpy().tolist() == [["Plaid", "Plaid", 1]]


# --- sensitivity ------------------------------------------------------------------------------


def rescored(scenarios: CrashScenarios):
    return compare(books.household(), exposures=books.exposures(), scenarios=scenarios).after


def test_sensitivity_scores_each_moved_rate():
    chart = charts.sensitivity(books.sample(), rescore=rescored, span=0.05)
    data, design = chart.data, CrashScenarios()
    assert set(data.index) == set(design.sources)
    for name, row in data.iterrows():
        assert row["rate"] == getattr(design, name)
        low, high = (
            rescored(design.with_rates(**{name: row[f"rate_{s}"]})) for s in ("low", "high")
        )
        assert (row["score_low"], row["score_high"]) == (low.overall, high.overall)
    assert data["swing"].is_monotonic_decreasing
    assert data.index[0] == "market"
    assert "market at 35%" in chart.alt


def test_from_positions_alone_the_rates_of_types_move_the_score_exactly():
    compared = compare(
        books.household(), exposures=books.exposures(), method="worst_position", leverage=2.5
    )
    data = charts.sensitivity(compared).data

    def again(scenarios):
        options = {"exposures": books.exposures(), "method": "worst_position", "leverage": 2.5}
        return compare(books.household(), scenarios=scenarios, **options).after

    exact = charts.sensitivity(compared, rescore=again).data
    assert set(data.index) == {"equity", "etf", "mutual_fund", "cash", "single_stock"}
    assert data["swing"].max() > 0
    pd.testing.assert_frame_equal(data.sort_index(), exact.loc[data.index].sort_index())


def test_without_an_overall_score_the_concentration_score_moves():
    held = books.book(ticker=["DSU"], value=[1.0], security_type=["mutual_fund"])
    chart = charts.sensitivity(compare(held))
    row = chart.data.loc["mutual_fund"]
    assert (row["score_low"], row["score"], row["score_high"]) == (65.0, 40.0, 0.0)
    assert {"-40.0", "+25.0", "no effect"} <= set(texts(chart))
    assert chart.alt.startswith("The concentration score is 40.0")
    assert bars(chart, "#D55E00")[0] == -40.0


@pytest.mark.parametrize(("rate", "low", "high"), [(0.05, 0.01, 0.15), (0.005, 0.005, 0.105)])
def test_moved_rates_stay_rates(rate, low, high):
    held = books.book(ticker=["A"], value=[1.0], security_type=["cash"])
    scenarios = CrashScenarios(cash=rate, equity=0.95)
    data = charts.sensitivity(compare(held, scenarios=scenarios)).data
    assert data.loc["cash", ["rate_low", "rate_high"]].tolist() == pytest.approx([low, high])
    assert data.loc["equity", "rate_high"] == 1.0


@pytest.mark.parametrize("span", [0, 1, -0.1, 10, math.nan])
def test_a_span_is_a_fraction(span):
    with pytest.raises(ConfigError, match="span must be a fraction between 0 and 1"):
        charts.sensitivity(books.sample(), span=span)


def test_no_score_is_no_bar():
    chart = charts.sensitivity(books.empty())
    assert chart.alt == "There is no score: there are no positions."
    assert chart.data["score"].isna().all()
    assert list(chart.axes[0].containers) == []


# --- provider against provider ----------------------------------------------------------------


def said(*rows: tuple[object, object, object]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["provider", "ticker", "provider_says"])


def test_cells_count_the_tickers_in_common():
    frame = said(
        ("plaid", "DSU", "mutual_fund"),
        ("snaptrade", "DSU", "equity"),
        ("plaid", "BRK.B", "equity"),
        ("snaptrade", "BRK-B", "equity"),
        ("plaid", "ONLY", "etf"),
        ("csv", "ELSE", "etf"),
        ("csv", "ELSE", "cash"),
        ("csv", None, "cash"),
        (None, "DSU", "cash"),
        ("plaid", "MUTE", None),
    )
    cells = charts.disagreement(frame).data.set_index(["provider", "other"])
    assert cells.loc[("plaid", "snaptrade")].tolist() == [2, 1, 0.5]
    assert cells.loc[("csv", "csv")].tolist() == [1, 1, 1.0]
    assert cells.loc[("plaid", "csv"), "common"] == 0
    assert math.isnan(cells.loc[("plaid", "csv"), "share"])
    assert cells.loc[("plaid", "plaid"), ["common", "differ"]].tolist() == [3, 0]


def test_cells_show_shares_and_counts():
    chart = charts.disagreement(books.household())
    drawn = [patch for patch in chart.axes[0].patches if isinstance(patch, Rectangle)]
    assert len(drawn) == len(chart.data) == 10
    for row, text in zip(chart.data.itertuples(), texts(chart), strict=True):
        assert text == f"{row.share:.0%}\n{row.differ} of {row.common}"
    assert "the answer" in set(chart.data["other"])


def test_texts_in_cells_can_be_read():
    frame = said(*[("a", f"T{n}", "etf") for n in range(10)])
    for differ in range(11):
        words = ["equity"] * differ + ["etf"] * (10 - differ)
        other = said(*[("b", f"T{n}", word) for n, word in enumerate(words)])
        chart = charts.disagreement(pd.concat([frame, other]))
        patch, text = chart.axes[0].patches[1], chart.axes[0].texts[1]
        assert contrast(patch.get_facecolor(), to_rgb(text.get_color())) >= 4.5


def contrast(one, other) -> float:
    """Contrast of two colours as WCAG 2 defines it."""

    def light(colour):
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour[:3]]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


def test_before_and_after_differ_in_black_and_white():
    assert contrast(to_rgb(BEFORE), to_rgb(AFTER)) > 2


def test_words_of_providers_are_read_where_no_types_are_given():
    frame = books.household().drop(columns=["provider_says", "security_type"])
    cells = charts.disagreement(frame).data
    assert "the answer" not in set(cells["other"])
    full = charts.disagreement(books.household()).data
    pairs = full[full["other"] != "the answer"].reset_index(drop=True)
    pd.testing.assert_frame_equal(cells, pairs)


def test_the_frame_of_a_matrix_is_not_changed():
    frame = books.household()
    before = frame.copy(deep=True)
    charts.disagreement(frame)
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (said().drop(columns="provider"), "no column 'provider'"),
        (said().drop(columns="provider_says"), "neither a column 'provider_says'"),
        (said(), "No row names a provider"),
        (said(("plaid", "A", None)), "No row names a provider"),
    ],
)
def test_frames_that_say_nothing_are_refused(frame, message):
    with pytest.raises(InputError, match=message):
        charts.disagreement(frame)


def test_many_providers_with_long_names_fit():
    names = [f"{'provider ' * 20}{n}" for n in range(8)]
    chart = charts.disagreement(said(*[(name, "A", "etf") for name in names]))
    width = chart.get_size_inches()[0] * chart.dpi
    assert all(box.x0 >= 0 and box.x1 <= width for _, box in boxes(chart))


# --- texts ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("plain", "plain"),
        (books.EMOJI, "\u25a1 Moon \u25a1"),
        ("a\tb\nc\x00d", "a b c d"),
        ("a\u202eb\u2066c", "abc"),
        (books.MATHS, books.MATHS),
        (12, "12"),
        ("", ""),
    ],
)
def test_texts_that_can_be_drawn(text, drawn):
    assert drawable(text) == drawn


@given(st.text(max_size=40))
@settings(max_examples=15, deadline=None)
def test_any_name_can_be_drawn_without_a_warning_and_fits(name):
    shown = fitted(name, inches=1.5, size=8)
    assert width_of(shown, size=8) <= 1.5
    held = books.book(ticker=[None], name=[name], value=[1.0], security_type=["etf"])
    assert charts.concentration_by_position(compare(held)).to_png(width=200)


def test_dollar_signs_start_no_mathematics():
    chart = charts.concentration_by_position(compare(books.hostile_book()))
    assert any(books.MATHS in text for text in texts(chart))
    assert not any(text.get_parse_math() for text in (*chart.texts, *chart.axes[0].texts))


@pytest.mark.parametrize(
    ("parts", "text"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (list("abc"), "a, b and c")],
)
def test_lists_read_like_sentences(parts, text):
    assert listed(parts) == text


def test_notes_break_between_words():
    lines = wrapped("one two three " * 20, inches=2, size=8)
    assert " ".join(lines).split() == ["one", "two", "three"] * 20
    assert all(width_of(line, size=8) <= 2 for line in lines)
    assert wrapped("", inches=2, size=8) == []


# --- the band ---------------------------------------------------------------------------------


def test_what_guesses_leave_open_is_a_line_with_words():
    held = books.book(ticker=["A", "B"], value=[6.0, 4.0], security_type=["etf", "cash"])
    chart = charts.component_losses(compare(held.assign(origin=["heuristic", "fmp"])))
    row = chart.data.loc["concentration"]
    assert row[["loss_low", "loss_high"]].tolist() == pytest.approx([0.6 * 0.35, 0.6 * 0.8])
    line = next(one for one in chart.axes[0].lines if one.get_marker() == "|")
    assert list(line.get_xdata()) == row[["loss_low", "loss_high"]].tolist()
    assert chart.alt.endswith("plausible type: concentration 21.0% to 48.0%.")


def test_without_a_guess_there_is_no_line():
    held = books.book(ticker=["A"], value=[1.0], security_type=["etf"])
    for frame in (held, held.assign(origin="fmp")):
        chart = charts.component_losses(compare(frame))
        assert all(one.get_marker() != "|" for one in chart.axes[0].lines)
        assert "plausible" not in chart.alt
