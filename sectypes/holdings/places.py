"""How far out the cells of a workbook stand, before any library fills the gaps between them."""

from __future__ import annotations

import zipfile
from contextlib import suppress
from typing import NoReturn
from xml.parsers import expat

from sectypes.errors import InputError

__all__ = ["MAX_ROWS", "check_places"]

MAX_ROWS = 2**20
"""As many rows as Excel has."""
_MAX_COLUMNS = 1000
_MAX_CELLS = 20_000_000


def check_places(packed: zipfile.ZipFile, label: str) -> None:
    """Refuse a workbook of a few bytes whose cells stand so far apart that the gaps fill memory.

    Raises
    ------
    InputError
        A row or column is beyond any export of holdings, or rows times columns are.
    """
    cells = 0
    # All parts, because a workbook may call its sheets what it likes; what is no XML is no sheet.
    for part in packed.infolist():
        extent = _Extent(label)
        with packed.open(part) as content, suppress(expat.ExpatError):
            extent.parser.ParseFile(content)
        cells += extent.most_rows * extent.most_columns
        if cells > _MAX_CELLS:
            raise InputError(f"{label} has more than {_MAX_CELLS:,} cells: split it")


class _Extent:
    """The last row and column of a sheet, gathered while it is parsed."""

    def __init__(self, label: str) -> None:
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.most_rows = self.most_columns = 0
        self._label = label
        self._row = self._column = 0

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        kind = name.rpartition(":")[2]
        if kind == "row":
            # Where nothing is said, it is the next one.
            self._row, self._column = int(attributes.get("r", self._row + 1)), 0
            self.most_rows = max(self.most_rows, self._row)
            if self._row > MAX_ROWS:
                self._refuse(f"rows (one is numbered {self._row})", MAX_ROWS)
        elif kind == "c":
            place = attributes.get("r", "")
            letters = place.rstrip("0123456789")
            self._column = _number(letters) if letters else self._column + 1
            self.most_columns = max(self.most_columns, self._column)
            if self._column > _MAX_COLUMNS:
                self._refuse(f"columns (a cell is at {place[:20]})", _MAX_COLUMNS)
            if int(place[len(letters) :] or 0) > MAX_ROWS:
                self._refuse(f"rows (a cell is at {place[:20]})", MAX_ROWS)

    def _refuse(self, what: str, most: int) -> NoReturn:
        raise InputError(f"{self._label} has more than {most:,} {what}: split it")


def _number(letters: str) -> int:
    """The number of a column; of one with more letters than any has, a number beyond all."""
    number = 0
    for letter in letters[:5].upper():
        number = number * 26 + ord(letter) - 64
    return number
