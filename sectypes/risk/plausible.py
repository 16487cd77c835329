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

from sectypes.risk.numbering import recode
from sectypes.risk.rates import (
    NO_TYPE,
    BoolArray,
    FloatArray,
    IntArray,
    is_fund,
    position_rates,
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
    "Said",
    "origin_codes",
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
        "derivative": Kinds(
            ("derivative", "equity"), "words of a contract may stand in other names as well"
        ),
        "other": ANY,
    }
)
"""What a rule's answer may be in truth, by the type that it names."""

_BY_FORM = "the form of the symbol, or its venue, leaves nothing open"

BY_RULE: Mapping[str, Kinds] = MappingProxyType(
    {
        **dict.fromkeys(("occ_option", "future_code"), Kinds(("derivative",), _BY_FORM)),
        **dict.fromkeys(("metal_pair",), Kinds(("other",), _BY_FORM)),
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


_TYPES = NO_TYPE + 1
_TOLD = NO_ORIGIN + 1
_RULED = len(BY_RULE) + 1


@dataclass(frozen=True, slots=True)
class Said:
    """What is said about each row, as codes. All arrays have the shape (n,).

    Attributes
    ----------
    types : array of int
        As `type_codes` makes them.
    origins : array of int or None
        As `origin_codes` makes them; None where the frame does not tell.
    rules : array of int or None
        The place in `BY_RULE` of the rule that guessed, from 1 upwards; 0 for another or none.
        None where all are 0.
    """

    types: IntArray
    origins: IntArray | None
    rules: IntArray | None

    @classmethod
    def by(cls, holdings: pd.DataFrame, types: IntArray) -> Said:
        """What a frame says; the rule is read from ``raw_label`` or ``reason``."""
        origins = origin_codes(holdings)
        return cls(types, origins, _rule_codes(holdings, origins, types))

    def states(self, rows: IntArray | slice) -> IntArray:
        """One code for all of it, for some of the rows: where `Plausible` has what it means."""
        states: IntArray = self.types[rows].astype(np.intp)
        states += _TYPES * (NO_ORIGIN if self.origins is None else self.origins[rows])
        if self.rules is not None:
            states += _TYPES * _TOLD * self.rules[rows].astype(np.intp)
        return states


@dataclass(frozen=True, slots=True)
class Plausible:
    """What each state of `Said` means. All arrays have the shape (states,).

    A fact may be what it is; a guess may be that and what its line of the tables names.

    Attributes
    ----------
    types, origins : array of int
        What the state is made of.
    rates : array of float
        Rate of the type, before any multiple.
    guesses : array of bool
        Whether nobody asserted the type, or there is none.
    fund_low, fund_high : array of float
        Lowest and highest rate as an etf or a mutual fund; inf and -inf where it can be neither.
    other_low, other_high : array of float
        The same as anything else.
    """

    types: IntArray
    origins: IntArray
    rates: FloatArray
    guesses: BoolArray
    fund_low: FloatArray
    fund_high: FloatArray
    other_low: FloatArray
    other_high: FloatArray

    @classmethod
    def under(cls, scenarios: CrashScenarios) -> Plausible:
        """The rates of some scenarios."""
        types = np.tile(np.arange(_TYPES), _TOLD * _RULED)
        origins = np.tile(np.repeat(np.arange(_TOLD), _TYPES), _RULED)
        guesses: BoolArray = _IS_GUESS[origins] | (types == NO_TYPE)
        lines, places = _lines(types, origins, guesses)
        rates = position_rates(types, None, scenarios)
        own = {kind: scenarios.rate(kind) for kind in SECURITY_TYPES}
        ends = []
        for as_fund in (True, False):
            # What it is now is plausible too, whatever the line says.
            is_now = is_fund(types) == as_fund
            for worst, pick, missing in ((min, np.minimum, np.inf), (max, np.maximum, -np.inf)):
                found = [
                    worst((own[k] for k in kinds if (k in _FUNDS) == as_fund), default=missing)
                    for kinds in lines
                ]
                ends.append(pick(np.array(found)[places], np.where(is_now, rates, missing)))
        return cls(types, origins, rates, guesses, *ends)

    @property
    def low(self) -> FloatArray:
        """The safest rate."""
        return np.minimum(self.fund_low, self.other_low)

    @property
    def high(self) -> FloatArray:
        """The riskiest rate."""
        return np.maximum(self.fund_high, self.other_high)

    @property
    def open_kind(self) -> BoolArray:
        """Whether it may be a fund and may be none."""
        both: BoolArray = np.isfinite(self.fund_low) & np.isfinite(self.other_low)
        return both


def origin_codes(holdings: pd.DataFrame) -> IntArray | None:
    """Code of each row's origin in the order of `Origin`; None where the frame has no column.

    Missing values and words that are no origin get `NO_ORIGIN`.
    """
    if "origin" not in holdings:
        return None
    return recode(
        holdings["origin"],
        lambda word: _ORIGINS.get(str(word), NO_ORIGIN),
        NO_ORIGIN,
        dtype=np.int8,
    )


def _lines(
    types: IntArray, origins: IntArray, guesses: BoolArray
) -> tuple[list[tuple[str, ...]], IntArray]:
    """The kinds of the lines of the tables, and which of them holds for each state."""
    ruled = [line.kinds for line in BY_RULE.values()]
    lines = [*(BY_TYPE[kind].kinds for kind in SECURITY_TYPES), ANY.kinds, *ruled, ()]
    # The code of "no type" is one past the types, and there stands the line for anything.
    places = np.where(origins == _HEURISTIC, types, NO_TYPE)
    rules = np.repeat(np.arange(_RULED), _TYPES * _TOLD)
    named = np.array([NO_TYPE, *(SECURITY_TYPES.index(kinds[0]) for kinds in ruled)])[rules]
    by_rule = (rules > 0) & (origins == _HEURISTIC) & (types == named)
    places = np.where(by_rule, NO_TYPE + rules, places)
    return lines, np.where(guesses, places, len(lines) - 1)


def _rule_codes(
    holdings: pd.DataFrame, origins: IntArray | None, types: IntArray
) -> IntArray | None:
    source = next((name for name in ("raw_label", "reason") if name in holdings), None)
    if source is None or origins is None:
        return None
    guessed = np.flatnonzero((origins == _HEURISTIC) & (types != NO_TYPE))
    if not len(guessed):
        return None
    numbers = {name: number for number, name in enumerate(BY_RULE, start=1)}
    rules = np.zeros(len(types), dtype=np.int8)
    words = holdings[source].iloc[guessed]
    rules[guessed] = recode(words, lambda word: _rule(word, numbers), 0, dtype=np.int8)
    return rules


def _rule(word: Any, numbers: Mapping[str, int]) -> int:
    text = str(word)
    found = _RULE.match(text)
    return numbers.get(found[1] if found else text, 0)
