"""Numbers and answers as HTML for people. Every text from outside is escaped here."""

from __future__ import annotations

import base64
import html
import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias
from urllib.parse import quote

import pandas as pd

from sectypes.charts import Compared
from sectypes.files import readable
from sectypes.risk.result import RiskScore

__all__ = [
    "bullets",
    "data_table",
    "download",
    "escaped",
    "paragraph",
    "picture",
    "plain",
    "score_line",
    "score_table",
    "table",
]

Number: TypeAlias = float | None

_CUT = 40
# In the tags themselves, because a saved page and a panel share no style sheet.
_TABLE = "border-collapse:collapse;max-width:700px;margin:0.6em 0;overflow-wrap:anywhere"
_CELL = "text-align:left;padding:1px 8px;vertical-align:top"
_NUMBER = re.compile(r"-?\d+(\.\d+)?%?|missing")


def escaped(text: object) -> str:
    """A text that says in HTML what it says: no tag, no attribute, no entity of its own."""
    return html.escape(readable(text))


def plain(text: object, most: int = _CUT) -> str:
    r"""A text on one line, cut to `most` characters, that cannot turn around what is beside it.

    Examples
    --------
    >>> plain("Gold\u202e\nFund"), plain("a" * 60, 5)
    ('Gold Fund', 'aaaa…')
    """
    # Marks that steer the direction of writing (Cf) would reach beyond the text itself.
    seen = "".join(letter for letter in readable(text) if unicodedata.category(letter) != "Cf")
    line = " ".join(seen.split())
    return line if len(line) <= most else line[: most - 1] + "…"


def paragraph(text: object, *, role: str = "") -> str:
    """One paragraph; `role` tells a screen reader to read it out when it changes."""
    return f'<p role="{role}">{escaped(text)}</p>' if role else f"<p>{escaped(text)}</p>"


def bullets(title: str, lines: Iterable[object]) -> str:
    """A list with its title; nothing where there is no line."""
    items = "".join(f"<li>{escaped(line)}</li>" for line in lines)
    return f"<p><b>{escaped(title)}</b></p><ul>{items}</ul>" if items else ""


def table(caption: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table whose first column names the rows."""
    head = "".join(f'<th scope="col" style="{_CELL}">{escaped(name)}</th>' for name in columns)
    body = "".join(
        f'<tr><th scope="row" style="{_CELL}">{escaped(first)}</th>'
        + "".join(f'<td style="{_cell_style(cell)}">{escaped(cell)}</td>' for cell in rest)
        + "</tr>"
        for first, *rest in rows
    )
    return (
        f'<table style="{_TABLE}"><caption style="text-align:left;font-weight:bold">'
        f"{escaped(caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def data_table(caption: str, data: pd.DataFrame) -> str:
    """The numbers of a chart: fractions as percent, yes and no as words."""
    columns = [str(name).replace("_", " ") for name in data.columns]
    return table(caption, columns, ([_cell(value) for value in row] for row in data.to_numpy()))


def score_line(compared: Compared) -> str:
    """The overall score in one sentence, and what is known where it is missing."""
    before, after = compared.before, compared.after
    told = f"Overall score {_told(after)}; {_told(before)} with the {compared.baseline} types."
    parts = [before.concentration.score, after.concentration.score]
    told += " Concentration score {1}; {0} before.".format(*map(_score, parts))
    return told + (f" The overall score is missing: {after.reason}." if after.reason else "")


def score_table(compared: Compared) -> str:
    """Losses and scores of the components, the overall score, and the losses beside them."""
    before, after = compared.before, compared.after
    rows = [
        _row(name, (old.loss, new.loss), (old.score, new.score), new.reason)
        for (name, old), new in zip(
            before.components.items(), after.components.values(), strict=True
        )
    ]
    rows += [
        _row("overall", (None, None), (before.overall, after.overall), after.category or ""),
        _row(
            "worst position",
            (before.worst_position.loss, after.worst_position.loss),
            (None, None),
            plain(after.worst_position.ticker),
        ),
        _row("whole book", (before.whole_book_loss, after.whole_book_loss), (None, None), ""),
    ]
    columns = ["component", "loss before", "loss after", "score before", "score after", "note"]
    limit = _percent(after.limits.max_loss)
    return table(f"Losses against a limit of {limit}, and scores from 0 to 100", columns, rows)


def download(text: str, name: str) -> str:
    """A link that saves `text` under `name`, with no server behind it."""
    target = f"data:application/yaml;charset=utf-8,{quote(text)}"
    return f'<a download="{escaped(name)}" href="{target}">Download {escaped(name)}</a>'


def picture(png: bytes, alt: str) -> str:
    """A picture that carries its own bytes and its sentence."""
    code = base64.b64encode(png).decode("ascii")
    return f'<img alt="{escaped(alt)}" width="700" src="data:image/png;base64,{code}">'


def _row(
    name: str, losses: tuple[Number, Number], scores: tuple[Number, Number], note: str
) -> list[str]:
    return [name, *map(_percent, losses), *map(_score, scores), note]


def _cell_style(cell: object) -> str:
    return _CELL.replace("left", "right") if _NUMBER.fullmatch(str(cell)) else _CELL


def _told(score: RiskScore) -> str:
    return f"{_score(score.overall)} ({score.category})" if score.category else "missing"


def _percent(value: Number) -> str:
    """A fraction as percent; None has no such number, NaN misses it."""
    if value is None:
        return ""
    return "missing" if math.isnan(value) else f"{value:.1%}"


def _score(value: Number) -> str:
    if value is None:
        return ""
    return "missing" if math.isnan(value) else f"{value:.1f}"


def _cell(value: Any) -> str:
    if value is None:  # in a column of objects, where others have NaN
        return "missing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return _percent(value)
    return plain(value)
