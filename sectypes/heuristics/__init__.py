"""Named rules on a ticker's form, a security's name and its venue; each answer names its rule.

The rules are market conventions and issuers' naming, never a list of securities. They say nothing
where they know nothing.
"""

from __future__ import annotations

from sectypes.heuristics.by_name import (
    leverage_from_name,
    says_debt,
    says_etf,
    says_fund,
    says_money_market,
)
from sectypes.heuristics.guessing import guess
from sectypes.heuristics.rules import RULES, Guess

__all__ = [
    "RULES",
    "Guess",
    "guess",
    "leverage_from_name",
    "says_debt",
    "says_etf",
    "says_fund",
    "says_money_market",
]
