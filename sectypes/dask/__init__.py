"""The accessor `.sectype` on Dask DataFrames and Series: importing this module registers it.

Distinct tickers, with what their rows say about them, are found in one pass over the columns that
say it (no other column is read) and answered by one lookup in this process. That happens when a
method is called, so that the service of `using` and its database stay where they are; the rows are
then answered lazily, partition by partition, from the small table of answers, which travels with
the graph once. Workers need no service, no database and no network.

Examples
--------
>>> import dask, pandas as pd, dask.dataframe as dd, sectypes as st, sectypes.dask
>>> held = pd.DataFrame({"portfolio": ["A", "A", "B"], "ticker": ["DSU", "SPY", "DSU"],
...                      "value": [1.0, 3.0, 2.0]})
>>> holdings = dd.from_pandas(held, npartitions=2)
>>> with dask.config.set(scheduler="synchronous"), st.using(st.datasets.sample_service()):
...     types = holdings.sectype.classify()
...     compared = holdings.sectype.compare(by="portfolio")
...     types.compute().tolist()
['mutual_fund', 'etf', 'mutual_fund']
>>> compared["whole_book_loss_after"].round(4).tolist()
[0.3625, 0.4]
"""

from __future__ import annotations

from sectypes.errors import MissingExtraError

try:
    from sectypes.dask.accessor import DaskFrameAccessor, DaskSeriesAccessor
    from sectypes.dask.files import read_files
except ImportError as error:
    if (error.name or "").partition(".")[0] not in {"dask", "pandas", "pyarrow"}:
        raise
    raise MissingExtraError("Dask frames need dask: pip install 'sectypes[dask]'") from error

__all__ = ["DaskFrameAccessor", "DaskSeriesAccessor", "read_files"]
