"""The report as one HTML page that needs nothing but itself."""

from __future__ import annotations

import base64
import hashlib
import html
from pathlib import Path
from typing import TYPE_CHECKING

from sectypes.files import readable, write_whole
from sectypes.report import content
from sectypes.report.assets import SCRIPT, STYLE
from sectypes.report.content import Table, shown, sort_key

if TYPE_CHECKING:
    from sectypes.charts import Chart
    from sectypes.charts.compared import Compared, Rescore

__all__ = ["to_html"]


def to_html(
    compared: Compared, path: str | Path | None = None, *, rescore: Rescore | None = None
) -> str:
    """The comparison as one page: charts inside, tables that sort, nothing from a network.

    Parameters
    ----------
    compared : Compared
        A comparison.
    path : str | Path | None
        Also write it there, whole or not at all.
    rescore : callable CrashScenarios -> RiskScore, or None
        For the sensitivity chart; see `sectypes.charts.sensitivity`.

    Returns
    -------
    str
        The page; the same for the same comparison. Texts from outside are escaped and cannot
        change the direction of what stands beside them.

    Raises
    ------
    InputError
        The file cannot be written.

    Examples
    --------
    >>> import pandas as pd
    >>> from sectypes.comparison import compare
    >>> book = pd.DataFrame({"ticker": ["<b>"], "value": [1.0], "security_type": ["etf"]})
    >>> page = to_html(compare(book))
    >>> "<b>" in page, "<bdi>&lt;b&gt;</bdi>" in page
    (False, True)
    """
    sections = _sections(compared, rescore)
    links = "".join(f'<li><a href="#{_anchor(t)}">{_text(t)}</a></li>' for t in sections)
    blocks = "".join(
        f'<section aria-labelledby="{_anchor(title)}"><h2 id="{_anchor(title)}">{_text(title)}</h2>'
        f"{body}</section>\n"
        for title, body in sections.items()
    )
    page = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_policy()}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_text(content.TITLE)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"<header><h1>{_text(content.TITLE)}</h1>\n"
        f'<p class="headline">{_text(content.headline(compared))}</p>\n'
        f'<nav aria-label="Contents"><ul>{links}</ul></nav></header>\n'
        f"<main>\n{blocks}</main>\n<script>{SCRIPT}</script>\n</body>\n</html>\n"
    )
    if path is not None:
        write_whole(path, page.encode("utf-8"))
    return page


def _sections(compared: Compared, rescore: Rescore | None) -> dict[str, str]:
    """The body of each section by its title, in reading order."""
    from sectypes import charts

    notes = "".join(f"<li>{_text(note)}</li>" for note in content.warnings_of(compared))
    return {
        "Warnings": f"<ul>{notes}</ul>" if notes else "<p>None.</p>",
        "Losses by position": _figure(
            "losses by position", charts.concentration_by_position(compared)
        ),
        "Components": (
            _table(content.components(compared))
            + _figure("component losses", charts.component_losses(compared))
            + _figure("component scores", charts.component_scores(compared))
        ),
        "Positions": _table(content.positions(compared)),
        "What the book rests on": (
            _table(content.coverage(compared))
            + _table(content.band(compared))
            + _figure("weight by type", charts.weight_by_type(compared))
            + _figure("weight by origin", charts.weight_by_origin(compared))
        ),
        "Sensitivity": _figure("sensitivity", charts.sensitivity(compared, rescore=rescore)),
        "Settings": _table(content.settings(compared)),
        "Scenario": _table(content.scenario(compared)),
        "Limits": _table(content.limits(compared)),
    }


def _figure(name: str, chart: Chart) -> str:
    """A chart as a picture with its words, and its numbers to unfold."""
    from sectypes.charts import SHOWN_WIDTH

    content_type = "data:image/png;base64,"
    picture = content_type + base64.b64encode(chart.to_png()).decode("ascii")
    high = round(SHOWN_WIDTH * float(chart.get_figheight()) / float(chart.get_figwidth()))
    frame = chart.data if chart.data.index.name is None else chart.data.reset_index()
    numbers = Table("Numbers", f"Numbers of the chart: {name}.", frame)
    return (
        f'<figure><img src="{picture}" alt="{_attribute(chart.alt)}" width="{SHOWN_WIDTH}" '
        f'height="{high}"></figure>'
        f"<details><summary>Numbers of the chart: {name}</summary>{_table(numbers)}</details>"
    )


def _table(table: Table) -> str:
    """A table that scrolls by itself where it is wide, and sorts by each column."""
    frame = table.frame
    if frame.empty:
        return "<p>There is nothing to show.</p>"
    names = [str(name) for name in frame]
    numeric = [column.dtype.kind in "iuf" for _, column in frame.items()]
    head = "".join(
        f'<th scope="col" aria-sort="none"{_class(right)}>'
        f'<button type="button">{_text(name.replace("_", " "))}</button></th>'
        for name, right in zip(names, numeric, strict=True)
    )
    body = "".join(
        f"<tr>{''.join(map(_cell, names, row, numeric, _tags(names)))}</tr>\n"
        for row in frame.itertuples(index=False, name=None)
    )
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{_attribute(table.caption)}">'
        f"<table><caption>{_text(table.caption)}</caption><thead><tr>{head}</tr></thead>\n"
        f"<tbody>{body}</tbody></table></div>"
    )


def _tags(names: list[str]) -> list[str]:
    """The first cell of a row names it."""
    return ["th", *["td"] * (len(names) - 1)]


def _cell(name: str, value: object, right: bool, tag: str) -> str:
    key = sort_key(value)
    by = f' data-value="{key}"' if key is not None else ""
    text = _text(shown(name, value))
    if tag == "th" and text:
        return f'<th scope="row"{_class(right)}{by}>{text}</th>'
    return f"<td{_class(right)}{by}>{text}</td>"


def _class(right: bool) -> str:
    return ' class="number"' if right else ""


def _anchor(title: str) -> str:
    return title.lower().replace(" ", "-")


def _text(text: str) -> str:
    """Text of anybody as HTML text that keeps its own direction of writing to itself."""
    return f"<bdi>{html.escape(readable(text))}</bdi>" if text else ""


def _attribute(text: str) -> str:
    return html.escape(readable(text), quote=True)


def _policy() -> str:
    """Nothing may be loaded, and only the script and the style of this page may run."""
    script, style = (
        base64.b64encode(hashlib.sha256(part.encode("utf-8")).digest()).decode("ascii")
        for part in (SCRIPT, STYLE)
    )
    return (
        f"default-src 'none'; img-src data:; script-src 'sha256-{script}'; "
        f"style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'"
    )
