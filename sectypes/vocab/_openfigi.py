"""OpenFIGI's three words for an instrument, as tables (contracts.md 2).

`marketSector` is the safest field for what is a bond, `securityType` for what kind of fund or share
it is. `securityType2` is coarser, and its "Mutual Fund" covers ETFs, open-end, closed-end and
private funds alike: that word alone says too little to lower a loss.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sectypes.taxonomy import Label, SecurityType, Subtype
from sectypes.vocab._words import word_key

__all__ = ["openfigi_label", "openfigi_raw_label"]

_EQUITY = Label(SecurityType.EQUITY)
_COMMON = Label(SecurityType.EQUITY, Subtype.COMMON_STOCK)
_ADR = Label(SecurityType.EQUITY, Subtype.ADR)
_REIT = Label(SecurityType.EQUITY, Subtype.REIT)
_PARTNERSHIP = Label(SecurityType.EQUITY, Subtype.PARTNERSHIP)
_PREFERRED = Label(SecurityType.EQUITY, Subtype.PREFERRED)
_UNIT = Label(SecurityType.EQUITY, Subtype.UNIT)
_RIGHT = Label(SecurityType.EQUITY, Subtype.RIGHT)
_WARRANT = Label(SecurityType.EQUITY, Subtype.WARRANT)
_FUND = Label(SecurityType.MUTUAL_FUND)
_BOND = Label(SecurityType.BOND)
_OPTION = Label(SecurityType.DERIVATIVE, Subtype.OPTION, listed=False)
_FUTURE = Label(SecurityType.DERIVATIVE, Subtype.FUTURE, listed=False)
_COIN = Label(SecurityType.CRYPTO, Subtype.CRYPTOCURRENCY, listed=False)


def _table(rows: Iterable[tuple[Label, str]]) -> Mapping[str, Label]:
    return {word_key(word): label for label, words in rows for word in words.split(",")}


# These decide alone: a bond or a preferred share has many kinds of securityType ("GLOBAL",
# "US DOMESTIC", "PUBLIC"), which say where it was sold.
_SECTORS = _table(
    [
        (_BOND, "Corp,Govt,M-Mkt"),
        (Label(SecurityType.BOND, Subtype.MUNICIPAL), "Muni"),
        (Label(SecurityType.BOND, Subtype.MORTGAGE_BACKED), "Mtge"),
        (_PREFERRED, "Pfd"),
    ]
)
_TYPES = _table(
    [
        (_COMMON, "Common Stock"),
        # ETFs, ETNs and commodity trusts: which of them, only the name says.
        (Label(SecurityType.ETF), "ETP"),
        (Label(SecurityType.MUTUAL_FUND, Subtype.OPEN_END_FUND), "Open-End Fund"),
        (Label(SecurityType.MUTUAL_FUND, Subtype.CLOSED_END_FUND), "Closed-End Fund"),
        (_FUND, "Fund of Funds,UIT,Unit Inv Tst"),
        (Label(SecurityType.OTHER, Subtype.HEDGE_FUND), "Hedge Fund"),
        (Label(SecurityType.OTHER, Subtype.PRIVATE_EQUITY_FUND), "Pvt Eqty Fund"),
        (_REIT, "REIT"),
        (_ADR, "ADR,GDR,BDR,CDR,SDR,EDR,NVDR,Receipt"),
        (_EQUITY, "NY Reg Shrs,Foreign Sh.,Dutch Cert,Tracking Stk,Stapled Security"),
        (_EQUITY, "Savings Share,Royalty Trst"),
        (_PARTNERSHIP, "MLP,Ltd Part"),
        (_PREFERRED, "Preference,Preferred,Conv Prfd"),
        (_UNIT, "Unit"),
        (_RIGHT, "Right"),
        (_WARRANT, "Equity WRT,Warrant"),
        (_OPTION, "Equity Option,Index Option"),
        (_COIN, "Crypto"),
        # Nobody holds an index itself.
        (Label(SecurityType.OTHER, listed=False), "Equity Index"),
    ]
)
# Where securityType is unknown or missing. No word for a fund stands here.
_TYPES_2 = _table(
    [
        (_COMMON, "Common Stock"),
        (_ADR, "Depositary Receipt"),
        (_REIT, "REIT"),
        (_PARTNERSHIP, "Partnership Shares"),
        (_PREFERRED, "Preference,Preferred Stock"),
        (_UNIT, "Unit"),
        (_RIGHT, "Right"),
        (_WARRANT, "Warrant"),
        (_OPTION, "Option"),
        (_FUTURE, "Future"),
        (_COIN, "CRYPTO"),
    ]
)
_DEBT = _table(
    [
        (Label(SecurityType.BOND, Subtype.BILL), "Bill"),
        (Label(SecurityType.BOND, Subtype.NOTE), "Note"),
    ]
)


def openfigi_label(row: Mapping[str, Any]) -> Label | None:
    """Return what the words of a row of OpenFIGI's answer say, and nothing but the words.

    Parameters
    ----------
    row : Mapping
        One entry of `data`. Of its keys, `marketSector`, `securityType` and `securityType2` are
        read; any of them may be missing or null.

    Returns
    -------
    Label or None
        None where no table knows the words: they are never taken for a type. A bond's sector
        decides alone; otherwise `securityType`, and where that is unknown `securityType2`, which
        never makes a fund.

    Examples
    --------
    >>> row = {"securityType": "Closed-End Fund", "securityType2": "Mutual Fund"}
    >>> str(openfigi_label(row).security_type), str(openfigi_label(row).subtype)
    ('mutual_fund', 'closed_end_fund')
    >>> openfigi_label({"securityType": "Gizmo", "securityType2": "Mutual Fund"}) is None
    True
    """
    sector, kind, coarse = (word_key(row.get(field)) for field in _FIELDS)
    by_sector = _SECTORS.get(sector)
    if by_sector == _BOND:
        return _DEBT.get(coarse, _BOND)
    return by_sector or _TYPES.get(kind) or _TYPES_2.get(coarse)


def openfigi_raw_label(row: Mapping[str, Any]) -> str:
    """Return the words behind `openfigi_label` as text, to be kept with the answer.

    Parameters
    ----------
    row : Mapping
        As for `openfigi_label`.

    Returns
    -------
    str
        `securityType`; with `securityType2` where the first has no meaning here, and with the
        sector where it is another than Equity; "" where there is none of them.

    Examples
    --------
    >>> openfigi_raw_label({"securityType": "ETP", "marketSector": "Equity"})
    'ETP'
    >>> openfigi_raw_label({"securityType": "GLOBAL", "marketSector": "Corp"})
    'GLOBAL (Corp)'
    """
    sector, kind, coarse = (_text(row.get(field)) for field in _FIELDS)
    is_plain = word_key(kind) in _TYPES or word_key(sector) in _SECTORS
    words = " / ".join(filter(None, [kind, "" if is_plain else coarse]))
    beside = sector if word_key(sector) != "EQUITY" else ""
    return f"{words} ({beside})" if words and beside else words or beside


_FIELDS = ("marketSector", "securityType", "securityType2")


def _text(word: object) -> str:
    return " ".join(word.split()) if isinstance(word, str) else ""
