"""Provider against provider: how often two of them use different types for one ticker."""

from __future__ import annotations

from collections.abc import Mapping, Set
from itertools import combinations_with_replacement

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from sectypes.charts.figure import WIDTH, Chart, styled
from sectypes.charts.panel import SIZE, Words, bottom_label, open_sheet
from sectypes.charts.texts import fitted, percent, width_of
from sectypes.columns import frame_columns
from sectypes.errors import InputError
from sectypes.frames import provider_says
from sectypes.tickers import canonical_many

__all__ = ["disagreement"]

_ANSWER = "the answer"
_CELL = 0.52
# From light to dark blue, as red, green and blue: it darkens evenly, in black and white as well.
_SHADES = ((0.93, 0.02), (0.95, 0.26), (0.97, 0.44))
_LABEL_INCHES = 1.5


def disagreement(frame: pd.DataFrame) -> Chart:
    """Share of the tickers that two providers both hold for which their types differ.

    A provider beside itself shows the tickers that it types in two ways. A word that means no
    known type contradicts nobody.

    Parameters
    ----------
    frame : DataFrame
        Holdings of all providers, one row a position: ``provider``, ``ticker`` and the provider's
        type, as ``provider_says`` (a security type) or ``provider_type`` (the provider's word).
        Where it has ``security_type``, the answer takes part like a provider. Rows of
        ``.conflicts()`` alone would show disagreement everywhere: give the whole holdings.

    Returns
    -------
    Chart
        ``data`` has one row a cell: provider, other, common (tickers that both type), differ,
        share (NaN where there is none in common).

    Raises
    ------
    InputError
        A column is missing, or nobody says anything.

    Examples
    --------
    >>> chart = disagreement(pd.DataFrame({
    ...     "provider": ["plaid", "snaptrade", "plaid", "snaptrade"],
    ...     "ticker": ["DSU", "DSU", "SPY", "SPY"],
    ...     "provider_says": ["mutual_fund", "equity", "etf", "etf"]}))
    >>> [str(value) for value in chart.data.iloc[1]]
    ['plaid', 'snaptrade', '2', '1', '0.5']
    """
    said = _said(frame)
    if not said:
        raise InputError("No row names a provider, a ticker and a type that is known.")
    rows = [
        (one, other, *_counted(said[one], said[other]))
        for one, other in combinations_with_replacement(said, 2)
    ]
    data = pd.DataFrame(rows, columns=["provider", "other", "common", "differ"])
    data["share"] = data["differ"] / data["common"].where(data["common"] > 0)
    names = list(said)
    labels = [fitted(name, inches=_LABEL_INCHES, size=SIZE) for name in names]
    left = 0.24 + max(width_of(label, size=SIZE) for label in labels)
    with styled():
        chart, axes = open_sheet(data, _words(data), body=_CELL * len(names), left=left, foot=0.55)
        _draw(axes, data, names, labels, (WIDTH - left - 0.24) / len(names))
    return chart


def _said(frame: pd.DataFrame) -> dict[str, dict[str, set[str]]]:
    """Types by provider and ticker; the answer last."""
    columns = frame_columns(frame, {})
    if columns.provider is None:
        raise InputError("The frame has no column 'provider' to tell who says what.")
    if "provider_says" in frame:
        words = frame["provider_says"]
    elif columns.provider_type is not None:
        words = provider_says(columns)
    else:
        raise InputError("The frame has neither a column 'provider_says' nor 'provider_type'.")
    keys = canonical_many(columns.ticker)
    said: dict[str, dict[str, set[str]]] = {}
    first: dict[str, str] = {}
    for name, types in ((columns.provider, words), (None, frame.get("security_type"))):
        if types is None:
            continue
        who = [_ANSWER] * len(keys) if name is None else name.tolist()
        for provider, key, kind in zip(who, keys, types.astype(object), strict=True):
            if key and not pd.isna(provider) and not pd.isna(kind):
                # Files joined by hand write one provider in several ways.
                spelled = str(provider).strip()
                named = first.setdefault(spelled.casefold(), spelled)
                said.setdefault(named, {}).setdefault(key, set()).add(str(kind))
    return said


def _counted(one: Mapping[str, Set[str]], other: Mapping[str, Set[str]]) -> tuple[int, int]:
    common = one.keys() & other.keys()
    return len(common), sum(len(one[key] | other[key]) > 1 for key in common)


def _draw(axes: Axes, data: pd.DataFrame, names: list[str], labels: list[str], cell: float) -> None:
    place = {name: number for number, name in enumerate(names)}
    for one, other, common, differ, share in data.itertuples(index=False):
        x, y = place[one], place[other]
        depth = share if common else 0.0
        face = tuple(light + depth * (dark - light) for light, dark in _SHADES)
        axes.add_patch(
            Rectangle(
                (x, y), 1, 1, facecolor=face if common else "white", edgecolor="white", linewidth=2
            )
        )
        axes.text(
            x + 0.5,
            y + 0.5,
            f"{share:.0%}\n{differ} of {common}" if common else "none in\ncommon",
            ha="center",
            va="center",
            size=SIZE - 0.5,
            color="white" if _is_dark(face) else "black",
        )
    count = len(names)
    axes.set_xlim(0, count)
    axes.set_ylim(count, 0)
    short = [fitted(name, inches=cell - 0.1, size=SIZE) for name in names]
    axes.set_xticks([n + 0.5 for n in range(count)], short)
    axes.set_yticks([n + 0.5 for n in range(count)], labels)
    axes.tick_params(length=0)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    bottom_label(axes, "share of the tickers in common that have different types")


def _is_dark(colour: tuple[float, ...]) -> bool:
    """Whether white stands out more than black does (relative luminance of WCAG 2)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] < 0.179


def _words(data: pd.DataFrame) -> Words:
    pairs = data[(data["provider"] != data["other"]) & (data["common"] > 0)]
    # Two providers are the question; the answer is named where no two have anything in common.
    pairs = pairs.assign(apart=pairs["other"] != _ANSWER)
    told = "No two providers have a ticker in common."
    if len(pairs):
        by = ["apart", "share"]
        worst = pairs.sort_values(by, ascending=False, kind="stable").iloc[0]
        told = (
            f"{worst['provider']} and {worst['other']} have different types for {worst['differ']} "
            f"of the {worst['common']} tickers in common ({percent(worst['share'])})"
            + ("; no two providers differ more." if worst["apart"] else ".")
        )
    title = "How often providers use different types"
    return Words(title=title, note=fitted(told, inches=13, size=SIZE), axis="", alt=told)
