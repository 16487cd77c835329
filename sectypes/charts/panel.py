"""One layout for all bar charts: title, notes, key, and rows of bars with a label each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from sectypes.charts.figure import WIDTH, Chart
from sectypes.charts.texts import width_of, wrapped

__all__ = [
    "AFTER",
    "BEFORE",
    "QUIET",
    "SIZE",
    "Words",
    "before_and_after",
    "bottom_label",
    "end_text",
    "limit_line",
    "loss_axis",
    "open_panel",
    "open_sheet",
    "percent_ticks",
    "sides",
]

# From the palette of Okabe and Ito (https://jfly.uni-koeln.de/color/): told apart by everybody,
# and orange stays much lighter than blue in black and white.
BEFORE, AFTER = "#E69F00", "#0072B2"
QUIET = "#555555"
SIZE = 8.0
"""Points of the texts of a chart."""

# How far an axis reaches beyond the longest bar, so that the text behind it fits.
_TEXT_ROOM = 1.32
_GAP_INCHES = 0.06
_EDGE, _TITLE, _LINE, _KEY, _LIMIT, _FOOT = 0.12, 0.29, 0.17, 0.27, 0.2, 0.52


@dataclass(frozen=True, slots=True)
class Words:
    """What is written around a chart.

    Attributes
    ----------
    title : str
        Above everything.
    note : str
        One or two sentences below it; wrapped.
    axis : str
        Below the horizontal axis.
    alt : str
        For those who do not see the picture.
    """

    title: str
    note: str
    axis: str
    alt: str


def open_sheet(
    data: pd.DataFrame,
    words: Words,
    *,
    body: float,
    left: float,
    foot: float = _FOOT,
    key: Sequence[Artist] = (),
    room_for_limit: bool = False,
) -> tuple[Chart, Axes]:
    """A chart with its texts in place and empty axes, `body` inches high, `left` inches in."""
    lines = wrapped(words.note, inches=WIDTH - 2 * _EDGE, size=SIZE)
    key_top = _EDGE + _TITLE + _LINE * len(lines)
    top = key_top + (_KEY if key else 0.06) + (_LIMIT if room_for_limit else 0.0)
    height = top + body + foot
    chart = Chart(data=data, alt=words.alt, height=height)
    edge = _EDGE / WIDTH
    chart.text(edge, 1 - _EDGE / height, words.title, size=11, weight="bold", va="top")
    note = "\n".join(lines)
    chart.text(
        edge, 1 - (_EDGE + _TITLE) / height, note, size=SIZE, color=QUIET, va="top", linespacing=1.3
    )
    if key:
        chart.legend(
            handles=list(key),
            loc="upper left",
            bbox_to_anchor=(edge, 1 - key_top / height),
            ncols=len(key),
            frameon=False,
            borderaxespad=0,
            borderpad=0.3,
            handlelength=1.6,
            columnspacing=1.8,
            fontsize=SIZE,
        )
    inner = (left / WIDTH, foot / height, (WIDTH - left - 2 * _EDGE) / WIDTH, body / height)
    return chart, chart.add_axes(inner)


def open_panel(
    data: pd.DataFrame,
    words: Words,
    *,
    labels: Sequence[str],
    marked: Sequence[bool] = (),
    row: float = 0.36,
    key: Sequence[Artist] = (),
    room_for_limit: bool = False,
) -> tuple[Chart, Axes]:
    """A sheet with one row for each label, the first on top; marked labels are bold."""
    bold = list(marked) or [False] * len(labels)
    widths = [width_of(t, size=SIZE, bold=b) for t, b in zip(labels, bold, strict=True)]
    chart, axes = open_sheet(
        data,
        words,
        body=row * max(len(labels), 2),
        left=_EDGE + 0.12 + max(widths, default=0.6),
        key=key,
        room_for_limit=room_for_limit,
    )
    axes.set_ylim(max(len(labels), 2) - 0.5, -0.5)
    # Texts and not ticks: ticks take longer to make, and a widget draws at every move.
    axes.set_yticks([])
    for place, (label, is_bold) in enumerate(zip(labels, bold, strict=True)):
        axes.text(
            -0.01,
            place,
            label,
            transform=axes.get_yaxis_transform(),
            ha="right",
            va="center",
            size=SIZE,
            weight="bold" if is_bold else "normal",
        )
    bottom_label(axes, words.axis)
    if not labels:
        axes.text(0.5, 0.5, "There are no positions.", transform=axes.transAxes, ha="center")
    return chart, axes


def bottom_label(axes: Axes, text: str) -> None:
    """Name the horizontal axis."""
    axes.set_xlabel(text, size=SIZE, color=QUIET, labelpad=3)


def before_and_after(
    axes: Axes,
    before: Sequence[float],
    after: Sequence[float],
    texts: Sequence[str],
    *,
    limit: float = math.inf,
    reach: Sequence[float] = (),
) -> None:
    """Two bars a row, before above after, with a text at the end of the longer one.

    `reach` is how far something else in each row reaches; NaN where nothing does.

    A missing number draws no bar; its row's text says why. A text that would stand across the
    line at `limit` stands behind it.
    """
    rows = range(len(texts))
    for values, shift, colour in ((before, -0.19, BEFORE), (after, 0.19, AFTER)):
        axes.barh([r + shift for r in rows], values, height=0.36, color=colour)
    further = list(reach) or [math.nan] * len(texts)
    for row, (*ends, text) in enumerate(zip(before, after, further, texts, strict=True)):
        end = max((value for value in ends if not math.isnan(value)), default=0.0)
        behind = end + _inches(axes, width_of(text, size=SIZE) + 2 * _GAP_INCHES)
        end_text(axes, limit if end <= limit < behind else end, row, text)


def loss_axis(axes: Axes, losses: Sequence[float], limit: float) -> None:
    """A horizontal axis of losses that leaves room for the limit and for the texts behind bars."""
    longest = max((loss for loss in losses if not math.isnan(loss)), default=0.0)
    near = longest > 0.7 * limit
    axes.set_xlim(0, max(longest * _TEXT_ROOM, limit * (_TEXT_ROOM if near else 1.04)))
    percent_ticks(axes)


def percent_ticks(axes: Axes, *, most: float = math.inf) -> None:
    """Ticks of the horizontal axis in percent, up to `most`."""
    highest = min(axes.get_xlim()[1], most)
    shown = [tick for tick in MaxNLocator(6).tick_values(0, highest) if tick <= highest]
    axes.set_xticks(shown, [f"{100 * tick:.3g}%" for tick in shown])


def _inches(axes: Axes, inches: float) -> float:
    """A length in units of the horizontal axis."""
    low, high = axes.get_xlim()
    return inches * (high - low) / (axes.get_position().width * WIDTH)


def end_text(axes: Axes, x: float, y: float, text: str, *, to_left: bool = False) -> None:
    """A text beside the end of a bar; the axis must have its limits already."""
    gap = _inches(axes, _GAP_INCHES)
    axes.text(
        x - gap if to_left else x + gap,
        y,
        text,
        ha="right" if to_left else "left",
        va="center",
        size=SIZE - 0.5,
    )


def limit_line(axes: Axes, limit: float, text: str) -> None:
    """A dashed line at the limit with its text above; the axis must reach beyond it already."""
    axes.axvline(limit, color="black", linewidth=1.3, linestyle=(0, (5, 2)))
    low, high = axes.get_xlim()
    # Towards the middle of the axes, so that it is never cut off.
    to_left = (limit - low) / (high - low) > 0.5
    axes.annotate(
        text,
        (limit, 1),
        xycoords=("data", "axes fraction"),
        xytext=(0, 3),
        textcoords="offset points",
        ha="right" if to_left else "left",
        size=SIZE,
        weight="bold",
        annotation_clip=False,
    )


def sides(baseline: str) -> list[Artist]:
    """The key of before and after."""
    types = {"generic": "every position a stock", "provider": "the provider's types"}
    return [
        Patch(color=BEFORE, label=f"before: {types.get(baseline, baseline)}"),
        Patch(color=AFTER, label="after: true types"),
    ]
