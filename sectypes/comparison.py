"""Before and after: what the true types do to the risk score of one book, or of very many."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, cast, overload

import pandas as pd

from sectypes.checks import or_design
from sectypes.errors import InputError
from sectypes.risk.band import Band
from sectypes.risk.concentration import Method
from sectypes.risk.coverage import Coverage, one_coverage
from sectypes.risk.curves import Curve
from sectypes.risk.losses import Betas, leverage_factor
from sectypes.risk.many import compare_groups, one_band
from sectypes.risk.positions import HOW_FOUND, Baseline, Rated, position_table, rate_frame
from sectypes.risk.result import RiskScore
from sectypes.risk.score import Exposures, score_book
from sectypes.risk.sides import Sides
from sectypes.risk.suggest import suggested_limits
from sectypes.risk.told import Told
from sectypes.scenarios import CrashScenarios, RiskLimits

if TYPE_CHECKING:
    from pathlib import Path

    from sectypes.charts import Chart
    from sectypes.widgets import ExplorePanel

__all__ = ["Comparison", "compare"]

_SHOWN_ROWS = 10


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """One book scored twice: with the baseline's types and with the true ones.

    Attributes
    ----------
    before, after : RiskScore
        The two scores.
    baseline : str
        What "before" means: ``generic`` or ``provider``.
    scenarios : CrashScenarios
        The rates used on both sides.
    coverage : Coverage
        Share of the gross value by who asserted the true types, and how much is stale.
    band : Band
        What the numbers after would be if every guess were its safest, and its riskiest plausible
        type.
    """

    before: RiskScore
    after: RiskScore
    baseline: str
    scenarios: CrashScenarios
    coverage: Coverage
    band: Band
    _positions: pd.DataFrame = field(repr=False)
    _holdings: pd.DataFrame = field(repr=False)
    _given: Mapping[str, Any] = field(repr=False)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Comparison)
            and (self.before, self.after) == (other.before, other.after)
            and (self.baseline, self.scenarios) == (other.baseline, other.scenarios)
            and self.band == other.band
            and _plain(self._positions).equals(_plain(other._positions))
        )

    def __hash__(self) -> int:
        return hash((self.before, self.after, self.baseline))

    def table(self) -> pd.DataFrame:
        """Before and after of each component, the overall score, worst position and whole book.

        Returns
        -------
        DataFrame
            Index ``component``; columns loss, ratio and score, each before and after,
            ``loss_change``, ``score_change`` (after minus before), the ends of the band
            (``loss_low``, ``loss_high``, ``score_low``, ``score_high``) and ``reason``. Losses are
            positive fractions, scores 0 to 100, NaN where there is none.
        """
        before, after = self.before.table(), self.after.table()
        table = pd.DataFrame(index=before.index)
        for name in ("loss", "ratio", "score"):
            table[f"{name}_before"], table[f"{name}_after"] = before[name], after[name]
        table["loss_change"] = after["loss"] - before["loss"]
        table["score_change"] = after["score"] - before["score"]
        ends = {"loss": after["loss"], "score": after["score"]}
        moved = {"concentration": "loss", "worst_position": "worst_position"}
        moved |= {"whole_book": "whole_book"}
        for end in ("low", "high"):
            for name, known in ends.items():
                table[f"{name}_{end}"] = known
            # What does not hang on types has no width.
            for row, name in moved.items():
                table.loc[row, f"loss_{end}"] = getattr(getattr(self.band, name), end)
            table.loc["concentration", f"score_{end}"] = getattr(self.band.score, end)
            table.loc["overall", f"score_{end}"] = getattr(self.band.overall, end)
        table["reason"] = after["reason"]
        return table

    def positions(self) -> pd.DataFrame:
        """One row a position, as `audit` describes; the effects add up to the whole-book change."""
        return self._positions.copy()

    def suggested_limits(self) -> pd.DataFrame:
        """What keeps each loss of the book within its limit; see `suggested_limits`."""
        given = {name: self._given[name] for name in ("max_betas", "max_industry_betas")}
        return suggested_limits(self.after, scenarios=self.scenarios, **given)

    def plot(self, *, most: int = 15) -> Chart:
        """The main chart; see `sectypes.charts.concentration_by_position`."""
        from sectypes import charts

        return charts.concentration_by_position(self, most=most)

    def to_html(self, path: str | Path | None = None) -> str:
        """One self-contained page; see `sectypes.report.to_html`."""
        from sectypes import report

        return report.to_html(self, path, rescore=self.rescored)

    def to_excel(self, path: str | Path) -> Path:
        """An Excel file; see `sectypes.report.to_excel`."""
        from sectypes import report

        return report.to_excel(self, path)

    def to_markdown(self) -> str:
        """Headline, warnings and tables; see `sectypes.report.to_markdown`."""
        from sectypes import report

        return report.to_markdown(self)

    def rescored(self, scenarios: CrashScenarios) -> RiskScore:
        """Score the same book after, with other rates."""
        after = self.after
        again = compare(
            self._holdings,
            scenarios=scenarios,
            limits=after.limits,
            baseline=cast("Baseline", self.baseline),
            method=cast("Method", after.method),
            curve=cast("Curve", after.curve),
            leverage=after.leverage,
            **self._given,
        )
        score: RiskScore = again.after
        return score

    def explore(self) -> ExplorePanel:
        """Open the panel of scenarios on this book, set to what this comparison was made with."""
        from sectypes import widgets

        after = self.after
        if math.isnan(after.leverage):
            raise InputError("the panel needs the portfolio's leverage: give compare(leverage=...)")
        start = widgets.State(
            scenarios=self.scenarios,
            limits=after.limits,
            leverage=after.leverage,
            baseline=cast("Baseline", self.baseline),
            method=cast("Method", after.method),
            curve=cast("Curve", after.curve),
        )
        again = cast("widgets.Compare", partial(compare, **self._given))
        return widgets.explore(self._holdings, compare=again, start=start)

    def _repr_html_(self) -> str:
        shown = self.table().drop(columns=["ratio_before", "ratio_after", "reason"])
        moved = self._positions.assign(size=self._positions["effect"].abs())
        moved = moved[moved["size"] > 0].nlargest(_SHOWN_ROWS, "size")
        wanted = ["ticker", "provider_type", "security_type", "weight", "effect", "flags"]
        moved = moved[[name for name in wanted if name in moved]]
        title = f"Risk before ({self.baseline} types) and after (true types)"
        sure = [f"rests on {self.coverage}", str(self.band)]
        notes = "".join(f"<li>{html.escape(note)}</li>" for note in (*sure, *self.after.warnings))
        return (
            f"<p><b>{html.escape(title)}</b></p>{_html(shown)}"
            f"<p>Positions with the largest effect on the whole-book loss</p>{_html(moved)}"
            f"<ul>{notes}</ul>"
        )


@overload
def compare(
    holdings: pd.DataFrame,
    *,
    limits: RiskLimits | None = None,
    scenarios: CrashScenarios | None = None,
    exposures: Exposures | None = None,
    baseline: Baseline = "generic",
    method: Method = "largest_position",
    curve: Curve = "linear",
    leverage: float | None = 1.0,
    by: None = None,
    fx: Mapping[str, float] | None = None,
    max_betas: Betas | None = None,
    max_industry_betas: Betas | None = None,
) -> Comparison: ...
@overload
def compare(
    holdings: pd.DataFrame,
    *,
    limits: RiskLimits | None = None,
    scenarios: CrashScenarios | None = None,
    exposures: pd.DataFrame | Mapping[Any, Exposures | None] | None = None,
    baseline: Baseline = "generic",
    method: Method = "largest_position",
    curve: Curve = "linear",
    leverage: float | None = 1.0,
    by: str,
    fx: Mapping[str, float] | None = None,
    max_betas: Betas | None = None,
    max_industry_betas: Betas | None = None,
) -> pd.DataFrame: ...
def compare(
    holdings: pd.DataFrame,
    *,
    limits: RiskLimits | None = None,
    scenarios: CrashScenarios | None = None,
    exposures: Exposures | pd.DataFrame | Mapping[Any, Exposures | None] | None = None,
    baseline: Baseline = "generic",
    method: Method = "largest_position",
    curve: Curve = "linear",
    leverage: float | None = 1.0,
    by: str | None = None,
    fx: Mapping[str, float] | None = None,
    max_betas: Betas | None = None,
    max_industry_betas: Betas | None = None,
) -> Comparison | pd.DataFrame:
    """Score holdings before and after: with the baseline's types and with the true ones.

    Nothing is asked of a service or the network: a frame that was saved with its answers gives
    the same comparison again.

    Parameters
    ----------
    holdings : DataFrame
        The holdings frame with the answers of ``.sectype.explain()``: ``security_type`` is
        needed, ``leverage``, ``origin`` and ``stale`` are used where they exist. A missing type
        takes the worst rate and is listed. Needs ``weight`` or ``value``.
    limits, scenarios : RiskLimits | None, CrashScenarios | None
        None for the design's.
    exposures : Exposures, or by portfolio: mapping or DataFrame (see `exposures_frame`), or None
        Volatility and betas; without them those components and the overall score are missing.
    baseline : {"generic", "provider"}
        The "before": 80% for everything (the older system), or the provider's own type.
    leverage : float | None
        Of the portfolio; None or NaN where it is unknown: no loss can be worked out then.
    method, curve, max_betas, max_industry_betas
        As in `risk_score`.
    by : str | None
        None: the whole frame is one book. Otherwise the column, or level of the index, that tells
        portfolios apart, such as ``portfolio``.
    fx : Mapping[str, float] | None
        As in `position_weights`; needed where a portfolio mixes currencies.

    Returns
    -------
    Comparison
        Where `by` is None.
    DataFrame
        Otherwise: one row a portfolio, in order of appearance. For each of factor, concentration,
        volatility and sector ``<name>_loss_before``, ``_ratio_before``, ``_score_before`` and the
        same ``_after``; ``overall_``, ``category_``, ``worst_ticker_``, ``worst_loss_``,
        ``hides_worst_`` (the method shows less than the worst position) and ``whole_book_loss_``
        before and after; ``positions``, ``overall_change``; ``concentration_loss_``,
        ``concentration_score_`` and ``overall_``, each ``low`` and ``high`` (see `Band`);
        ``stand_in_weight``, ``guessed_weight`` and one ``_weight`` for each share of `Coverage`
        (of the absolute weight), ``reason`` (why the overall score is missing) and ``note``.

    Raises
    ------
    InputError
        A column is missing, weights cannot be worked out, or exposures do not fit `by` or name
        none of the portfolios.
    ConfigError
        Baseline, method or curve has another name; limits or scenarios are something else.

    Examples
    --------
    >>> book = pd.DataFrame({"ticker": ["DSU", "AGG", "SGOV"], "value": [30.0, 29.0, 41.0],
    ...                      "security_type": ["mutual_fund", "etf", "cash"]})
    >>> compared = compare(book, method="worst_position")
    >>> after = compared.after.concentration
    >>> round(compared.before.concentration.loss, 4), round(after.loss, 4), after.score
    (0.328, 0.12, 100.0)
    >>> book["portfolio"] = ["A", "A", "B"]
    >>> compare(book, by="portfolio")["concentration_loss_after"].round(4).tolist()
    [0.2034, 0.05]
    """
    rated = rate_frame(
        holdings,
        scenarios=or_design("scenarios", scenarios, CrashScenarios),
        baseline=baseline,
        by=by,
        fx=fx,
    )
    shared: dict[str, Any] = {
        "limits": or_design("limits", limits, RiskLimits),
        "leverage": leverage_factor(leverage),
        "method": method,
        "curve": curve,
        "max_betas": max_betas,
        "max_industry_betas": max_industry_betas,
    }
    if by is not None:
        grouped = cast("pd.DataFrame | Mapping[Any, Exposures | None] | None", exposures)
        return compare_groups(holdings, rated, exposures=grouped, **shared)
    if isinstance(exposures, pd.DataFrame | Mapping):
        raise InputError("Exposures by portfolio need by='portfolio' (or the column's name).")
    return _compare_one(holdings, rated, exposures, fx, shared)


def _compare_one(
    holdings: pd.DataFrame,
    rated: Rated,
    exposures: Exposures | None,
    fx: Mapping[str, float] | None,
    shared: dict[str, Any],
) -> Comparison:
    before, after = rated.books(holdings.get("ticker"))
    options = {
        **shared,
        "exposures": exposures,
        "scenarios": rated.scenarios,
        "notes": rated.weighed.notes,
    }
    scored = score_book(after, origins=holdings.get("origin"), **options)
    told, everything = Told(holdings, rated), rated.weighed.layout.everything
    sides = Sides(told, everything, shared["method"], shared["leverage"])
    return Comparison(
        before=score_book(before, **options),
        after=scored,
        baseline=rated.baseline,
        scenarios=rated.scenarios,
        coverage=one_coverage(sides.shares()),
        band=one_band(sides, scored),
        _positions=position_table(holdings, rated, leverage=shared["leverage"]),
        _holdings=holdings.copy(),
        _given={
            "exposures": exposures,
            "fx": None if fx is None else dict(fx),
            "max_betas": shared["max_betas"],
            "max_industry_betas": shared["max_industry_betas"],
        },
    )


def _plain(positions: pd.DataFrame) -> pd.DataFrame:
    """The table without how its answers were found, and without what a Parquet file changes."""
    plain = {
        name: column if column.dtype.kind == "f" else column.astype(object).where(column.notna())
        for name, column in positions.items()
        if name not in HOW_FOUND
    }
    return pd.DataFrame(plain).reset_index(drop=True)


def _html(table: pd.DataFrame) -> str:
    # to_html escapes texts that came from a provider.
    return table.to_html(float_format=lambda x: f"{x:.4g}", na_rep="", border=0)
