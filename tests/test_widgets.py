"""The panels, driven and read as a browser would, without one."""

from __future__ import annotations

import gc
import json
import re
import resource
import subprocess
import sys
import threading
import time
from functools import partial
from html.parser import HTMLParser
from urllib.parse import unquote

import ipywidgets
import pandas as pd
import pytest
from ipywidgets.widgets.widget import _instances

from sectypes import datasets, frames
from sectypes.charts import Chart
from sectypes.columns import frame_columns
from sectypes.comparison import compare
from sectypes.config import Settings
from sectypes.current import using
from sectypes.errors import InputError, UnresolvedWarning
from sectypes.exposures import PortfolioExposures
from sectypes.scenarios import CrashScenarios, RiskLimits
from sectypes.service import SecurityTypeService
from sectypes.sources.snapshot import SnapshotSource
from sectypes.store import SqlStore
from sectypes.taxonomy import SECURITY_TYPES, Origin
from sectypes.widgets import State, classification, explore
from sectypes.widgets.pages import data_table, plain, table
from sectypes.widgets.parts import ErrorLine
from sectypes.widgets.state import with_types

EXPOSURES = PortfolioExposures(
    volatility_annual=0.15,
    factor_betas={"market": 0.9, "momentum": 0.1, "value": 0.2},
    industry_betas={"technology": 0.4},
)
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "x" * 200,
    "\u202eתכלכל קרן",
    "🚀 & Söhne's <b>",
    "lone \ud800 half",
)

TAGS = {"p", "table", "caption", "thead", "tbody", "tr", "th", "td"}


def book(**columns) -> pd.DataFrame:
    """An invented book: a fund that is called a stock, a stock, a broad fund, and cash."""
    return pd.DataFrame(
        {
            "ticker": ["FUNDX", "STCK", "BRDX", "SAFE"],
            "provider": ["alpha", "alpha", "beta", "beta"],
            "provider_type": ["equity", "equity", "etf", "cash"],
            "value": [40.0, 30.0, 20.0, 10.0],
            "security_type": ["mutual_fund", "equity", "etf", "cash"],
            "leverage": [1.0, 1.0, 1.0, 1.0],
            "origin": ["fmp", "fmp", "heuristic", "provider"],
            **columns,
        }
    )


class Spy:
    """`compare` with the exposures of the book, which remembers what it was asked."""

    def __init__(self, during=None):
        self.asked: list[CrashScenarios] = []
        self.during = during

    def __call__(self, holdings, **settings):
        self.asked.append(settings["scenarios"])
        if self.during:
            self.during()
        return compare(holdings, exposures=EXPOSURES, **settings)


@pytest.fixture
def panel():
    return explore(book(), compare=partial(compare, exposures=EXPOSURES))


class Parsed(HTMLParser):
    """The tags and the text of a page, as a browser would see them."""

    def __init__(self, page: str):
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes.extend(attrs)

    def handle_data(self, data):
        self.text += f"{data} "


def shown(panel, name="table") -> str:
    return Parsed(panel.outputs[name].value).text


# -- the pure part ------------------------------------------------------------------------------


def test_the_same_state_gives_the_same_comparison():
    state = State(leverage=1.2, method="worst_position", curve="step", types=((0, "crypto"),))
    ask = partial(compare, exposures=EXPOSURES)
    assert state.compared(book(), compare=ask) == state.compared(book(), compare=ask)


@pytest.mark.parametrize("leverage", [0.0, -1.0, float("nan"), float("inf")])
def test_a_state_needs_a_usable_leverage(leverage):
    with pytest.raises(InputError, match="leverage must be a number above 0"):
        State(leverage=leverage)


def test_types_set_by_hand_change_their_rows_only_and_never_the_callers_frame():
    holdings = book(stale=[True, True, False, False])
    before = holdings.copy(deep=True)
    changed = with_types(holdings, [(0, "etf"), (3, "bond")])
    pd.testing.assert_frame_equal(holdings, before)
    assert changed["security_type"].tolist() == ["etf", "equity", "etf", "bond"]
    assert changed["origin"].tolist() == ["override", "fmp", "heuristic", "override"]
    assert changed["stale"].tolist() == [False, True, False, False]


@pytest.mark.parametrize("dtype", ["category", "str", object])
def test_a_type_can_be_set_that_the_column_never_held(dtype):
    types = pd.Series(["equity"] * 4).astype(dtype)
    changed = with_types(book(security_type=types), [(2, "bond")])
    assert changed["security_type"].tolist() == ["equity", "equity", "bond", "equity"]


def test_a_type_set_by_hand_never_hides_a_multiple():
    holdings = book(security_type=["etf", None, "etf", "cash"], leverage=[3.0, None, None, 1.0])
    changed = with_types(holdings, [(0, "etf"), (1, "etf"), (2, "etf")])
    assert changed["leverage"].fillna(-9).tolist() == [3.0, 1.0, -9.0, 1.0]


@pytest.mark.parametrize("wrong", [(4, "etf"), (-1, "etf"), (0, "stock")])
def test_a_type_that_does_not_fit_the_book_is_refused(wrong):
    with pytest.raises(InputError, match="types set by hand do not fit") as caught:
        with_types(book(), [wrong])
    assert caught.value.failures["row"].tolist() == [wrong[0]]


# -- moving the scenarios -----------------------------------------------------------------------


def test_a_slider_changes_the_numbers_the_picture_and_the_table(panel):
    before, picture = panel.compared, panel.outputs["picture"].value
    panel.controls["mutual_fund"].value = 0.7
    assert before.after.concentration.loss == pytest.approx(0.16)
    assert panel.compared.after.concentration.loss == pytest.approx(0.28)
    assert panel.outputs["picture"].value != picture
    assert bytes(panel.outputs["picture"].value).startswith(b"\x89PNG")
    assert "28.0%" in shown(panel)
    assert panel.chart.data["loss_after"].max() == pytest.approx(0.28)
    assert panel.chart.alt in shown(panel, "alt")


def test_every_rate_that_has_a_value_has_a_slider_with_its_source():
    given = CrashScenarios(bond=0.2, sources={"bond": "a bad year"})
    rates = explore(book(), compare=Spy(), start=State(scenarios=given)).controls
    assert set(given.sources) <= set(rates)
    assert "crypto" not in rates
    assert "a bad year" in rates["bond"].tooltip


def test_each_rate_moves_into_the_scenario_under_its_own_name(panel):
    for rate in CrashScenarios().sources:
        panel.controls[rate].value = 0.61
        assert getattr(panel.compared.scenarios, rate) == 0.61
        assert panel.state.scenarios.version.endswith(f"{rate}=0.61")
        assert panel.state.scenarios.sources[rate] == "set in the panel"


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("leverage", 1.5, lambda c: c.after.leverage),
        ("max_loss", 0.1, lambda c: c.after.limits.max_loss),
        ("baseline", "provider", lambda c: c.baseline),
        ("method", "worst_position", lambda c: c.after.method),
        ("curve", "step", lambda c: c.after.curve),
    ],
)
def test_the_other_settings_reach_the_comparison(panel, name, value, read):
    panel.controls[name].value = value
    assert read(panel.compared) == value
    assert getattr(panel.state, name, value) == value


def test_a_start_between_the_steps_of_a_slider_is_kept_as_it_is():
    start = State(
        scenarios=CrashScenarios(cash=0.0012345), limits=RiskLimits(max_loss=1 / 3), leverage=7.77
    )
    panel = explore(book(), compare=Spy(), start=start)
    assert panel.state == start
    panel.controls["etf"].value = 0.1 + 0.2
    assert panel.state.scenarios == start.scenarios.with_rates(
        etf=0.3, sources={"etf": "set in the panel"}
    )


def test_the_score_stands_above_with_its_category(panel):
    after = panel.compared.after
    line = shown(panel, "headline")
    assert f"Overall score {after.overall:.1f} ({after.category})" in line
    assert f"Concentration score {after.concentration.score:.1f}" in line


def test_without_exposures_the_reason_and_the_concentration_score_stand_above():
    panel = explore(book(), compare=compare)
    line = shown(panel, "headline")
    assert "Overall score missing" in line
    assert "volatility: no volatility is given" in line
    assert "Concentration score 100.0; 61.0 before" in line
    assert "missing" in shown(panel)


def test_warnings_of_the_comparison_are_shown(panel):
    panel.controls["cash"].value = 0.02
    panel.controls["mutual_fund"].value = 0.05
    assert "STCK alone would lose 24.0%" in shown(panel)


def test_a_position_takes_the_type_that_is_chosen_for_it(panel):
    assert [name for name, _ in panel.controls["position"].options] == [
        *("FUNDX, 40.0%", "STCK, 30.0%", "BRDX, 20.0%", "SAFE, 10.0%")
    ]
    panel.controls["position"].value = 1
    panel.controls["type"].value = "cash"
    positions = panel.compared.positions()
    assert positions["security_type"].tolist() == ["mutual_fund", "cash", "etf", "cash"]
    assert positions["origin"].tolist()[1] == "override"
    assert panel.state.types == ((1, "cash"),)
    assert "STCK, 30.0%: cash" in shown(panel)


def test_choosing_positions_keeps_the_types_of_the_others(panel):
    position, kind = panel.controls["position"], panel.controls["type"]
    kind.value = "etf"
    position.value = 2
    assert (kind.value, panel.state.types) == ("", ((0, "etf"),))
    kind.value = "crypto"
    position.value = 0
    assert (kind.value, panel.state.types) == ("etf", ((0, "etf"), (2, "crypto")))
    kind.value = ""
    assert panel.state.types == ((2, "crypto"),)


def test_rows_of_one_security_are_one_position_and_rows_without_ticker_are_each_one():
    holdings = book(ticker=["BRK.B", None, "BRK-B", ""], name=["", "A bill", "", None])
    panel = explore(holdings, compare=compare)
    assert [name for name, _ in panel.controls["position"].options] == [
        *("BRK.B, 2 rows, 60.0%", "A bill, row 2, 30.0%", "no ticker, row 4, 10.0%")
    ]
    panel.controls["type"].value = "bond"
    assert panel.state.types == ((0, "bond"), (2, "bond"))


def test_types_of_the_start_survive_looking_at_them_and_come_back_with_a_reset():
    holdings = book(ticker=["TWICE", "TWICE", "BRDX", "SAFE"])
    start = State(types=((1, "bond"), (2, "cash")))
    panel = explore(holdings, compare=compare, start=start)
    for value in (2, 0, 3):
        panel.controls["position"].value = value
    assert panel.state == start
    panel.controls["type"].value = "etf"
    panel.controls["reset"].click()
    assert panel.state == start


def test_reset_goes_back_to_the_start_in_one_step():
    spy = Spy()
    panel = explore(book(), compare=spy, start=State(leverage=1.5))
    first = panel.compared
    panel.controls["etf"].value = 0.9
    panel.controls["leverage"].value = 3.0
    panel.controls["curve"].value = "step"
    panel.controls["type"].value = "crypto"
    asked = len(spy.asked)
    panel.controls["reset"].click()
    assert len(spy.asked) == asked + 1
    assert panel.state == State(leverage=1.5)
    assert panel.compared == first
    assert panel.controls["type"].value == ""


def test_a_move_to_the_same_value_is_no_work():
    spy = Spy()
    panel = explore(book(), compare=spy)
    panel.controls["etf"].value = panel.controls["etf"].value
    panel.controls["reset"].click()
    assert len(spy.asked) == 1


# -- export -------------------------------------------------------------------------------------


def test_the_exported_scenario_reads_back_as_the_one_on_the_panel(panel, tmp_path):
    panel.controls["cash"].value = 0.01
    panel.controls["export"].click()
    file = tmp_path / "scenario.yaml"
    file.write_text(panel.controls["yaml"].value, encoding="utf-8")
    assert CrashScenarios.from_yaml(file) == panel.compared.scenarios


def test_the_link_carries_the_file_and_nothing_else(tmp_path):
    name = 'it\'s <b>"mine"</b> & ünï'
    start = State(scenarios=CrashScenarios(name=name))
    panel = explore(book(), compare=compare, start=start)
    panel.controls["export"].click()
    link = Parsed(panel.outputs["link"].value)
    assert link.tags == ["a"]
    target = dict(link.attributes)["href"]
    file = tmp_path / "scenario.yaml"
    file.write_text(unquote(target.partition(",")[2]), encoding="utf-8")
    assert CrashScenarios.from_yaml(file).name == name


def test_a_move_empties_the_export_of_the_state_before(panel):
    panel.controls["export"].click()
    panel.controls["etf"].value = 0.5
    assert (panel.controls["yaml"].value, panel.outputs["link"].value) == ("", "")


# -- bursts -------------------------------------------------------------------------------------


def test_of_moves_that_arrive_during_one_only_the_last_is_worked_out():
    spy = Spy()
    panel = explore(book(), compare=spy)

    def move_twice():
        spy.during = None
        panel.controls["etf"].value = 0.5
        panel.controls["etf"].value = 0.6

    spy.during = move_twice
    panel.controls["etf"].value = 0.4
    assert [asked.etf for asked in spy.asked] == [0.35, 0.4, 0.6]
    assert panel.compared.scenarios.etf == panel.controls["etf"].value == 0.6


def test_moves_of_other_threads_wait_and_the_last_one_wins():
    spy, entered, go_on = Spy(), threading.Event(), threading.Event()
    panel = explore(book(), compare=spy)
    spy.during = lambda: (entered.set(), go_on.wait(20))
    sliders = {"etf": 0.4, "cash": 0.2, "equity": 0.9}
    threads = [
        threading.Thread(target=setattr, args=(panel.controls[name], "value", value))
        for name, value in sliders.items()
    ]
    threads[0].start()
    assert entered.wait(20)
    for thread in threads[1:]:
        thread.start()
    deadline = time.monotonic() + 20
    while any(panel.controls[name].value != value for name, value in sliders.items()):
        assert time.monotonic() < deadline
        time.sleep(0.001)
    go_on.set()
    for thread in threads:
        thread.join(20)
    assert [(s.etf, s.cash, s.equity) for s in spy.asked[1:]] == [(0.4, 0.05, 0.8), (0.4, 0.2, 0.9)]
    assert panel.compared.scenarios == panel.state.scenarios


def test_a_message_from_a_browser_moves_the_panel(panel):
    slider = panel.controls["mutual_fund"]
    message = {"data": {"method": "update", "state": {"value": 0.66}, "buffer_paths": []}}
    slider._handle_msg({"content": message, "buffers": []})
    assert panel.compared.scenarios.mutual_fund == 0.66


# -- errors -------------------------------------------------------------------------------------


def test_a_refusal_is_shown_and_nothing_of_other_settings_with_it():
    panel = explore(book().drop(columns="provider_type"), compare=compare)
    panel.controls["baseline"].value = "provider"
    assert "needs the column 'provider_type'" in panel.error
    assert 'role="alert"' in panel.outputs["error"].value
    assert panel.outputs["table"].value == panel.outputs["alt"].value == ""
    assert panel.outputs["picture"].value == b""
    assert "No result" in shown(panel, "headline")
    for name in ("compared", "chart"):
        with pytest.raises(InputError, match="needs the column 'provider_type'"):
            getattr(panel, name)
    assert "<img" not in panel.static().html
    panel.controls["baseline"].value = "generic"
    assert panel.error == panel.outputs["error"].value == ""
    assert panel.outputs["picture"].layout.display is None
    assert panel.compared.baseline == "generic"


def test_anything_else_is_shown_and_raised():
    spy = Spy()
    panel = explore(book(), compare=spy)

    def fault():
        raise ZeroDivisionError("<b>by zero</b>")

    spy.during = fault
    with pytest.raises(ZeroDivisionError, match="by zero"):
        panel.controls["etf"].value = 0.5
    assert panel.error == "ZeroDivisionError: <b>by zero</b>"
    assert Parsed(panel.outputs["error"].value).tags == ["p"]
    with pytest.raises(ZeroDivisionError, match="by zero"):
        _ = panel.compared
    spy.during = None
    panel.controls["etf"].value = 0.6
    assert (panel.error, panel.compared.scenarios.etf) == ("", 0.6)


def test_a_number_that_is_none_is_refused_by_name(panel):
    panel.controls["etf"].value = float("nan")
    assert "etf must be a fraction" in panel.error
    panel.controls["reset"].click()
    assert (panel.error, panel.state) == ("", State())


def test_what_cannot_be_compared_at_all_is_raised_at_once():
    with pytest.raises(InputError, match="neither a column 'weight' nor a column 'value'"):
        explore(book().drop(columns="value"), compare=compare)


def test_an_error_line_has_nothing_to_raise_before_anything_went_wrong():
    with pytest.raises(LookupError, match="nothing was raised"):
        ErrorLine().raise_again()


# -- what a reader gets -------------------------------------------------------------------------


def test_hostile_names_are_text_everywhere():
    holdings = pd.DataFrame(
        {
            "ticker": list(HOSTILE),
            "name": list(reversed(HOSTILE)),
            "provider": list(HOSTILE),
            "value": range(10, 10 + len(HOSTILE)),
            "security_type": ["crypto"] * len(HOSTILE),
        },
        dtype=object,
    )
    panel = explore(holdings, compare=compare)
    panel.controls["type"].value = "derivative"
    pages = "".join(panel.outputs[name].value for name in ("headline", "alt", "table", "error"))
    page = Parsed(pages + panel.static().html)
    assert set(page.tags) <= {*TAGS, "b", "ul", "li", "img"}
    assert {name for name, _ in page.attributes} <= {
        "role",
        "style",
        "scope",
        "alt",
        "width",
        "src",
    }
    assert "alert(1)" in page.text
    for label, _ in panel.controls["position"].options:
        assert "\u202e" not in label
        assert len(label) < 70
    json.dumps([label for label, _ in panel.controls["position"].options]).encode()
    (pages + str(panel.controls["position"].options)).encode("utf-8")


def test_every_control_has_a_name_and_a_hint_and_can_be_reached_by_keyboard(panel):
    both = [*panel.controls.values(), *types_panel().controls.values()]
    for control in both:
        assert control.description.strip()
        assert control.tooltip.strip()
        assert control.tabbable is not False
    assert len({control.description for control in panel.controls.values()}) == len(panel.controls)


def test_sliders_report_where_they_are_let_go(panel):
    sliders = [c for c in panel.controls.values() if isinstance(c, ipywidgets.FloatSlider)]
    assert len(sliders) >= 7
    assert not any(slider.continuous_update for slider in sliders)


def test_a_notebook_gets_the_widgets_and_a_reader_without_kernel_the_page(panel):
    bundle = panel._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert bundle["text/plain"] == "<ExplorePanel: 4 positions>"
    page = Parsed(bundle["text/html"])
    assert dict(page.attributes)["alt"] == panel.chart.alt
    assert "data:image/png;base64," in bundle["text/html"]
    assert "Overall score" in page.text
    assert panel.static()._repr_html_() == bundle["text/html"]


def test_the_page_is_the_same_from_run_to_run():
    pages = {explore(book(), compare=compare).static().html for _ in range(2)}
    assert len(pages) == 1


def test_tables_name_their_rows_and_columns():
    page = Parsed(table("<caption>", ["what", "much"], [("a", "1.5%"), ("b", "missing")]))
    assert [v for k, v in page.attributes if k == "scope"] == ["col", "col", "row", "row"]
    assert "<caption>" in page.text
    text = Parsed(
        data_table("", pd.DataFrame({"a": ["x", None], "b": [True, False], "c": 0.5}))
    ).text
    assert re.findall(r"\S+", text) == [*"abc", "x", "yes", "50.0%", "missing", "no", "50.0%"]


def test_a_plain_text_is_one_short_line():
    assert plain("a\n\tb  c") == "a b c"
    assert len(plain("y" * 500)) == 40


def test_an_empty_book_and_a_book_of_one_have_a_panel():
    one = explore(book().head(1), compare=compare)
    one.controls["type"].value = "cash"
    assert one.compared.after.concentration.loss == pytest.approx(0.05)
    none = explore(book().head(0), compare=compare)
    none.controls["type"].value = "cash"
    assert none.state.types == ()
    assert "There are no positions" in shown(none, "alt")


# -- many moves ---------------------------------------------------------------------------------


def test_the_holdings_stay_as_they_were_and_the_panel_keeps_its_own():
    holdings = book()
    before = holdings.copy(deep=True)
    panel = explore(holdings, compare=compare)
    panel.controls["type"].value = "crypto"
    panel.controls["etf"].value = 0.9
    pd.testing.assert_frame_equal(holdings, before)
    holdings["value"] = 1.0
    panel.controls["type"].value = ""
    assert panel.compared.positions()["weight"].tolist() == [0.4, 0.3, 0.2, 0.1]


def test_many_moves_leave_no_figure_no_widget_and_little_memory(panel):
    def move(times: int) -> None:
        for step in range(times):
            panel.controls["etf"].value = 0.2 + step % 50 / 100

    def charts_alive() -> int:
        gc.collect()
        return sum(isinstance(thing, Chart) for thing in gc.get_objects())

    move(5)
    charts, widgets = charts_alive(), len(_instances)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    move(35)
    # In kilobytes; `benchmarks/panel.py` measures the 500 moves in a process of their own.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak < 20_000
    assert (charts_alive(), len(_instances)) == (charts, widgets)
    pyplot = sys.modules.get("matplotlib.pyplot")
    assert pyplot is None or pyplot.get_fignums() == []


# -- who says what ------------------------------------------------------------------------------


@pytest.fixture
def service():
    """The sample service with a database of its own."""
    store, source = SqlStore("sqlite://"), SnapshotSource(datasets.sample_profiles())
    with SecurityTypeService(source=source, store=store, settings=Settings()) as made:
        yield made


def types_panel(service=None):
    service = service or datasets.sample_service()
    return classification(datasets.sample_holdings(), service=service)


def listed(panel) -> list[str]:
    return [name for name, _ in panel.controls["list"].options]


def decide(panel, kind, note="a fund of bonds", author="an analyst") -> None:
    panel.controls["type"].value = kind
    panel.controls["note"].value, panel.controls["author"].value = note, author
    panel.controls["override"].click()


def test_the_list_holds_every_distinct_row_with_its_answer():
    panel = types_panel()
    assert len(listed(panel)) == len(panel.answers) == len(panel.listed)
    assert "DSU (plaid): mutual_fund, snapshot" in listed(panel)


@pytest.mark.parametrize(
    ("text", "found"),
    [("dsu", 3), ("debt strat", 3), ("  DSU ", 3), ("no such thing", 0)],
)
def test_search_looks_into_tickers_and_names(text, found):
    panel = types_panel()
    panel.controls["search"].value = text
    assert len(panel.listed) == len(listed(panel)) == found


def test_origins_can_be_told_apart():
    panel = types_panel()
    everybody = len(panel.listed)
    counts = {}
    for origin in Origin:
        panel.controls["origin"].value = origin.value
        counts[origin] = len(panel.listed)
        assert all(a.classification.origin is origin for a in panel.listed)
    assert sum(counts.values()) == everybody
    assert counts[Origin.SNAPSHOT] > counts[Origin.PROVIDER] > 0


def test_the_chosen_holding_tells_its_trail():
    panel = types_panel()
    panel.controls["search"].value = "dsu"
    text = shown(panel, "detail")
    assert panel.selected.query.ticker == "DSU"
    for attempt in panel.selected.trail:
        assert attempt.room in text
        assert attempt.outcome.value in text
    assert "closed_end_fund" in text
    assert "isEtf=false isFund=true" in text


def test_what_is_chosen_stays_chosen_while_it_fits():
    panel = types_panel()
    panel.controls["search"].value = "s"
    spy = next(n for n, a in enumerate(panel.answers) if a.query.key == "SPY")
    panel.controls["list"].value = spy
    panel.controls["search"].value = "sp"
    assert panel.selected.query.key == "SPY"
    panel.controls["search"].value = "dsu"
    assert panel.selected.query.key == "DSU"


def test_where_nothing_fits_nothing_can_be_overridden():
    panel = types_panel()
    panel.controls["search"].value = "no such thing"
    assert panel.selected is None
    assert "No holding fits" in shown(panel, "detail")
    assert panel.controls["override"].disabled
    decide(panel, "etf")
    assert panel.error == "choose a holding first"
    panel.controls["search"].value = ""
    assert not panel.controls["override"].disabled


def test_an_override_is_kept_and_the_answer_is_new_at_once(service):
    panel = types_panel(service)
    panel.controls["search"].value = "dsu"
    decide(panel, "bond")
    assert panel.error == ""
    assert {a.security_type.value for a in panel.listed} == {"bond"}
    assert "a fund of bonds" in shown(panel, "detail")
    assert "DSU (plaid): bond, override" in listed(panel)
    assert service.overrides()["DSU"].raw_label == "a fund of bonds"
    assert panel.controls["note"].value == ""


def test_an_override_is_seen_even_where_its_origin_was_filtered_out(service):
    panel = types_panel(service)
    panel.controls["origin"].value = "snapshot"
    panel.controls["search"].value = "dsu"
    decide(panel, "etf")
    assert panel.controls["origin"].value == ""
    assert panel.selected.classification.origin is Origin.OVERRIDE


def test_an_override_can_be_taken_back(service):
    panel = types_panel(service)
    panel.controls["search"].value = "dsu"
    panel.controls["remove"].click()
    assert panel.error == "there is no override on DSU"
    decide(panel, "etf")
    panel.controls["remove"].click()
    assert panel.error == ""
    assert panel.selected.classification.origin is Origin.SNAPSHOT
    assert service.overrides() == {}


@pytest.mark.parametrize(
    ("note", "author", "told"),
    [
        (" ", "an analyst", "an override needs its note"),
        ("why", "", "an override needs its author"),
        ("", "", "an override needs its note and author"),
    ],
)
def test_an_override_needs_a_reason_and_a_person(service, note, author, told):
    panel = types_panel(service)
    decide(panel, "etf", note, author)
    assert panel.error == told
    assert service.overrides() == {}


def test_without_a_database_the_error_line_says_so():
    panel = types_panel()
    before = panel.answers
    decide(panel, "etf")
    assert "overrides need a database" in panel.error
    assert panel.answers == before
    panel.controls["list"].value = panel.controls["list"].options[-1][1]
    assert panel.error == ""


def test_the_panel_keeps_the_service_that_it_was_made_with(service):
    with using(service):
        panel = classification(datasets.sample_holdings())
    with using(datasets.sample_service()):
        panel.controls["search"].value = "dsu"
        decide(panel, "etf")
    assert panel.error == ""
    assert list(service.overrides()) == ["DSU"]


def test_hostile_answers_are_text():
    holdings = pd.DataFrame({"ticker": list(HOSTILE), "name": list(HOSTILE)}, dtype=object)
    with pytest.warns(UnresolvedWarning, match="without a known type"):
        panel = classification(
            holdings, service=SecurityTypeService(source=None, store=None, settings=Settings())
        )
    for number in range(len(panel.answers)):
        panel.controls["list"].value = number
        page = Parsed(panel.static().html)
        assert set(page.tags) <= TAGS
    "".join(listed(panel)).encode("utf-8")


def test_tickers_alone_have_a_panel_and_stay_as_they_were():
    tickers = pd.Series(["DSU", "spy"], name="held")
    before = tickers.copy(deep=True)
    panel = classification(tickers, service=datasets.sample_service())
    assert [a.security_type for a in panel.answers] == ["mutual_fund", "etf"]
    pd.testing.assert_series_equal(tickers, before)
    holdings = datasets.sample_holdings()
    types_panel()
    pd.testing.assert_frame_equal(holdings, datasets.sample_holdings())


def test_a_long_list_is_cut_on_the_static_page_and_counted():
    tickers = pd.Series([f"FND{i:02d}X" for i in range(60)])
    service = SecurityTypeService(source=None, store=None, settings=Settings())
    with pytest.warns(UnresolvedWarning, match="without a known type"):
        panel = classification(tickers, service=service)
    page = Parsed(panel.static().html)
    assert "60 answers, 50 of them shown" in page.text
    assert "application/vnd.jupyter.widget-view+json" in panel._repr_mimebundle_()
    assert repr(panel) == "<ClassificationPanel: 60 answers>"


# -- the door -----------------------------------------------------------------------------------


def test_a_missing_library_is_named_with_the_line_that_installs_it():
    code = (
        "import sys; sys.modules['ipywidgets'] = None\n"
        "from sectypes.errors import MissingExtraError\n"
        "try:\n    import sectypes.widgets\n"
        "except MissingExtraError as error:\n    print(error)\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'ipywidgets" in ran.stdout


def test_the_whole_sample_household_can_be_explored():
    holdings = datasets.sample_holdings()
    with using(datasets.sample_service()):
        answered = frames.answered(frame_columns(holdings, {}), service=None, progress=None)
    panel = explore(answered, compare=partial(compare, exposures=EXPOSURES))
    assert panel.chart.data.iloc[0]["ticker"] == "DSU"
    for kind in SECURITY_TYPES:
        panel.controls["type"].value = kind
        dsu = answered["ticker"] == "DSU"
        assert set(panel.compared.positions().loc[dsu, "security_type"]) == {kind}


def test_a_comparison_opens_the_panel_with_everything_it_was_made_with():
    given = {
        "limits": RiskLimits(max_loss=0.2),
        "scenarios": CrashScenarios(bond=0.2, name="mine"),
        "exposures": EXPOSURES,
        "baseline": "provider",
        "method": "top_n",
        "curve": "step",
        "leverage": 1.1,
        "fx": {"EUR": 1.1},
        "max_betas": {"market": 1.3},
    }
    holdings = book(currency=["EUR", "USD", "USD", "USD"])
    compared = compare(holdings, **given)
    holdings["value"] = 1.0
    panel = compared.explore()
    assert panel.compared == compared
    panel.controls["bond"].value = 0.3
    panel.controls["reset"].click()
    assert panel.compared == compared


def test_a_frame_opens_the_panel_on_its_answers():
    holdings = datasets.sample_holdings()
    with using(datasets.sample_service()):
        panel = holdings.sectype.explore(method="worst_position")
        assert panel.compared == holdings.sectype.compare(method="worst_position")
    pd.testing.assert_frame_equal(holdings, datasets.sample_holdings())
    with pytest.raises(TypeError, match="by"):
        book().sectype.explore(by="provider")
