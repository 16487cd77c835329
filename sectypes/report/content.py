"""What a report says, as sentences and tables; the other modules only decide how it looks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sectypes.checks import is_missing
from sectypes.files import readable

if TYPE_CHECKING:
    from sectypes.charts.compared import Compared

__all__ = [
    "TITLE",
    "Table",
    "band",
    "components",
    "coverage",
    "headline",
    "limits",
    "positions",
    "scenario",
    "settings",
    "shown",
    "sort_key",
    "warnings_of",
]

TITLE = "Risk before and after the true security types"

_POSITION_COLUMNS = (
    *("ticker", "name", "provider", "provider_type", "security_type", "origin", "weight"),
    *("loss_before", "loss_after", "effect", "flags", "as_of", "stale", "reason", "served_by"),
    *("type_before", "rate_before", "rate_after", "subtype", "leverage", "portfolio", "account"),
    "is_cash",
)
_COVERED = {
    "override": "the analyst's own decision",
    "provider": "the provider's row",
    "fmp": "a fact of Financial Modeling Prep",
    "openfigi": "a fact of OpenFIGI",
    "snapshot": "a fact of the bundled sample",
    "heuristic": "a guess: a rule on ticker or name",
    "default": "a guess: a company, because nobody knows it",
    "no type": "none is given, or none could be found",
    "origin not told": "the frame does not tell who says so",
    "guessed": "heuristic and default together",
    "stale": "older than it should be, whoever says so",
}
_POINTS = ("score", "swing")
_PLAIN = ("limit", "value", "leverage", "rows", "common", "differ", "ratio")


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a report: its name as a heading, what it shows, and the values as they are."""

    title: str
    caption: str
    frame: pd.DataFrame


def headline(compared: Compared) -> str:
    """The overall score before and after, or why there is none."""
    before, after = compared.before, compared.after
    if math.isnan(before.overall) or math.isnan(after.overall):
        return f"There is no overall score. {after.reason or before.reason}."
    return (
        f"Risk score {before.overall:.1f} ({before.category}) before, "
        f"{after.overall:.1f} ({after.category}) after."
    )


def components(compared: Compared) -> Table:
    """Loss and score of each component, before and after."""
    columns = ["loss_before", "loss_after", "score_before", "score_after", "score_change", "reason"]
    return Table(
        "Components",
        "Losses as shares of the portfolio's value, scores from 0 to 100.",
        compared.table()[columns].reset_index(),
    )


def positions(compared: Compared) -> Table:
    """What was classified by whom, and what it does to the loss of each position."""
    frame = compared.positions()
    kept = [name for name in _POSITION_COLUMNS if name in frame]
    return Table(
        "Positions",
        "What each position is, who says so, and its loss in its own crash.",
        frame[kept].reset_index(drop=True),
    )


def coverage(compared: Compared) -> Table:
    """Share of the gross value by who asserted the types; what is guessed and what is stale."""
    frame = compared.coverage.table().reset_index()
    frame["note"] = frame["part"].map(_COVERED)
    # Unknown is a word here: an empty cell would read as nothing.
    shares: list[Any] = ["unknown" if math.isnan(share) else share for share in frame["share"]]
    if "unknown" in shares:
        frame["share"] = pd.Series(shares, dtype=object)
    return Table("Coverage", "Share of the gross value by who asserted the types.", frame)


def band(compared: Compared) -> Table:
    """What the numbers would be if every guess were its safest, and its riskiest plausible type."""
    frame = compared.band.table()
    # A loss is a share, a score is points: what they are begins the names of their columns.
    losses = frame.loc[["loss", "worst_position", "whole_book"]]
    scores = frame.loc[["score", "overall"]].set_axis(["score_low", "score_high"], axis="columns")
    named = {"loss": "concentration", "score": "concentration"}
    both = losses.set_axis(["loss_low", "loss_high"], axis="columns").rename(named)
    table = both.join(scores.rename(named), how="outer").rename_axis("number")
    order = ["concentration", "overall", "worst_position", "whole_book"]
    return Table("Band", f"{_sentence(str(compared.band))}", table.loc[order].reset_index())


def scenario(compared: Compared) -> Table:
    """Each rate of the scenario with its source or reason."""
    rates = compared.scenarios
    rows = [(name, getattr(rates, name), source) for name, source in rates.sources.items()]
    return Table(
        "Scenario",
        f"Crash rates of scenario {rates.name}, version {rates.version}.",
        pd.DataFrame(rows, columns=["name", "rate", "source"]),
    )


def limits(compared: Compared) -> Table:
    """What keeps each loss within the limit."""
    return Table(
        "Limits",
        "The largest weight, volatility, beta or leverage that keeps each loss within the limit.",
        compared.suggested_limits(),
    )


def settings(compared: Compared) -> Table:
    """What the scores were made with."""
    after, counted = compared.after, compared.scenarios.leveraged_funds
    types = {
        "generic": "generic: every position a stock",
        "provider": "provider: each provider's own type",
    }
    rows: list[tuple[str, Any]] = [
        ("baseline", types.get(compared.baseline, compared.baseline)),
        ("concentration method", after.method),
        ("score curve", after.curve),
        ("leverage of the portfolio", after.leverage),
        ("leveraged funds", "min(1, leverage x rate)" if counted else "off: the plain rate"),
        ("max loss", after.limits.max_loss),
        ("max single factor loss", after.limits.max_single_factor_loss),
        ("max volatility", after.limits.max_volatility),
        ("max single stock weight", after.limits.max_single_stock_weight),
        *((f"variance limit: {name}", v) for name, v in after.limits.variance_limits.items()),
        ("scenario", after.scenario),
        ("scenario version", after.scenario_version),
    ]
    given = [(name, value) for name, value in rows if value is not None]
    return Table(
        "Settings",
        "What both scores were made with; limits are fractions.",
        pd.DataFrame(given, columns=["setting", "value"], dtype=object),
    )


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def warnings_of(compared: Compared) -> list[str]:
    """What a reader must know before trusting the numbers, each once."""
    told = [*compared.after.warnings, *compared.before.warnings]
    if compared.band.loss.width != 0 and compared.after.concentration.reason == "":
        told.append(str(compared.band))
    return list(dict.fromkeys(told))


def shown(column: str, value: Any) -> str:
    """A value as a person reads it; "" for a missing one.

    Examples
    --------
    >>> [shown("weight", 0.123), shown("score_after", 91.77), shown("stale", True)]
    ['12.3%', '91.8', 'yes']
    """
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if is_missing(value):
        return ""
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d %H:%M} UTC" if value.tz is None else _utc(value)
    if isinstance(value, float | int | np.number):
        return _number(column, float(value))
    return readable(value)


def sort_key(value: Any) -> str | None:
    """What a page sorts by where the shown text would sort wrongly: numbers and times."""
    if isinstance(value, bool | np.bool_) or is_missing(value):
        return None
    if isinstance(value, pd.Timestamp):
        return repr(value.timestamp())
    return repr(float(value)) if isinstance(value, float | int | np.number) else None


def _utc(value: pd.Timestamp) -> str:
    return f"{value.tz_convert('UTC'):%Y-%m-%d %H:%M} UTC"


def _number(column: str, value: float) -> str:
    if math.isinf(value):
        return "no limit"
    if column.startswith(_POINTS):
        return f"{value:.1f}"
    return f"{value:.4g}" if column.startswith(_PLAIN) else f"{value:.1%}"
