"""Which rows of a block are positions, and which are lots, sums, titles or footers.

A row is left out only where it is recognisably none of a position; a row that fits no rule is an
error with its line, because a lost position is worse. What is decided by numbers is said.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

from sectypes.errors import Failure, HoldingsWarning, warn
from sectypes.holdings.cells import (
    Block,
    Row,
    cell_text,
    filled_places,
    is_number,
    lone_text,
    some,
)
from sectypes.holdings.lots import find_lots, is_date
from sectypes.holdings.sums import (
    Above,
    cash_of_total,
    is_sum,
    is_total_of_something,
    may_be_fund,
    says_total,
)
from sectypes.holdings.values import BARE_CASH
from sectypes.tickers import canonical, is_cash_phrase
from sectypes.vocab import is_cash_word, table_is_cash

__all__ = ["is_pending", "position_rows", "read_rows", "says_cash_in_words"]

_TICKER_LIKE = re.compile(r"[A-Z0-9$][A-Z0-9.$/*^=+:-]{0,20}")
_IDENTIFIERS = ("ticker", "cusip", "isin")
_WORD_ROLES = ("name", "provider_type", "currency")
_CENT = 0.01
_LEFT_OUT = Row(0, ())
# What Interactive Brokers' Flex queries write around files, accounts and sections.
_TRAILERS = frozenset({"BOF", "BOA", "BOS", "EOS", "EOA", "EOF"})


def position_rows(block: Block, problems: list[Failure]) -> Iterator[Row]:
    """The rows of a block that are positions; rows that do not fit the header go to `problems`.

    Warns
    -----
    HoldingsWarning
        Where only the amounts tell that a row is a sum or a lot.
    """
    notes: list[str] = []
    yield from read_rows(block, problems, notes)
    if notes:
        warn(f"{block.label}: {some(notes, '; ')}", HoldingsWarning)


def read_rows(block: Block, problems: list[Failure], notes: list[str]) -> Iterator[Row]:
    """As `position_rows`, with what is to be warned about in `notes`."""
    lots, sums = find_lots(block), _Sums(block, notes)
    if lots.unnamed:
        notes.append(
            f"rows {some(lots.unnamed)} name no security and add up to the position above "
            "them: they are left out as its lots"
        )
    is_below_blank, title = False, None
    for place, written in enumerate(block.rows):
        if place in lots.places or _in_other_section(written, block.header.section):
            continue
        filled = filled_places(written)
        was_below_blank, is_below_blank = is_below_blank, not filled
        if not filled:
            continue
        row = _cash_line(block, written, filled) or written
        if row is not written:
            filled = filled_places(row)
        total = sums.read(row, filled)
        if total is _LEFT_OUT or _is_prose(block, row, filled) or _is_trailer(block, row, filled):
            title = lone_text(row) if was_below_blank and len(filled) == 1 else title
            continue
        if title is not None and _is_aside(block, row, filled):
            notes.append(f"row {row.line}, below the title {title!r}, is not read: no position")
            continue
        kept = total or _read_row(block, row, filled, problems)
        if kept is not None:
            title = None
            sums.add(kept)
            yield kept


def _read_row(block: Block, row: Row, filled: Sequence[int], problems: list[Failure]) -> Row | None:
    """The row as a position; None, with the reason in `problems`, where it cannot be one."""
    fields, is_whole = _fields(block, row, filled)
    if is_whole and _is_nameless(block, row):
        if is_number(block.cell(row, "value")):
            reason = "is missing, and so are name and quantity: name it, or delete a sum"
            problems.append(Failure(row.line, _ticker_name(block), None, reason))
        return None
    if is_whole and is_date(_ticker_text(block, row)):
        reason = (
            "is a date, not a ticker: rows below a position are its lots only where they add up "
            "to its quantity"
        )
        problems.append(Failure(row.line, _ticker_name(block), _ticker_text(block, row), reason))
        return None
    if is_whole or is_pending(block, row):
        return row
    reason = (
        f"has {fields} fields where the header has {block.header.width}: a field with the "
        "delimiter in it needs quotes, and a cut-off file must be downloaded again"
    )
    problems.append(Failure(row.line, None, cell_text(row.cells[filled[0]]), reason))
    return None


def _is_aside(block: Block, row: Row, filled: Sequence[int]) -> bool:
    """Whether a row, narrower than the header, is a text and an amount: a summary's, not ours."""
    is_whole = _fields(block, row, filled)[1]
    if len(filled) != 2 or is_whole or is_pending(block, row):
        return False
    text, number = (row.cells[place] for place in filled)
    return is_number(number) and not _TICKER_LIKE.fullmatch(cell_text(text))


def _is_trailer(block: Block, row: Row, filled: Sequence[int]) -> bool:
    """Whether a row, narrower than the header, closes a section: EOS and others are tickers too."""
    is_whole = _fields(block, row, filled)[1]
    return not is_whole and cell_text(row.cells[0]) in _TRAILERS


def _ticker_text(block: Block, row: Row) -> str:
    """The ticker where it was text: of a date that is none, the reader of cells has more to say."""
    cell = block.cell(row, "ticker")
    return cell.strip() if isinstance(cell, str) else ""


def _is_nameless(block: Block, row: Row) -> bool:
    """Whether neither what it is nor how much of it is said, in a table that has quantities."""
    said = any(block.text(row, role) for role in (*_IDENTIFIERS, "name"))
    has_units = "units" in block.header.columns
    return not said and has_units and not is_number(block.cell(row, "units"))


def _ticker_name(block: Block) -> str | None:
    place = block.header.columns.get("ticker")
    return None if place is None else block.header.names[place]


def _in_other_section(row: Row, section: str | None) -> bool:
    return section is not None and [cell_text(cell) for cell in row.cells[:2]] != [section, "Data"]


def is_pending(block: Block, row: Row) -> bool:
    """Whether the row is money on its way: Fidelity's "Pending Activity", value without symbol."""
    words = (block.text(row, "ticker"), block.text(row, "name"))
    return any((word or "").lower().startswith("pending activity") for word in words)


class _Sums:
    """Tells the rows that sum up others from positions, by their words and the amounts above."""

    def __init__(self, block: Block, notes: list[str]) -> None:
        self._block, self._notes = block, notes
        self._units, self._values, self._cash = Above(), Above(rounded=_CENT), Above(rounded=_CENT)
        self._has_cash: bool | None = None
        self._waiting: list[Row | None] = []  # positions, and None for a sum: most are never asked

    def add(self, row: Row) -> None:
        """Count a position."""
        self._waiting.append(row)

    def _count(self) -> None:
        """Work out the amounts above."""
        for row in self._waiting:
            if row is None:
                for above in (self._units, self._values, self._cash):
                    above.close()
                continue
            worth = self._block.worth(row)
            self._units.add(self._block.amount(row, "units"))
            self._values.add(worth)
            if _says_cash(self._block, row):
                self._cash.add(worth)
        self._waiting.clear()

    def read(self, row: Row, filled: Sequence[int]) -> Row | None:
        """`_LEFT_OUT` for a sum, the row for cash that is called a total, None for all others.

        A known form is a sum, and one with units only where they are the units above. SUM in
        capitals is a listed symbol: a sum only where quantities are left out.
        """
        block, ticker = self._block, self._block.text(row, "ticker")
        if ticker == "SUM" and "units" not in block.header.columns:
            return None
        name, first = block.text(row, "name"), cell_text(row.cells[filled[0]])
        texts = [ticker] if ticker else [first, name] if name else [first]
        words = [text for text in texts if is_sum(text) or (says_total(text) and text is texts[-1])]
        if not words:
            if not _is_nameless(block, row):
                return None
            words = [text for text in map(cell_text, row.cells) if text and is_sum(text)]
        if not words:
            return self._unnamed(row)
        is_known = any(map(is_sum, words)) or is_total_of_something(ticker or "")
        cash = next(filter(None, map(cash_of_total, words)), None)
        has_units = is_number(block.cell(row, "units"))
        if cash is not None and not has_units:
            is_total = self._is_sum_of_cash(row, words[0])
        elif is_known:
            is_total = not has_units or self._rows_in_amount(row) > 0
        else:
            is_total = self._by_amount(row, words[0])
        if is_total:
            self._waiting.append(None)
            return _LEFT_OUT
        return None if cash is None or has_units else _renamed(block, row, cash)

    def _unnamed(self, row: Row) -> Row | None:
        """`_LEFT_OUT` for a row that names nothing, where it has the value of the rows above."""
        if not self._rows_in_amount(row):
            return None
        self._note(f"row {row.line} names no security and is left out as the sum of those above")
        self._waiting.append(None)
        return _LEFT_OUT

    def _rows_in_amount(self, row: Row) -> int:
        """How many rows above a row sums up, by its units, else its value; 0 beside a price."""
        self._count()
        units, value = self._block.amount(row, "units"), self._block.amount(row, "value")
        if is_number(self._block.cell(row, "price")):
            return 0
        return self._values.rows_in(value) if math.isnan(units) else self._units.rows_in(units)

    def _by_amount(self, row: Row, text: str) -> bool:
        """Decide about a text that only starts or ends with "total", by what stands above it."""
        rows, called = self._rows_in_amount(row), f"row {row.line} ({text!r})"
        has_units = is_number(self._block.cell(row, "units"))
        if may_be_fund(text):
            if rows > 1:
                self._note(f"{called} is kept, but has the sum of {rows} rows above: delete a sum")
            return False
        if not rows and not has_units and is_number(self._block.cell(row, "value")):
            self._note(f"{called} is kept, as no rows above add up to it: delete it if it is a sum")
        elif rows == 1:
            self._note(
                f"{called} is left out as a sum, because the row above has the same amount: give "
                "it a quantity and a price if it is a position"
            )
        return rows > 0

    def _is_sum_of_cash(self, row: Row, text: str) -> bool:
        """Whether "Total Cash" repeats cash of other rows; if not, it is cash itself."""
        self._count()
        value = self._block.amount(row, "value")
        if math.isnan(value) or self._cash.rows_in(value):
            return True
        if self._values.rows_in(value):
            return self._by_amount(row, text)
        if self._has_cash is None:
            self._has_cash = any(_says_cash(self._block, other) for other in self._block.rows)
        if self._has_cash:
            self._note(
                f"row {row.line} ({text!r}) is left out as a sum, because other rows are cash, "
                "though they do not add up to it"
            )
        return self._has_cash

    def _note(self, note: str) -> None:
        self._notes.append(note)


def _says_cash(block: Block, row: Row) -> bool:
    """Whether a row is cash by its own words, and no total of it."""
    ticker, name = block.text(row, "ticker"), block.text(row, "name")
    if any(is_sum(word) or says_total(word) for word in (ticker, name) if word):
        return False
    is_bare = canonical(ticker) in BARE_CASH and math.isnan(block.amount(row, "units"))
    has_amount = not math.isnan(block.worth(row)) or not math.isnan(block.amount(row, "units"))
    return has_amount and (is_bare or says_cash_in_words(block, row))


def says_cash_in_words(block: Block, row: Row) -> bool:
    """Whether ticker, name or type of a row, which may be a total, are words for cash."""
    kind = None if block.header.says_only_type else block.text(row, "provider_type")
    ticker, name = block.text(row, "ticker"), block.text(row, "name")
    return table_is_cash(ticker=ticker, name=name, provider_type=kind)


def _renamed(block: Block, row: Row, text: str) -> Row:
    """The row with a text that says cash in the place of the one that says total."""
    columns = block.header.columns
    place = next(columns[role] for role in (*_IDENTIFIERS, "name") if role in columns)
    cells = [*row.cells, *[""] * (block.header.width - len(row.cells))]
    first = filled_places(row)[0]
    if cash_of_total(cell_text(cells[first])) is not None:
        cells[first] = ""
    cells[place] = text
    return Row(row.line, cells)


def _fields(block: Block, row: Row, filled: Sequence[int]) -> tuple[int, bool]:
    """How many fields a row has, and whether these are as many as the header's."""
    width = block.header.width
    fields = max(filled[-1] + 1, min(len(row.cells), width))
    return fields, fields == width or len(row.cells) == len(block.header.names)


def _cash_line(block: Block, row: Row, filled: Sequence[int]) -> Row | None:
    """A line of a cash word and an amount below a wider header, put into the header's columns.

    Brokers write "Cash & Sweep Vehicle" or "Money accounts" so, without regard to the columns.
    """
    columns = block.header.columns
    place = columns.get("value", columns.get("units"))
    if len(filled) != 2 or place is None or not is_number(row.cells[filled[1]]):
        return None
    # In a row of full width the amount stands where only text can: elsewhere it may be a weight.
    is_whole = _fields(block, row, filled)[1]
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
        return is_long and not fits and not any(is_number(text) for text in texts)
    if not block.header.has_amounts or block.header.width == 1:
        return is_long
    if any(block.header.columns.get(role) == filled[0] for role in ("units", "value")):
        return not is_number(row.cells[filled[0]])
    is_ticker = _TICKER_LIKE.fullmatch(texts[0]) and not is_date(texts[0])
    return not (is_ticker and filled[0] == block.header.columns.get("ticker", 0))
