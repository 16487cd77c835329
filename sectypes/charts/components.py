"""The four components: their losses against the limit, and their scores."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

import pandas as pd
from matplotlib.ticker import FixedLocator

from sectypes.charts.compared import Compared
from sectypes.charts.figure import Chart, styled
from sectypes.charts.panel import Words, before_and_after, limit_line, loss_axis, open_panel, sides
from sectypes.charts.texts import fitted, listed, percent

__all__ = ["component_losses", "component_scores"]

_PARTS = ("factor", "concentration", "volatility", "sector")
_REASON_INCHES = 5.2
_Shown: TypeAlias = Callable[[float], str]


def component_losses(compared: Compared) -> Chart:
    """The four component losses before and after, against the most a book may lose.

    A missing component draws no bar; its row says why it is missing.

    Returns
    -------
    Chart
        ``data`` has one row a component: loss_before, loss_after (positive fractions, NaN where
        missing), max_loss, reason.

    Examples
    --------
    >>> from sectypes.comparison import compare
    >>> chart = component_losses(compare(pd.DataFrame(
    ...     {"ticker": ["DSU"], "value": [30.0], "security_type": ["mutual_fund"]})))
    >>> chart.data.loc["volatility", "reason"]
    'no volatility is given'
    """
    limit = compared.after.limits.max_loss
    data = _part(compared, "loss", _PARTS)
    data.insert(2, "max_loss", limit)
    over = [str(name) for name in data.index[data["loss_after"] > limit]]
    words = Words(
        title="Component losses against the limit",
        note=f"Over the limit with the true types: {listed(over) or 'none'}.",
        axis="loss, share of the portfolio's value",
        alt=f"Component losses against a limit of {percent(limit)}: {_told(data, percent)}.",
    )
    with styled():
        chart, axes = open_panel(
            data,
            words,
            labels=list(_PARTS),
            row=0.42,
            key=sides(compared.baseline),
            room_for_limit=True,
        )
        before, after = data["loss_before"].tolist(), data["loss_after"].tolist()
        loss_axis(axes, [*before, *after], limit)
        before_and_after(axes, before, after, _row_texts(data, percent), limit=limit)
        limit_line(axes, limit, f"max loss {percent(limit)}")
    return chart


def component_scores(compared: Compared) -> Chart:
    """The four component scores and the overall score, before and after.

    Returns
    -------
    Chart
        ``data`` has one row a component and one for the overall score: score_before, score_after
        (0 to 100, NaN where missing), reason.

    Examples
    --------
    >>> from sectypes.comparison import compare
    >>> chart = component_scores(compare(pd.DataFrame(
    ...     {"ticker": ["DSU"], "value": [30.0], "security_type": ["mutual_fund"]})))
    >>> chart.data.loc["concentration", ["score_before", "score_after"]].tolist()
    [0.0, 40.0]
    """
    rows = (*_PARTS, "overall")
    data = _part(compared, "score", rows)
    before, after = compared.before.category, compared.after.category
    words = Words(
        title="Scores of the components and of the whole",
        note=(
            f"Overall: {before or 'missing'} before, {after or 'missing'} after. "
            "100 is best; a loss at its limit scores 75."
        ),
        axis="score",
        alt=f"Scores from 0 to 100: {_told(data, _points)}.",
    )
    with styled():
        chart, axes = open_panel(
            data,
            words,
            labels=list(rows),
            marked=[name == "overall" for name in rows],
            row=0.42,
            key=sides(compared.baseline),
        )
        axes.set_xlim(0, 128)
        axes.xaxis.set_major_locator(FixedLocator([0, 25, 50, 75, 100]))
        scores = data["score_before"].tolist(), data["score_after"].tolist()
        before_and_after(axes, *scores, _row_texts(data, _points))
        axes.axhline(len(_PARTS) - 0.5, color="#999999", linewidth=0.8)
    return chart


def _part(compared: Compared, what: str, rows: tuple[str, ...]) -> pd.DataFrame:
    columns = [f"{what}_before", f"{what}_after", "reason"]
    return compared.table().loc[list(rows), columns]


def _points(score: float) -> str:
    return f"{score:.1f}"


def _row_texts(data: pd.DataFrame, shown: _Shown) -> list[str]:
    texts = []
    without = [str(name) for name in data.index[data.iloc[:, 1].isna()] if name != "overall"]
    for name, before, after, reason in data.iloc[:, [0, 1, -1]].itertuples():
        if math.isnan(before) and math.isnan(after):
            why = f"without {listed(without)}" if name == "overall" else reason
            texts.append(fitted(f"missing: {why}", inches=_REASON_INCHES, size=7.5))
        elif _word(before, shown) == _word(after, shown):
            texts.append(shown(after))
        else:
            texts.append(f"{_word(before, shown)} \u2192 {_word(after, shown)}")
    return texts


def _word(value: float, shown: _Shown) -> str:
    return "missing" if math.isnan(value) else shown(value)


def _told(data: pd.DataFrame, shown: _Shown) -> str:
    return listed(
        [
            f"{name} is missing"
            if math.isnan(before) and math.isnan(after)
            else f"{name} {_word(before, shown)} before and {_word(after, shown)} after"
            for name, before, after in data.iloc[:, :2].itertuples()
        ]
    )
