"""Many files of holdings as one Dask DataFrame: a pattern, a folder of Parquet, a Parquet file."""

from __future__ import annotations

import glob
import itertools
from pathlib import Path
from typing import Any

import dask.dataframe as dd
import pyarrow as pa
import pyarrow.parquet as pq

from sectypes.errors import InputError
from sectypes.holdings import read_holdings

__all__ = ["read_files"]


def read_files(pattern: str | Path) -> Any:
    """Read the files that a pattern names, lazily, in the order of their names.

    Parameters
    ----------
    pattern : str or Path
        A pattern such as ``holdings/*.parquet`` (also of CSV files), a folder, which stands for
        the Parquet files in it, or one file. It is looked for on this machine only; what lies
        outside of the folder that the pattern begins with, behind a link, is refused.

    Returns
    -------
    Dask DataFrame
        The columns of Parquet files as they are: a ticker, a value or weight, and what else the
        rows say. CSV files as `sectypes.holdings.read_holdings` reads them, one a partition.

    Raises
    ------
    InputError
        Nothing matches, a file cannot be read, or the files are not all Parquet or all CSV.

    Examples
    --------
    >>> read_files("no/such/*.parquet")
    Traceback (most recent call last):
    sectypes.errors.InputError: no file matches 'no/such/*.parquet'
    """
    files = _matches(Path(pattern))
    suffixes = {file.suffix.lower() for file in files}
    if suffixes == {".parquet"}:
        for file in files:
            _check_parquet(file)
        # A list of files, never a folder, whose metadata could name files elsewhere.
        names = [str(file) for file in files]
        return dd.read_parquet(names, ignore_metadata_file=True)
    if suffixes == {".csv"}:
        return dd.from_map(read_holdings, files, meta=read_holdings(files[0]).iloc[:0])
    raise InputError(
        f"files of one kind are read together, .parquet or .csv; {str(pattern)!r} matches"
        f" {', '.join(sorted(suffix or 'no suffix' for suffix in suffixes))}"
    )


def _matches(pattern: Path) -> list[Path]:
    if pattern.is_file():
        return [pattern]
    asked = pattern / "*.parquet" if pattern.is_dir() else pattern
    plain = list(itertools.takewhile(lambda part: not glob.has_magic(part), asked.parts[:-1]))
    base, rest = Path(*plain), str(Path(*asked.parts[len(plain) :]))
    # As in a shell, a pattern does not mean hidden files.
    files = [
        file
        for file in sorted(base.glob(rest))
        if file.is_file() and not any(part[0] == "." for part in file.relative_to(base).parts)
    ]
    if not files:
        raise InputError(f"no file matches {str(asked)!r}")
    for file in files:
        if not file.resolve().is_relative_to(base.resolve()):
            raise InputError(f"{str(file)!r} is a link that leads out of {str(base)!r}")
    return files


def _check_parquet(file: Path) -> None:
    try:
        pq.read_schema(file)
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"cannot read {str(file)!r} as Parquet: {error}") from None
