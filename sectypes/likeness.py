"""Is it the same security? Names and identifiers of a holding against those of a fact.

Tickers are used again: a fact about the company that had the letters before, or that has them on
another exchange, says nothing about the holding.
"""

from __future__ import annotations

from functools import lru_cache

from sectypes.heuristics.words import fold
from sectypes.taxonomy import Classification, Query
from sectypes.tickers import is_cusip, is_isin

__all__ = ["contradiction", "is_comparable", "is_other_identifier", "is_other_name"]

# Words that many securities share, so that having them in common proves nothing.
_COMMON_TEXT = """
ACC ADR ADS AG AND BV CAP CAPITAL CL CLASS CO COM COMMON COMPANY CORP CORPORATION DAILY DE DEL ETF
ETFS FD FDS FUND FUNDS GROUP GRP HLDG HLDGS HOLDING HOLDINGS INC INCOME INCORPORATED INDEX INTL
INTERNATIONAL LIMITED LLC LP LTD NA NEW NV OF ON ORD ORDINARY PFD PLC PREFERRED PRTF SA SE SER
SERIES SH SHARE SHARES SHS SPON SPONSORED STK STOCK THE TR TRUST UNIT UNITS US USA
"""
_COMMON = frozenset(_COMMON_TEXT.split())
_SHORTEST = 3
_OPENING = 4


def contradiction(query: Query, fact: Classification, fact_isin: str | None) -> str | None:
    """Say why the fact under a holding's ticker is about another security, if it is.

    Parameters
    ----------
    query : Query
        The holding, with its name and identifier.
    fact : Classification
        What is known under its ticker.
    fact_isin : str or None
        The ISIN that the fact's origin has.

    Returns
    -------
    str or None
        One line for the trail; None where nothing speaks against it. What is missing or cannot be
        compared contradicts nothing. Where identifiers can be compared, names are not asked. A
        name that holds the ticker is about the ticker.

    Examples
    --------
    >>> from sectypes.taxonomy import Origin, SecurityType
    >>> fact = Classification("XYZQ", SecurityType.EQUITY, Origin.FMP, name="Sunny Bakeries Ltd")
    >>> contradiction(Query("XYZQ", "XYZQ", name="Old Rail Lines Inc"), fact, None)
    "another security under this ticker: 'Sunny Bakeries Ltd', not 'Old Rail Lines Inc'"
    >>> contradiction(Query("XYZQ", "XYZQ", name="SUNNY BKRIES"), fact, None) is None
    True
    """
    identifier, name = query.identifier, query.name
    if (
        identifier
        and fact_isin
        and (other := is_other_identifier(identifier, fact_isin)) is not None
    ):
        return f"{_OTHER}: {fact_isin}, not {identifier}" if other else None
    if not name or not fact.name or name[:_OPENING].upper() == fact.name[:_OPENING].upper():
        return None  # most names open alike, and then nothing more needs reading
    if not is_other_name(name, fact.name):
        return None
    if query.key in fold(name):
        return None
    return f"{_OTHER}: {fact.name!r}, not {name!r}"


_OTHER = "another security under this ticker"


def is_comparable(identifier: str | None) -> bool:
    """Whether an identifier can be held against an ISIN; a FIGI cannot.

    Examples
    --------
    >>> is_comparable("037833100"), is_comparable("BBG000B9XRY4"), is_comparable(None)
    (True, False, False)
    """
    return identifier is not None and (is_isin(identifier) or is_cusip(identifier))


def is_other_identifier(identifier: str, isin: str) -> bool | None:
    """Whether an ISIN or CUSIP names another security than an ISIN; None where nobody can tell.

    The ISIN of a US or Canadian security carries its CUSIP in characters 3 to 11 (ISO 6166). A
    FIGI cannot be compared.

    Examples
    --------
    >>> is_other_identifier("037833100", "US0378331005")
    False
    >>> is_other_identifier("US5949181045", "US0378331005")
    True
    >>> is_other_identifier("BBG000B9XRY4", "US0378331005") is None
    True
    """
    if is_isin(identifier):
        return identifier != isin
    if is_cusip(identifier) and isin[:2] in ("US", "CA"):
        return identifier != isin[2:11]
    return None


@lru_cache(maxsize=16_384)
def is_other_name(one: str, other: str) -> bool:
    """Whether two names have nothing in common: no word, no abbreviation of one, no initials.

    Feeds cut and abbreviate names, and companies change parts of theirs, so one likeness is
    enough. Words that many names share (Inc, Fund, Trust, Class) are none. A name of which
    nothing is left then, or that is not in Latin letters, is not told apart from any other.

    Parameters
    ----------
    one, other : str
        Names of securities, in any case.

    Returns
    -------
    bool
        True where they are certainly two names.

    Examples
    --------
    >>> is_other_name("BLACKROCK DEBT STRAT FD", "BlackRock Debt Strategies Fund, Inc.")
    False
    >>> is_other_name("IBM", "International Business Machines Corporation")
    False
    >>> is_other_name("Facebook Inc", "Meta Platforms, Inc.")
    True
    """
    some, others = _words(one), _words(other)
    if not some or not others:
        return False
    if _opening(one) == _opening(other):
        return False
    return not (
        any(_is_short_for(a, b) or _is_short_for(b, a) for a in some for b in others)
        or _has_initials(some, other)
        or _has_initials(others, one)
    )


def _words(name: str) -> list[str]:
    return [word for word in fold(name) if word not in _COMMON and len(word) > 1]


def _opening(name: str) -> str:
    """The first letters without blanks: FirstEnergy is First Energy."""
    return "".join(fold(name))[:_OPENING]


def _is_short_for(short: str, word: str) -> bool:
    """Whether `short` is `word` or, with the same first letter, some of its letters in order."""
    if short == word:
        return True
    if len(short) < _SHORTEST or short[0] != word[0]:
        return False
    letters = iter(word)
    return all(letter in letters for letter in short)


def _has_initials(words: list[str], name: str) -> bool:
    """Whether one of the words is made of the initials of a name."""
    initials = "".join(word[0] for word in fold(name))
    return any(len(word) > 1 and initials.startswith(word) for word in words)
