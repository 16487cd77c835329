"""The accessor `.sectype` on Series and DataFrame: a thin door, the work is done in `frames`.

pandas builds an accessor anew on every access, so it holds nothing but the caller's object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import pandas as pd

if TYPE_CHECKING:
    from sectypes.columns import ColumnNames
    from sectypes.service import SecurityTypeService

__all__ = ["FrameAccessor", "SeriesAccessor"]


@pd.api.extensions.register_series_accessor("sectype")
class SeriesAccessor:
    """Security types of a Series of tickers.

    Examples
    --------
    >>> import pandas as pd, sectypes as st
    >>> with st.using(st.datasets.sample_service()):
    ...     pd.Series(["DSU", "SPY"]).sectype.classify().tolist()
    ['mutual_fund', 'etf']
    """

    def __init__(self, series: pd.Series) -> None:
        self._series = series

    def classify(
        self,
        service: SecurityTypeService | None = None,
        *,
        provider_types: pd.Series | None = None,
        names: pd.Series | None = None,
        progress: bool | None = None,
    ) -> pd.Series:
        """Security type of each ticker; see `sectypes.frames.classify`."""
        from sectypes import frames
        from sectypes.columns import series_columns

        columns = series_columns(self._series, provider_types, names)
        return frames.classify(columns, service=service, progress=progress)

    def explain(
        self,
        service: SecurityTypeService | None = None,
        *,
        provider_types: pd.Series | None = None,
        names: pd.Series | None = None,
        progress: bool | None = None,
    ) -> pd.DataFrame:
        """Type, origin, age and reason for each ticker; see `sectypes.frames.explain`."""
        from sectypes import frames
        from sectypes.columns import series_columns

        columns = series_columns(self._series, provider_types, names)
        return frames.explain(columns, service=service, progress=progress)

    def conflicts(
        self,
        service: SecurityTypeService | None = None,
        *,
        provider_types: pd.Series,
        names: pd.Series | None = None,
        progress: bool | None = None,
    ) -> pd.DataFrame:
        """Tickers whose provider is contradicted; see `sectypes.frames.conflicts`."""
        from sectypes import frames
        from sectypes.columns import series_columns

        columns = series_columns(self._series, provider_types, names)
        return frames.conflicts(columns, service=service, progress=progress)


@pd.api.extensions.register_dataframe_accessor("sectype")
class FrameAccessor:
    """Security types of a frame of holdings.

    The columns are found by their usual names (``ticker`` or ``symbol``; ``provider_type`` or
    ``type``; ``name`` or ``description``; ``provider``; ``is_cash``) or named by keyword.

    Examples
    --------
    >>> import sectypes as st
    >>> holdings = st.datasets.sample_holdings()
    >>> with st.using(st.datasets.sample_service()):
    ...     types = holdings.sectype.classify()
    >>> types[holdings["ticker"] == "DSU"].unique().tolist()
    ['mutual_fund']
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame

    def classify(
        self,
        service: SecurityTypeService | None = None,
        *,
        progress: bool | None = None,
        **columns: Unpack[ColumnNames],
    ) -> pd.Series:
        """Security type of each position; see `sectypes.frames.classify`."""
        from sectypes import frames
        from sectypes.columns import frame_columns

        found = frame_columns(self._frame, columns)
        return frames.classify(found, service=service, progress=progress)

    def explain(
        self,
        service: SecurityTypeService | None = None,
        *,
        progress: bool | None = None,
        **columns: Unpack[ColumnNames],
    ) -> pd.DataFrame:
        """Type, origin, age and reason for each position; see `sectypes.frames.explain`."""
        from sectypes import frames
        from sectypes.columns import frame_columns

        found = frame_columns(self._frame, columns)
        return frames.explain(found, service=service, progress=progress)

    def conflicts(
        self,
        service: SecurityTypeService | None = None,
        *,
        progress: bool | None = None,
        **columns: Unpack[ColumnNames],
    ) -> pd.DataFrame:
        """Positions whose provider is contradicted; see `sectypes.frames.conflicts`."""
        from sectypes import frames
        from sectypes.columns import frame_columns

        found = frame_columns(self._frame, columns)
        return frames.conflicts(found, service=service, progress=progress)
