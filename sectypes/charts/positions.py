"""The main chart: what each position loses in its own crash, before and after."""

from __future__ import annotations

import math
from typing import NamedTuple

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.lines import Line2D

from sectypes.charts.compared import Compared
from sectypes.charts.figure import Chart, styled
from sectypes.charts.flags import flagged
from sectypes.charts.panel import (
    SIZE,
    Words,
    before_and_after,
    limit_line,
    loss_axis,
    open_panel,
    sides,
)
from sectypes.charts.texts import fitted, percent, width_of
from sectypes.errors import ConfigError
from sectypes.files import readable
from sectypes.risk.curves import PLACES
from sectypes.risk.lots import security_codes
from sectypes.risk.positions import Flag

__all__ = ["concentration_by_position"]

_MARK = "\u25c6"
_LABEL_INCHES = 1.9
_COLUMNS = [
    *("label", "ticker", "rows", "security_type", "weight"),
    *("loss_before", "loss_after", "misclassified"),
]


class _Row(NamedTuple):
    ticker: str
    name: str
    security_type: str
    weight: float
    loss_before: float
    loss_after: float
    misclassified: bool


def concentration_by_position(compared: Compared, *, most: int = 15) -> Chart:
    """Loss of each position in its own crash, before and after, against the most a book may lose.

    All rows of one ticker are one position, as in the concentration loss. Positions for which a
    provider says another type carry a diamond and bold letters.

    Parameters
    ----------
    compared : Compared
        A comparison.
    most : int
        Positions shown, those with the largest loss, before or after; the note counts the others.

    Returns
    -------
    Chart
        ``data`` has one row a bar pair, from the top: label, ticker, rows (of the holdings),
        security_type, weight, loss_before, loss_after (positive fractions of the net value),
        misclassified.

    Raises
    ------
    ConfigError
        `most` is below 1.

    Examples
    --------
    >>> from sectypes.comparison import compare
    >>> chart = concentration_by_position(compare(pd.DataFrame(
    ...     {"ticker": ["DSU", "AAPL"], "value": [30.0, 70.0],
    ...      "security_type": ["mutual_fund", "equity"]})))
    >>> chart.data[["label", "loss_before", "loss_after"]].round(9).values.tolist()
    [['AAPL', 0.56, 0.56], ['DSU', 0.24, 0.12]]
    """
    if most < 1:
        raise ConfigError(f"most must be at least 1 position (it is {most!r})")
    ranked = _securities(compared.positions())
    data = ranked.head(most).reset_index(drop=True)
    marks = data["misclassified"].tolist()
    labels = [f"{_MARK} {t}" if m else t for t, m in zip(data["label"], marks, strict=True)]
    limit = compared.after.limits.max_loss
    with styled():
        chart, axes = open_panel(
            data,
            _words(compared, ranked, data),
            labels=labels,
            marked=marks,
            key=_key(compared.baseline, any(marks)),
            room_for_limit=True,
        )
        before, after = data["loss_before"].tolist(), data["loss_after"].tolist()
        loss_axis(axes, [*before, *after], limit)
        before_and_after(axes, before, after, _texts(data), limit=limit)
        limit_line(axes, limit, f"max loss {percent(limit)}")
    return chart


def _securities(positions: pd.DataFrame) -> pd.DataFrame:
    """One row a security, the largest loss first; rows of one ticker count together, as in risk."""
    wanted = ["ticker", "name", "security_type", "weight", "loss_before", "loss_after"]
    table = positions.reindex(columns=wanted).assign(
        misclassified=flagged(positions, Flag.PROVIDER_DIFFERS)
    )
    for name in wanted[:3]:
        table[name] = table[name].astype(object).map(readable).map(str.strip)
    rows: dict[int, list[_Row]] = {}
    codes = security_codes(table["ticker"].tolist()).tolist()
    for place, row in enumerate(table.itertuples(index=False)):
        # Without a ticker each row is a security of its own.
        own = codes[place] if codes[place] >= 0 else -1 - place
        rows.setdefault(own, []).append(_Row(*row))
    data = pd.DataFrame([_together(lots) for lots in rows.values()], columns=_COLUMNS)
    ranks = data[["loss_before", "loss_after"]].astype(float).round(PLACES)
    ranks = pd.DataFrame(
        {"largest": ranks.max(axis="columns"), "after": ranks["loss_after"], "label": data["label"]}
    )
    # Equal ones by label, so that the order of the rows does not show.
    by = ["largest", "after", "label"]
    ordered = ranks.sort_values(by, ascending=[False, False, True], kind="stable")
    return data.reindex(ordered.index)


def _together(lots: list[_Row]) -> tuple[object, ...]:
    ticker = min(row.ticker for row in lots)
    text = ticker or min(row.name for row in lots) or "no ticker"
    tail = f" ({len(lots)} rows)" if len(lots) > 1 else ""
    room = _LABEL_INCHES - (width_of(tail, size=SIZE, bold=True) if tail else 0)
    size = math.fsum(abs(row.weight) for row in lots)
    return (
        fitted(text, inches=room, size=SIZE, bold=True) + tail,
        ticker,
        len(lots),
        ", ".join(sorted({row.security_type or "no type" for row in lots})),
        -size if all(row.weight < 0 for row in lots) else size,
        math.fsum(row.loss_before for row in lots),
        math.fsum(row.loss_after for row in lots),
        any(row.misclassified for row in lots),
    )


def _texts(data: pd.DataFrame) -> list[str]:
    texts = []
    for before, after in zip(data["loss_before"], data["loss_after"], strict=True):
        same = percent(before) == percent(after)
        texts.append(percent(after) if same else f"{percent(before)} \u2192 {percent(after)}")
    return texts


def _words(compared: Compared, ranked: pd.DataFrame, shown: pd.DataFrame) -> Words:
    wrong, left_out = int(ranked["misclassified"].sum()), len(ranked) - len(shown)
    limit = percent(compared.after.limits.max_loss)
    parts = [f"{wrong} of {len(ranked)} positions have another type than a provider says."]
    if left_out:
        hidden = wrong - int(shown["misclassified"].sum())
        parts.append(
            f"{left_out} with smaller losses are not shown"
            + (f", {hidden} of them marked." if hidden else ".")
        )
    alt = "There are no positions to show."
    if len(shown):
        top = shown.iloc[0]
        alt = (
            f"Loss of each position in its own crash: the largest is {top['label']} with "
            f"{percent(top['loss_before'])} before and {percent(top['loss_after'])} after, "
            f"against a limit of {limit}; {wrong} of {len(ranked)} positions have another type "
            "than a provider says."
        )
    return Words(
        title="What each position loses in its own crash",
        note=" ".join(parts),
        axis="loss, share of the portfolio's value",
        alt=alt,
    )


def _key(baseline: str, marked: bool) -> list[Artist]:
    mark = Line2D([], [], marker="D", color="black", linestyle="none", markersize=4.5)
    mark.set_label("a provider says another type")
    return [*sides(baseline), *([mark] if marked else [])]
