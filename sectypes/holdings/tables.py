"""Brokers' tables of positions: CSV, TSV, Excel, and frames with such columns.

`portfolio` is the table's own column of that name, else the file's name without suffix, else
"csv"; `account` its account number, else the account's name, else the line above the block that
names it. `provider_type` is the table's own word. A value that the table does not give is
units x price, times 100 for an option, or times the table's multiplier. A short position whose
value some brokers write without its sign gets the sign of its units. Money on its way ("Pending
Activity") is kept as cash; totals, titles and disclaimers are left out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date

from sectypes.errors import Failure, HoldingsWarning, InputError, warn
from sectypes.holdings.amounts import parse_amount
from sectypes.holdings.blocks import Block, Row, cell_text, find_blocks, is_pending, position_rows
from sectypes.holdings.frame import Position
from sectypes.holdings.payload import as_text
from sectypes.taxonomy import Subtype
from sectypes.tickers import canonical, parse_occ
from sectypes.vocab import is_account_type_column, provider_label, table_is_cash

__all__ = ["table_positions"]

_NOTHING = frozenset({"-", "--", "---", "n/a", "#n/a"})
_TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False, "": None}
_OPTION_MULTIPLIER = 100.0
_BARE_CASH = frozenset({"CASH", "USD"})


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
        For a table without a ticker column, and for rows or numbers that cannot be read; all
        problems are collected first.

    Warns
    -----
    HoldingsWarning
        For tickers that were numbers or truth values: a spreadsheet may have changed them.
    """
    problems: list[Failure] = []
    blocks = find_blocks(tables, label=label, ticker_column=ticker_column)
    found = [(block, row) for block in blocks for row in position_rows(block, problems)]
    use_type = not _is_account_type(found)
    reader = _Reader(problems, use_type=use_type, stem=stem or "csv", portfolio=portfolio)
    positions = [reader.position(block, row) for block, row in found]
    if problems:
        raise InputError(f"{label} has rows that cannot be read", problems)
    if reader.changed:
        warn(
            f"{label}: tickers in rows {', '.join(reader.changed[:5])} were stored as numbers or "
            "truth values; leading zeros or letters may be lost (format the column as text)",
            HoldingsWarning,
        )
    return positions


def _is_account_type(found: Sequence[tuple[Block, Row]]) -> bool:
    """Whether the column "Type" tells the account's kind (cash, margin), not the security's."""
    plain = [
        (block, row)
        for block, row in found
        if "provider_type" in block.header.columns
        and block.header.names[block.header.columns["provider_type"]].lower() == "type"
    ]
    return is_account_type_column(block.text(row, "provider_type") for block, row in plain)


class _Reader:
    """Turns rows into positions and notes what is wrong with them."""

    def __init__(
        self, problems: list[Failure], *, use_type: bool, stem: str, portfolio: str | None
    ) -> None:
        self.problems = problems
        self.changed: list[str] = []
        self._use_type = use_type
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
        is_cash = is_pending(block, row) or _is_cash(block, position) if said is None else said
        position = position._replace(is_cash=is_cash)
        multiplier = self._number(block, row, "multiplier")
        return _completed(position, multiplier, self._number(block, row, "unit_cost"))

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
            self.changed.append(str(row.line))
        return ticker

    def _said_cash(self, block: Block, row: Row) -> bool | None:
        """What the table itself says in a column ``is_cash``; None where it says nothing."""
        word = cell_text(block.cell(row, "is_cash")).lower()
        if word not in _TRUTHS:
            self._problem(block, row, "is_cash", "is neither true nor false")
        return _TRUTHS.get(word)

    def _number(self, block: Block, row: Row, role: str) -> float:
        if role not in block.header.columns:
            return math.nan
        try:
            return parse_amount(block.cell(row, role))
        except ValueError as error:
            self._problem(block, row, role, str(error))
            return math.nan

    def _problem(self, block: Block, row: Row, role: str, reason: str) -> None:
        name = block.header.names[block.header.columns[role]]
        self.problems.append(Failure(row.line, name, block.cell(row, role), reason))


_TEXT_ROLES = (
    "portfolio", "account_id", "account_name", "provider", "name", "provider_type", "currency",
    "cusip", "isin", "identifier", "exchange",
)  # fmt: skip


def _is_cash(block: Block, position: Position) -> bool:
    """Whether the row says that it is cash.

    CASH and USD are listed securities as well; but a row that leaves quantity and price empty, in
    a table that has a column of quantities, and that has nothing else to say, is a sum of money.
    """
    ticker, name, kind = position.ticker, position.name, position.provider_type
    if table_is_cash(ticker=ticker, name=name, provider_type=kind):
        return True
    has_units = "units" in block.header.columns and not math.isnan(position.value)
    is_bare = (
        name is None and kind is None and math.isnan(position.units) and math.isnan(position.price)
    )
    return has_units and is_bare and canonical(ticker) in _BARE_CASH


def _completed(position: Position, multiplier: float, unit_cost: float) -> Position:
    """Work out what the table does not give: the value, and the total cost."""
    units, price, value, cost = position.units, position.price, position.value, position.cost_basis
    if math.isnan(multiplier):
        multiplier = (
            _OPTION_MULTIPLIER if _is_option(position.ticker, position.provider_type) else 1.0
        )
    if math.isnan(value) and position.is_cash and math.isnan(price):
        price, value = 1.0, units
    if math.isnan(value):
        value = units * price * multiplier
    # Prices are rounded, hence one percent; a value that fits no better is left as it is written.
    if units < 0 < price and math.isclose(value, -units * price * multiplier, rel_tol=0.01):
        value = -value
    if math.isnan(cost):
        cost = units * unit_cost * multiplier
    return position._replace(price=price, value=value, cost_basis=cost)


def _is_option(ticker: str | None, kind: str | None) -> bool:
    label = provider_label(kind) if kind else None
    says_option = label is not None and label.subtype is Subtype.OPTION
    return says_option or parse_occ(ticker) is not None
