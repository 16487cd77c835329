"""Comparisons to draw and to report: the sample household, a hostile book, and small ones."""

from __future__ import annotations

from functools import cache

import pandas as pd

from sectypes import datasets, frames
from sectypes.columns import frame_columns
from sectypes.comparison import Comparison, compare
from sectypes.exposures import PortfolioExposures
from sectypes.risk import position_weights
from sectypes.tickers import canonical, canonical_many

SCRIPT = "<script>alert(1)</script>"
RIGHT_TO_LEFT = "\u0645\u0631\u062d\u0628\u0627 \u202eabc"
EMOJI = "\U0001f680\U0001f468\u200d\U0001f469\u200d\U0001f467 Moon \u57fa\u91d1"
MATHS = r"$\frac{1}{0}$ $x^"
QUOTED = "\"quoted\" & 'single' | pipe\nline \x00 end"
LONG = "W" * 200
FORMULA = "=HYPERLINK(A1)"


@cache
def _household() -> pd.DataFrame:
    holdings = datasets.sample_holdings()
    columns = frame_columns(holdings, {})
    with datasets.sample_service() as service:
        answers = frames.explain(columns, service=service, progress=None)
    says = frames.provider_says(columns)
    return pd.concat([holdings, says, answers.drop(columns="ticker")], axis="columns")


def household() -> pd.DataFrame:
    """The sample household with what its providers say and what it is."""
    return _household().copy()


@cache
def exposures() -> PortfolioExposures:
    """Volatility and betas of the sample household."""
    held = _household()
    return PortfolioExposures.from_returns(
        position_weights(held).groupby(canonical_many(held["ticker"])).sum(),
        datasets.sample_returns(),
        factors=datasets.sample_factors(),
        industries=datasets.sample_industries(),
        industry_of=datasets.sample_industry_map(),
        cash=held.loc[held["security_type"] == "cash", "ticker"].map(canonical),
    )


@cache
def sample() -> Comparison:
    """The sample household, scored with all four components."""
    return compare(household(), exposures=exposures())


def hostile_book() -> pd.DataFrame:
    """An invented book whose texts try to be markup, maths, formulas or too long."""
    rows = [
        (SCRIPT, "script", "plaid", "equity", 30.0, "mutual_fund", "fmp", True),
        (MATHS, "maths", "snaptrade", "cs", 10.0, "etf", "fmp", False),
        (None, LONG, "csv", "Stock", 15.0, "equity", "heuristic", False),
        (None, EMOJI, "plaid", "etf", 20.0, "etf", "default", False),
        (None, None, "csv", "Stock", 5.0, None, None, False),
        (RIGHT_TO_LEFT, QUOTED, "plaid", "equity", 9.0, "equity", "fmp", True),
        (FORMULA, "@SUM(A1)", "snaptrade", "crypto", 6.0, "crypto", "override", False),
        ("SHORT", "-1+1", "csv", "Stock", -20.0, "equity", "fmp", False),
        ("A" * 200, "long ticker", "plaid", "equity", 8.0, "bond", "<b>odd</b>", False),
    ]
    columns = ["ticker", "name", "provider", "provider_type", "value", "security_type", "origin"]
    return pd.DataFrame(rows, columns=[*columns, "stale"])


def book(**columns: list[object]) -> pd.DataFrame:
    """A small book: tickers, values and security types by keyword."""
    return pd.DataFrame(columns)


def empty() -> Comparison:
    """A comparison of a book without positions."""
    return compare(hostile_book().iloc[:0])
