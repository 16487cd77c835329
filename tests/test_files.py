"""What leaves for a file: whole files, readable texts, cells that no spreadsheet executes."""

from __future__ import annotations

import math
from datetime import datetime

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sectypes.errors import InputError
from sectypes.files import neutralised, readable, write_whole


def test_a_file_is_replaced_whole(tmp_path):
    path = tmp_path / "report.html"
    assert write_whole(path, b"first") == path
    write_whole(str(path), b"second")
    assert path.read_bytes() == b"second"
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]


def test_a_name_of_the_greatest_length_can_be_written(tmp_path):
    assert write_whole(tmp_path / ("x" * 255), b"a").read_bytes() == b"a"


@pytest.mark.parametrize("name", ["missing/report.html", "", "nul\0byte.html"])
def test_an_error_names_the_path(tmp_path, name):
    path = tmp_path / name
    with pytest.raises(InputError, match="cannot write") as caught:
        write_whole(path, b"a")
    assert str(path) in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_replaced_leaves_no_part_behind(tmp_path):
    (tmp_path / "taken").mkdir()
    with pytest.raises(InputError, match=r"cannot write .*taken"):
        write_whole(tmp_path / "taken", b"a")
    assert [file.name for file in tmp_path.iterdir()] == ["taken"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        (None, ""),
        (math.nan, ""),
        (pd.NA, ""),
        (pd.NaT, ""),
        (3, "3"),
        ("a\x00b\x1bc\x7f", "a\ufffdb\ufffdc\ufffd"),
        ("tab\tline\nend\r", "tab\tline\nend\r"),
        ("half \ud83d", "half \ufffd"),
        (["a", None], "['a', None]"),
    ],
)
def test_readable_texts(value, text):
    assert readable(value) == text


@given(st.text(st.characters(codec=None)))
def test_every_readable_text_can_be_encoded(text):
    assert "\0" not in readable(text).encode("utf-8").decode("utf-8")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t"])
def test_texts_that_begin_like_formulas_get_an_apostrophe(start):
    assert neutralised(f"{start}HYPERLINK(1)") == f"'{start}HYPERLINK(1)"


@pytest.mark.parametrize(
    ("cell", "safe"), [("a\r=b", "a\n=b"), ("\r=b", "'\n=b"), ("a\r\nb\n\rc", "a\nb\n\nc")]
)
def test_a_line_end_inside_a_text_begins_no_row(cell, safe):
    assert neutralised(cell) == safe


@pytest.mark.parametrize("cell", [-0.5, -1, True, None, datetime(2026, 1, 2), "plain", "", "'=a"])
def test_numbers_times_and_other_texts_stay(cell):
    assert neutralised(cell) is cell


@given(st.text(max_size=8))
def test_no_cell_of_the_csv_begins_like_a_formula(text):
    safe = neutralised(text)
    assert not safe.startswith(("=", "+", "-", "@", "\t", "\r"))
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    assert safe.removeprefix("'") == lines.removeprefix("'")
