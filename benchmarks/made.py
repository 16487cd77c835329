"""What is measured on: made-up tickers, profiles, facts, columns and services."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from sectypes.config import Settings
from sectypes.datasets import sample_profiles
from sectypes.datasets.fmp_server import SampleFmpServer
from sectypes.service import SecurityTypeService
from sectypes.sources.snapshot import SnapshotSource
from sectypes.taxonomy import Classification, Origin, SecurityType

__all__ = [
    "DTYPES",
    "Facts",
    "SlowServer",
    "column",
    "facts",
    "profiles",
    "tickers",
    "warm_service",
]

DTYPES = ("str", "object", "category")
PIECE = 1 << 17
NOW = datetime.now(UTC)
Facts = list[tuple[Classification, Mapping[str, Any] | None]]


def tickers(count: int) -> list[str]:
    """As many tickers, all of the same width."""
    return [f"T{number:05d}" for number in range(count)]


def profiles(count: int) -> dict[str, dict[str, Any]]:
    """FMP-shaped profiles of them, 36 keys each: shares, ETFs and funds in turn."""
    pattern = sample_profiles()["DSU"]
    return {
        ticker: {
            **pattern,
            "symbol": ticker,
            "companyName": f"Made-up Security {ticker} Inc.",
            "isEtf": number % 3 == 1,
            "isFund": number % 3 == 2,
        }
        for number, ticker in enumerate(tickers(count))
    }


def facts(count: int, *, days: int = 0) -> Facts:
    """What a source said about them, with its payload, `days` from now."""
    kinds = (SecurityType.EQUITY, SecurityType.ETF, SecurityType.MUTUAL_FUND)
    seen = NOW + timedelta(days=days)
    return [
        (
            Classification(
                ticker,
                kinds[number % 3],
                Origin.FMP,
                raw_label="isEtf",
                name=profile["companyName"],
                observed_at=seen,
                expires_at=seen + timedelta(days=80, seconds=number),
            ),
            profile,
        )
        for number, (ticker, profile) in enumerate(profiles(count).items())
    ]


def warm_service(distinct: int) -> SecurityTypeService:
    """A service without a database that holds all of them in memory."""
    service = SecurityTypeService(
        source=SnapshotSource(profiles(distinct)),
        store=None,
        settings=Settings(cache_size=2 * distinct),
    )
    service.resolve(tickers(distinct), progress=False)
    return service


def column(dtype: str, rows: int, distinct: int) -> pd.Series:
    """A column of random tickers, built piece by piece: no copy of it is ever made.

    So the most memory that was ever held is what the finished column holds, and what is used on
    top of it later can be seen.
    """
    numbers = np.random.default_rng(5)
    words = tickers(distinct)
    if dtype == "category":
        codes = np.empty(rows, dtype=np.int32)
        for start in range(0, rows, PIECE):
            piece = codes[start : start + PIECE]
            piece[:] = numbers.integers(0, distinct, len(piece))
        return pd.Series(pd.Categorical.from_codes(codes, words))
    width = len(words[0])
    names = np.array(words, dtype=object if dtype == "object" else f"S{width}")
    values = np.empty(rows, dtype=names.dtype)
    for start in range(0, rows, PIECE):
        piece = values[start : start + PIECE]
        piece[:] = names[numbers.integers(0, distinct, len(piece))]
    if dtype == "object":
        return pd.Series(values, dtype=object)
    ends = np.arange(0, (rows + 1) * width, width, dtype=np.int64)
    text = pa.LargeStringArray.from_buffers(rows, pa.py_buffer(ends), pa.py_buffer(values))
    return pd.Series(_text_dtype().__from_arrow__(pa.chunked_array([text])))


def _text_dtype() -> Any:
    """The dtype that this pandas gives to text; Arrow's where that is still `object`."""
    usual = pd.Series(["T"]).dtype
    return usual if usual != np.dtype(object) else pd.StringDtype("pyarrow")


class SlowServer(SampleFmpServer):
    """The sample FMP server, `delay` seconds late."""

    def __init__(self, profiles: Mapping[str, Mapping[str, Any]], delay: float) -> None:
        self.delay = delay
        super().__init__(profiles)

    def answer(self, path: str, key: str | None) -> tuple[HTTPStatus, object]:
        """As the sample server, later."""
        time.sleep(self.delay)
        return super().answer(path, key)
