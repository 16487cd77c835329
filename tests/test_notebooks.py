"""The reference notebooks as they lie there; that they run and show the same is nbval's part."""

from __future__ import annotations

import io
import re
import shutil

import nbformat
import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread, imsave
from support import notebooks, pictures

from sectypes import compare

NAMES = [
    "01_quickstart",
    "02_before_after_crash",
    "03_provider_conflicts",
    "04_sources_and_caches",
    "05_scenario_sensitivity",
    "06_many_portfolios",
    "07_how_sure_are_we",
]


def read(path):
    return nbformat.read(path, as_version=4)


@pytest.fixture(scope="module")
def compared():
    book = {"ticker": ["DSU", "AAPL", "SPY", "AGG"], "value": [30.0, 20, 30, 20]}
    types = ["mutual_fund", "equity", "etf", "etf"]
    return compare(pd.DataFrame({**book, "security_type": types}))


def test_the_notebooks_are_the_agreed_ones():
    assert [path.stem for path in notebooks.NOTEBOOKS] == NAMES


@pytest.mark.parametrize("path", notebooks.NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_keeps_the_rules(path):
    assert notebooks.problems(read(path)) == []


@pytest.mark.parametrize("path", notebooks.NOTEBOOKS, ids=lambda path: path.stem)
def test_links_lead_to_other_notebooks(path):
    text = "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")
    for target in re.findall(r"\]\(([^)]+)\)", text):
        assert (path.parent / target).is_file(), target


def test_the_quickstart_is_ten_lines():
    assert notebooks.code_lines(read(notebooks.FOLDER / "01_quickstart.ipynb")) == 10


def test_outputs_are_the_same_from_run_to_run(tmp_path):
    # The one with the panel, whose widgets have other names each time.
    path = tmp_path / "02_before_after_crash.ipynb"
    shutil.copy(notebooks.FOLDER / path.name, path)
    first, second = notebooks.executed(path), notebooks.executed(path)
    assert first == second


def test_the_command_writes_a_notebook_as_it_was(tmp_path, capsys):
    path = tmp_path / "01_quickstart.ipynb"
    stored = read(notebooks.FOLDER / path.name)
    bare = nbformat.from_dict(stored)
    bare.metadata["widgets"] = {}
    for cell in bare.cells:
        cell.metadata["tags"] = ["left over"]
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    nbformat.write(bare, path)
    assert notebooks.main([str(path)]) == 0
    written = read(path)
    assert notebooks.problems(written) == []
    assert [cell.source for cell in written.cells] == [cell.source for cell in stored.cells]
    assert [f.name for f in tmp_path.iterdir()] == [path.name]
    assert capsys.readouterr().out.split() == [path.name, "written"]


def test_a_notebook_that_fails_is_left_alone(tmp_path):
    path = tmp_path / "bad.ipynb"
    cells = [nbformat.v4.new_code_cell("1 / 0")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    before = path.read_bytes()
    with pytest.raises(Exception, match="ZeroDivisionError"):
        notebooks.main([str(path)])
    assert path.read_bytes() == before


# --- pictures ------------------------------------------------------------------------------------


def test_a_picture_is_equal_to_itself(compared):
    assert pictures.difference(compared.plot().to_png(), compared.plot().to_png()) is None


@pytest.mark.parametrize("change", [0.7, 0.9, 1.1, 1.5])
def test_another_length_of_one_bar_is_seen(compared, change):
    chart = compared.plot()
    bar = chart.axes[0].patches[0]
    bar.set_width(bar.get_width() * change)
    seen = pictures.difference(compared.plot().to_png(), chart.to_png())
    assert seen.startswith("it shows something else")


def test_bars_of_another_colour_are_seen(compared):
    chart = compared.plot()
    chart.axes[0].patches[0].set_facecolor("tab:red")
    assert pictures.difference(compared.plot().to_png(), chart.to_png())


@pytest.mark.parametrize("axis", [0, 1])
def test_letters_a_pixel_further_on_are_not_seen(compared, axis):
    png = compared.plot().to_png()
    shifted = io.BytesIO()
    imsave(shifted, np.roll(imread(io.BytesIO(png)), 1, axis=axis), format="png")
    assert pictures.difference(png, shifted.getvalue()) is None


def test_another_size_is_told(compared):
    one, other = compared.plot().to_png(width=700), compared.plot(most=1).to_png(width=700)
    assert re.fullmatch(r"700 x \d+ pixels became 700 x \d+", pictures.difference(one, other))


def test_a_missing_picture_is_told():
    cells = read(notebooks.FOLDER / "02_before_after_crash.ipynb").cells
    outputs = next(cell.outputs for cell in cells if "explore()" in cell.source)
    assert len(pictures.cell_pictures(outputs)) == 1
    assert pictures.differences(outputs, []) == ["1 pictures are stored, 0 are drawn"]
