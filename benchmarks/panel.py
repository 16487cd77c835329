"""One move of the panel of scenarios, and five hundred of them.

    python -m benchmarks.panel [--positions 50] [--moves 500]

A move sets a slider as a browser's message does and ends when score, picture and table are new.
Memory is the peak of the whole process after the moves less the peak after the first twenty;
open figures are what pyplot would still hold, were it loaded.
"""

from __future__ import annotations

import argparse
import gc
import resource
import statistics
import sys
import time
from functools import partial

import numpy as np
import pandas as pd

from sectypes.comparison import compare
from sectypes.exposures import PortfolioExposures
from sectypes.taxonomy import SECURITY_TYPES
from sectypes.widgets import ExplorePanel, explore

WARM_UP = 20
LONGEST_MS = 200.0
MOST_MB = 20.0


def make_panel(positions: int, seed: int = 7) -> ExplorePanel:
    """A panel on a made-up book: random values and types, providers that are often wrong."""
    rng = np.random.default_rng(seed)
    providers = np.array(["plaid", "snaptrade", "csv"])
    book = pd.DataFrame(
        {
            "ticker": [f"T{i:04d}" for i in range(positions)],
            "name": [f"Made-up security {i}" for i in range(positions)],
            "provider": rng.choice(providers, positions),
            "provider_type": rng.choice(np.array(["equity", "etf", "mutual fund"]), positions),
            "value": rng.lognormal(8.0, 1.0, positions),
            "security_type": rng.choice(np.array(SECURITY_TYPES), positions),
            "leverage": np.where(rng.random(positions) < 0.05, 3.0, 1.0),
            "origin": rng.choice(np.array(["fmp", "heuristic"]), positions),
        }
    )
    exposures = PortfolioExposures(
        volatility_annual=0.16,
        factor_betas={"market": 0.9, "momentum": 0.1, "value": 0.2},
        industry_betas={"technology": 0.4},
    )
    return explore(book, compare=partial(compare, exposures=exposures))


def move(panel: ExplorePanel, step: int) -> float:
    """Milliseconds of one move."""
    names = ("etf", "equity", "mutual_fund", "max_loss", "leverage")
    slider = panel.controls[names[step % len(names)]]
    value = 0.2 + (step * 7 % 60) / 100
    start = time.perf_counter()
    slider.value = value
    return (time.perf_counter() - start) * 1000


def peak_mb() -> float:
    """Most memory that this process ever held."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1024)


def open_figures() -> int:
    """Figures that pyplot holds."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    return len(pyplot.get_fignums()) if pyplot else 0


def main() -> int:
    """Measure, print, and say by the exit code whether the limits were kept."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--positions", type=int, default=50)
    parser.add_argument("--moves", type=int, default=500)
    given = parser.parse_args()
    panel = make_panel(given.positions)
    for step in range(WARM_UP):
        move(panel, step)
    gc.collect()
    before = peak_mb()
    times = [move(panel, WARM_UP + step) for step in range(given.moves)]
    grown, figures = peak_mb() - before, open_figures()
    typical = statistics.median(times)
    print(f"{given.positions} positions, {given.moves} moves")
    print(
        f"one move: median {typical:.0f} ms, fastest {min(times):.0f} ms, slowest"
        f" {max(times):.0f} ms (limit {LONGEST_MS:.0f} ms: {typical / LONGEST_MS:.2f} of it)"
    )
    print(f"memory:   {grown:+.1f} MB (limit {MOST_MB:.0f} MB: {grown / MOST_MB:.2f} of it)")
    print(f"figures:  {figures} open (limit 0)")
    return int(typical >= LONGEST_MS or grown >= MOST_MB or figures > 0)


if __name__ == "__main__":
    sys.exit(main())
