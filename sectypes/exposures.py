"""From monthly returns to volatility and betas.

The rule for short histories and gaps, in one place: a beta is worked out from the months in which
both the position and the factor have a return, the volatility from the months in which every
position has one. With fewer than `min_months` such months the number is unknown. An unknown beta
of a held position makes the portfolio's beta unknown, with the reason; it never becomes 0 or 1.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from sectypes.checks import is_missing, number, numbers_by_name
from sectypes.errors import Failure, InputError
from sectypes.scenarios import FACTORS

__all__ = ["PortfolioExposures"]

FloatArray: TypeAlias = npt.NDArray[np.float64]

_MONTHS_A_YEAR = 12
_NAMELESS = "a position without ticker"


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioExposures:
    """How a portfolio moves: given by the caller, or worked out by `from_returns`.

    Parameters
    ----------
    volatility_annual : float
        Fraction a year; a missing value becomes NaN, and so does a missing beta.
    factor_betas : Mapping[str, float] | Series
        Beta to market, momentum and value. Read-only.
    industry_betas : Mapping[str, float] | Series
        Beta by industry proxy; empty where unknown. Read-only.
    reasons : Mapping[str, str]
        Why something is missing, by volatility, factor and sector. Read-only.
    months : int
        Months that the volatility was worked out from; 0 where it was given.

    Raises
    ------
    InputError
        The volatility is negative or infinite, a number is none, or a factor has another name.

    Examples
    --------
    >>> given = PortfolioExposures(volatility_annual=0.18, factor_betas={"market": 1.1})
    >>> given.volatility_annual, given.factor_betas["market"]
    (0.18, 1.1)
    """

    volatility_annual: float = math.nan
    factor_betas: Mapping[str, float] = field(default_factory=dict, hash=False)
    industry_betas: Mapping[str, float] = field(default_factory=dict, hash=False)
    reasons: Mapping[str, str] = field(default_factory=dict, hash=False)
    months: int = 0

    def __post_init__(self) -> None:
        volatility = number("volatility_annual", self.volatility_annual)
        object.__setattr__(self, "volatility_annual", volatility)
        if volatility < 0 or math.isinf(volatility):
            problem = Failure(
                None, "volatility_annual", self.volatility_annual, "must be a fraction such as 0.18"
            )
            raise InputError("The exposures cannot be used.", [problem])
        for name in ("factor_betas", "industry_betas"):
            betas = numbers_by_name(getattr(self, name), name.replace("_", " "))
            object.__setattr__(self, name, MappingProxyType(betas))
        _refuse_other_factors(self.factor_betas)
        reasons = {str(key): value for key, value in self.reasons.items()}
        object.__setattr__(self, "reasons", MappingProxyType(reasons))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by plain values, because a read-only mapping cannot be pickled."""
        return _rebuild, (
            self.volatility_annual,
            dict(self.factor_betas),
            dict(self.industry_betas),
            dict(self.reasons),
            self.months,
        )

    @classmethod
    def from_returns(
        cls,
        weights: Mapping[str, float] | pd.Series,
        returns: pd.DataFrame,
        *,
        factors: pd.DataFrame | None = None,
        industries: pd.DataFrame | None = None,
        industry_of: Mapping[str, str | None] | pd.Series | None = None,
        cash: str | Collection[str] = (),
        min_months: int = 12,
    ) -> PortfolioExposures:
        """Work the exposures out from monthly returns.

        Volatility is sqrt(w' S w) x sqrt(12) with the sample covariance S. A beta is the slope of
        a single-factor ordinary least squares regression with an intercept. Momentum and value
        are taken as excess over the market. A portfolio's beta is the weighted sum.

        Parameters
        ----------
        weights : Mapping[str, float] | Series, shape (n,)
            By ticker, signed fractions of the net value. Rows of one ticker are added up; weights
            of zero are not held.
        returns : DataFrame, shape (months, tickers)
            Simple monthly returns as fractions (0.02 is 2%); NaN is a gap. The index tells the
            month of each row: dates, times, periods, or texts in ISO 8601 such as 2024-01-31.
        factors : DataFrame | None, shape (months, factors)
            Monthly returns of the proxies: columns market, momentum, value.
        industries : DataFrame | None, shape (months, proxies)
            Monthly returns of the industry proxies.
        industry_of : Mapping[str, str | None] | Series | None
            The proxy of each ticker. None as a value of a plain mapping says that the ticker
            belongs to no industry. A ticker that is left out, NaN or NA, and any missing value of
            a Series (which cannot tell None from NaN) is unassigned: no sector loss is known
            then. Where the whole mapping is None, every position counts to every proxy.
        cash : str | Collection[str]
            The ticker, or tickers, that the caller states do not move: no volatility, no beta.
        min_months : int
            Fewest months for a number; at least 3.

        Returns
        -------
        PortfolioExposures
            What cannot be worked out is missing, with a reason.

        Raises
        ------
        InputError
            A weight is missing, a return is infinite or no number, an index does not tell months,
            a month occurs twice or most months are left out (the returns are not monthly), a
            column occurs twice, or a factor has another name.

        Examples
        --------
        >>> months = pd.period_range("2023-01", periods=24, freq="M")
        >>> market = pd.Series([0.01, -0.02] * 12, index=months)
        >>> found = PortfolioExposures.from_returns(
        ...     {"AAA": 0.5, "BBB": 0.5},
        ...     pd.DataFrame({"AAA": 2 * market, "BBB": market}),
        ...     factors=pd.DataFrame({"market": market}),
        ... )
        >>> round(found.factor_betas["market"], 9)
        1.5
        >>> found.reasons["factor"]
        'factors has no column momentum, value'
        """
        if min_months < 3:
            problem = Failure(None, "min_months", min_months, "must be at least 3")
            raise InputError("The exposures cannot be worked out.", [problem])
        held = _held(weights, cash)
        monthly = _monthly(returns, "returns")
        volatility = _volatility(held, monthly, min_months)
        betas, factor_gap = _factor_betas(held, monthly, factors, min_months)
        by_proxy, sector_gap = _industry_betas(held, monthly, industries, industry_of, min_months)
        gaps = {"volatility": volatility.gap, "factor": factor_gap, "sector": sector_gap}
        return cls(
            volatility_annual=volatility.value,
            factor_betas=betas,
            industry_betas=by_proxy,
            reasons={name: gap for name, gap in gaps.items() if gap},
            months=volatility.months,
        )


class _Found(NamedTuple):
    value: float
    months: int = 0
    gap: str = ""


def _rebuild(
    volatility: float,
    factor_betas: dict[str, float],
    industry_betas: dict[str, float],
    reasons: dict[str, str],
    months: int,
) -> PortfolioExposures:
    return PortfolioExposures(
        volatility_annual=volatility,
        factor_betas=factor_betas,
        industry_betas=industry_betas,
        reasons=reasons,
        months=months,
    )


def _refuse_other_factors(names: Any) -> None:
    other = [str(name) for name in names if name not in FACTORS]
    if other:
        raise InputError(f"Factors are {', '.join(FACTORS)}; there is no {', '.join(other)}.")


def _held(weights: Mapping[str, float] | pd.Series, cash: str | Collection[str]) -> pd.Series:
    """Weight by ticker of what is held and moves."""
    still = [cash] if isinstance(cash, str) else [str(ticker) for ticker in cash]
    given = weights if isinstance(weights, pd.Series) else pd.Series(dict(weights), dtype=object)
    try:
        values = pd.to_numeric(given).astype("float64")
    except (TypeError, ValueError) as error:
        raise InputError(f"weights must be numbers: {error}") from None
    problems = [
        Failure(row, "weight", value, f"{given.index[row]}: give the weight or drop the position")
        for row, value in enumerate(values.tolist())
        if not math.isfinite(value)
    ]
    if problems:
        raise InputError("The exposures are unknown: a weight is missing.", problems)
    # A missing label is a position all the same; grouping would drop it.
    names = [_NAMELESS if pd.isna(label) or label == "" else str(label) for label in given.index]
    summed = values.groupby(np.array(names, dtype=object)).sum()
    return summed[(summed != 0) & ~summed.index.isin(still)]


def _monthly(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """The returns by calendar month, as floats."""
    months = _months(frame.index, name)
    columns = frame.columns.astype(str)
    if not columns.is_unique:
        raise InputError(f"{name} has the column {columns[columns.duplicated()][0]!r} twice.")
    try:
        values = frame.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} must hold numbers: {error}") from None
    for row, column in np.argwhere(np.isinf(values)).tolist():
        problem = Failure(str(months[row]), columns[column], values[row, column], "is no return")
        raise InputError(f"{name} holds an infinite return.", [problem])
    return pd.DataFrame(values, index=months, columns=columns)


def _months(index: pd.Index[Any], name: str) -> pd.PeriodIndex:
    """The calendar month of each row, by the date on the wall; refused where it is not monthly."""
    if isinstance(index, pd.PeriodIndex):
        months = index.asfreq("M")
    elif isinstance(index, pd.DatetimeIndex):
        months = index.tz_localize(None).to_period("M")
    else:
        # The date alone: the times of a place differ in their offset between summer and winter.
        texts = ["" if pd.isna(label) else str(label).strip()[:10] for label in index]
        dates = pd.to_datetime(pd.Series(texts, dtype=object), format="ISO8601", errors="coerce")
        months = pd.DatetimeIndex(dates).to_period("M")
    unread = np.flatnonzero(months.isna()).tolist()
    if unread:
        hint = "is no month: give dates, periods or texts such as '2024-01-31'"
        problems = [Failure(row, "index", index[row], hint) for row in unread]
        raise InputError(f"The index of {name} must tell the months.", problems)
    if not months.is_unique:
        twice = months[months.duplicated()][0]
        raise InputError(f"{name} has {twice} more than once: give one return a month.")
    steps = np.diff(np.sort(months.asi8))
    if len(steps) and np.median(steps) > 1:
        raise InputError(
            f"{name} leaves out most months between {months.min()} and {months.max()}: "
            "give one return a month, not one a quarter or a year."
        )
    return months


def _volatility(held: pd.Series, returns: pd.DataFrame, min_months: int) -> _Found:
    absent = [ticker for ticker in held.index if ticker not in returns]
    if absent:
        return _Found(math.nan, gap=f"no returns for {', '.join(absent)}")
    if held.empty:
        return _Found(0.0)
    values = returns[held.index].to_numpy()
    complete = values[~np.isnan(values).any(axis=1)]
    if len(complete) < min_months:
        gap = f"{len(complete)} complete months, {min_months} are needed"
        return _Found(math.nan, len(complete), gap)
    weights = held.to_numpy()
    covariance = np.atleast_2d(np.cov(complete, rowvar=False, ddof=1))
    # Rounding can push the variance of a perfectly hedged book just below zero.
    variance = max(float(weights @ covariance @ weights), 0.0)
    return _Found(math.sqrt(variance) * math.sqrt(_MONTHS_A_YEAR), len(complete))


def _factor_betas(
    held: pd.Series, returns: pd.DataFrame, factors: pd.DataFrame | None, min_months: int
) -> tuple[dict[str, float], str]:
    if factors is None:
        return {}, "no factor returns are given"
    given = _monthly(factors, "factors")
    _refuse_other_factors(given.columns)
    absent = [name for name in FACTORS if name not in given]
    gaps = [f"factors has no column {', '.join(absent)}"] if absent else []
    betas = {}
    for name in given.columns:
        series = given[name]
        if name != "market" and "market" in given:
            series = series - given["market"]
        elif name != "market":
            gaps.append(f"{name}: its excess needs the market")
            continue
        betas[name], gap = _portfolio_beta(held, returns, series, min_months)
        gaps += [f"{name}: {gap}"] if gap else []
    return betas, "; ".join(gaps)


def _industry_betas(
    held: pd.Series,
    returns: pd.DataFrame,
    industries: pd.DataFrame | None,
    industry_of: Mapping[str, str | None] | pd.Series | None,
    min_months: int,
) -> tuple[dict[str, float], str]:
    if industries is None:
        return {}, "no industry returns are given"
    proxies = _monthly(industries, "industries")
    gaps = []
    members: dict[str, pd.Series] = dict.fromkeys(proxies.columns, held)
    if industry_of is not None:
        named = _assigned(industry_of)
        unassigned = [ticker for ticker in held.index if ticker not in named]
        wanted = {named[ticker] for ticker in held.index if ticker in named}
        strange = sorted(p for p in wanted if p is not None and p not in proxies)
        if unassigned:
            gaps.append(f"no industry for {', '.join(unassigned)}")
        if strange:
            gaps.append(f"no returns for the industry {', '.join(strange)}")
        if gaps:
            return {}, "; ".join(gaps)
        proxy_of = pd.Series(
            [named[ticker] for ticker in held.index], index=held.index, dtype=object
        )
        members = {proxy: held[(proxy_of == proxy).to_numpy()] for proxy in proxies.columns}
    betas = {}
    for proxy, positions in members.items():
        betas[proxy], gap = _portfolio_beta(positions, returns, proxies[proxy], min_months)
        gaps += [f"{proxy}: {gap}"] if gap else []
    return betas, "; ".join(gaps)


def _assigned(industry_of: Mapping[str, str | None] | pd.Series) -> dict[str, str | None]:
    """The proxy of each ticker that is assigned to one, or with a plain None to none."""
    is_plain = not isinstance(industry_of, pd.Series)
    return {
        str(ticker): None if proxy is None else str(proxy)
        for ticker, proxy in industry_of.items()
        if (proxy is None and is_plain) or not is_missing(proxy)
    }


def _portfolio_beta(
    held: pd.Series, returns: pd.DataFrame, factor: pd.Series, min_months: int
) -> tuple[float, str]:
    """Weighted sum of the positions' slopes, or NaN and which positions have none."""
    absent = [ticker for ticker in held.index if ticker not in returns]
    if absent:
        return math.nan, f"no returns for {', '.join(absent)}"
    both = returns[held.index].reindex(factor.index)
    slopes, months = _slopes(both.to_numpy(), factor.to_numpy(), min_months)
    unknown = np.flatnonzero(np.isnan(slopes)).tolist()
    if unknown:
        listed = ", ".join(f"{held.index[i]} ({int(months[i])} common months)" for i in unknown)
        return math.nan, f"no beta for {listed}; {min_months} months and a moving factor are needed"
    return math.fsum(held.to_numpy() * slopes), ""


def _slopes(
    returns: FloatArray, factor: FloatArray, min_months: int
) -> tuple[FloatArray, npt.NDArray[np.int64]]:
    """OLS slope of each column of `returns` on `factor` over their common months."""
    common = ~np.isnan(returns) & ~np.isnan(factor)[:, None]
    months = common.sum(axis=0)
    count = np.maximum(months, 1)
    # Deviations from the means over the common months only; gaps then add nothing.
    x = np.where(common, factor[:, None], 0.0)
    y = np.where(common, returns, 0.0)
    x_deviation = np.where(common, x - x.sum(axis=0) / count, 0.0)
    y_deviation = np.where(common, y - y.sum(axis=0) / count, 0.0)
    spread = (x_deviation**2).sum(axis=0)
    # A factor that only moves by rounding errors has no slope.
    moves = spread > 1e-20 * np.maximum((x**2).sum(axis=0), 1e-20)
    usable = moves & (months >= min_months)
    product = (x_deviation * y_deviation).sum(axis=0)
    return np.where(usable, product / np.where(usable, spread, 1.0), np.nan), months
