"""Money written as a ticker: currencies, currency pairs, coins against money, cash phrases."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

__all__ = [
    "ISO_4217",
    "MINOR_UNITS",
    "cash_currency",
    "codes",
    "is_cash_phrase",
    "is_coin",
    "is_coin_pair",
    "is_currency_pair",
    "is_metal_pair",
    "join_pair",
    "squeeze",
]


def codes(text: str) -> frozenset[str]:
    """Return the words of `text` as a set: long tables read better as text."""
    return frozenset(text.split())


ISO_4217: frozenset[str] = codes(
    """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN
    BZD CAD CDF CHF CLF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL
    GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW
    KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN
    NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK
    SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS
    VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
    """
)
"""Codes of ISO 4217 that are money of a country or a union of countries."""

MINOR_UNITS: Mapping[str, str] = MappingProxyType({"GBX": "GBp", "ZAC": "ZAc", "ILA": "ILa"})
"""Hundredths that are quoted like a currency, and how exchanges write them (pence: GBp, GBX)."""

# Money under codes that ISO 4217 does not list (any more): offshore yuan, pence, older codes.
_MONEY = ISO_4217 | codes("CNH GBX HRK SLL VEF BYR ZWL CUC STD MRO")
# Metals have ISO codes as well and are quoted like currencies, but are nobody's cash.
_METALS = codes("XAU XAG XPT XPD")
_PAIRED = _MONEY | _METALS
# Coins that are recognised with a dot or a space as well, or joined with any quote.
_COINS = codes(
    """
    AAVE ADA ALGO APE APT ARB ATOM AVAX AXS BAT BCH BNB BTC CHZ COMP CRV DAI DASH DOGE DOT EOS ETC
    ETH FIL FTM GRT HBAR ICP LDO LINK LTC MANA MATIC MKR NEAR PEPE POL SAND SHIB SNX SOL SUI SUSHI
    TON TRX UNI USDC USDT VET WBTC XBT XLM XMR XRP XTZ XXBT YFI ZEC
    """
)
# What coins are priced in. The first ones end no ordinary word, so that they are recognised behind
# any coin without a separator.
_PLAIN_QUOTES = "FDUSD|BUSD|TUSD|USDT|USDC|USD|BTC|JPY|GBP|CNY|KRW|RUB"
_QUOTES = f"{_PLAIN_QUOTES}|EUR|CAD|AUD|CHF|INR|BRL|TRY|MXN|SGD|HKD|NZD|ZAR|ETH|BNB|DAI"
_SEPARATED = re.compile(r"([0-9A-Z]{1,10})([-/_. ])([A-Z]{3,5})")
_YAHOO = re.compile(r"(?:([A-Z]{3})([A-Z]{3})|([A-Z]{3}))=X")
_JOINED = re.compile(
    rf"(?:[0-9A-Z]{{3,10}}?(?:{_PLAIN_QUOTES})|(?:{'|'.join(sorted(_COINS))})(?:{_QUOTES})"
    rf"|[0-9A-Z]{{1,10}}-(?:{_QUOTES}))"
)
_CASH_SIDE = re.compile(r"CASH([A-Z]{3})|([A-Z]{3})CASH")
_DOLLARS = re.compile(r"\$+ ?(?:CASH|USD)|(?:US|C|CA|A|AU|NZ|HK|S)\$")
# Sweep accounts under many names; a certificate of deposit, a fund or a rate is none.
_DEPOSIT = re.compile(
    r"\bINSURED (?:BANK )?DEPOSITS?\b"
    r"|\b(?:BANK|DIRECT|SWEEP|CASH) DEPOSITS? (?:PROGRAM|ACCOUNT|SWEEP)\b"
    r"|\bDEPOSIT SWEEP\b"
)
_NO_DEPOSIT = re.compile(r"%|\b(?:CDS?|CERTIFICATES?|CTFS?|FUND|FD|ETF|TRUST|PORTFOLIO|NOTES?)\b")
_NOT_WORD = re.compile(r"[^0-9A-Z]+")
_CASH_PHRASES = codes(
    """
    USDOLLAR USDOLLARS USDOLLARCURRENCY USCURRENCY UNITEDSTATESDOLLAR UNITEDSTATESDOLLARS
    USDOLLARCASH CASHUSDOLLAR CASHCASHINVESTMENTS CASHANDCASHINVESTMENTS CASHINVESTMENTS
    CASHCASHEQUIVALENTS CASHANDCASHEQUIVALENTS CASHEQUIVALENT CASHEQUIVALENTS CASHANDEQUIVALENTS
    CASHBALANCE CASHBALANCES CASHONHAND CASHACCOUNT CASHSWEEP SWEEPCASH CASHANDSWEEP
    CASHSWEEPVEHICLES CASHANDSWEEPVEHICLES CASHANDSWEEPFUNDS BANKSWEEP BANKDEPOSITSWEEP
    CASHSWEEPVEHICLE CASHANDSWEEPVEHICLE MONEYACCOUNT MONEYACCOUNTS
    BANKDEPOSIT BANKDEPOSITS CASHPOSITION UNINVESTEDCASH AVAILABLECASH MARGINCASH CASHMARGIN
    MONEYMARKET SAVINGSACCOUNT SETTLEMENTFUND NETCASH MARGINBALANCE
    SETTLEMENTCASH TOTALCASH CASHTOTAL CASHBANKSWEEP CASHINBANK HELDINFCASH HELDINCASH
    CANADIANDOLLAR CANADIANDOLLARS AUSTRALIANDOLLAR HONGKONGDOLLAR NEWZEALANDDOLLAR EURO EUROS
    BRITISHPOUND BRITISHPOUNDS POUNDSTERLING JAPANESEYEN SWISSFRANC SWISSFRANCS
    """
)


def squeeze(text: str) -> str:
    """Return the letters and digits of `text` in upper case: how words are compared.

    Parameters
    ----------
    text : str
        A word or a phrase.

    Returns
    -------
    str
        Without spaces, underscores, hyphens, other punctuation and letters outside A-Z.

    Examples
    --------
    >>> squeeze("Closed-End Fund")
    'CLOSEDENDFUND'
    """
    return _NOT_WORD.sub("", text.upper())


def cash_currency(key: str) -> str | None:
    """Return the currency code behind `CUR:`, "USD CASH" or "CASH-USD"; None without one."""
    if key.startswith("CUR:"):
        return key[4:] if key[4:] in _MONEY else None
    match = _CASH_SIDE.fullmatch(squeeze(key))
    code = match and (match[1] or match[2])
    return code if code in _MONEY else None


def is_cash_phrase(text: str) -> bool:
    """Whether `text` as a whole is a way to say cash.

    Parameters
    ----------
    text : str
        A ticker or a name in any case.

    Returns
    -------
    bool
        True for `US DOLLAR`, `USD CASH`, `Cash & Cash Investments`, `$$CASH`, and for a bank's
        insured deposit that uninvested cash is swept into. Bare CASH and USD alone say nothing:
        both are symbols of listed securities.

    Examples
    --------
    >>> is_cash_phrase("Cash & Cash Investments"), is_cash_phrase("CASH")
    (True, False)
    """
    text = text.strip().upper()
    return (
        squeeze(text) in _CASH_PHRASES
        or cash_currency(text) is not None
        or _DOLLARS.fullmatch(text) is not None
        or ("DEPOSIT" in text and _is_deposit(text[:200]))
    )


def _is_deposit(text: str) -> bool:
    words = " ".join(text.replace("-", " ").split())
    return _DEPOSIT.search(words) is not None and _NO_DEPOSIT.search(words) is None


def join_pair(text: str) -> str | None:
    """Return the one spelling of a currency or crypto pair, or None for anything else.

    A coin and its quote are joined where the result can be told from a word or a fund again.
    """
    if match := _YAHOO.fullmatch(text):
        # Yahoo leaves the dollar out: JPY=X is the price of a dollar in yen.
        base, quote = (match[1], match[2]) if match[1] else ("USD", match[3])
        return base + quote if is_currency_pair(base + quote) else None
    match = _SEPARATED.fullmatch(text)
    if match is None:
        return None
    base, separator, quote = match.groups()
    if is_currency_pair(base + quote) and len(base) == 3:
        return base + quote
    key = f"{base}-{quote}"
    if not is_coin_pair(key) or (separator in ". " and base not in _COINS):
        return None
    return base + quote if is_coin_pair(base + quote) else key


def is_currency_pair(key: str) -> bool:
    """Whether `key` is two different currency (or metal) codes, joined, or Yahoo's form of them."""
    if len(key) != 6:
        return _YAHOO.fullmatch(key) is not None
    return key[:3] in _PAIRED and key[3:] in _PAIRED and key[:3] != key[3:]


def is_metal_pair(key: str) -> bool:
    """Whether `key` is a metal's code against a currency or another metal."""
    return is_currency_pair(key) and not _METALS.isdisjoint((key[:3], key[3:6]))


def is_coin(key: str) -> bool:
    """Whether `key` is the code of a well-known coin; listed securities share some of them.

    Examples
    --------
    >>> is_coin("ETH"), is_coin("USD")
    (True, False)
    """
    return key in _COINS


def is_coin_pair(key: str) -> bool:
    """Whether `key` is a coin priced in money or in another coin."""
    base, hyphen, quote = key.partition("-")
    return _JOINED.fullmatch(key) is not None and not (hyphen and base in (quote, "CASH"))
