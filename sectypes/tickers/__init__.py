"""Tickers: spelling and shapes.

One canonical key for all the ways to write a ticker, each service's own spelling on the wire, and
what a key can be by its form alone (a listed symbol, an option, cash, a pair, an identifier).
Nothing here knows any security.
"""

from __future__ import annotations

from sectypes.tickers._identifiers import is_cusip, is_debt, is_debt_cusip, is_figi, is_isin
from sectypes.tickers._money import ISO_4217, MINOR_UNITS, is_cash_phrase, is_coin, squeeze
from sectypes.tickers._options import OccOption
from sectypes.tickers._shapes import Shape, parse_occ, shape
from sectypes.tickers._spelling import (
    canonical,
    canonical_many,
    exchange_suffix,
    to_fmp,
    to_openfigi,
)

__all__ = [
    "ISO_4217",
    "MINOR_UNITS",
    "OccOption",
    "Shape",
    "canonical",
    "canonical_many",
    "exchange_suffix",
    "is_cash_phrase",
    "is_coin",
    "is_cusip",
    "is_debt",
    "is_debt_cusip",
    "is_figi",
    "is_isin",
    "parse_occ",
    "shape",
    "squeeze",
    "to_fmp",
    "to_openfigi",
]
