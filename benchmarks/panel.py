"""The panel of scenarios: one move of a slider, and what five hundred of them leave in memory.

A move sets a slider as a browser's message does and ends when score, picture and table are new.
Memory is the peak of the whole process after the moves less the peak after the first twenty;
open figures are what pyplot would still hold, were it loaded.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from benchmarks.measuring import Kind, Row, Sizes, Target, child
from sectypes.comparison import compare
from sectypes.exposures import PortfolioExposures
from sectypes.taxonomy import SECURITY_TYPES

if TYPE_CHECKING:
    from sectypes.widgets import ExplorePanel

__all__ = ["make_panel", "move", "open_figures", "panel"]

POSITIONS = 50
LONGEST = Target(Kind.AT_MOST, 0.2)
MOST_MB = Target(Kind.AT_MOST, 20.0)


def make_panel(positions: int, seed: int = 7) -> ExplorePanel:
    """A panel on a made-up book: random values and types, providers that are often wrong."""
    from sectypes.widgets import explore

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
    """Seconds of one move."""
    names = ("etf", "equity", "mutual_fund", "max_loss", "leverage")
    slider = panel.controls[names[step % len(names)]]
    value = 0.2 + (step * 7 % 60) / 100
    start = time.perf_counter()
    slider.value = value
    return time.perf_counter() - start


def open_figures() -> int:
    """Figures that pyplot holds."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    return len(pyplot.get_fignums()) if pyplot else 0


def panel(sizes: Sizes) -> Iterator[Row]:
    """The limits of the panel; there is no alternative to compare it with."""
    seen = child("panel", POSITIONS, sizes.moves)
    book = f"panel of {POSITIONS} positions"
    seconds, grown = seen["seconds"], seen["grown"] / 2**20
    yield Row(
        "panel", f"{book}, one move", seconds, target=LONGEST, met=LONGEST.is_met(seconds, None)
    )
    yield Row(
        "panel",
        f"{book}, memory after {sizes.moves} moves",
        grown,
        "MB",
        target=MOST_MB,
        met=MOST_MB.is_met(grown, None),
        note=f"{seen['figures']} open figures",
    )
