"""The gate: faults are planted into copies of a notebook, and each of them must be caught.

What can be seen in the file is for `support.notebooks.problems`; the rest only shows when the copy
is run as the notebooks are, by nbval with this repository's own pytest settings; all copies in one
go.
"""

from __future__ import annotations

import copy
import subprocess
import sys
from xml.etree import ElementTree as ET

import nbformat
import pytest
from support.notebooks import FOLDER, problems

ROOT = FOLDER.parent
SOURCE = FOLDER / "02_before_after_crash.ipynb"
WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.fixture(scope="module")
def healthy():
    return nbformat.read(SOURCE, as_version=4)


@pytest.fixture
def notebook(healthy):
    return copy.deepcopy(healthy)


def code(notebook, part):
    """The code cell whose source has `part`."""
    return next(c for c in notebook.cells if c.cell_type == "code" and part in c.source)


def swap(cell, old, new):
    assert old in cell.source
    cell.source = cell.source.replace(old, new)


def swap_output(cell, old, new):
    """Change a text in the stored outputs, wherever it stands."""
    touched = 0
    for output in cell.outputs:
        for kind, text in output.get("data", {}).items():
            if kind.startswith("text/") and old in text:
                output["data"][kind], touched = text.replace(old, new), touched + 1
    assert touched


# --- seen in the file ----------------------------------------------------------------------------

CHART, PANEL, MOVED = "compared.plot", "compared.explore()", 'controls["mutual_fund"].value'


def a_function(nb):
    swap(code(nb, CHART), "chart =", "def drawn():\n    return 1\nchart =")


def too_many_cells(nb):
    nb.cells += [copy.deepcopy(cell) for cell in nb.cells[-2:]] * 3


def too_much_code(nb):
    code(nb, CHART).source += "\nchart" * 60


def a_line_that_is_cut_off(nb):
    code(nb, CHART).source += f"\n{'chart; ' * 20}"


def no_question(nb):
    nb.cells[0].source = nb.cells[0].source.replace("?", "", 1)


def a_code_cell_without_words(nb):
    nb.cells.insert(4, copy.deepcopy(nb.cells[3]))


def work_among_the_imports(nb):
    code(nb, "import sectypes").source += "\nheld = 1"


def no_outputs(nb):
    code(nb, CHART).outputs = []


def a_cell_that_was_not_run(nb):
    code(nb, CHART).execution_count = None


def cells_run_out_of_order(nb):
    code(nb, CHART).execution_count = 99


def an_error_left(nb):
    error = nbformat.v4.new_output("error", ename="KeyError", evalue="x", traceback=[])
    code(nb, CHART).outputs.append(error)


def a_warning_left(nb):
    text = "UserWarning: something\n"
    code(nb, CHART).outputs.append(nbformat.v4.new_output("stream", name="stderr", text=text))


def widget_state(nb):
    nb.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {}}}


def a_widget_without_kernel(nb):
    code(nb, PANEL).outputs[0]["data"][WIDGET] = {"model_id": "1"}


def a_tag_that_hides(nb):
    code(nb, CHART).metadata["tags"] = ["nbval-ignore-output"]


def a_comment_that_hides(nb):
    code(nb, CHART).source += "\n# NBVAL_IGNORE_OUTPUT"


def a_chart_without_words(nb):
    code(nb, CHART).outputs[0].metadata = {}


def a_chart_with_empty_words(nb):
    code(nb, CHART).outputs[0].metadata["image/png"]["alt"] = " "


def a_panel_picture_without_words(nb):
    page = code(nb, PANEL).outputs[0]["data"]
    page["text/html"] = page["text/html"].replace(" alt=", " title=")


def a_chart_without_table(nb):
    cell = code(nb, CHART)
    swap(cell, "display(chart, chart.data.round(3))", "display(chart)")
    del cell.outputs[1]


def a_picture_from_elsewhere(nb):
    page = code(nb, PANEL).outputs[0]["data"]
    page["text/html"] += '<img alt="a" src="https://example.com/a.png">'


def an_error_kept_quiet(nb):
    cell = code(nb, MOVED)
    cell.source = f"try:\n    {cell.source.splitlines()[0]}\nexcept ValueError:\n    pass"


def a_warning_kept_quiet(nb):
    swap(code(nb, CHART), "chart =", "__import__('warnings').simplefilter('ignore')\nchart =")


def an_address(nb):
    swap(code(nb, CHART), "chart =", "page = 'https://example.com/prices.csv'\nchart =")


def a_library_that_reaches_out(nb):
    swap(code(nb, CHART), "chart =", "import requests\nchart =")


def a_shell_command(nb):
    code(nb, CHART).source += "\n!pip install sectypes"


def a_key_in_the_code(nb):
    swap(code(nb, CHART), "chart =", "key = 'kX3bQ9rTz2LmV8nWc5YdHs7JfPgA4eUo'\nchart =")


def a_key_in_the_output(nb):
    swap_output(code(nb, CHART), "SPY", "profile?apikey=abcdef123")


def a_password_in_the_output(nb):
    swap_output(code(nb, CHART), "SPY", "postgresql://ana:secret@db/cache")


def the_folder_of_a_person(nb):
    swap_output(code(nb, CHART), "SPY", "/home/ana/cache.db")


def an_address_in_memory(nb):
    swap_output(code(nb, CHART), "SPY", "<Chart at 0x7f31e154b710>")


SEEN = [
    (a_function, "defines drawn"),
    (too_many_cells, "cells, more than 20"),
    (too_much_code, "lines of code, more than 60"),
    (a_line_that_is_cut_off, "a line of more than 96 characters"),
    (no_question, "the title is not one question"),
    (a_code_cell_without_words, "not one text cell before each code cell"),
    (work_among_the_imports, "the first code cell does not only import"),
    (no_outputs, "no output"),
    (a_cell_that_was_not_run, "the cells were not run once, in order"),
    (cells_run_out_of_order, "the cells were not run once, in order"),
    (an_error_left, "an error is left in it: KeyError"),
    (a_warning_left, "a warning is left in it"),
    (widget_state, "widget state in the metadata"),
    (a_widget_without_kernel, "a widget that a reader without a kernel cannot see"),
    (a_tag_that_hides, "metadata ['tags']"),
    (a_comment_that_hides, "a marker that turns the comparison off"),
    (a_chart_without_words, "a picture without alternative text"),
    (a_chart_with_empty_words, "a picture without alternative text"),
    (a_panel_picture_without_words, "a picture in a page without alternative text"),
    (a_chart_without_table, "a picture without its table"),
    (a_picture_from_elsewhere, "a picture in a page that is loaded from elsewhere"),
    (an_error_kept_quiet, "keeps an error or a warning to itself"),
    (a_warning_kept_quiet, "keeps an error or a warning to itself"),
    (an_address, "an address in the network"),
    (a_library_that_reaches_out, "imports requests"),
    (a_shell_command, "not plain Python"),
    (a_key_in_the_code, "a key is shown"),
    (a_key_in_the_output, "a key is shown"),
    (a_password_in_the_output, "a password is shown"),
    (the_folder_of_a_person, "a path of the machine is shown"),
    (an_address_in_memory, "an address in memory is shown"),
]


def test_the_healthy_notebook_has_no_problem(notebook):
    assert problems(notebook) == []


@pytest.mark.parametrize(("plant", "told"), SEEN, ids=lambda value: getattr(value, "__name__", ""))
def test_a_fault_in_the_file_is_seen(notebook, plant, told):
    plant(notebook)
    assert any(told in problem for problem in problems(notebook))


# --- seen when it runs ---------------------------------------------------------------------------


def error_in_an_observer(nb):
    swap(
        code(nb, PANEL),
        "\npanel",
        "\npanel.controls['mutual_fund'].observe(lambda _: 1 / 0)\npanel",
    )
    return MOVED, "ZeroDivisionError"


def error_in_a_button(nb):
    cell = code(nb, MOVED)
    cell.source = (
        "panel.controls['reset'].on_click(lambda _: 1 / 0)\npanel.controls['reset'].click()\n"
        + cell.source
    )
    return MOVED, "ZeroDivisionError"


def error_inside_an_output_widget(nb):
    cell = code(nb, CHART)
    cell.source = (
        "import ipywidgets\nout = ipywidgets.Output()\nwith out:\n    1 / 0\n" + cell.source
    )
    return CHART, "ZeroDivisionError"


def error_on_the_panels_error_line(nb):
    line = "panel.controls['leverage'].min = 0\npanel.controls['leverage'].value = 0\n"
    swap(code(nb, MOVED), "display", f"{line}display")
    return MOVED, "leverage must be a number above 0"


def bars_of_another_length(nb):
    swap(code(nb, CHART), "\ndisplay", "\nchart.axes[0].patches[0].set_width(0.05)\ndisplay")
    return CHART, "picture 1: it shows something else"


def a_chart_of_other_data(nb):
    swap(code(nb, CHART), "compared.plot(", "held.sectype.compare(service, leverage=1.2).plot(")
    return "leverage=1.2", "Cell outputs differ"


def another_panel_picture(nb):
    swap(
        code(nb, PANEL), "\npanel", "\npanel.outputs['picture'].value = panel.chart.to_png()\npanel"
    )
    return PANEL, "became 1400 x"


def a_stored_picture_of_something_else(nb):
    other = code(nb, MOVED).outputs[0]["data"]["image/png"]
    code(nb, CHART).outputs[0]["data"]["image/png"] = other
    return CHART, "A picture differs"


def a_stored_picture_lost(nb):
    del code(nb, CHART).outputs[0]["data"]["image/png"]
    return CHART, "0 pictures are stored, 1 are drawn"


def stale_output(nb):
    swap(code(nb, MOVED), "0.80", "0.70")
    return MOVED, "Cell outputs differ"


def a_wrong_number_stored(nb):
    swap_output(code(nb, "compared.table()"), "91.767", "91.776")
    return "compared.table()", "Cell outputs differ"


def a_warning_appears(nb):
    swap(code(nb, CHART), "chart =", "import warnings\nwarnings.warn('careful')\nchart =")
    return CHART, "stderr"


def the_network_by_name(nb):
    swap(
        code(nb, CHART), "chart =", "import socket\nsocket.getaddrinfo('example.com', 80)\nchart ="
    )
    return CHART, "a reference notebook is offline"


def the_network_by_number(nb):
    call = "import socket\nsocket.create_connection(('198.51.100.1', 80), 1)\nchart ="
    swap(code(nb, CHART), "chart =", call)
    return CHART, "a reference notebook is offline"


RUN = [
    error_in_an_observer,
    error_in_a_button,
    error_inside_an_output_widget,
    error_on_the_panels_error_line,
    bars_of_another_length,
    a_chart_of_other_data,
    another_panel_picture,
    a_stored_picture_of_something_else,
    a_stored_picture_lost,
    stale_output,
    a_wrong_number_stored,
    a_warning_appears,
    the_network_by_name,
    the_network_by_number,
]


def short(notebook, plant=None):
    """A copy with the fault, the cells that it needs, and nothing behind it: less to wait for."""
    made = copy.deepcopy(notebook)
    where, told = plant(made) if plant else (MOVED, "")
    needed = ("import sectypes", "service =", "compared =", PANEL, where)
    cells = [c for c in made.cells if c.cell_type == "code" and any(n in c.source for n in needed)]
    place = next(n for n, cell in enumerate(cells) if where in cell.source)
    made.cells = cells[: place + 1]
    return made, place, told


@pytest.fixture(scope="module")
def outcome(healthy, tmp_path_factory):
    """Per copy: each cell with what was told of it. All are run by one pytest."""
    folder = tmp_path_factory.mktemp("gate")
    for plant in (None, *RUN):
        name = plant.__name__ if plant else "healthy"
        nbformat.write(short(healthy, plant)[0], folder / f"{name}.ipynb")
    report = folder / "report.xml"
    command = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), str(folder)]
    options = ["-q", "--color=no", "-p", "no:cacheprovider", f"--junitxml={report}"]
    ran = subprocess.run(
        [*command, *options], cwd=ROOT, capture_output=True, text=True, check=False, timeout=280
    )
    assert ran.returncode == 1, ran.stdout + ran.stderr
    told = {}
    for case in ET.parse(report).iter("testcase"):
        name = case.get("classname").rpartition(".")[0].rpartition(".")[2]
        failure = case.find("failure")
        told.setdefault(name, []).append("" if failure is None else failure.text)
    return told


def test_the_healthy_copy_passes(outcome):
    assert outcome["healthy"] == [""] * 5


@pytest.mark.parametrize("plant", RUN, ids=lambda plant: plant.__name__)
def test_a_fault_that_shows_when_run_is_caught(healthy, outcome, plant):
    _, place, told = short(healthy, plant)
    *before, last = outcome[plant.__name__]
    assert before == [""] * place
    assert told in last
