"""Before and after for many portfolios at once: arrays from end to end, no loop over portfolios."""

from __future__ import annotations

import mmap
from collections.abc import Mapping
from typing import Any, NamedTuple, cast

import numpy as np
import pandas as pd

from sectypes.checks import number, numbers_by_name
from sectypes.errors import InputError, shown
from sectypes.risk.band import NO_ORIGINS, Band, band_of
from sectypes.risk.book import numbers
from sectypes.risk.concentration import Method
from sectypes.risk.curves import (
    CATEGORIES,
    COMPONENT_WEIGHTS,
    LOWEST_CATEGORY,
    PLACES,
    Curve,
    overall_scores,
    score_ratios,
)
from sectypes.risk.losses import Betas, historical_crashes, leverage_factor
from sectypes.risk.positions import Rated
from sectypes.risk.rates import FloatArray, IntArray
from sectypes.risk.result import RiskScore
from sectypes.risk.score import Exposures, assumptions, known_exposures
from sectypes.risk.sides import Sides
from sectypes.risk.told import Told
from sectypes.scenarios import FACTORS, CrashScenarios, RiskLimits

__all__ = ["INDUSTRY_PREFIX", "compare_groups", "exposures_frame", "exposures_of", "places_of"]

_CATEGORY_DTYPE = pd.CategoricalDtype([word for _, word in CATEGORIES] + [LOWEST_CATEGORY])

INDUSTRY_PREFIX = "industry:"
"""What the columns of industry betas begin with in an exposures frame."""

_AGAIN = {
    f"{name}_{what}_after": f"{name}_{what}_before"
    for name in COMPONENT_WEIGHTS
    if name != "concentration"
    for what in ("loss", "ratio", "score")
}
"""Columns that hang on no type, and are the same before and after."""


def exposures_frame(exposures: Mapping[Any, Exposures | None]) -> pd.DataFrame:
    """Exposures of many portfolios as one frame.

    Parameters
    ----------
    exposures : Mapping[label, Exposures | None]
        By portfolio; None where they are unknown.

    Returns
    -------
    DataFrame
        One row a portfolio: ``volatility_annual``, ``market``, ``momentum``, ``value`` and
        ``industry:<proxy>`` for every proxy. NaN is unknown. A portfolio whose industry betas are
        known has 0 for the proxies of the others.

    Raises
    ------
    InputError
        Something is no exposures, or a number in them is none.

    Examples
    --------
    >>> from sectypes.exposures import PortfolioExposures
    >>> known = PortfolioExposures(volatility_annual=0.2, factor_betas={"market": 1.0},
    ...                            industry_betas={"XLK": 0.4})
    >>> exposures_frame({"A": known}).columns.tolist()
    ['volatility_annual', 'market', 'momentum', 'value', 'industry:XLK']
    """
    read = [
        _exposures_row(known_exposures(item, f"exposures[{label!r}]"))
        for label, item in exposures.items()
    ]
    proxies = sorted({name for _, betas in read for name in betas})
    rows = [
        {**row, **dict.fromkeys(proxies, 0.0 if betas else np.nan), **betas} for row, betas in read
    ]
    columns = ["volatility_annual", *FACTORS, *proxies]
    return pd.DataFrame(rows, index=pd.Index(list(exposures)), columns=columns, dtype=float)


def _exposures_row(known: Exposures | None) -> tuple[dict[str, float], dict[str, float]]:
    if known is None:
        return {}, {}
    factors = numbers_by_name(known.factor_betas, "factor betas")
    row = {"volatility_annual": number("volatility_annual", known.volatility_annual)}
    row |= {name: factors.get(name, np.nan) for name in FACTORS}
    betas = numbers_by_name(known.industry_betas, "industry betas")
    return row, {INDUSTRY_PREFIX + name: beta for name, beta in betas.items()}


def compare_groups(
    holdings: pd.DataFrame,
    rated: Rated,
    *,
    exposures: pd.DataFrame | Mapping[Any, Exposures | None] | None,
    limits: RiskLimits,
    leverage: float,
    method: Method,
    curve: Curve,
    max_betas: Betas | None,
    max_industry_betas: Betas | None,
) -> pd.DataFrame:
    """One row a portfolio; the columns are described at `sectypes.comparison.compare`."""
    labels, layout, told = rated.weighed.labels, rated.weighed.layout, Told(holdings, rated)
    factor = leverage_factor(leverage)
    given = _Exposed(exposures, labels, rated.scenarios, limits, max_betas, max_industry_betas)
    columns = _Columns(len(labels))
    for part in layout:
        sides = Sides(told, part, method, factor)
        known = {name: loss * factor for name, loss in given.losses(part).items()}
        columns.put(part, _columns_of(sides, known, limits, curve))
    same = {"note": "; ".join(assumptions(rated.scenarios, max_betas, rated.weighed.notes))}
    if np.isnan(factor):
        same["reason"] = "the leverage of the portfolios is unknown"
    return columns.frame(labels, same)


class _Columns:
    """The columns of the result, filled block by block; all floats lie in one array."""

    def __init__(self, portfolios: int) -> None:
        self._portfolios = portfolios
        self._floats: dict[str, int] = {}
        self._numbers = np.empty((0, portfolios))
        self._others: dict[str, list[Any]] = {}
        self._order: list[str] = []

    def put(self, part: slice, columns: Mapping[str, Any]) -> None:
        """The columns of some portfolios, the same ones each time."""
        if not self._order:
            self._order = list(columns)
            floats = [name for name, column in columns.items() if column.dtype.kind == "f"]
            own = [name for name in floats if name not in _AGAIN]
            self._floats = {name: row for row, name in enumerate(own)}
            self._numbers = _zeros(len(own), self._portfolios)
        for name, column in columns.items():
            if name in self._floats:
                self._numbers[self._floats[name], part] = column
            elif name not in _AGAIN:
                self._others.setdefault(name, []).append(column)

    def frame(self, labels: pd.Index[Any], same: Mapping[str, Any]) -> pd.DataFrame:
        """All columns, and what is the same for all portfolios, at the end or instead of a column.

        The array of floats is handed over as it is: at a million portfolios, copies of it would
        cost more time and memory than anything else.
        """
        others: dict[str, Any] = {n: np.concatenate(parts) for n, parts in self._others.items()}
        for when in ("before", "after"):
            codes = others[f"category_{when}"]
            others[f"category_{when}"] = pd.Categorical.from_codes(codes, dtype=_CATEGORY_DTYPE)
        others |= same
        frame = pd.DataFrame(self._numbers.T, index=labels, columns=list(self._floats), copy=False)
        for place, name in enumerate(dict.fromkeys([*self._order, *others])):
            if name in _AGAIN:
                frame.insert(place, name, frame[_AGAIN[name]])
            elif name in others:
                frame.insert(place, name, others[name])
        return frame


def _zeros(rows: int, columns: int) -> FloatArray:
    """Floats in pages of the usual size, whose memory comes as they are filled.

    numpy asks for huge pages. On a virtual machine that hands these back to its host, filling the
    result of a million portfolios costs a second more with them, a tenth of the whole.
    """
    if not rows * columns:
        return np.zeros((rows, columns))
    # As malloc does; without a word, Unix would share the memory with forked children.
    flags = {"flags": mmap.MAP_PRIVATE | mmap.MAP_ANON} if hasattr(mmap, "MAP_PRIVATE") else {}
    room = mmap.mmap(-1, rows * columns * np.dtype(float).itemsize, **flags)
    return np.frombuffer(room, dtype=float).reshape(rows, columns)


def _columns_of(
    sides: Sides, known: Mapping[str, FloatArray], limits: RiskLimits, curve: Curve
) -> dict[str, Any]:
    """The columns of some portfolios; categories are codes still."""
    table: dict[str, Any] = {"positions": np.diff(sides.groups.starts, append=len(sides.sizes))}
    components = {name: _scored(loss, limits, curve) for name, loss in known.items()}
    for when in ("before", "after"):
        concentrated, worst, ticker, whole = sides.losses(when)
        components["concentration"] = _scored(concentrated, limits, curve)
        for name in COMPONENT_WEIGHTS:
            for what, column in components[name]._asdict().items():
                table[f"{name}_{what}_{when}"] = column
        table[f"overall_{when}"] = overall_scores({n: c.score for n, c in components.items()})
        table[f"category_{when}"] = _categories(table[f"overall_{when}"])
        table[f"worst_ticker_{when}"] = ticker
        table[f"worst_loss_{when}"] = worst
        table[f"hides_worst_{when}"] = np.round(worst, PLACES) > np.round(concentrated, PLACES)
        table[f"whole_book_loss_{when}"] = whole
    table["overall_change"] = table["overall_after"] - table["overall_before"]
    table |= _bands(sides, table, limits, curve)
    table |= {f"{name}_weight": share for name, share in sides.shares().items()}
    table["reason"] = _reasons({"positions": sides.total, **known})
    return table


class _Scored(NamedTuple):
    """A component of some portfolios."""

    loss: FloatArray
    ratio: FloatArray
    score: FloatArray


def _scored(losses: FloatArray, limits: RiskLimits, curve: Curve) -> _Scored:
    ratios = np.round(losses / limits.max_loss, PLACES)
    return _Scored(losses, ratios, score_ratios(ratios, curve))


def _bands(
    sides: Sides, table: Mapping[str, Any], limits: RiskLimits, curve: Curve
) -> dict[str, FloatArray]:
    """What guesses leave open of the concentration loss, its score and the overall score."""
    known = {name: table[f"{name}_score_after"] for name in COMPONENT_WEIGHTS}
    low, high = sides.extremes(table["concentration_loss_after"])
    found = {"concentration_loss_low": low, "concentration_loss_high": high}
    # The high loss is the low score.
    for end, losses in (("low", high), ("high", low)):
        found[f"concentration_score_{end}"], found[f"overall_{end}"] = _scores_at(
            losses, known, limits, curve
        )
    return found


def one_band(sides: Sides, score: RiskScore) -> Band:
    """The band of the only portfolio, around its score."""
    known = {name: np.array([part.score]) for name, part in score.components.items()}
    spans = {"loss": sides.extremes(np.array([score.concentration.loss]))}
    low, high = spans["loss"]
    curve = cast("Curve", score.curve)
    riskiest, safest = (_scores_at(end, known, score.limits, curve) for end in (high, low))
    spans["score"], spans["overall"] = zip(riskiest, safest, strict=True)
    worst = np.array([score.worst_position.loss])
    spans["worst_position"] = sides.extremes(worst, "worst_position")
    spans["whole_book"] = sides.whole_extremes(np.array([score.whole_book_loss]))
    missing = score.concentration.reason
    return band_of(spans, missing or (NO_ORIGINS if sides.told.said.origins is None else ""))


def _scores_at(
    losses: FloatArray, known: Mapping[str, FloatArray], limits: RiskLimits, curve: Curve
) -> tuple[FloatArray, FloatArray]:
    """Concentration score and overall score at a concentration loss."""
    score = _scored(losses, limits, curve).score
    return score, overall_scores({**known, "concentration": score})


class _Exposed:
    """What the losses that hang on exposures are worked out from."""

    def __init__(
        self,
        exposures: pd.DataFrame | Mapping[Any, Exposures | None] | None,
        labels: pd.Index[Any],
        scenarios: CrashScenarios,
        limits: RiskLimits,
        max_betas: Betas | None,
        max_industry_betas: Betas | None,
    ) -> None:
        frame = exposures_of(exposures)
        industries = [name for name in frame if str(name).startswith(INDUSTRY_PREFIX)]
        factor_crashes = historical_crashes(
            {name: getattr(scenarios, name) for name in FACTORS}, limits, max_betas
        )
        proxies = [str(name).removeprefix(INDUSTRY_PREFIX) for name in industries]
        sector_crashes = historical_crashes(
            dict.fromkeys(proxies, scenarios.sector), limits, max_industry_betas
        )
        self._crashes = np.array([*factor_crashes.values(), *sector_crashes.values()])
        self._most = scenarios.max_volatility
        self._places = places_of(labels, frame.index)
        wanted = ["volatility_annual", *FACTORS, *industries]
        self._given = [
            numbers(frame[name], str(name)) if name in frame else None for name in wanted
        ]

    def losses(self, part: slice) -> dict[str, FloatArray]:
        """Factor, volatility and sector loss before leverage; NaN where unknown."""
        places = self._places[part]
        found = np.full((len(places), len(self._given)), np.nan)
        known = np.flatnonzero(places >= 0)
        for row, column in enumerate(self._given):
            if column is not None:
                found[known, row] = column[places[known]]
        found[~np.isfinite(found)] = np.nan
        if (found[:, 0] < 0).any():
            raise InputError("The volatility of a portfolio must not be negative.")
        losses = np.maximum(found[:, 1:] * self._crashes, 0.0)
        return {
            "factor": _worst(losses[:, : len(FACTORS)]),
            "volatility": np.minimum(found[:, 0], self._most),
            "sector": _worst(losses[:, len(FACTORS) :]),
        }


def exposures_of(
    exposures: pd.DataFrame | Mapping[Any, Exposures | None] | None,
) -> pd.DataFrame:
    """Exposures by portfolio as a frame; those of one portfolio are refused."""
    if not isinstance(exposures, pd.DataFrame | Mapping | None):
        raise InputError(
            "Exposures of one portfolio cannot stand for many: give a mapping or a frame by "
            "portfolio (see exposures_frame)."
        )
    return exposures if isinstance(exposures, pd.DataFrame) else exposures_frame(exposures or {})


def places_of(labels: pd.Index[Any], named: pd.Index[Any]) -> IntArray:
    """Row of each portfolio in the exposures; -1 where they do not name it, but some must be."""
    if named.equals(labels):
        # No portfolio is there twice, so there is nothing to look up.
        return np.arange(len(labels))
    if not named.is_unique:
        raise InputError("The exposures name a portfolio more than once.")
    places: IntArray = named.get_indexer(labels)
    if len(named) and len(labels) and (places < 0).all():
        (wanted, *_), (given, *_) = labels[:1].tolist(), named[:1].tolist()
        raise InputError(
            "The exposures name none of the portfolios: their index must hold the labels of the "
            f"column {labels.name!r}, such as {shown(wanted)}; it holds {shown(given)}."
        )
    return places


def _worst(losses: FloatArray) -> FloatArray:
    # NaN passes through both maxima: an unknown beta makes the loss unknown.
    worst: FloatArray = losses.max(axis=1) if losses.shape[1] else np.full(len(losses), np.nan)
    return worst


def _categories(overall: FloatArray) -> IntArray:
    lowest = -np.array([least for least, _ in CATEGORIES])
    codes = np.searchsorted(lowest, -overall, side="left")
    return np.where(np.isnan(overall), -1, codes).astype(np.int8)


def _reasons(needed: Mapping[str, FloatArray]) -> Any:
    """Why the overall score is missing, one text for each combination of NaN in what is needed."""
    marks = np.array(
        [np.where(np.isnan(values), 1 << bit, 0) for bit, values in enumerate(needed.values())]
    ).sum(axis=0)
    texts = [
        ", ".join(f"no {name}" for bit, name in enumerate(needed) if mark >> bit & 1)
        for mark in range(1 << len(needed))
    ]
    return np.array(texts, dtype=object)[marks]
