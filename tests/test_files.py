"""What leaves for a file: whole files, readable texts, cells that no spreadsheet executes."""

from __future__ import annotations

import math

import numpy as np
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


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
@pytest.mark.parametrize("dtype", [object, "category", "string"])
def test_texts_that_begin_like_formulas_get_an_apostrophe(start, dtype):
    evil = f"{start}HYPERLINK(1)"
    frame = pd.DataFrame({"name": pd.Series([evil, "plain", None], dtype=dtype)})
    safe = neutralised(frame)
    assert safe["name"].tolist()[:2] == [f"'{evil}", "plain"]
    assert safe["name"].isna().tolist() == [False, False, True]


def test_numbers_times_and_labels_stay_and_the_input_is_not_changed():
    frame = pd.DataFrame(
        {
            "loss": [-0.5, math.nan],
            "when": pd.to_datetime(["2026-01-02", None], utc=True),
            "=name": ["-1", "x"],
            "mixed": np.array([-1, "-1"], dtype=object),
        },
        index=[7, 3],
    )
    before = frame.copy(deep=True)
    safe = neutralised(frame)
    pd.testing.assert_frame_equal(frame, before)
    pd.testing.assert_frame_equal(safe[["loss", "when"]], frame[["loss", "when"]])
    assert list(safe.columns) == ["loss", "when", "'=name", "mixed"]
    assert safe["'=name"].tolist() == ["'-1", "x"]
    assert safe["mixed"].tolist() == [-1, "'-1"]
    assert safe.index.tolist() == [7, 3]


def test_columns_of_one_name_and_empty_frames_are_kept():
    frame = pd.DataFrame([["=a", "=b"]], columns=["x", "x"])
    assert neutralised(frame).to_numpy().tolist() == [["'=a", "'=b"]]
    assert neutralised(frame.iloc[:0]).shape == (0, 2)


@given(st.lists(st.text(max_size=8), max_size=5))
def test_no_cell_of_the_csv_begins_like_a_formula(texts):
    safe = neutralised(pd.DataFrame({"name": pd.Series(texts, dtype=object)}))
    assert not any(text.startswith(("=", "+", "-", "@", "\t", "\r")) for text in safe["name"])
