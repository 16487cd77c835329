"""What an FMP profile says about a security, and where FMP is known to err.

The flags come first; evidence in the same profile (form of the symbol, name, exchange) refines
them by one small table. Facts: contracts.md 1.1 and 1.4.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sectypes import heuristics, vocab
from sectypes.sources.multiples import fund_multiple
from sectypes.taxonomy import (
    Answer,
    AnswerStatus,
    Classification,
    Label,
    Origin,
    SecurityType,
    Subtype,
)
from sectypes.tickers import canonical

__all__ = ["read_profile"]

# Where a fund that is traded all day is listed. FMP writes NASDAQ for open-end funds as well, but
# those have a form of their own. Codes, and the full names of legacy profiles (contracts.md 1.2).
_US_EXCHANGES = ("NASDAQ", "NYSE", "AMEX", "CBOE", "BATS", "NEW YORK STOCK EXCHANGE")


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What the refinements look at."""

    label: Label
    name: str | None
    by_form: heuristics.Guess | None
    exchange: str

    @property
    def is_fund(self) -> bool:
        """Whether FMP's flags say fund."""
        return self.label.security_type is SecurityType.MUTUAL_FUND

    @property
    def has_fund_form(self) -> bool:
        """Whether the symbol alone has the form of a fund that is not listed."""
        return self.by_form is not None and self.by_form.security_type is SecurityType.MUTUAL_FUND

    def has_form_of(self, subtype: Subtype) -> bool:
        """Whether the symbol alone has the form of this kind of fund."""
        return self.by_form is not None and self.by_form.subtype is subtype


_MONEY_MARKET = Label(SecurityType.CASH, Subtype.MONEY_MARKET_FUND)

# The first row that fits decides; where none does, the flags stand. The form goes before the name:
# a symbol's form is given by the exchange, and a fund of ETFs has "ETF" in its name as well.
_REFINEMENTS: tuple[tuple[Callable[[_Evidence], bool], Label], ...] = (
    (
        # Of a share the form alone says nothing: any company may have such a symbol.
        lambda e: e.is_fund and e.has_form_of(Subtype.MONEY_MARKET_FUND),
        _MONEY_MARKET,
    ),
    (
        lambda e: (
            e.is_fund and heuristics.says_money_market(e.name) and not heuristics.says_etf(e.name)
        ),
        _MONEY_MARKET,
    ),
    (
        lambda e: e.is_fund and e.has_form_of(Subtype.OPEN_END_FUND),
        Label(SecurityType.MUTUAL_FUND, Subtype.OPEN_END_FUND),
    ),
    (
        lambda e: e.is_fund and heuristics.says_etf(e.name),
        Label(SecurityType.ETF, Subtype.ETF),
    ),
    (
        lambda e: e.is_fund and e.exchange.startswith(_US_EXCHANGES) and not e.has_fund_form,
        Label(SecurityType.MUTUAL_FUND, Subtype.CLOSED_END_FUND),
    ),
    # No flag stands for a coin, so that all of them are false.
    (
        lambda e: e.label.security_type is SecurityType.EQUITY and e.exchange == "CRYPTO",
        Label(SecurityType.CRYPTO, Subtype.CRYPTOCURRENCY),
    ),
)


def read_profile(payload: object, *, key: str, origin: Origin) -> Answer:
    """Turn the decoded body of a profile call into a typed answer.

    Parameters
    ----------
    payload : object
        A list with one profile, a profile, or what FMP sends when it has none. Not changed.
    key : str
        The canonical ticker that was asked for.
    origin : Origin
        Whose assertion this is.

    Returns
    -------
    Answer
        Found, with the profile as payload. Not found: nothing in it, another symbol's profile, no
        type flag (missing is not false), or two profiles whose flags contradict each other.
        Failed: not in the documented shape.

    Notes
    -----
    `symbol` and the older `ticker` are both read. A profile of another listing never becomes an
    answer. The subtype of a share and the leverage of a fund come from rules on form and name,
    where these agree with the flags. ``observed_at`` and ``expires_at`` are left to the service.

    Examples
    --------
    >>> body = [{"symbol": "SPY", "isEtf": True, "isFund": False, "companyName": "A Sample ETF"}]
    >>> answer = read_profile(body, key="SPY", origin=Origin.FMP)
    >>> answer.classification.security_type.value, answer.classification.raw_label
    ('etf', 'isEtf=true isFund=false')
    >>> read_profile([], key="SPY", origin=Origin.FMP).status.value
    'not_found'
    """
    profiles = payload if isinstance(payload, list) else [payload]
    profiles = [one for one in profiles if one is not None and one != {}]
    if not profiles:
        return Answer(AnswerStatus.NOT_FOUND, note="no profile for this symbol")
    symbols = [_symbol(one) for one in profiles]
    named = canonical(key)
    mine = [one for one, its in zip(profiles, symbols, strict=True) if its and its == named]
    if mine:
        return _read_all(mine, key=key, origin=origin)
    if not all(symbols):
        return Answer(AnswerStatus.FAILED, note="the body is not a profile with a symbol")
    return Answer(AnswerStatus.NOT_FOUND, note="foreign profile: another symbol than asked for")


def _symbol(profile: object) -> str:
    """The canonical symbol of a profile; "" for what is not a profile."""
    if not isinstance(profile, Mapping):
        return ""
    symbol = profile.get("symbol") or profile.get("ticker")
    return canonical(symbol) if isinstance(symbol, str) else ""


def _read_all(profiles: Sequence[Mapping[str, Any]], *, key: str, origin: Origin) -> Answer:
    """Of several profiles of one symbol the first with flags, where all flags say the same."""
    flagged = [(label, one) for one in profiles if (label := vocab.fmp_label(one)) is not None]
    if not flagged:
        note = "a profile without type flags"
        return Answer(AnswerStatus.NOT_FOUND, note=note, payload=profiles[0])
    if len({label.security_type for label, _ in flagged}) > 1:
        said = " and ".join(dict.fromkeys(vocab.fmp_raw_label(one) for _, one in flagged))
        note = f"profiles of this symbol contradict each other: {said}"
        return Answer(AnswerStatus.NOT_FOUND, note=note)
    return _read(*flagged[0], key=key, origin=origin)


def _read(flagged: Label, profile: Mapping[str, Any], *, key: str, origin: Origin) -> Answer:
    name = _text(profile, "companyName")
    if name is not None:
        name = html.unescape(name).strip() or None  # FMP writes AT&amp;T
    label = _refine(flagged, profile, key, name)
    is_fund = label.security_type in (SecurityType.ETF, SecurityType.MUTUAL_FUND)
    classification = Classification(
        key,
        label.security_type,
        origin,
        label.subtype,
        fund_multiple(name) if is_fund else 1.0,
        raw_label=vocab.fmp_raw_label(profile),
        name=name,
    )
    return Answer(AnswerStatus.FOUND, classification, payload=profile)


def _refine(flagged: Label, profile: Mapping[str, Any], key: str, name: str | None) -> Label:
    exchange = _text(profile, "exchangeShortName", "exchange")
    evidence = _Evidence(flagged, name, heuristics.guess(key), (exchange or "").upper())
    for fits, label in _REFINEMENTS:
        if fits(evidence):
            return label
    guess = heuristics.guess(key, name=name, exchange=exchange)
    if guess is not None and guess.subtype and guess.security_type is flagged.security_type:
        return Label(flagged.security_type, flagged.subtype or guess.subtype)
    return flagged


def _text(profile: Mapping[str, Any], *keys: str) -> str | None:
    """The first of these values that is a text with something in it."""
    for key in keys:
        value = profile.get(key)
        if isinstance(value, str) and value.strip():
            return value.strip()
    return None
