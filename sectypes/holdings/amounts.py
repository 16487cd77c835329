"""Numbers as providers and brokers write them, read without guessing.

Plain decimals are what web services send. Brokers' files add currency signs, thousands separators,
parentheses and dashes. A text that is none of these is an error with a reason, never a zero and
never a missing value. Whether ``1.250`` is one and a quarter or 1250 is the file's to show.
"""

from __future__ import annotations

import math
import re
from datetime import date
from decimal import Decimal

from sectypes.tickers import ISO_4217

__all__ = [
    "CommaError",
    "currency_sign",
    "format_sign",
    "parse_amount",
    "parse_number",
    "shows_point",
    "two_ways",
]

_PLAIN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?", re.ASCII)
# A group before a separator of thousands never begins with 0: 0,125 is an eighth.
_USUAL = re.compile(r"-?\$?(?:[1-9]\d{0,2}(?:,\d{3})+|\d{1,30})(?:\.\d{0,30})?", re.ASCII)
# Thousands as they are grouped in most countries, in India, and in Switzerland.
_GROUPED = re.compile(
    r"(?:[1-9]\d{0,2}(?:,\d{3})+|[1-9]\d?(?:,\d{2})+,\d{3}|[1-9]\d{0,2}(?:['’]\d{3})+)(?:\.\d*)?",
    re.ASCII,
)
_PENCE = re.compile(r"[\d.,]+ ?p", re.ASCII)
_TWO_WAYS = re.compile(r"[1-9]\d{0,2}[.,]\d{3}", re.ASCII)
# What can only be a decimal point: no three digits behind it, or a comma or too many before it.
_POINT = re.compile(
    r"(?:\d{1,3}(?:,\d{3})+|0|\d{4,})?\.\d+|\d*\.(?:\d{1,2}|\d{4,})|\d{1,3}(?:,\d{3}){2,}", re.ASCII
)
_MISSING = frozenset({"", "-", "--", "---", "n/a", "#n/a", "na", "nan", "none", "null", "n.a."})
_DASHES = str.maketrans({"−": "-", "–": "-", "—": "-", "\u00a0": " ", "\u202f": " "})
_DOLLARS = {"US": "USD", "C": "CAD", "CA": "CAD", "A": "AUD", "AU": "AUD", "NZ": "NZD",
            "HK": "HKD", "S": "SGD"}  # fmt: skip
_SIGN = re.compile(rf"(?:\b(?:{'|'.join(_DOLLARS)}))?\$|[€£¥₹]")
_SIGNS = re.compile(rf"{_SIGN.pattern}|\s")
_CODE = re.compile(r"\b([A-Z]{3})\s?(?=[-+(.\d$€£¥₹])|(?<=[\d.)])\s?([A-Z]{3})(?=\)?$)", re.ASCII)
_FORMAT_CURRENCY = re.compile(r"\[\$([^\]-]+)[^\]]*\]")
_FORMAT_BRACKETS = re.compile(r"\[[^\]]*\]")
_FORMAT_TEXT = re.compile(r'"([^"]*)"')
_CURRENCIES = {"€": "EUR", "£": "GBP", "₹": "INR"} | {
    f"{land}$": code for land, code in _DOLLARS.items()
}


class CommaError(ValueError):
    """A comma that separates no thousands: a decimal comma, or a slip of the hand."""


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
        A number, or a text such as ``$1,234.50``, ``(12.5)``, ``12.5-``, ``CHF 1'234.50``,
        ``--`` or ``n/a``.

    Returns
    -------
    float
        NaN for an empty cell and for the usual signs of "none"; parentheses and a trailing minus
        are negative.

    Raises
    ------
    ValueError
        With the reason, for everything else. A decimal comma is not guessed: ``1.234,50``,
        ``12,5`` and ``0,125`` are a `CommaError`; a percentage is an error, too.

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
    if _PENCE.fullmatch(text):
        raise ValueError("is in pence: write pounds, or the number under a header Price (p)")
    code = _code(text)
    digits, negative = _SIGNS.sub("", text.replace(code, "", 1) if code else text), False
    if digits.startswith("(") and digits.endswith(")"):
        digits, negative = digits[1:-1], True
    elif digits.endswith("-"):
        digits, negative = digits[:-1], True
    unsigned = digits.lstrip("+-")
    if _GROUPED.fullmatch(unsigned) and len(digits) - len(unsigned) <= 1:
        digits = re.sub("[,'’]", "", digits)
    elif "," in digits:
        raise CommaError("is not a number such as 1,234.50 (a decimal comma is not guessed)")
    number = parse_number(digits)
    return -number if negative else number


def two_ways(value: object) -> bool:
    """Whether a text can be read in two ways: thousands, or a fraction of three digits.

    Examples
    --------
    >>> [two_ways(text) for text in ("1.250", "10,123", "0.125", "1,234.50", "1250")]
    [True, True, False, False, False]
    """
    return isinstance(value, str) and _TWO_WAYS.fullmatch(_bare(value)) is not None


def shows_point(value: object) -> bool:
    """Whether a text shows that its writer puts a point before the fraction.

    Examples
    --------
    >>> [shows_point(text) for text in ("$12.50", "1,234.567", "0.125", "1.250", "12")]
    [True, True, True, False, False]
    """
    return isinstance(value, str) and _POINT.fullmatch(_bare(value)) is not None


def currency_sign(value: object) -> str | None:
    """The currency that an amount's sign or code names: a code, or a sign of several currencies.

    Examples
    --------
    >>> [currency_sign(text) for text in ("£5", "(C$12.50)", "$1", "¥7", "5", "$5 MXN")]
    ['GBP', 'CAD', '$', '¥', None, 'MXN']
    """
    if not isinstance(value, str):
        return None
    if not value or (len(value) < 40 and _USUAL.fullmatch(value)):
        return "$" if "$" in value else None
    found = _SIGN.search(value)
    return _code(value) or (None if found is None else _CURRENCIES.get(found[0], found[0]))


def format_sign(shown: str) -> str:
    """The currency that a spreadsheet's number format shows, as a sign or a code; "" for none.

    Examples
    --------
    >>> [format_sign(shown) for shown in ('"£"#,##0.00', "[$€-407] #,##0", "[$CHF-807] 0", "0.0%")]
    ['£', '€', 'CHF ', '']
    """
    plain = shown.partition(";")[0]
    for text in (*_FORMAT_CURRENCY.findall(plain), *_FORMAT_TEXT.findall(plain), plain):
        if text.strip() in ISO_4217:
            return f"{text.strip()} "
        sign = _SIGN.search(_FORMAT_BRACKETS.sub("", text))
        if sign is not None:
            return sign[0]
    return ""


def _code(text: str) -> str | None:
    """The code of a currency that stands before or behind an amount: ``CHF 5``, ``5 USD``."""
    found = _CODE.search(text[:60])
    code = None if found is None else found[1] or found[2]
    return code if code in ISO_4217 else None


def _bare(text: str) -> str:
    """An amount without signs, spaces and parentheses; cut where it is longer than any."""
    return _SIGNS.sub("", text[:100].translate(_DASHES)).strip("+-()")
