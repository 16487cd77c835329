"""Many portfolios before and after, beside a loop over the scalar functions.

Both sides start from the same frame in memory (the loop's weights and types are cut into
portfolios before its clock starts) and both end with the four components, the overall score and
the worst position, before and after.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.measuring import Kind, Row, Sizes, Target, race
from sectypes.comparison import compare
from sectypes.exposures import PortfolioExposures
from sectypes.risk import exposures_frame, risk_score
from sectypes.taxonomy import SECURITY_TYPES

__all__ = ["compare_many", "linear"]

PATTERNS = 1_000
BYTES_A_ROW = 250
"""A careful guess of what frame and comparison need at most."""
LINEAR = 1.1
"""How much more than its share the larger frame may take."""


def make_frame(portfolios: int, positions: int, seed: int = 7) -> pd.DataFrame:
    """Made-up holdings: random values, types, a few leveraged funds, guesses and shorts."""
    rng = np.random.default_rng(seed)
    rows = portfolios * positions
    labels, tickers = pd.array(_labels(portfolios)), pd.array([f"T{i:04d}" for i in range(3000)])
    return pd.DataFrame(
        {
            "portfolio": labels.take(np.repeat(np.arange(portfolios), positions)),
            "ticker": tickers.take(rng.integers(0, len(tickers), rows)),
            "value": rng.lognormal(8.0, 1.0, rows) * np.where(rng.random(rows) < 0.01, -0.01, 1.0),
            "currency": pd.array(["USD"]).take(np.zeros(rows, dtype=np.intp)),
            "security_type": pd.Categorical.from_codes(
                rng.integers(-1, len(SECURITY_TYPES), rows), list(SECURITY_TYPES)
            ),
            "leverage": np.where(rng.random(rows) < 0.02, 3.0, 1.0),
            "origin": pd.Categorical.from_codes(
                rng.integers(0, 3, rows), ["fmp", "heuristic", "default"]
            ),
        }
    )


def _labels(portfolios: int) -> list[str]:
    return [f"P{number:07d}" for number in range(portfolios)]


def make_exposures(portfolios: int, seed: int = 8) -> tuple[list[Any], pd.DataFrame]:
    """Made-up exposures: some as records, and one row for each portfolio."""
    rng = np.random.default_rng(seed)
    records = [
        PortfolioExposures(
            volatility_annual=row[0],
            factor_betas={"market": row[1], "momentum": row[2], "value": row[3]},
            industry_betas={"XLK": row[4]},
        )
        for row in rng.uniform(0.0, 1.0, (PATTERNS, 5)).tolist()
    ]
    pattern = exposures_frame(dict(enumerate(records)))
    table = pattern.take(np.arange(portfolios) % PATTERNS).set_axis(_labels(portfolios))
    return records, table


def scalar_loop(frame: pd.DataFrame, records: list[Any], count: int, positions: int) -> Any:
    """The scalar functions, ready to be called for the first `count` portfolios."""
    values, leverage = frame["value"].to_numpy(), frame["leverage"].to_numpy()
    types = frame["security_type"].astype(object).to_numpy()
    tickers = frame["ticker"].astype(object).to_numpy()
    generic = ["equity"] * positions
    cuts = [
        [column[start : start + positions] for column in (values, types, leverage, tickers)]
        for start in range(0, count * positions, positions)
    ]

    def loop() -> None:
        for number, (value, kinds, multiples, names) in enumerate(cuts):
            weights, given = value / value.sum(), records[number % PATTERNS]
            risk_score(weights, generic, exposures=given, tickers=names)
            risk_score(weights, kinds, exposures=given, position_leverage=multiples, tickers=names)

    return loop


def compare_many(sizes: Sizes) -> Iterator[Row]:
    """One call for all portfolios, beside one call for each."""
    frame = make_frame(sizes.portfolios, sizes.positions)
    records, table = make_exposures(sizes.portfolios)
    count = min(sizes.looped, sizes.portfolios)
    loop = scalar_loop(frame.head(count * sizes.positions), records, count, sizes.positions)
    times = race(
        {
            "ours": lambda: compare(frame, by="portfolio", exposures=table),
            "scalar loop": loop,
        },
        sizes.runs,
    )
    yield times.row(
        "portfolios",
        f"compare {sizes.portfolios:,} x {sizes.positions} positions",
        beside="scalar loop",
        scale=sizes.portfolios / count,
        target=Target(Kind.TIMES_FASTER, 50),
        note=f"the loop did {count:,} portfolios; its time is scaled",
    )


def linear(sizes: Sizes) -> Iterator[Row]:
    """The time for many portfolios beside that for fewer: twice as many cost twice as much."""
    many, note = _affordable(sizes.many, sizes.positions)
    few = min(sizes.portfolios, many)
    fewer = f"{few:,} portfolios"
    frame = make_frame(many, sizes.positions)
    _, table = make_exposures(many)
    small, small_table = frame.head(few * sizes.positions).copy(), table.head(few)
    times = race(
        {
            "ours": lambda: compare(frame, by="portfolio", exposures=table),
            fewer: lambda: compare(small, by="portfolio", exposures=small_table),
        },
        sizes.runs,
    )
    yield times.row(
        "linear",
        f"compare {many:,} x {sizes.positions} positions",
        beside=fewer,
        target=Target(Kind.TIMES_THEIRS, LINEAR * many / few),
        note=note or f"linear: {many / few:g} times the portfolios, at most {LINEAR} times that",
    )


def _affordable(portfolios: int, positions: int) -> tuple[int, str]:
    """As many portfolios as memory permits, and a note where that is fewer."""
    free = _free_bytes()
    most = portfolios if free is None else free // (BYTES_A_ROW * positions)
    if most >= portfolios:
        return portfolios, ""
    return max(int(most), 1), f"not {portfolios:,}: memory permits no more"


def _free_bytes() -> int | None:
    """Memory that can be had; None where the system does not say."""
    told = Path("/proc/meminfo")
    if not told.exists():
        return None
    lines = dict(line.split(":") for line in told.read_text().splitlines())
    return int(lines["MemAvailable"].split()[0]) * 1024
