"""Brokers' tables of positions: CSV, TSV, Excel, and frames with such columns.

`portfolio` is the table's own column of that name, else the file's name without suffix, else "csv";
`account` its account number, else the account's name, else the line above the block that names it.
`provider_type` is the table's own word, `currency` that of the value, else of the price: what the
column's header names ("Value (USD)"), else the row's, else the sign of the amounts; prices in pence
become pounds, unless the row itself is in pence (GBX). A value that the table does not give is
units x price, times 100 for an option, or times the table's multiplier; a bond's is left missing. A
position is short where its units or a column such as Side say so, and then units and value are
negative. Money on its way ("Pending Activity") is kept as cash; totals, titles, disclaimers and
cash without an amount are left out, and so is a type that is only an asset class
(`sectypes.vocab.is_asset_class`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from typing import TypedDict

from sectypes.errors import Failure, HoldingsWarning, InputError, warn
from sectypes.holdings.amounts import CommaError, currency_sign, parse_amount, two_ways
from sectypes.holdings.blocks import find_blocks
from sectypes.holdings.cells import Block, Row, cell_text, is_number, some
from sectypes.holdings.frame import Position
from sectypes.holdings.money import money_of, settled
from sectypes.holdings.payload import as_text
from sectypes.holdings.rows import is_pending, position_rows, says_cash_in_words
from sectypes.holdings.unsaid import (
    EUROPEAN,
    is_two_way,
    signed_currencies,
    warn_of_dates,
    warn_unread,
)
from sectypes.holdings.values import (
    completed,
    is_bare_cash,
    is_unvalued_bond,
    no_value,
    shorted,
)
from sectypes.tickers import squeeze
from sectypes.vocab import is_account_type_column, is_asset_class, table_is_cash

__all__ = ["table_positions"]

_NOTHING = frozenset({"-", "--", "---", "n/a", "#n/a"})
_TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False, "": None}
_SIDES = {"": False} | dict.fromkeys(("LONG", "L", "BUY", "BOUGHT"), False) | dict.fromkeys(
    ("SHORT", "S", "SELL", "SOLD", "SOLDSHORT", "SELLSHORT"), True
)  # fmt: skip
_COSTS = ("cost_basis", "unit_cost")
_MONEY = ("value", "price", *_COSTS)


def table_positions(
    tables: Sequence[Sequence[Row]],
    *,
    label: str,
    stem: str | None = None,
    portfolio: str | None = None,
    ticker_column: str | None = None,
) -> list[Position]:
    """Read the positions of one input.

    Parameters
    ----------
    tables : Sequence[Sequence[Row]]
        The cells, from `sectypes.holdings.grids`: one table, or one a sheet.
    label : str
        What error messages call the table.
    stem : str | None
        The portfolio where the table names none.
    portfolio : str | None
        The portfolio, whatever the table says.
    ticker_column : str | None
        Name of the column of tickers, where it is none of the usual names.

    Raises
    ------
    InputError
        For a table without a ticker column, and for rows or numbers that cannot be read, or can
        be read in two ways; all problems are collected first.

    Warns
    -----
    HoldingsWarning
        For tickers that were numbers or truth values (a spreadsheet may have changed them), bonds
        without a value, a side that is neither long nor short, and a table without quantities and
        values whose other columns hold numbers.
    """
    problems: list[Failure] = []
    blocks = find_blocks(tables, label=label, ticker_column=ticker_column)
    found = [
        (block, row)
        for block in blocks
        for row in position_rows(block, problems)
        if not _is_no_money(block, row)
    ]
    reader = _Reader(
        problems,
        use_type=not _is_account_type(found),
        two_way=is_two_way(tables, found),
        stem=stem or "csv",
        portfolio=portfolio,
    )
    positions = [reader.position(block, row) for block, row in found]
    lines = [row.line for _, row in found]
    positions = signed_currencies(positions, reader.signs, lines, problems)
    if problems:
        raise InputError(f"{label} has rows that cannot be read", problems)
    bonds = [line for line, one in zip(lines, positions, strict=True) if is_unvalued_bond(one)]
    for rows, what in (
        (reader.changed, _CHANGED),
        (reader.sides, _NO_SIDE),
        (reader.foreign, _FOREIGN),
        (bonds, _NO_VALUE),
    ):
        if rows:
            warn(f"{label}: {what.format(some(rows))}", HoldingsWarning)
    if ticker_column is None:
        warn_of_dates(found, positions, label)
        warn_unread(found, label)
    return positions


_CHANGED = (
    "tickers in rows {} were stored as numbers or truth values; leading zeros or letters may be "
    "lost (format the column as text)"
)
_NO_SIDE = "the side in rows {} is neither long nor short, and is not heard"
_FOREIGN = (
    "the values in rows {} are in the currency that their column or their sign names, not in that "
    "of the row: a price without a currency of its own is in the row's, and a cost in another than "
    "the value is left missing"
)
_NO_VALUE = no_value("in rows {}", "add a column Market Value")


def _is_account_type(found: Sequence[tuple[Block, Row]]) -> bool:
    """Whether the column "Type" tells the account's kind (cash, margin), not the security's."""
    plain = [(block, row) for block, row in found if block.header.says_only_type]
    return is_account_type_column(block.text(row, "provider_type") for block, row in plain)


class _Reader:
    """Turns rows into positions and notes what is wrong with them."""

    def __init__(
        self,
        problems: list[Failure],
        *,
        use_type: bool,
        two_way: bool,
        stem: str,
        portfolio: str | None,
    ) -> None:
        self.problems = problems
        self.changed: list[int | str] = []
        self.sides: list[int | str] = []
        self.foreign: list[int | str] = []
        self.signs: list[str | None] = []
        self._use_type = use_type
        self._two_way = two_way
        self._stem = stem
        self._portfolio = portfolio

    def position(self, block: Block, row: Row) -> Position:
        """One row as a position."""
        text = {role: self._text(block, row, role) for role in _TEXT_ROLES}
        ticker = self._ticker(block, row) or text["cusip"] or text["isin"]
        kind = text["provider_type"] if self._use_type else None
        position = Position(
            portfolio=self._portfolio or text["portfolio"] or self._stem,
            account=text["account_id"] or text["account_name"] or block.title,
            provider=(text["provider"] or "csv").lower(),
            ticker=ticker,
            name=text["name"],
            provider_type=kind,
            units=self._number(block, row, "units"),
            price=self._number(block, row, "price"),
            value=self._number(block, row, "value"),
            currency=text["currency"],
            cost_basis=self._number(block, row, "cost_basis"),
            identifier=text["isin"] or text["cusip"] or text["identifier"],
            exchange=text["exchange"],
        )
        said = self._said_cash(block, row)
        evidence = _cash_evidence(position)
        if said is None:
            said = (
                is_pending(block, row)
                or table_is_cash(**evidence)
                or is_bare_cash(position, has_units="units" in block.header.columns)
            )
        position = position._replace(is_cash=said)
        if not said and is_asset_class(**evidence):
            position = position._replace(provider_type=None)
        if self._is_short(block, row):
            position = shorted(position)
        multiplier = self._number(block, row, "multiplier")
        unit_cost = self._number(block, row, "unit_cost")
        position, unit_cost = self._in_one_currency(block, row, position, unit_cost)
        return completed(position, multiplier, unit_cost)

    def _in_one_currency(
        self, block: Block, row: Row, position: Position, unit_cost: float
    ) -> tuple[Position, float]:
        """The position with amounts in one currency, and its cost per unit."""
        roles = (role for role in _MONEY if role in block.header.columns)
        found = ((role, currency_sign(block.cell(row, role))) for role in roles)
        signs = {role: sign for role, sign in found if sign is not None}
        money, conflict = money_of(block.header.money, signs)
        first = next((money[role] for role in _MONEY if role in money), None)
        self.signs.append(None if position.currency else first)
        position, unit_cost, differs, unclear = settled(position, unit_cost, money)
        if differs:
            self.foreign.append(row.line)
        problem = conflict or unclear
        if problem is not None:
            self._problem(block, row, *problem)
        return position, unit_cost

    def _text(self, block: Block, row: Row, role: str) -> str | None:
        if role not in block.header.columns:
            return None
        try:
            text = as_text(block.text(row, role))
        except ValueError as error:
            self._problem(block, row, role, str(error))
            return None
        return None if text is None or text.lower() in _NOTHING else text

    def _ticker(self, block: Block, row: Row) -> str | None:
        """The ticker as text. NA, NULL, TRUE and 0005 are tickers; dashes are not."""
        cell = block.cell(row, "ticker")
        if isinstance(cell, date):
            self._problem(block, row, "ticker", "is a date: format the column as text")
            return None
        ticker = self._text(block, row, "ticker")
        if ticker is not None and not isinstance(cell, str):
            self.changed.append(row.line)
        return ticker

    def _is_short(self, block: Block, row: Row) -> bool:
        """Whether a column such as "Side" says short."""
        if "side" not in block.header.columns:
            return False
        word = squeeze(cell_text(block.cell(row, "side")))
        if word not in _SIDES:
            self.sides.append(row.line)
        return _SIDES.get(word, False)

    def _said_cash(self, block: Block, row: Row) -> bool | None:
        """What the table itself says in a column ``is_cash``; None where it says nothing."""
        word = cell_text(block.cell(row, "is_cash")).lower()
        if word not in _TRUTHS:
            self._problem(block, row, "is_cash", "is neither true nor false")
        return _TRUTHS.get(word)

    def _number(self, block: Block, row: Row, role: str) -> float:
        if role not in block.header.columns:
            return math.nan
        cell = block.cell(row, role)
        try:
            if self._two_way and two_ways(cell):
                raise CommaError("is a thousand or a fraction: nothing in the file says which")
            return parse_amount(cell)
        except CommaError as error:
            self._problem(block, row, role, f"{error}; {EUROPEAN}")
        except ValueError as error:
            # A word in the place of a cost ("Incomplete") says that there is none.
            is_word = isinstance(cell, str) and not any(map(str.isdigit, cell))
            if role not in _COSTS or not is_word:
                self._problem(block, row, role, str(error))
        return math.nan

    def _problem(self, block: Block, row: Row, role: str, reason: str) -> None:
        name = block.header.names[block.header.columns[role]]
        self.problems.append(Failure(row.line, name, block.cell(row, role), reason))


_TEXT_ROLES = (
    "portfolio", "account_id", "account_name", "provider", "name", "provider_type", "currency",
    "cusip", "isin", "identifier", "exchange",
)  # fmt: skip


class _CashEvidence(TypedDict):
    """What `table_is_cash` asks of a position."""

    ticker: str | None
    name: str | None
    provider_type: str | None
    provider: str | None
    price: float


def _cash_evidence(position: Position) -> _CashEvidence:
    """What a position says about being cash; its price is worked out where it is not given."""
    price = position.price
    if math.isnan(price) and position.units:
        price = abs(position.value / position.units)
    return {
        "ticker": position.ticker,
        "name": position.name,
        "provider_type": position.provider_type,
        "provider": position.provider,
        "price": price,
    }


def _is_no_money(block: Block, row: Row) -> bool:
    """Whether a line of cash says no amount: pending activity that nothing is pending of."""
    columns = block.header.columns
    words = {columns[role] for role in ("ticker", *_TEXT_ROLES) if role in columns}
    numbers = (cell for place, cell in enumerate(row.cells) if place not in words)
    amounts = (block.text(row, role) or "--" for role in ("units", *_MONEY))
    is_said = any(map(is_number, numbers)) or not _NOTHING.issuperset(map(str.lower, amounts))
    if is_said or not block.header.has_amounts:
        return False
    return says_cash_in_words(block, row) or is_pending(block, row)
