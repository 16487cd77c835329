"""What a security's name says, by itself: is it an ETF, a fund, a money market fund, leveraged."""

from __future__ import annotations

from sectypes.heuristics.leverage import leverage_in
from sectypes.heuristics.lexicon import Sign
from sectypes.heuristics.rules import Rule, first_rule
from sectypes.heuristics.words import Reading, read
from sectypes.taxonomy import SecurityType

__all__ = [
    "leverage_from_name",
    "leverage_of",
    "says_debt",
    "says_etf",
    "says_fund",
    "says_money_market",
]

_POOLED = (SecurityType.ETF, SecurityType.MUTUAL_FUND)
_MOVES = int(Sign.MULTIPLE | Sign.DIRECTION)
_DEBT = int(Sign.PERCENT | Sign.DEBT)


def leverage_of(name: str | None, reading: Reading, security_type: SecurityType) -> float:
    """Return the leverage of something that is known to be of a type; 1.0 for what is no fund."""
    if name and reading.signs & _MOVES and security_type in _POOLED:
        return leverage_in(name)
    return 1.0


def leverage_from_name(name: str | None) -> float:
    """Return the signed multiple of the underlying that a fund's name states.

    Parameters
    ----------
    name : str or None
        A security's name; missing is allowed.

    Returns
    -------
    float
        3.0 for "Bull 3X", -2.0 for "2x Short"; 1.0 where nothing is said, for a missing name, and
        for a name that is no fund's. NaN where the name says leveraged and not how much
        ("Direxion Daily Semiconductor Bull"): unknown is not 1, and what weighs leverage has to
        take NaN for an unknown multiple.

    Notes
    -----
    Sources: the issuers' naming (ProShares: Ultra 2, UltraPro 3, Short -1; Direxion: Bull and Bear
    with the multiple). "Ultra-Short Bond", "Short Duration" and "Short-Term" are times, not
    directions.

    Examples
    --------
    >>> leverage_from_name("Direxion Daily Semiconductor Bull 3X Shares")
    3.0
    >>> leverage_from_name("ProShares UltraShort 20+ Year Treasury")
    -2.0
    >>> leverage_from_name("Direxion Daily Semiconductor Bull")
    nan
    >>> leverage_from_name("JPMorgan Ultra-Short Income ETF"), leverage_from_name(None)
    (1.0, 1.0)
    """
    reading = read(name)
    rule = first_rule(reading.signs)
    return leverage_of(name, reading, rule.security_type) if rule else 1.0


def says_etf(name: str | None) -> bool:
    """Whether the name says exchange-traded fund or note, or carries a brand of such funds.

    Examples
    --------
    >>> says_etf("SPDR S&P 500 ETF Trust"), says_etf("WisdomTree, Inc."), says_etf(None)
    (True, False, False)
    """
    rule = _rule(name)
    return rule is not None and rule.security_type is SecurityType.ETF


def says_money_market(name: str | None) -> bool:
    """Whether the name says money market fund. Money market ETFs are ETFs.

    Examples
    --------
    >>> says_money_market("Vanguard Federal Money Market Fund"), says_money_market("MoneyGram")
    (True, False)
    """
    rule = _rule(name)
    return rule is not None and rule.security_type is SecurityType.CASH


def says_fund(name: str | None) -> bool:
    """Whether the name says fund of any kind: exchange-traded, open-end, closed-end, money market.

    Examples
    --------
    >>> says_fund("BlackRock Debt Strategies Fund"), says_fund("Northern Trust Corporation")
    (True, False)
    """
    rule = _rule(name)
    return rule is not None and rule.security_type in (*_POOLED, SecurityType.CASH)


def says_debt(name: str | None) -> bool:
    """Whether the name states a percentage, as a coupon is, or calls itself a note.

    No evidence by itself ("Asset Manager 70% Fund"): it tells whom to believe where somebody says
    bond.

    Examples
    --------
    >>> says_debt("SILLY STRATEGIC INCOME FD 6.35%"), says_debt("Silly Strategic Income Fund")
    (True, False)
    """
    return bool(read(name).signs & _DEBT)


def _rule(name: str | None) -> Rule | None:
    return first_rule(read(name).signs)
