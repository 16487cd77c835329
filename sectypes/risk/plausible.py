"""What a guess may be in truth: the kinds that are plausible for each guess, and why.

A fact may be old but it does not move. What moves is what nobody asserted: an answer of a rule, the
default, a row whose origin is not told, and a row without a type.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sectypes.risk.rates import (
    NO_TYPE,
    BoolArray,
    FloatArray,
    IntArray,
    is_fund,
    position_rates,
    recode,
)
from sectypes.scenarios import CrashScenarios
from sectypes.taxonomy import SECURITY_TYPES, Origin

__all__ = [
    "ANY",
    "BY_RULE",
    "BY_TYPE",
    "NO_ORIGIN",
    "Kinds",
    "Plausible",
    "guessed_rows",
    "origin_codes",
    "plausible_rates",
]

NO_ORIGIN = len(Origin)
"""Code of a row whose origin is not told, one past the codes of the origins."""

_ORIGINS = {origin.value: code for code, origin in enumerate(Origin)}
_IS_GUESS = np.array([*(origin.is_guess for origin in Origin), True])
_HEURISTIC = _ORIGINS[Origin.HEURISTIC]


class Kinds(NamedTuple):
    """Security types that are plausible, and the reason."""

    kinds: tuple[str, ...]
    reason: str


ANY = Kinds(
    SECURITY_TYPES,
    "nobody asserted anything: a ticker that is blank or that no rule knows may be any listed kind",
)
"""The default, rows without a type, and rows whose origin is not told."""

_FUNDS = ("etf", "mutual_fund")

BY_TYPE: Mapping[str, Kinds] = MappingProxyType(
    {
        "equity": Kinds(
            ("equity", "mutual_fund", "bond", "derivative"),
            "closed-end funds issue shares, units and rights too; a listed note is debt, a warrant "
            "a derivative",
        ),
        "etf": Kinds(
            (*_FUNDS, "equity"),
            "words of a fund are borne by funds of either kind and by companies (trusts, lenders)",
        ),
        "mutual_fund": Kinds(
            (*_FUNDS, "equity"),
            "words of a fund are borne by funds of either kind and by companies (trusts, lenders)",
        ),
        "cash": Kinds(
            ("cash", *_FUNDS), "words of cash are borne by funds that hold more than cash"
        ),
        "bond": Kinds(
            ("bond", *_FUNDS, "equity"),
            "words of a bond are borne by funds of bonds and by notes that count as equity",
        ),
        "crypto": Kinds(
            ("crypto", *_FUNDS, "equity"), "a coin's name is borne by trusts and companies too"
        ),
        "derivative": Kinds(("derivative",), "options are told by the form of their symbol alone"),
        "other": ANY,
    }
)
"""What a rule's answer may be in truth, by the type that it names."""

_BY_FORM = "the form of the symbol, or its venue, leaves nothing open"

BY_RULE: Mapping[str, Kinds] = MappingProxyType(
    {
        **dict.fromkeys(("occ_option",), Kinds(("derivative",), _BY_FORM)),
        **dict.fromkeys(("debt_cusip",), Kinds(("bond",), _BY_FORM)),
        **dict.fromkeys(
            ("cash_code", "currency_pair", "exchange_currency"), Kinds(("cash",), _BY_FORM)
        ),
        **dict.fromkeys(("coin_code", "exchange_crypto"), Kinds(("crypto",), _BY_FORM)),
        **dict.fromkeys(
            ("fund_suffix_x", "fund_suffix_long"),
            Kinds(("mutual_fund",), "the suffix is a fund's quote on Nasdaq's fund network"),
        ),
        "fund_suffix_xx": Kinds(
            ("cash", "mutual_fund"),
            "the suffix is a money market fund's quote; not every such fund holds what is cash",
        ),
    }
)
"""Rules that leave less open than the type that they name, which comes first.

Used where the frame names the rule and still has its type: a rule is no evidence for another type.
"""

_RULE = re.compile(r"rule (\w+):")


@dataclass(frozen=True, slots=True)
class Plausible:
    """The rates that guesses may have. All arrays have the shape (guesses,).

    Attributes
    ----------
    rows : array of int
        The rows of the frame that are guesses.
    fund_low, fund_high : array of float
        Lowest and highest rate as an etf or a mutual fund; inf and -inf where it can be neither.
    other_low, other_high : array of float
        The same as anything else.
    """

    rows: IntArray
    fund_low: FloatArray
    fund_high: FloatArray
    other_low: FloatArray
    other_high: FloatArray

    @property
    def low(self) -> FloatArray:
        """The safest rate."""
        return np.minimum(self.fund_low, self.other_low)

    @property
    def high(self) -> FloatArray:
        """The riskiest rate."""
        return np.maximum(self.fund_high, self.other_high)


def origin_codes(holdings: pd.DataFrame) -> IntArray | None:
    """Code of each row's origin in the order of `Origin`; None where the frame has no column.

    Missing values and words that are no origin get `NO_ORIGIN`.
    """
    if "origin" not in holdings:
        return None
    return recode(holdings["origin"], lambda word: _ORIGINS.get(str(word), NO_ORIGIN), NO_ORIGIN)


def guessed_rows(origins: IntArray, types: IntArray) -> BoolArray:
    """Whether a row may be something else: nobody asserted its type, or it has none."""
    guesses: BoolArray = _IS_GUESS[origins] | (types == NO_TYPE)
    return guesses


def plausible_rates(
    holdings: pd.DataFrame,
    origins: IntArray,
    types: IntArray,
    multiples: FloatArray | None,
    scenarios: CrashScenarios,
) -> Plausible:
    """The rates that each guess may have.

    A multiple that is told stays what it is; one that is not known is anything from 1 upwards, so
    the rate may reach 1. What a guess is now is always among what it may be.

    Parameters
    ----------
    holdings : DataFrame
        The rule is read from ``raw_label`` or ``reason``, where the frame has them.
    origins, types : array of int, shape (n,)
        As `origin_codes` and `type_codes` make them.
    multiples : array of float, shape (n,), or None
        Leverage of each position.
    scenarios : CrashScenarios
        The rates.
    """
    rows = np.flatnonzero(guessed_rows(origins, types))
    lines, places = _lines_of(holdings, rows, origins[rows], types[rows])
    steps = None if multiples is None else multiples[rows]
    # What a guess is now is plausible too, whatever the line says.
    now = position_rates(types[rows], None, scenarios)
    funds = is_fund(types[rows])
    ends = []
    for kinds_of, is_now in ((_funds_of, funds), (_others_of, ~funds)):
        for worst, missing in ((min, np.inf), (max, -np.inf)):
            plain = ([scenarios.rate(kind) for kind in kinds_of(line)] for line in lines)
            table = np.array([worst(one, default=missing) for one in plain], dtype=np.float64)
            pick = np.minimum if worst is min else np.maximum
            rates = pick(table[places], np.where(is_now, now, missing))
            ends.append(_levered(rates, steps, highest=worst is max))
    return Plausible(rows, *ends)


def _funds_of(line: Kinds) -> list[str]:
    return [kind for kind in line.kinds if kind in _FUNDS]


def _others_of(line: Kinds) -> list[str]:
    return [kind for kind in line.kinds if kind not in _FUNDS]


def _levered(rates: FloatArray, multiples: FloatArray | None, *, highest: bool) -> FloatArray:
    """The rates with the multiple on them; what is impossible stays impossible."""
    if multiples is None:
        return rates
    size, possible = np.abs(multiples), np.isfinite(rates)
    known = np.minimum(1.0, np.where(possible, size * np.where(possible, rates, 0.0), 0.0))
    unknown = 1.0 if highest else rates
    return np.where(possible, np.where(size > 0, known, unknown), rates)


def _lines_of(
    holdings: pd.DataFrame, rows: IntArray, origins: IntArray, types: IntArray
) -> tuple[list[Kinds], IntArray]:
    """The lines of the tables, and which of them holds for each of the rows."""
    lines = [*(BY_TYPE[kind] for kind in SECURITY_TYPES), ANY, *BY_RULE.values()]
    # The code of "no type" is one past the types, and there stands the line for anything.
    places = np.where(origins == _HEURISTIC, types, NO_TYPE)
    source = next((name for name in ("raw_label", "reason") if name in holdings), None)
    by_rule = np.flatnonzero(places != NO_TYPE)
    if source is not None and len(by_rule):
        first = NO_TYPE + 1
        of_rule = {name: place for place, name in enumerate(BY_RULE)}
        named = recode(holdings[source].iloc[rows[by_rule]], lambda w: _rule(w, of_rule), -1)
        names = np.array([*(SECURITY_TYPES.index(line.kinds[0]) for line in BY_RULE.values()), -1])
        places[by_rule] = np.where(names[named] == types[by_rule], first + named, places[by_rule])
    return lines, places


def _rule(word: Any, of_rule: Mapping[str, int]) -> int:
    text = str(word)
    found = _RULE.match(text)
    return of_rule.get(found[1] if found else text, -1)
