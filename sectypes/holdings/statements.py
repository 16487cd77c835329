"""Cash that stands beside the table of positions: in a section of its own, or above the header."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from sectypes.holdings.cells import Block, Row, amount, cell_text, filled_places
from sectypes.holdings.headers import Header
from sectypes.tickers import is_cash_phrase
from sectypes.vocab import is_cash_word

__all__ = ["cash_lines", "cash_report"]

# The section of Interactive Brokers' statements, and what its first column says.
_SECTION = ["Cash Report", "Header"]
_ENDING, _BASE = "ending cash", "base currency summary"
_COLUMNS = ("Currency Summary", "Currency", "Total")
_HEADER = Header(
    (*_COLUMNS, "Symbol", "Is Cash"),
    {"name": 0, "currency": 1, "value": 2, "ticker": 3, "is_cash": 4},
    5,
    is_trades=False,
)


def cash_report(rows: Sequence[Row], label: str) -> Iterator[Block]:
    """The ending cash of each currency in an Interactive Brokers statement, as positions.

    Its sum in the base currency counts only where no currency stands beside it.
    """
    places: list[int] = []
    start: int | str | None = None
    found: list[Row] = []
    base = None
    for row in rows:
        texts = [cell_text(cell) for cell in row.cells[:4]]
        if texts[:2] == _SECTION:
            names = [cell_text(cell) for cell in row.cells]
            places = [names.index(name) for name in _COLUMNS if name in names]
            start = row.line
        elif texts[:3] == ["Account Information", "Data", "Base Currency"] and texts[3:]:
            base = texts[3]
        elif texts[:2] == ["Cash Report", "Data"] and len(places) == len(_COLUMNS):
            cells = [row.cells[place] if place < len(row.cells) else "" for place in places]
            if cell_text(cells[0]).lower() == _ENDING and amount(cells[2]) != 0:
                found.append(Row(row.line, cells))
    named = [row for row in found if not _is_base(row)]
    if found and start is not None:
        yield Block(_HEADER, start, None, [_money(row, base) for row in named or found], label)


def _is_base(row: Row) -> bool:
    return cell_text(row.cells[1]).lower() == _BASE


def _money(row: Row, base: str | None) -> Row:
    name, currency, total = row.cells
    code = base if _is_base(row) else cell_text(currency)
    return Row(row.line, [name, code, total, f"CUR:{code}" if code else "", True])


def cash_lines(rows: Iterable[Row]) -> Iterator[tuple[Row, float]]:
    """Lines of a cash word and an amount, among rows that no header has above them.

    The title of a table of cash ("Cash Balance" in thinkorswim's statements) has a missing amount.
    A column "Cash" counts with every amount below it.
    """
    column: int | None = None
    for row in rows:
        filled = filled_places(row)
        texts = [cell_text(row.cells[place]).rstrip(" :") for place in filled]
        number = amount(row.cells[column]) if column in filled else math.nan
        if number and not math.isnan(number):
            yield row, number
            continue
        column = _cash_column(column, filled, texts)
        if len(texts) == 1 and is_cash_phrase(texts[0]):
            yield row, math.nan
        if not 2 <= len(texts) <= 3:
            continue
        numbers = [number for number in map(amount, texts[1:]) if number and not math.isnan(number)]
        if is_cash_word(texts[0]) and len(numbers) == 1:
            yield row, numbers[0]


def _cash_column(above: int | None, filled: Sequence[int], texts: Sequence[str]) -> int | None:
    """Where a column "Cash" stands below this row: it begins with its name, and a blank ends it."""
    if not filled:
        return None
    if len(filled) < 3 or any(not math.isnan(amount(text)) for text in texts):
        return above
    names = (place for place, text in zip(filled, texts, strict=True) if text.lower() == "cash")
    return next(names, None)
