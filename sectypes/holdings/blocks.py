"""Where the positions stand in a broker's table: headers, data rows, titles, totals, footers.

A file may hold titles above the header, one block for each account, a second table of
transactions, totals and disclaimers. A row is left out only where it is recognisably none of a
position; a row that fits no rule is an error with its line, because a lost position is worse.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sectypes.errors import Failure, InputError
from sectypes.holdings.amounts import parse_amount
from sectypes.holdings.headers import ACCEPTED_TICKER_NAMES, Header, match_header
from sectypes.holdings.sums import is_sum, is_total_of_something
from sectypes.tickers import is_cash_phrase
from sectypes.vocab import is_cash_word

__all__ = ["Block", "Row", "cell_text", "find_blocks", "is_pending", "position_rows"]

_MAX_COLUMNS = 1000
_MAX_TITLE = 200
_HINTS = ("symbol", "ticker", "cusip", "isin")
_TICKER_LIKE = re.compile(r"[A-Z0-9$][A-Z0-9.$/*^=+:-]{0,20}")
_DATE = re.compile(r"\d{1,4}([-/.])\d{1,2}\1\d{1,4}", re.ASCII)
_ACCOUNT_TITLE = re.compile(r"positions for (?:account )?(.+?)(?: as of .*)?", re.IGNORECASE)
_ACCOUNT_LIKE = re.compile(
    r"\b(?:accounts?|acct|ira|roth|rollover|401\W?k|403\W?b|457\W?b|529|hsa|sep|individual|joint|"
    r"jtwros|brokerage|margin|trust|custodial|utma|ugma|estate|retirement|pension|taxable|tod|"
    r"tfsa|rrsp|resp|rrif|lira|fhsa|isa|sipp)\b|(?:\.\.|…|[x*•]{2}|#|(?<!\d)-)\s?\d{2,}\b",
    re.IGNORECASE,
)
_VIEW_LIKE = re.compile(r"\b(?:filters?|view|summary)\b", re.IGNORECASE)
_IDENTIFIERS = ("ticker", "cusip", "isin")
_WORD_ROLES = ("name", "provider_type", "currency")


class Row(NamedTuple):
    """One row of a table: its place as a reader of the file would say it, and its cells."""

    line: int | str
    cells: Sequence[object]


@dataclass(frozen=True, slots=True)
class Block:
    """A header with the rows below it, up to the next header.

    Attributes
    ----------
    header : Header
        The columns.
    line : int | str
        Where the header stands.
    title : str | None
        The line directly above the header: the account, in files with one block an account.
    rows : Sequence[Row]
        All rows below, positions and others.
    """

    header: Header
    line: int | str
    title: str | None = None
    rows: Sequence[Row] = ()

    def text(self, row: Row, role: str) -> str | None:
        """The cell of a role as text; None where the column or the text is missing."""
        return cell_text(self.cell(row, role)) or None

    def cell(self, row: Row, role: str) -> object:
        """The cell of a role as it was read; None where the column is missing."""
        place = self.header.columns.get(role)
        return row.cells[place] if place is not None and place < len(row.cells) else None


def cell_text(cell: object) -> str:
    """A cell as trimmed text; "" for an empty one. Whole numbers lose their ``.0``.

    Examples
    --------
    >>> cell_text(" NA "), cell_text(5.0), cell_text(True), cell_text(None)
    ('NA', '5', 'TRUE', '')
    """
    if isinstance(cell, str):
        return cell.strip()
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def find_blocks(
    tables: Sequence[Sequence[Row]], *, label: str, ticker_column: str | None = None
) -> list[Block]:
    """Find the blocks of positions in the tables of one input (the sheets of a workbook).

    A header that also has quantities or values wins over one that only names securities, so that
    a list of instruments in the same file is not read as positions. With `ticker_column` every
    block that has this column counts, whatever else it lists.

    Raises
    ------
    InputError
        Where there is no header with a ticker, where all blocks list transactions, where a needed
        column is there twice, or where a row is wider than any export.
    """
    blocks = [block for rows in tables for block in _blocks(rows, label, ticker_column)]
    if ticker_column is not None and blocks:
        return blocks
    return _chosen(blocks, [row for rows in tables for row in rows], label, ticker_column)


def _blocks(rows: Sequence[Row], label: str, ticker_column: str | None) -> Iterator[Block]:
    """Each header of a table, with the rows up to the next one."""
    starts: list[tuple[int, Header]] = []
    for place, row in enumerate(rows):
        header = _as_header(row, label, ticker_column, is_first=not starts)
        if header is not None:
            starts.append((place, header))
    for number, (start, header) in enumerate(starts):
        end = starts[number + 1][0] if number + 1 < len(starts) else len(rows)
        if end < len(rows) and _lone_text(rows[end - 1]):
            end -= 1  # the next block's title
        title = _title(rows[max(0, start - 3) : start])
        yield Block(header, rows[start].line, title, rows[start + 1 : end])


def _lone_text(row: Row) -> str | None:
    """The text of a row that has only one cell with something in it."""
    filled = _filled(row)
    return cell_text(row.cells[filled[0]]) if len(filled) == 1 else None


def _title(above: Sequence[Row]) -> str | None:
    """The account that the lines above a header name.

    "Positions for account X as of ..." may have a blank line below it; any other text counts only
    directly above the header, because further up it is the title of the file, and only where it
    looks like an account: there stand filters and names of views as well.
    """
    last = next((row for row in reversed(above) if _filled(row)), None)
    title = _lone_text(last) if last else None
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
    joined = "\n".join(cell for cell in row.cells if isinstance(cell, str))
    hints = _HINTS if ticker_column is None else (ticker_column.lower(),)
    if not any(hint in joined.lower() for hint in hints):
        return None
    header = match_header(row.cells, ticker_column=ticker_column)
    return header if header and (is_first or len(header.columns) > 1) else None


def _chosen(
    blocks: Sequence[Block], rows: Sequence[Row], label: str, ticker_column: str | None
) -> list[Block]:
    """The blocks that list positions."""
    for block in blocks:
        if block.header.twice:
            reason = "there are two columns of this name: remove or rename one"
            failures = [Failure(block.line, name, None, reason) for name in block.header.twice]
            raise InputError(f"{label} has columns that cannot be told apart", failures)
    of_positions = [block for block in blocks if not block.header.is_trades]
    chosen = [block for block in of_positions if block.header.has_amounts] or of_positions
    if chosen:
        return chosen
    if blocks:
        raise InputError(
            f"{label} lists transactions, not positions (columns: "
            f"{', '.join(filter(None, blocks[0].header.names))}); export the positions instead"
        )
    widest = max(rows, key=lambda row: len(_filled(row)), default=Row(1, ()))
    found = [repr(text) for text in map(cell_text, widest.cells) if text]
    wanted = f"no column {ticker_column!r}" if ticker_column is not None else "no ticker column"
    raise InputError(
        f"{label} has {wanted}: found {', '.join(found[:30]) or 'nothing'}; tickers are looked for "
        f"under names such as {', '.join(ACCEPTED_TICKER_NAMES)}",
        [Failure(widest.line, None, None, "no header names a ticker")],
    )


def position_rows(block: Block, problems: list[Failure]) -> Iterator[Row]:
    """The rows of a block that are positions; rows that do not fit the header go to `problems`."""
    width, section = block.header.width, block.header.section
    above = _UnitsAbove()
    for row in block.rows:
        filled = _filled(row)
        if not filled or _in_other_section(row, section) or _is_lot(block, row):
            continue
        if _is_total(block, row, filled, above) or _is_prose(block, row, filled):
            continue
        above.add(_amount(block.cell(row, "units")))
        fields = max(filled[-1] + 1, min(len(row.cells), width))
        is_whole = fields == width or len(row.cells) == len(block.header.names)
        cash = _cash_line(block, row, filled, is_whole=is_whole)
        if cash is not None:
            yield cash
        elif is_whole and _is_nameless(block, row):
            if _is_number(block.cell(row, "value")):
                reason = "is missing, and so are name and quantity: name it, or delete a sum"
                problems.append(Failure(row.line, _ticker_name(block), None, reason))
        elif is_whole or is_pending(block, row):
            yield row
        else:
            reason = (
                f"has {fields} fields where the header has {width}: a field with the delimiter in "
                "it needs quotes, and a cut-off file must be downloaded again"
            )
            problems.append(Failure(row.line, None, cell_text(row.cells[filled[0]]), reason))


def _is_nameless(block: Block, row: Row) -> bool:
    """Whether neither what it is nor how much of it is said, in a table that has quantities."""
    said = any(block.text(row, role) for role in ("ticker", "cusip", "isin", "name"))
    has_units = "units" in block.header.columns
    return not said and has_units and not _is_number(block.cell(row, "units"))


def _ticker_name(block: Block) -> str | None:
    place = block.header.columns.get("ticker")
    return None if place is None else block.header.names[place]


def _filled(row: Row) -> list[int]:
    """Places of the cells that hold something."""
    return [place for place, cell in enumerate(row.cells) if cell_text(cell)]


def _in_other_section(row: Row, section: str | None) -> bool:
    return section is not None and [cell_text(cell) for cell in row.cells[:2]] != [section, "Data"]


def _is_lot(block: Block, row: Row) -> bool:
    """Whether the row repeats a part of the position above it."""
    return (block.text(row, "lot") or "").lower() == "lot"


def is_pending(block: Block, row: Row) -> bool:
    """Whether the row is money on its way: Fidelity's "Pending Activity", value without symbol."""
    words = (block.text(row, "ticker"), block.text(row, "name"))
    return any((word or "").lower().startswith("pending activity") for word in words)


class _UnitsAbove:
    """The units of the rows above: of all of them, and of those since the last sum."""

    def __init__(self) -> None:
        self._all = self._since = 0.0

    def add(self, units: float) -> None:
        """Count one position; missing units count nothing."""
        if not math.isnan(units):
            self._all += units
            self._since += units

    def are_summed_by(self, units: float) -> bool:
        """Whether a row with these units repeats what stands above it."""
        return any(above and math.isclose(units, above) for above in (self._all, self._since))

    def close(self) -> None:
        """Begin anew below a sum."""
        self._since = 0.0


def _is_total(block: Block, row: Row, filled: Sequence[int], above: _UnitsAbove) -> bool:
    """Whether the row sums up others.

    One with units is a position all the same, unless it has no price and its units are the sum of
    the units above. SUM in capitals is a listed symbol: a sum only where quantities are left out.
    """
    ticker = block.text(row, "ticker")
    if ticker:
        says_total = is_sum(ticker) or is_total_of_something(ticker)
        if ticker == "SUM" and "units" not in block.header.columns:
            return False
    else:
        words = (cell_text(row.cells[filled[0]]), block.text(row, "name"))
        says_total = any(word and is_sum(word) for word in words)
    if not says_total:
        return False
    units = _amount(block.cell(row, "units"))
    has_price = _is_number(block.cell(row, "price"))
    if not math.isnan(units) and (has_price or not above.are_summed_by(units)):
        return False
    above.close()
    return True


def _cash_line(block: Block, row: Row, filled: Sequence[int], *, is_whole: bool) -> Row | None:
    """A line of a cash word and an amount below a wider header, put into the header's columns.

    Brokers write "Cash & Sweep Vehicle" or "Money accounts" so, without regard to the columns.
    """
    columns = block.header.columns
    place = columns.get("value", columns.get("units"))
    if len(filled) != 2 or place is None or not _is_number(row.cells[filled[1]]):
        return None
    # In a row of full width the amount stands where only text can: elsewhere it may be a weight.
    if is_whole and filled[1] not in [columns.get(role) for role in _WORD_ROLES]:
        return None
    text = cell_text(row.cells[filled[0]])
    # A listed security has the ticker CASH: alone it says cash only beside empty quantities.
    is_bare = text.upper() == "CASH" and {"units", "value"} <= set(columns)
    is_told = is_cash_phrase(text) or "name" in columns or is_bare
    if not (is_told and is_cash_word(text)):
        return None
    cells: list[object] = [""] * block.header.width
    by_name = "name" in columns and not is_cash_phrase(text)
    roles = ("name", *_IDENTIFIERS) if by_name else (*_IDENTIFIERS, "name")
    cells[next(columns[role] for role in roles if role in columns)] = text
    cells[place] = row.cells[filled[1]]
    return Row(row.line, cells)


def _is_prose(block: Block, row: Row, filled: Sequence[int]) -> bool:
    """Whether the row is a title, a section's name or a disclaimer."""
    texts = [cell_text(row.cells[place]) for place in filled]
    is_long = any(len(text.split()) > 3 for text in texts)
    if len(filled) > 1:
        fits = len(row.cells) >= block.header.width and filled[-1] < block.header.width
        return is_long and not fits and not any(_is_number(text) for text in texts)
    if not block.header.has_amounts or block.header.width == 1:
        return is_long
    if any(block.header.columns.get(role) == filled[0] for role in ("units", "value")):
        return not _is_number(row.cells[filled[0]])
    is_ticker = _TICKER_LIKE.fullmatch(texts[0]) and not _DATE.fullmatch(texts[0])
    return not (is_ticker and filled[0] == block.header.columns.get("ticker", 0))


def _is_number(cell: object) -> bool:
    return not math.isnan(_amount(cell))


def _amount(cell: object) -> float:
    """A cell as a number; missing where it is none."""
    try:
        return parse_amount(cell)
    except ValueError:
        return math.nan
