"""Holdings in: Plaid, SnapTrade, brokers' tables and portfolio.yaml to one holdings frame.

Each provider has its own reader; `read_holdings` finds out which one is needed. Every problem of
an input is collected before the error is raised, and nothing of a bad input is returned.
"""

from __future__ import annotations

from sectypes.holdings.frame import COLUMNS
from sectypes.holdings.older import to_portfolio_input
from sectypes.holdings.reading import (
    read_holdings,
    read_plaid,
    read_portfolio_yaml,
    read_snaptrade,
    read_ticker_column,
)

__all__ = [
    "COLUMNS",
    "read_holdings",
    "read_plaid",
    "read_portfolio_yaml",
    "read_snaptrade",
    "read_ticker_column",
    "to_portfolio_input",
]
