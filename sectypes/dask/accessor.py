"""The accessors: what a collection says, answered once, spread over its partitions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Unpack

import dask
import dask.dataframe as dd
import pandas as pd
from dask.dataframe.extensions import register_dataframe_accessor, register_series_accessor

from sectypes import frames
from sectypes.columns import ColumnNames, Columns, frame_columns, usual_names
from sectypes.dask.facts import find_facts, numbered, placed
from sectypes.dask.portfolios import compare
from sectypes.errors import InputError

if TYPE_CHECKING:
    from sectypes.comparison import Comparison
    from sectypes.moments import Moment
    from sectypes.service import SecurityTypeService

    Ask = Callable[[Columns], pd.Series | pd.DataFrame]

__all__ = ["DaskFrameAccessor", "DaskSeriesAccessor"]


@register_series_accessor("sectype")
class DaskSeriesAccessor:
    """Security types of a Dask Series of tickers.

    Examples
    --------
    >>> import dask.dataframe as dd, pandas as pd, sectypes as st, sectypes.dask
    >>> tickers = dd.from_pandas(pd.Series(["DSU", "SPY"]), npartitions=1)
    >>> with st.using(st.datasets.sample_service()):
    ...     types = tickers.sectype.classify()
    >>> types.compute(scheduler="synchronous").tolist()
    ['mutual_fund', 'etf']
    """

    def __init__(self, series: Any) -> None:
        self._series = series

    def classify(
        self,
        service: SecurityTypeService | None = None,
        *,
        provider_types: Any = None,
        names: Any = None,
        progress: bool | None = None,
    ) -> Any:
        """Security type of each ticker, as a lazy Dask Series; see `sectypes.frames.classify`.

        Parameters
        ----------
        service : SecurityTypeService | None
            Who answers, in this process and now; None for the current service.
        provider_types, names : Dask Series | None
            Beside the tickers: with the same partitions, each on the tickers' index.
        progress : bool | None
            See `SecurityTypeService.resolve`.

        Returns
        -------
        Dask Series
            Of dtype `sectypes.frames.TYPE_DTYPE`, named ``security_type``, on the same partitions.

        Raises
        ------
        InputError
            A ticker is no text, or what stands beside the tickers does not fit.
        """
        described = self._described(provider_types, names)
        return _answer(described, partial(frames.classify, service=service, progress=progress))

    def explain(
        self,
        service: SecurityTypeService | None = None,
        *,
        provider_types: Any = None,
        names: Any = None,
        progress: bool | None = None,
        as_of: Moment | None = None,
    ) -> Any:
        """Type, origin, age and reason for each ticker, lazily; see `sectypes.frames.explain`.

        Parameters and errors are those of `classify`; the answers are those at the time of the
        call, or of `as_of`.
        """
        described = self._described(provider_types, names)
        ask = partial(frames.explain, service=service, progress=progress, as_of=as_of)
        return _answer(described, ask)

    def _described(self, provider_types: Any, names: Any) -> Any:
        beside = {"provider_type": provider_types, "name": names}
        given = {role: column for role, column in beside.items() if column is not None}
        for role, column in given.items():
            if not isinstance(column, dd.Series) or column.npartitions != self._series.npartitions:
                raise InputError(
                    f"{role}s must be a Dask Series with the tickers' partitions, such as another"
                    " column of their frame"
                )
        meta = pd.DataFrame({"ticker": self._series._meta} | {r: c._meta for r, c in given.items()})
        return dd.map_partitions(
            _side_by_side,
            self._series,
            *given.values(),
            roles=tuple(given),
            meta=meta,
            align_dataframes=False,
        )


@register_dataframe_accessor("sectype")
class DaskFrameAccessor:
    """Security types of a Dask DataFrame of holdings, and what they do to its risk.

    Columns are found or named as in pandas' accessor: `sectypes.accessor.FrameAccessor`.

    Examples
    --------
    >>> import dask.dataframe as dd, pandas as pd, sectypes as st, sectypes.dask
    >>> holdings = dd.from_pandas(pd.DataFrame({"Sym": ["DSU", "SPY"]}), npartitions=1)
    >>> with st.using(st.datasets.sample_service()):
    ...     types = holdings.sectype.classify(ticker="Sym")
    >>> types.compute(scheduler="synchronous").tolist()
    ['mutual_fund', 'etf']
    """

    def __init__(self, frame: Any) -> None:
        self._frame = frame

    def classify(
        self,
        service: SecurityTypeService | None = None,
        *,
        progress: bool | None = None,
        **columns: Unpack[ColumnNames],
    ) -> Any:
        """Security type of each position, as a lazy Dask Series.

        Parameters
        ----------
        service : SecurityTypeService | None
            Who answers, in this process and now; None for the current service.
        progress : bool | None
            See `SecurityTypeService.resolve`.
        **columns
            Names of columns that are not found by their usual names.

        Returns
        -------
        Dask Series
            Of dtype `sectypes.frames.TYPE_DTYPE`, named ``security_type``, on the same partitions
            and index; missing where the ticker is blank.

        Raises
        ------
        InputError
            As `sectypes.columns.frame_columns`; or a ticker is no text, with its row counted over
            the whole collection.
        """
        ask = partial(frames.classify, service=service, progress=progress)
        return _answer(self._described(columns), ask)

    def explain(
        self,
        service: SecurityTypeService | None = None,
        *,
        progress: bool | None = None,
        as_of: Moment | None = None,
        **columns: Unpack[ColumnNames],
    ) -> Any:
        """Type, origin, age and reason of each position, as a lazy Dask DataFrame.

        Parameters and errors are those of `classify`, columns those of `sectypes.frames.explain`;
        the answers are those at the time of the call, or of `as_of`.
        """
        ask = partial(frames.explain, service=service, progress=progress, as_of=as_of)
        return _answer(self._described(columns), ask)

    def compare(
        self, service: SecurityTypeService | None = None, **options: Any
    ) -> Comparison | pd.DataFrame:
        """Risk score before and after, worked out now; see `sectypes.comparison.compare`.

        Parameters
        ----------
        service : SecurityTypeService | None
            Who answers, where the frame has no ``security_type`` column yet.
        **options
            Those of `sectypes.comparison.compare`, and the keywords that name columns.

        Returns
        -------
        DataFrame
            With `by`: pandas' result, one row a portfolio in order of appearance. The portfolios
            are compared in the workers, some at a time; no position comes to this process.
        Comparison
            Without `by`: it keeps a row a position, so the columns that risk needs come to this
            process, and no others.

        Raises
        ------
        InputError
            As `sectypes.comparison.compare`, rows counted over the whole collection.
        """
        return compare(self._frame, service, **options)

    def _described(self, named: ColumnNames) -> Any:
        found = frame_columns(self._frame._meta, named)
        roles = usual_names(found)
        wanted = self._frame[list(dict.fromkeys(roles.values()))]
        return wanted.map_partitions(_renamed, roles, meta=_renamed(wanted._meta, roles))


def _renamed(part: pd.DataFrame, roles: Mapping[str, Any]) -> pd.DataFrame:
    return pd.DataFrame({role: part[name] for role, name in roles.items()}, index=part.index)


def _side_by_side(tickers: pd.Series, *others: pd.Series, roles: tuple[str, ...]) -> pd.DataFrame:
    for role, other in zip(roles, others, strict=True):
        if not other.index.equals(tickers.index):
            raise InputError(f"{role}s must have the index of the tickers")
    beside = dict(zip(roles, others, strict=True))
    return pd.DataFrame({"ticker": tickers, **beside}, index=tickers.index)


def _answer(described: Any, ask: Ask) -> Any:
    """Ask about the distinct rows, once; spread the answers lazily."""
    facts = find_facts(described)
    with placed(facts.first_rows()):
        answers = ask(frame_columns(facts.frame(), {}))
    answers = answers.drop(columns="ticker") if isinstance(answers, pd.DataFrame) else answers
    meta = _spread(described._meta, ({}, answers))
    # As one delayed value the table is one node of the graph, whatever the number of partitions.
    shared = dask.delayed((facts.numbers(), answers), traverse=False)
    return described.map_partitions(_spread, shared, meta=meta)


def _spread(part: pd.DataFrame, shared: tuple[dict[Any, int], Any]) -> Any:
    numbers, answers = shared
    found = answers.take(numbered(part, numbers))
    found.index = part.index
    if isinstance(found, pd.DataFrame):
        found.insert(0, "ticker", part["ticker"])
    return found
