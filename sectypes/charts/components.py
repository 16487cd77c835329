"""The four components: their losses against the limit, and their scores."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator

from sectypes.charts.compared import Compared
from sectypes.charts.figure import Chart, styled
from sectypes.charts.panel import Words, before_and_after, limit_line, loss_axis, open_panel, sides
from sectypes.charts.texts import fitted, listed, percent

__all__ = ["component_losses", "component_scores"]

_PARTS = ("factor", "concentration", "volatility", "sector")
_REASON_INCHES = 5.2
_BAND: dict[str, Any] = {"color": "black", "linewidth": 1.3}
_Shown: TypeAlias = Callable[[float], str]


def component_losses(compared: Compared) -> Chart:
    """The four component losses before and after, against the most a book may lose.

    A missing component draws no bar; its row says why it is missing. A thin line across the end of
    a bar reaches from the loss if every guess were its safest plausible type to that of its
    riskiest; only the concentration loss has one, because only that hangs on types.

    Returns
    -------
    Chart
        ``data`` has one row a component: loss_before, loss_after (positive fractions, NaN where
        missing), max_loss, loss_low and loss_high (the band; NaN where unknown), reason.

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
    for place, end in enumerate(("loss_low", "loss_high"), start=3):
        data.insert(place, end, compared.table()[end])
    has_band = bool((data["loss_high"] > data["loss_low"]).any())
    over = [str(name) for name in data.index[data["loss_after"] > limit]]
    words = Words(
        title="Component losses against the limit",
        note=f"Over the limit with the true types: {listed(over) or 'none'}."
        + (f" {_banded(data)}" if has_band else ""),
        axis="loss, share of the portfolio's value",
        alt=f"Component losses against a limit of {percent(limit)}: {_told(data, percent)}."
        + (f" {_banded(data)}" if has_band else ""),
    )
    with styled():
        chart, axes = open_panel(
            data,
            words,
            labels=list(_PARTS),
            row=0.42,
            key=[*sides(compared.baseline), *(_band_key() if has_band else ())],
            room_for_limit=True,
        )
        before, after = data["loss_before"].tolist(), data["loss_after"].tolist()
        loss_axis(axes, [*before, *after, *data["loss_high"]], limit)
        reach = data["loss_high"].where(data["loss_high"] > data["loss_low"])
        texts = _row_texts(data, percent)
        before_and_after(axes, before, after, texts, limit=limit, reach=reach.tolist())
        if has_band:
            _draw_band(axes, data)
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


def _draw_band(axes: Axes, data: pd.DataFrame) -> None:
    """A line from low to high over the bar of after, with a stop at each end."""
    for row, (low, high) in enumerate(zip(data["loss_low"], data["loss_high"], strict=True)):
        if high > low:
            axes.plot([low, high], [row + 0.19] * 2, marker="|", markersize=7, **_BAND)


def _band_key() -> list[Artist]:
    return [Line2D([], [], marker="|", markersize=7, label="if guesses are wrong", **_BAND)]


def _banded(data: pd.DataFrame) -> str:
    """The band in words."""
    moved = data[data["loss_high"] > data["loss_low"]]
    told = [
        f"{name} {percent(row.loss_low)} to {percent(row.loss_high)}"
        for name, row in moved.iterrows()
    ]
    return f"If every guess were its safest or its riskiest plausible type: {listed(told)}."


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
