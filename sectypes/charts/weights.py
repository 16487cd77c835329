"""What the book consists of: weight by security type, and by who says so."""

from __future__ import annotations

import math

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from sectypes.charts.compared import Compared
from sectypes.charts.figure import Chart, styled
from sectypes.charts.flags import flagged
from sectypes.charts.panel import (
    AFTER,
    BEFORE,
    QUIET,
    Words,
    before_and_after,
    end_text,
    open_panel,
    percent_ticks,
    sides,
)
from sectypes.charts.texts import fitted, listed, percent
from sectypes.risk.positions import Flag
from sectypes.taxonomy import SECURITY_TYPES, Origin

__all__ = ["weight_by_origin", "weight_by_type"]

_NO_TYPE, _NOT_TOLD = _NOBODY = ("no type", "origin not told")
_AXIS = "share of the absolute weight (a short counts by its size)"
_GUESSES = frozenset(origin.value for origin in Origin if origin.is_guess)


def weight_by_type(compared: Compared) -> Chart:
    """How much of the book each security type is, before and after.

    Returns
    -------
    Chart
        ``data`` has one row a type that occurs: share_before, share_after (fractions of the
        absolute weight), net_after (signed weight with the true types).

    Examples
    --------
    >>> from sectypes.comparison import compare
    >>> chart = weight_by_type(compare(pd.DataFrame(
    ...     {"ticker": ["DSU", "SGOV"], "value": [30.0, 70.0],
    ...      "security_type": ["mutual_fund", "cash"]})))
    >>> chart.data["share_after"].to_dict()
    {'equity': 0.0, 'mutual_fund': 0.3, 'cash': 0.7}
    """
    positions = compared.positions().reset_index(drop=True)
    shares = _shares(positions)
    before, after = (
        positions[column].astype(object).where(positions[column].notna(), _NO_TYPE)
        for column in ("type_before", "security_type")
    )
    data = pd.DataFrame(
        {
            "share_before": shares.groupby(before).sum(),
            "share_after": shares.groupby(after).sum(),
            "net_after": positions["weight"].groupby(after).sum(),
        }
    ).fillna(0.0)
    data = data.reindex([kind for kind in (*SECURITY_TYPES, _NO_TYPE) if kind in data.index])
    data.index.name = "security_type"
    told = data["share_after"][data["share_after"] > 0].sort_values(ascending=False)
    parts = [f"{kind} {percent(share)}" for kind, share in told.items()]
    words = Words(
        title="Weight by security type",
        note=_moved(positions, shares),
        axis=_AXIS,
        alt=f"Weight by security type with the true types: {listed(parts) or 'no positions'}.",
    )
    with styled():
        chart, axes = open_panel(data, words, labels=list(data.index), key=sides(compared.baseline))
        columns = data["share_before"].tolist(), data["share_after"].tolist()
        _share_axis(axes, max([*columns[0], *columns[1]], default=0.0))
        texts = [
            f"{percent(one)} \u2192 {percent(other)}" for one, other in zip(*columns, strict=True)
        ]
        before_and_after(axes, *columns, texts)
    return chart


def weight_by_origin(compared: Compared) -> Chart:
    """How much of the book rests on whom: sources, providers, guesses; and how much is stale.

    Returns
    -------
    Chart
        ``data`` has one row an origin, the largest first: fresh, stale, share (fractions of the
        absolute weight, fresh + stale = share), guess (whether nobody asserted it). Rows without a
        type are ``no type``, those of which nobody says who told it ``origin not told``.

    Examples
    --------
    >>> from sectypes.comparison import compare
    >>> chart = weight_by_origin(compare(pd.DataFrame(
    ...     {"ticker": ["DSU", "XYZ"], "value": [30.0, 70.0],
    ...      "security_type": ["mutual_fund", "equity"], "origin": ["fmp", "default"],
    ...      "stale": [False, False]})))
    >>> chart.alt
    'Weight by origin: default 70.0% and fmp 30.0%; 70.0% rests on guesses and 0.0% is stale.'
    """
    data = _by_origin(compared.positions().reset_index(drop=True))
    guessed, stale = (
        _known(share) for share in (compared.coverage.guessed, compared.coverage.stale)
    )
    parts = [f"{origin} {percent(share)}" for origin, share in data["share"].items()]
    told = f"{guessed} rests on guesses and {stale} is stale"
    words = Words(
        title="Weight by who says so",
        note=f"{told}. A guess is a rule or the default: nobody asserted the type.",
        axis=_AXIS,
        alt=f"Weight by origin: {listed(parts) or 'no positions'}; {told}.",
    )
    labels = [fitted(origin, inches=1.9, size=8.0) for origin in data.index]
    with styled():
        chart, axes = open_panel(data, words, labels=labels, key=_key(data), row=0.3)
        _share_axis(axes, max(data["share"], default=0.0))
        for row, (origin, fresh, old, share, guess) in enumerate(data.itertuples()):
            colour = QUIET if origin in _NOBODY else BEFORE if guess else AFTER
            axes.barh(row, fresh, height=0.55, color=colour)
            axes.barh(
                row, old, left=fresh, height=0.55, color="white", edgecolor=colour, hatch="////"
            )
            note = f", stale {percent(old)}" if old else ""
            end_text(axes, share, row, f"{percent(share)}{note}")
    return chart


def _by_origin(positions: pd.DataFrame) -> pd.DataFrame:
    shares = _shares(positions)
    not_told = pd.Series(_NOT_TOLD, index=positions.index)
    origins = positions.get("origin", not_told).astype(object)
    origins = origins.where(origins.notna(), _NOT_TOLD)
    origins = origins.where(positions["security_type"].notna(), _NO_TYPE)
    is_stale = flagged(positions, Flag.STALE)
    data = pd.DataFrame(
        {
            "fresh": shares.mask(is_stale, 0.0).groupby(origins).sum(),
            "stale": shares.where(is_stale, 0.0).groupby(origins).sum(),
            "share": shares.groupby(origins).sum(),
        }
    )
    data["guess"] = data.index.isin(_GUESSES)
    data.index = pd.Index(data.index, dtype=object, name="origin")
    return data.sort_values("share", ascending=False, kind="stable")


def _known(share: float) -> str:
    return "an unknown part" if math.isnan(share) else percent(share)


def _shares(positions: pd.DataFrame) -> pd.Series:
    """Each position's share of the absolute weight."""
    sizes = positions["weight"].abs()
    return sizes / sizes.sum()


def _moved(positions: pd.DataFrame, shares: pd.Series) -> str:
    before, after = (positions[c].astype(object) for c in ("type_before", "security_type"))
    same = (before == after) | (before.isna() & after.isna())
    return f"{percent(shares[~same].sum())} of the weight has another type than before."


def _share_axis(axes: Axes, longest: float) -> None:
    axes.set_xlim(0, max(longest * 1.4, 0.1))
    percent_ticks(axes, most=1.0)


def _key(data: pd.DataFrame) -> list[Artist]:
    nobody = [Patch(color=QUIET, label="nobody told")] * bool(data.index.isin(_NOBODY).any())
    return [
        Patch(color=AFTER, label="asserted"),
        Patch(color=BEFORE, label="guess"),
        *nobody,
        Patch(facecolor="white", edgecolor=QUIET, hatch="////", label="stale"),
    ]
