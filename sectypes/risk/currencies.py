"""Currencies of the rows of a holdings frame, and what one unit of each is worth in the base."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from sectypes.checks import is_number
from sectypes.errors import Failure, InputError
from sectypes.risk.numbering import recode
from sectypes.risk.rates import FloatArray, IntArray
from sectypes.tickers import MINOR_UNITS

__all__ = ["factors_to_base", "rates_by_currency", "unused"]

_NO_CURRENCY = -1
_MOST_CURRENCIES = 10_000


def factors_to_base(
    holdings: pd.DataFrame, codes: IntArray, labels: pd.Index[Any], fx: Mapping[str, float] | None
) -> tuple[FloatArray | None, tuple[str, ...]]:
    """Factor to the base currency of each row, None where nothing needs to be converted."""
    if "currency" not in holdings:
        return None, unused(fx, "the frame has no column 'currency'")
    names: list[str] = []
    currencies = recode(
        holdings["currency"], lambda word: _number_of(word, names), _NO_CURRENCY, dtype=np.int16
    )
    if not names:
        return None, unused(fx, "the column 'currency' names none")
    notes = []
    blank = currencies == _NO_CURRENCY
    if blank.any():
        _refuse_blank(blank, names)
        notes.append(f"{int(blank.sum())} rows name no currency and are taken as {names[0]}")
        currencies = np.where(blank, 0, currencies)
    if len(names) > 1 and fx is None:
        _refuse_mixed(currencies, names, codes, labels)
    if fx is None:
        return None, tuple(notes)
    table, base = _table(fx, names)
    if base:
        notes.append(f"values in {base} are taken as values in the base currency of fx")
    return table[currencies], tuple(notes)


def unused(fx: Mapping[str, float] | None, why: str) -> tuple[str, ...]:
    """The note that rates were given and nothing could use them."""
    return (f"fx is not used: {why}",) if fx is not None and len(fx) else ()


def _number_of(word: Hashable, names: list[str]) -> int:
    name = _currency(word)
    if not name:
        return _NO_CURRENCY
    if name not in names:
        if len(names) == _MOST_CURRENCIES:
            raise InputError(f"The column 'currency' names more than {len(names):,} currencies.")
        names.append(name)
    return names.index(name)


def _currency(word: Hashable) -> str:
    """One spelling of a currency. A small last letter (GBp) tells a hundredth from its whole."""
    name = str(word).strip()
    is_minor = len(name) == 3 and name[:2].isupper() and name[2].islower()
    return name if is_minor else MINOR_UNITS.get(name.upper(), name.upper())


def _refuse_blank(blank: Any, names: list[str]) -> None:
    if len(names) > 1:
        problems = [
            Failure(row, "currency", None, f"names none of {', '.join(names)}")
            for row in np.flatnonzero(blank).tolist()
        ]
        raise InputError("Rows without a currency among several currencies.", problems)


def _refuse_mixed(
    currencies: IntArray, names: list[str], codes: IntArray, labels: pd.Index[Any]
) -> None:
    lowest = np.full(len(labels), len(names), dtype=np.int64)
    highest = np.full(len(labels), -1, dtype=np.int64)
    np.minimum.at(lowest, codes, currencies)
    np.maximum.at(highest, codes, currencies)
    mixed = np.flatnonzero(highest > lowest)
    if len(mixed):
        found = np.unique(currencies[np.isin(codes, mixed)]).tolist()
        problems = [
            Failure(None, "currency", None, f"portfolio {labels[code]!r} has several")
            for code in mixed.tolist()
        ]
        raise InputError(
            "Values in several currencies cannot be added up: "
            f"{', '.join(sorted(names[i] for i in found))}. "
            "Give fx={'EUR': 1.08, ...} (on the command line --fx EUR=1.08) to one base currency.",
            problems,
        )


def rates_by_currency(pairs: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Rates by the one spelling of their currency.

    Raises
    ------
    InputError
        A currency has two rates.

    Examples
    --------
    >>> rates_by_currency([("eur", 1.08), ("GBX", 0.0125)])
    {'EUR': 1.08, 'GBp': 0.0125}
    """
    given: dict[str, float] = {}
    for word, rate in pairs:
        name = _currency(word)
        if name in given:
            raise InputError(f"fx has two rates for {name}: give one.")
        given[name] = rate
    return given


def _table(fx: Mapping[str, float], names: list[str]) -> tuple[FloatArray, str]:
    given = rates_by_currency(fx.items())
    problems = [
        Failure(None, f"fx[{name!r}]", rate, "must be a number above 0")
        for name, rate in given.items()
        if not (is_number(rate) and 0 < rate < math.inf)
    ]
    if problems:
        raise InputError("The exchange rates cannot be used.", problems)
    rest = sorted(name for name in names if name not in given)
    base = [name for name, rate in given.items() if rate == 1]
    if rest and base:
        raise InputError(
            f"fx has no rate for {', '.join(rest)}: with the rate 1 {base[0]} is the base "
            "currency, and every other one needs a rate."
        )
    if len(rest) > 1 or any(name[-1].islower() for name in rest):
        raise InputError(
            f"fx has no rate for {', '.join(rest)}: only the base currency may be left out, "
            "and a hundredth such as GBp is no base."
        )
    return np.array([float(given.get(name, 1.0)) for name in names]), "".join(rest)
