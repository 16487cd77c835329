"""Reports: one page, an Excel file, Markdown; and texts from outside that stay texts."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import math
import re
from functools import cache
from html.parser import HTMLParser

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import compared as books

from sectypes import charts
from sectypes.comparison import Comparison, compare
from sectypes.errors import InputError
from sectypes.report import to_excel, to_html, to_markdown
from sectypes.report.content import headline, shown, sort_key, warnings_of
from sectypes.scenarios import CrashScenarios, RiskLimits

VOID = {"meta", "img", "br"}
COMPARISONS = {
    "sample": books.sample,
    "hostile": lambda: compare(books.hostile_book()),
    "empty": books.empty,
}


class Page(HTMLParser):
    """What a browser would see: elements with their attributes, and the text in each."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self.rows: list[list[str]] = []
        self.open: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self.texts.setdefault(tag, []).append("")
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        for tag in set(self.open):
            self.texts[tag][-1] += data
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """Attributes of each element of a kind."""
        return [attributes for name, attributes in self.elements if name == tag]


@cache
def page_of(name: str) -> str:
    """The page of one of the comparisons, made once."""
    return to_html(COMPARISONS[name]())


def answered() -> Comparison:
    """The hostile book with the columns of `explain` that tell who said so and when."""
    compared = compare(books.hostile_book())
    facts = {
        "as_of": pd.Series([pd.Timestamp("2026-01-02 03:04", tz="UTC")] * 8 + [pd.NaT]),
        "stale": [True, *[False] * 8],
        "reason": [f"{books.SCRIPT} said so"] * 9,
    }
    return dataclasses.replace(compared, _positions=compared.positions().assign(**facts))


# --- the page ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COMPARISONS)
def test_the_page_is_whole_and_needs_nothing_from_elsewhere(name):
    text = page_of(name)
    page = Page(text)
    for _, attributes in page.elements:
        for link in ("src", "href", "srcset", "action"):
            assert (attributes.get(link) or "#").startswith(("#", "data:image/png;base64,"))
        assert not any(attribute.startswith("on") for attribute in attributes)
    assert "http://" not in text
    assert "https://" not in text
    assert "@import" not in text
    assert len(page.all("script")) == len(page.all("style")) == 1


def test_the_page_is_the_same_from_run_to_run():
    assert to_html(books.sample()) == page_of("sample")


def test_the_policy_lets_only_this_script_and_this_style_run():
    page = Page(page_of("sample"))
    policy = page.all("meta")[1]["content"]
    assert policy.startswith("default-src 'none'; img-src data:; ")
    for tag in ("script", "style"):
        digest = hashlib.sha256(page.texts[tag][0].encode()).digest()
        assert f"{tag}-src 'sha256-{base64.b64encode(digest).decode()}'" in policy


@pytest.mark.parametrize("name", COMPARISONS)
def test_the_page_can_be_walked_without_seeing_it(name):
    page = Page(page_of(name))
    assert page.all("html")[0]["lang"] == "en"
    landmarks = [tag for tag, _ in page.elements if tag in {"header", "nav", "main"}]
    assert landmarks == ["header", "nav", "main"]
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert set(levels[1:]) == {2}
    names = [attributes["id"] for attributes in page.all("h2")]
    assert len(set(names)) == len(names)
    assert [a["aria-labelledby"] for a in page.all("section")] == names
    assert [a["href"] for a in page.all("a")] == [f"#{name}" for name in names]


def test_tables_have_captions_scopes_and_buttons_that_sort():
    page = Page(page_of("sample"))
    assert len(page.all("caption")) == len(page.all("table")) == len(page.all("thead"))
    heads = [a for a in page.all("th") if a["scope"] == "col"]
    assert {a["aria-sort"] for a in heads} == {"none"}
    assert len(page.all("button")) == len(heads)
    assert {a["type"] for a in page.all("button")} == {"button"}
    assert {a["scope"] for a in page.all("th")} == {"col", "row"}
    scrolled = [a for a in page.all("div") if a["class"] == "scroll"]
    assert all((a["role"], a["tabindex"]) == ("region", "0") for a in scrolled)
    assert len({a["aria-label"] for a in scrolled}) == len(scrolled)


def test_charts_are_pictures_with_words_and_numbers():
    compared = books.sample()
    page = Page(page_of("sample"))
    drawn = [
        charts.concentration_by_position(compared),
        charts.component_losses(compared),
        charts.component_scores(compared),
        charts.weight_by_type(compared),
        charts.weight_by_origin(compared),
        charts.sensitivity(compared),
    ]
    images = page.all("img")
    assert [image["alt"] for image in images] == [chart.alt for chart in drawn]
    for image, chart in zip(images, drawn, strict=True):
        picture = base64.b64decode(image["src"].removeprefix("data:image/png;base64,"))
        assert picture == chart.to_png()
        assert image["width"] == "700"
    assert len(page.all("details")) == len(page.all("summary")) == len(drawn)


def test_the_headline_is_the_score_before_and_after():
    compared = books.sample()
    before, after = compared.before, compared.after
    text = (
        f"Risk score {before.overall:.1f} ({before.category}) before, "
        f"{after.overall:.1f} ({after.category}) after."
    )
    assert headline(compared) == text
    assert text in Page(page_of("sample")).texts["p"]
    assert text in to_markdown(compared).replace("\\", "")


def test_without_an_overall_score_the_reason_is_the_headline():
    text = headline(compare(books.hostile_book()))
    assert text.startswith("There is no overall score. factor: no factor betas are given;")


def test_the_page_tells_what_was_classified_by_whom():
    page = Page(to_html(answered()))
    head = next(row for row in page.rows if row[0] == "ticker")
    row = next(row for row in page.rows if row[0] == books.SCRIPT and len(row) == len(head))
    told = dict(zip(head, row, strict=True))
    assert told["provider type"] == "equity"
    assert told["security type"] == "mutual_fund"
    assert (told["origin"], told["stale"], told["as of"]) == ("fmp", "yes", "2026-01-02 03:04 UTC")
    assert told["reason"] == f"{books.SCRIPT} said so"
    assert (told["rate before"], told["rate after"]) == ("80.0%", "40.0%")


def test_the_page_tells_rates_sources_settings_and_limits():
    scenarios = CrashScenarios(etf=0.3, name="mine", version="7", sources={"etf": "a <reason>"})
    limits = RiskLimits(max_loss=0.2, max_volatility=0.4, variance_limits={"<x>": 0.3})
    held = books.household()
    compared = compare(held, scenarios=scenarios, limits=limits, leverage=1.5, curve="step")
    page = Page(to_html(compared))
    assert ["etf", "30.0%", "a <reason>"] in page.rows
    assert "Crash rates of scenario mine, version 7." in page.texts["caption"]
    for row in (["max loss", "0.2"], ["score curve", "step"], ["leverage of the portfolio", "1.5"]):
        assert row in page.rows
    assert ["variance limit: <x>", "0.3"] in page.rows
    assert any(row[:3] == ["volatility", "annual", "0.1333"] for row in page.rows)
    assert set(page.texts["li"]) > set(compared.after.warnings)


def test_the_sensitivity_of_the_page_can_score_again():
    def rescore(scenarios):
        return compare(books.household(), exposures=books.exposures(), scenarios=scenarios).after

    page = Page(to_html(books.sample(), rescore=rescore))
    assert "market at 35%" in page.all("img")[-1]["alt"]


def test_tables_of_a_page_sort_by_value():
    text = page_of("sample")
    assert '<td class="number" data-value="0.3"><bdi>30.0%</bdi></td>' in text.replace(
        "0.30000000000000004", "0.3"
    )
    assert 'data-value="nan"' not in text
    assert [sort_key(v) for v in (1, 0.5, None, "text", True)] == ["1.0", "0.5", None, None, None]
    assert sort_key(pd.Timestamp("1970-01-02", tz="UTC")) == "86400.0"


@pytest.mark.parametrize("name", ["SCRIPT", "RIGHT_TO_LEFT", "EMOJI", "MATHS", "LONG", "FORMULA"])
def test_hostile_names_are_shown_as_text(name):
    text = page_of("hostile")
    page = Page(text)
    hostile = getattr(books, name)
    assert any(hostile in row for row in page.rows)
    assert hostile in page.texts["bdi"]
    assert "alert(1)" not in "".join(page.texts["script"])
    assert "<b>odd" not in text


def test_quotes_line_ends_and_control_characters_do_no_harm():
    page = Page(page_of("hostile"))
    assert any(books.QUOTED.replace("\x00", "\ufffd") in row for row in page.rows)


def test_no_name_adds_an_element():
    names = [
        *map(chr, range(0x250)),
        "</td>",
        "<!--",
        "]]>",
        "&lt;b&gt;",
        "</bdi></table>",
    ]
    held = pd.DataFrame({"name": names, "value": 1.0, "security_type": "etf"})
    held["ticker"] = [f"T{row}" for row in held.index]
    told = [tag for tag, _ in Page(to_html(compare(held))).elements]
    usual = [tag for tag, _ in Page(to_html(compare(held.assign(name="plain")))).elements]
    assert [tag for tag in told if tag != "bdi"] == [tag for tag in usual if tag != "bdi"]


# --- files ------------------------------------------------------------------------------------


def test_the_page_is_written_whole(tmp_path):
    path = tmp_path / "report.html"
    path.write_text("old")
    text = to_html(books.sample(), path)
    assert path.read_text(encoding="utf-8") == text
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.parametrize("write", [to_html, to_excel])
def test_a_file_that_cannot_be_written_is_named(tmp_path, write):
    with pytest.raises(InputError, match=r"cannot write .*no-folder.report\.xlsx: No such file"):
        write(books.sample(), tmp_path / "no-folder" / "report.xlsx")


@pytest.mark.parametrize("name", ["report.csv", "report", "report.xls"])
def test_an_excel_file_has_its_own_ending(tmp_path, name):
    with pytest.raises(InputError, match=r"must end in \.xlsx"):
        to_excel(books.sample(), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("make", [*COMPARISONS.values(), answered], ids=[*COMPARISONS, "answered"])
@pytest.mark.parametrize("write", [to_html, to_excel, to_markdown])
def test_reports_change_nothing(tmp_path, make, write):
    compared = make()
    positions, table = compared.positions(), compared.table()
    write(compared, *([tmp_path / "report.xlsx"] if write is not to_markdown else []))
    pd.testing.assert_frame_equal(compared.positions(), positions)
    pd.testing.assert_frame_equal(compared.table(), table)


# --- Excel ------------------------------------------------------------------------------------


def test_an_excel_file_holds_the_numbers(tmp_path):
    compared = books.sample()
    sheets = pd.read_excel(to_excel(compared, tmp_path / "risk.XLSX"), sheet_name=None)
    names = ["summary", "components", "positions", "coverage", "band", "scenario"]
    assert list(sheets) == names
    band = sheets["band"].set_index("number")
    assert band.loc["concentration", "loss_high"] == pytest.approx(compared.band.high)
    shares = sheets["coverage"].set_index("part")["share"]
    assert shares["guessed"] == pytest.approx(compared.coverage.guessed)
    table = compared.table()
    read = sheets["components"].set_index("component")
    for column in ("loss_before", "loss_after", "score_after"):
        assert read[column].tolist() == pytest.approx(table[column].tolist(), nan_ok=True)
    assert sheets["positions"]["loss_after"].sum() == pytest.approx(compared.after.whole_book_loss)
    rates = sheets["scenario"].set_index("name")
    assert rates["rate"].to_dict() == {n: getattr(compared.scenarios, n) for n in rates.index}
    assert rates["source"].to_dict() == dict(compared.scenarios.sources)
    summary = sheets["summary"].set_index("what")["value"]
    assert summary["result"] == headline(compared)
    assert str(summary["scenario version"]) == "1"


def test_no_text_of_an_excel_file_is_a_formula(tmp_path):
    import openpyxl

    path = to_excel(answered(), tmp_path / "risk.xlsx")
    workbook = openpyxl.load_workbook(path)
    cells = [cell for sheet in workbook for row in sheet.iter_rows() for cell in row]
    assert "f" not in {cell.data_type for cell in cells}
    marked = {cell.value for cell in cells if cell.quotePrefix}
    assert marked == {books.FORMULA, "@SUM(A1)", "-1+1"}
    names = pd.read_excel(path, sheet_name="positions")["name"]
    assert books.EMOJI in names.tolist()
    assert books.QUOTED.replace("\x00", "\ufffd") in names.tolist()


def test_times_in_an_excel_file_are_utc_without_a_zone(tmp_path):
    path = to_excel(answered(), tmp_path / "risk.xlsx")
    positions = pd.read_excel(path, sheet_name="positions")
    assert positions["as_of (UTC)"].iloc[0] == pd.Timestamp("2026-01-02 03:04")
    assert pd.isna(positions["as_of (UTC)"].iloc[-1])


def test_times_of_several_zones_become_text(tmp_path):
    compared = answered()
    times = [pd.Timestamp("2026-01-02 03:04", tz=zone) for zone in ("UTC", "Asia/Tokyo")]
    mixed = pd.Series([*times, *[None] * 7], dtype=object)
    held = dataclasses.replace(compared, _positions=compared.positions().assign(as_of=mixed))
    read = pd.read_excel(to_excel(held, tmp_path / "risk.xlsx"), sheet_name="positions")["as_of"]
    assert read.tolist()[:2] == ["2026-01-02 03:04 UTC", "2026-01-01 18:04 UTC"]


# --- Markdown ---------------------------------------------------------------------------------


def rows_of(markdown: str) -> list[list[str]]:
    """Cells of all table rows, as a Markdown reader splits and unescapes them."""
    lines = [line for line in markdown.splitlines() if line.startswith("|")]
    cells = [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines]
    return [[re.sub(r"\\(.)", r"\1", cell.strip()) for cell in row] for row in cells]


@pytest.mark.parametrize("make", [*COMPARISONS.values(), answered], ids=[*COMPARISONS, "answered"])
def test_markdown_tables_have_as_many_cells_in_each_row(make):
    text = to_markdown(make())
    blocks = [block for block in text.split("\n\n") if block.startswith("|")]
    assert blocks
    for block in blocks:
        assert len({len(row) for row in rows_of(block)}) == 1


def test_markdown_holds_the_numbers_and_warnings():
    compared = books.sample()
    text = to_markdown(compared)
    concentration = next(row for row in rows_of(text) if row[0] == "concentration")
    part = compared.after.concentration
    assert concentration[2] == f"{part.loss:.1%}"
    assert concentration[4] == f"{part.score:.1f}"
    assert sum(row[0] == "DSU" for row in rows_of(text)) == 3
    for note in warnings_of(compared):
        assert f"- {' '.join(note.split())}" in text.replace("\\", "")


def test_hostile_names_are_text_in_markdown():
    text = to_markdown(compare(books.hostile_book()))
    tickers = [row[0] for row in rows_of(text)]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in tickers
    assert books.MATHS in tickers
    assert "<script" not in text
    assert not re.search(r"(?<!\\)[$`]", text)
    names = [row[1] for row in rows_of(text) if len(row) > 10]
    assert "\"quoted\" &amp; 'single' | pipe line \ufffd end" in names


@given(st.text(max_size=30))
@settings(max_examples=25, deadline=None)
def test_no_name_breaks_a_markdown_table(name):
    held = books.book(ticker=["A"], name=[name], value=[1.0], security_type=["etf"])
    rows = [row for row in rows_of(to_markdown(compare(held))) if row[0] == "A"]
    assert [len(row) for row in rows] == [11]


# --- values -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        ("weight", 0.5, "50.0%"),
        ("effect", -0.125, "-12.5%"),
        ("score_after", 91.77, "91.8"),
        ("leverage", 3.0, "3"),
        ("limit", math.inf, "no limit"),
        ("limit", math.nan, ""),
        ("rows", 3, "3"),
        ("stale", True, "yes"),
        ("stale", False, "no"),
        ("stale", None, ""),
        ("as_of", pd.NaT, ""),
        ("as_of", pd.Timestamp("2026-01-02 03:04", tz="Asia/Tokyo"), "2026-01-01 18:04 UTC"),
        ("as_of", pd.Timestamp("2026-01-02 03:04"), "2026-01-02 03:04 UTC"),
        ("name", "x\x00", "x\ufffd"),
    ],
)
def test_values_as_a_person_reads_them(column, value, text):
    assert shown(column, value) == text


def test_a_warning_of_both_sides_is_told_once():
    compared = books.sample()
    told = warnings_of(compared)
    assert len(told) == len(set(told))
    assert set(told) == {*compared.before.warnings, *compared.after.warnings}


def test_reports_tell_what_the_book_rests_on_and_the_band():
    held = books.book(ticker=["A", "B"], value=[6.0, 4.0], security_type=["etf", "cash"])
    compared = compare(held.assign(origin=["heuristic", "fmp"]))
    told = "21.0% if every guess were its safest plausible type, 48.0% if its riskiest"
    assert any(told in text for text in warnings_of(compared))
    text = to_markdown(compared)
    assert "| heuristic | 60.0% | a guess: a rule on ticker or name |" in text
    assert "| concentration | 21.0% | 48.0% |" in text
    rows = Page(to_html(compared)).rows
    assert ["guessed", "60.0%", "heuristic and default together"] in rows
    assert ["stale", "unknown", "older than it should be, whoever says so"] in rows
    silent = compare(held)
    assert "| guessed | unknown |" in to_markdown(silent)
    assert any("no column 'origin'" in text for text in warnings_of(silent))
