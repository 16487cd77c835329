"""The benchmarks run, at sizes that say nothing: every field is right, and no time is asserted."""

from __future__ import annotations

import dataclasses
import json
import math

import pytest

from benchmarks import made, measuring, table
from benchmarks.__main__ import MEASURES, QUICK, README, main, measured
from benchmarks.measuring import Kind, Processors, Row, Sizes, Target, Times, race

TINY = Sizes(
    rows=2_000, distinct=50, explained=500, frame=5, tickers=60, missing=4, delay=0.01, limit=0.01,
    sequential=2, portfolios=40, positions=3, many=80, looped=10, moves=2, starts=1, children=1,
    runs=1,
)  # fmt: skip
ROWS = [
    Row("a", "read", 0.0021, "s", "bare SELECT", 0.001, 2.1, Target(Kind.TIMES_THEIRS, 4), True),
    Row("a", "read", 0.5, "s", "a loop", 10.0, 0.05, Target(Kind.TIMES_FASTER, 50), False, "part"),
    Row("b", "hold", 9.0, "B/row", target=Target(Kind.AT_MOST, 12.0), stolen=0.123),
]  # fmt: skip


TARGETS = {
    "classify": {(Kind.TIMES_THEIRS, 1.2), (Kind.TIMES_FASTER, 4), (Kind.TIMES_THEIRS, 0.05)},
    "memory": {(Kind.AT_MOST, 12.0)},
    "frame": {(Kind.AT_MOST, 0.001)},
    "explain": {(Kind.TIMES_THEIRS, 1.0)},
    "sqlite": {
        *((Kind.AT_MOST, 0.020), (Kind.AT_MOST, 0.060), (Kind.TIMES_THEIRS, 4)),
        *((Kind.TIMES_FASTER, 100), (Kind.TIMES_FASTER, 50), (Kind.TIMES_FASTER, 1)),
    },
    "postgresql": {(Kind.AT_MOST, 0.080), (Kind.TIMES_THEIRS, 4), (Kind.TIMES_FASTER, 1)},
    "upsert": {(Kind.TIMES_THEIRS, 1.5)},
    "missing": {(Kind.TIMES_THEIRS, 1.1)},
    "portfolios": {(Kind.TIMES_FASTER, 50)},
    "linear": {(Kind.TIMES_THEIRS, 2.2)},  # twice the portfolios here
    "import": {(Kind.TIMES_THEIRS, 1.1)},
    "command": {(Kind.TIMES_THEIRS, 1.5)},
    "panel": {(Kind.AT_MOST, 0.2), (Kind.AT_MOST, 20.0)},
}


@pytest.mark.parametrize("name", MEASURES)
def test_each_measure_gives_figures_and_its_targets(name, capsys):
    rows = list(measured([name], TINY))
    assert {row.measure for row in rows} == {name}
    assert {(row.target.kind, row.target.limit) for row in rows if row.target} == TARGETS[name]
    for row in rows:
        assert row.work
        # At these sizes a process may hold no more memory than before.
        assert row.ours > 0 or (row.unit != "s" and math.isfinite(row.ours))
        assert row.theirs is None or row.unit != "s" or row.theirs > 0
        assert row.ratio is None or row.ratio == pytest.approx(row.ours / row.theirs)
        assert not row.beside or row.theirs is not None or "not installed" in row.note
        assert row.target is not None or row.met is None
    assert name in capsys.readouterr().err


@pytest.mark.parametrize(
    ("target", "ours", "ratio", "met"),
    [
        (Target(Kind.AT_MOST, 0.02), 0.02, None, True),
        (Target(Kind.AT_MOST, 0.02), 0.021, 0.1, False),
        (Target(Kind.TIMES_THEIRS, 1.2), 9.0, 1.2, True),
        (Target(Kind.TIMES_THEIRS, 1.2), 9.0, 1.21, False),
        (Target(Kind.TIMES_FASTER, 4), 9.0, 0.25, True),
        (Target(Kind.TIMES_FASTER, 4), 9.0, 0.26, False),
        (Target(Kind.TIMES_FASTER, 4), 9.0, None, None),
    ],
)
def test_a_target_is_met_up_to_its_limit(target, ours, ratio, met):
    assert target.is_met(ours, ratio) is met


def test_sides_take_turns_after_one_round_that_does_not_count():
    seen: list[tuple[str, int]] = []
    given = iter(range(100))
    times = race(
        {"a": lambda n: seen.append(("a", n)), "b": lambda n: seen.append(("b", n)), "c": None},
        2,
        prepare=lambda: next(given),
    )
    assert seen == [("a", 0), ("b", 1), ("b", 2), ("a", 3), ("a", 4), ("b", 5)]
    assert {side: len(taken) for side, taken in times.seconds.items()} == {"a": 2, "b": 2}


def test_a_row_is_the_median_of_the_rounds_and_says_what_is_missing():
    times = Times({"ours": [1.0, 9.0, 2.0], "loop": [0.1, 0.4, 0.2]})
    row = times.row("m", "w", beside="loop", scale=100, target=Target(Kind.TIMES_FASTER, 10))
    assert (row.ours, row.theirs, row.ratio, row.met) == (2.0, 20.0, 0.1, True)
    absent = times.row("m", "w", beside="other", target=Target(Kind.TIMES_FASTER, 10))
    assert (absent.theirs, absent.ratio, absent.met) == (None, None, None)
    assert absent.note == "not installed; see benchmarks/README.md"
    small = times.row("m", "w", target=Target(Kind.AT_MOST, 5.0), at_full_size=False)
    assert small.met is None


def test_the_table_shows_every_row_in_both_forms():
    around = table.surroundings()
    text = table.as_text(ROWS, Sizes(), around)
    for words in ("2.100 ms", "2.1 x", "<= 4 x", "20.0 x faster", "NO", "9.0 B/row", "<= 12 B/row"):
        assert words in text
    assert " 12%" in text
    assert "read: part" in text
    assert text.endswith("1 of 2 targets met")
    lines = table.as_markdown(ROWS, QUICK, around).splitlines()
    assert lines[2] == "| read | 2.100 ms | bare SELECT | 1.000 ms | 2.1 x | <= 4 x | yes |  |"
    assert {line.count("|") for line in lines[:5]} == {9}
    assert "Other sizes" in lines[-1]
    assert f"pandas {around['pandas']}" in lines[-1]


def test_the_readme_holds_the_last_table_between_its_marks():
    readme = README.read_text()
    shown = table.put_into(readme, "| new |")
    first, last = (shown.index(mark) for mark in table.MARKS)
    assert shown[first:last] == f"{table.MARKS[0]}\n| new |\n"
    assert readme.startswith(shown[:first])
    assert readme.endswith(shown[last:])
    assert " | ".join(table.HEADINGS) in readme


def test_what_the_host_gave_to_others_is_told(tmp_path, monkeypatch):
    file = tmp_path / "stat"
    monkeypatch.setattr(measuring, "PROCESSORS", file)
    assert Processors.now() is None
    file.write_text("cpu  100 5 20 900 30 1 4 10 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n")
    before = Processors.now()
    assert before == Processors(busy=130, stolen=10)
    assert before.stolen_until(Processors(busy=220, stolen=20)) == 0.1
    assert before.stolen_until(before) == 0


def test_the_json_holds_everything():
    content = json.loads(table.as_json(ROWS, TINY, table.surroundings()))
    assert content["sizes"] == dataclasses.asdict(TINY)
    assert content["rows"][1]["target"] == {"kind": "times faster", "limit": 50}
    assert [row["met"] for row in content["rows"]] == [True, False, None]
    assert content["surroundings"]["cores"] >= 1


def test_an_interrupted_run_shows_what_it_has(tmp_path, capsys):
    def interrupted(sizes):
        assert sizes == dataclasses.replace(QUICK, rows=7)
        yield ROWS[0]
        raise KeyboardInterrupt

    file = tmp_path / "figures.json"
    measures = {"a": interrupted, "b": lambda sizes: iter(ROWS)}
    code = main(["--quick", "--rows", "7", "--json", str(file)], measures)
    assert code == 130
    assert "bare SELECT" in capsys.readouterr().out
    assert len(json.loads(file.read_text())["rows"]) == 1


def test_a_missed_target_is_no_error_and_one_measure_can_be_chosen(capsys):
    measures = {"a": lambda sizes: iter(ROWS[:1]), "b": lambda sizes: iter(ROWS[1:])}
    assert main(["--only", "b", "--markdown"], measures) == 0
    shown = capsys.readouterr()
    assert "a loop" in shown.out
    assert "bare SELECT" not in shown.out
    assert "[1/1] b" in shown.err


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (["--only", "c"], "invalid choice: 'c'"),
        (["--rows", "0"], "must be at least 1, not 0"),
        (["--readme", "--only", "a"], "--readme needs the whole table"),
    ],
)
def test_wrong_arguments_are_told(given, why, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(given, {"a": lambda sizes: iter(ROWS), "b": lambda sizes: iter(ROWS)})
    assert why in capsys.readouterr().err


@pytest.mark.parametrize("dtype", made.DTYPES)
def test_a_column_holds_the_same_random_tickers_in_any_dtype(dtype):
    series = made.column(dtype, 1_000, 20)
    assert set(series) == set(made.tickers(20))
    assert str(series.dtype) in {dtype, "string"}
    again = made.column(dtype, 1_000, 20)
    assert series.tolist() == again.tolist()
