"""The unit that a column of money names in its header, and amounts of one row in one currency.

A header's unit goes before the currency of the row: "Value (USD)" is in dollars whatever a column
Currency says, which then is the currency of the price. Hundredths (pence and the like) become the
whole currency, unless the row itself is in hundredths (GBX, GBp): those are a currency of their
own, as everywhere in this package.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import NamedTuple

from sectypes.holdings.amounts import currency_sign
from sectypes.holdings.frame import Position
from sectypes.tickers import ISO_4217, MINOR_UNITS

__all__ = ["Settled", "money_of", "settled", "unit_of"]

_WHOLE = {"GBp": "GBP", "ZAc": "ZAR", "ILa": "ILS"}
_HUNDREDTHS = {**MINOR_UNITS, "P": "GBp"}
_CENTS = "¢"
_WORDS = {"pence": "GBp", "cents": _CENTS}
# Words that are codes as well, and in a header mean what they mean in English.
_CODES = ISO_4217 - {"ALL", "TOP"}
_BRACKETS = re.compile(r"[(\[]([^()\[\]]*)[)\]]")
_SIGNED = {
    "$": frozenset((
        "USD", "CAD", "AUD", "NZD", "HKD", "SGD", "TWD", "MXN", "ARS", "CLP", "COP", "BRL", "UYU",
        "DOP", "JMD", "TTD", "BBD",
    )),
    "¥": frozenset({"JPY", "CNY", "CNH"}),
}  # fmt: skip
"""Signs of several currencies, with those that are written so."""


class Settled(NamedTuple):
    """A row whose amounts are in its one currency.

    Attributes
    ----------
    position : Position
        With its currency, price, value and cost basis.
    unit_cost : float
        Cost per unit.
    differs : bool
        Whether a header's unit is another currency than the row's: the price keeps the row's.
    problem : tuple[str, str] | None
        A role and what is wrong with it, where nothing says which unit an amount is in.
    """

    position: Position
    unit_cost: float
    differs: bool = False
    problem: tuple[str, str] | None = None


def unit_of(name: str) -> str | None:
    """The unit of money that a column's name gives.

    Returns
    -------
    str | None
        A currency's code, ``GBp`` and the like for hundredths, or ``$``, ``¥`` or ``¢``, which
        are signs of several currencies.

    Examples
    --------
    >>> [unit_of(name) for name in ("Value (USD)", "Price (pence)", "Market Value £", "Value $")]
    ['USD', 'GBp', 'GBP', '$']
    >>> unit_of("Mkt Val (Market Value)"), unit_of("Value (all)")
    (None, None)
    """
    for content in _BRACKETS.findall(name):
        words = re.findall(r"[A-Za-z]+", content)
        # A code in small letters is one where nothing else stands in the brackets.
        codes = (_code(word) for word in words if len(words) == 1 or not word.islower())
        found = [code for code in codes if code in _CODES or code in _WHOLE]
        known = [_WORDS[word.lower()] for word in words if word.lower() in _WORDS]
        if known:
            return known[0]
        if found:
            return found[0]
    return currency_sign(name)


def money_of(
    header: Mapping[str, str], signs: Mapping[str, str]
) -> tuple[dict[str, str], tuple[str, str] | None]:
    """The unit of each amount of a row: what its header names, else the sign in its cell.

    Returns
    -------
    dict[str, str], tuple[str, str] | None
        The units; and a role with what is wrong, where the two name different units.

    Examples
    --------
    >>> money_of({"price": "$"}, {"price": "CAD", "value": "GBP"})
    ({'price': 'CAD', 'value': 'GBP'}, None)
    """
    money, problem = dict(header), None
    for role, sign in signs.items():
        unit = header.get(role, sign)
        if unit != sign and sign not in _SIGNED.get(unit, ()) and unit not in _SIGNED.get(sign, ()):
            problem = role, f"is in {sign} under a header in {unit}: correct one of them"
        money[role] = unit if sign in _SIGNED else sign
    return money, problem


def _code(word: str) -> str:
    """One spelling of a currency's code: GBp and GBX are pence, gbp is the pound."""
    word = word.strip()
    return word if word in _WHOLE else _HUNDREDTHS.get(word.upper(), word.upper())


def _known(currency: str | None) -> str | None:
    """The row's currency as a code; a name in words may be any, and stays as it is written."""
    code = _code(currency or "")
    return code if code in ISO_4217 or code in _WHOLE else None


def settled(position: Position, unit_cost: float, money: Mapping[str, str]) -> Settled:
    """Bring the amounts of a row into one currency: the value's, else the price's.

    Parameters
    ----------
    position : Position
        Amounts as they are written; `currency` is that of the row.
    unit_cost : float
        Cost per unit as it is written.
    money : Mapping[str, str]
        The units of the amounts, from `money_of`.

    Returns
    -------
    Settled
        Costs in a currency that is neither the value's nor a hundredth of it are missing.

    Examples
    --------
    >>> row = Position(ticker="VOD.L", units=5000.0, price=75.0, currency="GBP")
    >>> settled(row, 50.0, {"price": "GBp", "unit_cost": "GBp"}).position.price
    0.75
    """
    if not money:
        return Settled(position, unit_cost)
    own = _known(position.currency)
    problem = _unclear(position, money, own)
    units = {role: unit for role, unit in money.items() if unit not in _SIGNED}
    target = _target(position, units, own)
    if target is None or problem is not None:
        return Settled(position, unit_cost, problem=problem)

    def brought(role: str, amount: float, other: float) -> float:
        factor = _factor(units.get(role) or own or target, target)
        return other if factor is None else amount * factor

    price, value, cost = position.price, position.value, position.cost_basis
    return Settled(
        position._replace(
            currency=position.currency if target == own else target,
            price=brought("price", price, price),
            value=brought("value", value, value),
            cost_basis=brought("cost_basis", cost, math.nan),
        ),
        brought("unit_cost", unit_cost, math.nan),
        differs=own is not None and _factor(own, target) is None,
    )


def _target(position: Position, units: Mapping[str, str], own: str | None) -> str | None:
    """The currency of the row as a whole: what its value is in, or will be."""
    has_value, has_price = not math.isnan(position.value), not math.isnan(position.price)
    lead = units.get("value") if has_value else units.get("price") if has_price else None
    unit = lead or own or units.get("value") or units.get("price")
    return unit if unit is None or unit == own else _WHOLE.get(unit, unit)


def _factor(unit: str, target: str) -> float | None:
    """What an amount is multiplied with to be in the target; None for another currency."""
    if unit == target:
        return 1.0
    if _WHOLE.get(unit) == target:
        return 0.01
    return 100.0 if _WHOLE.get(target) == unit else None


def _unclear(
    position: Position, money: Mapping[str, str], own: str | None
) -> tuple[str, str] | None:
    """Where nothing says what an amount is in: pence or pounds, dollars or the row's currency."""
    role = "price" if math.isnan(position.value) else "value"
    sign = money.get(role, "")
    has_amount = not math.isnan(position.price if role == "price" else position.value)
    if own is not None and has_amount and own not in _SIGNED.get(sign, {own}):
        return role, (
            f"is in {sign}, and the currency of its row is {position.currency}: name the currency "
            "of the column in its header by a code, as in Value (USD)"
        )
    cents = next((name for name, unit in money.items() if unit == _CENTS), None)
    if cents is not None:
        return cents, "is in cents: give it in whole units under a header such as Price (USD)"
    unit = money.get("price", "")
    product = position.units * position.price
    if unit not in _WHOLE or unit == own or "value" in money or not product:
        return None
    if math.isclose(position.value, product, rel_tol=0.01):
        return "value", (
            f"is units x price in {unit}, and its own header does not say so: name its unit there, "
            f"as in Value ({unit}) or Value ({_WHOLE[unit]})"
        )
    return None
