"""Lots: rows below a position that repeat its parts.

Some exports mark them in a column. Others write, in the place of the symbol, the day each was
bought on, or nothing: such rows are lots where they add up to the position above them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

from sectypes.holdings.cells import Block, Row, cell_text

__all__ = ["Lots", "find_lots", "is_date"]

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
_DATE = re.compile(
    rf"\d{{1,4}}([-/.])\d{{1,2}}\1\d{{1,4}}|\d{{1,2}}[- ]{_MONTH}[-, ]+\d{{2,4}}"
    rf"|{_MONTH}[-. ]+\d{{1,2}}[-, ]+\d{{2,4}}",
    re.ASCII | re.IGNORECASE,
)
_NAMING = ("ticker", "cusip", "isin", "name")


class Lots(NamedTuple):
    """Which rows of a block are lots: places in its rows, and those that only their sum tells."""

    places: frozenset[int]
    unnamed: tuple[int | str, ...]


def is_date(text: str) -> bool:
    """Whether a text as a whole is a day.

    Examples
    --------
    >>> is_date("01/02/2030"), is_date("Jan 2, 2030"), is_date("MAY 30"), is_date("XYZ/B")
    (True, True, False, False)
    """
    return _DATE.fullmatch(text) is not None


def find_lots(block: Block) -> Lots:
    """Find the lots of a block: by the column that marks them, else by what they add up to."""
    columns = block.header.columns
    if "lot" in columns:
        marked = (place for place, row in enumerate(block.rows) if _is_marked(block, row))
        return Lots(frozenset(marked), ())
    places: set[int] = set()
    unnamed: list[int | str] = []
    if "units" in columns and "ticker" in columns:
        for start, run in _runs(block):
            lots = run[: _adding_up(block, block.rows[start], [block.rows[p] for p in run])]
            places.update(lots)
            unnamed += [block.rows[p].line for p in lots if not _is_dated(block, block.rows[p])]
    return Lots(frozenset(places), tuple(unnamed))


def _is_marked(block: Block, row: Row) -> bool:
    return (block.text(row, "lot") or "").lower() == "lot"


def _is_dated(block: Block, row: Row) -> bool:
    cell = block.cell(row, "ticker")
    return isinstance(cell, date) or (isinstance(cell, str) and is_date(cell_text(cell)))


def _may_be_lot(block: Block, row: Row) -> bool:
    """Whether a row has a day in the place of its ticker, or names nothing at all."""
    if block.text(row, "ticker"):
        return _is_dated(block, row)
    return not any(block.text(row, role) for role in _NAMING)


def _runs(block: Block) -> Iterator[tuple[int, list[int]]]:
    """Each named row with the dated and unnamed rows directly below it."""
    start, run = None, []
    for place, row in enumerate(block.rows):
        if _may_be_lot(block, row):
            if any(map(cell_text, row.cells)):
                run.append(place)
            continue
        if start is not None and run:
            yield start, run
        start, run = place, []
    if start is not None and run:
        yield start, run


def _adding_up(block: Block, position: Row, below: Sequence[Row]) -> int:
    """How many of the rows below a position add up to it; 0 where none do.

    Rows without a date must also be worth what the position is: quantities alone may be equal by
    chance.
    """
    units, worth = block.amount(position, "units"), block.worth(position)
    some_units = some_worth = 0.0
    all_dated = True
    for number, row in enumerate(below, start=1):
        some_units += block.amount(row, "units")
        some_worth += block.worth(row)
        all_dated = all_dated and _is_dated(block, row)
        agrees = math.isclose(some_worth, worth, rel_tol=0.01)
        is_known = not (math.isnan(some_worth) or math.isnan(worth))
        can_be = agrees or (all_dated and not is_known)
        if math.isclose(some_units, units, rel_tol=1e-6) and can_be:
            return number
    return 0
