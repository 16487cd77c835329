"""Many portfolios before and after, against a Python loop over the scalar functions.

    python -m benchmarks.portfolios [--portfolios 100000] [--positions 30] [--loop 100000]

Both sides start from the same frame in memory (the loop's weights and types are cut into
portfolios before its clock starts) and both end with the four components, the overall score and
the worst position, before and after. `--loop` says how many portfolios the loop does; its time is
scaled up to all of them where it does fewer.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import pandas as pd

from sectypes.comparison import compare
from sectypes.exposures import PortfolioExposures
from sectypes.risk import exposures_frame, risk_score
from sectypes.taxonomy import SECURITY_TYPES


def make_frame(portfolios: int, positions: int, seed: int = 7) -> pd.DataFrame:
    """Made-up holdings: random values, types, a few leveraged funds, guesses and shorts."""
    rng = np.random.default_rng(seed)
    rows = portfolios * positions
    tickers = np.array([f"T{i:04d}" for i in range(3000)], dtype=object)
    values = rng.lognormal(8.0, 1.0, rows) * np.where(rng.random(rows) < 0.01, -0.01, 1.0)
    return pd.DataFrame(
        {
            "portfolio": pd.Series(np.repeat([f"P{i:06d}" for i in range(portfolios)], positions)),
            "ticker": tickers[rng.integers(0, len(tickers), rows)],
            "value": values,
            "currency": pd.Series(np.full(rows, "USD", dtype=object)),
            "security_type": pd.Categorical.from_codes(
                rng.integers(-1, len(SECURITY_TYPES), rows), list(SECURITY_TYPES)
            ),
            "leverage": np.where(rng.random(rows) < 0.02, 3.0, 1.0),
            "origin": pd.Categorical.from_codes(
                rng.integers(0, 3, rows), ["fmp", "heuristic", "default"]
            ),
        }
    )


def make_exposures(portfolios: int, seed: int = 8) -> dict[str, PortfolioExposures]:
    """Made-up exposures of each portfolio."""
    rng = np.random.default_rng(seed)
    numbers = rng.uniform(0.0, 1.0, (portfolios, 5))
    return {
        f"P{i:06d}": PortfolioExposures(
            volatility_annual=row[0],
            factor_betas={"market": row[1], "momentum": row[2], "value": row[3]},
            industry_betas={"XLK": row[4]},
        )
        for i, row in enumerate(numbers.tolist())
    }


def loop(frame: pd.DataFrame, exposures: dict[str, PortfolioExposures], count: int) -> float:
    """Seconds that the scalar functions take for the first `count` portfolios."""
    values = frame["value"].to_numpy()
    types = frame["security_type"].astype(object).to_numpy()
    leverage, tickers = frame["leverage"].to_numpy(), frame["ticker"].to_numpy()
    size = len(frame) // len(exposures)
    cuts = [
        (name, values[i * size :][:size], types[i * size :][:size], leverage[i * size :][:size],
         tickers[i * size :][:size])
        for i, name in enumerate(list(exposures)[:count])
    ]  # fmt: skip
    generic = ["equity"] * size
    start = time.perf_counter()
    for name, value, kinds, multiples, names in cuts:
        weights = value / value.sum()
        given = exposures[name]
        risk_score(weights, generic, exposures=given, tickers=names)
        risk_score(weights, kinds, exposures=given, position_leverage=multiples, tickers=names)
    return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--portfolios", type=int, default=100_000)
    parser.add_argument("--positions", type=int, default=30)
    parser.add_argument("--loop", type=int, default=100_000, help="portfolios in the loop")
    parser.add_argument("--repeat", type=int, default=3, help="runs of the vectorised side")
    given = parser.parse_args()
    frame = make_frame(given.portfolios, given.positions)
    exposures = make_exposures(given.portfolios)
    table = exposures_frame(exposures)
    times = []
    for _ in range(given.repeat):
        start = time.perf_counter()
        compare(frame, by="portfolio", exposures=table)
        times.append(time.perf_counter() - start)
    count = min(given.loop, given.portfolios)
    slow = loop(frame, exposures, count) * given.portfolios / count
    print(f"{given.portfolios:,} portfolios of {given.positions} positions")
    runs = ", ".join(f"{seconds:.2f}" for seconds in times)
    print(f"compare(by='portfolio'): {min(times):8.2f} s (runs: {runs})")
    print(f"loop over risk_score:    {slow:8.2f} s ({count:,} portfolios measured)")
    print(f"ratio: {slow / min(times):.0f} times faster")


if __name__ == "__main__":
    main()
