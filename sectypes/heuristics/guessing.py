"""The order in which ticker, venue and name are heard."""

from __future__ import annotations

import re

from sectypes.heuristics.by_name import leverage_of
from sectypes.heuristics.by_ticker import (
    by_form,
    by_fund_suffix,
    by_nav_quote,
    by_pair_venue,
    ticker_signs,
    venue_signs,
)
from sectypes.heuristics.lexicon import FUND_SIGNS, Sign
from sectypes.heuristics.rules import Guess, first_rule
from sectypes.heuristics.words import Reading, read
from sectypes.taxonomy import SecurityType, Subtype
from sectypes.tickers import is_cash_phrase

__all__ = ["guess"]

_TOKEN = int(Sign.TOKEN)
_INCORPORATED = int(Sign.INCORPORATED)
_SHELL, _FUND = int(Sign.SHELL), int(Sign.FUND)
_FUND_SIGNS = int(FUND_SIGNS)
_MONEY = int(Sign.MONEY)
_UNLISTED, _TOKYO, _MARK_FUTURE = int(Sign.UNLISTED), int(Sign.TOKYO), int(Sign.MARK_FUTURE)
# Fund networks' numbers abroad: Canada's FundSERV (three letters, digits), Yahoo's "0P...".
_FUND_NUMBER = re.compile(r"[A-Z]{3}[0-9]{3,5}|0P[0-9A-Z]{8}").fullmatch
_FUTURE = re.compile(r"[0-9A-Z]{1,3}[FGHJKMNQUVXZ][0-9]{1,2}").fullmatch
_SYMBOL = re.compile(r"[A-Z]{1,5}(?:-[A-Z]{1,3})?").fullmatch
_NO_CLOSED_END = int(Sign.OPEN_END | Sign.MONEY_MARKET | Sign.MONEY)


def guess(key: str, *, name: str | None = None, exchange: str | None = None) -> Guess | None:
    """Guess what a security is from its ticker's form, its name and where it is listed.

    Parameters
    ----------
    key : str
        The canonical ticker (`sectypes.tickers.canonical`); "" where there is none.
    name : str or None
        The security's name, in any case, cut or abbreviated as brokers do.
    exchange : str or None
        Code of the listing venue (Yahoo's, FMP's or a MIC); unknown codes say nothing.

    Returns
    -------
    Guess or None
        None where no rule speaks: nothing is assumed then.

    Notes
    -----
    Order: the venues of coins and currencies, decisive forms (option, pair, `CUR:`, debt CUSIP),
    Nasdaq's fund suffixes (unless the name says company and nothing of a fund; X at both ends with
    a closed-end fund's name is its net asset value's quote), then the table of
    `sectypes.heuristics.rules` on all signs together.
    Bare USD, CASH and BTC are listed securities: their name decides. In doubt a security is a
    company: a company called a fund understates a loss, a fund called a company only alarms.

    Examples
    --------
    >>> found = guess("DSU", name="BLACKROCK DEBT STRATEGIES FD INC")
    >>> found.security_type.value, found.subtype.value, found.rule, found.note
    ('mutual_fund', 'closed_end_fund', 'name_fund', 'name: FD')
    >>> guess("IVZ", name="Invesco Ltd.") is None
    True
    >>> guess("TQQQ", name="ProShares UltraPro QQQ").leverage
    3.0
    """
    venue = venue_signs(exchange) if exchange else 0
    if venue and (found := by_pair_venue(venue)):
        return found
    plain = len(key) < 6 and key.isalnum()
    if not plain and (found := by_form(key)):
        return found
    reading = read(name)
    signs, _ = reading
    if key[-1:] == "X" and not _is_company(key, signs):
        nav = by_nav_quote(key) if key[0] == "X" and _is_closed_end(signs) else None
        if found := nav or by_fund_suffix(key, exchange):
            return _levered(found, name, reading)
    rule = first_rule(signs | venue | ticker_signs(key) | _place_signs(key))
    if rule is None:
        return _CASH_WORDS if name and signs & _MONEY and is_cash_phrase(name) else None
    leverage = leverage_of(name, reading, rule.security_type)
    words = reading.words(rule.wanted)
    note = f"name: {words}" if words else "form of the ticker, or listing venue"
    return Guess(rule.security_type, rule.subtype, leverage, rule.name, note)


_CASH_WORDS = Guess(
    SecurityType.CASH,
    Subtype.CURRENCY,
    1.0,
    "name_cash",
    "the name as a whole is a way to say cash",
)


def _place_signs(key: str) -> int:
    """Return what a key's form says of the place where it is listed, or that it is not."""
    if (key.isalpha() and len(key) < 6) or _SYMBOL(key):
        return 0
    root, _, suffix = key.partition(".")
    if _FUND_NUMBER(root) or not suffix:
        return _UNLISTED | (_MARK_FUTURE if _FUTURE(key) else 0)
    return _TOKYO if suffix == "T" else 0


def _is_company(key: str, signs: int) -> bool:
    """Whether a name says share or company so plainly that the ticker's final X is no fund's.

    Six and seven letters are no share's ticker, whatever the name says.
    """
    if signs & _TOKEN:
        return True
    shell = signs & _SHELL and not signs & _FUND
    return len(key) == 5 and bool(shell or (signs & _INCORPORATED and not signs & _FUND_SIGNS))


def _is_closed_end(signs: int) -> bool:
    """Whether a name is a closed-end fund's: no share class, no money market."""
    rule = None if signs & _NO_CLOSED_END else first_rule(signs)
    return rule is not None and rule.subtype is Subtype.CLOSED_END_FUND


def _levered(found: Guess, name: str | None, reading: Reading) -> Guess:
    """Add to a fund told by its ticker what the name says about leverage."""
    leverage = leverage_of(name, reading, found.security_type)
    return found if leverage == 1.0 else found._replace(leverage=leverage)
