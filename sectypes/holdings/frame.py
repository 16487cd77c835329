"""The holdings frame: its columns, their dtypes, and the one place that builds it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

__all__ = ["COLUMNS", "NUMBER_COLUMNS", "TEXT_COLUMNS", "Position", "holdings_frame", "text_dtype"]


class Position(NamedTuple):
    """One row of the holdings frame; None is a missing text, NaN a missing number.

    Attributes
    ----------
    portfolio : str | None
        What the position's weight is a part of: an institution, a file, or the caller's word.
    account : str | None
        The provider's identifier of the account.
    provider : str | None
        plaid, snaptrade, csv or yaml.
    ticker : str | None
        As the provider spells it; where it gives none, the CUSIP, else the ISIN.
    name : str | None
        The security's name.
    provider_type : str | None
        The provider's own word for the type.
    is_cash : bool
        Whether the provider's row says that this is cash.
    units, price, value : float
        `value` = `units` x `price` x the contract's multiplier, in `currency`; short is negative.
    currency : str | None
        Currency of value and cost basis, and of price unless the table heads its values with
        another.
    cost_basis : float
        Total cost of the position, never per unit; it carries the sign that the provider gives,
        and the sign of `units` where it is computed from a cost per unit.
    identifier : str | None
        The security's ISIN, CUSIP or FIGI: which security it is, whoever has its ticker now.
    exchange : str | None
        Where it is listed, as a code (a MIC, or the provider's own).
    """

    portfolio: str | None = None
    account: str | None = None
    provider: str | None = None
    ticker: str | None = None
    name: str | None = None
    provider_type: str | None = None
    is_cash: bool = False
    units: float = np.nan
    price: float = np.nan
    value: float = np.nan
    currency: str | None = None
    cost_basis: float = np.nan
    identifier: str | None = None
    exchange: str | None = None


COLUMNS: tuple[str, ...] = Position._fields
"""The columns of the holdings frame, in order."""

NUMBER_COLUMNS: tuple[str, ...] = ("units", "price", "value", "cost_basis")
TEXT_COLUMNS: tuple[str, ...] = tuple(
    column for column in COLUMNS if column not in (*NUMBER_COLUMNS, "is_cash")
)


def text_dtype() -> Any:
    """The dtype that pandas gives to text on its own: ``str`` from 3.0 on, ``object`` before."""
    return pd.Series([""]).dtype


def holdings_frame(positions: Iterable[Position]) -> pd.DataFrame:
    """Build the holdings frame.

    Parameters
    ----------
    positions : Iterable[Position]
        One record a row.

    Returns
    -------
    pd.DataFrame
        The columns of `COLUMNS` on a RangeIndex: text in pandas' default text dtype with NaN where
        it is missing, ``is_cash`` bool, numbers float64. No positions give an empty frame of the
        same columns and dtypes.

    Examples
    --------
    >>> frame = holdings_frame([Position(ticker="DSU", units=10.0, price=10.5, value=105.0)])
    >>> frame[["ticker", "units", "value"]]
      ticker  units  value
    0    DSU   10.0  105.0
    """
    rows = list(positions)
    columns: list[Any] = list(zip(*rows, strict=True)) if rows else [[]] * len(COLUMNS)
    series: dict[str, pd.Series] = {}
    for name, values in zip(COLUMNS, columns, strict=True):
        if name == "is_cash":
            series[name] = pd.Series(values, dtype=bool)
        elif name in NUMBER_COLUMNS:
            series[name] = pd.Series(values, dtype="float64")
        else:
            present = [np.nan if value is None else value for value in values]
            series[name] = pd.Series(present, dtype=text_dtype())
    return pd.DataFrame(series, columns=list(COLUMNS))
