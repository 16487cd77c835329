"""On whom a portfolio rests: the share of its gross value by who asserted the types."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, overload

import numpy as np
import pandas as pd

from sectypes.risk.plausible import NO_ORIGIN, origin_codes
from sectypes.risk.positions import flag_column
from sectypes.risk.rates import NO_TYPE, BoolArray, FloatArray, IntArray, type_codes
from sectypes.risk.result import same_fields
from sectypes.risk.sums import Grid, group_sums
from sectypes.risk.weights import weigh
from sectypes.taxonomy import Origin

__all__ = ["Coverage", "coverage_of", "coverage_shares", "one_coverage", "share_bins"]

_MISSING = NO_ORIGIN + 1
_BINS = _MISSING + 1
_WORDS = {"missing": "no type", "unknown": "origin not told"}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Coverage:
    """Shares of the gross value (absolute weights) of one portfolio; NaN is unknown, never 0.

    The shares by origin, `missing` and `unknown` add up to 1.

    Attributes
    ----------
    override, provider, fmp, openfigi, snapshot, heuristic, default : float
        By who asserted the types; unknown where the frame does not tell origins.
    missing : float
        Without a type: the ticker is blank.
    unknown : float
        With a type whose origin the frame does not tell.
    stale : float
        Resting on answers that are older than they should be, whoever gave them.

    Examples
    --------
    >>> Coverage(fmp=0.75, heuristic=0.25, stale=0.5)
    <Coverage: fmp 75.0%, heuristic 25.0%; guessed 25.0%, stale 50.0%>
    >>> Coverage(fmp=0.75, heuristic=0.25).guessed
    0.25
    """

    override: float = 0.0
    provider: float = 0.0
    fmp: float = 0.0
    openfigi: float = 0.0
    snapshot: float = 0.0
    heuristic: float = 0.0
    default: float = 0.0
    missing: float = 0.0
    unknown: float = 0.0
    stale: float = 0.0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Coverage) and same_fields(self, other)

    def __hash__(self) -> int:
        return hash(repr(self))

    @property
    def guessed(self) -> float:
        """Share that a rule or the default guessed."""
        return self.heuristic + self.default

    def to_dict(self) -> dict[str, float | None]:
        """The shares by name; None for unknown."""
        shares = {field.name: getattr(self, field.name) for field in fields(self)}
        shares["guessed"] = self.guessed
        return {name: None if math.isnan(share) else share for name, share in shares.items()}

    def table(self) -> pd.DataFrame:
        """The shares that are not 0, then what is guessed and what is stale.

        Returns
        -------
        DataFrame
            Index ``part``, column ``share``; NaN is unknown.
        """
        names = [field.name for field in fields(self) if field.name != "stale"]
        shares = {_WORDS.get(name, name): getattr(self, name) for name in names}
        shown = {name: share for name, share in shares.items() if share != 0}
        shown |= {"guessed": self.guessed, "stale": self.stale}
        return pd.DataFrame({"share": pd.Series(shown, dtype=float)}).rename_axis("part")

    def __str__(self) -> str:
        """One line for people."""
        parts = {name: _shown(share) for name, share in self.table()["share"].items()}
        ends = ", ".join(f"{name} {parts.pop(name)}" for name in ("guessed", "stale"))
        if math.isnan(self.guessed):
            told = {str(origin) for origin in Origin}
            parts = {name: text for name, text in parts.items() if name not in told}
        return f"{', '.join(f'{name} {text}' for name, text in parts.items())}; {ends}"

    def __repr__(self) -> str:
        return f"<Coverage: {self}>"

    def _repr_html_(self) -> str:
        table = self.table().map(_shown).to_html(border=0)
        return f"<p><b>Coverage: share of the gross value</b></p>{table}"


@overload
def coverage_of(
    holdings: pd.DataFrame, *, by: None = None, fx: Mapping[str, float] | None = None
) -> Coverage: ...
@overload
def coverage_of(
    holdings: pd.DataFrame, *, by: str, fx: Mapping[str, float] | None = None
) -> pd.DataFrame: ...
def coverage_of(
    holdings: pd.DataFrame, *, by: str | None = None, fx: Mapping[str, float] | None = None
) -> Coverage | pd.DataFrame:
    """Share of the gross value by who asserted the types, and how much is stale.

    Parameters
    ----------
    holdings : DataFrame
        The holdings frame with the answer columns: ``security_type`` is needed, ``origin`` and
        ``stale`` are read where they exist; without them the shares are unknown. Needs ``weight``
        or ``value``.
    by, fx
        As in `position_weights`.

    Returns
    -------
    Coverage
        Where `by` is None.
    DataFrame
        Otherwise: one row a portfolio, one column of floats for each share of `Coverage` and
        ``guessed``.

    Raises
    ------
    InputError
        The weights cannot be worked out, or ``stale`` is no column of yes and no.

    Examples
    --------
    >>> book = pd.DataFrame({"value": [30.0, 70.0], "security_type": ["mutual_fund", "equity"],
    ...                      "origin": ["fmp", "default"]})
    >>> coverage_of(book)
    <Coverage: fmp 30.0%, default 70.0%; guessed 70.0%, stale unknown>
    """
    weighed = weigh(holdings, by=by, fx=fx)
    layout, origins = weighed.layout, origin_codes(holdings)
    told = np.int8(NO_ORIGIN) if origins is None else origins
    bins = share_bins(told, type_codes(holdings["security_type"]))
    stale = flag_column(holdings, "stale") if "stale" in holdings else None
    rows = layout.rows(layout.everything)
    shares = coverage_shares(
        bins[rows],
        None if stale is None else stale[rows],
        np.abs(weighed.weights_of(layout.everything)),
        layout.groups(layout.everything).codes,
        len(weighed.labels),
        has_origins=origins is not None,
    )
    return one_coverage(shares) if by is None else pd.DataFrame(shares, index=weighed.labels)


def share_bins(origins: IntArray | np.integer[Any], types: IntArray) -> IntArray:
    """Which share each row counts in."""
    return np.where(types == NO_TYPE, np.int8(_MISSING), origins)


def coverage_shares(
    bins: IntArray,
    stale: BoolArray | None,
    sizes: FloatArray,
    codes: IntArray,
    groups: int,
    *,
    has_origins: bool,
    grid: Grid | None = None,
) -> dict[str, FloatArray]:
    """The shares of `Coverage`, and ``guessed``, of each portfolio: arrays of shape (groups,).

    Parameters
    ----------
    bins : array of int, shape (n,)
        As `share_bins` makes them.
    stale : array of bool, shape (n,), or None
        None where the frame does not tell.
    sizes, codes, groups, grid
        As in `group_sums`.
    has_origins : bool
        Whether the frame tells origins.
    """
    # One pass over the rows: a sum for each portfolio, origin, and fresh or stale.
    ages = 1 if stale is None else 2
    places = codes * (ages * _BINS)
    places += bins
    if stale is not None:
        places += _BINS * stale
    parts = group_sums(sizes, places, groups * ages * _BINS, grid).reshape(groups, ages, _BINS)
    total = parts.sum(axis=(1, 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = parts.sum(axis=1) / total[:, None]
        old = parts[:, -1].sum(axis=1) / total
    nothing = np.full(groups, np.nan)
    names = [*(origin.value for origin in Origin), "unknown", "missing"]
    shares = {name: share[:, place] for place, name in enumerate(names)}
    if not has_origins:
        shares |= {origin.value: nothing for origin in Origin}
    shares["stale"] = nothing if stale is None else old
    shares["guessed"] = shares["heuristic"] + shares["default"]
    return shares


def one_coverage(shares: Mapping[str, Any]) -> Coverage:
    """The coverage of the only portfolio; all unknown where there is no portfolio."""
    given = {
        field.name: float(shares[field.name][0]) if len(shares[field.name]) else math.nan
        for field in fields(Coverage)
    }
    return Coverage(**given)


def _shown(share: float) -> str:
    return "unknown" if math.isnan(share) else f"{share:.1%}"
