"""Every figure of speed in one run, each beside what a user would otherwise pick.

    python -m benchmarks [--quick] [--only NAME ...] [--rows N ...] [--json FILE] [--markdown]

The table goes to standard output, progress to standard error. Ctrl-C ends the run with what is
measured so far. A missed target is printed, not an error. benchmarks/README.md says why each
figure is what it is.
"""

from __future__ import annotations

import argparse
import dataclasses
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks import asking, columns, panel, portfolios, processes, rooms, table
from benchmarks.measuring import ROOT, Processors, Row, Sizes

__all__ = ["MEASURES", "QUICK", "main", "measured"]

README = ROOT / "README.md"
Measure = Callable[[Sizes], Iterator[Row]]
MEASURES: dict[str, Measure] = {
    "classify": columns.classify,
    "memory": columns.memory,
    "frame": columns.frame,
    "explain": columns.explain,
    "sqlite": rooms.sqlite,
    "postgresql": rooms.postgresql,
    "upsert": rooms.upsert,
    "missing": asking.missing,
    "portfolios": portfolios.compare_many,
    "linear": portfolios.linear,
    "import": processes.imports,
    "command": processes.command,
    "panel": panel.panel,
}

QUICK = Sizes(
    rows=1_000_000,
    distinct=2_000,
    explained=100_000,
    tickers=2_000,
    missing=30,
    sequential=3,
    portfolios=10_000,
    many=50_000,
    looped=200,
    moves=20,
    starts=5,
    children=1,
    runs=3,
)


def measured(
    names: Sequence[str], sizes: Sizes, measures: Mapping[str, Measure] = MEASURES
) -> Iterator[Row]:
    """The rows of the named measures, one after the other."""
    for number, name in enumerate(names, start=1):
        print(f"[{number}/{len(names)}] {name} ...", end=" ", file=sys.stderr, flush=True)
        start, before = time.perf_counter(), Processors.now()
        with warnings.catch_warnings():
            # What is measured on is made up, and the package says so; nobody needs to read it.
            warnings.simplefilter("ignore")
            for row in measures[name](sizes):
                yield dataclasses.replace(row, stolen=_stolen_since(before))
        print(f"{time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)


def _stolen_since(before: Processors | None) -> float | None:
    now = Processors.now()
    return None if before is None or now is None else before.stolen_until(now)


def _arguments(given: Sequence[str] | None, names: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true", help="smaller sizes, within two minutes")
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=names, default=names,
                        help=f"some of: {', '.join(names)}")  # fmt: skip
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything as JSON")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    parser.add_argument("--readme", action="store_true", help="put the table into README.md")
    sizes = parser.add_argument_group("sizes (the defaults are the full ones)")
    for field in dataclasses.fields(Sizes):
        kind = _count if isinstance(field.default, int) else float
        sizes.add_argument(f"--{field.name}", type=kind, metavar="N", help=f"{field.default:,}")
    asked = parser.parse_args(given)
    if asked.readme and asked.only != names:
        parser.error("--readme needs the whole table, so not --only")
    return asked


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, not {number}")
    return number


def main(given: Sequence[str] | None = None, measures: Mapping[str, Measure] = MEASURES) -> int:
    """Measure and print; 0 however the figures are, 130 after Ctrl-C."""
    asked = _arguments(given, [*measures])
    changes = {field.name: getattr(asked, field.name) for field in dataclasses.fields(Sizes)}
    sizes = dataclasses.replace(
        QUICK if asked.quick else Sizes(),
        **{name: value for name, value in changes.items() if value is not None},
    )
    rows: list[Row] = []
    code = 0
    try:
        for row in measured(asked.only, sizes, measures):
            rows.append(row)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        code = 130
    finally:
        around = table.surroundings()
        shown = table.as_markdown if asked.markdown else table.as_text
        print(shown(rows, sizes, around))
        if asked.json:
            asked.json.write_text(table.as_json(rows, sizes, around) + "\n")
    if asked.readme and not code:
        made = table.as_markdown(rows, sizes, around)
        README.write_text(table.put_into(README.read_text(), made))
    return code


if __name__ == "__main__":
    # Being ended from outside (a time limit) costs no figure either.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
