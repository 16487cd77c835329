"""A broker's table in pieces: rows, and blocks of rows below one header."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sectypes.holdings.amounts import parse_amount
from sectypes.holdings.headers import Header

__all__ = ["Block", "Row", "amount", "cell_text", "filled_places", "is_number", "lone_text", "some"]


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
    label : str
        What messages call the input.
    """

    header: Header
    line: int | str
    title: str | None = None
    rows: Sequence[Row] = ()
    label: str = "the table"

    @property
    def sheet(self) -> str | None:
        """The sheet's name, in a workbook of several."""
        return self.line.rpartition("!")[0] or None if isinstance(self.line, str) else None

    def text(self, row: Row, role: str) -> str | None:
        """The cell of a role as text; None where the column or the text is missing."""
        return cell_text(self.cell(row, role)) or None

    def cell(self, row: Row, role: str) -> object:
        """The cell of a role as it was read; None where the column is missing."""
        place = self.header.columns.get(role)
        return row.cells[place] if place is not None and place < len(row.cells) else None

    def amount(self, row: Row, role: str) -> float:
        """The cell of a role as a number; missing where it is none."""
        return amount(self.cell(row, role))

    def worth(self, row: Row) -> float:
        """The row's value as written, else units x price; missing where neither is there."""
        value = self.amount(row, "value")
        if not math.isnan(value):
            return value
        return self.amount(row, "units") * self.amount(row, "price")


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


def filled_places(row: Row) -> list[int]:
    """Places of the cells that hold something."""
    return [place for place, cell in enumerate(row.cells) if cell_text(cell)]


def lone_text(row: Row) -> str | None:
    """The text of a row that has only one cell with something in it."""
    filled = filled_places(row)
    return cell_text(row.cells[filled[0]]) if len(filled) == 1 else None


def is_number(cell: object) -> bool:
    """Whether a cell holds an amount."""
    return not math.isnan(amount(cell))


def amount(cell: object) -> float:
    """A cell as a number; missing where it is none.

    Examples
    --------
    >>> amount("$1,234.50"), amount("Apple")
    (1234.5, nan)
    """
    try:
        return parse_amount(cell)
    except ValueError:
        return math.nan


def some(words: Sequence[object], between: str = ", ") -> str:
    """The first of many words, for a message.

    Examples
    --------
    >>> some([1, 2]), some("ABCDEF")
    ('1, 2', 'A, B, C, D, E, ...')
    """
    return between.join([*map(str, words[:5]), *["..."] * (len(words) > 5)])
