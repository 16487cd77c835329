"""Where the positions stand in a broker's table: headers, titles, and the blocks that count.

A file may hold titles above the header, one block for each account, a second table of
transactions, and tables of other things. Which rows of a block are positions is told in `rows`.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence

from sectypes.errors import Failure, HoldingsWarning, InputError, warn
from sectypes.holdings.cells import (
    Block,
    Row,
    cell_text,
    filled_places,
    is_number,
    lone_text,
    some,
)
from sectypes.holdings.headers import ACCEPTED_TICKER_NAMES, Header, match_header
from sectypes.holdings.sheets import apart, without_repeats
from sectypes.holdings.statements import cash_lines, cash_report

__all__ = ["find_blocks"]

_MAX_COLUMNS = 1000
_MAX_TITLE = 200
_HINTS = ("symbol", "ticker", "cusip", "isin")
_AMOUNT_HINT = re.compile(r"^ *(?:units|shares|quantity|qty|[a-z ]{0,20}value)\b", re.MULTILINE)
_ACCOUNT_TITLE = re.compile(r"positions for (?:account )?(.+?)(?: as of .*)?", re.IGNORECASE)
_ACCOUNT_LIKE = re.compile(
    r"\b(?:accounts?|acct|ira|roth|rollover|401\W?k|403\W?b|457\W?b|529|hsa|sep|individual|joint|"
    r"jtwros|brokerage|margin|trust|custodial|utma|ugma|estate|retirement|pension|taxable|tod|"
    r"tfsa|rrsp|resp|rrif|lira|fhsa|isa|sipp)\b|(?:\.\.|…|[x*•]{2}|#|(?<!\d)-)\s?\d{2,}\b",
    re.IGNORECASE,
)
_VIEW_LIKE = re.compile(r"\b(?:filters?|view|summary|history)\b", re.IGNORECASE)


def find_blocks(
    tables: Sequence[Sequence[Row]], *, label: str, ticker_column: str | None = None
) -> list[Block]:
    """Find the blocks of positions in the tables of one input (the sheets of a workbook).

    A header that also has quantities or values wins over one that only names securities, so that
    a list of instruments in the same file is not read as positions. A table of names with
    quantities and prices counts beside one with tickers. With `ticker_column` every block that
    has this column counts, whatever else it lists.

    Raises
    ------
    InputError
        Where there is no header with a ticker, where all blocks list transactions, where a needed
        column is there twice, or where a row is wider than any export.

    Warns
    -----
    HoldingsWarning
        Where sheets are counted together, a summary is left out, or a table or cash is not read.
    """
    found = [list(_blocks(rows, label, ticker_column)) for rows in tables]
    blocks = [block for those in found for block in those]
    if ticker_column is not None and blocks:
        return apart(blocks)
    blocks = [
        block
        for rows, those in zip(tables, found, strict=True)
        for block in (*cash_report(rows, label), *those)
    ]
    chosen = _chosen(blocks, [row for rows in tables for row in rows], label, ticker_column)
    _warn_of_unread(blocks, label)
    for rows, those in zip(tables, found, strict=True):
        _warn_of_cash(rows, those, chosen, label)
    return apart(without_repeats(chosen))


def _blocks(rows: Sequence[Row], label: str, ticker_column: str | None) -> Iterator[Block]:
    """Each header of a table, with the rows up to the next one."""
    starts: list[tuple[int, Header]] = []
    is_first = True
    for place, row in enumerate(rows):
        header = _as_header(row, label, ticker_column, is_first=is_first)
        if header is not None:
            starts.append((place, header))
            is_first = is_first and not header.has_identifier
    for number, (start, header) in enumerate(starts):
        end = starts[number + 1][0] if number + 1 < len(starts) else len(rows)
        if end < len(rows) and lone_text(rows[end - 1]):
            end -= 1  # the next block's title
        title = _title(rows[max(0, start - 3) : start])
        yield Block(header, rows[start].line, title, rows[start + 1 : end], label)


def _title(above: Sequence[Row]) -> str | None:
    """The account that the lines above a header name.

    "Positions for account X as of ..." may have a blank line below it; any other text counts only
    directly above the header, because further up it is the title of the file, and only where it
    looks like an account: there stand filters and names of views as well.
    """
    last = next((row for row in reversed(above) if filled_places(row)), None)
    title = lone_text(last) if last else None
    if title is not None and len(title) > _MAX_TITLE:
        return None
    match = _ACCOUNT_TITLE.fullmatch(title or "")
    if match:
        return match[1]
    is_account = _ACCOUNT_LIKE.search(title or "") and not _VIEW_LIKE.search(title or "")
    return title if is_account and last is above[-1] else None


def _as_header(row: Row, label: str, ticker_column: str | None, *, is_first: bool) -> Header | None:
    if len(row.cells) > _MAX_COLUMNS:
        reason = f"has {len(row.cells)} columns; more than {_MAX_COLUMNS} are refused"
        problem = Failure(row.line, None, None, reason)
        raise InputError(f"{label} is no table of holdings", [problem])
    joined = "\n".join(cell for cell in row.cells if isinstance(cell, str)).lower()
    hints = _HINTS if ticker_column is None else (ticker_column.lower(),)
    if any(hint in joined for hint in hints):
        header = match_header(row.cells, ticker_column=ticker_column)
        if header and (is_first or len(header.columns) > 1):
            return header
    if ticker_column is None and _AMOUNT_HINT.search(joined):
        return _header_without_tickers(row, may_be_pair=not is_first)
    return None


def _header_without_tickers(row: Row, *, may_be_pair: bool) -> Header | None:
    """A row of column names of which none is an identifier: the block above it ends all the same.

    Three known names and no number among them are no position, and below a table of positions two
    where nothing else is in the row.
    """
    header = match_header(row.cells, needs_identifier=False)
    if header is None or header.section is not None or any(map(is_number, row.cells)):
        return None
    is_header = len(header.columns) > 2 or (may_be_pair and _is_pair(header))
    return header if header.has_amounts and is_header else None


def _is_pair(header: Header) -> bool:
    """Whether a header is two known names and nothing else."""
    return len(header.columns) == sum(map(bool, header.names)) == 2


def _chosen(
    blocks: Sequence[Block], rows: Sequence[Row], label: str, ticker_column: str | None
) -> list[Block]:
    """The blocks that list positions."""
    for block in blocks:
        if block.header.twice and (block.header.has_identifier or _lists_names(block.header)):
            reason = "there are two columns of this name: remove or rename one"
            failures = [Failure(block.line, name, None, reason) for name in block.header.twice]
            raise InputError(f"{label} has columns that cannot be told apart", failures)
    named = [block for block in blocks if block.header.has_identifier]
    of_positions = [block for block in named if not block.header.is_trades]
    if of_positions:
        if not any(block.header.has_amounts for block in of_positions):
            return of_positions
        return [block for block in blocks if _lists_positions(block.header)]
    if named:
        raise InputError(
            f"{label} lists transactions, not positions (columns: "
            f"{', '.join(filter(None, named[0].header.names))}); export the positions instead"
        )
    texts = [row for row in rows if not any(map(is_number, row.cells))]
    widest = max(texts or rows, key=lambda row: len(filled_places(row)), default=Row(1, ()))
    found = [repr(text) for text in map(cell_text, widest.cells) if text]
    wanted = f"no column {ticker_column!r}" if ticker_column is not None else "no ticker column"
    raise InputError(
        f"{label} has {wanted}: found {', '.join(found[:30]) or 'nothing'}; tickers are looked for "
        f"under names such as {', '.join(ACCEPTED_TICKER_NAMES)}",
        [Failure(widest.line, None, None, "no header names a ticker")],
    )


def _lists_positions(header: Header) -> bool:
    """Whether a table lists positions with amounts."""
    is_named = header.has_identifier and header.has_amounts and not header.is_trades
    return is_named or _lists_names(header)


def _lists_names(header: Header) -> bool:
    """Whether a table without tickers lists positions: funds that have none, by their names."""
    columns = header.columns
    has_amounts = "units" in columns and ("price" in columns or "value" in columns)
    is_named = "name" in columns and not header.has_identifier
    return is_named and has_amounts and not header.is_trades


def _warn_of_unread(blocks: Sequence[Block], label: str) -> None:
    """Warn of tables of names and values that are not read, because no ticker is in them."""
    unread = [
        f"{block.line} ({', '.join(filter(None, block.header.names))})"
        for block in blocks
        if ("name" in block.header.columns or _is_pair(block.header))
        and not (block.header.has_identifier or block.header.is_trades)
        and not _lists_names(block.header)
        and any(is_number(cell) for row in block.rows for cell in row.cells)
    ]
    if unread:
        warn(
            f"{label}: tables without a column of tickers are not read: row {some(unread)}",
            HoldingsWarning,
        )


def _warn_of_cash(
    rows: Sequence[Row], blocks: Sequence[Block], chosen: Sequence[Block], label: str
) -> None:
    """Warn of cash above the first header, unless a position is worth the same."""
    above = itertools.takewhile(lambda row: blocks and row.line != blocks[0].line, rows)
    lines = list(cash_lines(above))
    if not lines:
        return
    worths = {block.worth(row) for block in chosen for row in block.rows}
    unread = [
        f"{row.line} ({' '.join(filter(None, map(cell_text, row.cells)))!r})"
        for row, number in lines
        if number not in worths
    ]
    if unread:
        warn(
            f"{label}: cash that stands above the table is not read, add a row of it to the "
            f"table: row {some(unread)}",
            HoldingsWarning,
        )
