"""Spelling: one canonical key for all the ways to write a ticker, and each service's own form.

The key follows Yahoo's and FMP's habit: a hyphen before a class or issue mark, a dot before an
exchange suffix, options unpadded, pairs joined. Rules, in this order:

1. Hygiene: full-width letters, odd spaces and dashes, quotes, footnote marks, lower case.
2. A known exchange in front (`NASDAQ:`, `TSE:`) is dropped or becomes its suffix.
3. Options, pairs.
4. A known exchange suffix keeps its dot. The one-letter suffixes `.V`, `.F`, `.L` and `.T` are
   exchanges and `.PA` is Paris; every other letter after a dot, a slash, a space or a hyphen is
   a mark of the issue.
5. Issue marks: preferred `-P` or `-PB`, warrant `-WT`, unit `-UN`, right `-RT`, when issued `-WI`.
6. What no rule knows stays as it is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TypeGuard, cast

from sectypes.tickers._money import codes, is_coin_pair, is_currency_pair, join_pair
from sectypes.tickers._options import compact_occ, read_occ

__all__ = ["canonical", "canonical_many", "exchange_suffix", "to_fmp", "to_openfigi"]

# No rule looks at longer text: the longest spelling of a ticker has about 30 characters.
_LONGEST = 64
_PLAIN = re.compile(r"[0-9A-Z]{1,8}").fullmatch
_PLAIN_WIDTHS = frozenset(range(1, 9))
_TOLD_AT_ONCE = 256
"""Tickers that are looked at together: an odd one costs its neighbours a look of their own."""
_DASHES = "‐‑‒–—―−﹘﹣－⁃"
# Footnote digits go before compatibility forms make ordinary digits of them.
_FOOTNOTES = " *†‡§®™¹²³⁰⁴⁵⁶⁷⁸⁹"
_EDGES = " *†‡§®\"'`,;"
# Excel's and the brokers' way to write "nothing here". NA, NAN, NONE and NULL may be tickers.
_MISSING = frozenset({"N/A", "#N/A"})
_INVISIBLE = [0xAD, 0x61C, 0x180E, *range(0x200B, 0x2010), *range(0x202A, 0x202F), 0xFEFF]
_TABLE: dict[int, str | None] = {
    **{code: chr(code - 32) for code in range(ord("a"), ord("z") + 1)},
    **{ord(dash): "-" for dash in "‐‑‒–—―−﹘﹣－⁃"},
    **dict.fromkeys([*range(32), *range(127, 160)], " "),
    **dict.fromkeys([*_INVISIBLE, *range(0x2060, 0x2070)]),
    # Half of a surrogate pair cannot be written to any database or file.
    **dict.fromkeys(range(0xD800, 0xE000), "\ufffd"),
}
_SUFFIXES = codes(
    """
    TO V CN NE L IL DE F BE DU HM HA MU SG PA AS BR LS MI MC SW ST CO HE OL VI IR WA IC TL RG VS
    AT BD IS TA HK T KS KQ SS SZ TW TWO NS BO SI AX NZ JK BK KL JO SA MX BA SN QA SR
    """
)
_US_PREFIXES = codes(
    """
    NASDAQ NYSE NYSEARCA NYSEAMERICAN NYSEMKT AMEX ARCA BATS CBOE CBOEBZX IEX OTC OTCMKTS OTCBB
    OTCQX OTCQB PINK PNK US USA MUTF MUTF_CA XNAS XNYS ARCX XASE
    """
)
# In front of pairs: Polygon's X: and C:, and trading venues.
_MONEY_PREFIXES = codes(
    "X C CRYPTO COINBASE KRAKEN BINANCE BITSTAMP GEMINI FX FX_IDC OANDA FOREX FOREXCOM"
)
_FOREIGN_PREFIXES = {
    prefix: suffix
    for suffix, prefixes in {
        "TO": "TSX TOR XTSE",
        "V": "TSXV CVE XTSX",
        "CN": "CSE CNSX",
        "NE": "NEO",
        "L": "LON LSE XLON",
        "DE": "ETR XETR XETRA",
        "F": "FRA XFRA",
        "PA": "EPA XPAR",
        "AS": "AMS XAMS",
        "BR": "EBR XBRU",
        "LS": "ELI XLIS",
        "MI": "BIT XMIL",
        "MC": "BME XMAD",
        "SW": "SWX VTX XSWX",
        "ST": "STO XSTO",
        "CO": "CPH XCSE",
        "HE": "HEL XHEL",
        "OL": "OSL XOSL",
        "VI": "VIE XWBO",
        "HK": "HKG HKEX SEHK XHKG",
        "T": "TYO XTKS",
        "KS": "KRX XKRX",
        "KQ": "KOSDAQ XKOS",
        "SS": "SHA SSE XSHG",
        "SZ": "SHE SZSE XSHE",
        "TW": "TPE TWSE XTAI",
        "NS": "NSE XNSE",
        "BO": "BOM BSE XBOM",
        "SI": "SGX XSES",
        "AX": "ASX XASX",
        "NZ": "NZE NZX XNZE",
        "SA": "BVMF",
        "MX": "BMV XMEX",
    }.items()
    for prefix in prefixes.split()
}
_PREFIXED = re.compile(r"([A-Z_]+): ?([^:]+)")
_UNITED_STATES = re.compile(r"([A-Z]{1,5}(?:[-./][A-Z]{1,3})?)[. ]US(?: EQUITY)?")
_SUFFIXED = re.compile(r"([0-9A-Z&]+(?:[-./_ ][0-9A-Z]+){0,2})\.([A-Z]{1,3})")
_CANADIAN_PREFERRED = re.compile(r"[-./_ ]PR[-./_ ]?(?=[A-Z]$)")
# "BACpB", "BACp"; but "Bp" is only a ticker with a capital.
_SMALL_P = re.compile(r"([A-Z]{1,5})pr?([A-Z])|([A-Z]{2,5})pr?")
_MARKED = re.compile(r"([A-Z]{1,5})([-./_ $^+=#])([A-Z]{0,3}|[A-Z]{2}[-./_ ][A-Z])")
_PREFERRED = re.compile(r"PR([A-Z]?)")
_WARRANT = re.compile(r"W[ST]([A-Z]?)")
_KINDS = {"U": "UN", "UN": "UN", "R": "RT", "RT": "RT", "RI": "RT", "WI": "WI", "WD": "WD"}
_BLOOMBERG_MARKS = {"WT": "WS", "UN": "U"}


def canonical(ticker: object) -> str:
    """Return the one spelling under which a ticker is looked up and kept.

    Parameters
    ----------
    ticker : object
        A ticker as a provider, a file or a person writes it.

    Returns
    -------
    str
        The key; "" for what is blank, missing or not text, and for marks that mean "nothing"
        (`--`, `N/A`). NA, NAN, NULL, ON, TRUE and 0005 are tickers and stay. Text that follows
        no known habit comes back trimmed and in upper case. `canonical` of a key is the key.

    Notes
    -----
    Never raises. Ambiguous one-letter suffixes: `.V` `.F` `.L` `.T` are exchanges, `.U` is a
    unit, `.R` a right, every other letter a class. Where an exchange suffix follows (DLR.U.TO),
    marks keep their letters. "BRKB" cannot be told from an ordinary ticker and stays.
    Conventions: Yahoo's and FMP's symbols, NYSE's and Nasdaq's suffixes, OCC symbology.

    Examples
    --------
    >>> [canonical(text) for text in ("brk.b", "BRK/B", "BAC PRB", "XYZ.WS", "VAB.TO", "SPAXX**")]
    ['BRK-B', 'BRK-B', 'BAC-PB', 'XYZ-WT', 'VAB.TO', 'SPAXX']
    >>> canonical("AAPL  250117C00155000"), canonical("BTC/USD"), canonical(float("nan"))
    ('AAPL250117C00155000', 'BTCUSD', '')
    """
    if type(ticker) is str and _PLAIN(ticker):
        return ticker
    if not isinstance(ticker, str):
        return ""
    # A subclass (numpy's, an enum's) would stay a subclass.
    text = str.__str__(ticker)
    return _remembered(text) if len(text) <= _LONGEST else _spell(text)


def _spell(text: str) -> str:
    text = text.strip().rstrip(_FOOTNOTES)
    if match := _SMALL_P.fullmatch(text):
        return f"{match[1]}-P{match[2]}" if match[2] else f"{match[3]}-P"
    # Composed twice: letters that were apart may have become neighbours.
    text = unicodedata.normalize("NFKC", text).translate(_TABLE)
    text = " ".join(unicodedata.normalize("NFKC", text).split())
    # One rule may open the way for another; nothing needs more than three rounds.
    for _ in range(4):
        before, text = text, _respell(text)
        if text == before:
            break
    return text


# A book that is classified again is not spelled again.
_remembered = lru_cache(maxsize=16_384)(_spell)


def canonical_many(tickers: Iterable[object]) -> list[str]:
    """Return the key of each ticker, in order.

    Parameters
    ----------
    tickers : Iterable[object]
        Tickers in any spelling, missing values included.

    Returns
    -------
    list of str
        As long as `tickers`; "" where there is none.

    Examples
    --------
    >>> canonical_many(["BRK B", None, "NA"])
    ['BRK-B', '', 'NA']
    """
    given = list(tickers)
    keys: list[str] = []
    for start in range(0, len(given), _TOLD_AT_ONCE):
        some = given[start : start + _TOLD_AT_ONCE]
        keys += some if _are_plain(some) else map(canonical, some)
    return keys


def _are_plain(tickers: Sequence[object]) -> TypeGuard[Sequence[str]]:
    """Whether all are their own keys, as most are: capitals and digits, as in `_PLAIN`."""
    if set(map(type, tickers)) != {str}:
        return False
    texts = cast("Sequence[str]", tickers)
    every = "".join(texts)
    is_plain = every.isascii() and every.isalnum() and every.isupper()
    return is_plain and set(map(len, texts)) <= _PLAIN_WIDTHS


def to_fmp(key: str) -> str:
    """Return FMP's spelling of a key: its symbols are what the keys are modelled on.

    Parameters
    ----------
    key : str
        A canonical key.

    Returns
    -------
    str
        The symbol for the wire. Pairs lose the hyphen that rare coins keep in the key.

    Examples
    --------
    >>> to_fmp("BRK-B"), to_fmp("OP-USD")
    ('BRK-B', 'OPUSD')
    """
    if is_coin_pair(key):
        return key.replace("-", "")
    # Of Yahoo's three spellings for rights, "-R" is the one that occurs most.
    return key[:-1] if key.endswith("-RT") else key


def to_openfigi(key: str) -> str:
    """Return OpenFIGI's spelling of a key: Bloomberg's slash, OCC symbols padded to 21.

    Parameters
    ----------
    key : str
        A canonical key.

    Returns
    -------
    str
        The value for a TICKER (or OCC_SYMBOL) job. An exchange suffix is taken off, because
        OpenFIGI wants the exchange as a filter of its own: see `exchange_suffix`.

    Examples
    --------
    >>> to_openfigi("BRK-B"), to_openfigi("VAB.TO"), to_openfigi("AAPL250117C00155000")
    ('BRK/B', 'VAB', 'AAPL  250117C00155000')
    """
    if option := read_occ(key):
        return option.occ_symbol
    if suffix := exchange_suffix(key):
        key = key[: -len(suffix) - 1]
    body, hyphen, mark = key.rpartition("-")
    return f"{body}/{_BLOOMBERG_MARKS.get(mark, mark)}" if hyphen else key


def exchange_suffix(key: str) -> str | None:
    """Return the exchange suffix of a key without its dot; None for a US symbol.

    Parameters
    ----------
    key : str
        A canonical key.

    Returns
    -------
    str or None
        Yahoo's and FMP's suffix.

    Examples
    --------
    >>> exchange_suffix("RCI-B.TO"), exchange_suffix("BRK-B")
    ('TO', None)
    """
    body, _, suffix = key.rpartition(".")
    return suffix if body and suffix in _SUFFIXES else None


def _respell(text: str) -> str:
    """Apply the rules once to cleaned text."""
    text = text.strip(_EDGES).lstrip("= \"'").rstrip(" .")
    if len(text) > _LONGEST:
        return text
    if text in _MISSING or not any(char.isalnum() for char in text):
        return ""
    text = _without_prefix(text)
    if text.startswith("CUR:"):
        return text
    key = compact_occ(text) or join_pair(text)
    return key or _with_suffix(text) or _with_mark(text) or text


def _without_prefix(text: str) -> str:
    """Drop a US exchange in front, turn another one into its suffix, keep what is unknown."""
    match = _PREFIXED.fullmatch(text)
    if match is None:
        return text
    prefix, symbol = match.groups()
    symbol = symbol.rstrip(" .")
    if prefix == "CUR":
        return f"CUR:{symbol}"
    if prefix in _US_PREFIXES:
        return symbol
    if prefix in _MONEY_PREFIXES:
        # A lone coin must not become the fund that has the same letters.
        is_pair = join_pair(symbol) or is_currency_pair(symbol) or is_coin_pair(symbol)
        return symbol if is_pair else f"CUR:{symbol}"
    # Two exchanges call themselves TSE. Tokyo's codes start with a digit, Toronto's do not.
    suffix = _FOREIGN_PREFIXES.get(prefix) or (
        ("T" if symbol[:1].isdigit() else "TO") if prefix == "TSE" else None
    )
    if suffix is None:
        return text
    return symbol if symbol.endswith("." + suffix) else f"{symbol}.{suffix}"


def _with_suffix(text: str) -> str | None:
    """Spell a symbol with an exchange suffix: its own dot stays, the dots before it do not."""
    if match := _UNITED_STATES.fullmatch(text):
        return match[1]
    match = _SUFFIXED.fullmatch(text)
    if match is None or match[2] not in _SUFFIXES:
        return None
    body = re.sub(r"[./_ ]", "-", _CANADIAN_PREFERRED.sub("-P", match[1]))
    return f"{body}.{match[2]}"


def _with_mark(text: str) -> str | None:
    """Spell a symbol with a class or issue mark."""
    match = _MARKED.fullmatch(text)
    mark = _mark(match[2], re.sub(r"[-./_ ]", "", match[3])) if match else None
    return f"{match[1]}-{mark}" if match and mark else None


def _mark(separator: str, letters: str) -> str | None:
    """Return Yahoo's mark for the letters behind a separator; None where they say nothing."""
    if separator in "+=#^$":
        alone = {"+": "WT", "=": "UN", "#": "WI", "^": "RT"}
        series = {"+": "WT", "^": "P", "$": "P"}
        if not letters:
            return alone.get(separator)
        return series[separator] + letters if separator in series and len(letters) == 1 else None
    if warrant := _WARRANT.fullmatch(letters):
        return "WT" + warrant[1]
    # Yahoo's "-PR" is series R, while ".PR" and " PR" say preferred without a series.
    if (preferred := _PREFERRED.fullmatch(letters)) and (preferred[1] or separator != "-"):
        return "P" + preferred[1]
    if letters in _KINDS:
        return _KINDS[letters]
    is_series = len(letters) == 2 and letters[0] == "P"
    return letters if len(letters) == 1 or is_series else None
