"""What a table does not say row by row: its decimal mark, its currencies, its unknown columns."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from sectypes.errors import Failure, HoldingsWarning, warn
from sectypes.holdings.amounts import CommaError, parse_amount, shows_point, two_ways
from sectypes.holdings.cells import Block, Row, cell_text, some
from sectypes.holdings.frame import Position
from sectypes.holdings.grids import Lines

__all__ = ["EUROPEAN", "is_two_way", "signed_currencies", "warn_of_dates", "warn_unread"]

EUROPEAN = (
    "where the comma is the decimal mark, read the file with "
    "pd.read_csv(path, sep=';', decimal=',', thousands='.') and give the frame (where it is the "
    "point, with decimal='.', thousands=',')"
)
"""What to do about a decimal comma."""

_NUMBERS = ("units", "price", "value", "cost_basis", "unit_cost", "multiplier")
_AMOUNTS = ("units", "value")
_LEVERAGE = frozenset({"leverage", "leverage_factor", "fund_leverage"})
_Found = Sequence[tuple[Block, Row]]


def is_two_way(tables: Sequence[Sequence[Row]], found: _Found) -> bool:
    """Whether ``1.250`` and ``10,123`` can be thousands or fractions in these tables.

    Semicolons stand between fields where the comma is taken, for decimals: there such a number is
    clear only beside one that shows a decimal point (``12.50``, ``1,234.5``).

    Examples
    --------
    >>> is_two_way([Lines([], ";")], []), is_two_way([Lines([], ",")], [])
    (True, False)
    """
    if not any(isinstance(rows, Lines) and rows.delimiter == ";" for rows in tables):
        return False
    return not any(shows_point(block.cell(row, role)) for block, row in found for role in _NUMBERS)


def signed_currencies(
    positions: Sequence[Position],
    signs: Sequence[str | None],
    lines: Sequence[int | str],
    problems: list[Failure],
) -> list[Position]:
    """Fill in currencies from the signs of the amounts, where no column names them.

    Parameters
    ----------
    positions : Sequence[Position]
        The rows.
    signs : Sequence[str | None]
        For each row a code, or ``$`` or ``¥``, which are signs of several currencies; None for
        a row whose currency stands in a column.
    lines : Sequence[int | str]
        Where each row stands.
    problems : list[Failure]
        Gets the rows in ``¥`` among others: yen or yuan.

    Returns
    -------
    list[Position]
        ``$`` is USD beside other signs; where it is the only one, nothing is filled in.

    Examples
    --------
    >>> rows = [Position(ticker="VOD.L"), Position(ticker="XYZQ")]
    >>> [row.currency for row in signed_currencies(rows, ["GBP", "$"], [2, 3], [])]
    ['GBP', 'USD']
    >>> [row.currency for row in signed_currencies(rows, ["$", "$"], [2, 3], [])]
    [None, None]
    """
    bare = [None if one.currency else sign for one, sign in zip(positions, signs, strict=True)]
    seen = set(filter(None, signs))
    codes = {sign: sign for sign in seen - {"$", "¥"}} | ({"$": "USD"} if len(seen) > 1 else {})
    if len(seen) > 1:
        reason = "is yen or yuan: name the currencies in a column Currency"
        problems.extend(
            Failure(line, "currency", sign, reason)
            for line, sign in zip(lines, bare, strict=True)
            if sign == "¥"
        )
    return [
        one._replace(currency=codes[sign]) if sign in codes else one
        for one, sign in zip(positions, bare, strict=True)
    ]


def warn_of_dates(found: _Found, positions: Sequence[Position], label: str) -> None:
    """Warn where one security of one account has rows of several dates: they are added up."""
    days: dict[tuple[str | None, str | None, str | None], set[str]] = {}
    for (block, row), one in zip(found, positions, strict=True):
        for place in block.header.dates:
            day = cell_text(row.cells[place]) if place < len(row.cells) else ""
            if day:
                key = (one.account, one.ticker or one.name, block.header.names[place])
                days.setdefault(key, set()).add(day)
    several = sorted({day for group in days.values() if len(group) > 1 for day in group})
    if several:
        warn(
            f"{label}: rows of {len(several)} dates are counted together ({some(several)}): keep "
            "those of one date, unless they are lots",
            HoldingsWarning,
        )


def warn_unread(found: _Found, label: str) -> None:
    """Warn of columns of numbers that are not read.

    These are any, where no block has quantities or values, and a column of leverage.
    """
    blocks = {id(block): block for block, _ in found}.values()
    geared = [
        repr(name)
        for name in dict.fromkeys(name for block in blocks for name in block.header.names)
        if name.casefold().replace(" ", "_") in _LEVERAGE
    ]
    if geared:
        warn(
            f"{label}: the column {', '.join(geared)} is not read, leverage is taken from the "
            "securities' names and sources: assign the column to the classified frame",
            HoldingsWarning,
        )
    if any(role in block.header.columns for block in blocks for role in _AMOUNTS):
        return
    names = dict.fromkeys(name for block, row in found for name in _unread(block, row))
    if names:
        warn(
            f"{label} has no column of quantities or values that is known; the columns "
            f"{', '.join(map(repr, names))} hold numbers and were not read: if one is meant, "
            "rename it to Quantity or Value",
            HoldingsWarning,
        )


def _unread(block: Block, row: Row) -> Iterator[str]:
    """Names of the columns that play no role and hold a number in this row."""
    known = set(block.header.columns.values())
    for place, name in enumerate(block.header.names[: len(row.cells)]):
        if name and place not in known and _is_number(row.cells[place]):
            yield name


def _is_number(cell: object) -> bool:
    if two_ways(cell) or cell_text(cell) == "":
        return bool(cell_text(cell))
    try:
        return not math.isnan(parse_amount(cell))
    except CommaError:
        return True
    except ValueError:
        return False
