"""The provider-cash rule: whether a provider's row says that a position is cash.

Pure functions of what the row says. A ticker alone never makes cash: USD, CASH and SGOV are listed
securities. Only a cash-shaped ticker (`CUR:USD`, `USD CASH`) does.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from sectypes.heuristics import guess
from sectypes.taxonomy import SecurityType, Subtype
from sectypes.tickers import (
    ISO_4217,
    Shape,
    canonical,
    is_cash_phrase,
    is_coin,
    shape,
    squeeze,
)
from sectypes.vocab._words import provider_label, word_key

__all__ = [
    "is_account_type_column",
    "is_asset_class",
    "is_cash_word",
    "plaid_is_cash",
    "snaptrade_is_cash",
    "table_is_cash",
    "tri_state",
]

_TRUTH = {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}
_MONEY_MARKET = re.compile(r"\b(?:MONEY|MNY) ?-?(?:MARKET|MKT|MRKT)\b|\bMMKT\b")
_MONEY_FUND_TICKER = re.compile(r"[A-Z]{3}XX")
_ACCOUNT_TYPES = frozenset({"CASH", "MARGIN", "SHORT"})
# Whose words are types of securities; what tables call a type is often an asset class.
_TYPED = frozenset({"plaid", "snaptrade", "yaml"})
_NEAR = 0.01  # of a price: rates of money market funds abroad float around 1


def tri_state(value: object) -> bool | None:
    """Read a yes/no field as True, False or unknown.

    Parameters
    ----------
    value : object
        A boolean (numpy's too), 0 or 1, or the words true and false in any case.

    Returns
    -------
    bool or None
        None for missing, empty and everything else.

    Examples
    --------
    >>> tri_state("FALSE"), tri_state(1), tri_state(""), tri_state(float("nan"))
    (False, True, None, None)
    """
    return _TRUTH.get(str(value).strip().lower())


def is_cash_word(word: object) -> bool:
    """Whether a provider's word or a row's name says cash or money market fund.

    Parameters
    ----------
    word : object
        The word; what is not text says nothing.

    Returns
    -------
    bool
        True for `cash`, `Cash and Money Market`, `US DOLLAR`, `Money Market Fund` and the like.

    Examples
    --------
    >>> is_cash_word("Cash & Cash Investments"), is_cash_word("US DOLLAR"), is_cash_word("USD")
    (True, True, False)
    """
    if not isinstance(word, str):
        return False
    label = provider_label(word)
    return is_cash_phrase(word) or (
        label is not None
        and label.security_type is SecurityType.CASH
        and label.subtype is not Subtype.CURRENCY
    )


def plaid_is_cash(
    *,
    type: object,  # noqa: A002 - Plaid's name of the field
    is_cash_equivalent: object = None,
    ticker: object = None,
) -> bool:
    """Whether a Plaid security is cash.

    Parameters
    ----------
    type : object
        Plaid's type, or its subtype where the type is null; may be null.
    is_cash_equivalent : object
        Plaid's flag; may be null. Plaid sets it on coins too, so that on cryptocurrency, equity,
        derivative and loan it proves nothing.
    ticker : object
        Plaid's ticker_symbol; may be null. Older payloads call a coin cash: `CUR:BTC`.

    Returns
    -------
    bool
        Null and missing fields say nothing.

    Examples
    --------
    >>> plaid_is_cash(type="cash", is_cash_equivalent=True, ticker="CUR:USD")
    True
    >>> plaid_is_cash(type="cash", is_cash_equivalent=True, ticker="CUR:BTC")
    False
    >>> plaid_is_cash(type="mutual fund", is_cash_equivalent=True, ticker="VMFXX")
    True
    """
    form = shape(ticker)
    if form is Shape.CRYPTO:
        return False
    label = provider_label(type, "plaid")
    if label is not None and label.security_type is SecurityType.CASH:
        return True
    if label is not None and (label.security_type is SecurityType.EQUITY or not label.listed):
        return False
    says_nothing = label is None or label.security_type is SecurityType.OTHER
    return tri_state(is_cash_equivalent) is True or (says_nothing and form is Shape.CASH)


def snaptrade_is_cash(*, cash_equivalent: object = None) -> bool:
    """Whether a SnapTrade position is cash: its flag alone decides.

    Parameters
    ----------
    cash_equivalent : object
        SnapTrade's flag; null and missing say nothing. Such a position is also part of
        `balances[].cash`.

    Returns
    -------
    bool
        True where the flag is true.

    Examples
    --------
    >>> snaptrade_is_cash(cash_equivalent=True), snaptrade_is_cash(cash_equivalent=None)
    (True, False)
    """
    return tri_state(cash_equivalent) is True


def is_asset_class(
    *,
    ticker: object = None,
    name: object = None,
    provider_type: object = None,
    provider: object = None,
    price: float = math.nan,
) -> bool:
    """Whether a word for cash tells what a security is exposed to, and not that it is cash.

    Exports of wealth managers list funds of Treasury bills under "Cash & Cash Alternatives", and
    inverse funds of the yen under "Currency". Such a word says nothing about the security's type.

    Parameters
    ----------
    ticker, name, provider_type, provider : object
        What the row says; missing values say nothing. The types of `plaid`, `snaptrade` and `yaml`
        are types of securities: they are never an asset class.
    price : float
        Price of one unit; NaN where it is not known.

    Returns
    -------
    bool
        True where the word says cash and a rule on name or ticker says something else, and for a
        listed ticker with a price other than 1. "Currency" alone is not enough for any listed
        ticker. Money stays money: a ticker that is a currency's code, a coin's or a money market
        fund's (five letters ending in XX), a name that says cash, and a price of 1.

    Examples
    --------
    >>> row = {"ticker": "JPST", "provider_type": "Cash Equivalents"}
    >>> is_asset_class(**row, name="JPMorgan Ultra-Short Income ETF"), is_asset_class(**row)
    (True, False)
    >>> is_asset_class(**row, price=50.0), is_asset_class(**row | {"ticker": "EUR"}, price=1.08)
    (True, False)
    """
    label = provider_label(provider_type)
    if label is None or label.security_type is not SecurityType.CASH:
        return False
    if isinstance(provider, str) and provider.strip().lower() in _TYPED:
        return False
    key = canonical(ticker)
    form = shape(key)
    if form in (Shape.CASH, Shape.CRYPTO) or _MONEY_FUND_TICKER.fullmatch(key):
        return False
    is_listed, is_one = form is Shape.LISTED, math.isclose(price, 1.0, rel_tol=_NEAR)
    found = guess(key, name=name if isinstance(name, str) else None)
    # A bank's name may look like a company's: it counts beside a ticker only.
    if found is not None and (is_listed or found.security_type is not SecurityType.EQUITY):
        is_priced_as_money = is_one and found.security_type is not SecurityType.ETF
        return found.security_type is not SecurityType.CASH and not is_priced_as_money
    if not is_listed or is_one or key in ISO_4217 or key == "CASH" or is_coin(key):
        return False
    return label.subtype is Subtype.CURRENCY or not math.isnan(price)


def table_is_cash(
    *,
    ticker: object = None,
    name: object = None,
    provider_type: object = None,
    provider: object = None,
    price: float = math.nan,
) -> bool:
    """Whether a row of a broker's table is cash.

    Parameters
    ----------
    ticker, name, provider_type, provider : object
        What the row says; missing values say nothing.
    price : float
        Price of one unit; NaN where it is not known.

    Returns
    -------
    bool
        True for a cash-shaped ticker (`CUR:USD`, `USD CASH`), for a type that says cash and is no
        asset class (`is_asset_class`), and for a name that says it where the type says nothing. A
        name that only repeats the ticker is no evidence: USD and CASH are listed securities. A
        money market fund's name counts together with its ticker's form (five letters ending in
        XX), or where there is no ticker.

    Examples
    --------
    >>> table_is_cash(ticker="USD"), table_is_cash(ticker="USD", name="US DOLLAR")
    (False, True)
    >>> table_is_cash(ticker="CASH", name="Pathward Financial", provider_type="Equity")
    False
    """
    key = canonical(ticker)
    form = shape(key)
    if form in (Shape.CASH, Shape.CRYPTO, Shape.OPTION):
        return form is Shape.CASH
    if is_cash_word(provider_type):
        said = {"ticker": key, "name": name, "provider_type": provider_type, "provider": provider}
        return not is_asset_class(**said, price=price)
    label = provider_label(provider_type)
    if label is not None and label.security_type is not SecurityType.OTHER:
        return False
    if not isinstance(name, str) or word_key(name) == squeeze(key):
        return False
    money_fund = not key or _MONEY_FUND_TICKER.fullmatch(key) is not None
    return is_cash_word(name) or (money_fund and _MONEY_MARKET.search(name.upper()) is not None)


def is_account_type_column(words: Iterable[object]) -> bool:
    """Whether a table's "Type" column tells the account's kind instead of the security's.

    Some brokers write Cash or Margin behind every position, shares included, for the account that
    holds it. Read as the security's type that would make everything cash.

    Parameters
    ----------
    words : Iterable of object
        The column's values; missing and blank ones say nothing.

    Returns
    -------
    bool
        True where there are words and all of them are Cash, Margin or Short.

    Examples
    --------
    >>> is_account_type_column(["Cash", "Margin", "Cash"]), is_account_type_column(["Cash", "ETF"])
    (True, False)
    """
    said = {word_key(word) for word in words} - {""}
    return bool(said) and said <= _ACCOUNT_TYPES
