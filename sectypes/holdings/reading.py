"""The readers that callers use: what an input is, and which room reads it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import pandas as pd

from sectypes.errors import InputError
from sectypes.holdings.frame import Position, holdings_frame
from sectypes.holdings.grids import frame_rows, is_workbook, text_rows, workbook_tables
from sectypes.holdings.inputs import Raw, Source, decode, parse_json, read_raw
from sectypes.holdings.plaid import is_plaid, plaid_positions
from sectypes.holdings.portfolio import is_portfolio, load_yaml, portfolio_positions
from sectypes.holdings.snaptrade import is_snaptrade, snaptrade_positions
from sectypes.holdings.tables import table_positions

__all__ = [
    "read_holdings",
    "read_plaid",
    "read_portfolio_yaml",
    "read_snaptrade",
    "read_ticker_column",
]

Payload: TypeAlias = Mapping[str, Any] | Sequence[Mapping[str, Any]]
"""JSON that is parsed already."""

_KINDS = {
    "plaid": "plaid",
    "snaptrade": "snaptrade",
    "csv": "table",
    "tsv": "table",
    "excel": "table",
    "table": "table",
    "yaml": "yaml",
}
_YAML_SUFFIXES = (".yaml", ".yml")
_YAML_START = re.compile(r"^portfolio_input\s*:", re.MULTILINE)


def read_holdings(
    source: Source | Payload | pd.DataFrame | Sequence[Any],
    *,
    provider: str | None = None,
    portfolio: str | None = None,
) -> pd.DataFrame:
    r"""Read holdings, whoever they come from, into one frame.

    Parameters
    ----------
    source : path, str, bytes, open file, parsed JSON, DataFrame, or a list of such
        What it is is decided by its content; a file's suffix is only a hint. A text of several
        lines, or one that starts with ``{``, ``[`` or ``<``, is the content, any other text a
        path. The inputs of a list are read one by one and put below each other. Nothing of the
        caller's is changed.
    provider : str | None
        ``plaid``, ``snaptrade``, ``csv`` (also for TSV, Excel and frames) or ``yaml``, where it
        must be this and nothing else.
    portfolio : str | None
        The column ``portfolio``, in place of what the input says: the institution for Plaid and
        SnapTrade, the table's own column or the file's name for the others.

    Returns
    -------
    pd.DataFrame
        One row a position, on a RangeIndex: portfolio, account, provider, ticker (the provider's
        spelling), name, provider_type (the provider's word) as text, is_cash as bool, units,
        price, value as float64, currency as text, cost_basis (the total) as float64. What the
        provider does not say is missing, never 0. Cash is counted once.

    Raises
    ------
    InputError
        With row, column and value of every problem (``error.failures``): unreadable and unknown
        input, an error object or an HTML page in place of data, numbers that are none.

    Warns
    -----
    HoldingsWarning
        Where an input contradicts its provider's own rules but can be read; where the sheets of a
        workbook are counted together; where only amounts tell that a row or a table repeats
        others; where cash or a table stands beside the positions and is not read.

    Examples
    --------
    >>> held = read_holdings("Symbol,Quantity,Last Price\nDSU,10,$10.50\nNA,2,--\n")
    >>> held[["ticker", "units", "value"]]
      ticker  units  value
    0    DSU   10.0  105.0
    1     NA    2.0    NaN
    """
    wanted = _wanted(provider)
    if isinstance(source, list | tuple) and not _is_payload_list(source, wanted):
        return holdings_frame(_each(source, wanted, portfolio))
    return holdings_frame(_positions(source, wanted, portfolio))


def read_plaid(source: Source | Payload, *, portfolio: str | None = None) -> pd.DataFrame:
    """Read Plaid's answer to ``/investments/holdings/get`` (also the processor's), or several.

    Parameters
    ----------
    source : path, str, bytes, open file, parsed answer, or a list of parsed answers
        As in `read_holdings`.
    portfolio : str | None
        In place of the institution's name.

    Returns
    -------
    pd.DataFrame
        The holdings frame of `read_holdings`. Option quantities are contracts x 100, as Plaid
        gives them; ``value`` is Plaid's institution_value, else units x price (missing for a bond).

    Raises
    ------
    InputError
        As in `read_holdings`; for an error object it names Plaid's error_code and what to do.

    Examples
    --------
    >>> answer = {
    ...     "holdings": [{"security_id": "s1", "quantity": 2, "institution_price": 10.5}],
    ...     "securities": [{"security_id": "s1", "ticker_symbol": "DSU", "type": "mutual fund"}],
    ... }
    >>> read_plaid(answer)[["ticker", "provider_type", "value"]]
      ticker provider_type  value
    0    DSU   mutual fund   21.0
    """
    return holdings_frame(_positions(source, "plaid", portfolio))


def read_snaptrade(source: Source | Payload, *, portfolio: str | None = None) -> pd.DataFrame:
    """Read SnapTrade's holdings object, positions array, or ``{"results": [...]}``.

    Parameters
    ----------
    source : path, str, bytes, open file, parsed answer, or several accounts in a list
        As in `read_holdings`. Balances may stand beside the positions in any shape.
    portfolio : str | None
        In place of the institution's name.

    Returns
    -------
    pd.DataFrame
        The holdings frame of `read_holdings`. Costs per unit are turned into totals; options and
        futures are units x price x multiplier; cash has one row a currency, without the money
        market positions that it contains.

    Raises
    ------
    InputError
        As in `read_holdings`; also for an account whose holdings are unavailable.

    Warns
    -----
    HoldingsWarning
        Where the answer contradicts SnapTrade's own rules.

    Examples
    --------
    >>> answer = {"results": [{"instrument": {"kind": "cef", "symbol": "DSU"}, "units": "2",
    ...                        "price": "10.50", "cost_basis": "9", "currency": "USD"}]}
    >>> read_snaptrade(answer)[["ticker", "provider_type", "value", "cost_basis"]]
      ticker provider_type  value  cost_basis
    0    DSU           cef   21.0        18.0
    """
    return holdings_frame(_positions(source, "snaptrade", portfolio))


def read_portfolio_yaml(source: Source | Payload, *, portfolio: str | None = None) -> pd.DataFrame:
    r"""Read a portfolio.yaml: ``portfolio_input: {TICKER: {shares|dollars|weight: n, type: ...}}``.

    Parameters
    ----------
    source : path, str, bytes, open file, or the parsed mapping
        As in `read_holdings`. Tickers are text as written: ON, NO, NULL, 0005 and 1E5 survive.
    portfolio : str | None
        In place of the file's name.

    Returns
    -------
    pd.DataFrame
        The holdings frame of `read_holdings`. ``shares`` are units, ``dollars`` the value;
        ``weight`` (a fraction) stands in ``value`` with the currency missing.

    Raises
    ------
    InputError
        As in `read_holdings`; also for a ticker that occurs twice, aliases, and weights beside
        shares or dollars.

    Examples
    --------
    >>> read_portfolio_yaml("portfolio_input:\n  ON: {shares: 5}\n")[["ticker", "units"]]
      ticker  units
    0     ON    5.0
    """
    return holdings_frame(_positions(source, "yaml", portfolio))


def read_ticker_column(source: Source | pd.DataFrame, column: str) -> pd.DataFrame:
    r"""Read a table whose column of tickers has a name of its own.

    Parameters
    ----------
    source : path, str, bytes, open file, or DataFrame
        A CSV, TSV or Excel file or such a frame, of positions or of anything else.
    column : str
        The column's name, exactly.

    Returns
    -------
    pd.DataFrame
        The holdings frame of `read_holdings`, one row a row of the table; other columns are found
        by their usual names.

    Raises
    ------
    InputError
        As in `read_holdings`; also where no line has a column of this name.

    Examples
    --------
    >>> read_ticker_column("Paper,Kurs\nDSU,x\n", "Paper")["ticker"].tolist()
    ['DSU']
    """
    return holdings_frame(_table(source, None, ticker_column=column.strip()))


def _wanted(provider: str | None) -> str | None:
    if provider is None:
        return None
    kind = _KINDS.get(provider.strip().lower())
    if kind is None:
        raise InputError(f"there is no provider {provider!r}; choose one of {', '.join(_KINDS)}")
    return kind


def _is_payload_list(source: Sequence[Any], wanted: str | None) -> bool:
    """Whether a list is one parsed answer, rather than several inputs."""
    if not source:
        return wanted in ("plaid", "snaptrade")
    kinds = {_payload_kind(item) if isinstance(item, Mapping) else None for item in source}
    return kinds <= {"snaptrade"} or kinds <= {"plaid"}


def _each(sources: Sequence[Any], wanted: str | None, portfolio: str | None) -> list[Position]:
    """Read several inputs; the problems of all of them are collected."""
    if not sources:
        raise InputError("an empty list: there is nothing to read")
    positions: list[Position] = []
    failed: list[tuple[int, InputError]] = []
    for number, source in enumerate(sources):
        try:
            positions += _positions(source, wanted, portfolio)
        except InputError as error:
            failed.append((number, error))
    if failed:
        said = "; ".join(f"input {number}: {error.message}" for number, error in failed[:5])
        problems = [problem for _, error in failed for problem in error.problems]
        raise InputError(f"{len(failed)} of {len(sources)} inputs cannot be read: {said}", problems)
    return positions


def _positions(source: Any, wanted: str | None, portfolio: str | None) -> list[Position]:
    """Read one input with the reader that it needs."""
    if isinstance(source, pd.DataFrame):
        _agree(wanted, "table", "the given frame")
        return _table(source, portfolio)
    if isinstance(source, Mapping | list | tuple):
        return _payload(source, wanted, portfolio, "the given object")
    raw = read_raw(source)
    if is_workbook(raw):
        _agree(wanted, "table", raw.label)
        return _table(raw, portfolio)
    text = decode(raw)
    if text.lstrip()[:1] in ("{", "["):
        parsed = _json_or_yaml(text, raw, wanted)
        return _payload(parsed, wanted, portfolio, raw.label, stem=raw.stem)
    if wanted == "yaml" or (
        wanted is None and (raw.suffix in _YAML_SUFFIXES or _YAML_START.search(text))
    ):
        parsed = load_yaml(text, label=raw.label)
        return portfolio_positions(parsed, stem=raw.stem, portfolio=portfolio)
    if wanted in ("plaid", "snaptrade"):
        parse_json(text, label=raw.label)  # says where it stops being JSON
        raise InputError(f"{raw.label} is JSON, but no object or list")
    return _table(raw, portfolio, text=text)


def _json_or_yaml(text: str, raw: Raw, wanted: str | None) -> Any:
    """Parse what starts with a bracket: JSON, or YAML in its short form where the name says so."""
    if wanted == "yaml" or (wanted is None and raw.suffix in _YAML_SUFFIXES):
        return load_yaml(text, label=raw.label)
    return parse_json(text, label=raw.label)


def _table(
    source: Any, portfolio: str | None, *, text: str | None = None, ticker_column: str | None = None
) -> list[Position]:
    if isinstance(source, pd.DataFrame):
        tables, label, stem = [frame_rows(source)], "the given frame", None
    else:
        raw = source if isinstance(source, Raw) else read_raw(source)
        label, stem = raw.label, raw.stem
        if is_workbook(raw):
            tables = workbook_tables(raw)
        else:
            content = decode(raw) if text is None else text
            tables = [text_rows(content, label=label, ticker_column=ticker_column)]
    return table_positions(
        tables, label=label, stem=stem, portfolio=portfolio, ticker_column=ticker_column
    )


def _payload_kind(data: Mapping[Any, Any]) -> str | None:
    if is_portfolio(data):
        return "yaml"
    if is_plaid(data):
        return "plaid"
    return "snaptrade" if is_snaptrade(data) else None


def _payload(
    parsed: Any,
    wanted: str | None,
    portfolio: str | None,
    label: str,
    *,
    stem: str | None = None,
) -> list[Position]:
    """Read parsed JSON (or YAML) by what it holds."""
    items = parsed if isinstance(parsed, list | tuple) else [parsed]
    kinds = [_payload_kind(item) if isinstance(item, Mapping) else None for item in items]
    kind = next(filter(None, kinds), None)
    if kind is not None:
        _agree(wanted, kind, label)
    kind = kind or wanted
    if kind == "plaid":
        return plaid_positions(parsed, portfolio=portfolio)
    if kind == "snaptrade":
        return snaptrade_positions(parsed, portfolio=portfolio)
    if kind == "yaml":
        return portfolio_positions(parsed, stem=stem, portfolio=portfolio)
    keys = sorted(map(str, parsed))[:8] if isinstance(parsed, Mapping) else type(parsed).__name__
    raise InputError(
        f"{label} holds neither Plaid's nor SnapTrade's holdings nor a portfolio (found: {keys})"
    )


def _agree(wanted: str | None, found: str, label: str) -> None:
    if wanted is not None and wanted != found:
        raise InputError(f"{label} was to be read as {wanted}, but it looks like {found}")
