"""The market of the sample household: invented returns, and the exposures that follow from them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from sectypes.exposures import PortfolioExposures

__all__ = [
    "sample_exposures",
    "sample_factors",
    "sample_industries",
    "sample_industry_map",
    "sample_returns",
]

_RETURNS = Path(__file__).parent / "returns.csv"
_INDUSTRIES = {
    "AAPL": "technology",
    "AAPL261218C00300000": "technology",
    "BRK-B": "financials",
    "BST": "technology",
    "CASH": "financials",
    "DSU": "high_yield_bonds",
    "JPM-PC": "financials",
    "NA.TO": "financials",
    "O": "real_estate",
    "TQQQ": "technology",
    "TSM": "technology",
}


def sample_exposures(provider: str | None = None) -> PortfolioExposures:
    """Volatility and betas of the household, worked out from `sample_returns`.

    Parameters
    ----------
    provider : str | None
        As in `sample_holdings`: whose part of the household; None for all of it.

    Returns
    -------
    PortfolioExposures
        By `PortfolioExposures.from_returns`, with the industries of `sample_industry_map`;
        whatever `sample_service` answers to be cash does not move.

    Raises
    ------
    ConfigError
        The household has no such provider.

    Examples
    --------
    >>> found = sample_exposures()
    >>> f"{found.volatility_annual:.3f}", f"{found.factor_betas['market']:.2f}"
    ('0.094', '0.71')
    """
    import pandas as pd

    from sectypes import frames
    from sectypes.columns import frame_columns
    from sectypes.datasets import sample_holdings, sample_service
    from sectypes.exposures import PortfolioExposures
    from sectypes.risk import position_weights
    from sectypes.tickers import canonical_many

    holdings = sample_holdings(provider)
    with sample_service() as service:
        types = frames.classify(frame_columns(holdings, {}), service=service, progress=False)
    tickers = pd.Series(canonical_many(holdings["ticker"]), holdings.index)
    return PortfolioExposures.from_returns(
        position_weights(holdings).groupby(tickers).sum(),
        sample_returns(),
        factors=sample_factors(),
        industries=sample_industries(),
        industry_of=sample_industry_map(),
        cash=tickers[types == "cash"],
    )


def sample_returns() -> pd.DataFrame:
    """Monthly total returns of everything that the household holds.

    Returns
    -------
    DataFrame
        60 month ends (November 2021 to October 2026) by ticker, float64 fractions, without gaps.
        Tickers are keys, as `sectypes.tickers.canonical` makes them: ``BRK-B``, options without
        padding, the Treasury bill under its CUSIP. The cash lines, ``USD`` among them, return 0.
        Drawn at random around the market (seed 20261030): good for showing the arithmetic and for
        nothing else.

    Examples
    --------
    >>> returns = sample_returns()
    >>> returns.shape, f"{returns.index[-1]:%Y-%m-%d}", f"{returns['DSU'].std():.3f}"
    ((60, 24), '2026-10-31', '0.025')
    """
    return _read_returns("security", label="ticker")


def sample_factors() -> pd.DataFrame:
    """Monthly total returns of three factor proxies, on the rows of `sample_returns`.

    Returns
    -------
    DataFrame
        Columns ``market``, ``momentum``, ``value``; float64 fractions. Momentum and value are
        whole returns of a momentum and a value index: the market is still to be taken off.

    Examples
    --------
    >>> list(sample_factors().columns)
    ['market', 'momentum', 'value']
    """
    return _read_returns("factor", label="factor")


def sample_industries() -> pd.DataFrame:
    """Monthly total returns of the industry proxies, on the rows of `sample_returns`.

    Returns
    -------
    DataFrame
        One column an industry, float64 fractions; `sample_industry_map` says whose they are.

    Examples
    --------
    >>> list(sample_industries().columns)
    ['technology', 'financials', 'real_estate', 'high_yield_bonds']
    """
    return _read_returns("industry", label="industry")


def sample_industry_map() -> dict[str, str | None]:
    """Which industry proxy stands for which ticker of `sample_returns`.

    Returns
    -------
    dict[str, str | None]
        Every ticker -> column of `sample_industries`; None for broad funds, cash, bills and coins,
        which no single industry describes.

    Examples
    --------
    >>> proxies = sample_industry_map()
    >>> proxies["DSU"], proxies["SPY"]
    ('high_yield_bonds', None)
    """
    return {ticker: _INDUSTRIES.get(ticker) for ticker in sample_returns().columns}


def _read_returns(kind: str, *, label: str) -> pd.DataFrame:
    import pandas as pd

    table = pd.read_csv(_RETURNS, comment="#", index_col="month", parse_dates=["month"])
    prefix = f"{kind}/"
    chosen = table[[name for name in table.columns if name.startswith(prefix)]]
    return chosen.rename(columns=lambda name: name.removeprefix(prefix)).rename_axis(columns=label)
