"""The report as an Excel file in which every text is a text."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from sectypes.errors import InputError
from sectypes.files import readable, write_whole
from sectypes.report import content

if TYPE_CHECKING:
    from sectypes.charts.compared import Compared

__all__ = ["to_excel"]

_FORMATS = {
    "score": "0.0",
    "rate": "0.0%",
    "loss": "0.0%",
    "weight": "0.0%",
    "share": "0.0%",
    "effect": "0.0%",
}
_WIDEST = 40


def to_excel(compared: Compared, path: str | Path) -> Path:
    """Write the comparison as an Excel file: the numbers and what they rest on, a sheet each.

    Numbers stay numbers. A text that begins like a formula is written as text with Excel's own
    mark for that (the leading apostrophe that a cell does not show), so its value is unchanged
    and nothing is ever evaluated. Times become UTC without a zone, which Excel does not know.

    Parameters
    ----------
    compared : Compared
        A comparison.
    path : str | Path
        The file, ending in ``.xlsx``; replaced where it exists, whole or not at all.

    Returns
    -------
    Path
        Where it was written.

    Raises
    ------
    InputError
        The file cannot be written, or its name has another ending.

    Examples
    --------
    >>> import tempfile
    >>> from sectypes.comparison import compare
    >>> book = pd.DataFrame({"ticker": ["=1+1"], "value": [1.0], "security_type": ["etf"]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = to_excel(compare(book), Path(folder) / "risk.xlsx")
    ...     pd.read_excel(file, sheet_name="positions")["ticker"].tolist()
    ['=1+1']
    """
    if Path(path).suffix.lower() != ".xlsx":
        raise InputError(f"cannot write {path}: the name of an Excel file must end in .xlsx")
    buffer = io.BytesIO()
    with pd.ExcelWriter(buffer, engine="openpyxl") as writer:
        for name, frame in _sheets(compared).items():
            _writable(frame).to_excel(writer, sheet_name=name, index=False, freeze_panes=(1, 0))
            _dress(writer.sheets[name])
    return write_whole(path, buffer.getvalue())


def _sheets(compared: Compared) -> dict[str, pd.DataFrame]:
    settings = content.settings(compared).frame.set_axis(["what", "value"], axis="columns")
    texts = [("result", content.headline(compared))]
    texts += [("warning", text) for text in content.warnings_of(compared)]
    summary = pd.DataFrame(texts, columns=["what", "value"], dtype=object)
    return {
        "summary": pd.concat([summary, settings], ignore_index=True),
        "components": content.components(compared).frame,
        "positions": content.positions(compared).frame,
        "coverage": content.coverage(compared).frame,
        "band": content.band(compared).frame,
        "scenario": content.scenario(compared).frame,
    }


def _writable(frame: pd.DataFrame) -> pd.DataFrame:
    """Zones gone, and no character that the file format cannot hold."""
    columns: dict[str, Any] = {}
    for name, column in frame.items():
        if isinstance(column.dtype, pd.DatetimeTZDtype):
            columns[f"{name} (UTC)"] = column.dt.tz_convert("UTC").dt.tz_localize(None)
        elif column.dtype.kind in "iufbM":
            columns[str(name)] = column
        else:
            columns[str(name)] = column.astype(object).map(_text)
    return pd.DataFrame(columns)


def _text(value: Any) -> Any:
    if isinstance(value, pd.Timestamp):
        return content.shown("", value)
    return readable(value) if isinstance(value, str) else value


def _dress(sheet: Any) -> None:
    """Texts as texts, percent as percent, columns as wide as what they hold."""
    for column in sheet.columns:
        kind = re.match("[a-z]+", str(column[0].value))
        form = _FORMATS.get(kind[0]) if kind else None
        for cell in column:
            if isinstance(cell.value, str):
                # The library takes a text that begins with "=" for a formula.
                cell.data_type = "s"
                cell.quotePrefix = cell.value.startswith(("=", "+", "-", "@", "\t", "\r"))
            elif form:
                cell.number_format = form
        widest = max(len(str(cell.value or "")) for cell in column[:200])
        sheet.column_dimensions[column[0].column_letter].width = min(widest + 2, _WIDEST)
