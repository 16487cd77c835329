"""What a position is worth where its provider leaves the sum to the reader."""

from __future__ import annotations

import math
from collections.abc import Iterable

from sectypes.errors import HoldingsWarning, warn
from sectypes.heuristics import guess
from sectypes.holdings.cells import some
from sectypes.holdings.frame import Position
from sectypes.taxonomy import SecurityType, Subtype
from sectypes.tickers import Shape, canonical, is_debt, parse_occ, shape, squeeze
from sectypes.vocab import provider_label

__all__ = [
    "BARE_CASH",
    "completed",
    "is_bare_cash",
    "is_unvalued_bond",
    "multiplier",
    "no_value",
    "par_factor",
    "shorted",
    "warn_of_unvalued_bonds",
]

_OPTION_MULTIPLIER = 100.0
BARE_CASH = frozenset({"CASH", "MARGIN", "USD"})
"""Ways to say cash, or money that is owed, that are or could be a listed security's ticker."""
# Words for what a fund holds as much as for what a bond is.
_CLASS_WORDS = frozenset({"FIXEDINCOME", "BONDS"})
_FUNDS = (SecurityType.ETF, SecurityType.MUTUAL_FUND)


def is_bare_cash(position: Position, *, has_units: bool) -> bool:
    """Whether a row whose ticker is CASH, USD or MARGIN, and that says nothing else, is money.

    The first two are listed securities as well. Money has the price 1 (or none) and is worth its
    units; and where there is a column of quantities (`has_units`), a row with only a value is a
    sum of money. A type or a name of its own makes it the security.

    Examples
    --------
    >>> row = Position(ticker="Cash", units=5.0, price=1.0, value=5.0)
    >>> is_bare_cash(row, has_units=True), is_bare_cash(row._replace(price=75.0), has_units=True)
    (True, False)
    """
    if canonical(position.ticker) not in BARE_CASH or position.provider_type:
        return False
    if squeeze(position.name or "CASH") not in BARE_CASH:
        return False
    units, price, value = position.units, position.price, position.value
    if not (math.isnan(price) or price == 1):
        return False
    if math.isnan(units):
        return has_units and not math.isnan(value)
    worth = units * price if math.isnan(value) else value
    return math.isclose(worth, units)


def multiplier(position: Position) -> float:
    """How many units one contract is: 100 for an option, told by its word or ticker, else 1."""
    label = provider_label(position.provider_type, position.provider)
    says_option = label is not None and label.subtype is Subtype.OPTION
    return _OPTION_MULTIPLIER if says_option or parse_occ(position.ticker) else 1.0


def shorted(position: Position) -> Position:
    """The position as one that is owed: units and value below zero, however they are written."""
    return position._replace(units=-abs(position.units), value=-abs(position.value))


def completed(position: Position, factor: float, unit_cost: float) -> Position:
    """Work out what is not given: the value, and the total cost.

    A short position whose value is written without its sign gets the sign of its units.

    Parameters
    ----------
    position : Position
        Units, price and value as they are given.
    factor : float
        The contract's multiplier; NaN for the usual one.
    unit_cost : float
        Cost per unit; NaN where there is none.

    Returns
    -------
    Position
        A bond without a value keeps none: see `no_value`. Its cost follows the value.

    Examples
    --------
    >>> completed(Position(ticker="DSU", units=2.0, price=10.5), math.nan, 9.0)[8:]
    (10.5, 21.0, None, 18.0, None, None)
    """
    units, price, value, cost = position.units, position.price, position.value, position.cost_basis
    if math.isnan(value) and position.is_cash and math.isnan(price):
        price, value = 1.0, units
    if math.isnan(factor):
        factor = multiplier(position)
    # Prices are rounded, hence one percent; a value that fits no better is left as it is written.
    if units < 0 < price and math.isclose(value, -units * price * factor, rel_tol=0.01):
        value = -value
    position = position._replace(price=price, value=value)
    if math.isnan(value) or math.isnan(cost):
        factor *= par_factor(position, units * price * factor)
    if math.isnan(value):
        value = units * price * factor
    if math.isnan(cost):
        cost = units * unit_cost * factor
    return position._replace(value=value, cost_basis=cost)


def is_unvalued_bond(position: Position) -> bool:
    """Whether a bond has units and a price, and no value all the same."""
    has_both = not math.isnan(position.units * position.price)
    return has_both and math.isnan(position.value) and _is_bond(position)


def no_value(bonds: str, advice: str) -> str:
    """Why the value of bonds is not worked out, and what to do."""
    return (
        f"the value of the bonds {bonds} is left missing: a price of a bond is per unit or in "
        "percent of par (a hundredth of it), and nothing here says which; " + advice
    )


def warn_of_unvalued_bonds(positions: Iterable[Position], provider: str) -> None:
    """Name the bonds of a provider's answer whose value is left missing, if there are any."""
    bonds = [str(one.ticker or one.name) for one in positions if is_unvalued_bond(one)]
    if bonds:
        advice = "fill in the column value of the frame"
        warn(f"{provider}: {no_value(some(bonds), advice)}", HoldingsWarning)


def par_factor(position: Position, product: float) -> float:
    """What `product` (units x price) must be multiplied with because prices of bonds are unclear.

    Returns
    -------
    float
        1 for all but bonds; for a bond 1 or 1/100, as its value tells, and NaN where it has none.
        A value may hold accrued interest, hence the wide margin.

    Examples
    --------
    >>> bill = Position(ticker="912797AA9", provider_type="Bond", value=9850.0)
    >>> par_factor(bill, 985_000.0), par_factor(Position(ticker="DSU"), 21.0)
    (0.01, 1.0)
    """
    if not _is_bond(position):
        return 1.0
    fits = (
        factor
        for factor in (1.0, 0.01)
        if math.isclose(abs(position.value), abs(product) * factor, rel_tol=0.2)
    )
    return next(fits, math.nan)


def _is_bond(position: Position) -> bool:
    """Whether a price may be in percent of par: the identifier or the provider's word says bond.

    A listed symbol beside "Fixed Income" is a fund of bonds as a rule, and so is what symbol or
    name call a fund: their prices are per unit.
    """
    if position.is_cash and position.price == 1:
        return False
    keys = map(canonical, (position.ticker, position.identifier))
    if any(map(is_debt, keys)):
        return True
    label = provider_label(position.provider_type, position.provider)
    if label is None or label.security_type is not SecurityType.BOND:
        return False
    key = canonical(position.ticker)
    is_listed = key.isalpha() and shape(key) is Shape.LISTED
    if is_listed and squeeze(position.provider_type or "") in _CLASS_WORDS:
        return False
    found = guess(key, name=position.name) if is_listed or not key else None
    return found is None or found.security_type not in _FUNDS
