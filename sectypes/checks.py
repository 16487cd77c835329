"""What a caller gives, read or refused by its name: numbers, fractions, sections, labels."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from decimal import Decimal
from numbers import Real
from typing import Any, TypeVar

from sectypes.errors import ConfigError, Failure, InputError, shown
from sectypes.taxonomy import SECURITY_TYPES

__all__ = [
    "fraction",
    "is_missing",
    "is_number",
    "label",
    "number",
    "numbers_by_name",
    "or_design",
    "refuse_missing",
    "refuse_unknown",
    "section",
    "type_named",
]

T = TypeVar("T")


def is_number(value: Any) -> bool:
    """Whether it is a real number; True and False are none."""
    return isinstance(value, Real) and value is not True and value is not False


def is_missing(value: Any) -> bool:
    """Whether it is None, NaN, NaT or NA.

    Examples
    --------
    >>> is_missing(None), is_missing(float("nan")), is_missing(""), is_missing([])
    (True, True, False, False)
    """
    import pandas as pd  # costs time to load, and scenarios alone do not need it

    return bool(pd.api.types.is_scalar(value) and pd.isna(value))


def number(name: str, value: Any) -> float:
    """One number; a missing one is NaN.

    Raises
    ------
    InputError
        It is something else; a text is no number.

    Examples
    --------
    >>> number("volatility_annual", 1), number("volatility_annual", None)
    (1.0, nan)
    """
    return value if type(value) is float else numbers_by_name({name: value}, name)[name]


def numbers_by_name(given: Any, what: str) -> dict[str, float]:
    """A mapping or Series of numbers, by the texts of its names; a missing number is NaN.

    Raises
    ------
    InputError
        It is neither, or a value is no number; a text is none.

    Examples
    --------
    >>> numbers_by_name({"market": 1, "value": None}, "factor betas")
    {'market': 1.0, 'value': nan}
    """
    # A Series is no Mapping; what both have and a list has not is names.
    if not hasattr(given, "items"):
        raise InputError(f"The {what} must be a mapping of names to numbers (it is {shown(given)})")
    problems, found = [], {}
    for key, value in given.items():
        if type(value) is float:  # nearly all are
            found[str(key)] = value
        elif is_missing(value):
            found[str(key)] = math.nan
        elif (read := _as_float(value)) is not None:
            found[str(key)] = read
        else:
            problems.append(Failure(None, str(key), value, "is not a number"))
    if problems:
        raise InputError(f"The {what} cannot be used.", problems)
    return found


def _as_float(value: Any) -> float | None:
    """A number as a float; None for anything else, and for one that is too large for a float."""
    if not (is_number(value) or isinstance(value, Decimal)):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def type_named(word: Any) -> str | None:
    """The security type that a word names, in any case and padding; None where it names none.

    Examples
    --------
    >>> type_named(" ETF "), type_named("mystery"), type_named(None)
    ('etf', None, None)
    """
    name = str(word).strip().lower()
    return name if name in SECURITY_TYPES else None


def or_design(name: str, given: T | None, kind: type[T]) -> T:
    """What was given, or one of its kind as the design has it where it is None.

    Raises
    ------
    ConfigError
        It is of another kind, such as a plain mapping.

    Examples
    --------
    >>> from sectypes.scenarios import RiskLimits
    >>> or_design("limits", None, RiskLimits).max_loss
    0.25
    """
    if given is None:
        return kind()
    if not isinstance(given, kind):
        raise ConfigError(
            f"{name} must be {kind.__name__} (it is {shown(given)}); "
            f"{kind.__name__}.from_dict reads a mapping in the layout of the file"
        )
    return given


def fraction(name: str, value: Any) -> float:
    """`value` as a fraction in (0, 1]; written so that NaN fails as well."""
    if not is_number(value) or not 0 < value <= 1:
        raise ConfigError(
            f"{name} must be a fraction above 0, at most 1, such as 0.4 for 40%"
            f" (it is {shown(value)})"
        )
    return float(value)


def label(name: str, value: Any) -> str:
    """`value` as a text that is not blank."""
    # A version 1.10 without quotes arrives as the number 1.1, so numbers with a point are refused.
    if isinstance(value, bool) or not isinstance(value, str | int) or not str(value).strip():
        raise ConfigError(f"{name} must be a text in quotes (it is {shown(value)})")
    return str(value)


def section(given: Any, name: str) -> Mapping[str, Any]:
    """A mapping by the texts of its names; None is an empty one."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise ConfigError(f"{name} must be a mapping of names to values (it is {shown(given)})")
    return {str(key): value for key, value in given.items()}


def refuse_unknown(given: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    """Refuse names that are not known."""
    unknown = [name for name in given if name not in known]
    if unknown:
        raise ConfigError(f"{where} has no {', '.join(unknown)}; it has {', '.join(known)}")


def refuse_missing(given: Mapping[str, Any], needed: Iterable[str], prefix: str) -> None:
    """Refuse a mapping without a value for each name."""
    missing = [prefix + name for name in needed if given.get(name) is None]
    if missing:
        raise ConfigError(f"{', '.join(missing)} must be given: a missing value is not chosen here")
