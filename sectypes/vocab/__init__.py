"""Vocabulary: providers' words as tables, and the provider-cash rule.

Words of Plaid, SnapTrade, FMP, OpenFIGI and US brokers become labels of the taxonomy. An unknown
word is None, never a type. Nothing here reads anything but its arguments.
"""

from __future__ import annotations

from sectypes.vocab._cash import (
    is_account_type_column,
    is_asset_class,
    is_cash_word,
    plaid_is_cash,
    snaptrade_is_cash,
    table_is_cash,
    tri_state,
)
from sectypes.vocab._fmp import fmp_industry, fmp_label, fmp_raw_label
from sectypes.vocab._openfigi import openfigi_label, openfigi_raw_label
from sectypes.vocab._words import plaid_label, provider_label

__all__ = [
    "fmp_industry",
    "fmp_label",
    "fmp_raw_label",
    "is_account_type_column",
    "is_asset_class",
    "is_cash_word",
    "openfigi_label",
    "openfigi_raw_label",
    "plaid_is_cash",
    "plaid_label",
    "provider_label",
    "snaptrade_is_cash",
    "table_is_cash",
    "tri_state",
]
