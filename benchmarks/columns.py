"""Columns of tickers: ten million rows, thirty rows, and the reasons for a million."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

import numpy as np
import pandas as pd

from benchmarks.made import column, tickers, warm_service
from benchmarks.measuring import Kind, Row, Sizes, Target, child, race

__all__ = ["classify", "explain", "frame", "memory"]

SMALL_ROUNDS = 200


def classify(sizes: Sizes) -> Iterator[Row]:
    """A warm column of each dtype beside what pandas needs to look at it once."""
    service = warm_service(sizes.distinct)
    types = service.get_security_types(tickers(sizes.distinct))
    looped = tickers(min(sizes.looped, sizes.distinct))
    work = f"classify {sizes.rows:,} rows, {{}}"
    for dtype in ("str", "object"):
        series = column(dtype, sizes.rows, sizes.distinct)
        times = race(
            {
                "ours": lambda series=series: series.sectype.classify(service),
                "pd.factorize": lambda series=series: pd.factorize(series),
                "Series.map(dict)": lambda series=series: series.map(types),
                "loop over rows": lambda: [service.get_security_types([one]) for one in looped],
            },
            sizes.runs,
        )
        row = work.format(dtype)
        judged = dtype == "str"
        near, far = Target(Kind.TIMES_THEIRS, 1.2), Target(Kind.TIMES_FASTER, 4)
        yield times.row("classify", row, beside="pd.factorize", target=near if judged else None)
        yield times.row("classify", row, beside="Series.map(dict)", target=far if judged else None)
        yield times.row(
            "classify",
            row,
            beside="loop over rows",
            scale=sizes.rows / len(looped),
            note=f"the loop did {len(looped):,} rows; its time is scaled",
        )
    given = {dtype: column(dtype, sizes.rows, sizes.distinct) for dtype in ("category", "str")}
    times = race(
        {
            "ours": lambda: given["category"].sectype.classify(service),
            "ours, str": lambda: given["str"].sectype.classify(service),
        },
        sizes.runs,
    )
    target = Target(Kind.TIMES_THEIRS, 0.05)
    yield times.row("classify", work.format("category"), beside="ours, str", target=target)
    times = race(
        {
            "ours": lambda _: given["str"].sectype.classify(service),
            "pd.factorize": lambda _: pd.factorize(given["str"]),
        },
        sizes.runs,
        prepare=lambda: service.force_refresh(looped[0]),
    )
    yield times.row(
        "classify",
        work.format("str, a fact anew"),
        beside="pd.factorize",
        note="a fact was learned before each turn, so no remembered answers are given",
    )


def memory(sizes: Sizes) -> Iterator[Row]:
    """Peak memory of a process that classifies, less that of one that only builds the column."""
    full = sizes.rows >= Sizes().rows
    for dtype in ("str", "object"):
        peaks: dict[str, list[int]] = {"build": [], "classify": [], "factorize": []}
        for _ in range(sizes.children):
            for job, seen in peaks.items():
                seen.append(child("column", dtype, sizes.rows, sizes.distinct, job)["peak"])
        peak = {job: statistics.median(seen) for job, seen in peaks.items()}
        ours, theirs = (
            (peak[job] - peak["build"]) / sizes.rows for job in ("classify", "factorize")
        )
        target = Target(Kind.AT_MOST, 12.0) if dtype == "str" else None
        yield Row(
            "memory",
            f"extra peak memory, {sizes.rows:,} rows, {dtype}",
            ours,
            "B/row",
            "pd.factorize",
            theirs,
            ours / theirs if theirs > 0 else None,
            target,
            target.is_met(ours, None) if target and full else None,
        )


def frame(sizes: Sizes) -> Iterator[Row]:
    """A small frame: what is paid for each call."""
    service = warm_service(sizes.distinct)
    types = service.get_security_types(tickers(sizes.distinct))
    held = pd.DataFrame({"ticker": column("str", sizes.frame, sizes.distinct)})
    times = race(
        {
            "ours": lambda: held.sectype.classify(service),
            "Series.map(dict)": lambda: held["ticker"].map(types),
        },
        SMALL_ROUNDS,
    )
    yield times.row(
        "frame",
        f"{sizes.frame}-row frame",
        beside="Series.map(dict)",
        target=Target(Kind.AT_MOST, 0.001),
    )


def explain(sizes: Sizes) -> Iterator[Row]:
    """Reasons, beside three times the types and the bare cost of the same columns."""
    service = warm_service(sizes.distinct)
    series = column("str", sizes.explained, sizes.distinct)
    answers = pd.Series(tickers(sizes.distinct)).sectype.explain(service)
    codes = np.random.default_rng(6).integers(0, sizes.distinct, sizes.explained)

    def allowed() -> None:
        for _ in range(3):
            series.sectype.classify(service)
        answers.take(codes)

    beside = "3 x classify + columns"
    times = race({"ours": lambda: series.sectype.explain(service), beside: allowed}, sizes.runs)
    yield times.row(
        "explain",
        f"explain {sizes.explained:,} rows",
        beside=beside,
        target=Target(Kind.TIMES_THEIRS, 1.0),
        note="columns: the same rows taken from the finished answers of the distinct tickers",
    )
