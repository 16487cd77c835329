"""SnapTrade's balances as rows of cash, with cash counted once.

``balances[].cash`` already holds the money market positions that are flagged ``cash_equivalent``.
Such a position keeps its own row, and its currency's row of cash is smaller by its value.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sectypes.errors import HoldingsWarning, warn
from sectypes.holdings.frame import Position
from sectypes.holdings.payload import Record

__all__ = ["cash_positions", "currency_code"]

_CENT = 0.005
"""Half a cent: amounts that differ by less are the same money."""


@dataclass(frozen=True, slots=True)
class _Cash:
    currency: str | None
    name: str
    amount: float


def currency_code(record: Record) -> str | None:
    """The code in a record's currency, which is an object, a text or null."""
    value = record.data.get("currency")
    if isinstance(value, str):
        return record.text("currency")
    return record.child("currency").text("code")


def cash_positions(
    balances: Iterable[Record], positions: Sequence[Position], *, account: str | None
) -> list[Position]:
    """Turn the balances of one account into rows of cash.

    Parameters
    ----------
    balances : Iterable[Record]
        The account's balance objects, one a currency. A null ``cash`` says nothing: no row.
    positions : Sequence[Position]
        The account's positions; those with `is_cash` are inside the balances.
    account : str | None
        What warnings call the account.

    Returns
    -------
    list[Position]
        One row a currency: ticker ``CUR:`` and the code (missing where the currency is null),
        price 1, units and value the cash that is not in `positions`. A currency whose cash is all
        in `positions` has no row.

    Warns
    -----
    HoldingsWarning
        For a currency with two balances, for cash that is less than its parts, and where it cannot
        be told which balance a cash-equivalent position is in.
    """
    cash = _by_currency(balances, account)
    inside = [one for one in positions if one.is_cash]
    rows = []
    for balance in cash:
        parts = [one for one in inside if _is_inside(one, balance, alone=len(cash) == 1)]
        inside = [one for one in inside if one not in parts]
        left = _remaining(balance, [part.value for part in parts], account)
        if not parts or abs(left) >= _CENT:
            rows.append(_row(balance, left))
    if cash and any(None in (one.currency, *(two.currency for two in cash)) for one in inside):
        _warn("has a cash-equivalent position in no known balance; it may count twice", account)
    return rows


def _by_currency(balances: Iterable[Record], account: str | None) -> list[_Cash]:
    """One entry a currency. SnapTrade documents one, so a literal repeat is the same money."""
    found: dict[str | None, _Cash] = {}
    for balance in balances:
        cash = _read(balance)
        if math.isnan(cash.amount):
            continue
        known = found.setdefault(cash.currency, cash)
        if known is cash:
            continue
        which = f"two balances in {cash.currency or 'no currency'}"
        if known.amount == cash.amount:
            _warn(f"gives {which} with the same amount; it is counted once", account)
        else:
            _warn(f"gives {which} with different amounts; they are added", account)
            found[cash.currency] = replace(known, amount=known.amount + cash.amount)
    return list(found.values())


def _read(balance: Record) -> _Cash:
    code, name = currency_code(balance), None
    if not isinstance(balance.data.get("currency"), str):
        name = balance.child("currency").text("name")
    name = name or code
    return _Cash(code, f"{name} cash" if name else "Cash", balance.number("cash"))


def _is_inside(position: Position, balance: _Cash, *, alone: bool) -> bool:
    """Whether a position is in a balance; an unknown currency means the account's only one."""
    if position.currency is None or balance.currency is None:
        return alone
    return position.currency == balance.currency


def _remaining(balance: _Cash, parts: Sequence[float], account: str | None) -> float:
    """The cash that is not in positions already."""
    inside = math.fsum(part for part in parts if not math.isnan(part))
    if any(math.isnan(part) for part in parts):
        _warn("has a cash-equivalent position without a value; it may count twice", account)
    if 0 <= balance.amount < inside - _CENT:
        _warn(
            f"reports {balance.amount} cash but {inside} in cash-equivalent positions, which "
            "should be inside it; both are kept",
            account,
        )
        return balance.amount
    return balance.amount - inside


def _row(balance: _Cash, amount: float) -> Position:
    return Position(
        ticker=f"CUR:{balance.currency}" if balance.currency else None,
        name=balance.name,
        provider_type="cash",
        is_cash=True,
        units=amount,
        price=1.0,
        value=amount,
        currency=balance.currency,
    )


def _warn(what: str, account: str | None) -> None:
    warn(f"SnapTrade account {account!r} {what}", HoldingsWarning)
