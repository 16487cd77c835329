"""The accessor `.sectype` on Series and DataFrame: a thin door, the work is done elsewhere.

pandas builds an accessor anew on every access, so it holds nothing but the caller's object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sectypes.columns import ColumnNames, Columns
    from sectypes.comparison import Comparison
    from sectypes.moments import Moment
    from sectypes.service import SecurityTypeService
    from sectypes.widgets import ExplorePanel

    Beside = pd.Series | Sequence[str | None] | None

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
        provider_types: Beside = None,
        names: Beside = None,
        progress: bool | None = None,
    ) -> pd.Series:
        """Security type of each ticker; see `sectypes.frames.classify`."""
        from sectypes import frames

        columns = self._columns(provider_types, names)
        return frames.classify(columns, service=service, progress=progress)

    async def classify_async(
        self,
        service: SecurityTypeService | None = None,
        *,
        provider_types: Beside = None,
        names: Beside = None,
        progress: bool | None = None,
    ) -> pd.Series:
        """As `classify`, in a running event loop; see `sectypes.frames.classify_async`."""
        from sectypes import frames

        columns = self._columns(provider_types, names)
        return await frames.classify_async(columns, service=service, progress=progress)

    def explain(
        self,
        service: SecurityTypeService | None = None,
        *,
        provider_types: Beside = None,
        names: Beside = None,
        progress: bool | None = None,
        as_of: Moment | None = None,
    ) -> pd.DataFrame:
        """Type, origin, age and reason for each ticker; see `sectypes.frames.explain`."""
        from sectypes import frames

        columns = self._columns(provider_types, names)
        return frames.explain(columns, service=service, progress=progress, as_of=as_of)

    def conflicts(
        self,
        service: SecurityTypeService | None = None,
        *,
        provider_types: Beside,
        names: Beside = None,
        progress: bool | None = None,
    ) -> pd.DataFrame:
        """Tickers whose provider is contradicted; see `sectypes.frames.conflicts`."""
        from sectypes import frames

        columns = self._columns(provider_types, names)
        return frames.conflicts(columns, service=service, progress=progress)

    def verify(
        self,
        service: SecurityTypeService | None = None,
        *,
        provider_types: Beside = None,
        names: Beside = None,
        progress: bool | None = None,
    ) -> pd.DataFrame:
        """Ask a second source about doubtful tickers; see `sectypes.frames.verify`."""
        from sectypes import frames

        columns = self._columns(provider_types, names)
        return frames.verify(columns, service=service, progress=progress)

    def _columns(self, provider_types: Beside, names: Beside) -> Columns:
        from sectypes.columns import series_columns

        return series_columns(self._series, provider_types, names)


@pd.api.extensions.register_dataframe_accessor("sectype")
class FrameAccessor:
    """Security types of a frame of holdings, and what they do to its risk.

    The columns are found by their usual names (``ticker`` or ``symbol``; ``provider_type`` or
    ``type``; ``name`` or ``description``; ``provider``; ``is_cash``; ``identifier``, ``isin``,
    ``cusip`` or ``figi``; ``exchange``), in any case and with spaces or "-" for "_", or named by
    keyword: ``ticker="Sym"``.

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

        return frames.classify(self._columns(columns), service=service, progress=progress)

    async def classify_async(
        self,
        service: SecurityTypeService | None = None,
        *,
        progress: bool | None = None,
        **columns: Unpack[ColumnNames],
    ) -> pd.Series:
        """As `classify`, in a running event loop; see `sectypes.frames.classify_async`."""
        from sectypes import frames

        found = self._columns(columns)
        return await frames.classify_async(found, service=service, progress=progress)

    def explain(
        self,
        service: SecurityTypeService | None = None,
        *,
        progress: bool | None = None,
        as_of: Moment | None = None,
        **columns: Unpack[ColumnNames],
    ) -> pd.DataFrame:
        """Type, origin, age and reason for each position; see `sectypes.frames.explain`."""
        from sectypes import frames

        found = self._columns(columns)
        return frames.explain(found, service=service, progress=progress, as_of=as_of)

    def conflicts(
        self,
        service: SecurityTypeService | None = None,
        *,
        progress: bool | None = None,
        **columns: Unpack[ColumnNames],
    ) -> pd.DataFrame:
        """Positions whose provider is contradicted; see `sectypes.frames.conflicts`."""
        from sectypes import frames

        return frames.conflicts(self._columns(columns), service=service, progress=progress)

    def verify(
        self,
        service: SecurityTypeService | None = None,
        *,
        progress: bool | None = None,
        **columns: Unpack[ColumnNames],
    ) -> pd.DataFrame:
        """Ask a second source about doubtful tickers; see `sectypes.frames.verify`."""
        from sectypes import frames

        return frames.verify(self._columns(columns), service=service, progress=progress)

    def audit(self, service: SecurityTypeService | None = None, **options: Any) -> pd.DataFrame:
        """One row a position: type, rate and loss before and after; see `sectypes.risk.audit`.

        Parameters
        ----------
        service : SecurityTypeService | None
            Who answers, where the frame has no ``security_type`` column yet.
        **options
            Those of `sectypes.risk.audit`: scenarios, baseline, leverage, by, fx; and the
            keywords that name columns.
        """
        from sectypes import risk

        answered, options = self._answered(service, options)
        return risk.audit(answered, **options)

    def compare(
        self, service: SecurityTypeService | None = None, **options: Any
    ) -> Comparison | pd.DataFrame:
        """Risk score before and after; see `sectypes.comparison.compare`.

        Parameters
        ----------
        service : SecurityTypeService | None
            Who answers, where the frame has no ``security_type`` column yet.
        **options
            Those of `sectypes.comparison.compare`: limits, scenarios, exposures, baseline,
            method, curve, leverage, by, fx, max_betas, max_industry_betas; and the keywords that
            name columns.
        """
        from sectypes.comparison import compare

        answered, options = self._answered(service, options)
        result: Comparison | pd.DataFrame = compare(answered, **options)
        return result

    def explore(self, service: SecurityTypeService | None = None, **options: Any) -> ExplorePanel:
        """Open the panel of scenarios; see `sectypes.widgets.explore`.

        Parameters
        ----------
        service : SecurityTypeService | None
            Who answers, where the frame has no ``security_type`` column yet.
        **options
            Those of `compare` but by: what the panel is set to at first.
        """
        from sectypes.comparison import compare

        answered, options = self._answered(service, options)
        return compare(answered, **options, by=None).explore()

    def _columns(self, named: ColumnNames) -> Columns:
        from sectypes.columns import frame_columns

        return frame_columns(self._frame, named)

    def _answered(
        self, service: SecurityTypeService | None, options: dict[str, Any]
    ) -> tuple[pd.DataFrame, dict[str, Any]]:
        """The frame with its answers, and the options that name no column."""
        from sectypes import frames
        from sectypes.columns import named_columns

        named, rest = named_columns(options)
        return frames.answered(self._columns(named), service=service, progress=None), rest
