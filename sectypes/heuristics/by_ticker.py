"""What a ticker's form and a listing venue say: decisive forms, marks of the issue, mere hints."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from sectypes.heuristics.lexicon import Sign
from sectypes.heuristics.rules import Guess
from sectypes.taxonomy import SecurityType, Subtype
from sectypes.tickers import Shape, is_debt, parse_occ, shape

__all__ = [
    "VENUES",
    "by_form",
    "by_fund_suffix",
    "by_nav_quote",
    "by_pair_venue",
    "ticker_signs",
    "venue_signs",
]

# Codes of Yahoo, of FMP and of ISO 10383 (MIC). NYSE Arca and Cboe BZX list exchange-traded
# products and next to nothing else; Nasdaq lists its own on the Global Market tier. FMP's "AMEX"
# and "NASDAQ" are not here: they stand for several venues.
VENUES: Mapping[Sign, str] = MappingProxyType(
    {
        Sign.ETF_VENUE: "PCX ARCA ARCX NYSEARCA BTS BATS BATO BZX CBOE CBOEBZX XBZX",
        Sign.ETF_TIER: "NGM XNMS",
        Sign.CRYPTO_VENUE: "CCC CRYPTO",
        Sign.CURRENCY_VENUE: "CCY FOREX",
    }
)
_VENUES = {code: int(sign) for sign, codes in VENUES.items() for code in codes.split()}
# Nasdaq's fund network: every quote on it is a fund's.
_FUND_NETWORK = frozenset({"NAS", "NMFQS"})

_FUND = re.compile(r"[A-Z]{4,6}X").fullmatch
_NAV_QUOTE = re.compile(r"X[A-Z]{3}X").fullmatch
_MARKS = {
    "P": int(Sign.MARK_PREFERRED),
    "W": int(Sign.MARK_WARRANT),
    "RT": int(Sign.MARK_RIGHT),
    "RW": int(Sign.MARK_RIGHT),
    "UN": int(Sign.MARK_UNIT),
}
_MARK = re.compile(r"[0-9A-Z]+-(?:(P)[A-Z]?|(W)T[A-Z]?|(R[TW]|UN))").fullmatch
_ABROAD_MARK = re.compile(r"[0-9A-Z]+-(?:(P)R?-?[A-Z]?|(W)T[A-Z]?|(RT))\.[A-Z]{1,3}").fullmatch
_ABROAD_UNIT = re.compile(r"[0-9A-Z]+-UN\.[A-Z]{1,3}").fullmatch
_FIFTH_LETTERS = {
    "W": int(Sign.FIFTH_WARRANT),
    "R": int(Sign.FIFTH_RIGHT),
    "U": int(Sign.FIFTH_UNIT),
    "Y": int(Sign.FIFTH_ADR),
    "F": int(Sign.FIFTH_FOREIGN),
} | dict.fromkeys("LMNOP", int(Sign.FIFTH_PREFERRED))
_LISTED = int(Sign.LISTED)


@lru_cache(maxsize=1024)
def venue_signs(exchange: str | None) -> int:
    """Return the signs of a listing venue's code; 0 for an unknown or missing one."""
    return _VENUES.get(exchange.strip().upper(), 0) if exchange else 0


def ticker_signs(key: str) -> int:
    """Return the signs in a key's form: a listed symbol, marks of the issue, a fifth letter.

    Units of Canadian trusts carry the same mark as a blank-cheque company's; behind an exchange
    suffix it is a sign of its own.
    """
    if key.isalpha() and len(key) < 6:
        return _FIFTH_LETTERS.get(key[4], 0) if len(key) == 5 else _LISTED
    if "-" not in key:
        return 0
    if _ABROAD_UNIT(key):
        return int(Sign.MARK_TRUST_UNIT)
    match = _MARK(key) or _ABROAD_MARK(key)
    return _MARKS[match[match.lastindex or 0]] if match else 0


def by_nav_quote(key: str) -> Guess | None:
    """Decide the quote of a closed-end fund's net asset value: X, the fund's ticker, X."""
    return _NAV if _NAV_QUOTE(key) else None


def by_form(key: str) -> Guess | None:
    """Decide what is no listed symbol by its form: cash, coin, pair, option, debt identifier."""
    if ticker_signs(key):
        return None
    found = shape(key)
    if found is Shape.CUSIP or found is Shape.ISIN:
        return _BOND if is_debt(key) else None
    if found is Shape.OPTION:
        return _option(key)
    return _FORMS.get(found)


def by_pair_venue(venue: int) -> Guess | None:
    """Decide what is quoted where nothing but coins, or nothing but currencies, is quoted."""
    return _PAIR_VENUES.get(venue)


def by_fund_suffix(key: str, exchange: str | None) -> Guess | None:
    """Decide Nasdaq's fund quotes: five letters ending X, XX for money market funds.

    Six and seven letters ending X are the network's unit trusts, collective trusts and
    exchange-managed funds; on a named venue that is not the network they say nothing.
    """
    if not _FUND(key):
        return None
    if len(key) > 5:
        known = exchange and exchange.strip().upper() not in _FUND_NETWORK
        return None if known else _LONG_FUND
    if key[3] == "X":
        return _MONEY_FUND
    return _NAV_OR_FUND if key[0] == "X" else _OPEN_FUND


def _option(key: str) -> Guess:
    option = parse_occ(key)
    note = f"{option.kind} on {option.root}, {option.expiry}" if option else key
    return Guess(SecurityType.DERIVATIVE, Subtype.OPTION, 1.0, "occ_option", note)


_CURRENCY = (SecurityType.CASH, Subtype.CURRENCY, 1.0)
_COIN = (SecurityType.CRYPTO, Subtype.CRYPTOCURRENCY, 1.0)
_FORMS: dict[Shape, Guess] = {
    Shape.CASH: Guess(
        *_CURRENCY, "cash_code", "the ticker itself is a currency's code or says cash"
    ),
    Shape.CRYPTO: Guess(*_COIN, "coin_code", "the ticker is a coin's code or a coin against money"),
    Shape.METAL_PAIR: Guess(
        SecurityType.OTHER, Subtype.PRECIOUS_METAL, 1.0, "metal_pair", "a metal against money"
    ),
    Shape.CURRENCY_PAIR: Guess(*_CURRENCY, "currency_pair", "two ISO 4217 codes"),
    Shape.FUTURE: Guess(
        SecurityType.DERIVATIVE, Subtype.FUTURE, 1.0, "future_code", "the form of a future's symbol"
    ),
}
_PAIR_VENUES: dict[int, Guess] = {
    int(Sign.CRYPTO_VENUE): Guess(*_COIN, "exchange_crypto", "quoted where only coins are"),
    int(Sign.CURRENCY_VENUE): Guess(
        *_CURRENCY, "exchange_currency", "quoted where only currencies are"
    ),
}
_BOND = Guess(
    SecurityType.BOND, None, 1.0, "debt_cusip", "check digit right, issue part of a debt security"
)
_MUTUAL = SecurityType.MUTUAL_FUND
_MONEY_FUND = Guess(
    SecurityType.CASH, Subtype.MONEY_MARKET_FUND, 1.0, "fund_suffix_xx", "five letters ending XX"
)
_OPEN_FUND = Guess(_MUTUAL, Subtype.OPEN_END_FUND, 1.0, "fund_suffix_x", "five letters ending X")
_NAV_OR_FUND = Guess(
    _MUTUAL,
    None,
    1.0,
    "fund_suffix_x",
    "five letters, X at both ends: a fund or a fund's NAV quote",
)
_NAV = Guess(
    _MUTUAL,
    Subtype.CLOSED_END_FUND,
    1.0,
    "nav_quote",
    "X at both ends and a closed-end fund's name: the quote of its net asset value, not tradable",
)
_LONG_FUND = Guess(_MUTUAL, None, 1.0, "fund_suffix_long", "six or seven letters ending X")
