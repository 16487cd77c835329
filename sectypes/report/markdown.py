"""The report as Markdown: plain tables that nothing in a name can break out of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sectypes.files import readable
from sectypes.report import content
from sectypes.report.content import Table, shown

if TYPE_CHECKING:
    from sectypes.charts.compared import Compared

__all__ = ["to_markdown"]

_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def to_markdown(compared: Compared) -> str:
    r"""The comparison as Markdown: headline, warnings and tables.

    Parameters
    ----------
    compared : Compared
        A comparison.

    Returns
    -------
    str
        Texts from outside are escaped: they are neither markup, formula nor HTML.

    Examples
    --------
    >>> import pandas as pd
    >>> from sectypes.comparison import compare
    >>> book = pd.DataFrame({"ticker": ["A|B"], "value": [1.0], "security_type": ["etf"]})
    >>> "| A\\|B | etf |" in to_markdown(compare(book))
    True
    """
    tables = [
        content.components(compared),
        content.positions(compared),
        content.coverage(compared),
        content.band(compared),
        content.settings(compared),
        content.scenario(compared),
        content.limits(compared),
    ]
    warned = "".join(f"- {_escaped(text)}\n" for text in content.warnings_of(compared))
    parts = [
        f"# {content.TITLE}\n\n**{_escaped(content.headline(compared))}**\n",
        f"## Warnings\n\n{warned}" if warned else "",
        *(_section(table) for table in tables if len(table.frame)),
    ]
    return "\n".join(filter(None, parts))


_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Marks that turn the direction of writing, of all that stands behind them on the line."""


def _section(table: Table) -> str:
    frame = table.frame
    names = [str(name) for name in frame]
    head = [_escaped(name.replace("_", " ")) for name in names]
    rule = ["---:" if column.dtype.kind in "iuf" else "---" for _, column in frame.items()]
    rows = [
        [_escaped(shown(name, value)) for name, value in zip(names, row, strict=True)]
        for row in frame.itertuples(index=False, name=None)
    ]
    lines = "".join(f"| {' | '.join(cells)} |\n" for cells in (head, rule, *rows))
    return f"## {table.title}\n\n{_escaped(table.caption)}\n\n{lines}"


def _escaped(text: str) -> str:
    """`text` as one line of Markdown text."""
    one_line = " ".join(_TURNING.sub("", readable(text)).split())
    plain = re.sub(r"[&<>]", lambda found: _HTML[found[0]], one_line)
    return re.sub(r"([\\`*_{}\[\]|~$#!])", r"\\\1", plain)
