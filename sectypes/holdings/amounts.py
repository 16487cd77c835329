"""Numbers as providers and brokers write them, read without guessing.

Plain decimals are what web services send. Brokers' files add currency signs, thousands separators,
parentheses and dashes. A text that is none of these is an error with a reason, never a zero and
never a missing value.
"""

from __future__ import annotations

import math
import re
from datetime import date
from decimal import Decimal

__all__ = ["parse_amount", "parse_number"]

_PLAIN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?", re.ASCII)
_USUAL = re.compile(r"-?\$?(?:\d{1,3}(?:,\d{3})+|\d{1,30})(?:\.\d{0,30})?", re.ASCII)
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d*)?", re.ASCII)
_MISSING = frozenset({"", "-", "--", "---", "n/a", "#n/a", "na", "nan", "none", "null", "n.a."})
_DASHES = str.maketrans({"−": "-", "–": "-", "—": "-", "\u00a0": " ", "\u202f": " "})
_SIGNS = re.compile(r"[$€£¥\s]")


def parse_number(value: object) -> float:
    """Read one number as a web service sends it.

    Parameters
    ----------
    value : object
        An int, a float, a Decimal, a decimal as text, or None.

    Returns
    -------
    float
        NaN for None.

    Raises
    ------
    ValueError
        With the reason, for everything else: texts that are no plain decimal, booleans, numbers
        that are not finite.

    Examples
    --------
    >>> parse_number("12.50"), parse_number(3)
    (12.5, 3.0)
    """
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise ValueError("is not a number")
    if isinstance(value, str) and not _PLAIN.fullmatch(value.strip()):
        raise ValueError("is not a plain decimal number")
    try:
        number = float(value)
    except (OverflowError, ValueError) as error:
        raise ValueError("is too large to be a quantity or an amount") from error
    if not math.isfinite(number):
        raise ValueError("is not a finite number")
    return number


def parse_amount(value: object) -> float:
    """Read one number as a broker's table shows it.

    Parameters
    ----------
    value : object
        A number, or a text such as ``$1,234.50``, ``(12.5)``, ``12.5-``, ``--`` or ``n/a``.

    Returns
    -------
    float
        NaN for an empty cell and for the usual signs of "none"; parentheses and a trailing minus
        are negative.

    Raises
    ------
    ValueError
        With the reason, for everything else. A decimal comma is not guessed: ``1.234,50`` and
        ``12,5`` are errors, and so is a percentage.

    Examples
    --------
    >>> parse_amount("$1,234.50"), parse_amount("(12.5)"), parse_amount("--")
    (1234.5, -12.5, nan)
    """
    if isinstance(value, float) and math.isnan(value):
        return math.nan
    if isinstance(value, date):
        raise ValueError("is a date, not a number")
    if not isinstance(value, str):
        return parse_number(value)
    if len(value) < 40 and _USUAL.fullmatch(value):
        return float(value.replace("$", "").replace(",", ""))
    text = value.translate(_DASHES).strip()
    if text.lower() in _MISSING:
        return math.nan
    return _signed(text)


def _signed(text: str) -> float:
    """Take off currency signs, parentheses and a trailing minus, then read what is left."""
    if "%" in text:
        raise ValueError("is a percentage, where a quantity or an amount is needed")
    digits, negative = _SIGNS.sub("", text), False
    if digits.startswith("(") and digits.endswith(")"):
        digits, negative = digits[1:-1], True
    elif digits.endswith("-"):
        digits, negative = digits[:-1], True
    unsigned = digits.lstrip("+-")
    if _GROUPED.fullmatch(unsigned) and len(digits) - len(unsigned) <= 1:
        digits = digits.replace(",", "")
    elif "," in digits:
        raise ValueError("is not a number such as 1,234.50 (a decimal comma is not guessed)")
    number = parse_number(digits)
    return -number if negative else number
