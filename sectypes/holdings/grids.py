"""CSV, TSV, Excel and frames as one thing: rows of cells with the line that each stands on."""

from __future__ import annotations

import csv
import html
import io
import itertools
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd

from sectypes.errors import Failure, InputError
from sectypes.holdings.amounts import format_sign
from sectypes.holdings.cells import Row
from sectypes.holdings.headers import match_header
from sectypes.holdings.inputs import Raw
from sectypes.holdings.places import MAX_ROWS, check_places

__all__ = ["Lines", "frame_rows", "is_workbook", "text_rows", "workbook_tables"]

_DELIMITERS = (",", ";", "\t", "|")
_SAMPLE_LINES, _SAMPLE_LENGTH = 200, 2**18
_MAX_UNPACKED = 500 * 2**20
_STYLES = "xl/styles.xml"
_FORMAT_CODE = re.compile(r"formatCode=[\"']([^\"']*)")
# The numbers of the formats of currencies that every workbook has without writing them down.
_USUAL_CURRENCY = re.compile(r"numFmtId=[\"'](?:5|6|7|8|42|44)[\"']")
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"


class Lines(list[Row]):
    """The rows of a delimited text; `delimiter` is what stands between their fields."""

    def __init__(self, rows: Iterable[Row], delimiter: str) -> None:
        super().__init__(rows)
        self.delimiter = delimiter


def text_rows(text: str, *, label: str, ticker_column: str | None = None) -> Lines:
    r"""Split delimited text; the delimiter is the one that makes the best header.

    Raises
    ------
    InputError
        With the line, for quotes that do not close, fields or rows beyond any export.

    Examples
    --------
    >>> text_rows("Symbol;Qty\nNA;5", label="x.csv")
    [Row(line=1, cells=['Symbol', 'Qty']), Row(line=2, cells=['NA', '5'])]
    """
    first, _, rest = text.partition("\n")
    skipped = 0
    if first.strip().lower().startswith("sep=") and len(first.strip()) == 5:
        delimiter, text, skipped = first.strip()[4], rest, 1
    else:
        delimiter = _delimiter(text, ticker_column)
    return Lines(_split(text, delimiter, label, skipped), delimiter)


def _delimiter(text: str, ticker_column: str | None) -> str:
    """The delimiter under which a line names most columns, else under which one has most fields."""
    lines = text[:_SAMPLE_LENGTH].splitlines(keepends=True)[:_SAMPLE_LINES]
    return max(_DELIMITERS, key=lambda one: _most_named(lines, one, ticker_column))


def _most_named(lines: list[str], delimiter: str, ticker_column: str | None) -> tuple[int, int]:
    """The largest numbers of known columns and of fields; 0 where lines cannot be split so."""
    try:
        rows = list(csv.reader(lines, delimiter=delimiter))
    except csv.Error:
        return 0, 0
    headers = (match_header(cells, ticker_column=ticker_column) for cells in rows)
    named = max((len(header.columns) for header in headers if header is not None), default=0)
    return named, 0 if named else max(map(len, rows), default=0)


def _split(text: str, delimiter: str, label: str, skipped: int) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = skipped + 1
    try:
        for cells in reader:
            if line > MAX_ROWS:
                raise InputError(f"{label} has more than {MAX_ROWS:,} rows: split it")
            yield Row(line, cells)
            line = skipped + reader.line_num + 1
    except csv.Error as error:
        raise InputError(
            f"{label} is not readable as a table",
            [Failure(line, None, None, f"{error}: check the quotes of the row that starts here")],
        ) from error


def is_workbook(raw: Raw) -> bool:
    """Whether the bytes are an Excel file, of the current or the old format."""
    return raw.data.startswith((b"PK\x03\x04", _OLD_EXCEL))


def workbook_tables(raw: Raw) -> list[list[Row]]:
    """All cells of a workbook, a table a sheet, as Excel keeps them (text, number, date).

    A number that Excel shows with a currency is a text with it, as in a CSV file.

    Rows are numbered as Excel does; with several sheets the sheet's name stands before the number.

    Raises
    ------
    InputError
        For a file that is damaged, packed beyond reason, or in the format before 2007.
    """
    if raw.data.startswith(_OLD_EXCEL):
        raise InputError(f"{raw.label} is an Excel file of before 2007; save it as .xlsx or CSV")
    try:
        with zipfile.ZipFile(io.BytesIO(raw.data)) as packed:
            unpacked = sum(part.file_size for part in packed.infolist())
            if unpacked > _MAX_UNPACKED:
                raise InputError(f"{raw.label} unpacks to more than {_MAX_UNPACKED // 2**20} MB")
            check_places(packed, raw.label)
        sheets = _sheets(raw.data)
    except InputError:
        raise
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError) as error:
        raise InputError(f"{raw.label} is damaged: {error}") from error
    except (KeyError, ValueError, TypeError, SyntaxError, AttributeError, IndexError) as error:
        raise InputError(f"{raw.label} is not an Excel workbook: {error}") from error
    return [
        [
            Row(f"{name}!{number}" if len(sheets) > 1 else number, cells)
            for number, cells in enumerate(sheet.itertuples(index=False, name=None), start=1)
        ]
        for name, sheet in sheets.items()
    ]


def _sheets(data: bytes) -> dict[str, pd.DataFrame]:
    """All sheets, with the currency that a number's format shows before it, as a text shows it."""
    with warnings.catch_warnings():
        # About missing styles and the like, which exports of brokers often lack: not about cells.
        warnings.filterwarnings("ignore", module="openpyxl")
        with pd.ExcelFile(io.BytesIO(data), engine="openpyxl") as file:
            sheets: dict[str, pd.DataFrame] = pd.read_excel(
                file,
                sheet_name=None,
                header=None,
                dtype=object,
                keep_default_na=False,
                na_filter=False,
            )
            if _shows_currencies(data):
                for name, sheet in sheets.items():
                    _put_signs(sheet, file.book[name])
    return sheets


def _shows_currencies(data: bytes) -> bool:
    """Whether any format of a workbook shows a currency: then its cells are worth a second look."""
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        if _STYLES not in packed.namelist():
            return False
        styles = packed.read(_STYLES).decode("utf-8", "replace")
    shown = map(html.unescape, _FORMAT_CODE.findall(styles))
    return any(map(format_sign, shown)) or _USUAL_CURRENCY.search(styles) is not None


def _put_signs(frame: pd.DataFrame, sheet: Any) -> None:
    """Write numbers as texts such as ``£5.0`` where the format of their cells shows a currency."""
    sheet.reset_dimensions()
    signs: dict[str, str] = {}
    signed: dict[int, dict[int, str]] = {}
    for row, cells in enumerate(itertools.islice(sheet.rows, len(frame))):
        for column, cell in enumerate(cells[: frame.shape[1]]):
            shown = cell.number_format
            if shown == "General" or not isinstance(cell.value, int | float):
                continue
            if shown not in signs:
                signs[shown] = format_sign(shown)
            if signs[shown] and not isinstance(cell.value, bool):
                signed.setdefault(column, {})[row] = f"{signs[shown]}{cell.value!r}"
    for column, texts in signed.items():
        values = frame.iloc[:, column].tolist()
        for row, text in texts.items():
            values[row] = text
        frame.isetitem(column, pd.Series(values, dtype=object).to_numpy())


def frame_rows(frame: pd.DataFrame) -> list[Row]:
    """A frame's column names and rows, numbered by position from 0."""
    columns = [frame.iloc[:, place].astype(object) for place in range(frame.shape[1])]
    cells = [column.where(column.notna(), None).tolist() for column in columns]
    names = Row("header", [str(name) for name in frame.columns])
    return [names, *(Row(number, row) for number, row in enumerate(zip(*cells, strict=True)))]
