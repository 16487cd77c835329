"""Shapes: what a key can be, told from its form alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache

from sectypes.tickers._identifiers import is_cusip, is_figi, is_isin
from sectypes.tickers._money import is_cash_phrase, is_coin_pair, is_currency_pair, is_metal_pair
from sectypes.tickers._options import OccOption, read_occ
from sectypes.tickers._spelling import canonical

__all__ = ["Shape", "parse_occ", "shape"]

# No other form is as short as this, or as short and ends in a digit: most keys are told at once.
_SHORT = re.compile(r"[0-9A-Z]{1,5}|[A-Z][0-9A-Z]{0,6}[0-9]").fullmatch
# US symbols have up to six characters, India's ten and "&". What is longer and nothing else is
# listed too: a call that finds nothing costs less than a security that nobody asks about.
_LISTED = re.compile(
    r"(?:[0-9A-Z]{1,6}|[A-Z][0-9A-Z]{6,11})(?:-[A-Z]{1,3})?"
    r"|[0-9A-Z&]{1,12}(?:-[0-9A-Z]{1,6}){0,2}\.[A-Z]{1,3}"
).fullmatch
_COIN = re.compile(r"CUR:(?!X(?:AU|AG|PT|PD)$)[0-9A-Z]{2,10}").fullmatch
# Yahoo's ES=F, thinkorswim's /ESM26 and /CLZ26:XNYM, its option on one (./ESM26C6000),
# TradeStation's @ESM26.
_FUTURE = re.compile(
    r"[0-9A-Z]{1,5}=F|/[0-9A-Z]{1,4}(?:[FGHJKMNQUVXZ][0-9]{1,2}(?::X[A-Z]{3})?)?"
    r"|@[0-9A-Z]{1,4}[FGHJKMNQUVXZ][0-9]{1,2}"
    r"|\./[0-9A-Z]{1,4}[FGHJKMNQUVXZ][0-9]{1,2}[CP][0-9]{1,7}(?:\.[0-9]{1,4})?(?::X[A-Z]{3})?"
).fullmatch


class Shape(StrEnum):
    """What a key can be, as far as its form tells."""

    BLANK = "blank"
    LISTED = "listed"
    """Could be a listed symbol on some exchange: the only shape that a source is asked about."""
    OPTION = "option"
    CASH = "cash"
    CRYPTO = "crypto"
    METAL_PAIR = "metal_pair"
    CURRENCY_PAIR = "currency_pair"
    FUTURE = "future"
    """A future, or an option on one: a contract of neither is 100 units."""
    CUSIP = "cusip"
    ISIN = "isin"
    FIGI = "figi"
    OTHER = "other"


# The first form that fits decides: a right check digit beats a lucky spelling.
_FORMS: tuple[tuple[Shape, Callable[[str], object]], ...] = (
    (Shape.BLANK, lambda key: not key),
    (Shape.CASH, is_cash_phrase),
    (Shape.CRYPTO, _COIN),
    (Shape.CUSIP, is_cusip),
    (Shape.ISIN, is_isin),
    (Shape.FIGI, is_figi),
    (Shape.OPTION, read_occ),
    (Shape.METAL_PAIR, is_metal_pair),
    (Shape.CURRENCY_PAIR, is_currency_pair),
    (Shape.FUTURE, _FUTURE),
    (Shape.CRYPTO, is_coin_pair),
    (Shape.LISTED, _LISTED),
)


def shape(key: object) -> Shape:
    """Tell what a ticker can be from its form alone.

    Parameters
    ----------
    key : object
        A key or any other spelling of a ticker.

    Returns
    -------
    Shape
        BLANK for what has no key. Bare USD, CASH and BTC are LISTED: an ETF, a share and an ETF
        have these symbols, so only the row's own type or name can say otherwise. A net-asset-value
        quote (XDSUX) cannot be told from a mutual fund and is LISTED. CUR: with a metal's code,
        indexes, internal numbers and free text are OTHER.

    Examples
    --------
    >>> [str(shape(text)) for text in ("AAPL", "CUR:USD", "CUR:BTC", "912797HE0", "EUR/USD", "USD")]
    ['listed', 'cash', 'crypto', 'cusip', 'currency_pair', 'listed']
    """
    if isinstance(key, str) and _SHORT(key):
        return Shape.LISTED
    key = canonical(key)
    return _remembered(key) if len(key) <= _WORTH_REMEMBERING else _told(key)


def _told(key: str) -> Shape:
    return next((form for form, fits in _FORMS if fits(key)), Shape.OTHER)


_remembered = lru_cache(maxsize=16_384)(_told)
_WORTH_REMEMBERING = 64  # characters: what is longer is no ticker, and would fill memory


def parse_occ(ticker: object) -> OccOption | None:
    """Take an option's symbol apart, however it is spelled.

    Parameters
    ----------
    ticker : object
        Any spelling of an OCC symbol: padded to 21, unpadded, with one space, with `O:`, `-` or
        `.` in front, with a plain strike, or with a written date (`AAPL Jan 17 '25 $230 Call`).

    Returns
    -------
    OccOption or None
        None where it is no option, an impossible expiry date included.

    Examples
    --------
    >>> option = parse_occ("-SPY250117P412.5")
    >>> option.root, str(option.expiry), option.kind, option.strike
    ('SPY', '2025-01-17', 'put', Decimal('412.5'))
    """
    return read_occ(canonical(ticker))
