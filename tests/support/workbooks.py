"""Excel files for tests."""

from __future__ import annotations

import io
from typing import Any

import openpyxl


def workbook_of(**sheets: list[list[Any]]) -> bytes:
    """A workbook with these sheets, each a list of rows."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, cells in sheets.items():
        sheet = book.create_sheet(name)
        for row in cells:
            sheet.append(row)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()
